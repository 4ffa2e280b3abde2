/*
 * run_impl.h - what a run is, for the files run*.c: run_begin.c makes it ready, run_noise.c draws,
 * run_kept.c leaves pictures out, run_attention.c keeps maps, run.c steps.
 */
#pragma once

#include "pipeline/forecast.h"
#include "pipeline/run.h"
#include "sample/rng.h"

struct lt_run {
    lt_engine *engine;       /* borrowed */
    const lt_params *params; /* borrowed */
    lt_run_view view;
    lt_work work; /* as it was forecast */
    lt_room room; /* as it was given; what is NULL: it is found */
    lt_schedule schedule;
    lt_sampler_state state;
    lt_rng *generators; /* owned: one, or one a picture */
    size_t one, all;    /* numbers in a picture's latents, in all */
    int place, of;      /* as in the options, or 0 and 1 */
    lt_run_init init;   /* inside block; without a picture only NULLs */
    lt_tokens *prompts; /* owned [prompts] */
    lt_tokens negative;
    int *kept; /* owned: pictures that are not dropped; NULL: all */
    int kept_count;
    float *packed; /* owned: what the UNet is given and gives of those; NULL likewise */
    lt_attention_maps **attention; /* owned [B], of every picture; NULL: not asked for */
    lt_attention_maps **attending; /* owned [B]: of the kept pictures, borrowed; NULL likewise */
    float *block;                  /* owned: everything below */
    float *shifts;                 /* [steps,lt_unet_shifts] */
    float *text_cond, *text_uncond, *noise, *model_input, *eps_uncond, *eps_text, *eps, *step_noise;
    float *drawn; /* [of,C,h,w], NULL unless of > 1 */
};

/* ---- run_begin.c ---- */
lt_room lt_run_room(const lt_run *run); /* now */

/* ---- run_attention.c ---- */
/* What the engine is to have ready for so many pictures. */
lt_engine_load lt_run_load(const lt_run *run, int images, bool maps);
bool lt_run_prepare(lt_run *run, int images, bool maps, lt_progress *progress,
                    lt_error *err) LT_WARN_UNUSED;
/* Room for the maps of every picture. */
bool lt_run_make_attention(lt_run *run, lt_error *err) LT_WARN_UNUSED;
void lt_run_forget_attention(lt_run *run);

/* ---- run_noise.c ---- */
/* The next normals: as torch.randn of the whole tensor, of which one picture may be wanted, or of
 * each picture from its own generator. */
void lt_run_draw(lt_run *run, float *out);
/* Seeds the generators; the noise, drawn where `noise` is NULL, and the first latents. */
void lt_run_draw_first(lt_run *run, const float *noise);
/* In the middle of another run: its latents, its history, its generators. */
bool lt_run_resume(lt_run *run, const lt_run_start *s, lt_error *err) LT_WARN_UNUSED;

/* ---- run_kept.c ---- */
/* What the UNet is asked: all pictures, or those that are kept. */
lt_unet_call lt_run_call(lt_run *run);
/* Predictions of the kept pictures, to where they belong. */
void lt_run_unpack(lt_run *run, const lt_unet_call *call);
