/*
 * graph_run.h - small graphs with invented numbers, run on any backend; for tests.
 * Numbers depend on the seed and their place only.  Inputs and weights are representable in bf16,
 * so that a bf16 backend starts from the same values as the reference.
 */
#pragma once

#include "tensor/backend.h"

/* Numbers for every parameter of g, as a checkpoint would hold them.  Norm weights are near 1,
 * matrices have the variance that keeps activations near 1. */
typedef struct graph_weights {
    char *bytes; /* owned */
    size_t size;
} graph_weights;
/* dtype: LT_F32, LT_F16 or LT_BF16 of the source; skew: bytes by which each source is misaligned.
 */
graph_weights graph_weights_set(lt_graph *g, unsigned seed, lt_dtype dtype, size_t skew);
void graph_weights_free(graph_weights *w);

/* Fills count values, about normal. */
void graph_values(float *to, size_t count, unsigned seed);
/* Writes every input of g: values as above, token ids below 50. */
bool graph_write_inputs(const lt_backend_ops *ops, lt_program *p, const lt_graph *g, unsigned seed,
                        lt_error *err);
/* Reads an output; the caller owns the result, NULL on failure. */
float *graph_read(const lt_backend_ops *ops, lt_program *p, const lt_tensor *output, lt_error *err);
/* Compiles, writes, runs and reads in one go; the caller owns the result, NULL on failure. */
float *graph_run(const lt_backend_ops *ops, lt_backend *b, const lt_graph *g,
                 const lt_tensor *output, unsigned seed, lt_error *err);

/* Of a from b, in units of the root mean square of b; NaN if a has one. */
typedef struct graph_difference {
    double max, rms;
} graph_difference;
graph_difference graph_compare(const float *a, const float *b, size_t count);
