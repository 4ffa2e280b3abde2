/*
 * plans.h - the plan of one operation on a stream: as the cache of plans has it, else made,
 * measured against the others and kept.  Not while the stream records.
 */
#pragma once

#include "cuda/cudnn.h"
#include "cuda/plan_cache.h"

enum {
    LT_PLANS_TRIED = 16,           /* measured for an operation, at most */
    LT_PLANS_WORKSPACE = 64 << 20, /* bytes that a plan may ask for */
};

/* The stream's cache of plans, read at the first call and saved with the stream. */
lt_plan_cache *lt_plans_cache(lt_gpu_stream *s);
/* After all operations of a program were made. */
void lt_plans_save(lt_gpu_stream *s);

typedef struct lt_plans_ask {
    const char *key; /* the shape in words */
    lt_dtype dtype;
    int count; /* operands: what each is, and its bytes; a host value instead is not NULL */
    lt_cudnn_value value[LT_CUDNN_VALUES];
    size_t bytes[LT_CUDNN_VALUES];
    const void *host[LT_CUDNN_VALUES];
} lt_plans_ask;

/* Grows the stream's workspace to what the plan needs.  Where there is no memory to measure in, or
 * c is only described, the plan is the one that cuDNN thinks is fastest. */
bool lt_plans_get(lt_gpu_stream *s, const lt_cudnn *c, const lt_cudnn_graph *g,
                  const lt_plans_ask *ask, lt_cudnn_plan **out, lt_error *err) LT_WARN_UNUSED;
