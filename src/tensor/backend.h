/*
 * backend.h - what a device must be able to do: the one boundary between models and arithmetic.
 *
 * A backend compiles a graph once (packs weights, plans memory, creates kernels) and runs it many
 * times.  Everything is owned by the worker thread that opened it; only lt_progress is shared.
 * Values cross the boundary as host memory: float32 (int32 for token ids, bytes for RGB) in the
 * graph's layout.
 * Weights packed for one program are kept and shared with later programs that use the same source
 * in the same layout, so that a second size or batch costs activations, not weights.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "tensor/graph.h"

typedef struct lt_backend lt_backend;
typedef struct lt_program lt_program;

typedef struct lt_backend_options {
    lt_dtype dtype; /* storage of values and weights: LT_F32, LT_F16 or LT_BF16; sums are float32 */
    int threads;    /* 0: as many as this process may use */
    int device;     /* which of several, from 0; only of backends that have several */
} lt_backend_options;

/* Shared with another thread: it sets cancel and reads done/total at its own rate. */
typedef struct lt_progress {
    atomic_bool cancel; /* seen within one node (ref, cpu; on cpu also inside an attention) */
    atomic_int done;    /* nodes finished in the current run, or packed while compiling */
    atomic_int total;   /* nodes of the current program */
} lt_progress;

typedef struct lt_memory {
    size_t weights;     /* bytes of packed weights */
    size_t activations; /* bytes of all programs' blocks */
} lt_memory;

/* What one step of a program is and how long it took.  A backend may have joined several nodes. */
typedef struct lt_step_time {
    lt_op op;
    const char *name; /* of the node, "down_blocks.0.resnets.0.conv1"; borrowed from the program */
    lt_shape shape;   /* of the result */
    double flop;      /* of its products; 0 where memory sets the pace */
    double seconds;
} lt_step_time;

/* What compiling a graph would take. */
typedef struct lt_forecast {
    size_t weights;     /* bytes to pack; 0 for those that are packed already, in any layout */
    size_t activations; /* bytes of the program's blocks */
    size_t packing;     /* bytes that are needed beside these for a moment */
} lt_forecast;

typedef struct lt_backend_ops {
    const char *name; /* "ref", "cpu", "cuda" */
    const char *what; /* one line for help */
    /* Pictures go through the UNet in groups of at most so many, and of so many pixels of latents,
     * or else one by one; group_area 0: of any size. */
    int group;
    int64_t group_area;
    /* Pictures of one prompt should share its keys and values (lt_unet_of_one). */
    bool one_prompt;
    /* True if there is what it computes on, else the reason in words.  The first call may take a
     * second.  NULL: always true. */
    bool (*usable)(lt_error *why);
    /* Appends lines about what it computes on, for people.  NULL: there is nothing to say. */
    void (*describe)(lt_buf *out);
    /* True if it computes with `dtype` here at all, and whether it is the fast choice. */
    bool (*supports)(lt_dtype dtype, bool *fast);
    bool (*open)(const lt_backend_options *options, lt_backend **out, lt_error *err);
    void (*close)(lt_backend *b); /* NULL is fine; programs must be discarded before */
    /* Every parameter of g must have its source set.  g must outlive the program. */
    /* Cancelled as run is, between the packing of two nodes; progress may be NULL.  LT_ERR_RANGE:
     * a weight is too large for the type. */
    bool (*compile)(lt_backend *b, const lt_graph *g, lt_program **out, lt_progress *progress,
                    lt_error *err);
    /* Says what compile would take, without taking it: at least that, and at most a tenth more. */
    bool (*forecast)(lt_backend *b, const lt_graph *g, lt_forecast *out, lt_error *err);
    void (*discard)(lt_backend *b, lt_program *p); /* NULL is fine */
    /* Sets an input: count elements, float32 or int32 as the input's dtype.  It keeps its value
     * over runs until written again. */
    bool (*write)(lt_program *p, const lt_tensor *input, const void *host, size_t count,
                  lt_error *err);
    /* LT_ERR_CANCELLED if progress->cancel was seen; progress may be NULL. */
    bool (*run)(lt_program *p, lt_progress *progress, lt_error *err);
    /* As run, and measures each step: *out gets *count rows, which the caller frees. */
    bool (*measure)(lt_program *p, lt_step_time **out, int *count, lt_progress *progress,
                    lt_error *err);
    /* Programs that run beside others, on a device that can do two things at once; all three NULL:
     * there are none.  compile_beside is compile, of a program that can do what others can and also
     * be started: it has all that it works in for itself (a queue of the device that gives way to
     * the others', its values, what libraries need), so that programs of compile may run meanwhile,
     * each giving the same bits as alone. */
    bool (*compile_beside)(lt_backend *b, const lt_graph *g, lt_program **out,
                           lt_progress *progress, lt_error *err);
    /* Begins a run with the inputs as they were written, and does not wait for it.  Until it is
     * over the program may only be asked whether it is, or be discarded, which waits.  It is not
     * cancelled. */
    bool (*start)(lt_program *p, lt_error *err);
    /* *yes: the run that was started is over, and what it made may be read.  Never waits.  False
     * with what it met, also of its beginning: it is over as well, and made nothing. */
    bool (*finished)(lt_program *p, bool *yes, lt_error *err);
    /* Gets an output (or tap) after a run: count elements, float32 or bytes as the output's dtype.
     */
    bool (*read)(lt_program *p, const lt_tensor *output, void *host, size_t count, lt_error *err);
    /* Drops packed weights whose source lies in [from, from + bytes): the file is about to close.
     */
    void (*forget)(lt_backend *b, const void *from, size_t bytes);
    lt_memory (*memory)(const lt_backend *b);
    /* Bytes of the device's own memory that programs may still take, SIZE_MAX if it does not say.
     * NULL: weights and activations are in the host's memory. */
    size_t (*room)(const lt_backend *b);
} lt_backend_ops;

/* The reference: naive loops in float32 (tensor/ref.c).  It is the specification that every other
 * backend is tested against. */
extern const lt_backend_ops lt_ref_backend;
