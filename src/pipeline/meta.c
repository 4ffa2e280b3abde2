/* meta.c - see meta.h. */
#include "pipeline/meta.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "image/png.h"
#include "pipeline/lens.h"

lt_meta lt_meta_of(const lt_engine *e, const lt_params *p, const lt_run *run)
{
    const lt_run_view *v = lt_run_about(run);
    const lt_engine_info *about = lt_engine_about(e);
    return (lt_meta){.params = p,
                     .model = about->model,
                     .backend = about->backend,
                     .dtype = about->dtype,
                     .sampler = v->sampler,
                     .guidance_scale = v->guidance_scale,
                     .steps = v->steps,
                     .begin = v->schedule->begin,
                     .init_hash = v->init ? v->init->hash : 0,
                     .width = v->width,
                     .height = v->height,
                     .tiled = v->tiled,
                     .images = v->images,
                     .per_prompt = v->per_prompt,
                     .shown = v->steps};
}

static const char *prompt_of(const lt_meta *m, int image)
{
    return m->params->prompts[image / m->per_prompt];
}

/* The last part of a path or repository id. */
static const char *short_name(const char *model)
{
    const char *slash = strrchr(model, '/');
    return slash && slash[1] ? slash + 1 : model;
}

void lt_meta_parameters(const lt_meta *m, int image, lt_buf *out)
{
    const lt_params *p = m->params;
    int place;
    uint64_t seed = lt_params_seed(p, image, &place), other;
    double strength;
    lt_buf_str(out, prompt_of(m, image));
    if (p->negative_prompt && *p->negative_prompt)
        lt_buf_format(out, "\nNegative prompt: %s", p->negative_prompt);
    lt_buf_format(out, "\nSteps: %d, Sampler: %s, CFG scale: %g, Seed: %" PRIu64 ", Size: %dx%d",
                  m->begin + m->shown, m->sampler->label, m->guidance_scale, seed, m->width,
                  m->height);
    if (lt_params_variation(p, image, &other, &strength))
        lt_buf_format(out, ", Variation seed: %" PRIu64 ", Variation seed strength: %g", other,
                      strength);
    if (p->init_image)
        lt_buf_format(out, ", Denoising strength: %g", lt_params_strength(p));
    if (place > 0)
        lt_buf_format(out, ", Batch position: %d", place);
    lt_buf_format(out, ", Model: %s, Version: latentty %s", short_name(m->model), LT_VERSION);
}

static void member(lt_buf *out, const char *key, const char *text)
{
    lt_buf_format(out, ",\"%s\":", key);
    if (text)
        lt_buf_json(out, text);
    else
        lt_buf_str(out, "null");
}

size_t lt_meta_trail_bytes(int shown)
{
    return sizeof ",\"trail\":[]" + ((size_t)shown + 1) * sizeof "\"0123456789abcdef\"";
}

static void add_trail(const lt_meta *m, int image, lt_buf *out)
{
    lt_buf_str(out, ",\"trail\":[");
    for (int k = 0; k <= m->shown; k++)
        lt_buf_format(out, "%s\"%016" PRIx64 "\"", k ? "," : "", lt_trail_at(m->trail, k, image));
    lt_buf_char(out, ']');
}

static void add_init_image(const lt_meta *m, lt_buf *out)
{
    member(out, "init_image", m->params->init_image);
    lt_buf_format(out, ",\"init_image_hash\":\"%016" PRIx64 "\",\"strength\":%.17g", m->init_hash,
                  lt_params_strength(m->params));
}

void lt_meta_json(const lt_meta *m, int image, lt_buf *out)
{
    const lt_params *p = m->params;
    int place;
    uint64_t seed = lt_params_seed(p, image, &place), other;
    double strength;
    lt_buf_format(out, "{\"version\":\"%s\"", LT_VERSION);
    member(out, "prompt", prompt_of(m, image));
    member(out, "negative_prompt", p->negative_prompt ? p->negative_prompt : "");
    lt_buf_format(out, ",\"seed\":%" PRIu64 ",\"own_generator\":%s,\"place\":%d,\"images\":%d",
                  seed, p->own_generators ? "true" : "false", place, m->images);
    if (m->images > 1)
        lt_buf_format(out, ",\"image\":%d", image);
    if (lt_params_variation(p, image, &other, &strength))
        lt_buf_format(out, ",\"variation_seed\":%" PRIu64 ",\"variation_strength\":%.17g", other,
                      strength);
    lt_buf_format(out, ",\"guidance_scale\":%.17g,\"steps\":%d,\"width\":%d,\"height\":%d",
                  m->guidance_scale, m->begin + m->steps, m->width, m->height);
    if (p->init_image)
        add_init_image(m, out);
    if (m->shown != m->steps)
        lt_buf_format(out, ",\"shown_step\":%d", m->shown);
    if (m->lens != LT_LENS_LATENTS)
        member(out, "lens", lt_lens_name(m->lens));
    if (m->screen)
        member(out, "screen", m->screen);
    if (m->forked)
        lt_buf_format(out, ",\"forked_at_step\":%d", m->forked);
    member(out, "latents", p->latents);
    member(out, "scheduler", m->sampler->name);
    member(out, "timestep_spacing", p->timestep_spacing);
    member(out, "vae_tiling", lt_tiling_name(m->tiled ? LT_TILING_ON : LT_TILING_OFF));
    member(out, "model", m->model);
    member(out, "unet", p->unet);
    member(out, "vae", p->vae);
    member(out, "text_encoder", p->text_encoder);
    member(out, "tokenizer", p->tokenizer);
    member(out, "variant", p->variant);
    member(out, "backend", m->backend);
    member(out, "dtype", lt_dtype_name(m->dtype));
    if (m->trail)
        add_trail(m, image, out);
    lt_buf_char(out, '}');
}

static void add_parameters(const lt_meta *m, int image, lt_png_texts *out)
{
    lt_buf parameters = {0};
    lt_meta_parameters(m, image, &parameters);
    lt_png_texts_add(out, LT_META_PARAMETERS, parameters.data);
    lt_buf_done(&parameters);
}

void lt_meta_texts(const lt_meta *m, int image, lt_png_texts *out)
{
    lt_buf json = {0};
    add_parameters(m, image, out);
    lt_meta_json(m, image, &json);
    lt_png_texts_add(out, LT_META_JSON, json.data);
    lt_buf_done(&json);
}

bool lt_meta_write(const lt_meta *m, int image, const lt_image *picture, const char *path,
                   lt_error *err)
{
    lt_png_texts texts = {0};
    lt_meta_texts(m, image, &texts);
    bool ok = lt_png_write(path, picture, &texts, LT_PNG_LEVEL, err);
    lt_png_texts_done(&texts);
    return ok;
}

void lt_meta_parts_texts(const lt_meta_part *parts, int count, int chosen, lt_png_texts *out)
{
    lt_buf json = {0};
    add_parameters(&parts[chosen].meta, parts[chosen].image, out);
    lt_buf_char(&json, '[');
    for (int i = 0; i < count && json.len < LT_PNG_MAX_TEXT; i++) {
        if (i > 0)
            lt_buf_char(&json, ',');
        lt_meta_json(&parts[i].meta, parts[i].image, &json);
    }
    lt_buf_char(&json, ']');
    if (json.len <= LT_PNG_MAX_TEXT)
        lt_png_texts_add(out, LT_META_PICTURES, json.data);
    lt_buf_done(&json);
}
