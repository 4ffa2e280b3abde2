/* trace.c - see trace.h. */
#include "pipeline/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "weights/safetensors_writer.h"

struct lt_trace {
    lt_safetensors_writer *writer; /* owned */
};

lt_trace *lt_trace_new(void)
{
    lt_trace *t = lt_alloc(sizeof *t);
    t->writer = lt_safetensors_writer_new();
    return t;
}

void lt_trace_free(lt_trace *t)
{
    if (!t)
        return;
    lt_safetensors_writer_free(t->writer);
    free(t);
}

static bool collect(lt_trace *t, const char *name, lt_safetensors_dtype type, lt_shape shape,
                    const void *data, lt_error *err)
{
    return !data ||
           lt_safetensors_writer_collect(t->writer, name, type, shape.ndim, shape.dim, data, err);
}

bool lt_trace_add(lt_trace *t, const char *name, lt_shape shape, const float *data, lt_error *err)
{
    return collect(t, name, LT_ST_F32, shape, data, err);
}

bool lt_trace_meta(lt_trace *t, const char *key, const char *value, lt_error *err)
{
    return lt_safetensors_writer_meta(t->writer, key, value, err);
}

bool lt_trace_save(lt_trace *t, const char *path, lt_error *err)
{
    return lt_safetensors_writer_save(t->writer, path, err);
}

static lt_shape latents_shape(const lt_run_view *v)
{
    return (lt_shape){.ndim = 4, .dim = {v->images, v->channels, v->h, v->w}};
}

/* The ids of every picture's prompt [B,T]. */
static bool add_ids(lt_trace *t, const char *name, const lt_run_view *v, bool negative,
                    lt_error *err)
{
    size_t length = v->negative->length;
    int32_t *ids = lt_alloc_array((size_t)v->images * length, sizeof *ids);
    for (int i = 0; i < v->images; i++) {
        const lt_tokens *tokens = negative ? v->negative : &v->prompts[i / v->per_prompt];
        memcpy(ids + (size_t)i * length, tokens->ids, length * sizeof *ids);
    }
    lt_shape shape = {.ndim = 2, .dim = {v->images, (int64_t)length}};
    bool ok = collect(t, name, LT_ST_I32, shape, ids, err);
    free(ids);
    return ok;
}

/* The pooled rows of text [B,T,D]. */
static bool add_pooled(lt_trace *t, const char *name, const lt_engine *e, const lt_run_view *v,
                       const float *text, bool negative, lt_error *err)
{
    size_t width = (size_t)v->text_width;
    if (!text)
        return true;
    float *pooled = lt_alloc_array((size_t)v->images * width, sizeof *pooled);
    for (int i = 0; i < v->images; i++) {
        const lt_tokens *tokens = negative ? v->negative : &v->prompts[i / v->per_prompt];
        int row = lt_clip_pooled_row(lt_engine_about(e)->clip, tokens->ids, (int)tokens->length);
        memcpy(pooled + (size_t)i * width,
               text + ((size_t)i * (size_t)v->tokens + (size_t)row) * width,
               width * sizeof *pooled);
    }
    lt_shape shape = {.ndim = 2, .dim = {v->images, v->text_width}};
    bool ok = lt_trace_add(t, name, shape, pooled, err);
    free(pooled);
    return ok;
}

static bool add_schedule(lt_trace *t, const lt_schedule *s, lt_error *err)
{
    lt_shape steps = {.ndim = 1, .dim = {s->steps}}, sigmas = {.ndim = 1, .dim = {s->steps + 1}};
    return lt_trace_add(t, "sched.timesteps", steps, s->timesteps, err) &&
           lt_trace_add(t, "sched.sigmas", sigmas, s->sigmas, err);
}

