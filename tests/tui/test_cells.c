/* Clusters, their cells, and what is drawn for them. */
#define _XOPEN_SOURCE 700
#include "tui/cells.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>
#include <wchar.h>

#include "base/text.h"
#include "support/check.h"
#include "tui/edit_check.h"

static void shows(const char *s, const char *want, int want_cells)
{
    char to[LT_CELLS_SHOWN];
    int cells;
    size_t n = lt_cells_next(s, strlen(s), &cells);
    assert_int_equal(n, strlen(s));
    assert_int_equal(cells, want_cells);
    assert_int_equal(lt_cells_shown(s, n, true, to), strlen(want));
    assert_string_equal(to, want);
}

static void test_shown(void **state)
{
    (void)state;
    shows("a", "a", 1);
    shows("\xC3\xA9", "\xC3\xA9", 1);
    shows("e\xCC\x81", "e\xCC\x81", 1);
    shows("\xE7\x8C\xAB", "\xE7\x8C\xAB", 2);
    shows("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x92", "\xF0\x9F\x91\xA9", 2);
    shows("\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD", "\xF0\x9F\x91\x8D",
          2); /* skin: a second emoji to some */
    shows("\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7", "\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7", 2);
    shows("\xE2\x9D\xA4\xEF\xB8\x8F", "\xE2\x9D\xA4", 1);
    shows("\xCC\x81", "\xE2\x97\x8C\xCC\x81", 1);
    shows("\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8", "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8",
          2); /* jamo */
    shows("\xE0\xA4\xA8\xE0\xA4\xBF", "\xE0\xA4\xA8\xE0\xA4\xBF",
          2); /* a vowel beside its letter */
    shows("\n", "\xE2\x86\xB5", 1);
    shows("\xE2\x80\xAE", "\xEF\xBF\xBD", 1); /* right-to-left override */
    shows("\xEE\x80\x80", "\xEF\xBF\xBD", 1); /* private use */
    shows("\xE1\x85\xA1", "\xEF\xBF\xBD", 1); /* a vowel without its letter */
    shows("a\xE2\x80\x8C", "a", 1);
    /* as many marks as a cell of ncurses holds */
    shows("a\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81", "a\xCC\x81\xCC\x81\xCC\x81\xCC\x81",
          1);
}

static void test_ascii(void **state)
{
    (void)state;
    char to[LT_CELLS_SHOWN];
    lt_cells_shown("a", 1, false, to);
    assert_string_equal(to, "a");
    lt_cells_shown("e\xCC\x81", 3, false, to);
    assert_string_equal(to, "e");
    lt_cells_shown("\xE7\x8C\xAB", 3, false, to);
    assert_string_equal(to, "??");
    lt_cells_shown("\n", 1, false, to);
    assert_string_equal(to, "~");
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(lt_cells_width("", 0), 0);
    assert_int_equal(lt_cells_width("a red fox", 9), 9);
    assert_int_equal(lt_cells_width("\xE7\x8C\xAB!\xE7\x8C\xAB", 7), 5);
    /* four indicators are two flags */
    assert_int_equal(
        lt_cells_width("\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7", 16), 4);
}

/* Cells as a terminal adds them up, by the C library. */
static int drawn_in(const char *s, size_t n)
{
    int sum = 0;
    for (size_t i = 0, used; i < n; i += used) {
        int32_t point;
        used = lt_text_next(s + i, n - i, &point);
        assert_true(point >= 0 && !lt_text_hostile(point));
        int width = wcwidth((wchar_t)point); /* -1: newer than the C library */
        sum += width >= 0 ? width : utf8proc_charwidth(point);
    }
    return sum;
}

/* False if what is shown of a character is not as wide as it says. */
static bool check_point(int32_t point)
{
    char s[8], to[LT_CELLS_SHOWN];
    int cells;
    utf8proc_ssize_t n = utf8proc_encode_char(point, (utf8proc_uint8_t *)s);
    assert_int_equal(lt_cells_next(s, (size_t)n, &cells), n);
    size_t len = lt_cells_shown(s, (size_t)n, false, to);
    assert_int_equal(len, cells);
    for (size_t i = 0; i < len; i++)
        assert_in_range(to[i], 0x20, 0x7E);
    len = lt_cells_shown(s, (size_t)n, true, to);
    return drawn_in(to, len) == cells;
}

static void test_every_character(void **state)
{
    (void)state;
    int differ = 0;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    for (int32_t point = 0; point <= 0x10FFFF; point++)
        if (point < 0xD800 || point > 0xDFFF)
            differ += !check_point(point);
    assert_in_range(differ, 0, 200); /* 72 with glibc 2.36: hexagrams and numbers in squares */
}

static void test_torture(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    for (size_t a = 0; a < edit_torture_count; a++)
        for (size_t b = 0; b < edit_torture_count; b++) {
            char s[160], to[LT_CELLS_SHOWN];
            size_t n = (size_t)snprintf(s, sizeof s, "%s%s%s", edit_torture[a], edit_torture[b],
                                        edit_torture[a]);
            size_t count, *borders = edit_borders(s, n, &count), i = 0;
            if (!borders)
                continue;
            for (size_t k = 0; k < count; k++) {
                int cells;
                assert_int_equal(i, borders[k]);
                size_t used = lt_cells_next(s + i, n - i, &cells);
                size_t len = lt_cells_shown(s + i, used, true, to);
                assert_int_equal(drawn_in(to, len), cells);
                i += used;
            }
            assert_int_equal(i, n);
            free(borders);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown),   cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_width),   cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_torture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
