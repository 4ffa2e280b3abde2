/*
 * plan.h - where each value of a graph lives in one block of memory.
 *
 * A value is alive from the node that makes it to the last node that reads it; two values that are
 * never alive together may share bytes.  RESHAPE has no bytes of its own: its root is its source's.
 * Inputs and outputs live through the whole run and keep their bytes after it.
 * Offsets are multiples of 64.  The caller says how many bytes a node needs (its dtype is the
 * backend's business).  Pure; the result is plain memory.
 */
#pragma once

#include "tensor/graph.h"

/* What a backend knows beside the graph.  Arrays of [nodes]; all but size may be NULL. */
typedef struct lt_plan_hints {
    const size_t *size; /* bytes; ignored for RESHAPE and views */
    const bool *view;   /* looks into its first source, as RESHAPE does */
    const bool *keep;   /* must survive from one run to the next: nothing shares its bytes */
    /* The source whose bytes the result may take over if this node is the last to read them, or -1.
     * No other source of the node may be in the same bytes. */
    const int *onto;
} lt_plan_hints;

typedef struct lt_plan {
    size_t bytes;   /* of the whole block */
    size_t *offset; /* [nodes]; SIZE_MAX for a node that has no bytes of its own */
    int *root;      /* [nodes]; the node that owns the bytes: itself unless it takes another's */
} lt_plan;

bool lt_plan_make(const lt_graph *g, const lt_plan_hints *hints, lt_plan *out,
                  lt_error *err) LT_WARN_UNUSED;
void lt_plan_done(lt_plan *plan);
