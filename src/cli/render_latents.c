/* render_latents.c - `render --latents`: how many pictures, and of which size. */
#include <inttypes.h>

#include "cli/render.h"

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

bool lt_render_latents(lt_render *r, lt_error *err)
{
    return !r->params.latents || (lt_latents_read(r->params.latents, &r->latents, err) &&
                                  check_count(r, r->latents.shape[0], err));
}

bool lt_render_size(lt_render *r, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(r->engine);
    const int64_t *s = r->latents.shape;
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
