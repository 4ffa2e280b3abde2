/*
 * matmul.h - products of rows with weights, through cuBLASLt.
 *
 *   y = x w^T (+ z) (+ bias)         x [rows,in]  w [out,in]  bias [out]  z, y [rows,out]
 *
 * Rows may lie further apart than they are wide (x in a wider tensor, w a part of wider weights:
 * the two halves of a product over a concat): such a part begins at the first column, or ends at
 * the last.  Storage, sums, z, alignment and recording as in conv.h.
 */
#pragma once

#include <stdint.h>

#include "cuda/device.h"
#include "tensor/tensor.h"

typedef struct lt_matmul lt_matmul;

typedef struct lt_matmul_shape {
    lt_dtype dtype;
    int64_t rows, in, out;
    int64_t x_row, w_row, y_row; /* elements from one row to the next; z lies as y */
    bool bias, addend;           /* z is added */
    bool turned;                 /* w is [in,out]; w_row elements from one row of it to the next */
    bool wide;                   /* y and z are f32, whatever dtype is; without bias */
} lt_matmul_shape;

bool lt_matmul_new(lt_gpu_stream *s, const lt_matmul_shape *shape, lt_matmul **out,
                   lt_error *err) LT_WARN_UNUSED;
void lt_matmul_free(lt_matmul *m); /* NULL is fine */
/* Bytes of the stream's workspace, from its beginning, that running it needs. */
size_t lt_matmul_workspace(const lt_matmul *m);
/* bias and z are NULL where the shape has none; z may be y. */
bool lt_matmul_run(lt_gpu_stream *s, const lt_matmul *m, const void *x, const void *w,
                   const void *bias, const void *z, void *y, lt_error *err) LT_WARN_UNUSED;
