/*
 * cpu_weights.h - packed weights, kept by the backend and shared by its programs.
 *
 * A weight is known by where its numbers come from and how they lie.  Programs pin what they use;
 * the cache itself keeps the rest for the next program until lt_cpu_weights_forget.  A forgotten
 * weight that is still pinned lives until its last unpin.
 */
#pragma once

#include "base/error.h"
#include "cpu/cpu_dnnl.h"
#include "tensor/backend.h"
#include "tensor/fuse.h"
#include "tensor/graph.h"

/* Of a 3x3 convolution over an image that was doubled in height and width: the 2x2 convolution that
 * gives the pixels of even (0) or odd (1) rows and columns, phase 1 + 2 row + column. */
enum { LT_CPU_PHASES = 4 };

/* What is packed: parameters whose rows follow each other, up to the first NULL. */
typedef struct lt_cpu_numbers {
    const lt_param *param[LT_FUSED_PARTS];
    int phase; /* 0: as they are; else one parameter [O,C,3,3] becomes [O,C,2,2] */
} lt_cpu_numbers;

typedef struct lt_cpu_weight {
    const void *source[LT_FUSED_PARTS]; /* borrowed; only compared once packed */
    lt_dtype source_dtype;
    int phase;
    size_t count;           /* elements */
    lt_dnnl_layout *layout; /* owned; NULL: plain float32 */
    void *data;             /* owned */
    size_t bytes;
    int pins;
    bool forgotten;
} lt_cpu_weight;

typedef struct lt_cpu_weights {
    lt_cpu_weight **items; /* owned */
    int count, cap;
    size_t bytes; /* of all data */
    float *plain; /* owned: a checkpoint's numbers on the way to a layout; kept while compiling */
    size_t plain_count;
} lt_cpu_weights;

void lt_cpu_weights_done(lt_cpu_weights *w);

/* As float32, pinned. */
bool lt_cpu_weights_plain(lt_cpu_weights *w, const lt_cpu_numbers *n, lt_cpu_weight **out,
                          lt_error *err) LT_WARN_UNUSED;
/* In the layout of op's weights, pinned; packed if no program has done so before. */
bool lt_cpu_weights_packed(lt_cpu_weights *w, lt_dnnl *d, int threads, const lt_cpu_numbers *n,
                           const lt_dnnl_op *op, lt_cpu_weight **out, lt_error *err) LT_WARN_UNUSED;
/* Gives back what packing needed; call when a program is compiled. */
void lt_cpu_weights_trim(lt_cpu_weights *w);
/* The i-th layout that n is already packed in, or NULL past the last. */
const lt_dnnl_layout *lt_cpu_weights_layout(const lt_cpu_weights *w, const lt_cpu_numbers *n,
                                            int i);

/* Adds what making n takes, with `size` bytes an element; nothing if it is there already, in any
 * layout.  packed: in a layout of oneDNN's, not plain. */
void lt_cpu_weights_forecast(const lt_cpu_weights *w, const lt_cpu_numbers *n, bool packed,
                             size_t size, lt_forecast *f);

void lt_cpu_weights_unpin(lt_cpu_weights *w, lt_cpu_weight *weight); /* NULL is fine */
void lt_cpu_weights_forget(lt_cpu_weights *w, const void *from, size_t bytes);
