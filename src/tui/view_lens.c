/* view_lens.c - the list of lenses, the numbers of one, and one that is text. */
#include <string.h>

#include "tui/draw.h"
#include "tui/view.h"

enum { TALL = 24 /* rows of a panel with a line for each */, COLUMNS = 3, LABEL = 18 };

int lt_view_lens_rows(lt_rect panel)
{
    int rows = lt_look_rows();
    return panel.height >= TALL ? rows : (rows + COLUMNS - 1) / COLUMNS;
}

/* Where a lens stands in the panel. */
static lt_rect place(lt_rect panel, int i)
{
    int rows = lt_view_lens_rows(panel), columns = rows == lt_look_rows() ? 1 : COLUMNS;
    int width = (panel.width - 2) / columns;
    return (lt_rect){panel.x + 1 + i / rows * width, panel.y + i % rows, width, 1};
}

int lt_view_lens_at(lt_rect panel, int x, int y)
{
    for (int i = 0; i < lt_look_rows(); i++) {
        lt_rect r = place(panel, i);
        if (y == r.y && x >= r.x && x < r.x + r.width)
            return i;
    }
    return -1;
}

void lt_view_lenses(const lt_studio *s, lt_rect panel)
{
    bool tall = lt_view_lens_rows(panel) == lt_look_rows();
    for (int i = 0; i < lt_look_rows(); i++) {
        lt_rect r = place(panel, i);
        const lt_look *look = lt_look_row(i);
        bool on = look == lt_studio_through(s);
        lt_style style = on ? LT_STYLE_ACCENT : LT_STYLE_PLAIN;
        if (tall)
            lt_draw_format(r.y, r.x, r.width, style, "%s%s", on ? ">" : " ", look->name);
        else
            lt_draw_format(r.y, r.x, r.width, style, "%s%c %s", on ? ">" : " ", lt_look_key(look),
                           look->brief);
    }
}

/* The next line of a text; NULL at its end. */
static const char *next_line(const char **at, size_t *n)
{
    const char *line = *at;
    if (!line || !*line)
        return NULL;
    *n = strcspn(line, "\n");
    *at = line + *n + (line[*n] == '\n');
    return line;
}

int lt_view_lens_numbers(lt_studio *s, lt_rect area)
{
    const char *line, *at = lt_studio_look_numbers(s)->text.data;
    size_t n;
    int row = 0;
    for (; row < area.height && (line = next_line(&at, &n)); row++) {
        const char *tab = memchr(line, '\t', n);
        int y = area.y + row, x = area.x + (row ? 2 : 1), width = area.width - (row ? 3 : 2);
        size_t label = tab ? (size_t)(tab - line) : n;
        lt_draw_bytes(y, x, width, row ? LT_STYLE_PLAIN : LT_STYLE_STRONG, line, label);
        if (tab)
            lt_draw_bytes(y, x + LABEL, width - LABEL, LT_STYLE_PLAIN, tab + 1, n - label - 1);
    }
    return row;
}

void lt_view_lens_text(const lt_studio *s, lt_rect area)
{
    lt_buf text = {0};
    size_t n;
    const char *line, *at;
    if (!lt_studio_look_plot(s, area.width - 2, area.height, &text))
        return;
    at = text.data;
    lt_draw_apart(area, 2);
    for (int row = 0; row < area.height && (line = next_line(&at, &n)); row++) {
        lt_draw_bytes(area.y + row, area.x + 1, area.width - 2, LT_STYLE_PLAIN, line, n);
        for (size_t i = 0; i < n; i++) /* where it is, and where it goes */
            if (line[i] == '@' || (line[i] == '>' && (i == 0 || line[i - 1] != '-')))
                lt_draw_bytes(area.y + row, area.x + 1 + (int)i, 1, LT_STYLE_ACCENT, line + i, 1);
    }
    lt_buf_done(&text);
}
