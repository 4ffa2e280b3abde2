/*
 * layout.h - where everything is on a screen of any size.  Pure.
 *
 * From the top: a title row; the picture in a box, with the panel of settings and numbers in
 * another beside it; the timeline; the prompts; a row for messages; the footer of keys.  A view may
 * have rows of text of its own instead of the prompts, above the timeline.  From LT_LAYOUT_WIDE
 * columns on the picture's box may have room for two small pictures, one above the other.
 *
 * The boxes are not for looks alone: what stands in the first and the last column keeps curses from
 * erasing to the end of a line, and so through the picture.
 */
#pragma once

#include <stdbool.h>

#include "image/image.h"

enum { LT_LAYOUT_COLS = 80, LT_LAYOUT_ROWS = 24 }; /* the smallest screen */
enum { LT_LAYOUT_WIDE = 180 };

typedef enum lt_layout_zoom {
    LT_LAYOUT_NORMAL,
    LT_LAYOUT_BIG,  /* the panel as narrow as it can be */
    LT_LAYOUT_ONLY, /* the picture alone */
} lt_layout_zoom;

typedef struct lt_layout_ask {
    int cols, rows;
    int cell_width, cell_height;       /* pixels */
    int picture_width, picture_height; /* its proportions */
    int prompt_rows, negative_rows;    /* that their texts would fill */
    int text_rows; /* 0, or rows of text above the timeline, which take the prompts' place, too */
    lt_layout_zoom zoom;
    bool sides;    /* small pictures are wanted, where the screen is wide and `zoom` normal */
    int most_cols; /* that one frame may cover; 0: no limit */
} lt_layout_ask;

/* Cells; width 0: not shown. */
typedef struct lt_layout {
    bool too_small; /* only message and footer are set, below two lines of text, where they fit */
    lt_rect title;
    lt_rect picture_box, picture; /* the box with its border, and the cells inside but the last row,
                                     which stays free */
    lt_rect side;                 /* of small pictures, in the picture's box and of its rows */
    lt_rect panel_box, panel;
    lt_rect text, timeline, prompt, negative, message, footer;
} lt_layout;

void lt_layout_make(const lt_layout_ask *ask, lt_layout *out);
