/* recall_ours.c - the text chunk `latentty`, which lt_meta_json wrote. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/lens.h"
#include "pipeline/meta.h"
#include "pipeline/recall_parts.h"

enum { MOST_PICTURES = 1 << 16 };

static void take_settings(const lt_recall *r, const json_object *o)
{
    static const char *const rows[][2] = {
        {"negative_prompt", "negative-prompt"},
        {"guidance_scale", "guidance-scale"},
        {"steps", "steps"},
        {"latents", "latents"},
        {"scheduler", "scheduler"},
        {"timestep_spacing", "timestep-spacing"},
        {"variation_seed", "variation-seed"},
        {"variation_strength", "variation-strength"},
        {"init_image", "init-image"},
        {"strength", "strength"},
        {"vae_tiling", "vae-tiling"},
        {"model", "model"},
        {"unet", "unet"},
        {"vae", "vae"},
        {"text_encoder", "text-encoder"},
        {"tokenizer", "tokenizer"},
        {"variant", "variant"},
        {"backend", "backend"},
        {"dtype", "dtype"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = lt_recall_member(o, rows[i][0]);
        if (value && *value)
            lt_recall_set(r, rows[i][1], value);
    }
    if (!lt_recall_member(o, "vae_tiling")) /* it was written before there were tiles */
        lt_recall_set(r, "vae-tiling", "off");
    lt_recall_size(r, lt_recall_member(o, "width"), lt_recall_member(o, "height"));
    if (lt_recall_member(o, "seed"))
        lt_recall_seed(r, lt_recall_member(o, "seed"));
}

/* A whole number of least..most; anything else is noted. */
static int whole(const lt_recall *r, const json_object *o, const char *key, int least, int most,
                 int fallback)
{
    json_object *value;
    if (!json_object_object_get_ex(o, key, &value) || !value)
        return fallback;
    int64_t n = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;
    if (n >= least && n <= most)
        return (int)n;
    lt_recall_note(r, key);
    return fallback;
}

/* Sixteen hexadecimal digits. */
static bool read_hash(json_object *value, uint64_t *out)
{
    const char *text =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    *out = strtoull(text, NULL, 16);
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

static void take_trail(const lt_recall *r, const json_object *o, lt_trail *out)
{
    json_object *list;
    if (!json_object_object_get_ex(o, "trail", &list) ||
        !json_object_is_type(list, json_type_array))
        return;
    size_t count = json_object_array_length(list);
    bool ok = count <= LT_PARAMS_MAX_STEPS + 1;
    for (size_t i = 0; i < count && ok; i++) {
        uint64_t hash;
        ok = read_hash(json_object_array_get_idx(list, i), &hash);
        if (ok)
            lt_trail_append(out, hash);
    }
    if (ok)
        return;
    lt_trail_done(out);
    lt_recall_note(r, "trail");
}

static void take_origin(const lt_recall *r, const json_object *o, lt_origin *out)
{
    json_object *hash;
    const char *version = lt_recall_member(o, "version"), *lens = lt_recall_member(o, "lens"),
               *own = lt_recall_member(o, "own_generator");
    int images = whole(r, o, "images", 1, MOST_PICTURES, 1);
    lt_error ignored;
    out->ours = true;
    snprintf(out->version, sizeof out->version, "%s", version ? version : "");
    out->of = own && strcmp(own, "true") == 0 ? 1 : images;
    out->place = whole(r, o, "place", 0, out->of - 1, 0);
    out->image = whole(r, o, "image", 0, images - 1, out->place);
    out->shown = whole(r, o, "shown_step", 0, LT_PARAMS_MAX_STEPS, -1);
    if (!lens || !lt_lens_find(lens, &out->lens, &ignored))
        out->lens = LT_LENS_LATENTS;
    out->forked = whole(r, o, "forked_at_step", 1, LT_PARAMS_MAX_STEPS, 0);
    if (json_object_object_get_ex(o, "init_image_hash", &hash) &&
        !read_hash(hash, &out->init_hash)) {
        out->init_hash = 0;
        lt_recall_note(r, "init_image_hash");
    }
    take_trail(r, o, &out->trail);
}

bool lt_recall_ours(const lt_recall *r, const char *json, lt_origin *origin)
{
    json_object *o = lt_recall_parse(json);
    const char *prompt = o ? lt_recall_member(o, "prompt") : NULL;
    bool ok = prompt != NULL;
    if (ok) {
        lt_params_add_prompt(r->params, prompt);
        take_settings(r, o);
        take_origin(r, o, origin);
    }
    json_object_put(o);
    return ok;
}
