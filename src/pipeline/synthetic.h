/*
 * synthetic.h - models without files: exact shapes and random weights, to measure speed with.
 *
 * What such a model computes means nothing, but it costs what the real one costs: every parameter
 * has its own address, so a backend packs and reads all of them.  Behind the addresses lies one
 * block of float16 numbers that the parameters overlap in, as large as the largest of them.
 */
#pragma once

#include "base/error.h"
#include "model/clip.h"
#include "model/unet.h"
#include "model/vae.h"

typedef struct lt_synthetic_model {
    const char *name; /* "sd14" */
    lt_clip_config clip;
    lt_unet_config unet;
    lt_vae_config vae;
} lt_synthetic_model;

/* The model of that name, which lives as long as the program.  LT_ERR_ARGUMENT lists the names. */
bool lt_synthetic_find(const char *name, const lt_synthetic_model **out,
                       lt_error *err) LT_WARN_UNUSED;

/* Random weights for any number of graphs.  One thread. */
typedef struct lt_synthetic lt_synthetic;
lt_synthetic *lt_synthetic_new(void);
void lt_synthetic_free(lt_synthetic *s); /* NULL is fine; what was bound must not run again */

/* Sets the source of every parameter of g; a path has the same source in every graph.  Weights of
 * norms are near 1, all others near 0, so that values stay finite. */
bool lt_synthetic_bind(lt_synthetic *s, const lt_graph *g, lt_error *err) LT_WARN_UNUSED;
