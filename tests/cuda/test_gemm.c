/*
 * What a matmul of rows is for cuBLAS: an interpreter of column-major products, which knows nothing
 * of rows, gives what plain loops over rows give.  Numbers are small integers: sums are exact.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/gemm.h"
#include "support/check.h"

static float *numbers(int64_t count, int seed)
{
    float *x = lt_alloc_array((size_t)count, sizeof *x);
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)((i * 7 + seed) % 11 - 5);
    return x;
}

/* Element (row, column) of op(m), as BLAS defines it. */
static float at(const float *m, const lt_gemm_matrix *l, bool transpose, int64_t row,
                int64_t column)
{
    if (transpose) {
        assert_true(column < l->rows && row < l->columns);
        return m[row * l->ld + column];
    }
    assert_true(row < l->rows && column < l->columns);
    return m[column * l->ld + row];
}

static void run_gemm(const lt_gemm *g, const float *a, const float *b, const float *bias,
                     const float *c, float *d)
{
    int64_t k = g->transpose_a ? g->a.rows : g->a.columns;
    assert_int_equal(k, g->transpose_b ? g->b.columns : g->b.rows);
    for (int64_t column = 0; column < g->c.columns; column++)
        for (int64_t row = 0; row < g->c.rows; row++) {
            float sum = g->bias ? bias[row] : 0;
            for (int64_t i = 0; i < k; i++)
                sum +=
                    at(a, &g->a, g->transpose_a, row, i) * at(b, &g->b, g->transpose_b, i, column);
            if (g->beta != 0.0f)
                sum += g->beta * at(c, &g->c, false, row, column);
            d[column * g->c.ld + row] = sum;
        }
}

static void run_rows(const lt_matmul_shape *s, const float *x, const float *w, const float *bias,
                     const float *z, float *y)
{
    for (int64_t row = 0; row < s->rows; row++)
        for (int64_t o = 0; o < s->out; o++) {
            float sum = s->bias ? bias[o] : 0;
            for (int64_t i = 0; i < s->in; i++)
                sum += x[row * s->x_row + i] * w[s->turned ? i * s->w_row + o : o * s->w_row + i];
            y[row * s->y_row + o] = sum + (s->addend ? z[row * s->y_row + o] : 0);
        }
}

static void compare(const lt_matmul_shape *s)
{
    lt_gemm g;
    int64_t ys = s->rows * s->y_row;
    float *x = numbers(s->rows * s->x_row, 1),
          *w = numbers((s->turned ? s->in : s->out) * s->w_row, 2);
    float *bias = numbers(s->out, 3), *z = numbers(ys, 4);
    float *y = numbers(ys, 5), *want = numbers(ys, 5); /* what is between rows stays */
    CHECK_OK(lt_gemm_check(s, err));
    lt_gemm_of(s, &g);
    run_gemm(&g, w, x, bias, z, y);
    run_rows(s, x, w, bias, z, want);
    assert_memory_equal(y, want, (size_t)ys * sizeof *y);
    free(x);
    free(w);
    free(bias);
    free(z);
    free(y);
    free(want);
}

static void test_products(void **state)
{
    static const lt_matmul_shape shapes[] = {
        {.rows = 7, .in = 5, .out = 3, .x_row = 5, .w_row = 5, .y_row = 3},
        {.rows = 1, .in = 4, .out = 9, .x_row = 4, .w_row = 4, .y_row = 9},
        {.rows = 6, .in = 1, .out = 1, .x_row = 1, .w_row = 1, .y_row = 1},
        {.rows = 4, .in = 5, .out = 3, .x_row = 11, .w_row = 8, .y_row = 6}, /* parts */
    };
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int how = 0; how < 8; how++) {
            lt_matmul_shape s = shapes[i];
            s.bias = how & 1;
            s.addend = how & 2;
            s.turned = how & 4;
            if (s.turned)
                s.w_row += s.out > s.in ? s.out - s.in : 0;
            compare(&s);
        }
}

/* A part of wider weights begins where the other part ends. */
static void test_alignment(void **state)
{
    lt_matmul_shape s = {.dtype = LT_F16, .rows = 4, .in = 320, .out = 640};
    lt_gemm g;
    (void)state;
    s.x_row = s.in;
    s.y_row = s.out;
    s.w_row = s.in + 640;
    lt_gemm_of(&s, &g);
    assert_int_equal(g.a.align, LT_GEMM_ALIGNMENT);
    assert_int_equal(g.b.align, LT_GEMM_ALIGNMENT);
    s.w_row = s.in + 6;
    lt_gemm_of(&s, &g);
    assert_int_equal(g.a.align, 4);
    s.w_row = s.in + 1;
    lt_gemm_of(&s, &g);
    assert_int_equal(g.a.align, 2);
    s.dtype = LT_F32;
    lt_gemm_of(&s, &g);
    assert_int_equal(g.a.align, 4);
}

static void test_refused(void **state)
{
    lt_matmul_shape s = {.rows = 2, .in = 4, .out = 3, .x_row = 3, .w_row = 4, .y_row = 3};
    (void)state;
    CHECK_FAILS(lt_gemm_check(&s, err), LT_ERR_ARGUMENT, "[2,4] to 3, rows 3 4 3");
    s.x_row = 4;
    s.turned = true;
    s.w_row = 2;
    CHECK_FAILS(lt_gemm_check(&s, err), LT_ERR_ARGUMENT, "rows 4 2 3, turned");
    s.rows = 0;
    CHECK_FAILS(lt_gemm_check(&s, err), LT_ERR_ARGUMENT, "rows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
