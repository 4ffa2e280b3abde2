/* plot.c - see plot.h. */
#include "tui/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MOST = 512, NUMBER = 16 };

bool lt_plot_init(lt_plot *p, int width, int height, double left, double right, double low,
                  double high)
{
    *p = (lt_plot){.width = (width < MOST ? width : MOST) - LT_PLOT_LEFT,
                   .height = (height < MOST ? height : MOST) - LT_PLOT_BELOW,
                   .left = left,
                   .right = right,
                   .low = low,
                   .high = high};
    if (p->width < 8 || p->height < 2 || !(right > left) || !(high > low))
        return false;
    size_t cells = (size_t)p->width * (size_t)p->height;
    p->cells = memset(lt_alloc(cells), ' ', cells);
    return true;
}

void lt_plot_done(lt_plot *p)
{
    free(p->cells);
    p->cells = NULL;
}

/* 0 to 1 of the way. */
static double share(double v, double from, double to, bool logarithmic)
{
    double s =
        logarithmic ? (v > 0 ? log(v / from) / log(to / from) : 0) : (v - from) / (to - from);
    return s < 0 ? 0 : s > 1 ? 1 : s;
}

void lt_plot_mark(lt_plot *p, double x, double y, char how)
{
    int column = (int)lrint(share(x, p->left, p->right, false) * (p->width - 1));
    int row = (int)lrint((1 - share(y, p->low, p->high, p->logarithmic)) * (p->height - 1));
    p->cells[row * p->width + column] = how;
}

double lt_plot_x(const lt_plot *p, int column)
{
    return p->left + (p->right - p->left) * column / (p->width - 1);
}

/* The value of a row: the ends, and the middle where there is one. */
static void number(const lt_plot *p, int row, char to[NUMBER])
{
    double way = 1 - (double)row / (p->height - 1);
    double v =
        p->logarithmic ? p->low * pow(p->high / p->low, way) : p->low + (p->high - p->low) * way;
    bool named = row == 0 || row == p->height - 1 || (p->height > 4 && 2 * row == p->height - 1);
    to[0] = '\0';
    if (named)
        snprintf(to, NUMBER, "%.3g", v);
}

void lt_plot_text(const lt_plot *p, lt_buf *out)
{
    char text[NUMBER];
    for (int row = 0; row < p->height; row++) {
        number(p, row, text);
        lt_buf_format(out, "%*s|", LT_PLOT_LEFT - 1, text);
        lt_buf_add(out, p->cells + row * p->width, (size_t)p->width);
        lt_buf_char(out, '\n');
    }
    lt_buf_format(out, "%*s", LT_PLOT_LEFT, "+");
    for (int i = 0; i < p->width; i++)
        lt_buf_char(out, '-');
    snprintf(text, sizeof text, "%.4g", p->left);
    lt_buf_format(out, "\n%*s%s%*.4g\n", LT_PLOT_LEFT, "", text, p->width - (int)strlen(text),
                  p->right);
}
