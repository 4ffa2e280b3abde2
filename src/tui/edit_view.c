/* edit_view.c - see edit_view.h. */
#include "tui/edit_view.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tui/edit_impl.h"

/* A row as clusters from..to; the newline that ends it belongs to it. */
typedef struct line {
    size_t from, to;
    bool ended; /* by a newline */
} line;

static bool is_newline(const lt_edit *e, size_t i)
{
    return e->text[e->clusters[i].start] == '\n';
}

static bool is_blank(const lt_edit *e, size_t i)
{
    return e->text[e->clusters[i].start] == ' ';
}

/* The row that starts with a cluster. */
static line line_from(const lt_edit *e, size_t from, int width)
{
    size_t after_blank = from;
    int column = 0;
    for (size_t i = from; i < e->count; i++) {
        int cells = (int)e->clusters[i].cells;
        if (is_newline(e,
                       i)) /* behind a blank in the last column there is no room for the cursor */
            return column < width ? (line){from, i + 1, true} : (line){from, i, false};
        if (column + cells > width - (is_blank(e, i) ? 0 : 1)) /* the last column is for blanks */
            return (line){from, after_blank > from ? after_blank : i, false};
        column += cells;
        if (is_blank(e, i))
            after_blank = i + 1;
    }
    return (line){from, e->count, false};
}

static int cells_between(const lt_edit *e, size_t from, size_t to)
{
    int sum = 0;
    for (size_t i = from; i < to; i++)
        sum += (int)e->clusters[i].cells;
    return sum;
}

/* All rows, at least one; owned by the caller. */
static line *find_lines(const lt_edit *e, int width, int *count)
{
    size_t n = 0, room = 16;
    line *lines = lt_alloc_array(room, sizeof *lines);
    for (bool more = true; more; n++) {
        size_t from = n ? lines[n - 1].to : 0;
        if (n == room)
            lines = lt_grow(lines, room *= 2, sizeof *lines);
        lines[n] = line_from(e, from, width);
        /* one more row after a newline, and after a blank in the last column: the cursor goes there
         */
        more = lines[n].to < e->count || lines[n].ended ||
               cells_between(e, from, lines[n].to) >= width;
    }
    *count = (int)n;
    return lines;
}

