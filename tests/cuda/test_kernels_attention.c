/*
 * test_kernels_attention.c - attention and its map against double-precision loops.  Errors are max
 * |difference| beyond rounding over the root mean square of the result.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/kernels.h"
#include "kernel_rig.h"
#include "support/check.h"

static const double ATTENTION_OFF = 3e-5; /* measured: 1.1e-5, in f32 */

typedef struct attention_case {
    const char *what;
    int n, heads, d;
    int64_t s, t;
    bool causal;
    enum { APART, IN_ONE, ODD_ROWS } rows; /* q, k, v; parts of the rows of one product; padded */
    size_t skew;
    double spread; /* deviation of q and k */
} attention_case;

typedef struct attention_data {
    numbers q, k, v; /* IN_ONE: the same memory, a third further each */
    int64_t q_row, k_row, v_row;
    const float *qf, *kf, *vf;
} attention_data;

static attention_data data_new(const attention_case *c, lt_dtype dtype)
{
    int64_t wide = (int64_t)c->heads * c->d, pad = c->rows == ODD_ROWS ? 3 : 0;
    attention_data d = {.q_row = wide + pad, .k_row = wide + 2 * pad, .v_row = wide + 3 * pad};
    size_t size = lt_dtype_size(dtype), n = (size_t)c->n, s = (size_t)c->s, t = (size_t)c->t;
    if (c->rows == IN_ONE) {
        d.q_row = d.k_row = d.v_row = 3 * wide;
        d.q = rig_values(dtype, n * s * (size_t)(3 * wide), 1, 0, c->spread, c->skew);
        d.k.at = (char *)d.q.at + (size_t)wide * size;
        d.v.at = (char *)d.k.at + (size_t)wide * size;
        d.qf = d.q.f;
        d.kf = d.q.f + wide;
        d.vf = d.kf + wide;
        return d;
    }
    d.q = rig_values(dtype, n * s * (size_t)d.q_row, 1, 0, c->spread, c->skew);
    d.k = rig_values(dtype, n * t * (size_t)d.k_row, 2, 0, c->spread, c->skew);
    d.v = rig_values(dtype, n * t * (size_t)d.v_row, 3, 0.2, 1, c->skew);
    d.qf = d.q.f;
    d.kf = d.k.f;
    d.vf = d.v.f;
    return d;
}

static void data_free(attention_data *d)
{
    rig_free(&d->q);
    rig_free(&d->k);
    rig_free(&d->v);
}

/* The probabilities of one query. */
static void softmax(const attention_case *c, const attention_data *d, int64_t n, int64_t query,
                    int head, double *p)
{
    const float *q = d->qf + (n * c->s + query) * d->q_row + head * c->d;
    double most = -HUGE_VAL, sum = 0;
    int64_t seen = c->causal && query + 1 < c->t ? query + 1 : c->t;
    for (int64_t key = 0; key < c->t; key++) {
        const float *k = d->kf + (n * c->t + key) * d->k_row + head * c->d;
        double dot = 0;
        for (int i = 0; i < c->d; i++)
            dot += (double)q[i] * (double)k[i];
        p[key] = key < seen ? dot / sqrt(c->d) : -HUGE_VAL;
        most = fmax(most, p[key]);
    }
    for (int64_t key = 0; key < c->t; key++)
        sum += p[key] = exp(p[key] - most);
    for (int64_t key = 0; key < c->t; key++)
        p[key] /= sum;
}

/* Of attention [n,s,heads*d] and of the map [n,s,t]. */
static void wanted(const attention_case *c, const attention_data *d, double *want, double *map)
{
    double *p = lt_alloc_array((size_t)c->t, sizeof *p);
    int64_t wide = (int64_t)c->heads * c->d;
    for (int64_t row = 0; row < c->n * c->s; row++)
        for (int head = 0; head < c->heads; head++) {
            const float *v = d->vf + row / c->s * c->t * d->v_row + head * c->d;
            double *y = want + row * wide + head * c->d;
            softmax(c, d, row / c->s, row % c->s, head, p);
            for (int64_t key = 0; key < c->t; key++) {
                map[row * c->t + key] += p[key] / c->heads;
                for (int i = 0; i < c->d; i++)
                    y[i] += p[key] * (double)v[key * d->v_row + i];
            }
        }
    free(p);
}

