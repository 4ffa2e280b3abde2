/*
 * attention.h - softmax(q k^T / sqrt(d)) v for each head.
 *
 * q [N,S,heads*d], k and v [N,T,heads*d], y [N,S,heads*d] packed.  Rows of q, k and v may be parts
 * of wider rows (the product that makes all three at once).  Through cuDNN's SDPA where it takes
 * the shape (of heads wider than it documents: and gives our kernel's numbers), else as products
 * in blocks (attention_blocks.h), or through our own kernel (kernels.h), which takes every shape.
 * Scores and the softmax are float32.  Recording as in conv.h.
 */
#pragma once

#include <stdint.h>

#include "cuda/device.h"
#include "tensor/tensor.h"

typedef struct lt_attention_op lt_attention_op;

typedef struct lt_attention_shape {
    lt_dtype dtype;
    int n, heads, d;             /* samples, heads, width of a head */
    int64_t s, t;                /* queries; keys and values */
    int64_t q_row, k_row, v_row; /* elements from one row to the next; a sample has s or t rows */
    bool causal;                 /* query i sees keys 0..i */
} lt_attention_shape;

bool lt_attention_op_new(lt_gpu_stream *s, const lt_attention_shape *shape, lt_attention_op **out,
                         lt_error *err) LT_WARN_UNUSED;
void lt_attention_op_free(lt_attention_op *a); /* NULL is fine */
/* Why it is done our way; NULL where cuDNN does it. */
const char *lt_attention_why_ours(const lt_attention_op *a);
bool lt_attention_op_run(lt_gpu_stream *s, const lt_attention_op *a, const void *q, const void *k,
                         const void *v, void *y, lt_error *err) LT_WARN_UNUSED;
