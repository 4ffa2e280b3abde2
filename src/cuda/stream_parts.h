/*
 * stream_parts.h - what every floor's stream keeps in the same way: a workspace that grows, and the
 * slots of stream.h.  A floor's struct lt_gpu_stream begins with it.
 */
#pragma once

#include "cuda/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lt_stream_parts {
    lt_gpu *gpu;     /* borrowed */
    void *workspace; /* owned: of the device */
    size_t workspace_size;
    void *slot[LT_GPU_SLOTS];
    void (*destroy[LT_GPU_SLOTS])(void *);
} lt_stream_parts;

/* Empties the slots, the last first, and frees the workspace; nothing may be at work. */
void lt_stream_parts_done(lt_stream_parts *p);

#ifdef __cplusplus
}
#endif