/* The row of the cursor: a border between two rows is in the second. */
static int line_of(const line *lines, int count, size_t cluster)
{
    int low = 0, high = count;
    while (low + 1 < high) {
        int middle = low + (high - low) / 2;
        if (lines[middle].from <= cluster)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static lt_edit_style style_of(const lt_edit_window *w, size_t offset)
{
    for (size_t i = w->mark_count; i-- > 0;)
        if (offset >= w->marks[i].start && offset < w->marks[i].end)
            return w->marks[i].style;
    return LT_EDIT_PLAIN;
}

static void add_glyphs(const lt_edit *e, const lt_edit_window *w, lt_edit_view *v, size_t from,
                       size_t to, int row)
{
    int column = 0;
    v->glyphs = lt_grow(v->glyphs, v->glyph_count + (to - from) + 1, sizeof *v->glyphs);
    for (size_t i = from; i < to; i++) {
        const lt_edit_cluster *c = &e->clusters[i];
        v->glyphs[v->glyph_count++] = (lt_edit_glyph){
            .start = c->start,
            .length = c[1].start - c->start,
            .row = row,
            .column = column,
            .cells = (int)c->cells,
            .style = style_of(w, c->start),
        };
        column += (int)c->cells;
    }
}

static void layout_rows(const lt_edit *e, const lt_edit_window *w, lt_edit_view *v)
{
    int total;
    line *lines = find_lines(e, w->width, &total);
    size_t cursor = lt_edit_index(e, e->cursor);
    int at = line_of(lines, total, cursor);
    int most = total > w->rows ? total - w->rows : 0; /* no empty rows under the text */
    int top = v->top < (size_t)most ? (int)v->top : most;
    top = at < top ? at : at >= top + w->rows ? at - w->rows + 1 : top;
    v->row_count = total - top < w->rows ? total - top : w->rows;
    v->rows = lt_grow(v->rows, (size_t)v->row_count, sizeof *v->rows);
    for (int r = 0; r < v->row_count; r++) {
        const line *l = &lines[top + r];
        size_t to = l->to - (l->ended ? 1 : 0); /* the newline is not drawn */
        /* the end of a row that goes on is the next one's start, so a click leads before its last
         */
        size_t end = !l->ended && top + r + 1 < total && to > l->from ? to - 1 : to;
        add_glyphs(e, w, v, l->from, to, r);
        v->rows[r] = (lt_edit_row){e->clusters[l->from].start, e->clusters[end].start};
    }
    v->top = (size_t)top;
    v->total = total;
    v->before = top > 0;
    v->after = top + v->row_count < total;
    v->cursor_row = at - top;
    v->cursor_column = cells_between(e, lines[at].from, cursor);
    free(lines);
}

/* How many clusters from `from` on fit into a width. */
static size_t fitting(const lt_edit *e, size_t from, int width)
{
    size_t i = from;
    for (int column = 0; i < e->count; i++) {
        column += (int)e->clusters[i].cells;
        if (column > width)
            break;
    }
    return i - from;
}

/* The first cluster to show so that the cursor stands at most `columns` cells to the right of it.
 */
static size_t back_from(const lt_edit *e, size_t cursor, int columns)
{
    size_t i = cursor;
    while (i > 0 && (columns -= (int)e->clusters[i - 1].cells) >= 0)
        i--;
    return i;
}

static void layout_single(const lt_edit *e, const lt_edit_window *w, lt_edit_view *v)
{
    size_t cursor = lt_edit_index(e, e->cursor), top = lt_edit_index(e, v->top);
    if (cursor < top)
        top = back_from(e, cursor, w->width / 3);
    else if (cells_between(e, top, cursor) >
             w->width - 1 - (cursor < e->count && e->clusters[cursor].cells > 1))
        top = back_from(e, cursor, w->width - 1 - w->width / 3);
    size_t furthest = back_from(e, e->count, w->width - 1);
    top = top < furthest ? top : furthest; /* no empty columns while text hides */
    size_t shown = fitting(e, top, w->width);
    add_glyphs(e, w, v, top, top + shown, 0);
    v->rows = lt_grow(v->rows, 1, sizeof *v->rows);
    v->rows[0] = (lt_edit_row){e->clusters[top].start, e->clusters[top + shown].start};
    v->row_count = v->total = 1;
    v->top = e->clusters[top].start;
    v->before = top > 0;
    v->after = top + shown < e->count;
    v->cursor_row = 0;
    v->cursor_column = cells_between(e, top, cursor);
}

void lt_edit_layout(const lt_edit *e, const lt_edit_window *window, lt_edit_view *view)
{
    view->glyph_count = 0;
    view->row_count = view->total = view->cursor_row = view->cursor_column = 0;
    view->before = view->after = false;
    if (window->width < LT_EDIT_NARROWEST || window->rows < 1)
        return;
    if (window->wrap)
        layout_rows(e, window, view);
    else
        layout_single(e, window, view);
}

void lt_edit_view_done(lt_edit_view *view)
{
    free(view->glyphs);
    free(view->rows);
    *view = (lt_edit_view){0};
}

size_t lt_edit_view_at(const lt_edit_view *v, int row, int column)
{
    if (v->row_count == 0)
        return 0;
    row = row < 0 ? 0 : row < v->row_count ? row : v->row_count - 1;
    for (size_t i = 0; i < v->glyph_count; i++) {
        const lt_edit_glyph *g = &v->glyphs[i];
        if (g->row == row && column < g->column + g->cells)
            return g->start;
    }
    return v->rows[row].end;
}

/* The cluster of a row that stands at a column, or the last place that is still in the row. */
static size_t at_column(const lt_edit *e, const line *l, bool last, int column)
{
    size_t i = l->from, end = l->to - (l->ended || (!last && l->to > l->from) ? 1 : 0);
    for (int at = 0; i < end; i++) {
        at += (int)e->clusters[i].cells;
        if (at > column)
            break;
    }
    return i;
}

bool lt_edit_vertical(lt_edit *e, int width, int by)
{
    int count, goal = e->goal;
    if (width < LT_EDIT_NARROWEST)
        return false;
    line *lines = find_lines(e, width, &count);
    size_t cursor = lt_edit_index(e, e->cursor);
    int at = line_of(lines, count, cursor), to = at + by;
    bool ok = to >= 0 && to < count;
    if (ok) {
        if (goal < 0)
            goal = cells_between(e, lines[at].from, cursor);
        lt_edit_move(e, e->clusters[at_column(e, &lines[to], to == count - 1, goal)].start);
        e->goal = goal;
    }
    free(lines);
    return ok;
}
