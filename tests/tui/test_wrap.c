/* Text into a width: cut, filled up, wrapped. */
#include "tui/wrap.h"

#include "base/text.h"
#include "support/check.h"
#include "tui/cells.h"
#include "tui/edit_check.h"

static void fits(const char *s, int width, bool utf8, const char *want)
{
    lt_buf b = {0};
    int cells = lt_wrap_fit(&b, s, strlen(s), width, utf8);
    assert_string_equal(b.data ? b.data : "", want);
    assert_int_equal(cells, lt_cells_width(want, strlen(want)));
    lt_buf_done(&b);
}

static void test_fit(void **state)
{
    (void)state;
    fits("a red fox", 9, true, "a red fox");
    fits("a red fox", 8, true, "a red f\u2026");
    fits("a red fox", 8, false, "a red...");
    fits("a red fox", 2, false, "..");
    fits("a red fox", 1, true, "\u2026");
    fits("a red fox", 0, true, "");
    fits("a red fox", -5, false, "");
    fits("", 5, true, "");
    fits("\u732B\u732B\u732B", 6, true, "\u732B\u732B\u732B");
    fits("\u732B\u732B\u732B", 5, true, "\u732B\u732B\u2026");
    fits("\u732B\u732B\u732B", 4, true, "\u732B\u2026"); /* no half of a wide one */
    fits("\u732B\u732B", 4, false, "????");
    fits("a\nb\x1B[2J", 80, true, "a\\nb\\u{1B}[2J");
    fits("a\xFF", 80, true, "a\\xFF");
}

static void ends(const char *s, int width, bool utf8, const char *want)
{
    lt_buf b = {0};
    int cells = lt_wrap_fit_end(&b, s, strlen(s), width, utf8);
    assert_string_equal(b.data ? b.data : "", want);
    assert_int_equal(cells, lt_cells_width(want, strlen(want)));
    lt_buf_done(&b);
}

static void test_fit_end(void **state)
{
    (void)state;
    ends("/pictures/fox.png", 17, true, "/pictures/fox.png");
    ends("/pictures/fox.png", 9, true, "\u2026/fox.png");
    ends("/pictures/fox.png", 9, false, "...ox.png");
    ends("\u732B\u732B\u732B", 4, true, "\u2026\u732B");
    ends("abc", 0, true, "");
    ends("abc", 2, false, "..");
    ends("", 4, true, "");
}

static void test_pad(void **state)
{
    (void)state;
    lt_buf b = {0};
    lt_wrap_pad(&b, "fox", 3, 5, true);
    lt_buf_char(&b, '|');
    lt_wrap_pad(&b, "\u732B\u732B", 6, 4, true);
    lt_buf_char(&b, '|');
    lt_wrap_pad(&b, "\u732B\u732B", 6, 2, true);
    lt_buf_char(&b, '|');
    lt_wrap_pad(&b, "", 0, 2, true);
    assert_string_equal(b.data, "fox  |\u732B\u732B|\u2026 |  ");
    lt_buf_done(&b);
}

static void wraps(const char *s, int width, const char *want)
{
    lt_buf b = {0};
    int lines = lt_wrap_text(&b, s, strlen(s), width, true), found = 0;
    assert_string_equal(b.data ? b.data : "", want);
    for (const char *p = want; *p; p++)
        found += *p == '\n';
    assert_int_equal(lines, found);
    lt_buf_done(&b);
}

static void test_wrap(void **state)
{
    (void)state;
    wraps("", 10, "");
    wraps("a red fox", 20, "a red fox\n");
    wraps("a red fox in the snow", 10, "a red fox\nin the\nsnow\n");
    wraps("a red fox   in", 9, "a red fox\nin\n");
    wraps("a red fox   in", 10, "a red fox\nin\n"); /* blanks around a break are left out */
    wraps("abcdefghij", 4, "abcd\nefgh\nij\n");
    wraps("ab cdefghij", 4, "ab\ncdef\nghij\n");
    wraps("one\n\ntwo\n", 10, "one\n\ntwo\n");
    wraps("  indented text", 10, "  indented\ntext\n");
    wraps("     longword", 6, "longwo\nrd\n");
    wraps("\u732B\u732B\u732B", 5, "\u732B\u732B\n\u732B\n");
    wraps("\u732B", 0, "\u732B\n");
    wraps("a\tb\x07", 20, "a\\tb\\u{7}\n");
    wraps("trailing   ", 8, "trailing\n");
}

/* Whatever the text: lines fit, are valid, and hold nothing that moves the cursor. */
static void check_lines(const lt_buf *b, int width)
{
    for (char *p = b->data, *end; p && *p; p = end + 1) {
        end = strchr(p, '\n');
        assert_non_null(end);
        if (lt_cells_width(p, (size_t)(end - p)) > width)
            fail_msg("'%.*s' is wider than %d", (int)(end - p), p, width);
        for (char *c = p; c < end;) {
            int32_t point;
            c += lt_text_next(c, (size_t)(end - c), &point);
            assert_true(point >= 0 && !lt_text_hostile(point));
        }
    }
}

static void test_torture(void **state)
{
    (void)state;
    for (size_t i = 0; i < edit_torture_count; i++) {
        char text[256] = "a ";
        for (size_t k = 0; k < 4; k++)
            strcat(strcat(text, edit_torture[(i + k * 5) % edit_torture_count]), k % 2 ? " b" : "");
        for (int width = 2; width < 30; width++) {
            lt_buf b = {0};
            lt_wrap_text(&b, text, strlen(text), width, true);
            check_lines(&b, width);
            lt_buf_clear(&b);
            lt_wrap_fit(&b, text, strlen(text), width, true);
            lt_buf_char(&b, '\n');
            lt_wrap_fit_end(&b, text, strlen(text), width, true);
            lt_buf_char(&b, '\n');
            check_lines(&b, width);
            lt_buf_done(&b);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit),  cmocka_unit_test(test_fit_end), cmocka_unit_test(test_pad),
        cmocka_unit_test(test_wrap), cmocka_unit_test(test_torture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
