/*
 * slider.h - a slider in the timeline's place: " t    0 |=====[@]=====| 999".  For the screen's
 * thread.
 */
#pragma once

#include "tui/draw.h"

typedef struct lt_slider {
    int y, x, cells; /* between the bars */
    const char *before;
    int left; /* column of that text */
} lt_slider;

/* In one row; before: what stands to its left, which a constant should be. */
lt_slider lt_slider_in(lt_rect row, const char *before);
/* The column of a share, 0 to 1, of its way; and the share of a column, which is limited. */
int lt_slider_column(const lt_slider *k, double share);
double lt_slider_share(const lt_slider *k, int x);
/* Its bars with this cell between, its end, and the knob. */
void lt_slider_draw(const lt_slider *k, const char *cell, const char *end, double share);
