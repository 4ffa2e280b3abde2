/*
 * gemm.h - a matmul of rows in the words of cuBLAS, whose matrices are stored column by column:
 *
 *   D = op(A) op(B) + beta C (+ bias of each row of D, at every column)
 *
 * A row-major tensor is the transposed matrix in cuBLAS' eyes, so D [out,rows] is y, A is w, B is
 * x, and C is z.  Pure.
 */
#pragma once

#include "cuda/matmul.h"

enum { LT_GEMM_ALIGNMENT = 16 }; /* bytes: of tensors, see conv.h */

typedef struct lt_gemm_matrix {
    int64_t rows, columns; /* as stored: before op */
    int64_t ld;            /* elements from one column to the next */
    int align;             /* bytes that its address is a multiple of */
} lt_gemm_matrix;

typedef struct lt_gemm {
    bool transpose_a, transpose_b;
    lt_gemm_matrix a, b, c; /* c: of C and D */
    float beta;
    bool bias;
} lt_gemm;

void lt_gemm_of(const lt_matmul_shape *s, lt_gemm *out);

/* False for a shape that is none: a size below 1, or rows that overlap. */
bool lt_gemm_check(const lt_matmul_shape *s, lt_error *err) LT_WARN_UNUSED;
