/*
 * plot.h - curves in text characters between two axes with numbers, for every terminal.  Pure.
 *
 *       14.6|*
 *           | *
 *      0.029|  **
 *           +----
 *            0  8
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

typedef struct lt_plot {
    int width, height;             /* cells between the axes */
    double left, right, low, high; /* what they stand for */
    bool logarithmic;              /* low > 0: equal ratios are equally high */
    char *cells;                   /* owned [height, width] */
} lt_plot;

enum { LT_PLOT_LEFT = 7, LT_PLOT_BELOW = 2 }; /* columns and rows that the axes take */

/* width, height: of all, axes included.  False, and nothing to release: there is no room. */
bool lt_plot_init(lt_plot *p, int width, int height, double left, double right, double low,
                  double high);
void lt_plot_done(lt_plot *p);
/* A mark in the nearest cell, in place of what was there; what is out of range is at the edge. */
void lt_plot_mark(lt_plot *p, double x, double y, char how);
/* The x of a column, to draw a function. */
double lt_plot_x(const lt_plot *p, int column);
void lt_plot_text(const lt_plot *p, lt_buf *out); /* its lines */
