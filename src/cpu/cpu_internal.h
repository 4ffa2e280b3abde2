/*
 * cpu_internal.h - what the files of the CPU backend share.
 *
 * A program is a list of steps over one block of memory (tensor/plan.h).  A step is a node of the
 * fused graph (tensor/fuse.h) with its pointers resolved.  Letters: N batch, H W image, C O
 * channels, S T tokens, R rows.
 */
#pragma once

#include "cpu/cpu_dnnl.h"
#include "cpu/cpu_parallel.h"
#include "cpu/cpu_simd.h"
#include "cpu/cpu_weights.h"
#include "tensor/backend.h"
#include "tensor/fused_plan.h"

struct lt_backend {
    lt_dtype dtype; /* storage: LT_F32 or LT_BF16 */
    int threads;
    const lt_cpu_simd *simd;
    lt_dnnl *dnnl;
    lt_cpu_weights weights;
    size_t activations;          /* bytes of all programs */
    lt_error *errors;            /* [threads], owned: what each thread met in the current step */
    const lt_progress *progress; /* borrowed: of the current run, or NULL */
};

typedef struct lt_cpu_step lt_cpu_step;

enum { LT_CPU_WEIGHTS = LT_CPU_PHASES }; /* packed weights of a step */

/* prepare fills a step at compile: ops, pinned weights, bytes of scratch.  run computes it; scratch
 * is step->scratch bytes, 64-byte aligned.  scratch says before compiling how many that may be, for
 * a node of the fused graph; NULL: none. */
typedef struct lt_cpu_kernel {
    bool (*prepare)(lt_backend *b, lt_cpu_step *s, lt_error *err);
    bool (*run)(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err);
    size_t (*scratch)(const lt_backend *b, const lt_tensor *t);
} lt_cpu_kernel;

struct lt_cpu_step {
    const lt_tensor *node; /* of the fused graph */
    const lt_cpu_kernel *kernel;
    const lt_fused_node *join; /* what the node is beside that */
    const void *src[3];        /* borrowed from the program's block */
    size_t row[3];             /* elements from one row of a source to the next */
    void *dst;
    lt_cpu_weight *weight[LT_CPU_WEIGHTS], *bias; /* pinned; NULL where there is none */
    lt_dnnl_op **ops;                             /* owned */
    int op_count;
    int slices; /* products: ops[0] runs once for each of so many equal parts of src and dst */
    void *own;  /* owned: what prepare wants to tell run; a block without pointers to free */
    size_t scratch;
};

/* One row of the table per op; INPUT and RESHAPE need no work and have NULLs. */
extern const lt_cpu_kernel lt_cpu_kernels[LT_OP_COUNT];

bool lt_cpu_conv_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err) LT_WARN_UNUSED;
bool lt_cpu_linear_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err) LT_WARN_UNUSED;
bool lt_cpu_upsample_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err) LT_WARN_UNUSED;
bool lt_cpu_upsample_run(lt_backend *b, const lt_cpu_step *s, void *scratch,
                         lt_error *err) LT_WARN_UNUSED;
bool lt_cpu_geglu_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err) LT_WARN_UNUSED;
bool lt_cpu_geglu_run(lt_backend *b, const lt_cpu_step *s, void *scratch,
                      lt_error *err) LT_WARN_UNUSED;
bool lt_cpu_product_run(lt_backend *b, const lt_cpu_step *s, void *scratch,
                        lt_error *err) LT_WARN_UNUSED; /* both of the above */
size_t lt_cpu_upsample_scratch(const lt_backend *b, const lt_tensor *t);
size_t lt_cpu_geglu_scratch(const lt_backend *b, const lt_tensor *t);
size_t lt_cpu_product_scratch(const lt_backend *b, const lt_tensor *t);
bool lt_cpu_attention_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err) LT_WARN_UNUSED;
bool lt_cpu_attention_run(lt_backend *b, const lt_cpu_step *s, void *scratch,
                          lt_error *err) LT_WARN_UNUSED;
