/*
 * reproduce.h - the parts of `latentty reproduce`: a picture made again from its own file, and
 * compared with it.
 *
 * The step that differs first is known by the fingerprints in the file (pipeline/trail.h).
 */
#pragma once

#include "cli/bar.h"
#include "cli/latents.h"
#include "image/compare.h"
#include "pipeline/recall.h"

typedef struct lt_reproduce {
    const lt_context *c;
    const char *path;
    lt_image *want;   /* owned: the file's */
    lt_params params; /* the file's, under those of the command line */
    lt_origin origin;
    lt_buf notes; /* what the file has and is not followed */
    lt_latents latents;
    lt_init_image init;

    lt_engine *engine; /* owned */
    lt_run *run;       /* owned */
    const lt_run_view *view;
    int last;       /* the step whose picture it is */
    lt_trail trail; /* owned: of what was made now */
    lt_image *made; /* owned */
    lt_image_distance distance;
    lt_bar bar;
} lt_reproduce;

/* The first frame whose fingerprint differs, 0 being the noise; -1 if none of those in the file
 * does. */
int lt_reproduce_differs(const lt_reproduce *r);

/* Says or prints how far they are apart; LT_ERR_FORMAT unless the pictures are equal. */
bool lt_reproduce_report(const lt_reproduce *r, lt_error *err) LT_WARN_UNUSED;
