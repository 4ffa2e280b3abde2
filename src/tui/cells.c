/* cells.c - see cells.h.  Borders between clusters are utf8proc's. */
#include "tui/cells.h"

#include <stdint.h>
#include <string.h>
#include <utf8proc.h>

#include "base/text.h"

enum {
    MARKS = 4, /* on one character: ncurses' CCHARW_MAX is 5 */
    WIDEST = 2,
    JOINER = 0x200D,
};

static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7F;
}

static bool is_selector(int32_t point)
{
    return point >= 0xFE00 && point <= 0xFE0F; /* FE0F makes a symbol wide, but not everywhere */
}

/* Vowels and finals of Korean syllables: nothing but their first letter can carry them. */
static bool is_jamo(int32_t point)
{
    return (point >= 0x1160 && point <= 0x11FF) || (point >= 0xD7B0 && point <= 0xD7FF);
}

/* As the C library and most terminals count: utf8proc's widths, but spacing marks take a cell, and
 * jamo none. */
static int width_of(int32_t point)
{
    if (point < 0)
        return 0;
    if (utf8proc_category(point) == UTF8PROC_CATEGORY_MC)
        return 1;
    return is_jamo(point) ? 0 : utf8proc_charwidth(point);
}

static size_t add(char *to, const char *s, size_t n)
{
    memcpy(to, s, n);
    return n;
}

/* The first character of a cluster; *whole if nothing more of the cluster can be shown. */
static size_t show_first(int32_t point, const char *s, size_t n, char *to, int *cells, bool *whole)
{
    int width = width_of(point);
    *cells = width < 1 ? 1 : width > WIDEST ? WIDEST : width;
    *whole = false;
    bool carries = point != JOINER && !is_selector(point) && !is_jamo(point);
    if (point >= 0 && !lt_text_hostile(point) && carries) {
        size_t len = width > 0 ? 0 : add(to, "\xE2\x97\x8C", 3);
        return len + add(to + len, s, n);
    }
    *whole = true;
    *cells = 1;
    return point == '\n' ? add(to, "\xE2\x86\xB5", 3) : add(to, "\xEF\xBF\xBD", 3);
}

/* Into `to` what every terminal shows alike of the cluster at s. */
static size_t show(const char *s, size_t n, char to[LT_CELLS_SHOWN], int *cells)
{
    int32_t point;
    bool whole;
    size_t used = lt_text_next(s, n, &point), len = show_first(point, s, used, to, cells, &whole);
    int marks = 0;
    for (size_t i = used; i < n && !whole; i += used) {
        used = lt_text_next(s + i, n - i, &point);
        int width = width_of(point);
        if (point == JOINER || width < 0 || *cells + width > WIDEST)
            break;
        if (point < 0 || lt_text_hostile(point) || is_selector(point) ||
            (width == 0 && marks++ >= MARKS))
            continue;
        len += add(to + len, s + i, used);
        *cells += width;
    }
    to[len] = '\0';
    return len;
}

size_t lt_cells_next(const char *s, size_t n, int *cells)
{
    char shown[LT_CELLS_SHOWN];
    int32_t point, next, state = 0;
    int width = 1;
    if (is_plain(*s) && (n == 1 || is_plain(s[1]))) {
        if (cells)
            *cells = 1;
        return 1;
    }
    size_t end = lt_text_next(s, n, &point);
    while (end < n) {
        size_t used = lt_text_next(s + end, n - end, &next);
        if (point < 0 || next < 0 || utf8proc_grapheme_break_stateful(point, next, &state))
            break;
        point = next;
        end += used;
    }
    if (cells) {
        show(s, end, shown, &width);
        *cells = width;
    }
    return end;
}

int lt_cells_width(const char *s, size_t n)
{
    int sum = 0, cells;
    for (size_t i = 0; i < n; sum += cells)
        i += lt_cells_next(s + i, n - i, &cells);
    return sum;
}

size_t lt_cells_shown(const char *s, size_t n, bool utf8, char to[LT_CELLS_SHOWN])
{
    int cells;
    size_t len = show(s, n, to, &cells);
    if (utf8)
        return len;
    memset(to, '?', (size_t)cells);
    if (*s == '\n')
        *to = '~';
    else if (is_plain(*s))
        *to = *s;
    to[cells] = '\0';
    return (size_t)cells;
}
