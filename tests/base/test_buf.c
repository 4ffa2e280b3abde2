/* Growable bytes. */
#include "base/buf.h"

#include "support/check.h"

static void test_empty(void **state)
{
    (void)state;
    lt_buf b = {0};
    lt_buf_clear(&b);
    lt_buf_done(&b);
    assert_null(b.data);
    lt_buf_str(&b, "");
    assert_string_equal(b.data, ""); /* a string once appended to */
    assert_int_equal(b.len, 0);
    lt_buf_done(&b);
    assert_null(b.data);
    assert_int_equal(b.cap, 0);
}

static void test_append(void **state)
{
    (void)state;
    lt_buf b = {0};
    lt_buf_str(&b, "ab");
    lt_buf_char(&b, 'c');
    lt_buf_add(&b, "d\0e", 3);
    lt_buf_add(&b, NULL, 0);
    lt_buf_format(&b, "%s %.2f", "x", 1.5);
    assert_int_equal(b.len, 12);
    assert_memory_equal(b.data, "abcd\0ex 1.50", 13);
    lt_buf_clear(&b);
    assert_string_equal(b.data, "");
    lt_buf_str(&b, "again");
    assert_string_equal(b.data, "again");
    lt_buf_done(&b);
}

/* Every way to append, across every growth of the block. */
static void test_growth(void **state)
{
    (void)state;
    lt_buf b = {0};
    for (int i = 0; i < 1000; i++) {
        lt_buf_char(&b, (char)('a' + i % 26));
        lt_buf_format(&b, "%03d", i);
        assert_true(b.len < b.cap);
        assert_int_equal(b.data[b.len], '\0');
    }
    assert_int_equal(b.len, 4000);
    assert_memory_equal(b.data + 4 * 999, "l999", 5);
    static char block[70000];
    memset(block, 'z', sizeof block);
    lt_buf_add(&b, block, sizeof block);
    assert_int_equal(b.len, 74000);
    assert_int_equal(b.data[73999], 'z');
    assert_int_equal(b.data[74000], '\0');
    lt_buf_done(&b);
}

static void test_escape(void **state)
{
    (void)state;
    lt_buf b = {0};
    lt_buf_str(&b, "'");
    lt_buf_escape(&b, "a\n\xFF\xE2\x80\xAE", 6);
    lt_buf_escape(&b, "", 0);
    lt_buf_str(&b, "'");
    assert_string_equal(b.data, "'a\\n\\xFF\\u{202E}'");
    lt_buf_clear(&b);
    /* nothing is cut, whatever the length */
    for (int i = 0; i < 500; i++)
        lt_buf_escape(&b, "\x1B\xF4\x8F\xBF\xBD", 5);
    assert_int_equal(b.len, 500 * strlen("\\u{1B}\\u{10FFFD}"));
    assert_string_equal(b.data + b.len - 16, "\\u{1B}\\u{10FFFD}");
    lt_buf_done(&b);
}

static void test_json(void **state)
{
    (void)state;
    lt_buf b = {0};
    lt_buf_json(&b, "");
    lt_buf_json(&b, "a\"\\/\n\x1B\x7F\xC3\xA9");
    assert_string_equal(b.data, "\"\"\"a\\\"\\\\/\\u000a\\u001b\\u007f\xC3\xA9\"");
    lt_buf_done(&b);
}

static void test_json_shown(void **state)
{
    (void)state;
    lt_buf b = {0};
    lt_buf_str(&b, "");
    lt_buf_json_shown(&b, "");
    assert_string_equal(b.data, "");
    lt_buf_json_shown(&b, "{ \"a\": [ 1, \"\xC3\xA9\\n\xF0\x9F\xA6\x8A\" ] }");
    assert_string_equal(b.data, "{ \"a\": [ 1, \"\xC3\xA9\\n\xF0\x9F\xA6\x8A\" ] }");
    lt_buf_clear(&b);
    /* DEL, the C1 control CSI, an override of the direction, a language tag, a wrong byte */
    lt_buf_json_shown(&b, "\"\x7F\xC2\x9B\xE2\x80\xAE\xF3\xA0\x80\x81\xFF\"");
    assert_string_equal(b.data, "\"\\u007f\\u009b\\u202e\\udb40\\udc01\\ufffd\"");
    lt_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),  cmocka_unit_test(test_append),
        cmocka_unit_test(test_growth), cmocka_unit_test(test_escape),
        cmocka_unit_test(test_json),   cmocka_unit_test(test_json_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