static lt_scores_args args_of(const attention_case *c, const attention_data *d, const numbers *y)
{
    return (lt_scores_args){.dtype = y->dtype,
                            .n = c->n,
                            .heads = c->heads,
                            .d = c->d,
                            .s = c->s,
                            .t = c->t,
                            .q_row = d->q_row,
                            .k_row = d->k_row,
                            .v_row = d->v_row,
                            .causal = c->causal,
                            .q = d->q.at,
                            .k = d->k.at,
                            .v = d->v.at,
                            .y = y->at};
}

static void check(const attention_case *c, lt_dtype dtype, double tolerance)
{
    attention_data d = data_new(c, dtype);
    size_t rows = (size_t)(c->n * c->s), count = rows * (size_t)(c->heads * c->d);
    numbers y = rig_empty(dtype, count, c->skew), again = rig_empty(dtype, count, c->skew);
    numbers map = rig_empty(dtype, rows * (size_t)c->t, c->skew);
    double *want = lt_alloc_array(count, sizeof *want);
    double *want_map = lt_alloc_array(map.count, sizeof *want_map);
    lt_scores_args a = args_of(c, &d, &y);
    wanted(c, &d, want, want_map);
    CHECK_OK(lt_kernel_attention(rig_stream(), &a, err));
    rig_check(&y, want, tolerance, c->what);
    a.y = again.at;
    CHECK_OK(lt_kernel_attention(rig_stream(), &a, err));
    rig_same(&y, &again, c->what);
    a.y = map.at;
    CHECK_OK(lt_kernel_attention_map(rig_stream(), &a, err));
    rig_check(&map, want_map, tolerance, "  map");
    rig_free(&y);
    rig_free(&again);
    rig_free(&map);
    data_free(&d);
    free(want);
    free(want_map);
}

static void test_shapes(void **state)
{
    const attention_case cases[] = {
        {"text", 1, 12, 64, 77, 77, true, IN_ONE, 0, 1},
        {"64x64, self", 2, 2, 40, 150, 150, false, IN_ONE, 0, 1},
        {"64x64, cross", 1, 8, 40, 130, 77, false, APART, 0, 1},
        {"32x32, self", 1, 2, 80, 128, 128, false, IN_ONE, 0, 1},
        {"32x32, cross", 2, 2, 80, 65, 77, false, APART, 0, 1},
        {"a few tiles", 1, 3, 16, 40, 128, false, APART, 0, 1},
        {"one key more", 1, 3, 16, 40, 129, true, APART, 0, 1},
        {"8x8, self", 2, 3, 160, 64, 64, false, APART, 0, 1},
        {"8x8, cross", 1, 2, 160, 64, 77, false, APART, 0, 1},
        {"16x16, self", 1, 2, 160, 40, 256, false, APART, 0, 1},
        {"vae", 1, 1, 512, 70, 140, false, APART, 0, 1},
        {"one query, one key", 1, 1, 1, 1, 1, false, APART, 0, 1},
        {"width 3", 2, 3, 3, 7, 9, false, APART, 0, 1},
        {"width 7, causal", 1, 2, 7, 40, 40, true, APART, 0, 1},
        {"width 65", 1, 2, 65, 33, 34, false, APART, 0, 1},
        {"width 200", 1, 2, 200, 40, 33, false, ODD_ROWS, 0, 1},
        {"width 300, causal", 1, 1, 300, 40, 40, true, APART, 0, 1},
        {"odd rows", 2, 2, 40, 70, 41, false, ODD_ROWS, 0, 1},
        {"not aligned", 1, 2, 64, 70, 41, false, APART, 1, 1},
        {"causal, fewer keys", 1, 2, 16, 70, 20, true, APART, 0, 1},
        {"causal, more keys", 1, 2, 16, 20, 70, true, APART, 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < RIG_DTYPES; k++)
            check(&cases[i], rig_dtypes[k], ATTENTION_OFF);
}

/* Scores of some hundreds and up to 1e4: only exponentials of differences are finite.  Float32
 * keeps 1e-5 and 1e-3 of such scores. */
static void test_large_scores(void **state)
{
    const attention_case large = {"large scores", 1, 2, 64, 70, 70, false, APART, 0, 12};
    const attention_case larger = {"larger scores", 1, 2, 64, 70, 70, false, APART, 0, 55};
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++) {
        check(&large, rig_dtypes[k], 1e-4);
        check(&larger, rig_dtypes[k], 4e-3);
    }
}

static void test_equal_scores(void **state)
{
    const attention_case c = {"equal scores", 1, 2, 40, 33, 77, false, APART, 0, 0};
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++)
        check(&c, rig_dtypes[k], ATTENTION_OFF);
}

