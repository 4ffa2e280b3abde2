/*
 * engine_impl.h - what an engine holds; for engine.c and engine_open.c only.
 */
#pragma once

#include "pipeline/engine.h"
#include "pipeline/programs.h"
#include "weights/checkpoint.h"
#include "weights/model_dir.h"

struct lt_engine {
    lt_engine_info info;
    const lt_backend_ops *ops; /* borrowed */
    lt_backend *backend;       /* owned */
    lt_programs *programs;     /* owned */
    lt_synthetic *synthetic;   /* owned; NULL for a model of files */
    lt_profile *profile;       /* borrowed; NULL: nothing is measured */
    lt_model_dir dir;
    lt_checkpoint *weights[LT_COMPONENT_COUNT]; /* owned; NULL for what has none */
    lt_tokenizer *tokenizer;                    /* owned */
    lt_clip_config clip;
    lt_unet_config unet;
    lt_vae_config vae;
    lt_scheduler_config scheduler;
    char *model, *name; /* owned */
    lt_buf warnings;
    int threads, device;
    int group;      /* pictures that go through the UNet together, at most */
    bool needs_f32; /* something was not finite in a narrower type */
    float *swap;    /* owned: a chunk in the graph's layout, as large as any so far */
    size_t swap_count;
    lt_unit at_work; /* the decoder, started; no program: it is not */
    float *pixels;   /* borrowed: for what it makes */
    lt_error late;   /* what it met, not told yet */
};

/* ---- engine_beside.c ---- */

/* Waits for the picture that is at work; lt_engine_decode_finished tells what came of it. */
void lt_engine_settle(lt_engine *e);

/* ---- engine.c ---- */

/* Every program comes from here.  Weights may be too large for the type. */
bool lt_engine_unit(lt_engine *e, const lt_unit *wanted, lt_unit **out, lt_progress *progress,
                    lt_error *err) LT_WARN_UNUSED;
/* The decoder for one picture, with room in e->swap for what goes in and comes out. */
bool lt_engine_decoder(lt_engine *e, int h, int w, lt_unit **out, lt_progress *progress,
                       lt_error *err) LT_WARN_UNUSED;
/* Latents of one picture [C,h,w], divided by scaling_factor, into the decoder's program. */
bool lt_engine_decoder_write(lt_engine *e, const lt_unit *u, const float *latents,
                             lt_error *err) LT_WARN_UNUSED;
/* Its picture, [3,H,W]; not one that is not finite. */
bool lt_engine_decoder_read(lt_engine *e, const lt_unit *u, float *pixels,
                            lt_error *err) LT_WARN_UNUSED;
