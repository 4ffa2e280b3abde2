/*
 * matmul.h over a cuBLASLt whose device is plain C (fake_cublaslt.h): what it computes, which
 * algorithm is taken, and what is kept of the choice.
 */
#define _XOPEN_SOURCE 700
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/matmul.h"
#include "cuda/plans.h"
#include "cuda/shapes.h"
#include "fake_cublaslt.h"
#include "support/check.h"
#include "support/temp.h"
#include "tensor/half.h"

typedef struct bench {
    char *home;
    fake_device device;
} bench;

static void open_stream(bench *b)
{
    fake_cublas.stream = fake_stream_open(&b->device);
}

static int setup(void **state)
{
    bench *b = lt_alloc(sizeof *b);
    b->home = temp_dir();
    assert_int_equal(setenv("XDG_CACHE_HOME", b->home, 1), 0);
    fake_cublas = (fake_cublaslt){.seconds = {3, 1, 2}, .count = FAKE_ALGORITHMS, .last = -1};
    open_stream(b);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    bench *b = *state;
    assert_int_equal(b->device.allocations, b->device.frees);
    fake_stream_close(fake_cublas.stream);
    temp_dir_remove(b->home);
    free(b);
    return 0;
}

/* Small integers: every type has them and their sums exactly. */
static void *numbers(lt_dtype dtype, int64_t count, int seed)
{
    void *x = lt_alloc_array((size_t)count, sizeof(float));
    for (int64_t i = 0; i < count; i++) {
        float value = (float)((i * 7 + seed) % 5 - 2);
        lt_from_f32((char *)x + (size_t)i * lt_dtype_size(dtype), dtype, &value, 1);
    }
    return x;
}

static float number_at(const void *x, lt_dtype dtype, int64_t i)
{
    float value;
    lt_to_f32(&value, (const char *)x + (size_t)i * lt_dtype_size(dtype), dtype, 1);
    return value;
}

static lt_dtype y_type(const lt_matmul_shape *s)
{
    return s->wide ? LT_F32 : s->dtype;
}

static void check_rows(const lt_matmul_shape *s, const void *const operand[4], const void *y)
{
    for (int64_t row = 0; row < s->rows; row++)
        for (int64_t o = 0; o < s->out; o++) {
            float want = s->bias ? number_at(operand[2], s->dtype, o) : 0;
            want += s->addend ? number_at(operand[3], y_type(s), row * s->y_row + o) : 0;
            for (int64_t i = 0; i < s->in; i++)
                want += number_at(operand[0], s->dtype, row * s->x_row + i) *
                        number_at(operand[1], s->dtype,
                                  s->turned ? i * s->w_row + o : o * s->w_row + i);
            assert_float_equal(number_at(y, y_type(s), row * s->y_row + o), want, 0);
        }
}

static void check_product(const lt_matmul_shape *s, bool in_place)
{
    lt_matmul *m = NULL;
    void *operand[] = {numbers(s->dtype, s->rows * s->x_row, 1),
                       numbers(s->dtype, (s->turned ? s->in : s->out) * s->w_row, 2),
                       numbers(s->dtype, s->out, 3), numbers(y_type(s), s->rows * s->y_row, 4)};
    void *y = numbers(y_type(s), s->rows * s->y_row, 4); /* as z */
    CHECK_OK(lt_matmul_new(fake_cublas.stream, s, &m, err));
    CHECK_OK(lt_matmul_run(fake_cublas.stream, m, operand[0], operand[1],
                           s->bias ? operand[2] : NULL,
                           !s->addend ? NULL
                           : in_place ? y
                                      : operand[3],
                           y, err));
    check_rows(s, (const void *const *)operand, y);
    lt_matmul_free(m);
    for (int i = 0; i < 4; i++)
        free(operand[i]);
    free(y);
}

static const lt_matmul_shape plain = {.dtype = LT_F16,
                                      .rows = 6,
                                      .in = 8,
                                      .out = 5,
                                      .x_row = 8,
                                      .w_row = 8,
                                      .y_row = 5,
                                      .bias = true};

static void test_products(void **state)
{
    (void)state;
    for (int dtype = LT_F32; dtype <= LT_BF16; dtype++)
        for (int how = 0; how < 8; how++) {
            lt_matmul_shape s = plain;
            s.dtype = (lt_dtype)dtype;
            s.bias = how & 1;
            s.addend = how & 2;
            check_product(&s, how & 4);
            s.x_row = 11;
            s.w_row = 9;
            s.y_row = 7;
            check_product(&s, how & 4);
            s.turned = true;
            check_product(&s, how & 4);
            s.wide = !s.bias;
            check_product(&s, how & 4);
        }
}

