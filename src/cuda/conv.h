/*
 * conv.h - convolutions of images with channels last, through cuDNN's graph API.
 *
 *   y = conv(x, w) (+ z) + bias      x [N,H,W,C]  w [O,k,k,C]  bias [O]  z, y [N,H',W',O]
 *
 * Storage is f16, bf16 or f32; products are summed in float32, and z and bias are added before the
 * sum is rounded.  z may be y.  An op is made once (plans are chosen, or taken from the cache of
 * plans) and run many times; running allocates nothing and may be recorded in a graph.
 */
#pragma once

#include "cuda/device.h"
#include "tensor/tensor.h"

typedef struct lt_conv lt_conv;

typedef struct lt_conv_shape {
    lt_dtype dtype;
    int n, h, w, in, out;         /* samples, pixels and channels of x, channels of y */
    int kernel, stride;           /* square kernel: 1, 2 or 3; stride 1 or 2 */
    int top, left, bottom, right; /* zero padding */
    bool bias, addend;            /* z is added */
} lt_conv_shape;

/* Grows the stream's workspace to what the op needs. */
bool lt_conv_new(lt_gpu_stream *s, const lt_conv_shape *shape, lt_conv **out,
                 lt_error *err) LT_WARN_UNUSED;
void lt_conv_free(lt_conv *c); /* NULL is fine */
/* All device memory, 16-byte aligned; bias and z are NULL where the shape has none. */
bool lt_conv_run(lt_gpu_stream *s, const lt_conv *c, const void *x, const void *w, const void *bias,
                 const void *z, void *y, lt_error *err) LT_WARN_UNUSED;
