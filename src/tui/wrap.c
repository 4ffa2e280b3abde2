/* wrap.c - see wrap.h. */
#include "tui/wrap.h"

#include <string.h>

#include "tui/cells.h"

/* Clusters of an escaped text from `from` on, as many as fit; where they end, and their cells. */
static size_t take(const lt_buf *b, size_t from, int width, int *used)
{
    int cells;
    *used = 0;
    while (from < b->len) {
        size_t n = lt_cells_next(b->data + from, b->len - from, &cells);
        if (*used + cells > width)
            break;
        *used += cells;
        from += n;
    }
    return from;
}

static void draw(lt_buf *out, const char *s, size_t n, bool utf8)
{
    char shown[LT_CELLS_SHOWN];
    for (size_t i = 0, used; i < n; i += used) {
        used = lt_cells_next(s + i, n - i, NULL);
        lt_buf_add(out, shown, lt_cells_shown(s + i, used, utf8, shown));
    }
}

static int ellipsis(lt_buf *out, int width, bool utf8)
{
    int cells = utf8 ? 1 : width < 3 ? width : 3;
    if (width < 1)
        return 0;
    lt_buf_str(out, utf8 ? "\xE2\x80\xA6" : &"..."[3 - cells]);
    return cells;
}

static int dots(bool utf8, int width)
{
    return utf8 ? width > 0 : width < 3 ? width : 3;
}

int lt_wrap_fit(lt_buf *out, const char *s, size_t n, int width, bool utf8)
{
    lt_buf b = {0};
    int used;
    width = width > 0 ? width : 0;
    lt_buf_escape(&b, s, n);
    size_t end = take(&b, 0, width, &used);
    bool cut = end < b.len;
    if (cut)
        end = take(&b, 0, width - dots(utf8, width), &used);
    draw(out, b.data, end, utf8);
    if (cut)
        used += ellipsis(out, width, utf8);
    lt_buf_done(&b);
    return used;
}

int lt_wrap_fit_end(lt_buf *out, const char *s, size_t n, int width, bool utf8)
{
    lt_buf b = {0};
    int used = 0, cells;
    size_t from = 0;
    width = width > 0 ? width : 0;
    lt_buf_escape(&b, s, n);
    int all = b.len ? lt_cells_width(b.data, b.len) : 0, room = width;
    if (all > width) {
        room -= dots(utf8, width);
        used = ellipsis(out, width, utf8);
    }
    for (; all > room; all -= cells)
        from += lt_cells_next(b.data + from, b.len - from, &cells);
    draw(out, b.data + from, b.len - from, utf8);
    lt_buf_done(&b);
    return used + all;
}

void lt_wrap_pad(lt_buf *out, const char *s, size_t n, int width, bool utf8)
{
    for (int used = lt_wrap_fit(out, s, n, width, utf8); used < width; used++)
        lt_buf_char(out, ' ');
}

/* Where a line that starts at `from` ends, and where the next one starts. */
static size_t line_end(const lt_buf *b, size_t from, int width, size_t *next)
{
    int used;
    size_t end = take(b, from, width, &used), at = end;
    if (end < b->len && b->data[end] != ' ') {
        while (at > from && b->data[at - 1] != ' ')
            at--;
        at = at > from ? at : end; /* a word longer than the line */
    }
    for (*next = at; *next < b->len && b->data[*next] == ' ';)
        (*next)++;
    while (at > from && b->data[at - 1] == ' ')
        at--;
    return at;
}

static int paragraph(lt_buf *out, const char *s, size_t n, int width, bool utf8)
{
    lt_buf b = {0};
    int lines = 0;
    size_t from = 0;
    lt_buf_escape(&b, s, n);
    do {
        size_t next = 0, end = b.len ? line_end(&b, from, width, &next) : 0;
        bool skip = end == from && next < b.len; /* blanks before a word that does not fit */
        if (end > from)
            draw(out, b.data + from, end - from, utf8);
        if (!skip) {
            lt_buf_char(out, '\n');
            lines++;
        }
        from = next;
    } while (from < b.len);
    lt_buf_done(&b);
    return lines;
}

int lt_wrap_text(lt_buf *out, const char *s, size_t n, int width, bool utf8)
{
    int lines = 0;
    width = width < 2 ? 2 : width;
    for (size_t i = 0; i < n;) {
        const char *newline = memchr(s + i, '\n', n - i);
        size_t end = newline ? (size_t)(newline - s) : n;
        lines += paragraph(out, s + i, end - i, width, utf8);
        i = end + 1;
    }
    return lines;
}
