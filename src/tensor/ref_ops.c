/* ref_ops.c - the operations as naive loops; see ref_ops.h.  N H W C O S T as in ops.def. */
#include "tensor/ref_ops.h"

#include <math.h>
#include <string.h>

static int64_t last(const lt_tensor *t)
{
    return t->shape.dim[t->shape.ndim - 1];
}

static int64_t rows(const lt_tensor *t)
{
    return lt_shape_count(&t->shape) / last(t);
}

/* acc[o] += sum_c x[c] w[c][o] */
static void accumulate(double *acc, const float *x, const float *w, int64_t channels, int64_t out)
{
    for (int64_t c = 0; c < channels; c++, w += out)
        for (int64_t o = 0; o < out; o++)
            acc[o] += (double)x[c] * (double)w[o];
}

static void start(double *acc, const float *bias, int64_t out)
{
    for (int64_t o = 0; o < out; o++)
        acc[o] = bias ? (double)bias[o] : 0.0;
}

static void finish(float *y, const double *acc, int64_t out)
{
    for (int64_t o = 0; o < out; o++)
        y[o] = (float)acc[o];
}

static void conv2d(const lt_ref_args *a)
{
    const lt_shape *in = &a->node->src[0]->shape, *to = &a->node->shape;
    const float *x = a->x[0];
    int64_t height = in->dim[1], width = in->dim[2], channels = in->dim[3], out = to->dim[3];
    int k = a->node->u.conv.kernel, stride = a->node->u.conv.stride;
    float *y = a->y;
    for (int64_t n = 0; n < to->dim[0]; n++, x += height * width * channels)
        for (int64_t h = 0; h < to->dim[1]; h++)
            for (int64_t w = 0; w < to->dim[2]; w++, y += out) {
                start(a->scratch, a->bias, out);
                for (int i = 0; i < k; i++)
                    for (int j = 0; j < k; j++) {
                        int64_t row = h * stride + i - a->node->u.conv.top;
                        int64_t col = w * stride + j - a->node->u.conv.left;
                        if (row >= 0 && row < height && col >= 0 && col < width)
                            accumulate(a->scratch, x + (row * width + col) * channels,
                                       a->weight + (i * k + j) * channels * out, channels, out);
                    }
                finish(y, a->scratch, out);
            }
}

static void linear(const lt_ref_args *a)
{
    int64_t channels = last(a->node->src[0]), out = last(a->node);
    const float *x = a->x[0];
    float *y = a->y;
    for (int64_t r = rows(a->node); r > 0; r--, x += channels, y += out) {
        start(a->scratch, a->bias, out);
        accumulate(a->scratch, x, a->weight, channels, out);
        finish(y, a->scratch, out);
    }
}

/* Normalises `count` rows of `width` values that are `pitch` apart: one group of one image. */
static void normalise(float *y, const float *x, const float *weight, const float *bias,
                      int64_t count, int64_t width, int64_t pitch, float eps)
{
    double sum = 0, squares = 0, n = (double)(count * width);
    for (int64_t r = 0; r < count; r++)
        for (int64_t c = 0; c < width; c++)
            sum += (double)x[r * pitch + c];
    double mean = sum / n;
    for (int64_t r = 0; r < count; r++)
        for (int64_t c = 0; c < width; c++) {
            double d = (double)x[r * pitch + c] - mean;
            squares += d * d;
        }
    double scale = 1.0 / sqrt(squares / n + (double)eps);
    for (int64_t r = 0; r < count; r++)
        for (int64_t c = 0; c < width; c++)
            y[r * pitch + c] =
                (float)(((double)x[r * pitch + c] - mean) * scale * (double)weight[c] +
                        (double)bias[c]);
}

static void group_norm(const lt_ref_args *a)
{
    const float *x = a->x[0];
    int64_t channels = last(a->node), width = channels / a->node->u.norm.groups;
    int64_t images = a->node->shape.dim[0], pixels = rows(a->node) / images;
    for (int64_t n = 0; n < images; n++)
        for (int64_t c = 0; c < channels; c += width) {
            int64_t at = n * pixels * channels + c;
            normalise(a->y + at, x + at, a->weight + c, a->bias + c, pixels, width, channels,
                      a->node->u.norm.eps);
        }
}

static void layer_norm(const lt_ref_args *a)
{
    const float *x = a->x[0];
    int64_t channels = last(a->node);
    for (int64_t r = 0; r < rows(a->node); r++)
        normalise(a->y + r * channels, x + r * channels, a->weight, a->bias, 1, channels, channels,
                  a->node->u.norm.eps);
}

static double gelu(double x)
{
    return 0.5 * x * (1.0 + erf(x * 0.70710678118654752440));
}

