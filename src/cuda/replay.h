/*
 * replay.h - the few lists of work that a program does again and again, each recorded once.
 *
 * A list is known by its mask: the inputs that were written since the last run.  It is done step by
 * step the first time (libraries load code then), recorded the second time and replayed from then
 * on.  If it cannot be recorded it is done step by step for ever: slower, and the same numbers. The
 * list that was not used for longest makes way for a new one.
 */
#pragma once

#include "cuda/steps.h"

enum { LT_CUDA_LISTS = 4 };

typedef struct lt_cuda_list {
    uint32_t mask;       /* 0: free */
    lt_gpu_graph *graph; /* owned; NULL: not recorded yet */
    bool plain;          /* cannot be recorded */
    unsigned long used;  /* when */
} lt_cuda_list;

typedef struct lt_cuda_replay {
    lt_cuda_list lists[LT_CUDA_LISTS];
    unsigned long clock;
    const void *workspace; /* the stream's, when the graphs were recorded */
} lt_cuda_replay;

/* What runs: the steps of a program that depend on a stale input. */
typedef struct lt_cuda_work {
    lt_gpu_stream *stream;
    const lt_cuda_step *steps;
    int count;
    const uint32_t *inputs; /* of each node: fused_plan.h */
    uint32_t stale;
    lt_progress *progress; /* NULL is fine */
} lt_cuda_work;

bool lt_cuda_work_runs(const lt_cuda_work *w, int step);
bool lt_cuda_work_cancelled(const lt_cuda_work *w, lt_error *err);

/* Puts the work into the stream, and does not wait for it. */
bool lt_cuda_replay_run(lt_cuda_replay *r, const lt_cuda_work *w, lt_error *err) LT_WARN_UNUSED;
void lt_cuda_replay_done(lt_cuda_replay *r); /* nothing may be at work */
