/*
 * test_kernels_pointwise.c - activations, scale, add and geglu against double-precision loops.
 * Errors are max |difference| beyond rounding over the root mean square of the result.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/kernels.h"
#include "host_device.h"
#include "kernel_rig.h"
#include "support/check.h"

static const double POINT_OFF = 1e-6; /* measured: 3e-7 */

static const struct {
    size_t count, skew;
} counts[] = {{1, 0}, {7, 0}, {8, 0}, {9, 0}, {4096, 0}, {5000, 1}, {77 * 768 + 3, 0}, {0, 0}};
enum { COUNTS = sizeof counts / sizeof *counts };

static void check_activation(lt_dtype dtype, size_t count, size_t skew, int act, bool in_place)
{
    numbers x = rig_values(dtype, count, 1, 0, 3, skew), y = rig_empty(dtype, count, skew);
    double *want = lt_alloc_array(count + 1, sizeof *want);
    char what[80];
    snprintf(what, sizeof what, "act %d, %zu%s", act, count, in_place ? ", in place" : "");
    for (size_t i = 0; i < count; i++)
        want[i] = rig_act(act, (double)x.f[i]);
    CHECK_OK(lt_kernel_activation(rig_stream(), dtype, (lt_act)act, x.at, in_place ? x.at : y.at,
                                  (int64_t)count, err));
    rig_check(in_place ? &x : &y, want, POINT_OFF, what);
    rig_free(&x);
    rig_free(&y);
    free(want);
}

static void test_activation(void **state)
{
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++)
        for (int i = 0; i < COUNTS; i++)
            for (int act = LT_SILU; act <= LT_QUICK_GELU; act++)
                check_activation(rig_dtypes[k], counts[i].count, counts[i].skew, act, i % 2 != 0);
}

/* Far from 0, where exponentials overflow. */
static void test_activation_extremes(void **state)
{
    const float values[] = {0,   -0.0F, 1e-4F, -1e-4F, 20,    -20,    80,      -80,
                            200, -200,  1000,  -1000,  60000, -60000, 65504.F, -65504.F};
    size_t count = sizeof values / sizeof *values;
    double want[sizeof values / sizeof *values];
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++)
        for (int act = LT_SILU; act <= LT_QUICK_GELU; act++) {
            numbers x = rig_given(rig_dtypes[k], values, count, 0);
            numbers y = rig_empty(rig_dtypes[k], count, 0);
            for (size_t i = 0; i < count; i++)
                want[i] = rig_act(act, (double)x.f[i]);
            CHECK_OK(lt_kernel_activation(rig_stream(), rig_dtypes[k], (lt_act)act, x.at, y.at,
                                          (int64_t)count, err));
            rig_check(&y, want, 1e-9, "extremes");
            rig_free(&x);
            rig_free(&y);
        }
}

static void check_scale(lt_dtype dtype, size_t count, size_t skew, bool in_place)
{
    numbers x = rig_values(dtype, count, 1, 0, 3, skew), y = rig_empty(dtype, count, skew);
    double *want = lt_alloc_array(count + 1, sizeof *want);
    for (size_t i = 0; i < count; i++)
        want[i] = (double)0.18215F * (double)x.f[i] + (double)0.5F;
    CHECK_OK(lt_kernel_scale(rig_stream(), dtype, 0.18215F, 0.5F, x.at, in_place ? x.at : y.at,
                             (int64_t)count, err));
    rig_check(in_place ? &x : &y, want, POINT_OFF, "scale");
    rig_free(&x);
    rig_free(&y);
    free(want);
}

static void test_scale(void **state)
{
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++)
        for (int i = 0; i < COUNTS; i++)
            check_scale(rig_dtypes[k], counts[i].count, counts[i].skew, i % 2 == 0);
}

/* Bytes to the bit, also at the halves; and of each part whether it was finite. */
static void check_rgb(lt_dtype dtype, size_t count, size_t skew, bool broken)
{
    float *values = lt_alloc_array(count + 1, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(i % 1024) / 510.0F - 1.002F;
    if (broken) {
        values[count / 2] = NAN;
        values[count - 1] = -INFINITY;
    }
    numbers x = rig_given(dtype, values, count, skew),
            y = rig_empty(LT_U8, count + LT_RGB_PARTS, skew);
    CHECK_OK(lt_kernel_rgb(rig_stream(), dtype, x.at, y.at, (int64_t)count, err));
    rig_wait();
    const unsigned char *bytes = (const unsigned char *)y.at;
    bool bad[LT_RGB_PARTS] = {false};
    for (size_t i = 0; i < count; i++) {
        double v = (double)x.f[i] / 2 + 0.5;
        v = v > 0 ? v < 1 ? v : 1 : 0;
        assert_int_equal(bytes[i], lrint((double)((float)((double)(float)v * 255.0))));
        bad[i / (size_t)lt_rgb_part((int64_t)count)] |= !isfinite(x.f[i]);
    }
    for (size_t i = 0; i < LT_RGB_PARTS; i++)
        assert_int_equal(bytes[count + i], bad[i]);
    rig_free(&x);
    rig_free(&y);
    free(values);
}

static void test_rgb(void **state)
{
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++)
        for (int i = 0; i < COUNTS; i++) {
            check_rgb(rig_dtypes[k], counts[i].count, counts[i].skew, false);
            if (counts[i].count)
                check_rgb(rig_dtypes[k], counts[i].count, counts[i].skew, true);
        }
}

