/* render_latents.c - `render --latents`: noise from a file, as diffusers' argument `latents`. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/render.h"
#include "weights/safetensors.h"

/* "noise", "latents", or the only tensor. */
static const lt_safetensors_tensor *pick(const lt_safetensors *f)
{
    const lt_safetensors_tensor *t = lt_safetensors_find(f, "noise");
    if (!t)
        t = lt_safetensors_find(f, "latents");
    return !t && lt_safetensors_count(f) == 1 ? lt_safetensors_at(f, 0) : t;
}

static bool check_tensor(const char *path, const lt_safetensors_tensor *t, lt_error *err)
{
    char shape[96];
    if (!t)
        return lt_fail(err, LT_ERR_MODEL, NULL,
                       "cannot use '%s': it has neither 'noise' nor 'latents', and not one tensor "
                       "alone",
                       path);
    if (t->type != LT_ST_F32 || t->ndim != 4 || t->bytes == 0)
        return lt_fail(err, LT_ERR_MODEL, "latentty rng --seed 44 --shape 1,4,64,64 -o FILE",
                       "cannot use '%s': '%s' is %s %s, expected F32 [pictures,channels,h,w]", path,
                       t->name, lt_safetensors_dtype_name(t->type),
                       lt_safetensors_shape_text(t, shape));
    return true;
}

static bool check_count(lt_render *r, int64_t have, lt_error *err)
{
    lt_params *p = &r->params;
    if (p->batch == 0 && !p->own_generators && have % p->prompt_count == 0 &&
        have / p->prompt_count <= LT_PARAMS_MAX_BATCH)
        p->batch = (int)(have / p->prompt_count);
    if (have == lt_params_images(p))
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                   "--latents '%s' has noise for %" PRId64 " pictures, expected %d",
                   r->params.latents, have, lt_params_images(p));
}

static bool check_finite(const lt_render *r, size_t n, lt_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(r->noise[i]))
            return lt_fail(err, LT_ERR_FORMAT, NULL, "cannot use '%s': number %zu is not finite",
                           r->params.latents, i);
    return true;
}

bool lt_render_latents(lt_render *r, lt_error *err)
{
    lt_safetensors *f = NULL;
    void *memory = NULL;
    if (!r->params.latents)
        return true;
    if (!lt_safetensors_open(r->params.latents, &f, err))
        return false;
    const lt_safetensors_tensor *t = pick(f);
    bool ok = check_tensor(r->params.latents, t, err) && check_count(r, t->dim[0], err) &&
              lt_try_alloc(t->bytes, "the latents", &memory, err);
    if (ok) {
        r->noise = memory;
        memcpy(r->noise, t->data, t->bytes);
        memcpy(r->noise_shape, t->dim, sizeof r->noise_shape);
        ok = lt_safetensors_unchanged(f, err) && check_finite(r, t->bytes / sizeof(float), err);
    }
    lt_safetensors_close(f);
    return ok;
}

bool lt_render_size(lt_render *r, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(r->engine);
    const int64_t *s = r->noise_shape;
    int f = about->vae->factor;
    if (!r->params.latents)
        return true;
    if (s[1] != about->unet->in_channels)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "--latents '%s' has %" PRId64 " channels, the model %d", r->params.latents,
                       s[1], about->unet->in_channels);
    if (s[2] > LT_PARAMS_MAX_SIDE / f || s[3] > LT_PARAMS_MAX_SIDE / f)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "--latents '%s' is for more than %d pixels a side", r->params.latents,
                       LT_PARAMS_MAX_SIDE);
    lt_size size = {.width = (int)s[3] * f, .height = (int)s[2] * f}, *given = &r->params.size;
    if (given->width && (given->width != size.width || given->height != size.height))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "--latents '%s' is for %dx%d pixels, --size is %dx%d", r->params.latents,
                       size.width, size.height, given->width, given->height);
    *given = size;
    return true;
}
