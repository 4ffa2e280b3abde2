/* test_kernels_copy.c - columns, nearest neighbours and embeddings: exact, but for the sum of an
 * embedding and its position. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/kernels.h"
#include "kernel_rig.h"
#include "support/check.h"

typedef struct columns_case {
    const char *what;
    int64_t rows, width, from_width, from, to_width, to;
    size_t skew;
} columns_case;

static void check_columns(const columns_case *c, lt_dtype dtype)
{
    size_t count = (size_t)(c->rows * c->to_width);
    numbers x = rig_values(dtype, (size_t)(c->rows * c->from_width), 1, 0, 1, c->skew);
    numbers y = rig_values(dtype, count, 2, 0, 1, c->skew); /* others stay as they are */
    double *want = lt_alloc_array(count, sizeof *want);
    lt_columns_args a = {.dtype = dtype,
                         .x = x.at,
                         .y = y.at,
                         .rows = c->rows,
                         .width = c->width,
                         .from_width = c->from_width,
                         .from = c->from,
                         .to_width = c->to_width,
                         .to = c->to};
    for (size_t i = 0; i < count; i++) {
        int64_t row = (int64_t)i / c->to_width, at = (int64_t)i % c->to_width - c->to;
        want[i] = at >= 0 && at < c->width ? (double)x.f[row * c->from_width + c->from + at]
                                           : (double)y.f[i];
    }
    CHECK_OK(lt_kernel_columns(rig_stream(), &a, err));
    rig_check(&y, want, 0, c->what);
    rig_free(&x);
    rig_free(&y);
    free(want);
}

static void test_columns(void **state)
{
    const columns_case cases[] = {
        {"first of a concat", 64, 1280, 1280, 0, 1920, 0, 0},
        {"second of a concat", 64, 640, 640, 0, 1920, 1280, 0},
        {"slice", 77, 320, 960, 320, 320, 0, 0},
        {"odd slice", 77, 5, 21, 3, 5, 0, 0},
        {"odd concat", 9, 7, 7, 0, 10, 3, 0},
        {"from between", 9, 8, 24, 4, 16, 8, 0},
        {"to between", 9, 8, 24, 16, 24, 4, 0},
        {"to other rows", 9, 8, 24, 16, 20, 8, 0},
        {"by fours", 9, 6, 12, 2, 14, 4, 0},
        {"one column", 77, 1, 4, 3, 4, 0, 0},
        {"one row", 1, 3, 3, 0, 3, 0, 0},
        {"not aligned", 8, 64, 64, 0, 64, 0, 1},
        {"far apart", 3, 8, 1000, 992, 800, 80, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < RIG_DTYPES; k++)
            check_columns(&cases[i], rig_dtypes[k]);
}

static void check_resize(lt_dtype dtype, const int size[6], size_t skew)
{
    int n = size[0], h = size[1], w = size[2], to_h = size[3], to_w = size[4], c = size[5];
    size_t count = (size_t)(n * to_h * to_w * c);
    numbers x = rig_values(dtype, (size_t)(n * h * w * c), 1, 0, 1, skew);
    numbers y = rig_empty(dtype, count, skew);
    double *want = lt_alloc_array(count, sizeof *want);
    lt_resize_args a = {dtype, x.at, y.at, n, h, w, to_h, to_w, c};
    for (size_t i = 0; i < count; i++) {
        int at = (int)i, channel = at % c, column = at / c % to_w, row = at / c / to_w % to_h;
        int sample = at / c / to_w / to_h;
        int64_t up = (int64_t)row * h / to_h, left = (int64_t)column * w / to_w;
        want[i] = (double)x.f[((sample * h + up) * w + left) * c + channel];
    }
    CHECK_OK(lt_kernel_resize(rig_stream(), &a, err));
    rig_check(&y, want, 0, "resize");
    rig_free(&x);
    rig_free(&y);
    free(want);
}

static void test_resize(void **state)
{
    const int sizes[][6] = {
        {2, 8, 8, 16, 16, 1280}, {1, 16, 16, 32, 32, 64}, {2, 9, 7, 18, 14, 40},
        {1, 16, 12, 8, 6, 16},   {1, 5, 7, 11, 3, 3},     {3, 4, 4, 7, 9, 4},
        {1, 1, 1, 5, 3, 1},      {1, 3, 300, 2, 700, 2},  {1, 6, 6, 6, 6, 7},
    };
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            check_resize(rig_dtypes[k], sizes[i], 0);
        check_resize(rig_dtypes[k], sizes[1], 1);
        check_resize(rig_dtypes[k], (const int[]){1, 65535, 1, 65535, 1, 1}, 0);
        check_resize(rig_dtypes[k], (const int[]){3, 32768, 1, 32768, 1, 1}, 0);
    }
    lt_resize_args a = {LT_F16, NULL, NULL, 1, 65536, 1, 2, 2, 1};
    CHECK_FAILS(lt_kernel_resize(rig_stream(), &a, err), LT_ERR_ARGUMENT, "65536");
}

static void check_embed(lt_dtype dtype, int n, int length, int width, size_t skew)
{
    enum { VOCABULARY = 50 };
    size_t count = (size_t)(n * length * width);
    numbers tokens = rig_values(dtype, (size_t)(VOCABULARY * width), 1, 0, 1, skew);
    numbers positions = rig_values(dtype, (size_t)(length * width), 2, 0, 1, skew);
    numbers y = rig_empty(dtype, count, skew);
    double *want = lt_alloc_array(count, sizeof *want);
    int32_t *ids = lt_alloc_array((size_t)(n * length), sizeof *ids);
    lt_embed_args a = {dtype, ids, tokens.at, positions.at, y.at, n, length, width, VOCABULARY};
    for (int i = 0; i < n * length; i++) {
        const int32_t odd[] = {-1, VOCABULARY, INT32_MAX, INT32_MIN};
        ids[i] = i % 5 == 4 ? odd[i / 5 % 4] : (i * 7 + 49) % VOCABULARY;
        for (int k = 0; k < width; k++)
            want[i * width + k] = ids[i] < 0 || ids[i] >= VOCABULARY
                                      ? (double)NAN
                                      : (double)tokens.f[ids[i] * width + k] +
                                            (double)positions.f[i % length * width + k];
    }
    CHECK_OK(lt_kernel_embed(rig_stream(), &a, err));
    rig_check(&y, want, 1e-7, "embed");
    rig_free(&tokens);
    rig_free(&positions);
    rig_free(&y);
    free(want);
    free(ids);
}

static void test_embed(void **state)
{
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++) {
        check_embed(rig_dtypes[k], 2, 77, 768, 0);
        check_embed(rig_dtypes[k], 3, 5, 7, 0);
        check_embed(rig_dtypes[k], 1, 1, 1, 0);
        check_embed(rig_dtypes[k], 2, 9, 64, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_embed),
    };
    return cmocka_run_group_tests(tests, rig_open, rig_close);
}
