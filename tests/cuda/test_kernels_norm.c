/*
 * test_kernels_norm.c - group and layer norms against double-precision loops, at the shapes of
 * Stable Diffusion 1.4 and at odd ones.  Errors are max |difference| beyond rounding over the root
 * mean square of the result.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/kernels.h"
#include "kernel_rig.h"
#include "support/check.h"

static const double NORM_OFF = 5e-6;
static const double FAR_OFF = 3e-4; /* of numbers around 1000, of which float32 keeps 6e-5 */

typedef struct group_case {
    const char *what;
    int n, groups;
    int64_t pixels;
    int channels[2];
    int shift; /* 0: none, 1: one for all, 2: one for each sample, 3: in odd rows */
    int act;
    size_t skew;
    double mean;
} group_case;

typedef struct group_data {
    numbers x[2], shift, weight, bias;
} group_data;

static int all_channels(const group_case *c)
{
    return c->channels[0] + c->channels[1];
}

/* Rows of shifts lie in wider ones. */
static int64_t shift_row(const group_case *c)
{
    return c->shift < 2 ? 0 : all_channels(c) + (c->shift == 3 ? 3 : 8);
}

static group_data group_data_new(const group_case *c, lt_dtype dtype)
{
    group_data d = {0};
    size_t rows = (size_t)c->n * (size_t)c->pixels, all = (size_t)all_channels(c);
    for (int i = 0; i < 2; i++)
        if (c->channels[i])
            d.x[i] = rig_values(dtype, rows * (size_t)c->channels[i], 1 + (unsigned)i, c->mean, 1,
                                c->skew);
    if (c->shift)
        d.shift = rig_values(dtype, (size_t)((c->n - 1) * shift_row(c)) + all, 3, 0, 2, c->skew);
    d.weight = rig_values(LT_F32, all, 4, 1, 0.2, c->skew);
    d.bias = rig_values(LT_F32, all, 5, 0, 0.5, c->skew);
    return d;
}

static void group_data_free(group_data *d)
{
    rig_free(&d->x[0]);
    rig_free(&d->x[1]);
    rig_free(&d->shift);
    rig_free(&d->weight);
    rig_free(&d->bias);
}

/* A number of x with its shift. */
static double shifted(const group_case *c, const group_data *d, int64_t n, int64_t pixel,
                      int channel)
{
    int part = channel >= c->channels[0];
    int64_t at = (n * c->pixels + pixel) * c->channels[part] + channel - part * c->channels[0];
    double x = (double)d->x[part].f[at];
    if (c->shift)
        x += (double)d->shift.f[n * shift_row(c) + channel];
    return x;
}

static void want_group(const group_case *c, const group_data *d, int64_t n, int group, double *want)
{
    int width = all_channels(c) / c->groups;
    double sum = 0, squares = 0, count = (double)c->pixels * width;
    for (int64_t p = 0; p < c->pixels; p++)
        for (int k = group * width; k < (group + 1) * width; k++)
            sum += shifted(c, d, n, p, k);
    double mean = sum / count;
    for (int64_t p = 0; p < c->pixels; p++)
        for (int k = group * width; k < (group + 1) * width; k++)
            squares += pow(shifted(c, d, n, p, k) - mean, 2);
    double scale = 1 / sqrt(squares / count + 1e-5);
    for (int64_t p = 0; p < c->pixels; p++)
        for (int k = group * width; k < (group + 1) * width; k++)
            want[(n * c->pixels + p) * all_channels(c) + k] =
                rig_act(c->act, (shifted(c, d, n, p, k) - mean) * scale * (double)d->weight.f[k] +
                                    (double)d->bias.f[k]);
}

static void run_group(const group_case *c, const group_data *d, numbers *y)
{
    lt_group_norm_args a = {.dtype = y->dtype,
                            .n = c->n,
                            .groups = c->groups,
                            .pixels = c->pixels,
                            .channels = {c->channels[0], c->channels[1]},
                            .x = {d->x[0].at, d->x[1].at},
                            .shift = d->shift.at,
                            .shift_row = shift_row(c),
                            .weight = d->weight.at,
                            .bias = d->bias.at,
                            .eps = 1e-5F,
                            .act = c->act,
                            .y = y->at};
    numbers scratch = rig_empty(
        LT_F32, lt_kernel_group_norm_scratch(c->n, c->groups, c->pixels) / sizeof(float), 0);
    a.scratch = scratch.at;
    CHECK_OK(lt_kernel_group_norm(rig_stream(), &a, err));
    rig_guard(&scratch, c->what);
    rig_free(&scratch);
}

