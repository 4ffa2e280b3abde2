/* Clusters, their cells, and what is drawn for them. */
#include "tui/cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

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
    shows("\n", "\xE2\x86\xB5", 1);
    shows("\xE2\x80\xAE", "\xEF\xBF\xBD", 1); /* right-to-left override */
    shows("\xEE\x80\x80", "\xEF\xBF\xBD", 1); /* private use */
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

/* What is shown of any character is as wide as it says, whichever way a terminal adds it up. */
static void check_point(int32_t point)
{
    char s[8], to[LT_CELLS_SHOWN];
    int cells, sum = 0;
    utf8proc_ssize_t n = utf8proc_encode_char(point, (utf8proc_uint8_t *)s);
    if (n <= 0)
        return;
    assert_int_equal(lt_cells_next(s, (size_t)n, &cells), n);
    for (int utf8 = 0; utf8 < 2; utf8++, sum = 0) {
        size_t len = lt_cells_shown(s, (size_t)n, utf8, to);
        for (size_t i = 0, used; i < len; i += used) {
            int32_t p;
            used = lt_text_next(to + i, len - i, &p);
            assert_true(p >= 0 && !lt_text_hostile(p));
            assert_true(utf8 || p < 0x7F);
            sum += utf8proc_charwidth(p);
        }
        if (sum != cells)
            fail_msg("U+%04X: %d cells, drawn in %d", (unsigned)point, cells, sum);
    }
}

static void test_every_character(void **state)
{
    (void)state;
    for (int32_t point = 0; point <= 0x10FFFF; point++)
        if (point < 0xD800 || point > 0xDFFF)
            check_point(point);
}

static void test_torture(void **state)
{
    (void)state;
    for (size_t a = 0; a < edit_torture_count; a++)
        for (size_t b = 0; b < edit_torture_count; b++) {
            char s[160], to[LT_CELLS_SHOWN];
            size_t n = (size_t)snprintf(s, sizeof s, "%s%s%s", edit_torture[a], edit_torture[b],
                                        edit_torture[a]);
            size_t count, *borders = edit_borders(s, n, &count), i = 0;
            if (!borders)
                continue;
            for (size_t k = 0; k < count; k++) {
                int cells, drawn = 0;
                assert_int_equal(i, borders[k]);
                size_t used = lt_cells_next(s + i, n - i, &cells);
                size_t len = lt_cells_shown(s + i, used, true, to);
                for (size_t j = 0, size; j < len; j += size) {
                    int32_t p;
                    size = lt_text_next(to + j, len - j, &p);
                    drawn += utf8proc_charwidth(p);
                }
                assert_int_equal(drawn, cells);
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
