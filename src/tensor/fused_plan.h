/*
 * fused_plan.h - where the values of a fused graph live, and what a run has to compute again.
 *
 * An input keeps its value over runs.  A run needs only those nodes that depend on an input that
 * was written since the last one; so what others will read of the rest must survive from run to run
 * (keys and values of a prompt, while the latents change).  The plan keeps their bytes apart.
 * Pure; the result is plain memory.
 */
#pragma once

#include "tensor/fuse.h"
#include "tensor/plan.h"

typedef struct lt_fused_plan {
    lt_plan values;   /* products with an addend may take over its bytes */
    uint32_t *inputs; /* owned [nodes]: bits of the inputs that a node depends on */
    uint32_t all;     /* of all inputs */
} lt_fused_plan;

/* storage: of every value that is F32.  LT_ERR_MODEL for more than 32 inputs, LT_ERR_MEMORY for
 * sizes beyond what can be counted. */
bool lt_fused_plan_make(const lt_fused *f, lt_dtype storage, lt_fused_plan *out,
                        lt_error *err) LT_WARN_UNUSED;
void lt_fused_plan_done(lt_fused_plan *p); /* {0} is fine */

/* Of a node's first byte in the block of p->values.bytes; of a view, of what it looks into. */
size_t lt_fused_plan_offset(const lt_fused_plan *p, const lt_tensor *t);
