/*
 * cpu_fuse.h - the graph that the CPU backend runs: the recorded one with neighbours joined.
 *
 *   conv2d or linear, then add of the same shape        -> the product adds onto the other operand
 *   add of [N,C] to an image, then group_norm            -> the norm shifts its means
 *   group_norm or layer_norm, then activation            -> one pass
 *
 * Nodes keep their ids.  The last node of a chain takes the op of the first and gains a source; the
 * absorbed nodes stay as they were, but nobody reads them.  What is an output never decides what is
 * joined (asking for a tap must not change a picture): an absorbed output is computed for itself
 * too.
 */
#pragma once

#include "tensor/graph.h"

typedef struct lt_cpu_fused {
    lt_graph *graph; /* owned; as many nodes as the recorded graph, same shapes and outputs */
    bool *needed;    /* [nodes]; false: absorbed or without effect, not to be computed */
    int *act;        /* [nodes]; the lt_act that the node applies to its result, or -1 */
} lt_cpu_fused;

/* Sources of joined nodes: CONV2D, LINEAR {x, addend}; GROUP_NORM {x, shift [N,C]}. */
bool lt_cpu_fuse(const lt_graph *g, lt_cpu_fused *out, lt_error *err) LT_WARN_UNUSED;
void lt_cpu_fused_done(lt_cpu_fused *f); /* {0} is fine */
