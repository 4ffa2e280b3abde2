/*
 * lens.h - what there is to see inside a step of a film: numbers and pictures from the latents and
 * the predictions that it keeps, without the UNet.
 *
 * Pure; any thread that may read the film.  Frame k of picture `image` is meant, as in film.h;
 * numbers are taken in double.
 */
#pragma once

#include "image/image.h"
#include "pipeline/film.h"

/* The word of a lens in files: "latents", "x0", "noise", "x0-uncond", "x0-text". */
const char *lt_lens_name(lt_lens lens);
/* The i-th word of --lens: what a run can decode by itself; NULL at the end. */
const char *lt_lens_at(int i);
/* LT_ERR_ARGUMENT for other words; those of lenses that only a screen has are told as such. */
bool lt_lens_find(const char *word, lt_lens *out, lt_error *err) LT_WARN_UNUSED;

/* ---- channels ---- */

typedef struct lt_range {
    double min, max, mean, rms;
} lt_range;
/* Of n > 0 numbers. */
lt_range lt_range_of(const float *x, size_t n);
/* A channel [h,w] in grey, its smallest number black and its largest white (a constant is grey),
 * enlarged to width x height by nearest neighbours. */
bool lt_lens_grey(const float *x, int w, int h, int width, int height, lt_image **out,
                  lt_error *err) LT_WARN_UNUSED;

/* Several such side by side. */
typedef struct lt_channel_grid {
    const float *const *at; /* [count] of [h,w] each; NULL: that one is black */
    int count, h, w;
    int columns, gap;  /* as lt_grid */
    int width, height; /* of each in pixels; below 1: 1 */
    bool ranges;       /* below each its number, from 1 on, and its range */
} lt_channel_grid;
bool lt_lens_channels(const lt_channel_grid *g, lt_image **out, lt_error *err) LT_WARN_UNUSED;

/* ---- guidance ---- */

/* Of the step that made frame k: eps = u + scale (c - u). */
typedef struct lt_push {
    double scale;
    double rms_uncond, rms_text; /* of u, and of c */
    double length;               /* rms of scale (c - u), which is the push */
    double angle;                /* degrees between the push and u; 0 where one of them is 0 */
    double apart;                /* degrees between c and u */
} lt_push;
/* False if the step was made without guidance, or is none (k = 0). */
bool lt_film_push(const lt_film *f, int k, int image, lt_push *out);

/* ---- what changed ---- */

/* The share, 0 to 1, of pixels that differ by at least `least` of 255 in one of their colours; of
 * pictures of one size. */
double lt_lens_moved(const lt_image *a, const lt_image *b, int least);

/* ---- the update ---- */

/*
 * How frame i becomes frame i + 1: with y the model's guided output for frame i,
 *     x0  = of_x x_i + of_output y
 *     d_i = (x_i - x0) / sigma
 *     x_(i+1) = x_i + sum of weight[j] d_(i-j), j < order, + noise z
 * z: fresh normals.  abar = 1 / (sigma^2 + 1).
 */
typedef struct lt_update {
    int step; /* i */
    double timestep, sigma, sigma_next, abar, abar_next;
    bool v; /* y is v, not the noise */
    double of_x, of_output;
    int order;
    double weight[LT_LMS_ORDER];
    double noise; /* 0: the sampler draws none */
} lt_update;
/* 0 <= i < f->steps.  False if the step is not this film's own but of a run that it was forked
 * from: ask that one's. */
bool lt_film_update(const lt_film *f, int i, lt_update *out);
