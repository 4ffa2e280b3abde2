/* test_simd.c - the element-by-element functions of every instruction set against libm in double.
 */
#include <math.h>
#include <stdlib.h>

#include "cpu/cpu_simd.h"
#include "support/check.h"
#include "tensor/half.h"

enum { COUNT = 100003 }; /* not a multiple of any vector */

static float x[COUNT], y[COUNT], z[COUNT];

/* From -range to range, every sign and size. */
static void fill(double range)
{
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)(range * (2.0 * i / (COUNT - 1) - 1.0));
}

static double exact(lt_act act, double v)
{
    switch (act) {
    case LT_SILU:
        return v / (1 + exp(-v));
    case LT_QUICK_GELU:
        return v / (1 + exp(-1.702 * v));
    case LT_GELU:
        return 0.5 * v * erfc(-v * 0.70710678118654752440);
    }
    return 0;
}

/* Relative, over the arguments whose result is a normal number. */
static double worst_activation(const lt_cpu_simd *s, lt_act act, double range)
{
    double worst = 0;
    fill(range);
    s->activate(act, y, x, COUNT);
    for (int i = 0; i < COUNT; i++) {
        double want = exact(act, (double)x[i]), d = fabs((double)y[i] - want);
        if (fabs(want) > 1e-36 && !(d <= worst * fabs(want)))
            worst = d / fabs(want);
    }
    return worst;
}

/* Measured: silu 1.6e-7, gelu 5.2e-7; quick_gelu 2.4e-6 at -20 (its argument times 1.702 is
 * rounded). */
static void test_activations(void **state)
{
    const lt_cpu_simd *s;
    (void)state;
    for (int i = 0; (s = lt_cpu_simd_nth(i)); i++) {
        double silu = worst_activation(s, LT_SILU, 80);
        double quick = worst_activation(s, LT_QUICK_GELU, 20),
               gelu = worst_activation(s, LT_GELU, 12);
        print_message("%s: silu %.2g quick_gelu %.2g gelu %.2g\n", s->name, silu, quick, gelu);
        assert_true(silu < 3e-7 && quick < 4e-6 && gelu < 1e-6);
    }
}

static void test_activations_of_extremes(void **state)
{
    const lt_cpu_simd *s;
    (void)state;
    for (int i = 0; (s = lt_cpu_simd_nth(i)); i++)
        for (int act = LT_SILU; act <= LT_QUICK_GELU; act++) {
            float in[] = {NAN, INFINITY, 3e38F, -3e38F, -200.0F, 0.0F, 1e-30F}, out[7];
            s->activate((lt_act)act, out, in, 7);
            assert_true(isnan(out[0]));
            assert_true(out[1] == INFINITY && out[2] == 3e38F);
            assert_true(fabsf(out[3]) <= 2.0F && fabsf(out[4]) < 1e-30F);
            assert_true(out[5] == 0.0F && out[6] == 0.5e-30F);
        }
}

static void test_geglu(void **state)
{
    const lt_cpu_simd *s;
    (void)state;
    for (int i = 0; (s = lt_cpu_simd_nth(i)); i++) {
        fill(6);
        for (int k = 0; k < COUNT; k++)
            z[k] = 1.0F + 0.001F * (float)(k % 1000);
        s->geglu(y, z, x, COUNT);
        s->activate(LT_GELU, x, x, COUNT);
        for (int k = 0; k < COUNT; k++)
            assert_true(fabsf(y[k] - z[k] * x[k]) <= 3e-7F * fabsf(y[k]));
    }
}

/* Measured: 3.7e-6 at exp(-72), where the rounding of the argument is that large; sums 1.6e-7, and
 * 8e-7 where sanitizers keep the loops from being vectors. */
static void test_soft_exp(void **state)
{
    const lt_cpu_simd *s;
    (void)state;
    for (int i = 0; (s = lt_cpu_simd_nth(i)); i++) {
        double worst = 0, total = 0;
        fill(40);
        float top = s->maximum(x, COUNT);
        assert_true(top == 40.0F);
        float sum = s->soft_exp(x, x, 0.9F, top, COUNT);
        for (int k = 0; k < COUNT; k++) {
            float v = (float)(40.0 * (2.0 * k / (COUNT - 1) - 1.0));
            double want = exp((double)(v - 40.0F) * (double)0.9F);
            worst = fmax(worst, fabs((double)x[k] - want) / want);
            total += want;
        }
        print_message("%s: exp %.2g, sum %.2g\n", s->name, worst,
                      fabs((double)sum - total) / total);
        assert_true(worst < 6e-6);
        assert_true(fabs((double)sum - total) < 2e-6 * total);
    }
}

