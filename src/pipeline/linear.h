/*
 * linear.h - a picture of latents without the VAE: every latent position becomes one colour, a
 * linear function of its channels, as good as least squares make it from pictures that the VAE has
 * decoded.  For moving pictures while a slider is dragged; always said to be one.
 *
 * Plain data; learns from the session's own pictures, so it fits whatever VAE is in use.
 */
#pragma once

#include "image/image.h"

enum { LT_LINEAR_CHANNELS = 16 }; /* most that it knows */

typedef struct lt_linear_map {
    int channels;                                                   /* 0: nothing learned */
    double samples;                                                 /* positions seen */
    double xx[(LT_LINEAR_CHANNELS + 1) * (LT_LINEAR_CHANNELS + 1)]; /* sums of products of inputs */
    double xy[(LT_LINEAR_CHANNELS + 1) * 3];
    float weight[(LT_LINEAR_CHANNELS + 1) * 3]; /* solved; the last row is the constant */
    bool solved;
} lt_linear_map;

/* latents [C,h,w] as they went into lt_engine_decode, and the picture that came out, a whole number
 * of times as large.  Another number of channels starts anew. */
void lt_linear_learn(lt_linear_map *l, const float *latents, int channels, int h, int w,
                     const lt_image *picture);
/* A picture of w x h pixels; false if nothing was learned for so many channels, or no memory. */
bool lt_linear_picture(lt_linear_map *l, const float *latents, int channels, int h, int w,
                       lt_image **out);