/* A product over two tensors: the second matmul adds to what the first wrote. */
static void test_two(void **state)
{
    lt_matmul_shape whole = plain, part[2] = {plain, plain};
    lt_matmul *m[2];
    (void)state;
    part[0].in = part[0].x_row = 3;
    part[1].in = part[1].x_row = 5;
    part[1].bias = false;
    part[1].addend = true;
    uint16_t *x = numbers(LT_F16, 48, 1), *w = numbers(LT_F16, 40, 2),
             *bias = numbers(LT_F16, 5, 3);
    uint16_t a[18], b[30], y[30];
    for (int i = 0; i < 6; i++) {
        memcpy(a + 3 * i, x + 8 * i, 3 * sizeof *a);
        memcpy(b + 5 * i, x + 8 * i + 3, 5 * sizeof *b);
    }
    for (int i = 0; i < 2; i++)
        CHECK_OK(lt_matmul_new(fake_cublas.stream, &part[i], &m[i], err));
    CHECK_OK(lt_matmul_run(fake_cublas.stream, m[0], a, w, bias, NULL, y, err));
    CHECK_OK(lt_matmul_run(fake_cublas.stream, m[1], b, w + 3, NULL, y, y, err));
    check_rows(&whole, (const void *const[]){x, w, bias, NULL}, y);
    assert_int_equal(fake_cublas.align_a, 2); /* 3 or 5 numbers further on */
    for (int i = 0; i < 2; i++)
        lt_matmul_free(m[i]);
    free(x);
    free(w);
    free(bias);
}

static int used(void)
{
    lt_matmul *m = NULL;
    uint16_t x[48] = {0}, w[40] = {0}, bias[5] = {0}, y[30];
    CHECK_OK(lt_matmul_new(fake_cublas.stream, &plain, &m, err));
    fake_cublas.last = -1;
    CHECK_OK(lt_matmul_run(fake_cublas.stream, m, x, w, bias, NULL, y, err));
    lt_matmul_free(m);
    return fake_cublas.last;
}

/* The fastest is taken, kept, and found again by the next program. */
static void test_choice(void **state)
{
    bench *b = *state;
    fake_cublas.workspace[1] = 4096;
    assert_int_equal(used(), 1);
    assert_int_equal(lt_gpu_workspace_size(fake_cublas.stream), 4096);
    assert_int_equal(fake_cublas.proposals, 1);
    assert_int_equal(fake_cublas.align_a, 16);
    assert_int_equal(fake_cublas.reduction, 2); /* CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE */
    fake_cublas.seconds[2] = 0.1;
    assert_int_equal(used(), 1);
    fake_stream_close(fake_cublas.stream);
    open_stream(b);
    assert_int_equal(used(), 1);
    assert_int_equal(fake_cublas.proposals, 1);
    fake_cublas.stale = true; /* another device, say */
    assert_int_equal(used(), 2);
    assert_int_equal(fake_cublas.proposals, 2);
}

static void test_kept_nonsense(void **state)
{
    char key[LT_SHAPE_WORDS];
    (void)state;
    lt_matmul_shape_text(&plain, key);
    lt_plan_cache_put(lt_plans_cache(fake_cublas.stream), key, "short", 5);
    assert_int_equal(used(), 1);
    assert_int_equal(fake_cublas.proposals, 1);
}

/* Where there is no memory to measure in, the library's own order counts. */
static void test_no_memory(void **state)
{
    bench *b = *state;
    b->device.no_memory = true;
    assert_int_equal(used(), 0);
}

static void test_refused(void **state)
{
    bench *b = *state;
    lt_matmul *m = NULL;
    fake_cublas.workspace[1] = (size_t)1 << 30; /* too much to be tried */
    assert_int_equal(used(), 2);
    fake_cublas.stale = true;
    fake_cublas.count = 0;
    CHECK_FAILS(lt_matmul_new(fake_cublas.stream, &plain, &m, err), LT_ERR_DEVICE,
                "matmul f16 [6,8] to 5, rows 8 8 5, bias: cuBLASLt: no algorithm");
    fake_cublas.count = FAKE_ALGORITHMS;
    b->device.broken = true;
    CHECK_FAILS(lt_matmul_new(fake_cublas.stream, &plain, &m, err), LT_ERR_DEVICE, "broken");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_products),      TEST(test_two),       TEST(test_choice),
        TEST(test_kept_nonsense), TEST(test_no_memory), TEST(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
