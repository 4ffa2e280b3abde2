/*
 * cpu_parallel.h - the threads of the CPU backend; the only file with OpenMP in it.
 * The number set by lt_cpu_threads_use belongs to the calling thread and is what oneDNN reads.
 */
#pragma once

#include <stdint.h>

/* Processors that this process may use: its affinity mask, cut by the cgroup's CPU quota (v1 and
 * v2, rounded up).  At least 1. */
int lt_cpu_threads_allowed(void);

/* Sets how many threads parallel work started by this thread uses; returns the number before. */
int lt_cpu_threads_use(int threads);

typedef void lt_cpu_body(void *context, int64_t task, int thread);

/* Calls body for every task in 0..tasks-1, at most `threads` at a time, in any order; thread is in
 * 0..threads-1 and no two calls with the same thread overlap. */
void lt_cpu_for(int threads, int64_t tasks, lt_cpu_body *body, void *context);
