/* Checking and escaping text that comes from outside. */
#include "base/text.h"

#include "support/check.h"

static void escapes_to(const char *s, size_t n, const char *want)
{
    char to[256];
    size_t len = lt_text_escape(to, sizeof to, s, n);
    assert_string_equal(to, want);
    assert_int_equal(len, strlen(want));
}

static void test_printable_stays(void **state)
{
    (void)state;
    escapes_to("", 0, "");
    escapes_to("a red fox \\n 100%", 17, "a red fox \\n 100%");
    escapes_to("\xC3\xA9\xE7\x8B\x90\xF0\x9F\xA6\x8A", 9, "\xC3\xA9\xE7\x8B\x90\xF0\x9F\xA6\x8A");
    /* woman, joiner, fire engine: one picture on the screen */
    const char *emoji = "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x92";
    escapes_to(emoji, strlen(emoji), emoji);
}

static void test_control_characters(void **state)
{
    (void)state;
    escapes_to("a\nb\tc", 5, "a\\nb\\tc");
    escapes_to("\x1B[2J", 4, "\\u{1B}[2J");
    escapes_to("\0\r\x7F", 3, "\\u{0}\\u{D}\\u{7F}");
    escapes_to("\xC2\x9B"
               "31m",
               5, "\\u{9B}31m"); /* a control sequence as one character */
}

static void test_marks_that_reorder_or_hide(void **state)
{
    (void)state;
    escapes_to("\xE2\x80\xAEgnp.exe", 10, "\\u{202E}gnp.exe"); /* right-to-left override */
    escapes_to("\xE2\x81\xA6", 3, "\\u{2066}");                /* isolate */
    escapes_to("\xE2\x80\xA8\xE2\x80\xA9", 6, "\\u{2028}\\u{2029}");
    escapes_to("\xEF\xBB\xBF\xE2\x80\x8B", 6, "\\u{FEFF}\\u{200B}"); /* no width at all */
    escapes_to("\xEE\x80\x80", 3, "\\u{E000}");                      /* private use */
    escapes_to("\xF4\x8F\xBF\xBD", 4, "\\u{10FFFD}");
}

static void test_invalid_utf8(void **state)
{
    (void)state;
    escapes_to("a\xFF"
               "b",
               3, "a\\xFFb");
    escapes_to("\x80", 1, "\\x80");
    escapes_to("\xE2\x82", 2, "\\xE2\\x82");                   /* cut short */
    escapes_to("\xC0\xAF", 2, "\\xC0\\xAF");                   /* overlong '/' */
    escapes_to("\xED\xA0\x80", 3, "\\xED\\xA0\\x80");          /* surrogate */
    escapes_to("\xF4\x90\x80\x80", 4, "\\xF4\\x90\\x80\\x80"); /* above U+10FFFF */
}

static void test_text_that_does_not_fit(void **state)
{
    (void)state;
    char to[8];
    assert_int_equal(lt_text_escape(to, sizeof to, "1234567", 7), 7); /* exactly */
    assert_string_equal(to, "1234567");
    assert_int_equal(lt_text_escape(to, sizeof to, "12345678", 8), 7);
    assert_string_equal(to, "1234...");
    /* the third letter starts at 4 and would end at 6: no half letter, no half escape */
    lt_text_escape(to, sizeof to, "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 8);
    assert_string_equal(to, "\xC3\xA9\xC3\xA9...");
    lt_text_escape(to, sizeof to, "ab\x1B\x1B", 4);
    assert_string_equal(to, "ab...");
}

/* At every size: terminated, within the size, valid, and a prefix or a prefix and dots. */
static void test_every_size(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xA9\xE7\x8B\x90\n\x1B\xFF\xF0\x9F\xA6\x8A end";
    char full[128], to[130];
    size_t whole = lt_text_escape(full, sizeof full, text, sizeof text - 1);
    for (size_t size = 1; size <= whole + 1; size++) {
        memset(to, 'x', sizeof to);
        size_t len = lt_text_escape(to, size, text, sizeof text - 1);
        assert_true(len < size);
        assert_int_equal(strlen(to), len);
        assert_int_equal(to[size], 'x');
        assert_true(lt_text_valid(to, len, NULL));
        if (size == whole + 1)
            assert_string_equal(to, full);
        else if (size > 3)
            assert_string_equal(to + len - 3, "...");
        size_t dots = size == whole + 1 ? 0 : size > 3 ? 3 : len;
        assert_memory_equal(to, full, len - dots);
    }
    to[0] = 'x';
    assert_int_equal(lt_text_escape(to, 0, text, sizeof text - 1), 0);
    assert_int_equal(to[0], 'x');
}

static void is_bad(const char *s, size_t n, size_t at)
{
    size_t bad = 99;
    assert_false(lt_text_valid(s, n, &bad));
    assert_int_equal(bad, at);
    assert_false(lt_text_valid(s, n, NULL));
}

static void test_valid(void **state)
{
    (void)state;
    size_t bad = 99;
    assert_true(lt_text_valid("", 0, &bad));
    assert_true(lt_text_valid("a\0b", 3, &bad));
    assert_true(lt_text_valid("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBD", 11, &bad));
    assert_true(lt_text_valid("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 8, &bad));
    assert_int_equal(bad, 99);
    is_bad("ab\x80", 3, 2);
    is_bad("\xC3\xA9\xC3", 3, 2); /* the end cuts a letter */
    is_bad("\xC0\x80", 2, 0);
    is_bad("\xE0\x80\xAF", 3, 0);
    is_bad("\xED\xBF\xBF", 3, 0);
    is_bad("\xF4\x90\x80\x80", 4, 0);
    is_bad("\xF8\x88\x80\x80\x80", 5, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printable_stays),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_marks_that_reorder_or_hide),
        cmocka_unit_test(test_invalid_utf8),
        cmocka_unit_test(test_text_that_does_not_fit),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
