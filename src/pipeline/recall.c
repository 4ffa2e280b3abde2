/* recall.c - see recall.h. */
#include "pipeline/recall.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/a1111.h"
#include "pipeline/meta.h"
#include "sample/sampler.h"

static void note(lt_buf *notes, const char *what)
{
    lt_buf_format(notes, "%s%s", notes->len ? ", " : "", what);
}

/* Sets the row of a flag from text; a value that is not understood is noted. */
static void set(lt_params *p, const char *flag, const char *text, lt_buf *notes)
{
    lt_error ignored;
    if (!lt_params_set(p, lt_params_find(flag), text, &ignored))
        note(notes, flag);
}

/* ---- ours ---- */

static const char *member(json_object *o, const char *key)
{
    json_object *value;
    return json_object_object_get_ex(o, key, &value) && value ? json_object_get_string(value)
                                                              : NULL;
}

static void take_size(json_object *o, lt_params *p, lt_buf *notes)
{
    char size[64];
    const char *width = member(o, "width"), *height;
    snprintf(size, sizeof size, "%s", width ? width : "");
    height = member(o, "height");
    if (width && height) {
        size_t n = strlen(size);
        snprintf(size + n, sizeof size - n, "x%s", height);
        set(p, "size", size, notes);
    }
}

static bool from_json(const char *text, lt_params *p, lt_buf *notes)
{
    static const char *const rows[][2] = {
        {"negative_prompt", "negative-prompt"},
        {"guidance_scale", "guidance-scale"},
        {"steps", "steps"},
        {"scheduler", "scheduler"},
        {"timestep_spacing", "timestep-spacing"},
        {"model", "model"},
        {"unet", "unet"},
        {"vae", "vae"},
        {"text_encoder", "text-encoder"},
        {"tokenizer", "tokenizer"},
        {"variant", "variant"},
    };
    json_object *o = json_tokener_parse(text);
    lt_error ignored;
    bool ok = o && json_object_is_type(o, json_type_object) && member(o, "prompt");
    if (ok) {
        lt_params_add_prompt(p, member(o, "prompt"));
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            const char *value = member(o, rows[i][0]);
            if (value && *value)
                set(p, rows[i][1], value, notes);
        }
        take_size(o, p, notes);
        const char *seed = member(o, "seed"), *images = member(o, "images");
        if (seed && !lt_params_set_seeds(p, seed, false, &ignored))
            note(notes, "seed");
        if (images && strcmp(images, "1") != 0)
            note(notes, "its place among several pictures");
        if (member(o, "forked_at_step"))
            note(notes, "the run that it was forked from");
        if (member(o, "latents"))
            note(notes, "latents");
    }
    json_object_put(o);
    return ok;
}

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

static void take_field(lt_params *p, const lt_a1111_field *f, lt_buf *notes)
{
    static const char *const rows[][2] = {
        {"Steps", "steps"}, {"CFG scale", "guidance-scale"}, {"Size", "size"}};
    lt_error ignored;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(f->key, rows[i][0]) == 0) {
            set(p, rows[i][1], f->value, notes);
            return;
        }
    if (strcmp(f->key, "Seed") == 0 && lt_params_set_seeds(p, f->value, false, &ignored))
        return;
    if (strcmp(f->key, "Sampler") == 0 && sampler_of(f->value))
        set(p, "scheduler", sampler_of(f->value), notes);
    else if (strcmp(f->key, "Version") != 0)
        note(notes, f->key);
}

bool lt_recall_parameters(const char *text, lt_params *out, lt_buf *notes)
{
    lt_a1111 a = {0};
    lt_params_init(out);
    bool ok = lt_a1111_parse(text, &a);
    if (ok) {
        lt_params_add_prompt(out, a.prompt);
        if (*a.negative)
            set(out, "negative-prompt", a.negative, notes);
        for (int i = 0; i < a.count; i++)
            take_field(out, &a.fields[i], notes);
    }
    lt_a1111_done(&a);
    return ok;
}

bool lt_recall_texts(const lt_png_texts *texts, lt_params *out, lt_buf *notes, lt_error *err)
{
    const char *json = lt_png_texts_get(texts, LT_META_JSON);
    const char *parameters = lt_png_texts_get(texts, LT_META_PARAMETERS);
    lt_params_init(out);
    if (json && from_json(json, out, notes))
        return true;
    if (parameters && lt_recall_parameters(parameters, out, notes))
        return true;
    return lt_fail(err, LT_ERR_FORMAT, NULL, "the picture carries no settings that are understood");
}
