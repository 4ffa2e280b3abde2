/* cudnn_graphs.c - a convolution and an attention as cuDNN's graphs of operations. */
#include <cudnn_graph.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/cudnn.h"
#include "cuda/cudnn_build.h"
#include "cuda/shapes.h"

enum { ALIGNMENT = 16, SUM = 64 /* values between operations: ids from here */ };

static cudnnDataType_t type_of(lt_dtype t)
{
    return t == LT_F16 ? CUDNN_DATA_HALF : t == LT_BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

typedef struct place {
    int64_t dim[4], stride[4];
} place;

/* An image of n samples with channels last, in cuDNN's order of dimensions: N, C, H, W. */
static place image(int64_t n, int64_t height, int64_t width, int64_t channels)
{
    return (place){{n, channels, height, width},
                   {height * width * channels, 1, width * channels, channels}};
}

static void *tensor(lt_cudnn_build *b, int64_t id, cudnnDataType_t type, const place *p,
                    int how /* an attribute that is true, or 0 */)
{
    bool yes = true;
    void *t = lt_cudnn_make(b, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    lt_cudnn_set_int(b, t, CUDNN_ATTR_TENSOR_UNIQUE_ID, id);
    lt_cudnn_set(b, t, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
    lt_cudnn_set_int(b, t, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, ALIGNMENT);
    lt_cudnn_set(b, t, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, p->dim);
    lt_cudnn_set(b, t, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, p->stride);
    if (how)
        lt_cudnn_set(b, t, how, CUDNN_TYPE_BOOLEAN, 1, &yes);
    lt_cudnn_finish(b, t, "tensor");
    return t;
}

/* A float32 value that only the next operation sees. */
static void *between(lt_cudnn_build *b, int step, const place *p)
{
    return tensor(b, SUM + step, CUDNN_DATA_FLOAT, p, CUDNN_ATTR_TENSOR_IS_VIRTUAL);
}

static void *convolution(lt_cudnn_build *b, const lt_conv_shape *s, void *x, void *w, void *y)
{
    const int64_t before[2] = {s->top, s->left}, after[2] = {s->bottom, s->right}, one[2] = {1, 1};
    const int64_t stride[2] = {s->stride, s->stride};
    cudnnDataType_t sums = CUDNN_DATA_FLOAT;
    cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    void *c = lt_cudnn_make(b, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    lt_cudnn_set_int(b, c, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2);
    lt_cudnn_set(b, c, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &sums);
    lt_cudnn_set(b, c, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
    lt_cudnn_set(b, c, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, before);
    lt_cudnn_set(b, c, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, after);
    lt_cudnn_set(b, c, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, one);
    lt_cudnn_set(b, c, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, stride);
    lt_cudnn_finish(b, c, "convolution");

    const float scale = 1, keep = 0;
    void *op = lt_cudnn_make(b, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
    lt_cudnn_set_one(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x);
    lt_cudnn_set_one(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w);
    lt_cudnn_set_one(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y);
    lt_cudnn_set_one(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, c);
    lt_cudnn_set(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1,
                 &scale);
    lt_cudnn_set(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &keep);
    lt_cudnn_finish(b, op, "convolution of these tensors");
    return op;
}

static void *sum(lt_cudnn_build *b, void *x, void *more, void *y)
{
    cudnnDataType_t precision = CUDNN_DATA_FLOAT;
    cudnnPointwiseMode_t mode = CUDNN_POINTWISE_ADD;
    void *add = lt_cudnn_make(b, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    lt_cudnn_set(b, add, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
    lt_cudnn_set(b, add, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &precision);
    lt_cudnn_finish(b, add, "addition");

    void *op = lt_cudnn_make(b, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    lt_cudnn_set_one(b, op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, add);
    lt_cudnn_set_one(b, op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
    lt_cudnn_set_one(b, op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, more);
    lt_cudnn_set_one(b, op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
    lt_cudnn_finish(b, op, "addition of these tensors");
    return op;
}

static lt_cudnn_graph *new_graph(lt_dtype dtype, lt_error *err)
{
    lt_cudnn_graph *g = lt_alloc(sizeof *g);
    g->exact = dtype == LT_F32;
    g->build.err = err;
    return g;
}

static bool close_graph(const lt_cudnn *c, lt_cudnn_graph *g, void *const *ops, int count,
                        const char *text, lt_cudnn_graph **out, lt_error *err)
{
    lt_cudnn_build *b = &g->build;
    void *handle = lt_cudnn_handle(c);
    g->operations = lt_cudnn_make(b, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    lt_cudnn_set(b, g->operations, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                 count, ops);
    if (handle)
        lt_cudnn_set(b, g->operations, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1,
                     &handle);
    lt_cudnn_finish(b, g->operations, "graph");
    bool ok = !b->failed;
    if (ok)
        *out = g;
    else {
        lt_fail_in(err, "%s", text);
        lt_cudnn_graph_free(g);
    }
    return ok;
}

bool lt_cudnn_conv(const lt_cudnn *c, const lt_conv_shape *s, lt_cudnn_graph **out, lt_error *err)
{
    int height, width, count = 0;
    char text[LT_SHAPE_WORDS];
    lt_conv_shape_out(s, &height, &width);
    const place x = image(s->n, s->h, s->w, s->in), y = image(s->n, height, width, s->out);
    const place w = image(s->out, s->kernel, s->kernel, s->in), bias = image(1, 1, 1, s->out);
    cudnnDataType_t type = type_of(s->dtype);
    lt_cudnn_graph *g = new_graph(s->dtype, err);
    lt_cudnn_build *b = &g->build;
    void *ops[3], *last = tensor(b, LT_CUDNN_Y, type, &y, 0);
    void *now = s->addend || s->bias ? between(b, count, &y) : last;
    ops[count++] = convolution(b, s, tensor(b, LT_CUDNN_X, type, &x, 0),
                               tensor(b, LT_CUDNN_W, type, &w, 0), now);
    if (s->addend) {
        void *next = s->bias ? between(b, count, &y) : last;
        ops[count++] = sum(b, now, tensor(b, LT_CUDNN_Z, type, &y, 0), next);
        now = next;
    }
    if (s->bias)
        ops[count++] = sum(b, now, tensor(b, LT_CUDNN_BIAS, type, &bias, 0), last);
    return close_graph(c, g, ops, count, lt_conv_shape_text(s, text), out, err);
}

#if CUDNN_VERSION >= 91301

enum { SINCE = 91301 };

/* rows of one sample after the other, each with its heads side by side: B, H, S, D. */
static place heads(const lt_attention_shape *s, int64_t rows, int64_t row)
{
    return (place){{s->n, s->heads, rows, s->d}, {rows * row, s->d, row, 1}};
}

bool lt_cudnn_has_attention(void)
{
    return cudnnGetVersion() >= SINCE;
}

static bool takes(const lt_attention_shape *s, lt_error *err)
{
    const char *why = !lt_cudnn_has_attention() ? "cuDNN is older than 9.13.1"
                      : s->dtype == LT_F32      ? "cuDNN has no attention in f32"
                      : s->causal               ? "cuDNN's attention is not causal"
                                                : NULL;
    return !why || lt_fail(err, LT_ERR_DEVICE, NULL, "%s", why);
}

static void *attention(lt_cudnn_build *b, const lt_attention_shape *s)
{
    const place q = heads(s, s->s, s->q_row), k = heads(s, s->t, s->k_row);
    const place v = heads(s, s->t, s->v_row), y = heads(s, s->s, (int64_t)s->heads * s->d);
    const place one = {{1, 1, 1, 1}, {1, 1, 1, 1}};
    cudnnDataType_t type = type_of(s->dtype);
    void *const part[] = {
        tensor(b, LT_CUDNN_Q, type, &q, 0), tensor(b, LT_CUDNN_K, type, &k, 0),
        tensor(b, LT_CUDNN_V, type, &v, 0), tensor(b, LT_CUDNN_Y, type, &y, 0),
        tensor(b, LT_CUDNN_SCALE, CUDNN_DATA_FLOAT, &one, CUDNN_ATTR_TENSOR_IS_BY_VALUE)};
    const int attribute[] = {
        CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC, CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC,
        CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC, CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC,
        CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC};
    void *op = lt_cudnn_make(b, CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR);
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        lt_cudnn_set_one(b, op, attribute[i], part[i]);
    lt_cudnn_finish(b, op, "attention of these tensors");
    return op;
}

bool lt_cudnn_attention(const lt_cudnn *c, const lt_attention_shape *s, lt_cudnn_graph **out,
                        lt_error *err)
{
    char text[LT_SHAPE_WORDS];
    lt_attention_shape_text(s, text);
    if (!takes(s, err))
        return lt_fail_in(err, "%s", text);
    lt_cudnn_graph *g = new_graph(s->dtype, err);
    void *op = attention(&g->build, s);
    return close_graph(c, g, &op, 1, text, out, err);
}

#else

bool lt_cudnn_has_attention(void)
{
    return false;
}

bool lt_cudnn_attention(const lt_cudnn *c, const lt_attention_shape *s, lt_cudnn_graph **out,
                        lt_error *err)
{
    (void)c, (void)s, (void)out;
    return lt_fail(err, LT_ERR_DEVICE, NULL, "built with a cuDNN older than 9.13.1");
}

#endif

void lt_cudnn_graph_free(lt_cudnn_graph *g)
{
    if (!g)
        return;
    lt_cudnn_build_done(&g->build);
    free(g);
}
