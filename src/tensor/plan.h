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

typedef struct lt_plan {
    size_t bytes;   /* of the whole block */
    size_t *offset; /* [nodes]; SIZE_MAX for a node that has no bytes of its own (RESHAPE) */
    int *root;      /* [nodes]; the node that owns the bytes: itself unless RESHAPE */
} lt_plan;

/* size[id]: bytes of node id (ignored for RESHAPE). */
bool lt_plan_make(const lt_graph *g, const size_t *size, lt_plan *out,
                  lt_error *err) LT_WARN_UNUSED;
void lt_plan_done(lt_plan *plan);
