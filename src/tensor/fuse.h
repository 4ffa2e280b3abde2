/*
 * fuse.h - the graph that a backend runs: the recorded one with neighbours joined.
 *
 *   conv2d or linear, then add of the same shape        -> the product adds onto the other operand
 *   add of [N,C] to an image, then group_norm            -> the norm shifts its means
 *   group_norm or layer_norm, then activation            -> one pass
 *   the linears of q, k and v, or of k and v, of one x   -> one product with their weights in a row
 *   slice that is only read as a q, k, v or shift        -> a view: no copy
 *
 * and, for a backend that asks for it:
 *
 *   resize to twice the size, then 3x3 conv2d            -> UPSAMPLE: four 2x2 convolutions
 *   linear, then geglu                                   -> GEGLU: both halves stay in the cache
 *   concat that only group norms and 1x1 products read   -> TWO: they read both parts themselves
 *
 * Nodes keep their ids.  The last node of a chain takes the op of the first and gains a source; the
 * absorbed nodes stay as they were, but nobody reads them.  Of linears in one the first becomes the
 * wide product and the others slices of it.  What is an output never decides what is
 * joined (asking for a tap must not change a picture): an absorbed output is computed for itself
 * too.  The exception is a q, k or v that is an output, which no model offers.
 */
#pragma once

#include "tensor/graph.h"

enum { LT_FUSED_PARTS = 3 };

enum { LT_FUSE_UPSAMPLE = 1, LT_FUSE_GEGLU = 2, LT_FUSE_CONCAT = 4 };

typedef enum lt_fused_form { LT_FUSED_PLAIN, LT_FUSED_UPSAMPLE, LT_FUSED_GEGLU } lt_fused_form;

/* What a node of the fused graph is beside its lt_tensor. */
typedef struct lt_fused_node {
    bool needed; /* false: absorbed, a view or without effect, not to be computed */
    bool view;   /* SLICE: readers look into its source */
    bool two;    /* x is src[0] and src[1], side by side in the last dimension */
    int act;     /* the lt_act that the node applies to its result, or -1 */
    lt_fused_form form;
    int parts; /* LINEAR: weights that lie one after the other in its columns, 1 to LT_FUSED_PARTS
                */
    const lt_param *weight[LT_FUSED_PARTS], *bias[LT_FUSED_PARTS];
} lt_fused_node;

typedef struct lt_fused {
    lt_graph *graph;     /* owned; as many nodes as the recorded graph, same outputs */
    lt_fused_node *node; /* [nodes], owned */
} lt_fused;

/* joins: LT_FUSE_... of the second table.  Sources of joined nodes, `x` being one, or two with
 * `two`: CONV2D, LINEAR {x, addend}; GROUP_NORM {x, shift [N or 1,C]}.  The shape of a node in form
 * GEGLU is the result's; its weights have twice as many rows. */
bool lt_fuse(const lt_graph *g, unsigned joins, lt_fused *out, lt_error *err) LT_WARN_UNUSED;
void lt_fused_done(lt_fused *f); /* {0} is fine */

/* The source of t that follows x: an addend or a shift; NULL if there is none. */
lt_tensor *lt_fused_extra(const lt_fused *f, const lt_tensor *t);

/* The arithmetic of a node as it is run: UPSAMPLE has 4/9 of the recorded convolution's. */
double lt_fused_flop(const lt_fused *f, const lt_tensor *t);
