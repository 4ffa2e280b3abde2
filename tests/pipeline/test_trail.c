/* Fingerprints of pictures, frame by frame, and what a file says of them. */
#include "pipeline/trail.h"

#include "base/hash.h"
#include "support/check.h"

static void test_frames(void **state)
{
    (void)state;
    const float first[] = {1, 2, 3, 4, 5, 6}, second[] = {1, 2, 3, 7, 8, 9};
    lt_trail t = {0}, copy = {0};
    lt_trail_add(&t, first, 2, 3);
    lt_trail_add(&t, second, 2, 3);
    assert_int_equal(t.frames, 2);
    assert_true(lt_trail_at(&t, 0, 0) == lt_hash_floats(first, 3));
    assert_true(lt_trail_at(&t, 0, 1) == lt_hash_floats(first + 3, 3));
    assert_true(lt_trail_at(&t, 1, 0) == lt_trail_at(&t, 0, 0)); /* of each picture alone */
    assert_true(lt_trail_at(&t, 1, 1) == lt_hash_floats(second + 3, 3));
    lt_trail_copy(&copy, &t, 2);
    lt_trail_copy(&copy, &t, 1);
    assert_int_equal(copy.frames, 1);
    assert_true(lt_trail_at(&copy, 0, 1) == lt_trail_at(&t, 0, 1));
    lt_trail_add(&copy, second, 2, 3);
    assert_true(lt_trail_at(&copy, 1, 1) == lt_trail_at(&t, 1, 1));
    lt_trail_done(&copy);
    lt_trail_done(&t);
    lt_trail_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_frames)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
