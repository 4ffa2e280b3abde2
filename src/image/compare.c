/* compare.c - see compare.h. */
#include "image/compare.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static bool same_size(const lt_image *a, const lt_image *b, lt_error *err)
{
    if (a->width == b->width && a->height == b->height)
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                   "cannot compare pictures of different sizes: %dx%d and %dx%d", a->width,
                   a->height, b->width, b->height);
}

bool lt_image_compare(const lt_image *a, const lt_image *b, lt_image_distance *out, lt_error *err)
{
    int64_t sum = 0, squares = 0; /* 64 megapixels * 3 * 255^2 is below 2^44 */
    int max = 0;
    if (!same_size(a, b, err))
        return false;
    size_t n = lt_image_bytes(a);
    for (size_t i = 0; i < n; i++) {
        int d = abs(a->rgb[i] - b->rgb[i]);
        sum += d;
        squares += d * d;
        max = d > max ? d : max;
    }
    double mse = (double)squares / (double)n;
    *out = (lt_image_distance){
        .mae = (double)sum / (double)n,
        .mse = mse,
        .psnr = squares ? 10.0 * log10(255.0 * 255.0 / mse) : (double)INFINITY,
        .max = max,
    };
    return true;
}

void lt_image_psnr_text(const lt_image_distance *d, char out[LT_IMAGE_PSNR_TEXT])
{
    snprintf(out, LT_IMAGE_PSNR_TEXT, isfinite(d->psnr) ? "%.2f dB" : "inf", d->psnr);
}

bool lt_image_difference(const lt_image *a, const lt_image *b, int gain, lt_image **out,
                         lt_error *err)
{
    lt_image *image;
    if (!same_size(a, b, err))
        return false;
    if (gain < 1 || gain > 255)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "a gain of %d: expected 1 to 255", gain);
    if (!lt_image_new(a->width, a->height, &image, err))
        return false;
    for (size_t i = 0, n = lt_image_bytes(a); i < n; i++) {
        int d = abs(a->rgb[i] - b->rgb[i]) * gain;
        image->rgb[i] = (unsigned char)(d < 255 ? d : 255);
    }
    *out = image;
    return true;
}
