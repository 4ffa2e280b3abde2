/* slider.c - see slider.h. */
#include "tui/slider.h"

#include <string.h>

enum { END = 8 /* cells behind it: the bar, a blank and what the end is */ };

lt_slider lt_slider_in(lt_rect row, const char *before)
{
    int x = row.x + 2 + (int)strlen(before);
    return (lt_slider){row.y, x, row.x + row.width - x - END, before, row.x + 1};
}

int lt_slider_column(const lt_slider *k, double share)
{
    return k->x + (int)(share * (k->cells - 1) + 0.5);
}

double lt_slider_share(const lt_slider *k, int x)
{
    double share = (double)(x - k->x) / (k->cells - 1);
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

void lt_slider_draw(const lt_slider *k, const char *cell, const char *end, double share)
{
    lt_draw_text(k->y, k->left, k->x, LT_STYLE_PLAIN, k->before);
    for (int i = -1; i <= k->cells; i++)
        lt_draw_text(k->y, k->x + i, 1, LT_STYLE_PLAIN, i < 0 || i == k->cells ? "|" : cell);
    lt_draw_text(k->y, k->x + k->cells + 2, END - 2, LT_STYLE_PLAIN, end);
    lt_draw_text(k->y, lt_slider_column(k, share) - 1, 3, LT_STYLE_ACCENT, "[@]");
}
