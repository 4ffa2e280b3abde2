/*
 * cpu_dnnl.h - the only door to oneDNN: convolution and matrix product as objects with memory
 * slots. No type of oneDNN appears here, so that its version is this file's business alone.
 *
 * An op is created for the number of threads that lt_cpu_threads_use set in the calling thread and
 * must run with the same number (one inside lt_cpu_for).  Ops are independent: two threads may run
 * two ops at once.  Slots hold borrowed pointers, 64-byte aligned for the best speed; nothing is
 * allocated by a run.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "tensor/tensor.h"

typedef struct lt_dnnl lt_dnnl;               /* the engine */
typedef struct lt_dnnl_op lt_dnnl_op;         /* one primitive */
typedef struct lt_dnnl_layout lt_dnnl_layout; /* how packed weights lie in memory */

bool lt_dnnl_open(lt_dnnl **out, lt_error *err) LT_WARN_UNUSED;
void lt_dnnl_close(lt_dnnl *d); /* NULL is fine; ops must be freed before */

/* Appends "2.6.2", the version of the library that runs. */
void lt_dnnl_version(lt_buf *out);
/* True if this processor computes bf16; *fast if it has instructions for it. */
bool lt_dnnl_has_bf16(bool *fast);

/* True if a row of a matrix product is the same number for number however many rows there are.  So
 * it is with oneDNN's kernels for AVX-512 and wider; with AVX2 their blocking follows the row
 * count. */
bool lt_dnnl_rows_independent(void);

/* x [n,h,w,c] * w [o,c,k,k] (+ bias [o] f32) -> [n,out_h,out_w,o].  With `sum`, the product is
 * added to what dst holds before the run. */
typedef struct lt_dnnl_conv {
    int64_t n, h, w, c, out_h, out_w, o;
    int kernel, stride, top, left, bottom, right;
    lt_dtype dtype;
    bool sum;
} lt_dnnl_conv;

/* a [m,k] * b [k,n] (+ bias [n] f32) -> [m,n]; row_x: elements from one row to the next.
 * With `transposed`, b lies in memory as [n,k].  With `packed`, b is in a layout of oneDNN's
 * choice, packed from rows as row_b and `transposed` describe them or, if row_b is 0, from weights
 * [n,k] in f32. */
typedef struct lt_dnnl_matmul {
    int64_t m, n, k, row_a, row_b, row_c;
    lt_dtype dtype, out_dtype;
    bool packed, transposed, bias, sum;
} lt_dnnl_matmul;

/* `layout`: the weights must lie so; NULL: oneDNN chooses. */
bool lt_dnnl_conv_new(lt_dnnl *d, const lt_dnnl_conv *shape, const lt_dnnl_layout *layout,
                      lt_dnnl_op **out, lt_error *err) LT_WARN_UNUSED;
bool lt_dnnl_matmul_new(lt_dnnl *d, const lt_dnnl_matmul *shape, const lt_dnnl_layout *layout,
                        lt_dnnl_op **out, lt_error *err) LT_WARN_UNUSED;
void lt_dnnl_op_free(lt_dnnl_op *op); /* NULL is fine */

/* False if oneDNN fell back to its slow reference loops. */
bool lt_dnnl_op_optimized(const lt_dnnl_op *op);
size_t lt_dnnl_op_scratch(const lt_dnnl_op *op); /* bytes that LT_DNNL_SCRATCH must point to */

lt_dnnl_layout *lt_dnnl_layout_of(const lt_dnnl_op *op); /* of the weights; owned by the caller */
void lt_dnnl_layout_free(lt_dnnl_layout *l);             /* NULL is fine */
bool lt_dnnl_layout_equal(const lt_dnnl_layout *a, const lt_dnnl_layout *b);
size_t lt_dnnl_layout_bytes(const lt_dnnl_layout *l);

/* An op that packs weights for `op`: from what SRC points to, f32 as the checkpoint stores them
 * ([o,c,k,k] or [n,k]) or the rows of a matrix product, into DST. */
bool lt_dnnl_packer_new(lt_dnnl *d, const lt_dnnl_op *op, lt_dnnl_op **out,
                        lt_error *err) LT_WARN_UNUSED;

typedef enum lt_dnnl_slot {
    LT_DNNL_SRC,
    LT_DNNL_WEIGHTS,
    LT_DNNL_DST,
    LT_DNNL_SCRATCH,
    LT_DNNL_BIAS,
    LT_DNNL_SLOTS
} lt_dnnl_slot;

/* A slot that the op does not have is passed over. */
bool lt_dnnl_set(lt_dnnl_op *op, lt_dnnl_slot slot, const void *p, lt_error *err) LT_WARN_UNUSED;
bool lt_dnnl_run(lt_dnnl_op *op, lt_error *err) LT_WARN_UNUSED;
