/*
 * font.h - captions on pictures, in one built-in font of 6x10 pixels a character.
 *
 * ASCII 32..126 is drawn; every other character of UTF-8 is one '?', as is a control character.
 * Sizes are in pixels; scale (1..64, clamped) enlarges each dot of the font.
 */
#pragma once

#include "image/image.h"

enum { LT_FONT_WIDTH = 6, LT_FONT_HEIGHT = 10 };

/* The width of text in pixels (the height is LT_FONT_HEIGHT * scale); saturates at INT_MAX. */
int lt_font_width(const char *text, int scale);

/* The text itself, or as many characters as leave room for ".." in this width, which are at least
 * those two; the caller's. */
char *lt_font_fit(const char *text, int width, int scale);

/* Draws one line whose top left corner is (x,y).  `to` has one reference; what lies outside is left
 * out; the background stays. */
void lt_font_draw(lt_image *to, int x, int y, const char *text, int scale, lt_rgb colour);

typedef struct lt_caption {
    int scale;
    lt_rgb colour, background;
} lt_caption;

/* Light on dark, twice as large from 256 pixels on. */
lt_caption lt_caption_for(const lt_image *image);

/* A copy of the picture with a strip of (LT_FONT_HEIGHT + 4) * scale rows below that holds the
 * text, centred.  Text that is too wide is cut and ends in "..".  style NULL: lt_caption_for. */
bool lt_font_caption(const lt_image *image, const char *text, const lt_caption *style,
                     lt_image **out, lt_error *err) LT_WARN_UNUSED;
