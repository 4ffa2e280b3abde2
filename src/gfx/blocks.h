/*
 * blocks.h - pictures of characters, for terminals without pixels.
 *
 * BLOCKS puts two pixels, one above the other, into a cell as an upper half block with its colour
 * before a background, or a blank of it where both are the same; TEXT puts a character of the
 * pixel's lightness there, for locales without UTF-8 and terminals without colours.  Each row
 * starts with an absolute position, so that nothing depends on how a terminal wraps.
 */
#pragma once

#include "base/buf.h"
#include "gfx/probe.h"
#include "image/image.h"

/* Appends the picture, its top left in this cell (from 0): a pixel a column, two a row; below an
 * odd last row the cell's background is the terminal's own.  colours: not NONE. */
void lt_blocks_encode(const lt_image *image, lt_colours colours, int row, int col, lt_buf *out);
/* A pixel a cell. */
void lt_blocks_text(const lt_image *image, int row, int col, lt_buf *out);

/* The nearest of the 256 colours of xterm's cube and greys (16..255), and of the 16 of xterm. */
int lt_blocks_256(lt_rgb colour);
int lt_blocks_16(lt_rgb colour);