static void check_group(const group_case *c, lt_dtype dtype)
{
    group_data d = group_data_new(c, dtype);
    size_t count = (size_t)(c->n * c->pixels) * (size_t)all_channels(c);
    numbers y = rig_empty(dtype, count, c->skew), again = rig_empty(dtype, count, c->skew);
    double *want = lt_alloc_array(count, sizeof *want);
    for (int n = 0; n < c->n; n++)
        for (int group = 0; group < c->groups; group++)
            want_group(c, &d, n, group, want);
    run_group(c, &d, &y);
    rig_check(&y, want, fabs(c->mean) > 100 ? FAR_OFF : NORM_OFF, c->what);
    run_group(c, &d, &again);
    rig_same(&y, &again, c->what);
    rig_free(&y);
    rig_free(&again);
    group_data_free(&d);
    free(want);
}

static void test_group_norm(void **state)
{
    const group_case cases[] = {
        {"8x8", 2, 32, 64, {1280, 0}, 0, LT_SILU, 0, 0},
        {"8x8, two", 2, 32, 64, {1280, 1280}, 0, LT_SILU, 0, 0},
        {"16x16, two, shift", 1, 32, 256, {1280, 640}, 2, LT_SILU, 0, 0},
        {"32x32, two", 1, 32, 1024, {640, 320}, 0, LT_SILU, 0, 0.3},
        {"one more than is whole", 1, 32, 257, {64, 0}, 0, LT_SILU, 0, 0},
        {"64x64", 1, 32, 4096, {320, 0}, 1, -1, 0, 0},
        {"text and time", 2, 32, 1, {320, 0}, 0, LT_GELU, 0, 0},
        {"chunks are wider", 1, 32, 131 * 131, {64, 0}, 0, LT_SILU, 0, 2},
        {"stripes are wider", 1, 32, 33000, {64, 0}, 0, LT_SILU, 1, 0},
        {"last slab is smaller", 1, 32, 270, {352, 0}, 0, LT_QUICK_GELU, 0, 0},
        {"one group, wide", 2, 1, 9, {5000, 0}, 2, -1, 0, 0},
        {"one group, wide, odd", 2, 1, 9, {503, 0}, 2, -1, 0, 0},
        {"boundary in a group", 2, 4, 30, {24, 40}, 2, LT_SILU, 0, 0},
        {"boundary in a pack", 2, 4, 30, {20, 44}, 2, LT_SILU, 0, 0},
        {"odd second part", 2, 3, 30, {16, 5}, 0, -1, 0, 0},
        {"odd rows of shifts", 3, 2, 30, {16, 16}, 3, -1, 0, 0},
        {"odd boundary", 3, 3, 300, {5, 16}, 1, LT_SILU, 0, 0},
        {"groups of one", 2, 3, 7, {3, 0}, 0, -1, 0, 0},
        {"one pixel, one channel", 1, 1, 1, {1, 0}, 0, -1, 0, 3},
        {"not aligned", 2, 32, 280, {320, 320}, 2, LT_SILU, 1, 0},
        {"far", 2, 8, 400, {64, 0}, 0, -1, 0, 1000},
        {"far, long", 1, 8, 131 * 131, {16, 16}, 0, -1, 0, -1000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < RIG_DTYPES; k++)
            check_group(&cases[i], rig_dtypes[k]);
}

/* A first pixel far from all others: what is shifted by it would lose the rest. */
static void test_group_norm_outlier(void **state)
{
    const group_case c = {"outlier", 1, 2, 200, {8, 0}, 0, -1, 0, 1e-3};
    group_data d = group_data_new(&c, LT_F32);
    numbers y = rig_empty(LT_F32, 1600, 0);
    double *want = lt_alloc_array(1600, sizeof *want);
    (void)state;
    for (int i = 0; i < 8; i++)
        d.x[0].f[i] = ((float *)d.x[0].at)[i] = 3000;
    want_group(&c, &d, 0, 0, want);
    want_group(&c, &d, 0, 1, want);
    run_group(&c, &d, &y);
    rig_check(&y, want, NORM_OFF, c.what);
    rig_free(&y);
    group_data_free(&d);
    free(want);
}

static void test_group_norm_of_one_number(void **state)
{
    const group_case c = {"constant", 2, 2, 200, {16, 0}, 0, -1, 0, 0};
    group_data d = group_data_new(&c, LT_F32);
    numbers y = rig_empty(LT_F32, 6400, 0);
    double *want = lt_alloc_array(6400, sizeof *want);
    (void)state;
    for (size_t i = 0; i < 6400; i++) {
        ((float *)d.x[0].at)[i] = 123.456F;
        want[i] = (double)d.bias.f[i % 16];
    }
    run_group(&c, &d, &y);
    rig_check(&y, want, NORM_OFF, c.what);
    rig_free(&y);
    group_data_free(&d);
    free(want);
}

/* The third sample of three, and alone: the same bytes. */
static void test_group_norm_batch(void **state)
{
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++) {
        group_case c = {"batch", 3, 32, 300, {64, 32}, 2, LT_SILU, 0, 0.5}, one = c;
        group_data d = group_data_new(&c, rig_dtypes[k]), last = d;
        size_t size = lt_dtype_size(rig_dtypes[k]);
        numbers y = rig_empty(rig_dtypes[k], 3 * 300 * 96, 0);
        numbers alone = rig_empty(rig_dtypes[k], 300 * 96, 0), third = alone;
        one.n = 1;
        last.x[0].at = (char *)d.x[0].at + 2 * 300 * 64 * size;
        last.x[1].at = (char *)d.x[1].at + 2 * 300 * 32 * size;
        last.shift.at = (char *)d.shift.at + (size_t)shift_row(&c) * 2 * size;
        run_group(&c, &d, &y);
        run_group(&one, &last, &alone);
        third.at = (char *)y.at + 2 * 300 * 96 * size;
        rig_same(&third, &alone, c.what);
        rig_free(&y);
        rig_free(&alone);
        group_data_free(&d);
    }
}

