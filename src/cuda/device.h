/*
 * device.h - one GPU: its memory, its streams of work, graphs that replay work, and time.
 *
 * The narrow floor of the backend: what stands on it (conv, matmul, attention, kernels, program)
 * knows nothing else of CUDA.  Tests put a floor of plain C in its place and run the same programs
 * on the processor (tests/cuda/host_device.cc).
 *
 * Work is put into a stream and done in order, later: a call that returns true has only been
 * accepted; what a kernel met is told by lt_gpu_wait.  While a stream records, work is kept in a
 * graph instead of being done.  Memory may be freed only when no work that uses it is left.
 * Everything belongs to the thread that opened it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct lt_gpu lt_gpu;
typedef struct lt_gpu_stream lt_gpu_stream;
typedef struct lt_gpu_graph lt_gpu_graph;

typedef struct lt_gpu_facts {
    char name[256];
    int major, minor;           /* compute capability: 9, 0 */
    int processors;             /* multiprocessors */
    size_t memory, free_memory; /* bytes */
    int driver, runtime;        /* CUDA: 13000 is 13.0 */
    size_t cudnn, cublas;       /* as cudnnGetVersion and cublasLtGetVersion say */
} lt_gpu_facts;

/* How many GPUs there are; 0 with the reason in words: no driver, an old one, no device. */
int lt_gpu_count(lt_error *err);
/* device: 0 .. count - 1.  LT_ERR_DEVICE too for one that is too old (before 8.0). */
bool lt_gpu_facts_of(int device, lt_gpu_facts *out, lt_error *err) LT_WARN_UNUSED;

bool lt_gpu_open(int device, lt_gpu **out, lt_error *err) LT_WARN_UNUSED;
void lt_gpu_close(lt_gpu *g); /* NULL is fine; its streams must be closed before */
const lt_gpu_facts *lt_gpu_about(const lt_gpu *g);
size_t lt_gpu_room(const lt_gpu *g); /* bytes that are free now; 0 if the device does not say */

/* Aligned to 256 bytes.  LT_ERR_MEMORY names `what`, how much was asked and how much is free. */
bool lt_gpu_alloc(lt_gpu *g, size_t bytes, const char *what, void **out,
                  lt_error *err) LT_WARN_UNUSED;
void lt_gpu_free(lt_gpu *g, void *memory); /* NULL is fine */
/* Host memory that upload and download may use. */
bool lt_gpu_pin(lt_gpu *g, size_t bytes, const char *what, void **out,
                lt_error *err) LT_WARN_UNUSED;
void lt_gpu_unpin(lt_gpu *g, void *memory); /* NULL is fine */

/* background: gives way to the other streams of the device. */
bool lt_gpu_stream_open(lt_gpu *g, bool background, lt_gpu_stream **out,
                        lt_error *err) LT_WARN_UNUSED;
void lt_gpu_stream_close(lt_gpu_stream *s); /* NULL is fine; what it was given is done before */
lt_gpu *lt_gpu_of(const lt_gpu_stream *s);
/* Device memory that the work of this stream shares, one piece of work at a time: at least `bytes`
 * after lt_gpu_workspace_grow.  Graphs recorded before a growth must not be replayed after it:
 * prepare everything, then record. */
bool lt_gpu_workspace_grow(lt_gpu_stream *s, size_t bytes, lt_error *err) LT_WARN_UNUSED;
void *lt_gpu_workspace(const lt_gpu_stream *s);
size_t lt_gpu_workspace_size(const lt_gpu_stream *s);

/* host: from lt_gpu_pin, or for uploads outside of a recording any memory, read before it returns.
 */
bool lt_gpu_upload(lt_gpu_stream *s, void *device, const void *host, size_t bytes,
                   lt_error *err) LT_WARN_UNUSED;
bool lt_gpu_download(lt_gpu_stream *s, void *pinned, const void *device, size_t bytes,
                     lt_error *err) LT_WARN_UNUSED;
bool lt_gpu_copy(lt_gpu_stream *s, void *to, const void *from, size_t bytes,
                 lt_error *err) LT_WARN_UNUSED;
/* Until everything that the stream was given is done.  LT_ERR_DEVICE: something of it failed. */
bool lt_gpu_wait(lt_gpu_stream *s, lt_error *err) LT_WARN_UNUSED;

/* *yes: it is done.  Never waits.  LT_ERR_DEVICE as lt_gpu_wait. */
bool lt_gpu_idle(lt_gpu_stream *s, bool *yes, lt_error *err) LT_WARN_UNUSED;

/* Between these two, work goes into a graph.  After a failure in between, lt_gpu_record_drop. */
bool lt_gpu_record(lt_gpu_stream *s, lt_error *err) LT_WARN_UNUSED;
bool lt_gpu_recorded(lt_gpu_stream *s, lt_gpu_graph **out, lt_error *err) LT_WARN_UNUSED;
void lt_gpu_record_drop(lt_gpu_stream *s);
bool lt_gpu_replay(lt_gpu_stream *s, lt_gpu_graph *graph, lt_error *err) LT_WARN_UNUSED;
void lt_gpu_graph_free(lt_gpu_graph *graph); /* NULL is fine */

/* Marks of time in a stream, made once and set again and again. */
typedef struct lt_gpu_mark lt_gpu_mark;
bool lt_gpu_mark_new(lt_gpu *g, lt_gpu_mark **out, lt_error *err) LT_WARN_UNUSED;
void lt_gpu_mark_free(lt_gpu_mark *m); /* NULL is fine */
bool lt_gpu_mark_set(lt_gpu_stream *s, lt_gpu_mark *m, lt_error *err) LT_WARN_UNUSED;
/* Seconds between two marks that the stream has passed (after lt_gpu_wait). */
double lt_gpu_mark_seconds(const lt_gpu_mark *from, const lt_gpu_mark *to);
