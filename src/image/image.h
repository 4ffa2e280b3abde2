/*
 * image.h - RGB pictures in memory: 8 bits a channel, three channels, rows without padding.
 *
 * Letters: W width, H height, in pixels; x grows to the right, y downwards, (0,0) is the top left.
 *
 * A picture is reference counted.  Its maker may write rgb while it holds the only reference; once
 * lt_image_ref was called, or the picture was handed to another thread, nobody may write it.  The
 * count is atomic: ref and unref may be called from any thread.  Every other function is pure.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
    LT_IMAGE_MAX_SIDE = 16384,      /* pixels */
    LT_IMAGE_MAX_PIXELS = 67108864, /* 64 x 2^20: 192 MiB */
};

typedef struct lt_image {
    int width, height;  /* 1..LT_IMAGE_MAX_SIDE; read only */
    unsigned char *rgb; /* [H,W,3]; owned */
    atomic_int refs;    /* private */
} lt_image;

typedef struct lt_rgb {
    unsigned char r, g, b;
} lt_rgb;

typedef struct lt_rect {
    int x, y, width, height;
} lt_rect;

/* True if a picture of this size may exist. */
bool lt_image_size_ok(int width, int height);

/* A black picture with one reference, which the caller owns.  LT_ERR_ARGUMENT for a size that
 * lt_image_size_ok refuses, LT_ERR_MEMORY if there is none. */
bool lt_image_new(int width, int height, lt_image **out, lt_error *err) LT_WARN_UNUSED;
lt_image *lt_image_ref(lt_image *image); /* returns image */
void lt_image_unref(lt_image *image);    /* NULL is fine; the last one frees */

size_t lt_image_bytes(const lt_image *image); /* W * H * 3 */

/* The largest rectangle of the proportions aspect_width:aspect_height (each >= 1) in the middle of
 * width x height; at least 1x1.  Where the rest is odd, the larger margin is right or below. */
lt_rect lt_rect_centre(int width, int height, int aspect_width, int aspect_height);

/* A copy of a part.  LT_ERR_ARGUMENT if the rectangle is empty or not wholly inside. */
bool lt_image_crop(const lt_image *image, lt_rect part, lt_image **out,
                   lt_error *err) LT_WARN_UNUSED;

/* Writing a picture that has one reference.  What lies outside `to` is left out. */
void lt_image_fill(lt_image *to, lt_rect part, lt_rgb colour);
void lt_image_place(lt_image *to, const lt_image *from, int x, int y);

/* How pictures are put side by side.  Row by row, `columns` in a row (columns = count: one strip);
 * a column is as wide as its widest picture, a row as high as its highest, pictures lie top left.
 */
typedef struct lt_grid {
    int columns;       /* >= 1 */
    int gap;           /* pixels between cells, 0..1024; none around the whole */
    lt_rgb background; /* of the gaps and the rest of a cell */
} lt_grid;

/* count >= 1 pictures; NULL is an empty cell.  LT_ERR_ARGUMENT if the layout is out of range, if
 * there is no picture at all or if the result would be too large. */
bool lt_image_grid(const lt_image *const *images, int count, const lt_grid *layout, lt_image **out,
                   lt_error *err) LT_WARN_UNUSED;

/*
 * Pixels of the VAE, nominally -1..1, to 8 bits, all in float32:
 * round_half_even(clamp(x * 0.5 + 0.5, 0, 1) * 255).  NaN becomes 0, infinities the end of the
 * range. Source: VaeImageProcessor.denormalize and numpy_to_pil of diffusers, bit for bit. from_chw
 * takes [3,H,W] (torch's order), from_hwc [H,W,3] (this project's graphs).
 */
bool lt_image_from_chw(const float *chw, int width, int height, lt_image **out,
                       lt_error *err) LT_WARN_UNUSED;
bool lt_image_from_hwc(const float *hwc, int width, int height, lt_image **out,
                       lt_error *err) LT_WARN_UNUSED;

/* 8 bits to -1..1: 2 * (v / 255) - 1 in float32, as VaeImageProcessor.pil_to_numpy and normalize.
 * The caller gives room for 3 * H * W floats. */
void lt_image_to_chw(const lt_image *image, float *chw);
void lt_image_to_hwc(const lt_image *image, float *hwc);
