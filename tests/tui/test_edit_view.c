/* Where clusters and the cursor are, in rows and in a single row. */
#include "tui/edit_view.h"

#include "support/check.h"
#include "tui/cells.h"
#include "tui/edit_check.h"

/* The window as text: rows between '/', the cursor as '|' before its cell. */
static void drawn(const lt_edit *e, const lt_edit_window *w, lt_edit_view *v, const char *want)
{
    char now[512];
    size_t len = 0;
    lt_edit_layout(e, w, v);
    for (int row = 0; row < v->row_count; row++) {
        bool told = false;
        for (size_t i = 0; i < v->glyph_count; i++) {
            const lt_edit_glyph *g = &v->glyphs[i];
            if (g->row != row)
                continue;
            if (row == v->cursor_row && g->column == v->cursor_column && (told = true))
                now[len++] = '|';
            char shown[LT_CELLS_SHOWN];
            size_t n = lt_cells_shown(lt_edit_text(e, NULL) + g->start, g->length, true, shown);
            memcpy(now + len, shown, n);
            len += n;
        }
        if (row == v->cursor_row && !told)
            now[len++] = '|';
        now[len++] = row + 1 < v->row_count ? '/' : '\0';
    }
    assert_string_equal(now, want);
}

static void wraps(const char *text, size_t cursor, int width, const char *want)
{
    lt_edit *e = lt_edit_new(true);
    lt_edit_view v = {0};
    lt_edit_set(e, text);
    lt_edit_move(e, cursor);
    drawn(e, &(lt_edit_window){.width = width, .rows = 20, .wrap = true}, &v, want);
    edit_check_view(e, &(lt_edit_window){.width = width, .rows = 20, .wrap = true}, &v);
    lt_edit_view_done(&v);
    lt_edit_free(e);
}

static void test_wrap(void **state)
{
    (void)state;
    wraps("", 0, 10, "|");
    wraps("a red fox", 9, 10, "a red fox|");
    wraps("a red fox ", 10, 10, "a red fox /|"); /* a blank may take the last column */
    wraps("a red foxy", 10, 10, "a red /foxy|");
    wraps("a red fox in the snow", 6, 10, "a red |fox /in the /snow");
    wraps("abcdefghijkl", 9, 10, "abcdefghi/|jkl"); /* a long word breaks anywhere */
    wraps("one\ntwo\n", 3, 10, "one|/two/");
    wraps("one\ntwo\n", 8, 10, "one/two/|");
    wraps("abcdefghi \nx", 10, 10, "abcdefghi /|/x"); /* room for the cursor before the newline */
    wraps("ab\xE7\x8C\xAB\xE7\x8C\xAB", 5, 6, "ab\xE7\x8C\xAB/|\xE7\x8C\xAB");
    wraps("abc\xE7\x8C\xAB", 3, 5, "abc/|\xE7\x8C\xAB"); /* a wide one is never cut in two */
    wraps("\xE7\x8C\xAB\xE7\x8C\xAB", 6, 3, "\xE7\x8C\xAB/\xE7\x8C\xAB|");
}

static void test_scroll_rows(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    lt_edit_view v = {0};
    const lt_edit_window w = {.width = 10, .rows = 2, .wrap = true};
    lt_edit_set(e, "one\ntwo\nthree\nfour");
    drawn(e, &w, &v, "three/four|");
    assert_true(v.before && !v.after);
    assert_int_equal(v.total, 4);
    lt_edit_vertical(e, 10, -1);
    drawn(e, &w, &v, "thre|e/four"); /* in sight: nothing scrolls */
    lt_edit_vertical(e, 10, -1);
    drawn(e, &w, &v, "two|/three");
    assert_true(v.before && v.after);
    lt_edit_vertical(e, 10, -1);
    drawn(e, &w, &v, "one|/two");
    assert_true(!v.before && v.after);
    lt_edit_do(e, LT_EDIT_TEXT_END);
    drawn(e, &w, &v, "three/four|");
    lt_edit_set(e, "a\nb\nc"); /* no empty rows while text hides */
    drawn(e, &w, &v, "b/c|");
    lt_edit_set(e, "x");
    drawn(e, &w, &v, "x|");
    lt_edit_view_done(&v);
    lt_edit_free(e);
}

static void test_vertical(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    lt_edit_set(e, "abcdef\nx\nabcdef");
    lt_edit_move(e, 4);
    assert_false(lt_edit_vertical(e, 10, -1));
    assert_true(lt_edit_vertical(e, 10, 1));
    assert_int_equal(lt_edit_cursor(e), 8);
    assert_true(lt_edit_vertical(e, 10, 1)); /* the column is kept over a short line */
    assert_int_equal(lt_edit_cursor(e), 13);
    assert_false(lt_edit_vertical(e, 10, 1));
    lt_edit_do(e, LT_EDIT_HOME);
    assert_true(lt_edit_vertical(e, 10, -1));
    assert_int_equal(lt_edit_cursor(e), 7);
    lt_edit_set(e, "aa bb cc"); /* rows of one line */
    lt_edit_move(e, 1);
    assert_true(lt_edit_vertical(e, 4, 1));
    assert_int_equal(lt_edit_cursor(e), 4);
    assert_false(lt_edit_vertical(e, 2, 1));
    lt_edit_free(e);
}

