/*
 * kitty.h - kitty's graphics protocol: pictures with a name, compressed by zlib.
 *
 * The same id and placement each time, so that a new picture takes the place of the last one and
 * the terminal keeps one only.  The cursor stays, nothing is answered.
 * https://sw.kovidgoyal.net/kitty/graphics-protocol/
 */
#pragma once

#include "base/buf.h"
#include "image/image.h"

typedef struct lt_kitty {
    unsigned id;    /* >= 1 */
    int cols, rows; /* cells that the terminal scales it to; 0: pixel by pixel */
} lt_kitty;

/* The last piece of each picture's data, which has none: where a picture was cut short, it and an
 * ESC \ before it end the picture, unseen; else the terminal would take the next one for more of
 * it. */
#define LT_KITTY_CLOSE "\033_Gq=2,m=0\033\\"

/* Appends the picture, shown where the cursor is, up to and with LT_KITTY_CLOSE. */
bool lt_kitty_encode(const lt_image *image, const lt_kitty *how, lt_buf *out,
                     lt_error *err) LT_WARN_UNUSED;
/* Appends what removes it, and frees its memory in the terminal. */
void lt_kitty_delete(unsigned id, lt_buf *out);
