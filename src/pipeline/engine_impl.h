/*
 * engine_impl.h - what an engine holds; for the files engine*.c only.
 */
#pragma once

#include "pipeline/engine.h"
#include "pipeline/programs.h"
#include "pipeline/vae_tiles.h"
#include "weights/checkpoint.h"
#include "weights/model_dir.h"

/* Memory for numbers, as many as were ever needed. */
typedef struct lt_floats {
    float *at; /* owned */
    size_t count;
} lt_floats;

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
    int group;       /* pictures that go through the UNet together, at most */
    bool needs_f32;  /* something was not finite in a narrower type */
    bool tiled;      /* the VAE works in tiles where a picture is larger than one */
    lt_floats swap;  /* a chunk in the graph's layout */
    lt_floats tiles; /* what the tiles of a picture became, and what they are cut from */
    lt_unit at_work; /* the decoder, started; no program: it is not */
    lt_image *made;  /* owned: what it made, or NULL */
    lt_error late;   /* what it met, not told yet */
};

/* ---- engine_beside.c ---- */

/* Waits for the picture that is at work; lt_engine_picture_finished tells what came of it.  What is
 * in e->swap is lost. */
void lt_engine_settle(lt_engine *e);

/* ---- engine.c ---- */

/* Every program comes from here.  Weights may be too large for the type. */
bool lt_engine_unit(lt_engine *e, const lt_unit *wanted, lt_unit **out, lt_progress *progress,
                    lt_error *err) LT_WARN_UNUSED;
/* Every run of a program goes through here. */
bool lt_engine_run_unit(lt_engine *e, const lt_unit *u, lt_progress *progress,
                        lt_error *err) LT_WARN_UNUSED;
/* Room for `count` floats; what was in it may be lost. */
bool lt_engine_reserve(lt_floats *f, size_t count, lt_error *err) LT_WARN_UNUSED;

/* The fault of lt_engine_check_finite; returns false. */
bool lt_engine_not_finite(lt_engine *e, const char *what, lt_error *err);

/* ---- engine_vae.c ---- */

/* The decoder's part of lt_engine_prepare. */
bool lt_engine_prepare_vae(lt_engine *e, int h, int w, lt_progress *progress,
                           lt_error *err) LT_WARN_UNUSED;
/* The decoder for one whole picture, with room in e->swap for what goes in and comes out. */
bool lt_engine_decoder(lt_engine *e, int h, int w, lt_unit **out, lt_progress *progress,
                       lt_error *err) LT_WARN_UNUSED;
/* Latents of one picture [C,h,w], divided by scaling_factor, into the decoder's program. */
bool lt_engine_decoder_write(lt_engine *e, const lt_unit *u, const float *latents,
                             lt_error *err) LT_WARN_UNUSED;
/* Its picture, the caller's; not one that is not finite. */
bool lt_engine_decoder_read(lt_engine *e, const lt_unit *u, lt_image **out,
                            lt_error *err) LT_WARN_UNUSED;
/* What e->tiles takes for such a picture. */
size_t lt_engine_tile_bytes(const lt_engine *e, const lt_vae_tiles *t, bool encode);
