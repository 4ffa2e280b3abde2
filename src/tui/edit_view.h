/*
 * edit_view.h - where the text of an editor is on the screen: soft-wrapped rows that scroll up and
 * down, or a single row that scrolls sideways.
 *
 * Rows are broken after blanks, a word longer than a row anywhere.  The last column is kept free
 * for the cursor at the end of a row and for the blank that ends one, so a wide character never
 * stands half outside.  Columns and rows are cells of the window, from 0.  One thread.
 */
#pragma once

#include "tui/edit.h"

enum { LT_EDIT_NARROWEST = 3 }; /* columns; with fewer, or without rows, nothing is shown */

typedef enum lt_edit_style {
    LT_EDIT_PLAIN,
    LT_EDIT_CUT,   /* beyond what the text encoder reads */
    LT_EDIT_MATCH, /* what was searched for */
    LT_EDIT_SELECTED,
} lt_edit_style;

/* Clusters that start in a range of bytes; of several marks the last counts. */
typedef struct lt_edit_mark {
    size_t start, end;
    lt_edit_style style;
} lt_edit_mark;

typedef struct lt_edit_window {
    int width, rows;
    bool wrap;                 /* false: one row, whatever `rows` is */
    const lt_edit_mark *marks; /* borrowed, may be NULL */
    size_t mark_count;
} lt_edit_window;

typedef struct lt_edit_glyph {
    size_t start, length; /* bytes of one cluster; lt_cells_shown makes it fit for a terminal */
    int row, column, cells;
    lt_edit_style style;
} lt_edit_glyph;

typedef struct lt_edit_row {
    size_t start, end; /* bytes; `end` is where a click behind the last cluster leads */
} lt_edit_row;

/* Zero-initialise; kept between drawings so that scrolling is steady. */
typedef struct lt_edit_view {
    lt_edit_glyph *glyphs; /* owned, in the text's order; newlines only in a single row */
    lt_edit_row *rows;     /* owned: the rows shown */
    size_t glyph_count;
    int row_count;                 /* rows shown, at most the window's */
    int total;                     /* rows of the whole text */
    int cursor_row, cursor_column; /* always inside the window */
    bool before, after;            /* there is more text above (left), below (right) */
    size_t top;                    /* first row shown; in a single row the first byte shown */
} lt_edit_view;

void lt_edit_layout(const lt_edit *e, const lt_edit_window *window, lt_edit_view *view);
void lt_edit_view_done(lt_edit_view *view);

/* The byte offset for a click into the window of the last layout. */
size_t lt_edit_view_at(const lt_edit_view *view, int row, int column);

/* The cursor `by` rows (-1, 1) up or down in rows of `width` columns, keeping to its column.  False
 * at the first or last row: the place to go on to the history. */
bool lt_edit_vertical(lt_edit *e, int width, int by);
