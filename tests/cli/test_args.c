/* The words of a command line. */
#include "cli/args.h"
#include "support/check.h"

static const lt_option options[] = {
    {"prompt", 'p', "TEXT", NULL, "", true},
    {"steps", 'n', "N", NULL, "", false},
    {"seed", 0, "S", NULL, "", false},
    {"json", 'j', NULL, NULL, "", false},
};

/* Parses the words up to NULL. */
static bool parse(lt_args *out, lt_error *err, const char *const *words)
{
    int n = 0;
    while (words[n])
        n++;
    return lt_args_parse(options, 4, n, (char *const *)(uintptr_t)words, out, err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_forms(void **state)
{
    (void)state;
    lt_args a;
    CHECK_OK(parse(&a, err, WORDS("-p", "x", "-py", "--prompt", "z", "--prompt=w=1", "-n", "3")));
    assert_int_equal(a.given_count, 5);
    assert_string_equal(a.given[0].value, "x");
    assert_string_equal(a.given[1].value, "y");
    assert_string_equal(a.given[2].value, "z");
    assert_string_equal(a.given[3].value, "w=1");
    assert_string_equal(lt_args_value(&a, "steps"), "3");
    assert_string_equal(lt_args_value(&a, "prompt"), "x");
    assert_false(lt_args_has(&a, "json"));
    assert_null(lt_args_value(&a, "seed"));
    lt_args_done(&a);
}

static void test_operands(void **state)
{
    (void)state;
    lt_args a;
    CHECK_OK(parse(&a, err, WORDS("one", "-j", "-", "-5", "--", "--json", "-p")));
    assert_true(lt_args_has(&a, "json"));
    assert_int_equal(a.given_count, 1);
    assert_int_equal(a.operand_count, 5);
    assert_string_equal(a.operands[1], "-");
    assert_string_equal(a.operands[2], "-5");
    assert_string_equal(a.operands[3], "--json");
    assert_string_equal(a.operands[4], "-p");
    lt_args_done(&a);
}

static void test_values_that_look_like_options(void **state)
{
    (void)state;
    lt_args a;
    CHECK_OK(parse(&a, err, WORDS("--seed", "-1", "--steps", "-.5", "--prompt=--json", "-p", "-")));
    assert_string_equal(lt_args_value(&a, "seed"), "-1");
    assert_string_equal(lt_args_value(&a, "steps"), "-.5");
    assert_string_equal(a.given[2].value, "--json");
    assert_string_equal(a.given[3].value, "-");
    lt_args_done(&a);
    CHECK_OK(parse(&a, err, WORDS("--prompt=")));
    assert_string_equal(lt_args_value(&a, "prompt"), "");
    lt_args_done(&a);
}

/* Must fail with this part of the message, and this hint if there is one. */
static void refused(const char *const *words, const char *part, const char *hint)
{
    lt_args a;
    lt_error err = {0};
    assert_false(parse(&a, &err, words));
    lt_args_done(&a);
    assert_int_equal(err.code, LT_ERR_ARGUMENT);
    if (!strstr(err.message, part))
        fail_msg("'%s' has no '%s'", err.message, part);
    if (hint)
        assert_string_equal(err.hint, hint);
}

static void test_refused(void **state)
{
    (void)state;
    refused(WORDS("--prmopt", "x"), "unknown option '--prmopt'", "--prompt");
    refused(WORDS("--prom"), "unknown option '--prom'", "--prompt");
    refused(WORDS("--stesp=4"), "unknown option '--stesp'", "--steps");
    refused(WORDS("--zzzzzzzz"), "unknown option '--zzzzzzzz'", "");
    refused(WORDS("-z"), "unknown option '-z'", NULL);
    refused(WORDS("-p"), "--prompt needs a value: TEXT", NULL);
    refused(WORDS("-p", "--seed", "3"), "--prompt needs a value", "--prompt=--seed");
    refused(WORDS("--seed", "1", "--seed=2"), "--seed is given twice", NULL);
    refused(WORDS("--json=yes"), "--json takes no value, found 'yes'", NULL);
    refused(WORDS("-jx"), "--json takes no value", NULL);
    refused(WORDS("--=x"), "unknown option '--'", NULL);
    refused(WORDS("--\x1b[31m"), "unknown option '--\\u{1B}[31m'", NULL);
}

static void test_a_very_long_name(void **state)
{
    (void)state;
    char word[5000];
    memset(word, '-', 2);
    memset(word + 2, 'p', sizeof word - 3);
    word[sizeof word - 1] = '\0';
    refused(WORDS(word), "unknown option", "");
}

static void test_whole(void **state)
{
    (void)state;
    long long x;
    assert_true(lt_args_whole("-12", -12, 5, &x));
    assert_int_equal(x, -12);
    assert_false(lt_args_whole("-13", -12, 5, &x));
    assert_false(lt_args_whole("", 0, 5, &x));
    assert_false(lt_args_whole("3 ", 0, 5, &x));
    assert_false(lt_args_whole("+3", 0, 5, &x));
    assert_false(lt_args_whole("99999999999999999999", 0, INT64_MAX, &x));
}

static void test_wholes(void **state)
{
    (void)state;
    static const lt_args_list kind = {"shape", 1, 100, 3};
    long long x[3];
    int n = 0;
    CHECK_OK(lt_args_wholes(&kind, "4,100,7", x, &n, err));
    assert_int_equal(n, 3);
    assert_int_equal(x[0], 4);
    assert_int_equal(x[2], 7);
    const char *bad[] = {"", "4,", ",4", "4,,4", "0", "101", "1,2,3,4", "1 ,2", "1x2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_FAILS(lt_args_wholes(&kind, bad[i], x, &n, err), LT_ERR_ARGUMENT, "--shape is");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_operands),
        cmocka_unit_test(test_values_that_look_like_options),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_a_very_long_name),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_wholes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
