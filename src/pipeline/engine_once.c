/* engine_once.c - all three parts of a prediction for one picture alone; see engine.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline/encoding.h"

bool lt_engine_predict_once(lt_engine *e, const lt_once_call *c, lt_progress *progress,
                            lt_error *err)
{
    const lt_unet_config *unet = lt_engine_about(e)->unet;
    size_t n = (size_t)unet->in_channels * (size_t)c->h * (size_t)c->w;
    lt_encoding *text;
    if (!lt_encoding_make(e, c->prompt, strlen(c->prompt), progress, &text, err))
        return false;
    float *shifts = lt_alloc_array((size_t)lt_unet_shifts(unet), sizeof *shifts);
    lt_unet_call call = {.images = 1,
                         .h = c->h,
                         .w = c->w,
                         .latents = c->latents,
                         .shifts = shifts,
                         .cond = text->hidden,
                         .eps_cond = c->eps,
                         .attention = c->attention ? &c->attention : NULL};
    bool ok = lt_engine_time(e, 1, &c->timestep, shifts, progress, err) &&
              lt_engine_predict(e, &call, progress, err) &&
              lt_engine_check_finite(e, "the UNet's prediction", c->eps, n, err);
    if (ok && c->attention)
        lt_attention_of(c->attention, c->prompt, &text->tokens);
    free(shifts);
    lt_encoding_free(text);
    return ok;
}
