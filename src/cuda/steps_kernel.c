/* steps_kernel.c - norms, pointwise work and copies: what our own kernels do. */
#include "cuda/steps_impl.h"

static bool launch_group_norm(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    return lt_kernel_group_norm(s, &step->u.group_norm, err);
}

bool lt_cuda_prepare_group_norm(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    const lt_tensor *t = s->node, *shift = lt_fused_extra(site->fused, t);
    const lt_fused_node *node = &site->fused->node[t->id];
    bool shared = shift && shift->shape.dim[0] == 1;
    (void)err;
    s->launch = launch_group_norm;
    s->u.group_norm = (lt_group_norm_args){
        .dtype = s->dtype,
        .n = (int)t->shape.dim[0],
        .groups = t->u.norm.groups,
        .pixels = lt_cuda_rows(t) / t->shape.dim[0],
        .channels = {(int)lt_cuda_width(t->src[0]), node->two ? (int)lt_cuda_width(t->src[1]) : 0},
        .x = {lt_cuda_site_at(site, t->src[0]),
              node->two ? lt_cuda_site_at(site, t->src[1]) : NULL},
        .shift = shift ? lt_cuda_site_at(site, shift) : NULL,
        .shift_row = shift && !shared ? lt_cuda_row(site, shift) : 0,
        .weight = s->weight->data,
        .bias = s->bias->data,
        .eps = t->u.norm.eps,
        .act = node->act,
        .y = lt_cuda_site_at(site, t),
        .scratch = site->scratch};
    return true;
}

static bool launch_layer_norm(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    return lt_kernel_layer_norm(s, &step->u.layer_norm, err);
}

bool lt_cuda_prepare_layer_norm(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    const lt_tensor *t = s->node;
    (void)err;
    s->launch = launch_layer_norm;
    s->u.layer_norm = (lt_layer_norm_args){.dtype = s->dtype,
                                           .rows = lt_cuda_rows(t),
                                           .width = (int)lt_cuda_width(t),
                                           .x = lt_cuda_site_at(site, t->src[0]),
                                           .weight = s->weight->data,
                                           .bias = s->bias->data,
                                           .eps = t->u.norm.eps,
                                           .act = site->fused->node[t->id].act,
                                           .y = lt_cuda_site_at(site, t)};
    return true;
}

/* ---- pointwise ---- */

static bool launch_pointwise(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    const lt_cuda_pointwise *p = &step->u.pointwise;
    switch (step->node->op) {
    case LT_OP_ACTIVATION:
        return lt_kernel_activation(s, step->dtype, p->act, p->x, p->y, p->count, err);
    case LT_OP_GEGLU:
        return lt_kernel_geglu(s, step->dtype, p->x, p->y, p->count, p->width, err);
    case LT_OP_RGB:
        return lt_kernel_rgb(s, step->dtype, p->x, p->y, p->count, err);
    default:
        return lt_kernel_scale(s, step->dtype, p->mul, p->add, p->x, p->y, p->count, err);
    }
}

bool lt_cuda_prepare_pointwise(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    const lt_tensor *t = s->node;
    lt_cuda_pointwise *p = &s->u.pointwise;
    (void)err;
    s->launch = launch_pointwise;
    *p = (lt_cuda_pointwise){.x = lt_cuda_site_at(site, t->src[0]),
                             .y = lt_cuda_site_at(site, t),
                             .count = lt_cuda_count(t)};
    if (t->op == LT_OP_ACTIVATION) {
        p->act = t->u.act;
    } else if (t->op == LT_OP_SCALE) {
        p->mul = t->u.scale.mul;
        p->add = t->u.scale.add;
    } else if (t->op == LT_OP_RGB) {
        p->count = lt_cuda_count(t->src[0]);
    } else {
        p->count = lt_cuda_rows(t);
        p->width = lt_cuda_width(t);
    }
    return true;
}

static bool launch_add(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    return lt_kernel_add(s, &step->u.add, err);
}