typedef struct row_case {
    const char *what;
    int64_t rows;
    int width, act;
    size_t skew;
    double mean;
    bool in_place;
} row_case;

static void want_rows(const row_case *c, const numbers *x, const numbers *w, const numbers *b,
                      double *want)
{
    for (int64_t r = 0; r < c->rows; r++) {
        const float *row = x->f + r * c->width;
        double sum = 0, squares = 0;
        for (int i = 0; i < c->width; i++)
            sum += (double)row[i];
        double mean = sum / c->width;
        for (int i = 0; i < c->width; i++)
            squares += pow((double)row[i] - mean, 2);
        double scale = 1 / sqrt(squares / c->width + 1e-5);
        for (int i = 0; i < c->width; i++)
            want[r * c->width + i] = rig_act(
                c->act, ((double)row[i] - mean) * scale * (double)w->f[i] + (double)b->f[i]);
    }
}

static void check_rows(const row_case *c, lt_dtype dtype)
{
    size_t width = (size_t)c->width, count = (size_t)c->rows * width;
    numbers x = rig_values(dtype, count, 1, c->mean, 1, c->skew);
    numbers weight = rig_values(LT_F32, width, 2, 1, 0.2, c->skew);
    numbers bias = rig_values(LT_F32, width, 3, 0, 0.5, c->skew);
    numbers y = rig_empty(dtype, count, c->skew);
    double *want = lt_alloc_array(count, sizeof *want);
    lt_layer_norm_args a = {dtype,   c->rows, c->width, x.at, weight.at,
                            bias.at, 1e-5F,   c->act,   y.at};
    want_rows(c, &x, &weight, &bias, want);
    if (c->in_place)
        a.y = x.at;
    CHECK_OK(lt_kernel_layer_norm(rig_stream(), &a, err));
    rig_check(c->in_place ? &x : &y, want, fabs(c->mean) > 100 ? FAR_OFF : NORM_OFF, c->what);
    rig_free(&x);
    rig_free(&weight);
    rig_free(&bias);
    rig_free(&y);
    free(want);
}

static void test_layer_norm(void **state)
{
    const row_case cases[] = {
        {"64x64", 515, 320, -1, 0, 0, false},
        {"32x32", 257, 640, -1, 0, 0.5, false},
        {"16x16", 129, 1280, -1, 0, 0, false},
        {"text", 2 * 77, 768, -1, 0, 0, false},
        {"in place", 77, 768, -1, 0, 0, true},
        {"in place, odd", 77, 77, -1, 0, 0, true},
        {"in place, long", 5, 2048, LT_SILU, 0, 0, true},
        {"text of XL", 77, 2048, LT_GELU, 0, 0, false},
        {"act", 9, 320, LT_SILU, 0, 0, false},
        {"width 1", 3, 1, -1, 0, 0, false},
        {"width 3", 1, 3, -1, 0, 0, false},
        {"width 7", 77, 7, LT_QUICK_GELU, 0, 0, false},
        {"width 33", 9, 33, -1, 0, 0, false},
        {"width 8", 9, 8, -1, 0, 0, false},
        {"width 1281", 2, 1281, -1, 0, 0, false},
        {"not aligned", 9, 320, -1, 1, 0, false},
        {"far", 20, 640, -1, 0, 1000, false},
        {"far, odd", 20, 1301, -1, 0, -1000, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < RIG_DTYPES; k++)
            check_rows(&cases[i], rig_dtypes[k]);
}

static void test_refused(void **state)
{
    numbers x = rig_empty(LT_F32, 64, 0);
    lt_layer_norm_args a = {LT_I32, 1, 8, x.at, x.at, x.at, 0, -1, x.at};
    (void)state;
    CHECK_FAILS(lt_kernel_layer_norm(rig_stream(), &a, err), LT_ERR_ARGUMENT, "not i32");
    rig_free(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_norm),
        cmocka_unit_test(test_group_norm_outlier),
        cmocka_unit_test(test_group_norm_of_one_number),
        cmocka_unit_test(test_group_norm_batch),
        cmocka_unit_test(test_layer_norm),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, rig_open, rig_close);
}
