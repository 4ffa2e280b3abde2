/*
 * vae.h - the state of the views "autoencoder" and "noising": one picture, what the VAE makes of
 * it, and its latents with noise.
 */
#pragma once

#include "image/png.h"
#include "pipeline/noising.h"
#include "tui/compare.h"

/* The picture, of both views. */
typedef struct lt_vae_view {
    char *name;                             /* owned: for titles; NULL: there is none yet */
    char *path;                             /* owned: its file; NULL: it is of a run */
    lt_image *picture;                      /* owned: of a run; NULL: it is in the file */
    lt_png_texts texts;                     /* owned: what made it there */
    uint64_t seed;                          /* likewise; of a file 0 */
    uint64_t asked;                         /* what was asked for and has not come; 0: nothing */
    lt_encoded *encoded;                    /* owned; NULL: not there yet */
    int gain;                               /* of the difference: 1, 2, 4, ... */
    lt_image *sheet;                        /* owned: what the autoencoder view shows */
    int made_gain, made_width, made_height; /* that it is of; gain 0: nothing */
} lt_vae_view;

/* Its latents with noise. */
typedef struct lt_noising_view {
    const lt_encoded *of;       /* what follows is of this; NULL: nothing yet.  Only compared */
    uint64_t seed;              /* of the noise */
    size_t n;                   /* numbers of the latents */
    float *noise, *x_t;         /* owned [n], one block, that of noise */
    lt_noising at;              /* the slider */
    double rest_at;             /* when a slider that moved counts as resting; 0: it rests */
    uint64_t asked;             /* what was asked for and has not come; 0: nothing */
    char *prompt;               /* owned: what was asked for last */
    lt_image *noised;           /* owned: x_t decoded; NULL: not there */
    lt_predicted *said;         /* owned: of the UNet; NULL: not there */
    lt_noise_error error;       /* of it */
    lt_image_distance distance; /* from its x0 to the original, decoded */
    unsigned long changes;      /* of all this */
    lt_image *noises; /* owned: of the channels of noise, true beside predicted, or NULL */
    lt_image *dark;   /* owned: what is not there yet, or NULL */
    lt_compare_kept kept[LT_COMPARE_MOST];
    lt_image *sheet;            /* owned: what is shown */
    unsigned long made_changes; /* that it is of */
    int made_width, made_height;
    bool guessed;    /* with a linear preview of x_t in it */
    char *going;     /* owned: the file that is written for the run that Enter began; NULL: none */
    lt_params *next; /* owned: the settings of that run */
} lt_noising_view;
