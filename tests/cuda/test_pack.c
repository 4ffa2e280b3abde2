/* test_pack.c - the order and the types of packed numbers, in pieces of any size. */
#include <math.h>
#include <stdlib.h>

#include "cuda/pack.h"
#include "support/check.h"
#include "tensor/half.h"

enum { O = 3, C = 1500, K = 3, COUNT = O * C * K * K };

static float number(int i)
{
    return (float)(i % 2039) - 1000; /* exact in all three types but bf16 */
}

/* A parameter [O,C,3,3] of `dtype`, at an odd address. */
static lt_param param_of(lt_dtype dtype, unsigned char *bytes)
{
    float *x = malloc(COUNT * sizeof *x);
    for (int i = 0; i < COUNT; i++)
        x[i] = number(i);
    lt_from_f32(bytes + 1, dtype, x, COUNT);
    free(x);
    return (lt_param){.path = "conv.weight",
                      .shape = {.ndim = 4, .dim = {O, C, K, K}},
                      .source = {bytes + 1, dtype}};
}

static float packed_at(const void *packed, lt_dtype dtype, size_t i)
{
    float x;
    lt_to_f32(&x, (const char *)packed + i * lt_dtype_size(dtype), dtype, 1);
    return x;
}

static void check_order(lt_dtype source, lt_dtype dtype, size_t piece)
{
    static unsigned char bytes[COUNT * 4 + 1], packed[COUNT * 4];
    lt_param p = param_of(source, bytes);
    size_t size = lt_dtype_size(dtype);
    for (int taps = 0; taps < 2; taps++) {
        for (size_t at = 0; at < COUNT; at += piece) {
            size_t n = COUNT - at < piece ? COUNT - at : piece;
            CHECK_OK(lt_cuda_pack(&p, dtype, taps, at, n, packed + at * size, err));
        }
        for (size_t i = 0; i < COUNT; i++) { /* packed [O,k,k,C] */
            size_t o = i / (C * K * K), tap = i / C % (K * K), c = i % C;
            int from = (int)(taps ? (o * C + c) * K * K + tap : i);
            float want = number(from), x = packed_at(packed, dtype, i);
            bool narrow = source == LT_BF16 || dtype == LT_BF16;
            if (!(fabsf(x - want) <= (narrow ? fabsf(want) / 256 : 0)))
                fail_msg("%s to %s, taps %d, element %zu: %g, expected %g", lt_dtype_name(source),
                         lt_dtype_name(dtype), taps, i, (double)x, (double)want);
        }
    }
}

static void test_order(void **state)
{
    static const lt_dtype types[] = {LT_F32, LT_F16, LT_BF16};
    static const size_t pieces[] = {COUNT, 7, 1499, 4096};
    (void)state;
    for (int from = 0; from < 3; from++)
        for (int to = 0; to < 3; to++)
            for (int i = 0; i < 4; i++)
                check_order(types[from], types[to], pieces[i]);
}

/* The largest that f16 holds, and the first that it does not; bf16 holds both. */
static void test_too_large(void **state)
{
    float x[4] = {1, 65519, -65519, 3};
    uint16_t out[4];
    lt_param p = {.path = "x", .shape = {.ndim = 1, .dim = {4}}, .source = {x, LT_F32}};
    (void)state;
    CHECK_OK(lt_cuda_pack(&p, LT_F16, false, 0, 4, out, err));
    assert_int_equal(out[1], 0x7BFF);
    x[2] = -65520;
    CHECK_FAILS(lt_cuda_pack(&p, LT_F16, false, 0, 4, out, err), LT_ERR_RANGE,
                "'x' is not finite in f16: it holds -65520");
    CHECK_OK(lt_cuda_pack(&p, LT_BF16, false, 0, 4, out, err));
    CHECK_OK(lt_cuda_pack(&p, LT_F16, false, 3, 1, out, err));
    x[3] = INFINITY;
    CHECK_FAILS(lt_cuda_pack(&p, LT_F16, false, 3, 1, out, err), LT_ERR_MODEL, "infinity");
    CHECK_FAILS(lt_cuda_pack(&p, LT_F32, false, 3, 1, out, err), LT_ERR_MODEL, "infinity");
    x[3] = NAN;
    CHECK_FAILS(lt_cuda_pack(&p, LT_BF16, false, 3, 1, out, err), LT_ERR_MODEL, "NaN");
    x[3] = 3.4e38F; /* rounds to infinity in bf16 too */
    CHECK_FAILS(lt_cuda_pack(&p, LT_BF16, false, 3, 1, out, err), LT_ERR_RANGE,
                "'x' is not finite in bf16: it holds 3.4e+38");
}

static void test_count(void **state)
{
    lt_param a = {.shape = {.ndim = 2, .dim = {3, 4}}}, b = {.shape = {.ndim = 2, .dim = {5, 4}}};
    lt_cuda_numbers n = {.param = {&a, &b}}, none = {.param = {NULL}};
    (void)state;
    assert_int_equal(lt_cuda_numbers_count(&n), 32);
    assert_int_equal(lt_cuda_numbers_count(&none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