static void test_single_row(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    lt_edit_view v = {0};
    const lt_edit_window w = {.width = 10, .rows = 1};
    lt_edit_set(e, "a red\nfox");
    drawn(e, &w, &v,
          "a red\xE2\x86\xB5"
          "fox|");
    lt_edit_set(e, "0123456789abcdef");
    drawn(e, &w, &v, "789abcdef|");
    assert_true(v.before && !v.after);
    lt_edit_move(e, 8);
    drawn(e, &w, &v, "7|89abcdef");
    lt_edit_move(e, 5); /* with a third of the row before the cursor */
    drawn(e, &w, &v, "234|56789ab");
    assert_true(v.before && v.after);
    lt_edit_move(e, 0);
    drawn(e, &w, &v, "|0123456789");
    assert_true(!v.before && v.after);
    lt_edit_move(e, 10);
    drawn(e, &w, &v, "456789|abcd");
    lt_edit_set(e, "012345678\xE7\x8C\xABz"); /* cut neither at the right edge ... */
    lt_edit_move(e, 0);
    drawn(e, &w, &v, "|012345678");
    lt_edit_move(e, 9); /* ... nor under the cursor */
    drawn(e, &w, &v, "345678|\xE7\x8C\xABz");
    lt_edit_view_done(&v);
    lt_edit_free(e);
}

static void test_marks(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    lt_edit_view v = {0};
    const lt_edit_mark marks[] = {{2, 99, LT_EDIT_CUT}, {3, 5, LT_EDIT_MATCH}, {0, 0, LT_EDIT_CUT}};
    lt_edit_set(e, "abcdefg");
    lt_edit_layout(e, &(lt_edit_window){20, 2, true, marks, 3}, &v);
    static const lt_edit_style want[] = {LT_EDIT_PLAIN, LT_EDIT_PLAIN, LT_EDIT_CUT, LT_EDIT_MATCH,
                                         LT_EDIT_MATCH, LT_EDIT_CUT,   LT_EDIT_CUT};
    assert_int_equal(v.glyph_count, 7);
    for (int i = 0; i < 7; i++)
        assert_int_equal(v.glyphs[i].style, want[i]);
    lt_edit_view_done(&v);
    lt_edit_free(e);
}

static void test_clicks(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    lt_edit_view v = {0};
    lt_edit_set(e, "a red fox in\nsnow");
    lt_edit_layout(e, &(lt_edit_window){.width = 10, .rows = 5, .wrap = true}, &v);
    assert_int_equal(lt_edit_view_at(&v, 0, 2), 2);
    assert_int_equal(lt_edit_view_at(&v, 0, 99), 9); /* stays in its row */
    assert_int_equal(lt_edit_view_at(&v, 1, 99), 12);
    assert_int_equal(lt_edit_view_at(&v, 2, 99), 17);
    assert_int_equal(lt_edit_view_at(&v, 99, 0), 13);
    assert_int_equal(lt_edit_view_at(&v, -1, -1), 0);
    lt_edit_view_done(&v);
    assert_int_equal(lt_edit_view_at(&v, 0, 0), 0);
    lt_edit_free(e);
}

static void check_windows(lt_edit *e)
{
    lt_edit_view rows = {0}, single = {0}; /* kept: a window that changes its size */
    for (int width = 0; width < 24; width++)
        for (int most = 0; most < 4; most++) {
            edit_check_view(e, &(lt_edit_window){.width = width, .rows = most, .wrap = true},
                            &rows);
            edit_check_view(e, &(lt_edit_window){.width = width, .rows = most}, &single);
        }
    lt_edit_view_done(&rows);
    lt_edit_view_done(&single);
}

static void test_any_size(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    for (size_t i = 0; i < edit_torture_count; i++) {
        lt_edit_set(e, "a red fox, ");
        for (size_t k = 0; k < 4; k++) {
            const char *s = edit_torture[(i + k * 7) % edit_torture_count];
            lt_edit_insert(e, s, strlen(s));
            lt_edit_do(e, LT_EDIT_WORD_LEFT);
        }
        check_windows(e);
    }
    lt_edit_set(e, "");
    check_windows(e);
    lt_edit_free(e);
}

/* Down through every row and back up again: each row once, in any window. */
static void test_every_row(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    lt_edit_view v = {0};
    lt_edit_set(e, "a red \xE7\x8C\xAB in the   snow\n\n(oil on canvas:1.2), masterpiece \n");
    for (int width = LT_EDIT_NARROWEST; width < 40; width++) {
        int row = 0;
        const lt_edit_window w = {.width = width, .rows = 100, .wrap = true};
        lt_edit_do(e, LT_EDIT_TEXT_START);
        do {
            lt_edit_layout(e, &w, &v);
            assert_int_equal(v.cursor_row, row++);
        } while (lt_edit_vertical(e, width, 1));
        assert_int_equal(row, v.total);
        while (lt_edit_vertical(e, width, -1))
            row--;
        assert_int_equal(row, 1);
    }
    lt_edit_view_done(&v);
    lt_edit_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrap),     cmocka_unit_test(test_scroll_rows),
        cmocka_unit_test(test_vertical), cmocka_unit_test(test_single_row),
        cmocka_unit_test(test_marks),    cmocka_unit_test(test_clicks),
        cmocka_unit_test(test_any_size), cmocka_unit_test(test_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
