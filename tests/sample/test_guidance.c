/* Guidance against torch: no tolerance, the operations are the same. */
#include "sample/guidance.h"

#include <stdlib.h>

#include "sample/fixture.h"
#include "support/check.h"

enum { N = 32 };

static void check(const fixture *f, double scale, const char *name)
{
    float *u = fixture_floats(f, N, "guidance.uncond"), *c = fixture_floats(f, N, "guidance.cond");
    float *want = fixture_floats(f, N, "guidance.%s", name), got[N];
    lt_guidance_apply(u, c, scale, N, got);
    assert_memory_equal(got, want, sizeof got);
    lt_guidance_apply(u, c, scale, N, u); /* in place */
    assert_memory_equal(u, want, sizeof got);
    free(u);
    u = fixture_floats(f, N, "guidance.uncond");
    lt_guidance_apply(u, c, scale, N, c);
    assert_memory_equal(c, want, sizeof got);
    free(u);
    free(c);
    free(want);
}

static void test_torch(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    check(&f, 7.5, "7.5");
    check(&f, 1.1, "1.1");
    fixture_close(&f);
}

static void test_ends(void **state)
{
    (void)state;
    const float u[2] = {1, -2}, c[2] = {3, 0.5f};
    float out[2];
    lt_guidance_apply(u, c, 0, 2, out);
    assert_memory_equal(out, u, sizeof out);
    lt_guidance_apply(u, c, 1, 2, out);
    assert_memory_equal(out, c, sizeof out);
    lt_guidance_apply(u, c, 2, 1, out);
    assert_true(out[0] == 5 && out[1] == 0.5f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_torch), cmocka_unit_test(test_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
