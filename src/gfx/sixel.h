/*
 * sixel.h - indices and a palette to a DCS of sixels; libsixel writes them.
 *
 * Of libsixel (1.8 to 1.10) only the encoder for 8-bit indices is used, on memory of our own: its
 * loaders and its high colour mode have the bugs.  A new sixel_dither is made for each palette, as
 * its cache of colours would be stale; the object for output is made for each picture, as it keeps
 * nothing worth keeping.  It starts the sequence without parameters; ours has P1;P2;P3 = 0;0;0, as
 * some terminals ignore P2 where P1 is missing.  P2 = 0: opaque, which foot paints faster.
 *
 * The height is padded to a multiple of 6 by repeating the last row, and the raster attributes
 * say so: terminals paint the rest of the last band otherwise in their own ways (Konsole black).
 * Every picture has its palette in it, of the colours that it uses: mlterm, and terminals with
 * private registers, forget it in between.
 */
#pragma once

#include "base/buf.h"
#include "gfx/palette.h"

typedef struct lt_indexed {
    const unsigned char *indices; /* [H,W], each below palette->count */
    int width, height;
    int times;                   /* each pixel becomes times x times, >= 1 */
    int full_width, full_height; /* of all, where less than width * times: the rest is cut off;
                                    0: all of it */
    const lt_palette *palette;
} lt_indexed;

/* Appends ESC P ... ESC \.  LT_ERR_MEMORY, or LT_ERR_DEVICE with what libsixel says. */
bool lt_sixel_encode(const lt_indexed *picture, lt_buf *out, lt_error *err) LT_WARN_UNUSED;
