/* steps_product.c - convolutions, linears and attentions: what the libraries do. */
#include "cuda/steps_impl.h"

static const void *data_of(const lt_cuda_weight *w)
{
    return w ? w->data : NULL;
}

static bool launch_conv(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    const lt_cuda_product *p = &step->u.product;
    return lt_conv_run(s, step->op[0]->conv, p->x[0], p->w[0], p->bias, p->z, p->y, err);
}

static bool launch_matmul(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    const lt_cuda_product *p = &step->u.product;
    const lt_cuda_op *const *op = (const lt_cuda_op *const *)step->op;
    return lt_matmul_run(s, op[0]->matmul, p->x[0], p->w[0], p->bias, p->z, p->y, err) &&
           (!op[1] || lt_matmul_run(s, op[1]->matmul, p->x[1], p->w[1], NULL, p->y, p->y, err));
}

static bool prepare_conv(const lt_cuda_site *site, lt_cuda_step *s, const lt_conv_shape *shape,
                         lt_error *err)
{
    s->launch = launch_conv;
    return lt_cuda_pool_conv(site->ops, shape, &s->op[0], err);
}

/* The weights of the second of two are the last columns of the same rows. */
static bool prepare_matmuls(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    lt_matmul_shape shape[2];
    int count = lt_matmul_shapes_of(site->fused, s->node, s->dtype, shape);
    s->launch = launch_matmul;
    for (int i = 0; i < count; i++)
        if (!lt_cuda_pool_matmul(site->ops, &shape[i], &s->op[i], err))
            return false;
    if (count == 2) {
        size_t first = (size_t)shape[0].in * lt_dtype_size(s->dtype);
        s->u.product.x[1] = lt_cuda_site_at(site, s->node->src[1]);
        s->u.product.w[1] = (const char *)s->weight->data + first;
    }
    return true;
}

bool lt_cuda_prepare_product(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    const lt_tensor *t = s->node, *z = lt_fused_extra(site->fused, t);
    lt_conv_shape conv;
    s->u.product = (lt_cuda_product){.x = {lt_cuda_site_at(site, t->src[0])},
                                     .w = {data_of(s->weight)},
                                     .bias = data_of(s->bias),
                                     .z = z ? lt_cuda_site_at(site, z) : NULL,
                                     .y = lt_cuda_site_at(site, t)};
    return lt_conv_shape_of(site->fused, t, s->dtype, &conv) ? prepare_conv(site, s, &conv, err)
                                                             : prepare_matmuls(site, s, err);
}

static bool launch_attention(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    const lt_cuda_product *p = &step->u.product;
    return lt_attention_op_run(s, step->op[0]->attention, p->x[0], p->x[1], p->w[0], p->y, err);
}

bool lt_cuda_prepare_attention(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    const lt_tensor *t = s->node;
    lt_attention_shape shape;
    s->launch = launch_attention;
    s->u.product =
        (lt_cuda_product){.x = {lt_cuda_site_at(site, t->src[0]), lt_cuda_site_at(site, t->src[1])},
                          .w = {lt_cuda_site_at(site, t->src[2])},
                          .y = lt_cuda_site_at(site, t)};
    (void)lt_attention_shape_of(site->fused, t, s->dtype, &shape);
    return lt_cuda_pool_attention(site->ops, &shape, &s->op[0], err);
}

static bool launch_map(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err)
{
    return lt_kernel_attention_map(s, &step->u.scores, err);
}

bool lt_cuda_prepare_map(const lt_cuda_site *site, lt_cuda_step *s, lt_error *err)
{
    const lt_tensor *t = s->node, *q = t->src[0], *k = t->src[1];
    int heads = t->u.attention.heads;
    int64_t wide = lt_cuda_width(q), width = lt_cuda_width(k); /* one may be parts in a row */
    (void)err;
    s->launch = launch_map;
    s->u.scores = (lt_scores_args){.dtype = s->dtype,
                                   .n = (int)q->shape.dim[0],
                                   .heads = heads,
                                   .d = (int)(wide < width ? wide : width) / heads,
                                   .s = q->shape.dim[1],
                                   .t = k->shape.dim[1],
                                   .q_row = lt_cuda_row(site, q),
                                   .k_row = lt_cuda_row(site, k),
                                   .causal = t->u.attention.causal,
                                   .q = lt_cuda_site_at(site, q),
                                   .k = lt_cuda_site_at(site, k),
                                   .y = lt_cuda_site_at(site, t)};
    return true;
}