bool lt_cuda_prepare_add(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    const lt_tensor *t = s->node, *b = t->src[1];
    lt_add_args *a = &s->u.add;
    (void)err;
    s->launch = launch_add;
    *a = (lt_add_args){.dtype = s->dtype,
                       .a = lt_cuda_site_at(site, t->src[0]),
                       .b = lt_cuda_site_at(site, b),
                       .y = lt_cuda_site_at(site, t),
                       .count = lt_cuda_count(t)};
    if (!lt_shape_equal(&t->src[0]->shape, &b->shape)) {
        a->width = lt_cuda_width(t);
        a->pixels = lt_cuda_rows(t) / t->shape.dim[0];
        a->b_row = b->shape.dim[0] == 1 ? 0 : a->width;
    }
    return true;
}

/* ---- copies ---- */

static bool launch_columns(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    for (int i = 0; i < step->node->nsrc; i++)
        if (!lt_kernel_columns(s, &step->u.columns[i], err))
            return false;
    return true;
}

bool lt_cuda_prepare_columns(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    const lt_tensor *t = s->node;
    bool slice = t->op == LT_OP_SLICE;
    int64_t to = 0;
    (void)err;
    s->launch = launch_columns;
    for (int i = 0; i < t->nsrc; i++) {
        int64_t from_width = lt_cuda_width(t->src[i]);
        s->u.columns[i] = (lt_columns_args){.dtype = s->dtype,
                                            .x = lt_cuda_site_at(site, t->src[i]),
                                            .y = lt_cuda_site_at(site, t),
                                            .rows = lt_cuda_rows(t),
                                            .width = slice ? lt_cuda_width(t) : from_width,
                                            .from_width = from_width,
                                            .from = slice ? t->u.slice.from : 0,
                                            .to_width = lt_cuda_width(t),
                                            .to = to};
        to += from_width;
    }
    return true;
}

static bool launch_repeat(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    const lt_cuda_repeat *r = &step->u.repeat;
    for (int i = 0; i < r->times; i++)
        if (!lt_gpu_copy(s, r->y + (size_t)i * r->bytes, r->x, r->bytes, err))
            return false;
    return true;
}

bool lt_cuda_prepare_repeat(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    const lt_tensor *t = s->node, *x = t->src[0];
    (void)err;
    s->launch = launch_repeat;
    s->u.repeat = (lt_cuda_repeat){.x = lt_cuda_site_at(site, x),
                                   .y = lt_cuda_site_at(site, t),
                                   .bytes = (size_t)lt_cuda_count(x) * lt_dtype_size(s->dtype),
                                   .times = (int)(lt_cuda_count(t) / lt_cuda_count(x))};
    return true;
}

static bool launch_resize(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    return lt_kernel_resize(s, &step->u.resize, err);
}

bool lt_cuda_prepare_resize(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    const lt_tensor *t = s->node, *x = t->src[0];
    (void)err;
    s->launch = launch_resize;
    s->u.resize = (lt_resize_args){.dtype = s->dtype,
                                   .x = lt_cuda_site_at(site, x),
                                   .y = lt_cuda_site_at(site, t),
                                   .n = (int)x->shape.dim[0],
                                   .h = (int)x->shape.dim[1],
                                   .w = (int)x->shape.dim[2],
                                   .to_h = (int)t->shape.dim[1],
                                   .to_w = (int)t->shape.dim[2],
                                   .channels = (int)x->shape.dim[3]};
    return true;
}

static bool launch_embed(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    return lt_kernel_embed(s, &step->u.embed, err);
}

bool lt_cuda_prepare_embed(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    const lt_tensor *t = s->node;
    (void)err;
    s->launch = launch_embed;
    s->u.embed = (lt_embed_args){.dtype = s->dtype,
                                 .ids = lt_cuda_site_at(site, t->src[0]),
                                 .tokens = s->weight->data,
                                 .positions = s->bias->data,
                                 .y = lt_cuda_site_at(site, t),
                                 .n = (int)t->shape.dim[0],
                                 .length = (int)t->shape.dim[1],
                                 .width = (int)t->shape.dim[2],
                                 .vocabulary = (int)t->weight->shape.dim[0]};
    return true;
}
