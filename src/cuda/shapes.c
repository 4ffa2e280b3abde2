/* shapes.c - see shapes.h. */
#include "cuda/shapes.h"

#include <inttypes.h>
#include <stdio.h>

static int64_t width_of(const lt_tensor *t)
{
    return t->shape.dim[t->shape.ndim - 1];
}

static bool is_pointwise(const lt_tensor *t)
{
    return t->u.conv.kernel == 1 && t->u.conv.stride == 1;
}

bool lt_conv_shape_of(const lt_fused *f, const lt_tensor *t, lt_dtype dtype, lt_conv_shape *out)
{
    if (t->op != LT_OP_CONV2D || is_pointwise(t))
        return false;
    const lt_tensor *x = t->src[0];
    *out = (lt_conv_shape){.dtype = dtype,
                           .n = (int)x->shape.dim[0],
                           .h = (int)x->shape.dim[1],
                           .w = (int)x->shape.dim[2],
                           .in = (int)x->shape.dim[3],
                           .out = (int)t->shape.dim[3],
                           .kernel = t->u.conv.kernel,
                           .stride = t->u.conv.stride,
                           .top = t->u.conv.top,
                           .left = t->u.conv.left,
                           .bottom = t->u.conv.bottom,
                           .right = t->u.conv.right,
                           .bias = t->bias != NULL,
                           .addend = lt_fused_extra(f, t) != NULL};
    return true;
}

int lt_matmul_shapes_of(const lt_fused *f, const lt_tensor *t, lt_dtype dtype,
                        lt_matmul_shape out[2])
{
    if (t->op != LT_OP_LINEAR && (t->op != LT_OP_CONV2D || !is_pointwise(t)))
        return 0;
    const lt_fused_node *node = &f->node[t->id];
    int64_t width = width_of(t), first = width_of(t->src[0]);
    int64_t second = node->two ? width_of(t->src[1]) : 0;
    out[0] = (lt_matmul_shape){.dtype = dtype,
                               .rows = lt_shape_count(&t->shape) / width,
                               .in = first,
                               .out = width,
                               .x_row = first,
                               .w_row = first + second,
                               .y_row = width,
                               .bias = t->bias != NULL,
                               .addend = lt_fused_extra(f, t) != NULL};
    if (!node->two)
        return 1;
    out[1] = out[0];
    out[1].in = out[1].x_row = second;
    out[1].bias = false;
    out[1].addend = true;
    return 2;
}

/* Elements from one row of a source to the next: those of what it is a view of. */
static int64_t row_of(const lt_fused *f, const lt_tensor *source)
{
    return width_of(f->node[source->id].view ? source->src[0] : source);
}

bool lt_attention_shape_of(const lt_fused *f, const lt_tensor *t, lt_dtype dtype,
                           lt_attention_shape *out)
{
    if (t->op != LT_OP_ATTENTION)
        return false;
    const lt_tensor *q = t->src[0], *k = t->src[1], *v = t->src[2];
    *out = (lt_attention_shape){.dtype = dtype,
                                .n = (int)q->shape.dim[0],
                                .heads = t->u.attention.heads,
                                .d = (int)width_of(t) / t->u.attention.heads,
                                .s = q->shape.dim[1],
                                .t = k->shape.dim[1],
                                .q_row = row_of(f, q),
                                .k_row = row_of(f, k),
                                .v_row = row_of(f, v),
                                .causal = t->u.attention.causal};
    return true;
}

void lt_conv_shape_out(const lt_conv_shape *s, int *height, int *width)
{
    int down = s->h + s->top + s->bottom - s->kernel,
        across = s->w + s->left + s->right - s->kernel;
    *height = down < 0 ? 0 : down / s->stride + 1;
    *width = across < 0 ? 0 : across / s->stride + 1;
}

char *lt_conv_shape_text(const lt_conv_shape *s, char buffer[LT_SHAPE_WORDS])
{
    snprintf(buffer, LT_SHAPE_WORDS,
             "conv %s [%d,%d,%d,%d] to %d, %dx%d, stride %d, pad %d %d %d %d%s%s",
             lt_dtype_name(s->dtype), s->n, s->h, s->w, s->in, s->out, s->kernel, s->kernel,
             s->stride, s->top, s->left, s->bottom, s->right, s->addend ? ", addend" : "",
             s->bias ? ", bias" : "");
    return buffer;
}

char *lt_matmul_shape_text(const lt_matmul_shape *s, char buffer[LT_SHAPE_WORDS])
{
    snprintf(buffer, LT_SHAPE_WORDS,
             "matmul %s [%" PRId64 ",%" PRId64 "] to %" PRId64 ", rows %" PRId64 " %" PRId64
             " %" PRId64 "%s%s%s%s",
             lt_dtype_name(s->dtype), s->rows, s->in, s->out, s->x_row, s->w_row, s->y_row,
             s->addend ? ", addend" : "", s->bias ? ", bias" : "", s->turned ? ", turned" : "",
             s->wide ? ", wide" : "");
    return buffer;
}

char *lt_attention_shape_text(const lt_attention_shape *s, char buffer[LT_SHAPE_WORDS])
{
    snprintf(buffer, LT_SHAPE_WORDS,
             "attention %s %d x %d heads of %d, %" PRId64 " to %" PRId64 ", rows %" PRId64
             " %" PRId64 " %" PRId64 "%s",
             lt_dtype_name(s->dtype), s->n, s->heads, s->d, s->s, s->t, s->q_row, s->k_row,
             s->v_row, s->causal ? ", causal" : "");
    return buffer;
}
