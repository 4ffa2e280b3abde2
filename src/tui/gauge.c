/* gauge.c - see gauge.h. */
#include "tui/gauge.h"

#include <stdio.h>
#include <string.h>

void lt_gauge_bar(double fraction, int cells, bool utf8, char *to, size_t size)
{
    static const char *const eighths[] = {" ",      "\u258F", "\u258E", "\u258D",
                                          "\u258C", "\u258B", "\u258A", "\u2589"};
    int parts = utf8 ? 8 : 10;
    double in = fraction > 0 ? fraction < 1 ? fraction : 1 : 0; /* NaN too is 0 */
    int units = (int)(in * cells * parts), full = units / parts, rest = units % parts;
    size_t len = 0;
    for (int i = 0; i < cells; i++) {
        char digit[2] = {rest ? (char)('0' + rest) : ' ', '\0'};
        const char *cell = i < full   ? utf8 ? "\u2588" : "#"
                           : i > full ? " "
                           : utf8     ? eighths[rest]
                                      : digit;
        size_t n = strlen(cell);
        if (len + n >= size)
            break;
        memcpy(to + len, cell, n);
        len += n;
    }
    if (size)
        to[len] = '\0';
}

/* Three digits or so. */
static void number(double x, int decimals, const char *unit, char to[LT_GAUGE_TEXT])
{
    double ten = decimals > 1 ? 9.995 : 9.95;
    snprintf(to, LT_GAUGE_TEXT, "%.*f %s", x >= 99.95 ? 0 : x >= ten ? 1 : decimals, x, unit);
}

void lt_gauge_rate(double seconds, char to[LT_GAUGE_TEXT])
{
    if (!(seconds > 0) || seconds > 1e9)
        snprintf(to, LT_GAUGE_TEXT, "? it/s");
    else if (seconds > 1)
        number(seconds, 2, "s/it", to);
    else
        number(1 / seconds < 1e9 ? 1 / seconds : 1e9, 1, "it/s", to);
}

void lt_gauge_time(double seconds, char to[LT_GAUGE_TEXT])
{
    double in = seconds > 0 ? seconds < 1e9 ? seconds : 1e9 : 0;
    long long s = (long long)(in + 0.5);
    if (in < 0.95)
        snprintf(to, LT_GAUGE_TEXT, "%.1f s", in);
    else if (s < 60)
        snprintf(to, LT_GAUGE_TEXT, "%lld s", s);
    else if (s < 3600)
        snprintf(to, LT_GAUGE_TEXT, "%lld:%02lld", s / 60, s % 60);
    else
        snprintf(to, LT_GAUGE_TEXT, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

void lt_gauge_eta(double seconds, char to[LT_GAUGE_TEXT])
{
    char time[LT_GAUGE_TEXT];
    lt_gauge_time(seconds, time);
    snprintf(to, LT_GAUGE_TEXT, "eta %.18s", seconds >= 0 ? time : "?");
}

void lt_gauge_size(uint64_t bytes, char to[LT_GAUGE_TEXT])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double x = (double)bytes;
    int unit = 0;
    for (; x >= 1023.5 && unit < 6; unit++)
        x /= 1024;
    if (unit == 0)
        snprintf(to, LT_GAUGE_TEXT, "%d B", (int)bytes);
    else
        number(x, 1, units[unit], to);
}

enum { WORDED = 25 }; /* the least width with the words at both ends */
static const char before[] = "noise ", after[] = " image";

/* The line between its bars. */
typedef struct track {
    int steps, made, at, width;
    int start, cells;
} track;

static int limit(int x, int low, int high)
{
    return x < low ? low : x < high ? x : high;
}

static track track_of(const lt_timeline *t)
{
    track k = {.width = limit(t->width, LT_TIMELINE_LEAST, LT_TIMELINE_MOST)};
    int words = k.width >= WORDED ? (int)sizeof before - 1 : 0;
    k.steps = t->steps > 0 ? t->steps : 0;
    k.made = limit(t->made, 0, k.steps);
    k.at = limit(t->at, 0, k.steps);
    k.start = words + 1;
    k.cells = k.width - 2 * (words + 1);
    return k;
}

/* Fewer cells than positions: each stands for one or more of them. */
static bool is_dense(const track *k)
{
    return k->steps >= k->cells;
}

static int cell_of(const track *k, int position)
{
    int64_t p = position, room = k->cells - 1;
    if (is_dense(k))
        return (int)(p * k->cells / ((int64_t)k->steps + 1));
    return k->steps ? (int)((2 * p * room + k->steps) / (2 * k->steps)) : 0;
}

static void range_of(const track *k, int cell, int *first, int *last)
{
    int64_t c = cell, count = (int64_t)k->steps + 1, cells = k->cells;
    if (is_dense(k)) {
        *first = (int)((c * count + cells - 1) / cells);
        *last = (int)(((c + 1) * count + cells - 1) / cells) - 1;
    } else {
        *first = *last = (int)((2 * c * k->steps + cells - 1) / (2 * (cells - 1)));
    }
}

int lt_timeline_cell(const lt_timeline *t, int position)
{
    track k = track_of(t);
    return k.start + cell_of(&k, limit(position, 0, k.steps));
}

void lt_timeline_positions(const lt_timeline *t, int cell, int *first, int *last)
{
    track k = track_of(t);
    int inside = cell - k.start;
    range_of(&k, limit(inside, 0, k.cells - 1), first, last);
    if (inside < 0)
        *first = *last = 0;
    else if (inside >= k.cells)
        *first = *last = k.steps;
}

void lt_timeline_draw(const lt_timeline *t, char to[LT_TIMELINE_MOST + 1])
{
    track k = track_of(t);
    memset(to, ' ', (size_t)k.width);
    to[k.width] = '\0';
    if (k.start > 1) {
        memcpy(to, before, sizeof before - 1);
        memcpy(to + k.width - (sizeof after - 1), after, sizeof after - 1);
    }
    char *line = to + k.start;
    memset(line, '-', (size_t)k.cells);
    line[-1] = line[k.cells] = '|';
    for (int p = k.steps; p >= 0; p--) /* backwards: a cell is made with its first position */
        line[cell_of(&k, p)] = p <= k.made ? 'o' : '.';
    int at = cell_of(&k, k.at); /* its brackets may cover the bars */
    line[at - 1] = '[';
    line[at] = '@';
    line[at + 1] = ']';
}
