/*
 * kernels.h - what neither cuDNN nor cuBLASLt does for us: norms, pointwise work, copies, and an
 * attention that takes every shape.  The source (kernels.cu, *.cuh) is CUDA and, through
 * host_cuda.h of the tests, plain C++: the same code is checked on processors.
 *
 * Everything is device memory, contiguous where no row is given; images have channels last.  dtype:
 * LT_F16, LT_BF16 or LT_F32, of all void pointers; sums, statistics and functions are float32.
 * LT_ERR_DEVICE if a launch is refused, LT_ERR_ARGUMENT for what no kernel is made for: sides of
 * images beyond 65535, more than 2^31 - 1 pieces of a row-wise work, heads wider than 512; what a
 * kernel meets is told by lt_gpu_wait.  Recordable; nothing allocates.
 *
 * The same numbers give the same bytes, and a sample's do not depend on its batch.
 */
#pragma once

#include <stdint.h>

#include "cuda/device.h"
#include "tensor/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/* (x - mean) / sqrt(var + eps) * weight + bias, over the pixels of a sample and the channels of a
 * group, then act.  x: one image, or two side by side in their channels.  A shift is added to x
 * first, at every pixel. */
typedef struct lt_group_norm_args {
    lt_dtype dtype;
    int n, groups;
    int64_t pixels;             /* of a sample */
    int channels[2];            /* of the parts of x; [1]: 0 if there is one */
    const void *x[2];           /* [n,pixels,channels[i]] */
    const void *shift;          /* [.,channels[0] + channels[1]]; NULL: none */
    int64_t shift_row;          /* elements from one sample's to the next's; 0: one for all */
    const float *weight, *bias; /* [channels[0] + channels[1]] */
    float eps;
    int act; /* an lt_act, or -1 */
    void *y; /* [n,pixels,channels[0] + channels[1]]; not x */
    float *scratch;
} lt_group_norm_args;
/* Bytes of scratch. */
size_t lt_kernel_group_norm_scratch(int n, int groups, int64_t pixels);
bool lt_kernel_group_norm(lt_gpu_stream *s, const lt_group_norm_args *a,
                          lt_error *err) LT_WARN_UNUSED;

/* The same over the width of each row; y may be x. */
typedef struct lt_layer_norm_args {
    lt_dtype dtype;
    int64_t rows;
    int width;
    const void *x;
    const float *weight, *bias; /* [width] */
    float eps;
    int act; /* an lt_act, or -1 */
    void *y;
} lt_layer_norm_args;
bool lt_kernel_layer_norm(lt_gpu_stream *s, const lt_layer_norm_args *a,
                          lt_error *err) LT_WARN_UNUSED;

/* y may be x in these. */
bool lt_kernel_activation(lt_gpu_stream *s, lt_dtype dtype, lt_act act, const void *x, void *y,
                          int64_t count, lt_error *err) LT_WARN_UNUSED;
bool lt_kernel_scale(lt_gpu_stream *s, lt_dtype dtype, float mul, float add, const void *x, void *y,
                     int64_t count, lt_error *err) LT_WARN_UNUSED;
/* Bytes of count numbers, and LT_RGB_PARTS behind them: as lt_to_rgb. */
bool lt_kernel_rgb(lt_gpu_stream *s, lt_dtype dtype, const void *x, void *y, int64_t count,
                   lt_error *err) LT_WARN_UNUSED;
/* y = a + b; b has the count of a, or is [count / pixels / width or 1, width] and is added at each
 * of a sample's pixels. */
typedef struct lt_add_args {
    lt_dtype dtype;
    const void *a, *b;
    void *y; /* may be a */
    int64_t count;
    int64_t pixels, width; /* 0: same shape */
    int64_t b_row;         /* elements from one sample's row of b to the next's; 0: one for all */
} lt_add_args;
bool lt_kernel_add(lt_gpu_stream *s, const lt_add_args *a, lt_error *err) LT_WARN_UNUSED;

/* x [rows,2 width] -> first half * gelu_erf(second half) [rows,width] */
bool lt_kernel_geglu(lt_gpu_stream *s, lt_dtype dtype, const void *x, void *y, int64_t rows,
                     int64_t width, lt_error *err) LT_WARN_UNUSED;

/* y [rows,to_width] gets at column `to` the `width` columns from `from` of x [rows,from_width]:
 * slices, and a concat in two calls. */
typedef struct lt_columns_args {
    lt_dtype dtype;
    const void *x;
    void *y;
    int64_t rows, width;
    int64_t from_width, from, to_width, to;
} lt_columns_args;
bool lt_kernel_columns(lt_gpu_stream *s, const lt_columns_args *a, lt_error *err) LT_WARN_UNUSED;

/* Nearest neighbour: y[i] = x[floor(i * in / out)]; x [n,h,w,channels] -> [n,to_h,to_w,channels] */
typedef struct lt_resize_args {
    lt_dtype dtype;
    const void *x;
    void *y;
    int n, h, w, to_h, to_w, channels;
} lt_resize_args;
bool lt_kernel_resize(lt_gpu_stream *s, const lt_resize_args *a, lt_error *err) LT_WARN_UNUSED;

/* tokens [vocabulary,width] at ids [n,length], plus positions [length,width].  An id outside of the
 * vocabulary gives NaN. */
typedef struct lt_embed_args {
    lt_dtype dtype;
    const int32_t *ids;
    const void *tokens, *positions;
    void *y;
    int n, length, width, vocabulary;
} lt_embed_args;
bool lt_kernel_embed(lt_gpu_stream *s, const lt_embed_args *a, lt_error *err) LT_WARN_UNUSED;

/* attention.h's arithmetic for every shape, d up to 512; and the probabilities alone, averaged over
 * the heads: y [n,s,t]. */
typedef struct lt_scores_args {
    lt_dtype dtype;
    int n, heads, d;
    int64_t s, t;
    int64_t q_row, k_row, v_row; /* as in lt_attention_shape; v_row unused by the map */
    bool causal;
    const void *q, *k, *v;
    void *y;
} lt_scores_args;
bool lt_kernel_attention(lt_gpu_stream *s, const lt_scores_args *a, lt_error *err) LT_WARN_UNUSED;
bool lt_kernel_attention_map(lt_gpu_stream *s, const lt_scores_args *a,
                             lt_error *err) LT_WARN_UNUSED;

/* y = softmax(scale x) over the width of each row: x in float32, y of dtype. */
typedef struct lt_softmax_args {
    lt_dtype dtype;
    int64_t rows, width;
    float scale;
    const float *x;
    void *y;
} lt_softmax_args;
bool lt_kernel_softmax(lt_gpu_stream *s, const lt_softmax_args *a, lt_error *err) LT_WARN_UNUSED;

#ifdef __cplusplus
}
#endif
