/*
 * op_pool.h - convolutions, matmuls and attentions, one for each shape: the steps of all programs
 * of a backend share them, since an op is only a plan.
 */
#pragma once

#include "cuda/shapes.h"

typedef struct lt_cuda_op {
    char words[LT_SHAPE_WORDS]; /* the shape: shapes.h */
    lt_conv *conv;              /* owned; one of the three */
    lt_matmul *matmul;
    lt_attention_op *attention;
    int pins;
} lt_cuda_op;

typedef struct lt_cuda_pool {
    lt_gpu_stream *stream; /* borrowed */
    lt_cuda_op **items;    /* owned */
    int count, cap;
} lt_cuda_pool;

/* Pinned; made if there is none.  Making one may grow the stream's workspace. */
bool lt_cuda_pool_conv(lt_cuda_pool *p, const lt_conv_shape *shape, lt_cuda_op **out,
                       lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_pool_matmul(lt_cuda_pool *p, const lt_matmul_shape *shape, lt_cuda_op **out,
                         lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_pool_attention(lt_cuda_pool *p, const lt_attention_shape *shape, lt_cuda_op **out,
                            lt_error *err) LT_WARN_UNUSED;
void lt_cuda_pool_unpin(lt_cuda_pool *p, lt_cuda_op *op); /* NULL is fine; the last frees it */
void lt_cuda_pool_done(lt_cuda_pool *p);                  /* nothing may be pinned */