size_t lt_cpu_attention_scratch(const lt_backend *b, const lt_tensor *t);
bool lt_cpu_norm_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err) LT_WARN_UNUSED;
bool lt_cpu_group_norm_run(lt_backend *b, const lt_cpu_step *s, void *scratch,
                           lt_error *err) LT_WARN_UNUSED;
bool lt_cpu_layer_norm_run(lt_backend *b, const lt_cpu_step *s, void *scratch,
                           lt_error *err) LT_WARN_UNUSED;
size_t lt_cpu_norm_scratch(const lt_backend *b, const lt_tensor *t);
bool lt_cpu_pointwise_run(lt_backend *b, const lt_cpu_step *s, void *scratch,
                          lt_error *err) LT_WARN_UNUSED; /* ACTIVATION GEGLU ADD SCALE */
bool lt_cpu_rgb_run(lt_backend *b, const lt_cpu_step *s, void *scratch,
                    lt_error *err) LT_WARN_UNUSED; /* RGB */
bool lt_cpu_copy_run(lt_backend *b, const lt_cpu_step *s, void *scratch,
                     lt_error *err) LT_WARN_UNUSED; /* CONCAT REPEAT RESIZE SLICE */
bool lt_cpu_embed_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err) LT_WARN_UNUSED;
bool lt_cpu_embed_run(lt_backend *b, const lt_cpu_step *s, void *scratch,
                      lt_error *err) LT_WARN_UNUSED;

/* Products whose weights another program may have packed already: an op that takes them as they
 * lie, if there is a fast one, and the weights, pinned. */
bool lt_cpu_conv_new(lt_backend *b, const lt_cpu_numbers *weights, const lt_dnnl_conv *shape,
                     lt_dnnl_op **op, lt_cpu_weight **packed, lt_error *err) LT_WARN_UNUSED;
bool lt_cpu_matmul_new(lt_backend *b, const lt_cpu_numbers *weights, const lt_dnnl_matmul *shape,
                       lt_dnnl_op **op, lt_cpu_weight **packed, lt_error *err) LT_WARN_UNUSED;

/* What the threads of one step met: clear before lt_cpu_for, false with one of them after it. */
void lt_cpu_errors_clear(lt_backend *b);
/* For a task of a step that takes long: true if it must not begin, because its thread met an error
 * or the run was cancelled. */
bool lt_cpu_stopped(const lt_backend *b, int thread);
bool lt_cpu_errors_first(const lt_backend *b, lt_error *err) LT_WARN_UNUSED;

/* The step's bias, if it has one, of all its parts. */
bool lt_cpu_bias(lt_backend *b, lt_cpu_step *s, lt_error *err) LT_WARN_UNUSED;

/* Makes room for `count` ops of a step. */
void lt_cpu_step_ops(lt_cpu_step *s, int count);

/*
 * Rows of storage as float32 and back.  load returns n elements from element `at`: a pointer into
 * storage if that is f32, else buf.  target says where to compute n results, save puts them into
 * storage if they are not there already.
 */
const float *lt_cpu_load(const lt_backend *b, const void *storage, size_t at, float *buf, size_t n);
float *lt_cpu_target(const lt_backend *b, void *storage, size_t at, float *buf);
void lt_cpu_save(const lt_backend *b, void *storage, size_t at, const float *x, size_t n);
/* Address of element `at`. */
static inline void *lt_cpu_at(const lt_backend *b, const void *storage, size_t at)
{
    return (char *)(uintptr_t)storage + at * lt_dtype_size(b->dtype);
}

/* Rows and width of a tensor seen as a matrix over its last dimension. */
static inline size_t lt_cpu_width(const lt_tensor *t)
{
    return (size_t)t->shape.dim[t->shape.ndim - 1];
}

static inline size_t lt_cpu_rows(const lt_tensor *t)
{
    return (size_t)lt_shape_count(&t->shape) / lt_cpu_width(t);
}

static inline size_t lt_cpu_round_up(size_t n)
{
    return (n + 63) & ~(size_t)63;
}
