/*
 * resize.h - pictures of another size.  Pure.
 *
 * BOX, BILINEAR and LANCZOS are separable filters whose support grows when a side shrinks, so that
 * nothing is skipped; first the rows, then the columns, each rounded to 8 bits.  The weights, their
 * 22 fractional bits and the rounding are those of Pillow's Image.resize, byte for byte: what
 * diffusers does to the picture of an img2img run (LANCZOS) is reproduced. NEAREST takes source
 * pixel floor((i + 0.5) * source / target): enlarged previews stay square.
 */
#pragma once

#include "image/image.h"

typedef enum lt_filter { LT_NEAREST, LT_BOX, LT_BILINEAR, LT_LANCZOS } lt_filter;

/* LT_ERR_ARGUMENT if the new size is out of range. */
bool lt_image_resize(const lt_image *image, int width, int height, lt_filter filter, lt_image **out,
                     lt_error *err) LT_WARN_UNUSED;
