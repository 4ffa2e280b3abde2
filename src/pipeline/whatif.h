/*
 * whatif.h - one step of a film once more with another guidance scale, without the UNet.
 *
 * Guidance is arithmetic on two predictions that a film keeps: eps = u + scale (c - u).  So what a
 * step would have made is known as soon as the scale is: the sampler's update of that one step,
 * from the latents before it, with the same history and the same noise.  Pure; any thread that may
 * read the film.
 */
#pragma once

#include "pipeline/film.h"

/* True if the step that made frame k has both predictions and is this film's own: the frames before
 * a fork were made with the parent's settings, so ask the parent's film. */
bool lt_film_can_what_if(const lt_film *f, int k);

/*
 * Frame k, 1 to f->done, of one picture with another scale of guidance: out [C,h,w], as
 * lt_film_lens gives it for the first three lenses.  The prediction is u + scale (c - u) in
 * float32, each operation rounded; at exactly 1 it is c, as in a run without guidance, and at
 * exactly 0 it is u.  With the run's own scale it is the frame that was kept, and with another one
 * from 1 on the next frame of a fork from k - 1 (for k = 1: the first of a run with the same seed),
 * to the bit: derivatives of earlier steps come from the film (lt_film_start), and a stochastic
 * sampler's normals are drawn again from the run's seed.
 *
 * LT_ERR_ARGUMENT unless lt_film_can_what_if, or if the scale makes numbers that are not finite;
 * LT_ERR_MEMORY.
 */
bool lt_film_what_if(const lt_film *f, int k, int image, double scale, lt_lens lens, float *out,
                     lt_error *err) LT_WARN_UNUSED;

/* What a scale does, for a screen.  kept, now [C,h,w]: one lens of frame k and what
 * lt_film_what_if made for it. */
typedef struct lt_what_if_numbers {
    double push;    /* rms of scale (c - u), over rms of u */
    double cosine;  /* between c and u, whatever the scale */
    double changed; /* rms of now minus kept, over rms of kept */
} lt_what_if_numbers;
void lt_film_what_if_numbers(const lt_film *f, int k, int image, double scale, const float *kept,
                             const float *now, lt_what_if_numbers *out);
