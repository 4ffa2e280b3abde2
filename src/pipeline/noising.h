/*
 * noising.h - a picture through the autoencoder, and the forward process: its latents with any
 * amount of noise, what the UNet takes that noise for, and where a run would begin from there.
 *
 *     x_t = sqrt(abar_t) x0 + sqrt(1 - abar_t) eps,   t = 0 to T - 1      (Ho et al. 2020, eq. 4)
 *
 * Here latents have the scale of x_t, which is the UNet's input as it is; a sampler holds
 * x_t / sqrt(abar_t).  Numbers are taken in double.  The functions of an engine belong to its
 * thread, the others are pure.
 */
#pragma once

#include "image/compare.h"
#include "pipeline/engine.h"
#include "pipeline/params.h"
#include "sample/sampler.h"

/* ---- the autoencoder ---- */

/* What it makes of a picture: plain data, without the engine. */
typedef struct lt_encoded {
    lt_image *original;          /* owned: what the VAE was given, in 8 bits */
    lt_image *decoded;           /* owned: of the mean */
    lt_image_distance distance;  /* between both */
    int full_width, full_height; /* of the picture before it was made to fit */
    int channels, h, w, factor;
    float *latents; /* owned [C,h,w]: the mean of the posterior times the scaling factor */
    float scaling_factor;
    lt_scheduler_config scheduler; /* of the model, as what follows */
    lt_schedule schedule;          /* owned: its abar of every training timestep */
    char *model;                   /* owned */
    char model_hash[20];           /* lt_engine_info.hash */
    bool tiled;                    /* the VAE worked in tiles (lt_engine_tile) */
    double encode_seconds, decode_seconds;
} lt_encoded;

typedef struct lt_encode_options {
    lt_size size; /* `given`, as of lt_init_image_size */
    lt_tiling tiling;
    bool beside_run; /* as in lt_work: a run of this engine is at work */
} lt_encode_options;

/* The forecast for one picture of that size through the encoder and the decoder, which says whether
 * they work in tiles (lt_forecast_check): LT_ERR_MEMORY.  Part of lt_encode_picture. */
bool lt_encode_check_room(lt_engine *e, lt_size size, const lt_encode_options *o,
                          lt_error *err) LT_WARN_UNUSED;

/* Encodes to the mean of the posterior, of which nothing is drawn, and decodes that again; the
 * picture is made to fit as --init-image is: to the size given, else its own sides, rounded down to
 * multiples of the factor (lt_init_image_size).  With LT_TILING_AUTO the VAE works in tiles where
 * nothing but that fits into memory (lt_forecast_check).  LT_ERR_ARGUMENT for one that is too small
 * or too large, LT_ERR_MEMORY, LT_ERR_CANCELLED. */
bool lt_encode_picture(lt_engine *e, const lt_image *image, const lt_encode_options *o,
                       lt_encoded **out, lt_progress *progress, lt_error *err) LT_WARN_UNUSED;
void lt_encoded_free(lt_encoded *e); /* NULL is fine */

/* How many times fewer positions, and numbers, the latents have than the pixels (three numbers
 * each) that the VAE was given. */
double lt_encoded_fewer_positions(const lt_encoded *e);
double lt_encoded_fewer_numbers(const lt_encoded *e);

/* ---- noise ---- */

/* The noise that an image-to-image run of one picture with this seed adds: n = C h w normals, after
 * as many that sample its posterior. */
void lt_noising_noise(uint64_t seed, size_t n, float *out);

typedef struct lt_noising {
    int t;
    double abar;          /* the share of the variance that is signal, of latents of variance 1 */
    double signal, noise; /* sqrt(abar), sqrt(1 - abar): what x0 and the noise are multiplied by */
    double snr_db;        /* 10 log10(abar / (1 - abar)) */
} lt_noising;
/* 0 <= t < T. */
lt_noising lt_noising_at(const lt_schedule *s, int t);

typedef struct lt_noise_error {
    double rms;    /* of predicted minus true */
    double cosine; /* between them; 0 where one of them is 0 */
} lt_noise_error;
lt_noise_error lt_noise_compare(const float *predicted, const float *truth, size_t n);

/* What the UNet says of x_t: the noise in it, and the x0 that follows. */
typedef struct lt_predicted {
    int t;
    float *noise;      /* owned [C,h,w]; of a model that predicts v, what that means */
    float *x0;         /* [C,h,w], in noise's memory */
    lt_image *picture; /* owned: x0 decoded; NULL until somebody puts it there */
} lt_predicted;

typedef struct lt_noise_call {
    const char *prompt;
    int t, channels, h, w;
    double abar;      /* of t */
    const float *x_t; /* [C,h,w] */
} lt_noise_call;
/* LT_ERR_ARGUMENT for latents of another model's channels. */
bool lt_noise_call_fits(const lt_engine *e, const lt_noise_call *call,
                        lt_error *err) LT_WARN_UNUSED;
/*
 * One pass for the prompt alone, without guidance: what the UNet was trained for.
 *     x0 = (x_t - sqrt(1 - abar) eps) / sqrt(abar)
 * of a model that predicts v:  eps = sqrt(abar) v + sqrt(1 - abar) x_t,
 *                              x0 = sqrt(abar) x_t - sqrt(1 - abar) v
 * LT_ERR_ARGUMENT as lt_noise_call_fits, LT_ERR_RANGE for numbers that are not
 * finite, LT_ERR_MEMORY, LT_ERR_CANCELLED.
 */
bool lt_predict_noise(lt_engine *e, const lt_noise_call *call, lt_predicted **out,
                      lt_progress *progress, lt_error *err) LT_WARN_UNUSED;
void lt_predicted_free(lt_predicted *p); /* NULL is fine */

/* ---- a run from there ---- */

/* Where an image-to-image run begins whose first timestep is the nearest to t that its schedule
 * has, of two that are as near the noisier one. */
typedef struct lt_noising_start {
    const lt_sampler *sampler;
    int steps, taken; /* asked for, and those that are taken */
    double timestep;  /* of the first that is taken */
    double strength;  /* with as few decimals as tell `taken`: lt_schedule_begin(steps, strength) is
                         steps - taken */
} lt_noising_start;
/* p: sampler, steps and spacing of the run.  LT_ERR_ARGUMENT as lt_scheduler_schedule. */
bool lt_noising_start_at(const lt_scheduler_config *model, const lt_params *p, int t,
                         lt_noising_start *out, lt_error *err) LT_WARN_UNUSED;