/* Measured: 4.0e-3 (bf16 rounds by up to 2^-8 = 3.9e-3), sums 2.6e-6. */
static void test_soft_exp_bf16(void **state)
{
    const lt_cpu_simd *s;
    uint16_t *h = calloc(COUNT, sizeof *h);
    (void)state;
    for (int i = 0; (s = lt_cpu_simd_nth(i)); i++) {
        double worst = 0, total = 0;
        fill(40);
        float sum = s->soft_exp_bf16(h, x, 0.9F, 40.0F, COUNT);
        s->widen(y, h, COUNT);
        for (int k = 0; k < COUNT; k++) {
            double want = exp((double)(x[k] - 40.0F) * (double)0.9F);
            worst = fmax(worst, fabs((double)y[k] - want) / want);
            total += want;
        }
        print_message("%s: exp %.2g, sum %.2g\n", s->name, worst,
                      fabs((double)sum - total) / total);
        assert_true(worst < 4.1e-3);
        assert_true(fabs((double)sum - total) < 1e-4 * total);
    }
    free(h);
}

static void test_soft_exp_of_nan(void **state)
{
    const lt_cpu_simd *s;
    (void)state;
    for (int i = 0; (s = lt_cpu_simd_nth(i)); i++) {
        float in[] = {1.0F, NAN, 2.0F}, out[3];
        uint16_t half[3];
        assert_true(s->maximum(in, 3) == 2.0F);
        assert_true(isnan(s->soft_exp_bf16(half, in, 1.0F, 2.0F, 3)));
        s->widen(out, half, 3);
        assert_true(isnan(out[1]) && out[2] > 0.99F);
        assert_true(isnan(s->soft_exp(in, in, 1.0F, 2.0F, 3)));
        in[0] = -INFINITY; /* padding: nothing, or next to it */
        assert_true(s->soft_exp(out, in, 1.0F, 2.0F, 1) < 1e-37F);
        assert_true(s->soft_exp_bf16(half, in, 1.0F, 2.0F, 1) < 1e-37F);
    }
}

/* All 65536 patterns up, and down from between them, as lt_f32_to_bf16 does. */
static void test_bf16(void **state)
{
    const lt_cpu_simd *s;
    uint16_t *h = calloc(65536, sizeof *h), *back = calloc(65536, sizeof *back);
    float *f = calloc(65536, sizeof *f);
    (void)state;
    for (int i = 0; (s = lt_cpu_simd_nth(i)); i++) {
        for (int k = 0; k < 65536; k++)
            h[k] = (uint16_t)k;
        s->widen(f, h, 65536);
        for (int k = 0; k < 65536; k++) {
            float want = lt_bf16_to_f32((uint16_t)k);
            assert_memory_equal(&f[k], &want, sizeof want);
            uint32_t bits = (uint32_t)k << 16 | ((uint32_t)k * 40503U) % 65536U;
            memcpy(&f[k], &bits, sizeof bits);
        }
        f[1] = 1.00390625F; /* a tie: to even */
        s->narrow(back, f, 65536);
        for (int k = 0; k < 65536; k++)
            assert_int_equal(back[k], lt_f32_to_bf16(f[k]));
    }
    free(h);
    free(back);
    free(f);
}

/* A mean of a thousand deviations, over the widest row of Stable Diffusion. */
static void test_moments(void **state)
{
    enum { WIDTH = 1280 };
    const lt_cpu_simd *s;
    double mean = 0, squares = 0;
    (void)state;
    fill(50);
    for (int k = 0; k < WIDTH; k++)
        x[k] += 1000.0F;
    for (int k = 0; k < WIDTH; k++)
        mean += (double)x[k] / WIDTH;
    for (int k = 0; k < WIDTH; k++)
        squares += ((double)x[k] - mean) * ((double)x[k] - mean) / WIDTH;
    for (int i = 0; (s = lt_cpu_simd_nth(i)); i++) {
        float m, v;
        s->moments(x, WIDTH, &m, &v);
        print_message("%s: mean %.2g, variance %.2g\n", s->name, fabs((double)m - mean),
                      fabs((double)v / squares - 1));
        assert_true(fabs((double)m - mean) < 1e-4);              /* an ulp is 6e-5 */
        assert_true(fabs((double)v - squares) < 3e-6 * squares); /* 3.6e-7; 1.1e-6 sanitized */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activations),   cmocka_unit_test(test_activations_of_extremes),
        cmocka_unit_test(test_geglu),         cmocka_unit_test(test_soft_exp),
        cmocka_unit_test(test_soft_exp_bf16), cmocka_unit_test(test_soft_exp_of_nan),
        cmocka_unit_test(test_bf16),          cmocka_unit_test(test_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
