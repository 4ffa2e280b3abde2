/*
 * meta.h - the settings of a picture as text, for PNG files and --json.
 */
#pragma once

#include "base/buf.h"
#include "image/image.h"
#include "image/png.h"
#include "pipeline/run.h"
#include "pipeline/trail.h"

/* Keys of the PNG text chunks. */
#define LT_META_PARAMETERS "parameters" /* as AUTOMATIC1111's web UI writes and others read */
#define LT_META_JSON       "latentty"   /* ours: everything needed to make the picture again */
/* Ours, of a file that is none of its pictures (a sheet, a comparison, an animation): a JSON array
 * of what LT_META_JSON says of each, in their order. */
#define LT_META_PICTURES "latentty-pictures"

/* What the texts are made of, beside the settings themselves. */
typedef struct lt_meta {
    const lt_params *params; /* borrowed */
    const char *model;       /* of the engine; borrowed */
    const char *backend;     /* borrowed: a constant */
    lt_dtype dtype;
    const lt_sampler *sampler;
    double guidance_scale;
    int steps;          /* that are taken */
    int begin;          /* those left out before them (lt_schedule_cut) */
    uint64_t init_hash; /* of the picture that the run began with; 0: none */
    int width, height;
    bool tiled; /* the VAE worked in tiles */
    int images, per_prompt;
    int forked;   /* the step of another run, with other settings, that it went on from; 0: none */
    int shown;    /* the step whose picture it is; `steps` for a finished one */
    lt_lens lens; /* of the picture */
    const char *screen;    /* the lens of the studio that has the picture in it; NULL: none */
    const lt_trail *trail; /* of the run, at least up to `shown`; borrowed; NULL: not known */
} lt_meta;
/* Of a run at its end, without a trail; what is borrowed is the run's, the engine's and the
 * caller's. */
lt_meta lt_meta_of(const lt_engine *e, const lt_params *p, const lt_run *run);

/* "prompt\nNegative prompt: ...\nSteps: 30, Sampler: LMS, CFG scale: 7.5, Seed: 42, Size: 128x128,
 * ..."; Steps are those that were taken, and those that an image-to-image run left out before. */
void lt_meta_parameters(const lt_meta *m, int image, lt_buf *out);

/* One JSON object with every setting of the picture; on one line.  "trail" has the fingerprint of
 * every frame of this picture up to the one that is shown. */
void lt_meta_json(const lt_meta *m, int image, lt_buf *out);
/* Both, as texts of a PNG file. */
void lt_meta_texts(const lt_meta *m, int image, lt_png_texts *out);
/* The picture as a PNG file that carries them. */
bool lt_meta_write(const lt_meta *m, int image, const lt_image *picture, const char *path,
                   lt_error *err) LT_WARN_UNUSED;

/* One picture of several in a file. */
typedef struct lt_meta_part {
    lt_meta meta;
    int image;
} lt_meta_part;
/* The texts of such a file: `parameters` of the chosen part, and LT_META_PICTURES of all; without
 * the latter where it would be longer than a text may be (LT_PNG_MAX_TEXT). */
void lt_meta_parts_texts(const lt_meta_part *parts, int count, int chosen, lt_png_texts *out);

/* Bytes that a trail up to step `shown` adds to it. */
size_t lt_meta_trail_bytes(int shown);