static bool add_init(lt_trace *t, const lt_run_view *v, lt_error *err)
{
    const lt_run_init *init = v->init;
    if (!init)
        return true;
    lt_shape pixels = {.ndim = 4, .dim = {1, 3, v->height, v->width}},
             one = {.ndim = 4, .dim = {1, v->channels, v->h, v->w}}, drawn = one;
    drawn.dim[0] = init->generators;
    return lt_trace_add(t, "init.pixels", pixels, init->pixels, err) &&
           lt_trace_add(t, "init.mean", one, init->mean, err) &&
           lt_trace_add(t, "init.logvar", one, init->logvar, err) &&
           lt_trace_add(t, "init.noise", drawn, init->noise, err) &&
           lt_trace_add(t, "init.latents", latents_shape(v), init->latents, err);
}

bool lt_trace_begin(lt_trace *t, const lt_engine *e, const lt_run *run, lt_error *err)
{
    const lt_run_view *v = lt_run_about(run);
    lt_shape text = {.ndim = 3, .dim = {v->images, v->tokens, v->text_width}};
    return add_ids(t, "ids.cond", v, false, err) && add_ids(t, "ids.uncond", v, true, err) &&
           lt_trace_add(t, "text.cond", text, v->text_cond, err) &&
           lt_trace_add(t, "text.uncond", text, v->text_uncond, err) &&
           add_pooled(t, "text.pooled.cond", e, v, v->text_cond, false, err) &&
           add_pooled(t, "text.pooled.uncond", e, v, v->text_uncond, true, err) &&
           add_init(t, v, err) && lt_trace_add(t, "noise", latents_shape(v), v->noise, err) &&
           lt_trace_add(t, "latents.init", latents_shape(v), v->latents, err) &&
           add_schedule(t, v->schedule, err);
}

bool lt_trace_step(lt_trace *t, const lt_run *run, lt_error *err)
{
    const lt_run_view *v = lt_run_about(run);
    const struct {
        const char *name;
        const float *data;
    } parts[] = {
        {"model_input", v->model_input},
        {"eps_uncond", v->eps_uncond},
        {"eps_text", v->guided ? v->eps_text : NULL},
        {"eps", v->eps},
        {"x0", v->x0},
        {"latents", v->latents},
        {"noise", v->step_noise},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char name[64];
        snprintf(name, sizeof name, "step.%03d.%s", v->done - 1, parts[i].name);
        if (!lt_trace_add(t, name, latents_shape(v), parts[i].data, err))
            return false;
    }
    return true;
}

bool lt_trace_film(lt_trace *t, const lt_film *f, lt_error *err)
{
    lt_shape shape = {.ndim = 4, .dim = {f->images, f->channels, f->h, f->w}};
    bool ok =
        lt_trace_add(t, "latents.init", shape, f->noise, err) && add_schedule(t, &f->schedule, err);
    for (int k = 0; ok && k < f->done; k++) {
        const lt_film_step *s = &f->at[k];
        const float *data[] = {s->eps_uncond, s->eps_uncond ? s->eps_text : NULL,
                               s->eps_uncond ? NULL : s->eps_text, s->x0, s->latents};
        static const char *const names[] = {"eps_uncond", "eps_text", "eps", "x0", "latents"};
        for (size_t i = 0; ok && i < sizeof names / sizeof *names; i++) {
            char name[64];
            snprintf(name, sizeof name, "step.%03d.%s", k, names[i]);
            ok = lt_trace_add(t, name, shape, data[i], err);
        }
    }
    return ok;
}

bool lt_trace_images(lt_trace *t, int count, const float *pixels, lt_image *const *images,
                     lt_error *err)
{
    int w = images[0]->width, h = images[0]->height;
    size_t bytes = lt_image_bytes(images[0]); /* < 2^28: the product fits */
    void *memory;
    if (!lt_try_alloc((size_t)count * bytes, "the pictures of a trace", &memory, err))
        return false;
    unsigned char *rgb = memory;
    for (int i = 0; i < count; i++)
        memcpy(rgb + (size_t)i * bytes, images[i]->rgb, bytes);
    lt_shape planes = {.ndim = 4, .dim = {count, 3, h, w}},
             packed = {.ndim = 4, .dim = {count, h, w, 3}};
    bool ok = lt_trace_add(t, "image.float", planes, pixels, err) &&
              collect(t, "image.u8", LT_ST_U8, packed, rgb, err);
    free(rgb);
    return ok;
}
