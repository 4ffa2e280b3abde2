/*
 * cpu_upsample.c - CONV2D in form UPSAMPLE: a 3x3 convolution over an image of twice the height and
 * width, without that image.
 *
 * Nearest neighbour makes pairs of equal rows and columns, so of the nine taps some fall on the
 * same pixel.  For even and odd rows and columns of the result they are summed to a 2x2 kernel each
 * (cpu_weights.c): four convolutions with 4/9 of the arithmetic, whose results are then
 * interleaved.
 */
#include <string.h>

#include "cpu/cpu_internal.h"

static lt_dnnl_conv shape_of(const lt_backend *b, const lt_tensor *t, int row, int column)
{
    const int64_t *from = t->src[0]->shape.dim;
    return (lt_dnnl_conv){.n = from[0],
                          .h = from[1],
                          .w = from[2],
                          .c = from[3],
                          .out_h = from[1],
                          .out_w = from[2],
                          .o = t->shape.dim[3],
                          .kernel = 2,
                          .stride = 1,
                          .top = 1 - row,
                          .left = 1 - column,
                          .bottom = row,
                          .right = column,
                          .dtype = b->dtype};
}

/* Bytes of the result of one convolution. */
static size_t phase_bytes(const lt_backend *b, const lt_tensor *t)
{
    return lt_cpu_round_up((size_t)lt_shape_count(&t->shape) / LT_CPU_PHASES *
                           lt_dtype_size(b->dtype));
}

size_t lt_cpu_upsample_scratch(const lt_backend *b, const lt_tensor *t)
{
    return phase_bytes(b, t) + ((size_t)b->threads << 18); /* as other products */
}

bool lt_cpu_upsample_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err)
{
    size_t most = 0;
    if (!lt_cpu_bias(b, s, err))
        return false;
    lt_cpu_step_ops(s, LT_CPU_PHASES);
    for (int i = 0; i < LT_CPU_PHASES; i++) {
        lt_cpu_numbers weights = {.param = {s->node->weight}, .phase = 1 + i};
        lt_dnnl_conv shape = shape_of(b, s->node, i / 2, i % 2);
        if (!lt_cpu_conv_new(b, &weights, &shape, &s->ops[i], &s->weight[i], err) ||
            !lt_dnnl_set(s->ops[i], LT_DNNL_SRC, s->src[0], err) ||
            !lt_dnnl_set(s->ops[i], LT_DNNL_BIAS, s->bias->data, err))
            return false;
        size_t bytes = lt_dnnl_op_scratch(s->ops[i]);
        most = bytes > most ? bytes : most;
    }
    s->scratch = phase_bytes(b, s->node) + most;
    return true;
}

typedef struct weaving {
    const char *from;
    char *to;
    size_t pixel, columns; /* bytes of a pixel; pixels in a row of `from` */
    int row, column;
} weaving;

/* A task: a row of one convolution's result into every second place of a row of the node's. */
static void weave(void *context, int64_t task, int thread)
{
    const weaving *w = context;
    const char *from = w->from + (size_t)task * w->columns * w->pixel;
    size_t row = 2 * (size_t)task + (size_t)w->row;
    char *to = w->to + (row * 2 * w->columns + (size_t)w->column) * w->pixel;
    (void)thread;
    for (size_t i = 0; i < w->columns; i++)
        memcpy(to + 2 * i * w->pixel, from + i * w->pixel, w->pixel);
}

bool lt_cpu_upsample_run(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err)
{
    const lt_tensor *t = s->node;
    const int64_t *from = t->src[0]->shape.dim;
    for (int i = 0; i < LT_CPU_PHASES; i++) {
        weaving w = {.from = scratch,
                     .to = s->dst,
                     .pixel = lt_cpu_width(t) * lt_dtype_size(b->dtype),
                     .columns = (size_t)from[2],
                     .row = i / 2,
                     .column = i % 2};
        if (!lt_dnnl_set(s->ops[i], LT_DNNL_DST, scratch, err) ||
            !lt_dnnl_set(s->ops[i], LT_DNNL_SCRATCH, (char *)scratch + phase_bytes(b, t), err) ||
            !lt_dnnl_run(s->ops[i], err))
            return false;
        lt_cpu_for(b->threads, from[0] * from[1], weave, &w);
    }
    return true;
}
