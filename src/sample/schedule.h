/*
 * schedule.h - how noisy the latents are at every step.
 *
 * T training timesteps have betas b_t; abar_t is the product of (1 - b) up to t, and
 * sigma_t = sqrt((1 - abar_t) / abar_t).  A schedule of n steps picks n timesteps, latest first,
 * and interpolates their sigmas.  Sources: DDPM (Ho 2020), Elucidating (Karras 2022); float32 and
 * double where diffusers' LMSDiscreteScheduler, EulerDiscreteScheduler and
 * EulerAncestralDiscreteScheduler have them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef enum lt_beta_schedule {
    LT_BETA_LINEAR,
    LT_BETA_SCALED_LINEAR,
    LT_BETA_SQUAREDCOS_CAP_V2, /* Nichol 2021; beta_start and beta_end are not used */
} lt_beta_schedule;

typedef enum lt_prediction { LT_PREDICT_EPSILON, LT_PREDICT_V } lt_prediction;

typedef enum lt_spacing {
    LT_SPACING_UNSET, /* the file does not say: the sampler's own default */
    LT_SPACING_LINSPACE,
    LT_SPACING_LEADING,
    LT_SPACING_TRAILING,
} lt_spacing;

typedef enum lt_final_sigma { LT_FINAL_ZERO, LT_FINAL_SIGMA_MIN } lt_final_sigma;

/* The keys of scheduler_config.json that matter to a sampler, by their names there. */
typedef struct lt_schedule_config {
    int num_train_timesteps;     /* T, 2 to LT_SCHEDULE_MAX_TRAIN */
    double beta_start, beta_end; /* (0, 1) */
    lt_beta_schedule beta_schedule;
    lt_prediction prediction_type;
    lt_spacing timestep_spacing;
    int steps_offset; /* 0 to T; added by leading only */
    bool use_karras_sigmas;
    bool rescale_betas_zero_snr;
    lt_final_sigma final_sigmas_type;
} lt_schedule_config;

#define LT_SCHEDULE_MAX_TRAIN 100000

/* The class defaults of diffusers: what a missing key means. */
lt_schedule_config lt_schedule_config_default(void);

/*
 * Sets the key of scheduler_config.json that holds a word: beta_schedule, prediction_type,
 * timestep_spacing, final_sigmas_type; and interpolation_type and timestep_type, of which only the
 * default is known.  Another key is left to others: true, nothing set.  A value that is not known
 * is LT_ERR_MODEL and names key and value; among them prediction_type "sample", which no model that
 * latentty runs has.
 */
bool lt_schedule_config_set_word(lt_schedule_config *config, const char *key, const char *value,
                                 lt_error *err) LT_WARN_UNUSED;

/* The same for keys that hold true or false: use_karras_sigmas, rescale_betas_zero_snr; and
 * use_exponential_sigmas and use_beta_sigmas, which must be false. */
bool lt_schedule_config_set_flag(lt_schedule_config *config, const char *key, bool value,
                                 lt_error *err) LT_WARN_UNUSED;

/* Numbers out of their ranges are LT_ERR_MODEL.  trained_betas, sigma_min and sigma_max have no
 * place in the struct: a reader refuses them unless they are null. */
bool lt_schedule_config_check(const lt_schedule_config *config, lt_error *err) LT_WARN_UNUSED;

/* A user's choice; an unknown word is LT_ERR_ARGUMENT and lists the known ones. */
bool lt_spacing_parse(const char *word, lt_spacing *out, lt_error *err) LT_WARN_UNUSED;

/* The word of scheduler_config.json; "unset" for LT_SPACING_UNSET. */
const char *lt_beta_schedule_name(lt_beta_schedule value);
const char *lt_prediction_name(lt_prediction value);
const char *lt_spacing_name(lt_spacing value);
const char *lt_final_sigma_name(lt_final_sigma value);

/* The tables of n steps; read-only after init, so any number of threads may use one. */
typedef struct lt_schedule {
    lt_schedule_config config; /* timestep_spacing is never unset */
    int steps;                 /* n */
    int begin; /* steps of lt_schedule_init that lt_schedule_cut left out before these */
    float init_noise_sigma; /* the first latents are randn times this */
    float *timesteps;       /* [n], owned, descending; fractional unless leading or trailing */
    float *sigmas;          /* [n + 1], owned, descending; the last is 0 or sigma_0.  Those of the
                               steps left out are at -begin to -1, here and in timesteps */
    float *alphas_cumprod;  /* [T], owned: abar_t.  The last is 2^-24, not 0, with zero SNR */
} lt_schedule;

/* beta_t, 0 <= t < T, of a config that passes the check, before rescale_betas_zero_snr; in float32
 * as diffusers'. */
double lt_schedule_beta(const lt_schedule_config *config, int t);

/* abar = 1 / (sigma^2 + 1): what is left of the picture's variance at this sigma. */
double lt_sigma_abar(double sigma);

/*
 * n is 1 to T (LT_ERR_ARGUMENT).  An unset spacing is linspace.  Betas that leave no usable sigma
 * are LT_ERR_MODEL.  As in diffusers one step with linspace is t = 0, which gives no picture.
 * For step counts where rounding makes diffusers list a superfluous t = -1 after trailing, it is
 * left out.
 */
bool lt_schedule_init(lt_schedule *schedule, const lt_schedule_config *config, int n,
                      lt_error *err) LT_WARN_UNUSED;
void lt_schedule_done(lt_schedule *schedule); /* {0} is fine */

/* Steps of n that an image-to-image run of this strength, 0 to 1, leaves out at the start:
 * n - min(int(n * strength), n), the product in double.  Source: get_timesteps of diffusers'
 * StableDiffusionImg2ImgPipeline. */
int lt_schedule_begin(int n, double strength);
/* Leaves the first `begin` steps out, 0 <= begin < steps, of a schedule that lt_schedule_init made:
 * step 0 is now step `begin` there.  init_noise_sigma stays. */
void lt_schedule_cut(lt_schedule *schedule, int begin);
/* The same tables, of which as much is left out.  As lt_schedule_init. */
bool lt_schedule_copy(lt_schedule *to, const lt_schedule *from, lt_error *err) LT_WARN_UNUSED;

/* out [n] = sqrt(abar_t) x0 + sqrt(1 - abar_t) eps, the forward process (Ho 2020, eq. 4) at
 * training timestep t, 0 to T - 1 (LT_ERR_ARGUMENT); x0, eps [n]; out may be either. */
bool lt_schedule_add_noise(const lt_schedule *schedule, int t, const float *x0, const float *eps,
                           size_t n, float *out, lt_error *err) LT_WARN_UNUSED;

/* out [n] = x0 + sigma_0 eps, before the first step: add_noise of diffusers' sigma schedulers,
 * where an image-to-image run begins.  x0, eps [n]; out may be either. */
void lt_schedule_noised(const lt_schedule *schedule, const float *x0, const float *eps, size_t n,
                        float *out);
