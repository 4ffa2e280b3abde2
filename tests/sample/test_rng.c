/* Random numbers against torch 2.15: no tolerance anywhere. */
#include "sample/rng.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sample/fixture.h"
#include "support/check.h"

static const uint64_t SEEDS[] = {0,
                                 42,
                                 44,
                                 UINT64_C(1) << 31,
                                 UINT64_C(1) << 32,
                                 (UINT64_C(1) << 32) + 42,
                                 (UINT64_C(1) << 63) + 1,
                                 UINT64_MAX};
enum { SEED_COUNT = sizeof SEEDS / sizeof SEEDS[0] };

static float *normals(uint64_t seed, size_t n)
{
    lt_rng rng;
    lt_rng_seed(&rng, seed);
    float *out = lt_alloc_array(n, sizeof *out);
    lt_rng_normal(&rng, out, n);
    return out;
}

/* mt19937's published check value; also std::mt19937's in the C++ standard. */
static void test_engine(void **state)
{
    (void)state;
    lt_rng rng;
    lt_rng_seed(&rng, 5489);
    uint32_t last = 0;
    for (int i = 0; i < 10000; i++)
        last = lt_rng_u32(&rng);
    assert_int_equal(last, 4123659995u);
}

static void test_values(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    const size_t counts[] = {1, 15, 16, 17, 100};
    for (int s = 0; s < SEED_COUNT; s++) {
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
            size_t n = counts[k];
            float *got = normals(SEEDS[s], n);
            float *want = fixture_floats(&f, n, "rng.%llu.%zu", (unsigned long long)SEEDS[s], n);
            assert_memory_equal(got, want, n * sizeof *got);
            free(got);
            free(want);
        }
    }
    fixture_close(&f);
}

static void check_hash(const fixture *f, uint64_t seed, size_t n)
{
    float *got = normals(seed, n);
    uint64_t want = fixture_hash(f, "rng.hash.%llu.%zu", (unsigned long long)seed, n);
    if (hash_floats(HASH_START, got, n) != want)
        fail_msg("seed %llu, %zu values", (unsigned long long)seed, n);
    free(got);
}

static void test_hashes(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    const size_t counts[] = {31, 32, 5001, 16384, 65536};
    for (int s = 0; s < SEED_COUNT; s++)
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++)
            check_hash(&f, SEEDS[s], counts[k]);
    check_hash(&f, 123, 1 << 20);
    fixture_close(&f);
}

/* A normal that is kept from a short call comes out of a later one, past long calls. */
static void test_sequence(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    const size_t counts[] = {3, 1, 16, 1, 4, 17, 2};
    float got[44], *want = fixture_floats(&f, 44, "rng.seq");
    size_t done = 0;
    lt_rng rng;
    lt_rng_seed(&rng, 5);
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        lt_rng_normal(&rng, got + done, counts[k]);
        done += counts[k];
    }
    assert_int_equal(done, 44);
    assert_memory_equal(got, want, sizeof got);
    free(want);
    fixture_close(&f);
}

static void test_copy(void **state)
{
    (void)state;
    lt_rng rng, copy;
    float a[40], b[40];
    lt_rng_seed(&rng, 7);
    lt_rng_normal(&rng, a, 3); /* an odd count: one normal is kept */
    copy = rng;
    lt_rng_normal(&rng, a, 5);
    lt_rng_normal(&rng, a + 5, 35);
    lt_rng_normal(&copy, b, 5);
    lt_rng_normal(&copy, b + 5, 35);
    assert_memory_equal(a, b, sizeof a);
}

static void test_seed_clears(void **state)
{
    (void)state;
    lt_rng rng;
    float once, again;
    lt_rng_seed(&rng, 7);
    lt_rng_normal(&rng, &once, 1);
    lt_rng_seed(&rng, 7);
    lt_rng_normal(&rng, &again, 1);
    assert_memory_equal(&once, &again, sizeof once);
}

static void test_nothing_drawn(void **state)
{
    (void)state;
    lt_rng rng, untouched;
    lt_rng_seed(&rng, 7);
    untouched = rng;
    float canary = 3;
    lt_rng_normal(&rng, &canary, 0);
    assert_true(canary == 3);
    assert_int_equal(lt_rng_u32(&rng), lt_rng_u32(&untouched));
}

static void test_truncated(void **state)
{
    (void)state;
    assert_false(lt_rng_seed_truncated(0));
    assert_false(lt_rng_seed_truncated(UINT32_MAX));
    assert_true(lt_rng_seed_truncated((uint64_t)UINT32_MAX + 1));
    lt_rng a, b;
    lt_rng_seed(&a, 42);
    lt_rng_seed(&b, (UINT64_C(1) << 32) + 42);
    assert_int_equal(lt_rng_u32(&a), lt_rng_u32(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine),        cmocka_unit_test(test_values),
        cmocka_unit_test(test_hashes),        cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_copy),          cmocka_unit_test(test_seed_clears),
        cmocka_unit_test(test_nothing_drawn), cmocka_unit_test(test_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
