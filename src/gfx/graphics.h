/*
 * graphics.h - pictures on a terminal: which kind, where and how large, and the bytes of a frame.
 *
 *     lt_graphics kind = lt_graphics_choose(&term, wanted, utf8, why, sizeof why);
 *     lt_encoder *e = lt_encoder_new(&term, kind);
 *     lt_fit fit = lt_fit_make(&term, kind, &(lt_frame_room){.cols = 80, .rows = 30}, 512, 512);
 *     lt_frame_encode(e, image, &fit, &place, quality, &bytes, err);
 *     lt_tty_mode(tty, LT_MODE_STRING, true);  lt_tty_write(tty, ...);  lt_tty_mode(.., false);
 *
 * Pure, but for the memory of the encoder.  Not thread-safe.
 */
#pragma once

#include "base/buf.h"
#include "gfx/probe.h"
#include "image/image.h"

typedef enum lt_graphics {
    LT_GRAPHICS_AUTO, /* only as a wish */
    LT_GRAPHICS_SIXEL,
    LT_GRAPHICS_KITTY,
    LT_GRAPHICS_BLOCKS,
    LT_GRAPHICS_TEXT,
    LT_GRAPHICS_NONE,
    LT_GRAPHICS_COUNT,
} lt_graphics;

const char *lt_graphics_name(lt_graphics kind);            /* "auto", "sixel", ... */
bool lt_graphics_find(const char *name, lt_graphics *out); /* false: no such name */

/* The best kind for the terminal, or the one that is wanted, even where the terminal does not seem
 * to know it (its answers are never complete), unless it cannot work at all: blocks need UTF-8.
 * why [size]: a sentence for people. */
lt_graphics lt_graphics_choose(const lt_term *term, lt_graphics wanted, bool utf8, char *why,
                               size_t size);

/* How large a picture should be. */
typedef enum lt_zoom {
    LT_ZOOM_AUTO, /* pixel by pixel if there is room, small pictures (below 256) a whole number of
                     times larger, up to 512; smaller where there is no room */
    LT_ZOOM_FILL, /* as large as possible */
    LT_ZOOM_ONE,  /* pixel by pixel, or smaller */
} lt_zoom;

/* Cells for the picture.  A spare row below is the caller's: some terminals put the cursor under a
 * picture, which must not scroll. */
typedef struct lt_frame_room {
    int cols, rows;
    lt_zoom zoom;
} lt_frame_room;

typedef struct lt_fit {
    lt_graphics kind;
    int cols, rows;    /* cells that are covered, from the top left of the room; 0: nothing fits */
    int width, height; /* pixels that are sent: of the terminal, or for BLOCKS and TEXT of cells */
    bool nearest;      /* enlarged a whole number of times */
} lt_fit;

/* Keeps the proportions of width x height. */
lt_fit lt_fit_make(const lt_term *term, lt_graphics kind, const lt_frame_room *room, int width,
                   int height);

/* scale: 1 is the whole picture, 2 to LT_SCALE_COARSEST one of squares of 2, 3, 4, 6 or 12 pixels,
 * with sixels also in few colours: fewer bytes.  BLOCKS and TEXT are always whole. */
enum { LT_SCALE_COARSEST = 6 };
typedef struct lt_quality {
    int scale;
    bool adaptive; /* sixel: a palette of the picture's own; see palette.h */
} lt_quality;

/* Cells count from 0. */
typedef struct lt_place {
    int row, col;               /* of the picture's top left */
    int cursor_row, cursor_col; /* where the cursor stands before and after */
    bool cursor_visible;
} lt_place;

typedef struct lt_encoder lt_encoder;

lt_encoder *lt_encoder_new(const lt_term *term, lt_graphics kind); /* term is copied */
void lt_encoder_free(lt_encoder *e);                               /* NULL is fine */

/* Replaces *out by all bytes of a frame, to be written in one piece between the flushes of
 * curses: [CSI ? 2026 h] CSI ? 25 l, position, picture, position of the cursor, [CSI ? 25 h]
 * [CSI ? 2026 l] CSI 5 n.  The answer of the last, CSI 0 n (LT_INPUT_ACK), says that all was taken.
 * A fit of kind NONE or without cells gives no bytes at all, and so no answer. */
bool lt_frame_encode(lt_encoder *e, const lt_image *image, const lt_fit *fit, const lt_place *place,
                     lt_quality quality, lt_buf *out, lt_error *err) LT_WARN_UNUSED;

/* Where in the bytes of the last frame the end begins: a frame that cannot be written in time may
 * be cut anywhere before, and from there on the terminal is as after a whole one. */
size_t lt_frame_tail(const lt_encoder *e);

/* Appends what removes the picture before its cells are written with blanks.  True if blanks are
 * not enough on this terminal: it must be cleared and drawn again (clearok). */
bool lt_frame_hide(const lt_encoder *e, lt_buf *out);
