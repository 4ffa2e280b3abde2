/* cost.c - see cost.h. */
#include "tensor/cost.h"

double lt_tensor_flop(const lt_tensor *t)
{
    double out = (double)lt_shape_count(&t->shape);
    int64_t channels = t->nsrc ? t->src[0]->shape.dim[t->src[0]->shape.ndim - 1] : 0;
    int kernel = t->u.conv.kernel;
    switch (t->op) {
    case LT_OP_CONV2D:
        return 2.0 * out * (double)channels * kernel * kernel;
    case LT_OP_LINEAR:
        return 2.0 * out * (double)channels;
    case LT_OP_ATTENTION: /* scores, and their product with the values */
        return 4.0 * out * (double)t->src[1]->shape.dim[1];
    case LT_OP_ATTENTION_MAP:
        return 2.0 * out * (double)channels;
    default:
        return 0.0;
    }
}
