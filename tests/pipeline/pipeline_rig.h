/* pipeline_rig.h - a random model and an engine on it, for the tests of this folder. */
#pragma once

#include "pipeline/film.h"

typedef struct pipeline_rig {
    char *dir;         /* owned: a temporary directory, or NULL */
    lt_engine *engine; /* owned */
} pipeline_rig;

/* Opens an engine of one backend on the tiny model `variant`, or on assets/demo for "demo". */
void pipeline_rig_open(const char *variant, const lt_backend_ops *ops, const char *dtype,
                       pipeline_rig *out);
/* Another engine on the same files, in the place of the first. */
void pipeline_rig_reopen(pipeline_rig *r, const lt_backend_ops *ops, const char *dtype);
void pipeline_rig_close(pipeline_rig *r);

/* The rig of tests that need one: variant sd1 on the reference backend, opened and closed as
 * cmocka's group setup and teardown. */
extern pipeline_rig pipeline_sd1;
int pipeline_sd1_open(void **state);
int pipeline_sd1_close(void **state);

/* Settings of one prompt; seeds as --seeds takes them, or one for all with batch pictures. */
lt_params pipeline_params(const char *prompt, int steps, const char *seeds, bool own, int batch);

/* A picture of 21x18 pixels, which every run of the functions below begins with whose settings name
 * one; the caller's. */
lt_init_image pipeline_init(void);
/* The settings name it, as `path`. */
void pipeline_begin_with(lt_params *p, const char *path, double strength);

/* Every sampler by its name. */
enum { PIPELINE_SAMPLERS = 4 };
extern const char *const pipeline_samplers[PIPELINE_SAMPLERS];
/* One small picture of seed 3 with a sampler and a guidance scale. */
lt_params pipeline_guided(const char *sampler, int steps, double scale);

/* Runs to the end: the final latents, owned by the caller; *count may be NULL. */
float *pipeline_run(pipeline_rig *r, const lt_params *p, size_t *count);

/* A run to its end, from the noise or from frame k of a parent; the caller's. */
lt_film *pipeline_film(pipeline_rig *r, const lt_params *p, const lt_film *parent, int k);
/* The same with only the first `steps` frames. */
lt_film *pipeline_film_to(pipeline_rig *r, const lt_params *p, const lt_film *parent, int k,
                          int steps);
/* All numbers of all frames of two whole films are the same bytes. */
void pipeline_same_films(const lt_film *a, const lt_film *b);
