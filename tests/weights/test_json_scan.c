/* test_json_scan.c - the strict scanner, token by token. */
#include "weights/json_scan.h"

#include "support/check.h"

static lt_json_scan scan_of(const char *text, char *room)
{
    return (lt_json_scan){.start = text, .at = text, .end = text + strlen(text), .text = room};
}

static void test_tokens(void **state)
{
    (void)state;
    char room[64];
    const char *key;
    uint64_t n;
    lt_json_scan s = scan_of(" { \"a\" :\t[ 0 ,\n18446744073709551615 ] } ", room);
    assert_true(lt_json_scan_char(&s, '{'));
    assert_true(lt_json_scan_string(&s, &key));
    assert_string_equal(key, "a");
    assert_true(lt_json_scan_char(&s, ':') && lt_json_scan_char(&s, '['));
    assert_true(lt_json_scan_uint(&s, &n));
    assert_true(n == 0);
    assert_false(lt_json_scan_maybe(&s, ']'));
    assert_true(lt_json_scan_maybe(&s, ','));
    assert_true(lt_json_scan_uint(&s, &n));
    assert_true(n == UINT64_MAX);
    assert_true(lt_json_scan_char(&s, ']') && lt_json_scan_char(&s, '}') && lt_json_scan_end(&s));
}

static void test_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"\"\"", ""},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"", "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"\"\xC3\xA9\"", "\xC3\xA9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char room[64];
        const char *out;
        lt_json_scan s = scan_of(cases[i].in, room);
        assert_true(lt_json_scan_string(&s, &out));
        assert_string_equal(out, cases[i].out);
        assert_true(lt_json_scan_end(&s));
        /* the promise on which the caller's allocation rests */
        assert_true((size_t)(s.text - room) < strlen(cases[i].in));
    }
}

static void test_bad_strings(void **state)
{
    (void)state;
    static const struct {
        const char *in, *problem;
    } cases[] = {
        {"a", "expected a string"},
        {"\"abc", "a string does not end"},
        {"\"abc\\", "a string does not end"},
        {"\"a\nb\"", "a control character in a string"},
        {"\"\\x41\"", "an unknown escape in a string"},
        {"\"\\u12\"", "a \\u escape is cut off"},
        {"\"\\u12g4\"", "a \\u escape needs four hexadecimal digits"},
        {"\"\\u0000\"", "a string contains a NUL character"},
        {"\"\\ud83d\"", "a \\u escape is half a surrogate pair"},
        {"\"\\ud83d\\u0041\"", "a \\u escape is half a surrogate pair"},
        {"\"\\ude00\"", "a \\u escape is half a surrogate pair"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char room[64];
        const char *out;
        lt_json_scan s = scan_of(cases[i].in, room);
        assert_false(lt_json_scan_string(&s, &out));
        assert_string_equal(s.problem, cases[i].problem);
    }
}

static void test_bad_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *in, *problem;
    } cases[] = {
        {"-1", "a negative number"},
        {"", "expected a non-negative integer"},
        {"x", "expected a non-negative integer"},
        {"\"1\"", "expected a non-negative integer"},
        {"01", "a number with a leading zero"},
        {"2.0", "a number that is not an integer"},
        {"2e3", "a number that is not an integer"},
        {"18446744073709551616", "a number that does not fit 64 bits"},
        {"99999999999999999999999", "a number that does not fit 64 bits"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t n;
        lt_json_scan s = scan_of(cases[i].in, NULL);
        assert_false(lt_json_scan_uint(&s, &n));
        assert_string_equal(s.problem, cases[i].problem);
    }
}

static void test_wrong_token(void **state)
{
    (void)state;
    lt_json_scan s = scan_of(" x", NULL);
    assert_false(lt_json_scan_char(&s, ':'));
    assert_string_equal(s.problem, "expected ':'");
    assert_int_equal(s.at - s.start, 1);
    assert_false(lt_json_scan_end(&s));
    assert_string_equal(s.problem, "text after the object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),      cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_bad_strings), cmocka_unit_test(test_bad_numbers),
        cmocka_unit_test(test_wrong_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
