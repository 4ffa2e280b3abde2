/*
 * ref_ops.h - every operation as plain loops: the specification of ops.def.
 *
 * Values are float32, sums are double: the reference is meant to be nearer to the exact answer than
 * any backend that is compared with it.  Weights arrive as float32 in torch's layouts, except that
 * a convolution's are [k,k,C,O] and a linear layer's [C,O], so that the inner loop runs over
 * outputs. Pure functions of their arguments; y never overlaps an input.
 */
#pragma once

#include "tensor/graph.h"

typedef struct lt_ref_args {
    const lt_tensor *node;
    float *y;            /* of RGB bytes */
    const void *x[3];    /* the node's sources, in order: float, or int32_t for token ids */
    const float *weight; /* NULL where the op has none */
    const float *bias;
    double *scratch; /* lt_ref_scratch(node) doubles */
} lt_ref_args;

/* Runs node->op; INPUT and RESHAPE do nothing. */
void lt_ref_compute(const lt_ref_args *a);

/* Doubles of scratch memory that the node needs. */
size_t lt_ref_scratch(const lt_tensor *node);
