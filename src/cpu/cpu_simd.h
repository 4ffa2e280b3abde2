/*
 * cpu_simd.h - the element-by-element arithmetic of the CPU backend, compiled once per instruction
 * set (simd_body.inc) and chosen at run time.
 *
 * All of it is float32 over contiguous rows; bf16 rows are widened and narrowed at the edges.
 * Pointers of one call do not overlap unless dst is exactly an input.  Thread-safe, nothing
 * allocates. Errors are relative to the exact value (tests/cpu/test_simd.c measures them): exp,
 * silu and quick_gelu below 4e-7, gelu below 1e-6.  NaN and infinities pass through.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tensor/graph.h"

typedef struct lt_cpu_simd {
    const char *name;                                          /* "avx512", "avx2", "base" */
    void (*widen)(float *dst, const uint16_t *src, size_t n);  /* bf16 to f32 */
    void (*narrow)(uint16_t *dst, const float *src, size_t n); /* to nearest even */
    void (*activate)(lt_act act, float *dst, const float *x, size_t n);
    void (*geglu)(float *dst, const float *x, const float *gate, size_t n); /* x * gelu(gate) */
    void (*add)(float *dst, const float *a, const float *b, size_t n);
    void (*scale)(float *dst, const float *x, float mul, float add, size_t n);
    float (*maximum)(const float *x, size_t n); /* n >= 1; passes over NaN, unless it is first */
    /* softmax: dst = exp((x - top) * scale), returns the sum; top is at least every x.  The second
     * is exact to 3e-6 before it rounds to bf16; the sum is that of the unrounded. */
    float (*soft_exp)(float *dst, const float *x, float scale, float top, size_t n);
    float (*soft_exp_bf16)(uint16_t *dst, const float *x, float scale, float top, size_t n);
    /* sums over rows of a block, per channel: acc += x; sums += x - mean, squares += (x - mean)^2
     */
    void (*sum)(float *acc, const float *x, size_t n);
    void (*deviations)(float *sums, float *squares, const float *x, const float *mean, size_t n);
    /* dst = (x - mean) * mul + add, each per channel */
    void (*normalize)(float *dst, const float *x, const float *mean, const float *mul,
                      const float *add, size_t n);
    /* one row: mean, then the mean of (x - mean)^2 */
    void (*moments)(const float *x, size_t n, float *mean, float *variance);
    /* dst = (x - mean) * rstd * w + b */
    void (*layer_norm)(float *dst, const float *x, float mean, float rstd, const float *w,
                       const float *b, size_t n);
} lt_cpu_simd;

/* The best table for this processor. */
const lt_cpu_simd *lt_cpu_simd_best(void);
/* The i-th table that this processor can run, best first, or NULL; for tests. */
const lt_cpu_simd *lt_cpu_simd_nth(int i);
