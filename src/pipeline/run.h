/*
 * run.h - one generation as a value: begin, step, step, ..., free.  No threads, no files.
 *
 * The caller owns the loop, so preview, cancel, trace and frames need no callbacks.  All state is
 * host memory in float32, torch's order: [B,C,h,w] for B = prompts x pictures a prompt,
 * prompt-major. Source: StableDiffusionPipeline.__call__ of diffusers.
 */
#pragma once

#include "pipeline/engine.h"
#include "pipeline/init_image.h"
#include "pipeline/params.h"
#include "pipeline/room.h"
#include "sample/sampler.h"

typedef struct lt_run lt_run;

/* A step of another run of the same size and number of steps, to go on from.  Everything is
 * borrowed for the call; see lt_film_start. */
typedef struct lt_run_start {
    int step;             /* that were taken there, 1 to steps - 1 */
    float sigma;          /* there, before the next one: this run's schedule must have it, too */
    const float *latents; /* [B,C,h,w] after them */
    const float *x0;      /* [B,C,h,w] that the last of them predicted */
    int known;            /* steps of which a derivative is known, counted back from the last one */
    const float *before[LT_LMS_ORDER], *predicted[LT_LMS_ORDER]; /* [B,C,h,w]: the latents before
                                                                    them, and their x0 */
    int draws; /* normals of steps that the generators have given away */
} lt_run_start;

typedef struct lt_run_options {
    const lt_params *params;
    const lt_run_start *start; /* NULL: from the noise */
    /* [B,C,h,w], diffusers' argument `latents`: noise of variance 1 instead of drawn noise, or NULL
     */
    const float *noise;
    /* What params->init_image names; NULL without, and of no use with `start`. */
    const lt_init_image *init;
    /* The picture that was number `place` of `of` that one generator drew for, made alone: the same
     * numbers.  Of one picture in params only; of 0 or 1: it draws for itself. */
    int place, of;
    /* For a trace: encode the negative prompt even where guidance is off, and count what a trace
     * keeps when memory is forecast. */
    bool keep_uncond;
    bool film; /* count what a film keeps, too */
    /* As lt_run_attend from the first step on.  It decides nothing about tiles: with it too little
     * memory is LT_ERR_MEMORY where tiles alone would make it fit. */
    bool attention;
    const lt_room *room; /* NULL: what lt_room_find finds */
} lt_run_options;
/*
 * Tokenizes the prompts and sets the schedule; forecasts the memory, and fails here with
 * LT_ERR_MEMORY if there is too little (forecast.h); then encodes, compiles and draws the noise.
 * Where memory runs out nevertheless, the hint of LT_ERR_MEMORY says what fits then.  e and params
 * must outlive the run; what params leave open is filled from the model.
 */
bool lt_run_begin(lt_engine *e, const lt_run_options *options, lt_run **out, lt_progress *progress,
                  lt_error *err) LT_WARN_UNUSED;
void lt_run_free(lt_run *run); /* NULL is fine */

typedef enum lt_step_result { LT_STEP_MORE, LT_STEP_DONE, LT_STEP_FAILED } lt_step_result;
/* One scheduler step.  LT_STEP_DONE after the last; FAILED leaves the state as before the step.  A
 * prediction that is not finite is LT_ERR_RANGE, naming the step (see lt_engine_needs_f32); if
 * only guidance made it so, LT_ERR_ARGUMENT. */
lt_step_result lt_run_step(lt_run *run, lt_progress *progress, lt_error *err);

/* From the next step on the run goes on without this picture: the others' numbers stay the same,
 * and its own mean nothing any more.  One that was dropped already is no fault; the last one cannot
 * be. Compiles for fewer pictures where that is needed: LT_ERR_MEMORY, LT_ERR_CANCELLED leave the
 * run as it was. */
bool lt_run_drop(lt_run *run, int image, lt_progress *progress, lt_error *err) LT_WARN_UNUSED;
int lt_run_kept(const lt_run *run); /* pictures that are still computed */

/* From the next step on lt_run_view.attention is there, or not any more; the run's numbers stay the
 * same bytes.  Compiles a UNet that gives its maps, or one that does not: LT_ERR_MEMORY, also where
 * it is forecast, LT_ERR_CANCELLED and, without cross-attention, LT_ERR_MODEL leave the run as it
 * was. */
bool lt_run_attend(lt_run *run, bool on, lt_progress *progress, lt_error *err) LT_WARN_UNUSED;

/* How an image-to-image run began. */
typedef struct lt_run_init {
    uint64_t hash;  /* of the picture (init_image.h) */
    int generators; /* G: 1, or one a picture */
    float *pixels;  /* [3,H,W] as the VAE was given it */
    float *mean;    /* [C,h,w] of its posterior */
    float *logvar;  /* [C,h,w] */
    float *noise;   /* [G,C,h,w]: the generators' first normals, which sample it */
    float *latents; /* [B,C,h,w]: the samples, scaled */
} lt_run_init;

/* Everything about a run, borrowed and valid until the next step. */
typedef struct lt_run_view {
    int images, per_prompt; /* B, pictures a prompt */
    int channels, h, w;     /* latents */
    int width, height;      /* pixels */
    int tokens, text_width; /* T, D */
    int steps, done;        /* scheduler steps that are taken in all, finished.  An image-to-image
                               run leaves schedule->begin of those asked for out before them */
    int first;              /* the sampler's history begins at this step */
    int drawn_before;       /* normals of steps that were drawn before step 0, as it were: their
                               number at any step is that step plus this */
    double guidance_scale;
    bool guided; /* guidance_scale > 1: both halves run */
    bool tiled;  /* its pictures go through the VAE in tiles (lt_engine_tile) */
    const lt_sampler *sampler;
    const lt_schedule *schedule;
    const lt_tokens *prompts;  /* [prompts] */
    const lt_tokens *negative; /* one */
    const float *text_cond;    /* [B,T,D] */
    const float *text_uncond;  /* [B,T,D]; NULL if neither guided nor kept */
    const float *noise;        /* [B,C,h,w] as drawn or given */
    const float *latents;      /* [B,C,h,w] after `done` steps; at 0 noise * init_noise_sigma, or
                                  init->latents with noise as of the first step */
    const lt_run_init *init;   /* NULL: no picture, or the run went on from another's step */
    /* Of the last step; NULL before the first. */
    const float *model_input; /* scale_model_input of the latents before the step */
    const float *eps_uncond;  /* NULL if not guided */
    const float *eps_text;
    const float *eps;        /* guided */
    const float *x0;         /* predicted clean latents */
    const float *step_noise; /* NULL unless the sampler drew some */
    /* [B], of a picture that was dropped its last; NULL unless asked for, and taken so */
    const lt_attention_maps *const *attention;
} lt_run_view;
const lt_run_view *lt_run_about(const lt_run *run);

/* What the VAE should decode to show a step.  Before the first one all are LT_LENS_LATENTS. */
typedef enum lt_lens {
    LT_LENS_LATENTS, /* latents / sqrt(sigma^2 + 1): the last one is the final picture */
    LT_LENS_X0,      /* the predicted x0 */
    LT_LENS_NOISE,   /* the predicted noise, guided; of a model that predicts v, what that means */
    LT_LENS_X0_UNCOND, /* of films: the x0 of the unconditional prediction alone; without guidance
                          LT_LENS_X0 */
    LT_LENS_X0_TEXT,   /* of films: that of the prompt's prediction alone */
    LT_LENSES
} lt_lens;
/* out [B,C,h,w]: sampler-space latents for lt_engine_decode.  The first three. */
void lt_run_lens(const lt_run *run, lt_lens lens, float *out);