typedef struct add_case {
    const char *what;
    int64_t n, pixels, width; /* pixels 0: same shape, of n * width numbers */
    int64_t b_row;
    size_t skew;
    bool in_place;
} add_case;

static void check_add(const add_case *c, lt_dtype dtype)
{
    int64_t each = c->pixels ? c->pixels * c->width : c->width, count = c->n * each;
    int64_t b_count = c->pixels ? (c->n - 1) * c->b_row + c->width : count;
    numbers a = rig_values(dtype, (size_t)count, 1, 0, 1, c->skew);
    numbers b = rig_values(dtype, (size_t)b_count, 2, 1, 2, c->skew);
    numbers y = rig_empty(dtype, (size_t)count, c->skew);
    double *want = lt_alloc_array((size_t)count, sizeof *want);
    for (int64_t i = 0; i < count; i++)
        want[i] = (double)a.f[i] + (double)b.f[c->pixels ? i / each * c->b_row + i % c->width : i];
    lt_add_args args = {.dtype = dtype,
                        .a = a.at,
                        .b = b.at,
                        .y = c->in_place ? a.at : y.at,
                        .count = count,
                        .pixels = c->pixels,
                        .width = c->pixels ? c->width : 0,
                        .b_row = c->b_row};
    CHECK_OK(lt_kernel_add(rig_stream(), &args, err));
    rig_check(c->in_place ? &a : &y, want, POINT_OFF, c->what);
    rig_free(&a);
    rig_free(&b);
    rig_free(&y);
    free(want);
}

static void test_add(void **state)
{
    const add_case cases[] = {
        {"add", 2, 0, 4096, 0, 0, false},
        {"add, in place", 2, 0, 4096, 0, 0, true},
        {"add, odd", 1, 0, 77 * 7, 0, 0, true},
        {"add, not aligned", 1, 0, 640, 0, 1, false},
        {"add of one", 1, 0, 1, 0, 0, false},
        {"shared row", 2, 64, 320, 0, 0, false},
        {"row a sample", 3, 64, 320, 320, 0, true},
        {"row in a wider one", 3, 16, 40, 64, 0, false},
        {"row in an odd one", 3, 16, 40, 67, 0, false},
        {"odd row", 2, 9, 7, 7, 0, false},
        {"row of one", 4, 3, 1, 1, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < RIG_DTYPES; k++)
            check_add(&cases[i], rig_dtypes[k]);
}

static void check_geglu(lt_dtype dtype, int64_t rows, int64_t width, size_t skew)
{
    size_t count = (size_t)(rows * width);
    numbers x = rig_values(dtype, 2 * count, 1, 0, 2, skew), y = rig_empty(dtype, count, skew);
    double *want = lt_alloc_array(count + 1, sizeof *want);
    char what[80];
    snprintf(what, sizeof what, "geglu %d x %d", (int)rows, (int)width);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < width; c++)
            want[r * width + c] = (double)x.f[2 * r * width + c] *
                                  rig_act(LT_GELU, (double)x.f[(2 * r + 1) * width + c]);
    CHECK_OK(lt_kernel_geglu(rig_stream(), dtype, x.at, y.at, rows, width, err));
    rig_check(&y, want, POINT_OFF, what);
    rig_free(&x);
    rig_free(&y);
    free(want);
}

static void test_geglu(void **state)
{
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++) {
        check_geglu(rig_dtypes[k], 130, 1280, 0);
        check_geglu(rig_dtypes[k], 33, 2560, 0);
        check_geglu(rig_dtypes[k], 9, 5120, 0);
        check_geglu(rig_dtypes[k], 77, 1, 0);
        check_geglu(rig_dtypes[k], 1, 3, 0);
        check_geglu(rig_dtypes[k], 77, 7, 0);
        check_geglu(rig_dtypes[k], 5, 64, 1);
        check_geglu(rig_dtypes[k], 0, 64, 0);
    }
    CHECK_FAILS(lt_kernel_geglu(rig_stream(), LT_F32, NULL, NULL, 1 << 20, 1 << 14, err),
                LT_ERR_ARGUMENT, "2^31");
}

/* More numbers than a grid has threads: a thread goes on. */
static void test_more_than_a_grid(void **state)
{
    size_t count = (size_t)16384 * 256 + 300;
    numbers x = rig_values(LT_F16, count, 1, 0, 1, 1), y = rig_empty(LT_F16, count, 1);
    double *want = lt_alloc_array(count, sizeof *want);
    (void)state;
    for (size_t i = 0; i < count; i++)
        want[i] = -(double)x.f[i];
    CHECK_OK(lt_kernel_scale(rig_stream(), LT_F16, -1, 0, x.at, y.at, (int64_t)count, err));
    rig_check(&y, want, 0, "more than a grid");
    rig_free(&x);
    rig_free(&y);
    free(want);
}

static void test_refused_launch(void **state)
{
    numbers x = rig_values(LT_F32, 8, 1, 0, 1, 0);
    (void)state;
    lt_host()->fail_at = lt_host()->calls + 1;
    CHECK_FAILS(lt_kernel_scale(rig_stream(), LT_F32, 2, 0, x.at, x.at, 8, err), LT_ERR_DEVICE,
                "scale");
    lt_host()->fail_at = 0;
    rig_free(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activation),
        cmocka_unit_test(test_activation_extremes),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_rgb),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_geglu),
        cmocka_unit_test(test_more_than_a_grid),
        cmocka_unit_test(test_refused_launch),
    };
    return cmocka_run_group_tests(tests, rig_open, rig_close);
}
