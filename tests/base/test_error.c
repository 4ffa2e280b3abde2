/* Errors: what a message holds, and what it never holds. */
#include "base/error.h"

#include "base/text.h"
#include "support/check.h"

static void test_fail(void **state)
{
    (void)state;
    lt_error err = {0};
    assert_false(lt_fail(&err, LT_ERR_IO, "try --this", "cannot open '%s': %d", "a.txt", 7));
    assert_int_equal(err.code, LT_ERR_IO);
    assert_string_equal(err.message, "cannot open 'a.txt': 7");
    assert_string_equal(err.hint, "try --this");
    assert_false(lt_fail(&err, LT_ERR_FORMAT, NULL, "second"));
    assert_int_equal(err.code, LT_ERR_FORMAT);
    assert_string_equal(err.message, "second");
    assert_string_equal(err.hint, "");
}

static void test_context(void **state)
{
    (void)state;
    lt_error err = {0};
    lt_fail(&err, LT_ERR_MODEL, "a hint", "'conv_in.weight' is missing");
    assert_false(lt_fail_in(&err, "cannot load '%s'", "unet"));
    assert_false(lt_fail_in(&err, "model %d", 1));
    assert_string_equal(err.message, "model 1: cannot load 'unet': 'conv_in.weight' is missing");
    assert_string_equal(err.hint, "a hint");
    assert_int_equal(err.code, LT_ERR_MODEL);
}

static void test_context_that_quotes_the_message(void **state)
{
    (void)state;
    lt_error err = {0};
    lt_fail(&err, LT_ERR_IO, NULL, "inner");
    lt_fail_in(&err, "about %s", err.message);
    assert_string_equal(err.message, "about inner: inner");
    lt_fail(&err, LT_ERR_IO, err.message, "%s, again", err.message);
    assert_string_equal(err.message, "about inner: inner, again");
}

static void test_hint(void **state)
{
    (void)state;
    lt_error err = {0};
    lt_fail(&err, LT_ERR_MEMORY, "old", "message");
    assert_false(lt_fail_hint(&err, "--size %d", 256));
    assert_string_equal(err.hint, "--size 256");
    assert_string_equal(err.message, "message");
}

static void test_outside_bytes_are_escaped(void **state)
{
    (void)state;
    lt_error err = {0};
    lt_fail(&err, LT_ERR_IO, "rm '\x1B[2J'", "cannot open '%s'", "a\nb\x1B]0;x\x07\xFF");
    assert_string_equal(err.message, "cannot open 'a\\nb\\u{1B}]0;x\\u{7}\\xFF'");
    assert_string_equal(err.hint, "rm '\\u{1B}[2J'");
    lt_fail_in(&err, "in '%s'", "\r");
    lt_fail_hint(&err, "%s", "\xE2\x80\xAE");
    assert_string_equal(err.message, "in '\\u{D}': cannot open 'a\\nb\\u{1B}]0;x\\u{7}\\xFF'");
    assert_string_equal(err.hint, "\\u{202E}");
}

static void ends_in_dots(const char *s, size_t size)
{
    size_t len = strlen(s);
    assert_true(len < size && len + 8 > size);
    assert_string_equal(s + len - 3, "...");
    assert_true(lt_text_valid(s, len, NULL));
    assert_null(strstr(s, "\\x")); /* no letter cut in two, and then escaped */
}

/* Names of any length and alignment: a message is valid UTF-8 and says that it was cut. */
static void test_long_messages(void **state)
{
    (void)state;
    char name[4000];
    for (size_t i = 0; i + 3 < sizeof name; i += 3)
        memcpy(name + i, "\xE7\x8B\x90", 4);
    for (int shift = 0; shift < 4; shift++) {
        lt_error err = {0};
        lt_fail(&err, LT_ERR_IO, name + 3 * 600, "%.*s%s", shift, "abc", name);
        ends_in_dots(err.message, sizeof err.message);
        ends_in_dots(err.hint, sizeof err.hint);
        lt_fail_hint(&err, "%.*s%s", shift, "abc", name);
        ends_in_dots(err.hint, sizeof err.hint);
        lt_fail_in(&err, "%.*s", shift, "abc");
        ends_in_dots(err.message, sizeof err.message);
    }
    /* 1023 bytes are the most that a message holds; one more is a cut message */
    lt_error err = {0};
    memset(name, 'a', sizeof name);
    lt_fail(&err, LT_ERR_IO, NULL, "%.*s", 1023, name);
    assert_int_equal(strlen(err.message), 1023);
    assert_null(strchr(err.message, '.'));
    lt_fail(&err, LT_ERR_IO, NULL, "%.*s", 1024, name);
    ends_in_dots(err.message, sizeof err.message);
}

/* A long context leaves room for the message that it is about. */
static void test_long_context(void **state)
{
    (void)state;
    char name[4000];
    for (size_t i = 0; i + 3 < sizeof name; i += 3)
        memcpy(name + i, "\xE7\x8B\x90", 4);
    for (int shift = 0; shift < 4; shift++) {
        lt_error err = {0};
        lt_fail(&err, LT_ERR_IO, NULL, "the cause");
        lt_fail_in(&err, "%.*s%s", shift, "abc", name);
        assert_true(lt_text_valid(err.message, strlen(err.message), NULL));
        assert_non_null(strstr(err.message, "...: the cause"));
        assert_null(strstr(err.message, "\\x"));
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const want[] = {"none",   "io",    "format",   "model",    "memory",
                                       "device", "range", "argument", "cancelled"};
    for (int code = LT_ERR_NONE; code <= LT_ERR_CANCELLED; code++)
        assert_string_equal(lt_error_name((lt_error_code)code), want[code]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fail),
        cmocka_unit_test(test_context),
        cmocka_unit_test(test_context_that_quotes_the_message),
        cmocka_unit_test(test_hint),
        cmocka_unit_test(test_outside_bytes_are_escaped),
        cmocka_unit_test(test_long_messages),
        cmocka_unit_test(test_long_context),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
