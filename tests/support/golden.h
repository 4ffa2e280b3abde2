/*
 * golden.h - diffusers' numbers of one run (tests/data/golden/NAME.safetensors, written by
 * tools/oracle/golden.py, which lists the tensors) and how near ours must be.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "weights/safetensors.h"

/* What is compared.  The last two are whole runs, the others one call on the golden's own inputs.
 */
typedef enum golden_stage {
    GOLDEN_TEXT,
    GOLDEN_EPS,
    GOLDEN_DECODE,
    GOLDEN_ENCODE,
    GOLDEN_ROUNDTRIP,
    GOLDEN_LATENTS,
    GOLDEN_IMAGE,
    GOLDEN_STAGE_COUNT
} golden_stage;

const char *golden_stage_name(golden_stage s);

typedef struct golden {
    lt_safetensors *file; /* owned */
    char *model;          /* owned: "sd1", a folder of tests/data/tiny, or "demo" */
    int images, steps;
    int channels, h, w;                    /* of the latents */
    int tokens, text_width;                /* 77, D */
    bool guided;                           /* holds eps_uncond and eps_text */
    bool tiled;                            /* its VAE worked in tiles */
    double f64_error[GOLDEN_STAGE_COUNT];  /* diffusers in float32 against itself in float64 */
    double bf16_error[GOLDEN_STAGE_COUNT]; /* diffusers in bfloat16 against itself in float32 */
} golden;

/* data: tests/data.  Zero *out is filled; golden_close releases it, also after a failure. */
bool golden_open(const char *data, const char *name, golden *out, lt_error *err) LT_WARN_UNUSED;
void golden_close(golden *g);

/* A copy of an F32 or I32 tensor, owned by the caller; its elements in *count (may be NULL).  Fails
 * the running test if there is none of that name. */
void *golden_values(const golden *g, const char *name, size_t *count);
/* The same for "step.<step>.<name>". */
float *golden_step(const golden *g, int step, const char *name, size_t *count);
bool golden_has(const golden *g, const char *name);
bool golden_has_step(const golden *g, int step, const char *name);

/*
 * The greatest relative L2 error that is accepted.  In float32: 1e-5, 2e-5 for the VAE, 1e-4 for
 * whole runs; 4 times diffusers' own error where that is larger.  In bfloat16: 1.5 times
 * diffusers'.
 */
double golden_limit(const golden *g, golden_stage stage, lt_dtype dtype);

/* |got - want| / |want|, both of n numbers. */
double golden_distance(const float *got, const float *want, size_t n);
/* The greater of two errors; a NaN is the greatest. */
double golden_worse(double a, double b);
/* The worst of `images` pictures of `each` numbers. */
double golden_worst(const float *got, const float *want, int images, size_t each);
