/*
 * weights.h - weights on the device, kept by the backend and shared by its programs.
 *
 * A weight is known by where its numbers come from and how they lie.  Programs pin what they use;
 * the cache keeps the rest for the next program until lt_cuda_weights_forget.  What one program
 * brings lies in one slab of memory, so that a model costs one allocation; a slab goes with the
 * last weight in it.
 *
 * A program lists what it needs (lt_cuda_weights_want), makes room for all of it, and then gets one
 * after the other; lt_cuda_weights_settle ends that, also after a failure.
 */
#pragma once

#include "cuda/device.h"
#include "cuda/pack.h"

typedef struct lt_cuda_slab {
    void *data; /* owned, on the device */
    size_t bytes, used;
    int weights; /* that lie in it */
} lt_cuda_slab;

typedef struct lt_cuda_weight {
    const void *source[LT_FUSED_PARTS]; /* borrowed; only compared once packed */
    lt_dtype source_dtype, dtype;
    bool taps;
    size_t count; /* elements */
    void *data;   /* in the slab */
    lt_cuda_slab *slab;
    int pins;
    bool forgotten;
} lt_cuda_weight;

typedef struct lt_cuda_weights {
    lt_gpu_stream *stream;  /* borrowed */
    lt_cuda_weight **items; /* owned */
    int count, cap;
    size_t bytes;           /* of all slabs */
    lt_cuda_slab *open;     /* owned: being filled */
    unsigned char *staging; /* owned, pinned: two halves, one filled while the other is sent */
    int half;
} lt_cuda_weights;

/* What a program needs that is not there yet. */
typedef struct lt_cuda_wants {
    lt_cuda_numbers *items; /* owned */
    int count, cap;
    size_t bytes; /* on the device */
} lt_cuda_wants;

enum { LT_CUDA_STAGING = 8 << 20 }; /* bytes of host memory while weights are packed */

void lt_cuda_weights_done(lt_cuda_weights *w);

/* Adds n, unless it is there or listed already; nothing for numbers without a parameter. */
void lt_cuda_weights_want(const lt_cuda_weights *w, lt_cuda_wants *wants, const lt_cuda_numbers *n);
void lt_cuda_wants_done(lt_cuda_wants *wants); /* {0} is fine */

bool lt_cuda_weights_room(lt_cuda_weights *w, const lt_cuda_wants *wants,
                          lt_error *err) LT_WARN_UNUSED;
/* Pinned; packed and sent if no program has done so before.  LT_ERR_MODEL for NaN or infinity;
 * LT_ERR_DEVICE, as of results that are not finite, for numbers too large for the type. */
bool lt_cuda_weights_get(lt_cuda_weights *w, const lt_cuda_numbers *n, lt_cuda_weight **out,
                         lt_error *err) LT_WARN_UNUSED;
/* keep: false drops what the open slab holds, which nobody may have pinned. */
void lt_cuda_weights_settle(lt_cuda_weights *w, bool keep);

void lt_cuda_weights_unpin(lt_cuda_weights *w, lt_cuda_weight *weight); /* NULL is fine */
void lt_cuda_weights_forget(lt_cuda_weights *w, const void *from, size_t bytes);
