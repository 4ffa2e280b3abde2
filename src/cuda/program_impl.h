/* program_impl.h - a program, as program.c makes it and run.c runs it. */
#pragma once

#include "cuda/replay.h"

/* Host memory through which an input goes to the device, or an output comes back. */
typedef struct lt_cuda_port {
    size_t offset; /* in the pinned block */
    int64_t most;  /* token ids: the vocabulary; 0: no limit */
    bool wanted;   /* read since the last run that made it: the next run sends it along */
    bool here;     /* what the last run made is in the pinned block */
} lt_cuda_port;

struct lt_program {
    lt_backend *backend;    /* borrowed */
    const lt_graph *source; /* borrowed: the recorded graph, whose tensors the caller names */
    lt_fused fused;
    lt_fused_plan plan;
    lt_cuda_site site;
    size_t bytes;        /* of the block on the device: values, then scratch */
    char *pinned;        /* owned: inputs and outputs */
    lt_cuda_port *ports; /* owned [nodes]; of inputs and outputs */
    lt_cuda_step *steps; /* owned */
    int count;
    lt_cuda_replay replay;
    uint32_t stale; /* bits of the inputs that were written since the last whole run */
    bool started;   /* a run is at work, and nobody waits for it */
};

static inline lt_gpu_stream *lt_cuda_program_stream(const lt_program *p)
{
    return p->site.ops->stream;
}
