/*
 * cpu_product.c - CONV2D and LINEAR: one oneDNN op each, with bias and, if the node was joined with
 * an add, a sum onto the other operand.  A 1x1 convolution is a linear layer over the pixels:
 * measured as fast or faster (bf16 505 against 455 GFLOP/s at 2x64x64, 320 channels).
 *
 * The sum is oneDNN's post-op that adds to dst.  Where the operand dies here the plan puts dst into
 * its bytes; else it is copied there first.  The binary post-op would need no copy but leaves the
 * fast kernels (f32 3x3 convolution: 251 to 187 GFLOP/s).
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cpu/cpu_internal.h"

enum { COPY_CHUNK = 1 << 18 };

typedef struct product {
    const lt_dnnl_conv *conv; /* or NULL */
    const lt_dnnl_matmul *matmul;
} product;

static bool create(lt_backend *b, const product *p, const lt_dnnl_layout *layout, lt_dnnl_op **out,
                   lt_error *err)
{
    return p->conv ? lt_dnnl_conv_new(b->dnnl, p->conv, layout, out, err)
                   : lt_dnnl_matmul_new(b->dnnl, p->matmul, layout, out, err);
}

/* Prefers a layout in which the weights are packed already: another size of the same model should
 * cost no second copy of them. */
static bool create_shared(lt_backend *b, const lt_cpu_numbers *weights, const product *p,
                          lt_dnnl_op **out, lt_error *err)
{
    const lt_dnnl_layout *known;
    for (int i = 0; (known = lt_cpu_weights_layout(&b->weights, weights, i)); i++) {
        lt_error ignored;
        if (!create(b, p, known, out, &ignored))
            continue;
        if (lt_dnnl_op_optimized(*out))
            return true;
        lt_dnnl_op_free(*out);
        *out = NULL;
    }
    return create(b, p, NULL, out, err);
}

static bool create_packed(lt_backend *b, const lt_cpu_numbers *weights, const product *p,
                          lt_dnnl_op **op, lt_cpu_weight **packed, lt_error *err)
{
    return create_shared(b, weights, p, op, err) &&
           lt_cpu_weights_packed(&b->weights, b->dnnl, b->threads, weights, *op, packed, err) &&
           lt_dnnl_set(*op, LT_DNNL_WEIGHTS, (*packed)->data, err);
}

bool lt_cpu_conv_new(lt_backend *b, const lt_cpu_numbers *weights, const lt_dnnl_conv *shape,
                     lt_dnnl_op **op, lt_cpu_weight **packed, lt_error *err)
{
    return create_packed(b, weights, &(product){.conv = shape}, op, packed, err);
}

bool lt_cpu_matmul_new(lt_backend *b, const lt_cpu_numbers *weights, const lt_dnnl_matmul *shape,
                       lt_dnnl_op **op, lt_cpu_weight **packed, lt_error *err)
{
    return create_packed(b, weights, &(product){.matmul = shape}, op, packed, err);
}

bool lt_cpu_bias(lt_backend *b, lt_cpu_step *s, lt_error *err)
{
    lt_cpu_numbers bias = {.phase = 0};
    memcpy(bias.param, s->join->bias, sizeof bias.param);
    return !bias.param[0] || lt_cpu_weights_plain(&b->weights, &bias, &s->bias, err);
}

static bool prepare(lt_backend *b, lt_cpu_step *s, const product *p, lt_error *err)
{
    lt_cpu_numbers weights = {.phase = 0};
    memcpy(weights.param, s->join->weight, sizeof weights.param);
    lt_cpu_step_ops(s, 1);
    lt_dnnl_op **op = &s->ops[0];
    if (!create_packed(b, &weights, p, op, &s->weight[0], err) || !lt_cpu_bias(b, s, err))
        return false;
    s->scratch = lt_dnnl_op_scratch(*op);
    return !s->bias || lt_dnnl_set(*op, LT_DNNL_BIAS, s->bias->data, err);
}

static bool is_linear(const lt_tensor *t)
{
    const int64_t *from = t->src[0]->shape.dim, *to = t->shape.dim;
    return t->op == LT_OP_LINEAR ||
           (t->u.conv.kernel == 1 && t->u.conv.stride == 1 && to[1] == from[1] && to[2] == from[2]);
}

