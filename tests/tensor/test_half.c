/* test_half.c - conversions between float32 and the 16-bit types. */
#include "tensor/half.h"

#include <math.h>

#include "support/check.h"

static uint32_t bits_of(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* Every binary16 value has an exact float32, and comes back unchanged. */
static void test_f16_round_trip(void **state)
{
    (void)state;
    for (uint32_t h = 0; h <= 0xFFFF; h++) {
        float f = lt_f16_to_f32((uint16_t)h);
        bool nan = (h & 0x7C00) == 0x7C00 && (h & 0x3FF);
        assert_int_equal(isnan(f) != 0, nan);
        if (!nan)
            assert_int_equal(lt_f32_to_f16(f), h);
    }
}

/* The value by the definition of binary16: sign, exponent, fraction. */
static void test_f16_values(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x7C00; h++) {
        int exponent = (int)(h >> 10), fraction = (int)(h & 1023);
        double value = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
        assert_true((double)lt_f16_to_f32((uint16_t)h) == value);
        assert_true((double)lt_f16_to_f32((uint16_t)(h | 0x8000)) == -value);
    }
}

/* Between two neighbours: below the middle down, above it up, the middle itself to the even one. */
static void test_f16_rounding(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x7BFF; h++) {
        float low = lt_f16_to_f32((uint16_t)h), high = lt_f16_to_f32((uint16_t)(h + 1));
        float middle = 0.5f * (low + high); /* exact */
        assert_int_equal(lt_f32_to_f16(nextafterf(middle, low)), h);
        assert_int_equal(lt_f32_to_f16(nextafterf(middle, high)), h + 1);
        assert_int_equal(lt_f32_to_f16(middle), h + (h & 1));
    }
    assert_int_equal(lt_f32_to_f16(65519.996f), 0x7BFF); /* the last that stays finite */
    assert_int_equal(lt_f32_to_f16(65520.0f), 0x7C00);
    assert_int_equal(lt_f32_to_f16(-INFINITY), 0xFC00);
    assert_true(isnan(lt_f16_to_f32(lt_f32_to_f16(NAN))));
}

static void test_bf16(void **state)
{
    (void)state;
    for (uint32_t h = 0; h <= 0xFFFF; h++) {
        float f = lt_bf16_to_f32((uint16_t)h);
        assert_int_equal(bits_of(f), h << 16);
        if (!isnan(f))
            assert_int_equal(lt_f32_to_bf16(f), h);
    }
    assert_int_equal(lt_f32_to_bf16(1.00390625f), 0x3F80); /* half way: to the even 1.0 */
    assert_int_equal(lt_f32_to_bf16(1.01171875f), 0x3F82); /* half way: to the even 1.015625 */
    assert_int_equal(lt_f32_to_bf16(1.003907f), 0x3F81);
    assert_true(isnan(lt_bf16_to_f32(lt_f32_to_bf16(NAN))));
}

/* Sources in a file may lie at any address. */
static void test_unaligned(void **state)
{
    (void)state;
    unsigned char bytes[1 + 3 * 4];
    const float values[3] = {1.5f, -2.0f, 0.25f};
    const lt_dtype types[] = {LT_F32, LT_F16, LT_BF16};
    for (int i = 0; i < 3; i++) {
        float back[3];
        lt_from_f32(bytes + 1, types[i], values, 3);
        lt_to_f32(back, bytes + 1, types[i], 3);
        assert_memory_equal(back, values, sizeof back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f16_round_trip), cmocka_unit_test(test_f16_values),
        cmocka_unit_test(test_f16_rounding),   cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_unaligned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