static void activation(const lt_ref_args *a)
{
    const float *x = a->x[0];
    int64_t count = lt_shape_count(&a->node->shape);
    for (int64_t i = 0; i < count; i++) {
        double v = (double)x[i];
        switch (a->node->u.act) {
        case LT_SILU:
            v = v / (1.0 + exp(-v));
            break;
        case LT_GELU:
            v = gelu(v);
            break;
        case LT_QUICK_GELU:
            v = v / (1.0 + exp(-1.702 * v));
            break;
        }
        a->y[i] = (float)v;
    }
}

static void geglu(const lt_ref_args *a)
{
    const float *x = a->x[0];
    int64_t channels = last(a->node);
    for (int64_t r = 0; r < rows(a->node); r++)
        for (int64_t c = 0; c < channels; c++)
            a->y[r * channels + c] = (float)((double)x[r * 2 * channels + c] *
                                             gelu((double)x[r * 2 * channels + channels + c]));
}

/* p[t] = softmax over the tokens that query s may see; returns how many those are. */
static int64_t attend(double *p, const float *q, const float *k, int64_t tokens, int64_t pitch,
                      int64_t width, int64_t seen)
{
    double most = (double)-INFINITY, sum = 0, scale = 1.0 / sqrt((double)width);
    int64_t count = seen < tokens ? seen : tokens;
    for (int64_t t = 0; t < count; t++) {
        double dot = 0;
        for (int64_t c = 0; c < width; c++)
            dot += (double)q[c] * (double)k[t * pitch + c];
        p[t] = dot * scale;
        most = p[t] > most ? p[t] : most;
    }
    for (int64_t t = 0; t < count; t++) {
        p[t] = exp(p[t] - most);
        sum += p[t];
    }
    for (int64_t t = 0; t < count; t++)
        p[t] /= sum;
    return count;
}

static void attention(const lt_ref_args *a)
{
    const float *q = a->x[0], *k = a->x[1], *v = a->x[2];
    int64_t queries = a->node->shape.dim[1], channels = last(a->node);
    int64_t tokens = a->node->src[1]->shape.dim[1], width = channels / a->node->u.attention.heads;
    double *p = a->scratch, *acc = a->scratch + tokens;
    for (int64_t n = 0; n < a->node->shape.dim[0]; n++)
        for (int64_t s = 0; s < queries; s++)
            for (int64_t c = 0; c < channels; c += width) {
                int64_t at = (n * queries + s) * channels + c;
                int64_t from = n * tokens * channels + c;
                int64_t seen = a->node->u.attention.causal ? s + 1 : tokens;
                int64_t count = attend(p, q + at, k + from, tokens, channels, width, seen);
                start(acc, NULL, width);
                for (int64_t t = 0; t < count; t++)
                    for (int64_t i = 0; i < width; i++)
                        acc[i] += p[t] * (double)v[from + t * channels + i];
                finish(a->y + at, acc, width);
            }
}

static void attention_map(const lt_ref_args *a)
{
    const float *q = a->x[0], *k = a->x[1];
    int64_t queries = a->node->shape.dim[1], tokens = a->node->shape.dim[2];
    int64_t channels = last(a->node->src[0]);
    int heads = a->node->u.attention.heads;
    int64_t width = channels / heads;
    double *p = a->scratch, *mean = a->scratch + tokens;
    for (int64_t n = 0; n < a->node->shape.dim[0]; n++)
        for (int64_t s = 0; s < queries; s++) {
            int64_t at = n * queries + s;
            start(mean, NULL, tokens);
            for (int64_t c = 0; c < channels; c += width) {
                int64_t seen = a->node->u.attention.causal ? s + 1 : tokens;
                int64_t count = attend(p, q + at * channels + c, k + n * tokens * channels + c,
                                       tokens, channels, width, seen);
                for (int64_t t = 0; t < count; t++)
                    mean[t] += p[t] / heads;
            }
            finish(a->y + at * tokens, mean, tokens);
        }
}

static void add(const lt_ref_args *a)
{
    const float *x = a->x[0], *b = a->x[1];
    int64_t count = lt_shape_count(&a->node->shape), channels = last(a->node);
    bool per_image = a->node->src[1]->shape.ndim != a->node->shape.ndim;
    int64_t image = count / a->node->src[1]->shape.dim[0]; /* elements that share a row of b */
    for (int64_t i = 0; i < count; i++)
        a->y[i] = x[i] + b[per_image ? i / image * channels + i % channels : i];
}

static void concat(const lt_ref_args *a)
{
    const float *x = a->x[0], *b = a->x[1];
    size_t left = (size_t)last(a->node->src[0]), right = (size_t)last(a->node->src[1]);
    float *y = a->y;
    for (int64_t r = rows(a->node); r > 0; r--, x += left, b += right, y += left + right) {
        memcpy(y, x, left * sizeof *y);
        memcpy(y + left, b, right * sizeof *y);
    }
}

