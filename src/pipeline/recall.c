/* recall.c - see recall.h. */
#include "pipeline/recall.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/a1111.h"
#include "pipeline/meta.h"
#include "pipeline/recall_parts.h"
#include "sample/sampler.h"

/* ---- AUTOMATIC1111's ---- */

static const char *sampler_of(const char *label)
{
    if (strcmp(label, "Euler a") == 0) /* as the web UI calls it */
        return lt_sampler_euler_a.name;
    for (int i = 0; lt_sampler_at(i); i++)
        if (strcmp(lt_sampler_at(i)->label, label) == 0)
            return lt_sampler_at(i)->name;
    return NULL;
}

static void take_field(const lt_recall *r, const lt_a1111_field *f)
{
    static const char *const rows[][2] = {{"Steps", "steps"},
                                          {"CFG scale", "guidance-scale"},
                                          {"Size", "size"},
                                          {"Variation seed", "variation-seed"},
                                          {"Variation seed strength", "variation-strength"}};
    lt_error ignored;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(f->key, rows[i][0]) == 0) {
            lt_recall_set(r, rows[i][1], f->value);
            return;
        }
    if (strcmp(f->key, "Seed") == 0 && lt_params_set_seeds(r->params, f->value, false, &ignored))
        return;
    if (strcmp(f->key, "Sampler") == 0 && sampler_of(f->value))
        lt_recall_set(r, "scheduler", sampler_of(f->value));
    else if (strcmp(f->key, "Version") != 0)
        lt_recall_note(r, f->key);
}

bool lt_recall_a1111(const lt_recall *r, const char *text)
{
    lt_a1111 a = {0};
    bool ok = lt_a1111_parse(text, &a);
    if (ok) {
        lt_params_add_prompt(r->params, a.prompt);
        if (*a.negative)
            lt_recall_set(r, "negative-prompt", a.negative);
        for (int i = 0; i < a.count; i++)
            take_field(r, &a.fields[i]);
    }
    lt_a1111_done(&a);
    return ok;
}

/* ---- any ---- */

static bool take_parameters(const lt_recall *r, const char *text)
{
    return lt_recall_swarm(r, text) || lt_recall_fooocus(r, text) || lt_recall_a1111(r, text);
}

bool lt_recall_parameters(const char *text, lt_params *out, lt_buf *notes)
{
    lt_recall r = {out, notes};
    lt_params_init(out);
    return take_parameters(&r, text);
}

void lt_origin_done(lt_origin *o)
{
    lt_trail_done(&o->trail);
    *o = (lt_origin){0};
}

/* The chunks that others write, in the order in which they are asked. */
static bool take_others(const lt_recall *r, const lt_png_texts *texts)
{
    static const struct {
        const char *key;
        bool (*take)(const lt_recall *r, const char *text);
    } rows[] = {
        {LT_META_PARAMETERS, take_parameters},
        {"invokeai_metadata", lt_recall_invoke},
        {"prompt", lt_recall_comfy},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = lt_png_texts_get(texts, rows[i].key);
        if (text && rows[i].take(r, text))
            return true;
    }
    return false;
}

bool lt_recall_origin(const lt_png_texts *texts, lt_params *out, lt_origin *origin, lt_buf *notes,
                      lt_error *err)
{
    lt_recall r = {out, notes};
    const char *json = lt_png_texts_get(texts, LT_META_JSON);
    lt_params_init(out);
    *origin = (lt_origin){.of = 1, .shown = -1};
    if ((json && lt_recall_ours(&r, json, origin)) || take_others(&r, texts))
        return true;
    return lt_fail(err, LT_ERR_FORMAT, NULL, "the picture carries no settings that are understood");
}

bool lt_recall_texts(const lt_png_texts *texts, lt_params *out, lt_buf *notes, lt_error *err)
{
    static const char *const not_taken[] = {"backend", "dtype", "latents", "vae-tiling"};
    lt_origin origin;
    lt_recall r = {out, notes};
    if (!lt_recall_origin(texts, out, &origin, notes, err))
        return false;
    if (origin.of > 1)
        lt_recall_note(&r, "its place among several pictures");
    if (origin.forked)
        lt_recall_note(&r, "the run that it was forked from");
    if (out->latents)
        lt_recall_note(&r, "latents");
    for (size_t i = 0; i < sizeof not_taken / sizeof *not_taken; i++)
        lt_params_unset(out, lt_params_find(not_taken[i]));
    lt_origin_done(&origin);
    return true;
}
