/* kernel_rig.c - see kernel_rig.h. */
#include "kernel_rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "host_device.h"
#include "support/check.h"
#include "tensor/graph.h"
#include "tensor/half.h"

enum { GUARD = 512 };

const lt_dtype rig_dtypes[RIG_DTYPES] = {LT_F16, LT_BF16, LT_F32};

static lt_gpu *gpu;
static lt_gpu_stream *stream;

int rig_open(void **state)
{
    (void)state;
    lt_host_reset();
    CHECK_OK(lt_gpu_open(0, &gpu, err));
    CHECK_OK(lt_gpu_stream_open(gpu, false, &stream, err));
    return 0;
}

int rig_close(void **state)
{
    (void)state;
    lt_gpu_stream_close(stream);
    lt_gpu_close(gpu);
    return 0;
}

lt_gpu_stream *rig_stream(void)
{
    return stream;
}

void rig_wait(void)
{
    CHECK_OK(lt_gpu_wait(stream, err));
}

numbers rig_empty(lt_dtype dtype, size_t count, size_t skew)
{
    numbers x = {.dtype = dtype, .count = count};
    size_t size = lt_dtype_size(dtype);
    x.bytes = (2 * GUARD + (count + skew) * size + 255) / 256 * 256;
    x.block = aligned_alloc(256, x.bytes);
    assert_non_null(x.block);
    memset(x.block, 0xFF, x.bytes);
    x.at = (char *)x.block + GUARD + skew * size;
    return x;
}

numbers rig_given(lt_dtype dtype, const float *values, size_t count, size_t skew)
{
    numbers x = rig_empty(dtype, count, skew);
    x.f = lt_alloc_array(count, sizeof *x.f);
    lt_from_f32(x.at, dtype, values, count);
    lt_to_f32(x.f, x.at, dtype, count);
    return x;
}

/* The sum of four uniform numbers. */
static double noise(uint64_t *state)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        *state = *state * 6364136223846793005U + 1442695040888963407U;
        sum += (double)(*state >> 40) / (double)(1 << 24) - 0.5;
    }
    return sum * 1.7320508;
}

numbers rig_values(lt_dtype dtype, size_t count, unsigned seed, double mean, double deviation,
                   size_t skew)
{
    uint64_t state = seed * 0x9E3779B97F4A7C15U + 1;
    float *values = lt_alloc_array(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(mean + deviation * noise(&state));
    numbers x = rig_given(dtype, values, count, skew);
    free(values);
    return x;
}

void rig_free(numbers *x)
{
    free(x->block);
    free(x->f);
    *x = (numbers){0};
}

void rig_guard(const numbers *x, const char *what)
{
    const unsigned char *block = x->block, *from = x->at;
    const unsigned char *to = from + x->count * lt_dtype_size(x->dtype);
    rig_wait();
    for (const unsigned char *p = block; p < block + x->bytes; p++)
        if ((p < from || p >= to) && *p != 0xFF)
            fail_msg("%s: byte %td beside %s result was written", what,
                     p < from ? p - from : p - to, lt_dtype_name(x->dtype));
}

/* Half of the distance between two numbers of the type at x. */
static double half_step(lt_dtype dtype, double x)
{
    double relative = dtype == LT_F16 ? 0x1p-11 : dtype == LT_BF16 ? 0x1p-8 : 0x1p-24;
    double least = dtype == LT_F16 ? 0x1p-25 : 0x1p-134;
    return fabs(x) * relative + least;
}

/* How far got is from want beyond rounding; NaN or infinity if only one is finite. */
static double distance(lt_dtype dtype, double got, double want)
{
    if (got == want || (isnan(got) && isnan(want)))
        return 0;
    if (isnan(want))
        return HUGE_VAL;
    double off = fabs(got - want) - half_step(dtype, want);
    return off < 0 ? 0 : off;
}

void rig_check(const numbers *x, const double *want, double tolerance, const char *what)
{
    float *got = lt_alloc_array(x->count, sizeof *got);
    double squares = 0, most = 0;
    size_t worst = 0;
    rig_guard(x, what);
    lt_to_f32(got, x->at, x->dtype, x->count);
    for (size_t i = 0; i < x->count; i++)
        squares += isnan(want[i]) ? 0 : want[i] * want[i];
    double unit = squares > 0 ? sqrt(squares / (double)x->count) : 1;
    for (size_t i = 0; i < x->count && !isnan(most); i++) {
        double off = distance(x->dtype, (double)got[i], want[i]) / unit;
        if (!(off <= most)) { /* NaN too */
            most = off;
            worst = i;
        }
    }
    if (getenv("RIG_PRINT"))
        printf("%-24s %-4s %.1e\n", what, lt_dtype_name(x->dtype), most);
    if (!(most <= tolerance))
        fail_msg("%s, %s: at %zu of %zu %.9g instead of %.9g, off by %.2e", what,
                 lt_dtype_name(x->dtype), worst, x->count, (double)got[worst], want[worst], most);
    free(got);
}

void rig_same(const numbers *a, const numbers *b, const char *what)
{
    rig_wait();
    if (memcmp(a->at, b->at, a->count * lt_dtype_size(a->dtype)) != 0)
        fail_msg("%s, %s: not the same bytes", what, lt_dtype_name(a->dtype));
}

double rig_act(int act, double x)
{
    switch (act) {
    case LT_SILU:
        return x / (1 + exp(-x));
    case LT_QUICK_GELU:
        return x / (1 + exp(-1.702 * x));
    case LT_GELU:
        return 0.5 * x * (1 + erf(x / sqrt(2)));
    default:
        return x;
    }
}
