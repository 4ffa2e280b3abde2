/* view_whatif.c - the slider of a what-if, and its numbers. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/draw.h"
#include "tui/studio.h"

enum { LABEL = 18 };

/* The formula with its number. */
static void formula(double scale, char *to, size_t size)
{
    if (scale == 0)
        snprintf(to, size, "eps = u");
    else if (scale == 1)
        snprintf(to, size, "eps = c");
    else
        snprintf(to, size, "eps = u + %.4g (c - u)", scale);
}

LT_PRINTF(4, 5)
static void number(lt_rect area, int row, const char *label, const char *format, ...)
{
    char text[64];
    va_list args;
    if (row >= area.height)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lt_draw_text(area.y + row, area.x + 2, LABEL, LT_STYLE_PLAIN, label);
    lt_draw_text(area.y + row, area.x + 2 + LABEL, area.width - LABEL - 3, LT_STYLE_PLAIN, text);
}

void lt_view_what_if(const lt_studio *s, lt_rect area)
{
    const lt_what_if *w = &s->what_if;
    char text[64];
    if (area.height < 1)
        return;
    lt_draw_format(area.y, area.x + 1, area.width - 2, LT_STYLE_STRONG, "What if: step %d of %d",
                   w->step, lt_studio_steps(s));
    formula(w->scale, text, sizeof text);
    if (area.height > 1)
        lt_draw_text(area.y + 1, area.x + 2, area.width - 3, LT_STYLE_ACCENT, text);
    number(area, 2, "scale", "%.4g, the run has %.4g", w->scale, w->own);
    number(area, 3, "guidance push", "%.3g of the noise", w->numbers.push);
    number(area, 4, "cosine of c and u", "%.4f", w->numbers.cosine);
    number(area, 5, "changed", "%.3g %%", 100 * w->numbers.changed);
}

/* ---- the slider: " guidance 0 |----o----[@]----| 20" ---- */

static const char before[] = "guidance 0 ";

typedef struct track {
    int x, cells; /* between the bars */
} track;

static track track_of(const lt_studio *s)
{
    lt_rect r = s->layout.timeline;
    int x = r.x + 1 + (int)sizeof before;
    return (track){x, r.x + r.width - x - 8};
}

static int cell_of(const lt_studio *s, const track *t, double scale)
{
    return t->x + (int)(scale / s->what_if.top * (t->cells - 1) + 0.5);
}

void lt_view_slider(const lt_studio *s)
{
    track t = track_of(s);
    int y = s->layout.timeline.y, at = cell_of(s, &t, s->what_if.scale);
    lt_draw_text(y, s->layout.timeline.x + 1, t.x, LT_STYLE_PLAIN, before);
    for (int i = -1; i <= t.cells; i++)
        lt_draw_text(y, t.x + i, 1, LT_STYLE_PLAIN, i < 0 || i == t.cells ? "|" : "-");
    lt_draw_format(y, t.x + t.cells + 2, 6, LT_STYLE_PLAIN, "%.4g", s->what_if.top);
    lt_draw_text(y, cell_of(s, &t, s->what_if.own), 1, LT_STYLE_PLAIN, "o");
    lt_draw_text(y, at - 1, 3, LT_STYLE_ACCENT, "[@]");
}

double lt_view_slider_at(const lt_studio *s, int x)
{
    track t = track_of(s);
    double scale = s->what_if.top * (x - t.x) / (t.cells - 1);
    return (int)(scale * 10 + 0.5) / 10.0;
}
