/* edit_check.c - see edit_check.h. */
#include "tui/edit_check.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/panic.h"
#include "base/text.h"
#include "tui/cells.h"

const char *const edit_torture[] = {
    "a",
    "fox",
    " ",
    "  ",
    ",",
    ", ",
    "(",
    ")",
    "[",
    "\\",
    "a red fox, (oil:1.2), snow",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\x1B[31m",
    "\x7F",
    "\xC2\x9B",
    "\xC2\x85",
    "\xE2\x80\xA8", /* controls, line ends */
    "\xFF",
    "\xC3",
    "\xE2\x82",
    "\xC0\xAF",
    "\xED\xA0\x80",
    "\xF4\x90\x80\x80", /* not UTF-8 */
    "\xC3\xA9",
    "e\xCC\x81",
    "\xCC\x81",
    "\xCC\x81\xCC\xA3\xCC\x82\xCD\x9C\xCC\x88\xCC\xB2", /* marks */
    "\xE7\x8C\xAB",
    "\xEF\xBC\x8C",
    "\xE3\x81\x8B\xE3\x82\x99", /* wide */
    "\xE1\x84\x80",
    "\xE1\x85\xA1",
    "\xE1\x86\xA8",
    "\xEA\xB0\x81",                                                             /* jamo */
    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x92",                             /* a firewoman */
    "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7", /* a family */
    "\xE2\x80\x8D",
    "\xE2\x80\x8C",
    "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD",
    "\xF0\x9F\x8F\xBD", /* joiners, skin */
    "\xF0\x9F\x87\xAB",
    "\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7",
    "\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7\xF0\x9F\x87\xA9",
    "\xE2\x9D\xA4\xEF\xB8\x8F",
    "\xEF\xB8\x8F",
    "1\xEF\xB8\x8F\xE2\x83\xA3", /* selectors, a keycap */
    "\xE0\xA4\xA8\xE0\xA4\xBF",
    "\xE0\xA4\x95\xE0\xA5\x8D\xE0\xA4\xB7",
    "\xE0\xB8\x81\xE0\xB8\xB3", /* Indic, Thai */
    "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
    "\xE2\x80\xAE",
    "\xE2\x81\xA6", /* right to left */
    "\xEF\xB7\xBD",
    "\xEE\x80\x80",
    "\xF0\x9F\xBF\xBF",
    "\xC2\xAD",
    "\xEF\xBB\xBF",
    "\xF3\xA0\x81\xA7",
};
const size_t edit_torture_count = sizeof edit_torture / sizeof *edit_torture;

size_t *edit_borders(const char *s, size_t n, size_t *count)
{
    size_t *borders = lt_alloc_array(n + 1, sizeof *borders), found = 0;
    utf8proc_int32_t before = 0, point, state = 0;
    for (size_t i = 0; i < n;) {
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(n - i), &point);
        if (used <= 0) {
            free(borders);
            return NULL;
        }
        if (i == 0 || utf8proc_grapheme_break_stateful(before, point, &state))
            borders[found++] = i;
        before = point;
        i += (size_t)used;
    }
    borders[found] = n;
    *count = found;
    return borders;
}

void edit_check(const lt_edit *e, bool lines)
{
    size_t n, count, clusters;
    const char *text = lt_edit_text(e, &n);
    const lt_edit_cluster *c = lt_edit_clusters(e, &clusters);
    size_t *borders = edit_borders(text, n, &count);
    bool on_border = false;
    LT_ASSERT(n <= LT_EDIT_LIMIT && strlen(text) == n);
    LT_ASSERT(lt_text_valid(text, n, NULL) && borders);
    LT_ASSERT(clusters == count);
    for (size_t i = 0; i <= count; i++) {
        LT_ASSERT(c[i].start == borders[i]);
        LT_ASSERT(i == count ? c[i].cells == 0 : c[i].cells == 1 || c[i].cells == 2);
        LT_ASSERT(lt_edit_index(e, borders[i]) == i);
        on_border = on_border || borders[i] == lt_edit_cursor(e);
    }
    LT_ASSERT(on_border);
    for (size_t i = 0, used; i < n; i += used) {
        int32_t point;
        used = lt_text_next(text + i, n - i, &point);
        LT_ASSERT(utf8proc_category(point) != UTF8PROC_CATEGORY_CC || (point == '\n' && lines));
    }
    free(borders);
}

static void check_glyphs(const lt_edit *e, const lt_edit_window *w, const lt_edit_view *v)
{
    const lt_edit_glyph *before = NULL;
    for (size_t i = 0; i < v->glyph_count; i++) {
        const lt_edit_glyph *g = &v->glyphs[i];
        size_t at = lt_edit_index(e, g->start), count;
        const lt_edit_cluster *c = lt_edit_clusters(e, &count);
        LT_ASSERT(at < count && c[at].start == g->start && c[at + 1].start == g->start + g->length);
        LT_ASSERT(g->row >= 0 && g->row < v->row_count && g->column >= 0 && g->cells >= 1);
        LT_ASSERT(g->column + g->cells <= w->width);
        if (before && before->row == g->row)
            LT_ASSERT(g->column == before->column + before->cells &&
                      g->start == before->start + before->length);
        else
            LT_ASSERT(g->column == 0 && (!before || g->row > before->row));
        before = g;
    }
}

/* The cursor's cell is that of the cluster that it stands before. */
static void check_cursor(const lt_edit *e, const lt_edit_window *w, const lt_edit_view *v)
{
    LT_ASSERT(v->cursor_row >= 0 && v->cursor_row < v->row_count);
    LT_ASSERT(v->cursor_column >= 0 && v->cursor_column < w->width);
    LT_ASSERT(lt_edit_view_at(v, v->cursor_row, v->cursor_column) == lt_edit_cursor(e));
}

static void check_clicks(lt_edit *e, const lt_edit_window *w, lt_edit_view *v)
{
    for (size_t i = 0; i < v->glyph_count; i++) {
        const lt_edit_glyph g = v->glyphs[i];
        LT_ASSERT(lt_edit_view_at(v, g.row, g.column) == g.start);
        LT_ASSERT(lt_edit_view_at(v, g.row, g.column + g.cells - 1) == g.start);
        lt_edit_move(e, g.start);
        size_t top = v->top;
        lt_edit_layout(e, w, v);
        LT_ASSERT(v->top == top); /* what can be seen needs no scrolling */
        LT_ASSERT(v->cursor_row == g.row && v->cursor_column == g.column);
    }
}

void edit_check_view(lt_edit *e, const lt_edit_window *w, lt_edit_view *v)
{
    size_t n, cursor = lt_edit_cursor(e);
    lt_edit_text(e, &n);
    lt_edit_layout(e, w, v);
    if (w->width < LT_EDIT_NARROWEST || w->rows < 1) {
        LT_ASSERT(v->glyph_count == 0 && v->row_count == 0);
        return;
    }
    LT_ASSERT(v->row_count >= 1 && v->row_count <= (w->wrap ? w->rows : 1));
    LT_ASSERT(v->before == (v->rows[0].start > 0));
    check_glyphs(e, w, v);
    check_cursor(e, w, v);
    if (n < 512)
        check_clicks(e, w, v);
    lt_edit_move(e, cursor);
    lt_edit_layout(e, w, v);
}
