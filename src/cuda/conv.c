/* conv.c - see conv.h. */
#include "cuda/conv.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cuda/plans.h"
#include "cuda/shapes.h"

struct lt_conv {
    const lt_cudnn *cudnn; /* of the stream */
    lt_cudnn_plan *plan;
    bool bias, addend;
};

static void operand(lt_plans_ask *ask, lt_cudnn_value value, size_t numbers)
{
    ask->value[ask->count] = value;
    ask->bytes[ask->count++] = numbers * lt_dtype_size(ask->dtype);
}

bool lt_conv_new(lt_gpu_stream *s, const lt_conv_shape *shape, lt_conv **out, lt_error *err)
{
    char key[LT_SHAPE_WORDS];
    int height, width;
    lt_conv_shape_out(shape, &height, &width);
    const size_t n = (size_t)shape->n, in = (size_t)shape->in, o = (size_t)shape->out;
    const size_t y = n * (size_t)height * (size_t)width * o;
    lt_plans_ask ask = {.key = lt_conv_shape_text(shape, key), .dtype = shape->dtype};
    operand(&ask, LT_CUDNN_X, n * (size_t)shape->h * (size_t)shape->w * in);
    operand(&ask, LT_CUDNN_W, o * (size_t)(shape->kernel * shape->kernel) * in);
    operand(&ask, LT_CUDNN_Y, y);
    if (shape->addend)
        operand(&ask, LT_CUDNN_Z, y);
    if (shape->bias)
        operand(&ask, LT_CUDNN_BIAS, o);
    lt_cudnn *cudnn;
    lt_cudnn_graph *graph;
    if (!lt_cudnn_of(s, &cudnn, err) || !lt_cudnn_conv(cudnn, shape, &graph, err))
        return false;
    lt_conv c = {.cudnn = cudnn, .bias = shape->bias, .addend = shape->addend};
    bool ok = lt_plans_get(s, cudnn, graph, &ask, &c.plan, err);
    lt_cudnn_graph_free(graph);
    if (ok) {
        *out = lt_alloc(sizeof **out);
        **out = c;
    }
    return ok;
}

void lt_conv_free(lt_conv *c)
{
    if (!c)
        return;
    lt_cudnn_plan_free(c->plan);
    free(c);
}

bool lt_conv_run(lt_gpu_stream *s, const lt_conv *c, const void *x, const void *w, const void *bias,
                 const void *z, void *y, lt_error *err)
{
    lt_cudnn_value value[LT_CUDNN_VALUES] = {LT_CUDNN_X, LT_CUDNN_W, LT_CUDNN_Y};
    const void *address[LT_CUDNN_VALUES] = {x, w, y};
    int count = 3;
    if (c->addend) {
        value[count] = LT_CUDNN_Z;
        address[count++] = z;
    }
    if (c->bias) {
        value[count] = LT_CUDNN_BIAS;
        address[count++] = bias;
    }
    return lt_cudnn_run(c->cudnn, c->plan, value, address, count, lt_gpu_workspace(s), err);
}
