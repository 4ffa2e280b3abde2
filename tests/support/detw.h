/*
 * detw.h - weights that any language can rebuild: the rule of tools/oracle/detw.py, bit for bit.
 *
 * A tensor is a function of (seed, name, shape, mean, deviation): a counter-based generator
 * (splitmix64 keyed by FNV-1a of the name) whose four 16-bit lanes are summed, so that the numbers
 * are close to normal and at most 3.4641 deviations from the mean.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tensor/tensor.h"

/* FNV-1a, 64 bits, of n bytes, going on from `hash`; start with DETW_HASH. */
#define DETW_HASH UINT64_C(0xCBF29CE484222325)
uint64_t detw_hash(uint64_t hash, const void *bytes, size_t n);

typedef struct detw_rule {
    double mean, deviation;
} detw_rule;

/* How a parameter is drawn.  spread: of gains and biases; small < 1 shrinks what writes to a
 * residual stream, so that variances come near the eps of the norms. */
detw_rule detw_rule_of(const char *path, const lt_shape *shape, double spread, double small);

/* n float32 of the tensor "component/path". */
void detw_fill(const char *component, const char *path, uint64_t seed, detw_rule rule, size_t n,
               float *out);
