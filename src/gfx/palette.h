/*
 * palette.h - a picture in at most 256 colours.
 *
 * Both ways dither by a fixed 8x8 pattern over the picture's own coordinates: the same pixel at the
 * same place always becomes the same index, so that nothing crawls from frame to frame where
 * nothing changes.  Deterministic.
 *
 * FIXED has the colours of a grid, 6x7x6 levels of red, green and blue (4x5x3 and 2x4x2 for
 * terminals with fewer registers): cheap, and no colour ever changes its register.  ADAPTIVE
 * chooses up to 256 colours from the picture by median cut over 5 bits a channel: near the
 * original, dearer, and the colours change with each frame.
 */
#pragma once

#include <stdbool.h>

#include "image/image.h"

typedef struct lt_palette {
    int count; /* 1..256 */
    unsigned char rgb[256][3];
} lt_palette;

/* Tables and memory that are used again for every picture. */
typedef struct lt_paletter lt_paletter;

/* registers: how many colours the terminal has, >= 16. */
lt_paletter *lt_paletter_new(int registers);
void lt_paletter_free(lt_paletter *p); /* NULL is fine */

/* indices [H,W] is the caller's. */
void lt_palette_fixed(lt_paletter *p, const lt_image *image, unsigned char *indices,
                      lt_palette *out);
/* As FIXED where the terminal has fewer than 252 registers. */
void lt_palette_adaptive(lt_paletter *p, const lt_image *image, unsigned char *indices,
                         lt_palette *out);

/* At most so many colours (2..64) of the picture's own, without a pattern: long runs, few bytes. */
void lt_palette_few(lt_paletter *p, const lt_image *image, int colours, unsigned char *indices,
                    lt_palette *out);

/* The number of colours of the fixed grid for so many registers: 252, 60 or 16. */
int lt_palette_fixed_count(int registers);
