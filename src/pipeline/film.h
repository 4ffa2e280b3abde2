/*
 * film.h - what is kept of a run: its settings, its schedule, and of every step the latents, both
 * noise predictions and the predicted x0.
 *
 * A film is plain data with no engine behind it: going back is reading, and any lens of any step is
 * arithmetic on what is here (and the VAE, where a picture is wanted).  Frame 0 is the noise, frame
 * k the state after step k.  A film has one owner at a time; it may be read by another thread only
 * after it was handed over.  Latents are float32 in torch's order [B,C,h,w].
 */
#pragma once

#include "pipeline/meta.h"
#include "pipeline/run.h"

/* One scheduler step.  All arrays are in one block. */
typedef struct lt_film_step {
    float *block;          /* owned */
    float *latents;        /* [B,C,h,w] after the step */
    float *x0;             /* [B,C,h,w] predicted */
    float *eps_text;       /* [B,C,h,w]: the UNet's output for the prompt */
    float *eps_uncond;     /* [B,C,h,w], NULL where guidance was off */
    double seconds;        /* that the step took, without its picture */
    double guidance_scale; /* that the step had: of a fork's first frames, the parent's */
} lt_film_step;

typedef struct lt_film {
    lt_params params;    /* owned: as asked for, with the seed that was drawn */
    char *model;         /* owned: as the engine names it */
    char model_hash[20]; /* lt_engine_info.hash */
    char *backend;       /* owned */
    lt_dtype dtype;
    int images, channels, h, w;
    int width, height;
    bool tiled;              /* as in lt_run_view */
    int first, drawn_before; /* as in lt_run_view */
    int forked;              /* the frame that it went on from; 0: the noise */
    bool altered; /* frames up to that one were made with settings that are not all those here */
    int steps;    /* scheduler steps that are taken in all */
    double guidance_scale;
    bool guided;
    const lt_sampler *sampler;
    lt_schedule schedule; /* owned */
    uint64_t init_hash;   /* of the picture that it began with (init_image.h); 0: none */
    size_t all;           /* B * C * h * w */
    float *noise;         /* owned [B,C,h,w]: frame 0, the run's latents before its first step */
    lt_film_step *at;     /* owned [steps]; at[k - 1] is frame k */
    int done;             /* frames after the first */
    lt_trail trail;       /* owned: of all frames */
    double begin_seconds; /* encoding the prompt, compiling, drawing the noise */
    size_t tokens, cut;   /* of the prompt: what the model sees, what it does not */
} lt_film;

/* What is known when a run has begun.  LT_ERR_MEMORY. */
bool lt_film_new(const lt_engine *e, const lt_params *params, const lt_run *run, lt_film **out,
                 lt_error *err) LT_WARN_UNUSED;
void lt_film_free(lt_film *f); /* NULL is fine */
/* The first k frames in memory of their own, for another thread.  LT_ERR_MEMORY. */
bool lt_film_copy(const lt_film *f, int k, lt_film **out, lt_error *err) LT_WARN_UNUSED;

/* The first k frames of one picture, as a film of that picture alone would be.  It needs a
 * generator of its own where there are several.  LT_ERR_MEMORY. */
bool lt_film_pick(const lt_film *f, int image, int k, lt_film **out, lt_error *err) LT_WARN_UNUSED;

/* The step that the run has just taken, in memory of its own. */
bool lt_film_step_of(const lt_run *run, double seconds, lt_film_step *out,
                     lt_error *err) LT_WARN_UNUSED;
void lt_film_step_done(lt_film_step *s);
/* Takes the next step over. */
void lt_film_add(lt_film *f, lt_film_step *step);

/* What the VAE should decode to show frame k, 0 to f->done: out [B,C,h,w].  As lt_run_lens. */
void lt_film_lens(const lt_film *f, int k, lt_lens lens, float *out);

/* To go on from frame k, 1 to f->done, with a sampler: its history, if it is the film's own
 * sampler. Borrowed from the film. */
lt_run_start lt_film_start(const lt_film *f, int k, const lt_sampler *sampler);
/* The first k frames of another film become this one's, which has none yet: what a run is given
 * that went on from there.  LT_ERR_MEMORY. */
bool lt_film_inherit(lt_film *f, const lt_film *from, int k, lt_error *err) LT_WARN_UNUSED;

/* Latents of frame k, 0 <= k <= done, all pictures [B,C,h,w]: the noise at first; borrowed. */
const float *lt_film_latents(const lt_film *f, int k);

/* What a file says about frame k. */
lt_meta lt_film_meta(const lt_film *f, int k);

/* Numbers of one picture's frame k for a screen; 0 where a frame has none. */
typedef struct lt_film_numbers {
    /* What the UNet is told at the frame, and at the next one: timesteps[k] of the schedule; -1
     * where it is not asked, at the last frame.  before: what it was told when it predicted the
     * frame's x0 and noise; -1 for frame 0. */
    double timestep, timestep_next, timestep_before;
    double sigma, sigma_next;            /* the frame's own sigma, and where the next step leads */
    double rms_latents, rms_x0, rms_eps; /* eps: guided */
    double push;    /* rms of guided minus unconditional, over rms of unconditional */
    double cosine;  /* between both predictions */
    double changed; /* rms of this frame minus the one before, over rms of the one before, both as
                       the VAE sees them */
} lt_film_numbers;
void lt_film_numbers_at(const lt_film *f, int k, int image, lt_film_numbers *out);
