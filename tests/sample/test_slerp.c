/* Noise between two noises, against numbers that another program made (Python's floats are
 * doubles). */
#include "sample/slerp.h"

#include <math.h>

#include "sample/rng.h"
#include "support/check.h"

enum { C = 2, H = 4, W = 3, N = C * H * W };

static float value(int k, int by, int from)
{
    return ((float)((k * by + from) % 64) - 31.5f) / 16.0f;
}

/* out = sin((1-s) w)/sin w a + sin(s w)/sin w b of each column, w = acos of the product of both
 * unit columns. */
static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        double strength;
        float want[N];
    } rows[] = {
        {0.1,
         {-1.22718734f, 0.864932898f, -0.993784394f, 1.78530561f,   0.107405533f,  -1.71871963f,
          0.524145968f, -1.15046969f, 0.944870398f,  -0.233130986f, 1.8562697f,    0.219935162f,
          -1.50748161f, 0.598660749f, -1.20211843f,  1.53583617f,   -0.158228344f, -1.94437345f,
          0.257037393f, -1.42435766f, 0.653611284f,  -0.498815109f, 1.5968326f,    -0.088643738f}},
        {0.5,
         {-0.85783601f,  0.111283087f,  -1.8847986f,   2.05134698f,  0.630604158f, -1.13087916f,
          0.186486089f,  -1.22411395f,  -0.376959719f, 0.708647138f, 1.6692463f,   0.376959719f,
          -1.19003439f,  -0.188021672f, -1.98930605f,  1.80424568f,  0.33843901f,  -1.34162501f,
          -0.115164618f, -1.54177771f,  -0.69394397f,  0.422270267f, 1.39136037f,  -0.0462629313f}},
    };
    float a[N], b[N], out[N];
    for (int k = 0; k < N; k++) {
        a[k] = value(k, 37, 11);
        b[k] = value(k, 53, 29);
    }
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        lt_slerp(rows[r].strength, a, b, C, H, W, out);
        for (int k = 0; k < N; k++)
            assert_true(fabsf(out[k] - rows[r].want[k]) <= 2e-7f * fabsf(rows[r].want[k]));
    }
}

/* Nothing of the other one, all of it, and in place. */
static void test_ends(void **state)
{
    (void)state;
    float a[N], b[N], out[N];
    lt_rng rng;
    lt_rng_seed(&rng, 5);
    lt_rng_normal(&rng, a, N);
    lt_rng_normal(&rng, b, N);
    lt_slerp(0, a, b, C, H, W, out);
    assert_memory_equal(out, a, sizeof a);
    lt_slerp(1, a, b, C, H, W, out);
    assert_memory_equal(out, b, sizeof b);
    lt_slerp(0.3, a, b, C, H, W, out);
    lt_slerp(0.3, a, b, C, H, W, a);
    assert_memory_equal(a, out, sizeof a);
}

/* Columns that point the same way, or the opposite way, or nowhere, are taken along the line. */
static void test_line(void **state)
{
    (void)state;
    float a[] = {1, 1, 1, 0, 1, 2, 1, 0}, b[] = {1, -1, 2, 1, 1.01f, -2, 1, 1}, out[8];
    lt_slerp(0.25, a, b, 1, 2, 4, out);
    for (int k = 0; k < 8; k++)
        if (k % 4 != 2) /* the third column is on the circle */
            assert_true(fabsf(out[k] - (0.75f * a[k] + 0.25f * b[k])) < 1e-6f);
    assert_true(fabsf(out[2] - (0.75f * a[2] + 0.25f * b[2])) > 1e-4f);
}

/* Between two noises lies noise: its variance is theirs, where the line's would be half. */
static void test_variance(void **state)
{
    (void)state;
    enum { MANY = 4 * 16 * 16 };
    static float a[MANY], b[MANY];
    double sum = 0;
    lt_rng rng;
    lt_rng_seed(&rng, 5);
    lt_rng_normal(&rng, a, MANY);
    lt_rng_normal(&rng, b, MANY);
    lt_slerp(0.5, a, b, 4, 16, 16, a);
    for (int k = 0; k < MANY; k++)
        sum += (double)a[k] * (double)a[k];
    assert_true(fabs(sum / MANY - 1) < 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_ends),
                                       cmocka_unit_test(test_line),
                                       cmocka_unit_test(test_variance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
