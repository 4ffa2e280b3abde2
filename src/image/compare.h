/*
 * compare.h - how far two pictures of one size are apart.  Pure.
 * LT_ERR_ARGUMENT when the sizes differ.
 */
#pragma once

#include "image/image.h"

/* Over all W*H*3 values, in steps of 8 bits (0..255). */
typedef struct lt_image_distance {
    double mae;  /* mean absolute difference */
    double mse;  /* mean squared difference */
    double psnr; /* 10 log10(255^2 / mse) in dB; INFINITY for equal pictures */
    int max;     /* the largest absolute difference */
} lt_image_distance;

bool lt_image_compare(const lt_image *a, const lt_image *b, lt_image_distance *out,
                      lt_error *err) LT_WARN_UNUSED;

/* "31.44 dB", "inf" for equal pictures. */
enum { LT_IMAGE_PSNR_TEXT = 24 };
void lt_image_psnr_text(const lt_image_distance *d, char out[LT_IMAGE_PSNR_TEXT]);

/* A picture of |a - b| * gain for each value, at most 255; gain is 1..255. */
bool lt_image_difference(const lt_image *a, const lt_image *b, int gain, lt_image **out,
                         lt_error *err) LT_WARN_UNUSED;
