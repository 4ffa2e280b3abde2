/*
 * kernel_rig.h - memory with numbers for kernels, and comparisons; for tests.
 *
 * Around each piece of memory, and in it until it is written, is 0xFF: NaN in every float type, so
 * that what is read outside or before shows; a write outside is found by rig_check.
 */
#pragma once

#include "cuda/device.h"
#include "tensor/tensor.h"

/* The stream that everything runs on, between these two: cmocka's group setup and teardown. */
int rig_open(void **state);
int rig_close(void **state);
lt_gpu_stream *rig_stream(void);
void rig_wait(void);

typedef struct numbers {
    void *at; /* aligned to 256 bytes, and skew elements further */
    lt_dtype dtype;
    size_t count;
    float *f;    /* what was put there, exactly; NULL if nothing was */
    void *block; /* owned, as f is */
    size_t bytes;
} numbers;

/* About normal with this mean and deviation, rounded to dtype; they depend on the seed and their
 * place only. */
numbers rig_values(lt_dtype dtype, size_t count, unsigned seed, double mean, double deviation,
                   size_t skew);
numbers rig_given(lt_dtype dtype, const float *values, size_t count, size_t skew);
numbers rig_empty(lt_dtype dtype, size_t count, size_t skew);
void rig_free(numbers *x);

/* Waits, and fails the test if something else than x's elements was written, or one was not. */
void rig_guard(const numbers *x, const char *what);
/* Also if x is further from want than the rounding of want to x's type explains and tolerance times
 * the root mean square of want.  NaN is expected where want has it.  With RIG_PRINT in the
 * environment each error is printed. */
void rig_check(const numbers *x, const double *want, double tolerance, const char *what);
/* Waits, and fails the test unless both have the same bytes. */
void rig_same(const numbers *a, const numbers *b, const char *what);

/* "f16", "bf16", "f32" and their sizes: the types that kernels take. */
enum { RIG_DTYPES = 3 };
extern const lt_dtype rig_dtypes[RIG_DTYPES];

/* Of lt_act, or -1. */
double rig_act(int act, double x);
