/* The text chunk `parameters`. */
#include "pipeline/a1111.h"
#include "support/check.h"

static const char *field(const lt_a1111 *a, const char *key)
{
    for (int i = 0; i < a->count; i++)
        if (strcmp(a->fields[i].key, key) == 0)
            return a->fields[i].value;
    return NULL;
}

static void test_usual(void **state)
{
    (void)state;
    lt_a1111 a;
    assert_true(lt_a1111_parse("a cat,\non a mat\nNegative prompt: dogs, (bad:1.2)\nSteps: 20, "
                               "Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, "
                               "Lora hashes: \"a: 1, b: \\\"2\\\"\", Version: v1.6",
                               &a));
    assert_string_equal(a.prompt, "a cat,\non a mat");
    assert_string_equal(a.negative, "dogs, (bad:1.2)");
    assert_int_equal(a.count, 7);
    assert_string_equal(field(&a, "Sampler"), "Euler a");
    assert_string_equal(field(&a, "Lora hashes"), "a: 1, b: \"2\"");
    assert_string_equal(field(&a, "Version"), "v1.6");
    lt_a1111_done(&a);
}

static void test_odd(void **state)
{
    (void)state;
    lt_a1111 a;
    assert_false(lt_a1111_parse("only a prompt", &a));
    assert_string_equal(a.prompt, "only a prompt");
    lt_a1111_done(&a);
    assert_false(lt_a1111_parse("", &a));
    assert_string_equal(a.prompt, "");
    lt_a1111_done(&a);
    assert_true(lt_a1111_parse("Steps: 3", &a));
    assert_string_equal(a.prompt, "");
    assert_string_equal(field(&a, "Steps"), "3");
    lt_a1111_done(&a);
    assert_true(lt_a1111_parse("Steps: up\nSteps: 3, \"", &a)); /* the last line counts */
    assert_string_equal(a.prompt, "Steps: up");
    lt_a1111_done(&a);
    assert_true(lt_a1111_parse("x\nSteps: \"never closed, Seed: 3\\", &a));
    assert_int_equal(a.count, 1);
    lt_a1111_done(&a);
}

static void test_flags(void **state)
{
    (void)state;
    assert_string_equal(lt_a1111_flag("CFG scale"), "--guidance-scale");
    assert_null(lt_a1111_flag("Clip skip"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual),
        cmocka_unit_test(test_odd),
        cmocka_unit_test(test_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
