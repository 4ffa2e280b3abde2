/*
 * host_device.h - a floor (cuda/device.h) of plain memory on the processor, in place of device.c.
 *
 * A piece of work is a closure.  `lazy` keeps it in the stream until somebody waits, as a device
 * would: what is read or freed too early shows.  Of a background stream a piece is done with each
 * piece of the others' and each time that somebody asks whether all is.  While a stream records,
 * work goes into a graph.
 * Device memory is poisoned with 0xFF (NaN in every float type) when it is taken.  Every call that
 * can fail is counted and can be made to fail.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#include "cuda/device.h"

typedef struct lt_host_floor {
    int devices;        /* 0: lt_gpu_count says that there is none */
    size_t memory;      /* bytes of a device */
    bool lazy;          /* work waits for lt_gpu_wait */
    bool real;          /* it is a GPU: real_floor.c */
    long fail_at;       /* the call with this number fails, the first being 1; 0: none */
    long fail_alloc_at; /* the same of lt_gpu_alloc and lt_gpu_pin alone */
    /* What happened: */
    long calls, allocs;
    long works;    /* pieces of work that were done */
    long recorded; /* graphs that were made */
    long replayed; /* graphs that were started */
    long between;  /* pieces of a background stream that were done between others */
    long saved;    /* times that the plans were saved */
    long live;     /* devices, streams, graphs, marks, pieces of memory, ops that are not closed */
    size_t used;   /* bytes of device memory that are taken */
} lt_host_floor;

lt_host_floor *lt_host(void);
/* As at the start: one device of 16 GiB, lazy; everything else 0.  Nothing may be alive. */
void lt_host_reset(void);
/* Misuse is a bug of the caller that a device would hide or punish later: says it and aborts. */
#ifdef __cplusplus
[[noreturn]]
#endif
void lt_host_misuse(const char *what);
/* False with an error if the call with this name is to fail. */
bool lt_host_call(const char *name, lt_error *err);
/* One of a call that cannot fail. */
void lt_host_note(const char *name);
/* Calls with this name since lt_host_reset; NULL: of all names. */
long lt_host_called(const char *name);

#ifdef __cplusplus
}

#include <functional>

/* Puts a piece of work into the stream, or into the graph that it records. */
void lt_host_enqueue(lt_gpu_stream *s, std::function<void()> work);
#endif