/* Seen with oneDNN 2.6: at most 144 KiB; where it has no kernel of its own for a product (before
 * AVX-512), the result in float32. */
size_t lt_cpu_product_scratch(const lt_backend *b, const lt_tensor *t)
{
    size_t whole = is_linear(t) && !lt_dnnl_rows_independent()
                       ? (size_t)lt_shape_count(&t->shape) * sizeof(float)
                       : 0;
    return whole + ((size_t)b->threads << 18);
}

/* A picture must not depend on its neighbours in the batch by more than rounding can grow to: where
 * the product of all rows would differ from that of one picture's rows, pictures are taken one by
 * one.  (Demo model, AVX2, 20 guided steps: 1.7e-5 in the latents without, 0 with.) */
bool lt_cpu_linear_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err)
{
    const lt_tensor *t = s->node;
    s->slices = lt_dnnl_rows_independent() ? 1 : (int)t->shape.dim[0];
    int64_t k = (int64_t)lt_cpu_width(t->src[0]), n = (int64_t)lt_cpu_width(t);
    lt_dnnl_matmul shape = {.m = (int64_t)lt_cpu_rows(t) / s->slices,
                            .n = n,
                            .k = k,
                            .row_a = k,
                            .row_c = n,
                            .dtype = b->dtype,
                            .out_dtype = b->dtype,
                            .packed = true,
                            .bias = t->bias != NULL,
                            .sum = t->nsrc == 2};
    return prepare(b, s, &(product){.matmul = &shape}, err);
}

bool lt_cpu_conv_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err)
{
    const lt_tensor *t = s->node;
    const int64_t *from = t->src[0]->shape.dim, *to = t->shape.dim;
    if (is_linear(t))
        return lt_cpu_linear_prepare(b, s, err);
    s->slices = 1;
    lt_dnnl_conv shape = {.n = from[0],
                          .h = from[1],
                          .w = from[2],
                          .c = from[3],
                          .out_h = to[1],
                          .out_w = to[2],
                          .o = to[3],
                          .kernel = t->u.conv.kernel,
                          .stride = t->u.conv.stride,
                          .top = t->u.conv.top,
                          .left = t->u.conv.left,
                          .bottom = t->u.conv.bottom,
                          .right = t->u.conv.right,
                          .dtype = b->dtype,
                          .sum = t->nsrc == 2};
    return prepare(b, s, &(product){.conv = &shape}, err);
}

typedef struct copying {
    char *to;
    const char *from;
    size_t bytes;
} copying;

static void copy_chunk(void *context, int64_t task, int thread)
{
    const copying *c = context;
    size_t at = (size_t)task * COPY_CHUNK;
    (void)thread;
    memcpy(c->to + at, c->from + at, c->bytes - at < COPY_CHUNK ? c->bytes - at : COPY_CHUNK);
}

bool lt_cpu_product_run(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err)
{
    if (s->node->nsrc == 2 && s->src[1] != s->dst) {
        copying c = {s->dst, s->src[1],
                     (size_t)lt_shape_count(&s->node->shape) * lt_dtype_size(b->dtype)};
        lt_cpu_for(b->threads, (int64_t)((c.bytes + COPY_CHUNK - 1) / COPY_CHUNK), copy_chunk, &c);
    }
    lt_dnnl_op *op = s->ops[0];
    size_t size = lt_dtype_size(b->dtype), slices = (size_t)s->slices;
    size_t in = (size_t)lt_shape_count(&s->node->src[0]->shape) * size / slices;
    size_t out = (size_t)lt_shape_count(&s->node->shape) * size / slices;
    if (!lt_dnnl_set(op, LT_DNNL_SCRATCH, scratch, err))
        return false;
    for (size_t i = 0; i < slices; i++)
        if (!lt_dnnl_set(op, LT_DNNL_SRC, (const char *)s->src[0] + i * in, err) ||
            !lt_dnnl_set(op, LT_DNNL_DST, (char *)s->dst + i * out, err) || !lt_dnnl_run(op, err))
            return false;
    return true;
}
