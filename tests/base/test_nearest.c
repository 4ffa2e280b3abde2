/* Which name was meant. */
#include "base/nearest.h"

#include "support/check.h"

static const char *name_at(const void *context, int i)
{
    return ((const char *const *)context)[i];
}

static void nearest(const char *wrong, const char *want)
{
    static const char *const names[] = {
        "steps", "scheduler", "seed", "a name that is longer than any that someone would ever type",
        NULL};
    const char *found = lt_nearest(wrong, name_at, names);
    if (want)
        assert_string_equal(found, want);
    else
        assert_null(found);
}

static void test_nearest(void **state)
{
    (void)state;
    nearest("step", "steps");
    nearest("stesp", "steps");
    nearest("sched", "scheduler"); /* its beginning */
    nearest("seeds", "seed");
    nearest("xyz", NULL);
    nearest("", NULL);
    nearest("seed and much more, so much that nobody can have meant any of these names", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nearest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
