/*
 * shapes.h - what the products and attentions of a fused graph ask of cuDNN and cuBLASLt: the same
 * functions say it to the program that runs, and to the tests that plan without a device.
 *
 * Graphs are fused with LT_FUSE_CONCAT alone.  A 1x1 convolution with stride 1 is a matmul, with
 * pixels as rows.  A product over two tensors side by side (`two`, fuse.h) is two matmuls: the
 * second adds to what the first wrote, its weights are the last columns of the same rows, and bias
 * and addend belong to the first.  Pure.
 */
#pragma once

#include "cuda/attention.h"
#include "cuda/conv.h"
#include "cuda/matmul.h"
#include "tensor/fuse.h"

/* False if t is not a convolution, or is a matmul.  dtype: storage. */
bool lt_conv_shape_of(const lt_fused *f, const lt_tensor *t, lt_dtype dtype, lt_conv_shape *out);
/* How many matmuls t is: 0 (not one at all), 1 or 2. */
int lt_matmul_shapes_of(const lt_fused *f, const lt_tensor *t, lt_dtype dtype,
                        lt_matmul_shape out[2]);
/* False if t is no attention. */
bool lt_attention_shape_of(const lt_fused *f, const lt_tensor *t, lt_dtype dtype,
                           lt_attention_shape *out);

/* Height and width of y; 0 where the kernel is larger than the padded image. */
void lt_conv_shape_out(const lt_conv_shape *s, int *height, int *width);

/* A shape in words: equal words, equal shapes.  For the cache of plans and for messages; returns
 * buffer. */
enum { LT_SHAPE_WORDS = 256 };
char *lt_conv_shape_text(const lt_conv_shape *s, char buffer[LT_SHAPE_WORDS]);
char *lt_matmul_shape_text(const lt_matmul_shape *s, char buffer[LT_SHAPE_WORDS]);
char *lt_attention_shape_text(const lt_attention_shape *s, char buffer[LT_SHAPE_WORDS]);
