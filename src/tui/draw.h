/*
 * draw.h - text on the screen: the one place that knows curses.
 *
 * curses only writes; what is typed is read by gfx/input.h.  There is one screen.  All text is
 * UTF-8 and made harmless (cells.h) before it is drawn; what is wider than its room is cut.  Only
 * the thread that opened the screen may call these.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "image/image.h"
#include "tui/theme.h"

typedef enum lt_style {
    LT_STYLE_PLAIN,
    LT_STYLE_DIM,    /* what is only there for order */
    LT_STYLE_STRONG, /* a value, a heading */
    LT_STYLE_TITLE,  /* the bar at the top */
    LT_STYLE_KEY,    /* a key in the footer */
    LT_STYLE_CHOSEN, /* under the cursor */
    LT_STYLE_ACCENT, /* where things happen now */
    LT_STYLE_WARN,
    LT_STYLE_ERROR,
    LT_STYLE_CUT, /* text that the model does not see */
    LT_STYLE_COUNT,
} lt_style;

/* Fails with LT_ERR_IO where curses knows no such TERM.  utf8: false for other locales, which get
 * ASCII.  There are no colours before lt_draw_theme. */
bool lt_draw_open(bool utf8, lt_error *err) LT_WARN_UNUSED;
/* What is drawn from now on. */
void lt_draw_theme(lt_theme theme);
void lt_draw_close(void);

void lt_draw_size(int *cols, int *rows);
void lt_draw_resize(int cols, int rows); /* the window has this size now */

/* An empty screen to draw on. */
void lt_draw_begin(void);
/* Shows what was drawn, with the cursor where lt_draw_cursor put it, else hidden. */
void lt_draw_end(void);
void lt_draw_cursor(int y, int x);
/* Where the cursor is now, for what is written beside curses; false if it is hidden. */
bool lt_draw_cursor_at(int *y, int *x);

/* Draws at most `width` cells; returns how many were. */
int lt_draw_text(int y, int x, int width, lt_style style, const char *text);
/* The same, but what is cut ends in an ellipsis: a number must not look like a smaller one. */
int lt_draw_fit(int y, int x, int width, lt_style style, const char *text);
int lt_draw_bytes(int y, int x, int width, lt_style style, const char *text, size_t n);
int lt_draw_format(int y, int x, int width, lt_style style, const char *format, ...)
    LT_PRINTF(5, 6);
void lt_draw_fill(lt_rect area, lt_style style);
void lt_draw_box(lt_rect box, lt_style style, const char *title); /* title: may be NULL */
/* Leaves these cells to a picture: they are never blank for curses, which therefore never erases
 * through them. */
void lt_draw_leave(lt_rect area);
/* The same for text that moves up and down without a picture beside it: blanks in its first and its
 * last column tell two bits of the row's number, from `bit` on. */
void lt_draw_apart(lt_rect area, int bit);

/* All is drawn again from nothing at the next lt_draw_end. */
void lt_draw_again(void);
/* The line's settings are ours from now on: curses sets them again at the first lt_draw_end after a
 * suspension, whatever was set before it. */
void lt_draw_keep_line(void);
/* The screen is given back, and taken again. */
void lt_draw_suspend(void);
void lt_draw_resume(void);
