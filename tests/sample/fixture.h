/*
 * fixture.h - the numbers of torch and diffusers in tests/data/sample/sample.bin, and how far ours
 * are from them.  The file's names and the hash are described in tools/fixtures/sample.py, which
 * writes it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "sample/sampler.h"

typedef struct fixture {
    lt_map file;
} fixture;

void fixture_open(fixture *f);
void fixture_close(fixture *f);

/* The array of a formatted name; fails the test if there is none, or not of `count` values.  The
 * floats are owned by the caller. */
float *fixture_floats(const fixture *f, size_t count, const char *format, ...) LT_PRINTF(3, 4);
double *fixture_doubles(const fixture *f, size_t count, const char *format, ...) LT_PRINTF(3, 4);
uint64_t fixture_hash(const fixture *f, const char *format, ...) LT_PRINTF(2, 3);

#define HASH_START UINT64_C(0xcbf29ce484222325)
/* Goes on with the hash of the file over n values. */
uint64_t hash_floats(uint64_t hash, const float *v, size_t n);

/* The largest distance in representable float32 steps; NaN equals nothing. */
int64_t ulps_apart(const float *a, const float *b, size_t n);
/* The largest absolute difference, relative to the largest absolute value of `want`. */
double relative_error(const float *got, const float *want, size_t n);

/* The runs of the file: a sampler and what the model's configuration says beyond SD 1.4's. */
typedef struct fixture_run {
    const char *name;
    const lt_sampler *sampler;
    lt_schedule_config model;
} fixture_run;
/* False at the end. */
int fixture_run_at(int i, fixture_run *out);
/* stable-diffusion-v1-4's scheduler_config.json. */
lt_schedule_config fixture_sd14(void);
/* The schedule of a run with n steps. */
void fixture_schedule(const fixture_run *run, int n, lt_schedule *out);
