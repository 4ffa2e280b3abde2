/* steps.c - see steps.h: one table of all ops, and what steps have in common. */
#include "cuda/steps.h"

#include <string.h>

#include "cuda/steps_impl.h"

typedef bool prepare_step(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err);

/* INPUT and RESHAPE are no work. */
static prepare_step *const prepare[LT_OP_COUNT] = {
    [LT_OP_CONV2D] = lt_cuda_prepare_product,
    [LT_OP_LINEAR] = lt_cuda_prepare_product,
    [LT_OP_GROUP_NORM] = lt_cuda_prepare_group_norm,
    [LT_OP_LAYER_NORM] = lt_cuda_prepare_layer_norm,
    [LT_OP_ACTIVATION] = lt_cuda_prepare_pointwise,
    [LT_OP_GEGLU] = lt_cuda_prepare_pointwise,
    [LT_OP_ATTENTION] = lt_cuda_prepare_attention,
    [LT_OP_ATTENTION_MAP] = lt_cuda_prepare_map,
    [LT_OP_ADD] = lt_cuda_prepare_add,
    [LT_OP_CONCAT] = lt_cuda_prepare_columns,
    [LT_OP_REPEAT] = lt_cuda_prepare_repeat,
    [LT_OP_RESIZE] = lt_cuda_prepare_resize,
    [LT_OP_EMBED] = lt_cuda_prepare_embed,
    [LT_OP_SLICE] = lt_cuda_prepare_columns,
    [LT_OP_SCALE] = lt_cuda_prepare_pointwise,
    [LT_OP_RGB] = lt_cuda_prepare_pointwise,
};

bool lt_cuda_step_works(const lt_fused *f, const lt_tensor *t)
{
    return f->node[t->id].needed && prepare[t->op];
}

size_t lt_cuda_step_scratch(const lt_tensor *t)
{
    if (t->op != LT_OP_GROUP_NORM)
        return 0;
    const lt_shape *s = &t->shape;
    return lt_kernel_group_norm_scratch((int)s->dim[0], t->u.norm.groups,
                                        lt_cuda_rows(t) / s->dim[0]);
}

void lt_cuda_step_numbers(const lt_fused *f, const lt_tensor *t, lt_dtype storage,
                          lt_cuda_numbers *weight, lt_cuda_numbers *bias)
{
    bool norm = t->op == LT_OP_GROUP_NORM || t->op == LT_OP_LAYER_NORM;
    lt_dtype dtype = norm ? LT_F32 : storage;
    *weight = (lt_cuda_numbers){.param = {t->weight}, .dtype = dtype};
    *bias = (lt_cuda_numbers){.param = {t->bias}, .dtype = dtype};
    if (t->op == LT_OP_CONV2D || t->op == LT_OP_LINEAR) {
        memcpy(weight->param, f->node[t->id].weight, sizeof weight->param);
        memcpy(bias->param, f->node[t->id].bias, sizeof bias->param);
        weight->taps = t->op == LT_OP_CONV2D && t->u.conv.kernel > 1;
    }
}

void *lt_cuda_site_at(const lt_cuda_site *site, const lt_tensor *t)
{
    size_t size = lt_dtype_size(lt_dtype_kept(t->dtype, site->backend->dtype));
    size_t from = site->fused->node[t->id].view ? (size_t)t->u.slice.from : 0;
    return site->block + lt_fused_plan_offset(site->plan, t) + from * size;
}

static bool get_weights(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    lt_cuda_weights *w = &site->backend->weights;
    lt_cuda_numbers weight, bias;
    lt_cuda_step_numbers(site->fused, s->node, s->dtype, &weight, &bias);
    return (!weight.param[0] || lt_cuda_weights_get(w, &weight, &s->weight, err)) &&
           (!bias.param[0] || lt_cuda_weights_get(w, &bias, &s->bias, err));
}

bool lt_cuda_step_prepare(const lt_cuda_site *site, const lt_tensor *t, lt_cuda_step *out,
                          lt_error *err)
{
    *out = (lt_cuda_step){.node = t, .dtype = site->backend->dtype};
    return get_weights(site, out, err) && prepare[t->op](site, out, err);
}

void lt_cuda_step_done(const lt_cuda_site *site, lt_cuda_step *s)
{
    lt_cuda_weights_unpin(&site->backend->weights, s->weight);
    lt_cuda_weights_unpin(&site->backend->weights, s->bias);
    for (int i = 0; i < 2; i++)
        lt_cuda_pool_unpin(site->ops, s->op[i]);
}
