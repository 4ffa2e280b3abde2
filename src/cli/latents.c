/* latents.c - see latents.h. */
#include "cli/latents.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

static bool check_finite(const char *path, const float *noise, size_t n, lt_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(noise[i]))
            return lt_fail(err, LT_ERR_FORMAT, NULL, "cannot use '%s': number %zu is not finite",
                           path, i);
    return true;
}

bool lt_latents_read(const char *path, lt_latents *out, lt_error *err)
{
    lt_safetensors *f = NULL;
    void *memory = NULL;
    *out = (lt_latents){0};
    if (!lt_safetensors_open(path, &f, err))
        return false;
    const lt_safetensors_tensor *t = pick(f);
    bool ok = check_tensor(path, t, err) && lt_try_alloc(t->bytes, "the latents", &memory, err);
    if (ok) {
        out->noise = memory;
        memcpy(out->noise, t->data, t->bytes);
        memcpy(out->shape, t->dim, sizeof out->shape);
        ok = lt_safetensors_unchanged(f, err) &&
             check_finite(path, out->noise, t->bytes / sizeof(float), err);
    }
    lt_safetensors_close(f);
    return ok;
}

void lt_latents_done(lt_latents *l)
{
    free(l->noise);
    *l = (lt_latents){0};
}