static void repeat(const lt_ref_args *a)
{
    int64_t once = lt_shape_count(&a->node->src[0]->shape), all = lt_shape_count(&a->node->shape);
    for (int64_t i = 0; i < all; i += once)
        memcpy(a->y + i, a->x[0], (size_t)once * sizeof *a->y);
}

static void resize(const lt_ref_args *a)
{
    const float *x = a->x[0];
    const lt_shape *in = &a->node->src[0]->shape, *to = &a->node->shape;
    int64_t channels = to->dim[3];
    float *y = a->y;
    for (int64_t n = 0; n < to->dim[0]; n++, x += in->dim[1] * in->dim[2] * channels)
        for (int64_t h = 0; h < to->dim[1]; h++)
            for (int64_t w = 0; w < to->dim[2]; w++, y += channels) {
                int64_t row = h * in->dim[1] / to->dim[1], col = w * in->dim[2] / to->dim[2];
                memcpy(y, x + (row * in->dim[2] + col) * channels, (size_t)channels * sizeof *y);
            }
}

/* An id outside the vocabulary is a bug of the caller; it reads row 0. */
static void embed(const lt_ref_args *a)
{
    const int32_t *ids = a->x[0];
    int64_t width = last(a->node), tokens = a->node->shape.dim[1];
    int64_t vocabulary = a->node->weight->shape.dim[0];
    for (int64_t r = 0; r < rows(a->node); r++) {
        int64_t id = ids[r] >= 0 && ids[r] < vocabulary ? ids[r] : 0;
        for (int64_t c = 0; c < width; c++)
            a->y[r * width + c] = a->weight[id * width + c] + a->bias[r % tokens * width + c];
    }
}

static void slice(const lt_ref_args *a)
{
    const float *x = (const float *)a->x[0] + a->node->u.slice.from;
    int64_t channels = last(a->node->src[0]), width = last(a->node);
    for (int64_t r = 0; r < rows(a->node); r++)
        memcpy(a->y + r * width, x + r * channels, (size_t)width * sizeof *x);
}

static void scale(const lt_ref_args *a)
{
    const float *x = a->x[0];
    int64_t count = lt_shape_count(&a->node->shape);
    for (int64_t i = 0; i < count; i++)
        a->y[i] = x[i] * a->node->u.scale.mul + a->node->u.scale.add;
}

/* Comparisons with NaN are false, so NaN takes the first branch. */
static unsigned char to_byte(float x)
{
    float v = x * 0.5f + 0.5f;
    if (!(v > 0.0f))
        return 0;
    return v < 1.0f ? (unsigned char)lrintf(v * 255.0f) : 255;
}

static void rgb(const lt_ref_args *a)
{
    const float *x = a->x[0];
    unsigned char *y = (unsigned char *)a->y;
    int64_t count = lt_shape_count(&a->node->src[0]->shape), part = lt_rgb_part(count);
    memset(y + count, 0, LT_RGB_PARTS);
    for (int64_t i = 0; i < count; i++) {
        y[i] = to_byte(x[i]);
        if (!isfinite(x[i]))
            y[count + i / part] = 1;
    }
}

void lt_ref_compute(const lt_ref_args *a)
{
    static void (*const kernels[LT_OP_COUNT])(const lt_ref_args *) = {
        [LT_OP_CONV2D] = conv2d,
        [LT_OP_LINEAR] = linear,
        [LT_OP_GROUP_NORM] = group_norm,
        [LT_OP_LAYER_NORM] = layer_norm,
        [LT_OP_ACTIVATION] = activation,
        [LT_OP_GEGLU] = geglu,
        [LT_OP_ATTENTION] = attention,
        [LT_OP_ATTENTION_MAP] = attention_map,
        [LT_OP_ADD] = add,
        [LT_OP_CONCAT] = concat,
        [LT_OP_REPEAT] = repeat,
        [LT_OP_RESIZE] = resize,
        [LT_OP_EMBED] = embed,
        [LT_OP_SLICE] = slice,
        [LT_OP_SCALE] = scale,
        [LT_OP_RGB] = rgb,
    };
    if (kernels[a->node->op])
        kernels[a->node->op](a);
}

size_t lt_ref_scratch(const lt_tensor *node)
{
    switch (node->op) {
    case LT_OP_CONV2D:
    case LT_OP_LINEAR:
        return (size_t)last(node);
    case LT_OP_ATTENTION:
        return (size_t)(node->src[1]->shape.dim[1] + last(node));
    case LT_OP_ATTENTION_MAP:
        return 2 * (size_t)last(node);
    default:
        return 0;
    }
}
