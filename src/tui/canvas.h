/*
 * canvas.h - the picture on the screen: which one is there, which should be, and when its frame is
 * sent.
 *
 * One frame is on its way at a time (gfx/pace.h); of pictures that wait, the newest is sent, and
 * how many were passed over is counted.  On a slow line a frame is made coarser, and the whole one
 * follows when nothing newer comes.  The frame is kept as bytes, to be sent again when something
 * damaged it.
 */
#pragma once

#include "gfx/graphics.h"
#include "gfx/pace.h"

typedef struct lt_canvas lt_canvas;

/* tty must outlive the canvas; term is copied. */
lt_canvas *lt_canvas_new(lt_tty *tty, const lt_term *term, lt_graphics kind);
void lt_canvas_free(lt_canvas *c); /* NULL is fine */

/* After a change of the window: cells may have another size. */
void lt_canvas_term(lt_canvas *c, const lt_term *term);
/* The cells that are the picture's (lt_draw_leave was called for them). */
void lt_canvas_area(lt_canvas *c, lt_rect area, lt_zoom zoom);

/*
 * What should be there; NULL: nothing.  each: it is one of a row of which all should be seen, so it
 * waits for the one before it; otherwise it takes the place of whatever waits.  coarse: a
 * preview, which is not worth a good palette.
 */
void lt_canvas_show(lt_canvas *c, lt_image *image, bool each, bool coarse);
/* What is on the screen is gone: the frame is sent again. */
void lt_canvas_damaged(lt_canvas *c);
/* The picture has to be covered by text: true if the whole screen must be drawn again for that. */
bool lt_canvas_hide(lt_canvas *c);

/* The next frame will leave pixels of the one on the screen as they are, as it is smaller or
 * elsewhere, or there is none: the whole screen must be drawn again first. */
bool lt_canvas_uncovers(const lt_canvas *c);

void lt_canvas_acked(lt_canvas *c, double now);

/*
 * Sends what is due; call it after lt_draw_end.  False if the terminal is gone.  Never waits for a
 * slow line: while lt_canvas_writing, curses must not write, and this is to be called again when
 * the terminal takes bytes.  A frame that holds the line for more than 120 ms while something else
 * waits (lt_canvas_hurry, or a newer picture) is cut short and sent again, coarser; when nothing
 * does, it takes its time.
 */
bool lt_canvas_flush(lt_canvas *c, double now, lt_error *err) LT_WARN_UNUSED;
bool lt_canvas_writing(const lt_canvas *c);
void lt_canvas_hurry(lt_canvas *c);
/* Ends a frame that is being written, within half a second. */
void lt_canvas_finish(lt_canvas *c);
/* True while the terminal can be expected to answer a frame. */
bool lt_canvas_in_flight(const lt_canvas *c);
/* Seconds until lt_canvas_flush may have something to do without an event; negative: never. */
double lt_canvas_wait(const lt_canvas *c, double now);

/* True while a picture waits that the terminal can be expected to take in a moment. */
bool lt_canvas_expects(const lt_canvas *c, double now);

/* Pictures passed over since the last call. */
int lt_canvas_skipped(lt_canvas *c);

/* Where the picture is, for the mouse and for captions; width 0: there is none. */
lt_rect lt_canvas_where(const lt_canvas *c);
typedef struct lt_canvas_facts {
    lt_graphics kind;
    size_t bytes;      /* of the last frame */
    double encode;     /* seconds: palette, encoding */
    double write;      /* seconds */
    int scale;         /* 1: whole */
    int sent, skipped; /* frames so far */
    double round_trip; /* seconds; < 0: not known */
} lt_canvas_facts;
lt_canvas_facts lt_canvas_about(const lt_canvas *c);
