/* view_whatif.c - the slider of a what-if, and its numbers. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/slider.h"
#include "tui/view.h"

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

static lt_slider slider(const lt_studio *s)
{
    return lt_slider_in(s->layout.timeline, "guidance 0 ");
}

void lt_view_slider(const lt_studio *s)
{
    const lt_what_if *w = &s->what_if;
    lt_slider k = slider(s);
    int own = lt_slider_column(&k, w->own / w->top), at = lt_slider_column(&k, w->scale / w->top);
    char end[16];
    snprintf(end, sizeof end, "%.4g", w->top);
    lt_slider_draw(&k, "-", end, w->scale / w->top);
    if (own < at - 1 || own > at + 1)
        lt_draw_text(k.y, own, 1, LT_STYLE_PLAIN, "o");
}

double lt_view_slider_at(const lt_studio *s, int x)
{
    lt_slider k = slider(s);
    return (int)(s->what_if.top * lt_slider_share(&k, x) * 10 + 0.5) / 10.0;
}
