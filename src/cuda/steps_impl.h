/* steps_impl.h - how the files of steps divide the ops: each prepares some, and sets launch. */
#pragma once

#include "cuda/steps.h"

/* CONV2D LINEAR ATTENTION ATTENTION_MAP */
bool lt_cuda_prepare_product(const lt_cuda_site *site, lt_cuda_step *s,
                             lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_prepare_attention(const lt_cuda_site *site, lt_cuda_step *s,
                               lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_prepare_map(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err) LT_WARN_UNUSED;
/* GROUP_NORM LAYER_NORM */
bool lt_cuda_prepare_group_norm(const lt_cuda_site *site, lt_cuda_step *s,
                                lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_prepare_layer_norm(const lt_cuda_site *site, lt_cuda_step *s,
                                lt_error *err) LT_WARN_UNUSED;
/* ACTIVATION SCALE GEGLU RGB; ADD */
bool lt_cuda_prepare_pointwise(const lt_cuda_site *site, lt_cuda_step *s,
                               lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_prepare_add(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err) LT_WARN_UNUSED;
/* CONCAT SLICE; REPEAT; RESIZE; EMBED */
bool lt_cuda_prepare_columns(const lt_cuda_site *site, lt_cuda_step *s,
                             lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_prepare_repeat(const lt_cuda_site *site, lt_cuda_step *s,
                            lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_prepare_resize(const lt_cuda_site *site, lt_cuda_step *s,
                            lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_prepare_embed(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err) LT_WARN_UNUSED;

static inline int64_t lt_cuda_width(const lt_tensor *t)
{
    return t->shape.dim[t->shape.ndim - 1];
}

static inline int64_t lt_cuda_count(const lt_tensor *t)
{
    return lt_shape_count(&t->shape);
}

static inline int64_t lt_cuda_rows(const lt_tensor *t)
{
    return lt_cuda_count(t) / lt_cuda_width(t);
}

/* Elements from one row of a source to the next: those of what it is a view of. */
static inline int64_t lt_cuda_row(const lt_cuda_site *site, const lt_tensor *source)
{
    return lt_cuda_width(site->fused->node[source->id].view ? source->src[0] : source);
}
