/*
 * cpu_fuse.h - the graph that the CPU backend runs: the recorded one with neighbours joined.
 *
 *   conv2d or linear, then add of the same shape        -> the product adds onto the other operand
 *   add of [N,C] to an image, then group_norm            -> the norm shifts its means
 *   group_norm or layer_norm, then activation            -> one pass
 *   resize to twice the size, then 3x3 conv2d            -> UPSAMPLE: four 2x2 convolutions
 *   linear, then geglu                                   -> GEGLU: both halves stay in the cache
 *   the linears of q, k and v, or of k and v, of one x   -> one product with their weights in a row
 *   slice that is only read as a q, k, v or shift        -> a view: no copy
 *
 * Nodes keep their ids.  The last node of a chain takes the op of the first and gains a source; the
 * absorbed nodes stay as they were, but nobody reads them.  Of linears in one the first becomes the
 * wide product and the others slices of it.  What is an output never decides what is
 * joined (asking for a tap must not change a picture): an absorbed output is computed for itself
 * too.  The exception is a q, k or v that is an output, which no model offers.
 */
#pragma once

#include "tensor/graph.h"

enum { LT_CPU_PARTS = 3 };

typedef enum lt_cpu_form { LT_CPU_PLAIN, LT_CPU_UPSAMPLE, LT_CPU_GEGLU } lt_cpu_form;

/* What a node of the fused graph is beside its lt_tensor. */
typedef struct lt_cpu_node {
    bool needed; /* false: absorbed, a view or without effect, not to be computed */
    bool view;   /* SLICE: readers look into its source */
    int act;     /* the lt_act that the node applies to its result, or -1 */
    lt_cpu_form form;
    int parts; /* LINEAR: weights that lie one after the other in its columns, 1 to LT_CPU_PARTS */
    const lt_param *weight[LT_CPU_PARTS], *bias[LT_CPU_PARTS];
} lt_cpu_node;

typedef struct lt_cpu_fused {
    lt_graph *graph;   /* owned; as many nodes as the recorded graph, same outputs */
    lt_cpu_node *node; /* [nodes], owned */
} lt_cpu_fused;

/* Sources of joined nodes: CONV2D, LINEAR {x, addend}; GROUP_NORM {x, shift [N or 1,C]}.  The shape
 * of a node in form GEGLU is the result's; its weights have twice as many rows. */
bool lt_cpu_fuse(const lt_graph *g, lt_cpu_fused *out, lt_error *err) LT_WARN_UNUSED;
void lt_cpu_fused_done(lt_cpu_fused *f); /* {0} is fine */

/* The arithmetic of a node as it is run: UPSAMPLE has 4/9 of the recorded convolution's. */
double lt_cpu_flop(const lt_cpu_fused *f, const lt_tensor *t);