/* The second sample of two, and alone: the same bytes. */
static void test_batch(void **state)
{
    const attention_case c = {"batch", 2, 3, 40, 70, 77, false, APART, 0, 1};
    attention_case one = c;
    one.n = 1;
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++) {
        attention_data d = data_new(&c, rig_dtypes[k]), last = d;
        size_t size = lt_dtype_size(rig_dtypes[k]);
        numbers y = rig_empty(rig_dtypes[k], 2 * 70 * 120, 0), second = y;
        numbers alone = rig_empty(rig_dtypes[k], 70 * 120, 0);
        last.q.at = (char *)d.q.at + 70 * 120 * size;
        last.k.at = (char *)d.k.at + 77 * 120 * size;
        last.v.at = (char *)d.v.at + 77 * 120 * size;
        lt_scores_args a = args_of(&c, &d, &y), b = args_of(&one, &last, &alone);
        CHECK_OK(lt_kernel_attention(rig_stream(), &a, err));
        CHECK_OK(lt_kernel_attention(rig_stream(), &b, err));
        second.at = (char *)y.at + 70 * 120 * size;
        second.count = alone.count;
        rig_same(&second, &alone, c.what);
        rig_free(&y);
        rig_free(&alone);
        data_free(&d);
    }
}

/* Many queries are taken in larger tiles than few; the numbers of each are the same. */
static void test_few_of_many_queries(void **state)
{
    const attention_case c = {"few of many", 1, 2, 64, 150, 77, false, APART, 0, 1};
    attention_case few = c;
    few.s = 100;
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++) {
        attention_data d = data_new(&c, rig_dtypes[k]);
        numbers y = rig_empty(rig_dtypes[k], 150 * 128, 0), first = y;
        numbers part = rig_empty(rig_dtypes[k], 100 * 128, 0);
        lt_scores_args a = args_of(&c, &d, &y), b = args_of(&few, &d, &part);
        CHECK_OK(lt_kernel_attention(rig_stream(), &a, err));
        CHECK_OK(lt_kernel_attention(rig_stream(), &b, err));
        first.count = part.count;
        rig_same(&first, &part, c.what);
        rig_free(&y);
        rig_free(&part);
        data_free(&d);
    }
}

static void check_softmax(lt_dtype dtype, int64_t rows, int64_t width, size_t skew, double spread)
{
    size_t count = (size_t)(rows * width);
    numbers x = rig_values(LT_F32, count, 1, 0, spread, skew), y = rig_empty(dtype, count, skew);
    double *want = lt_alloc_array(count, sizeof *want);
    lt_softmax_args a = {dtype, rows, width, 0.25F, x.at, y.at};
    for (int64_t r = 0; r < rows; r++) {
        double most = -HUGE_VAL, sum = 0;
        for (int64_t i = r * width; i < (r + 1) * width; i++)
            most = fmax(most, (double)x.f[i] * 0.25);
        for (int64_t i = r * width; i < (r + 1) * width; i++)
            sum += want[i] = exp((double)x.f[i] * 0.25 - most);
        for (int64_t i = r * width; i < (r + 1) * width; i++)
            want[i] /= sum;
    }
    CHECK_OK(lt_kernel_softmax(rig_stream(), &a, err));
    rig_check(&y, want, spread > 10 ? 1e-4 : 1e-5, "softmax");
    rig_free(&x);
    rig_free(&y);
    free(want);
}

static void test_softmax(void **state)
{
    (void)state;
    for (int k = 0; k < RIG_DTYPES; k++) {
        check_softmax(rig_dtypes[k], 5, 4096, 0, 2); /* the VAE's at 64x64 */
        check_softmax(rig_dtypes[k], 3, 1024, 0, 2);
        check_softmax(rig_dtypes[k], 2, 2047, 0, 2);
        check_softmax(rig_dtypes[k], 7, 63, 0, 2);
        check_softmax(rig_dtypes[k], 9, 1, 0, 2);
        check_softmax(rig_dtypes[k], 4, 64, 1, 2); /* not aligned */
        check_softmax(rig_dtypes[k], 4, 300, 0, 1000);
        check_softmax(rig_dtypes[k], 4, 300, 0, 0);
        check_softmax(rig_dtypes[k], 0, 300, 0, 0);
    }
}

static void test_refused(void **state)
{
    lt_scores_args a = {.dtype = LT_F16, .n = 1, .heads = 1, .d = 513, .s = 1, .t = 1};
    (void)state;
    CHECK_FAILS(lt_kernel_attention(rig_stream(), &a, err), LT_ERR_ARGUMENT, "513");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_large_scores),
        cmocka_unit_test(test_equal_scores),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_few_of_many_queries),
        cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, rig_open, rig_close);
}
