/*
 * steps.h - the work of one node of a fused graph: where its values lie, its weights, and how it is
 * put into a stream.
 */
#pragma once

#include "cuda/backend_impl.h"
#include "cuda/kernels.h"
#include "tensor/fused_plan.h"

typedef struct lt_cuda_step lt_cuda_step;

/* A convolution; or a matmul, or two of them, the second onto the first's result. */
typedef struct lt_cuda_product {
    const void *x[2], *w[2], *bias, *z;
    void *y;
} lt_cuda_product;

typedef struct lt_cuda_pointwise {
    lt_act act;
    float mul, add;
    const void *x;
    void *y;
    int64_t count; /* GEGLU: rows of `width` */
    int64_t width;
} lt_cuda_pointwise;

typedef struct lt_cuda_repeat {
    const void *x;
    char *y;
    size_t bytes;
    int times;
} lt_cuda_repeat;

struct lt_cuda_step {
    const lt_tensor *node; /* of the fused graph */
    lt_dtype dtype;
    bool (*launch)(lt_gpu_stream *s, const lt_cuda_step *step, lt_error *err);
    lt_cuda_weight *weight, *bias; /* pinned; NULL where there is none */
    lt_cuda_op *op[2];             /* pinned */
    union {
        lt_cuda_product product; /* ATTENTION: q and k in x, v in w[0] */
        lt_group_norm_args group_norm;
        lt_layer_norm_args layer_norm;
        lt_add_args add;
        lt_columns_args columns[2];
        lt_resize_args resize;
        lt_embed_args embed;
        lt_scores_args scores;
        lt_cuda_pointwise pointwise;
        lt_cuda_repeat repeat;
    } u;
};

/* What preparing a step may look at. */
typedef struct lt_cuda_site {
    lt_backend *backend;
    const lt_fused *fused;
    const lt_fused_plan *plan;
    lt_cuda_pool *ops; /* of the stream that the work goes into */
    char *block;       /* on the device: the values */
    float *scratch;    /* on the device: lt_cuda_step_scratch of the largest */
} lt_cuda_site;

/* False for a node that is no work: an input, a reshape, what was absorbed. */
bool lt_cuda_step_works(const lt_fused *f, const lt_tensor *t);
/* Bytes of scratch. */
size_t lt_cuda_step_scratch(const lt_tensor *t);
/* The numbers of a node's weight and bias; without a parameter where there is none. */
void lt_cuda_step_numbers(const lt_fused *f, const lt_tensor *t, lt_dtype storage,
                          lt_cuda_numbers *weight, lt_cuda_numbers *bias);

/* Where a node's value is: of a view, its first element. */
void *lt_cuda_site_at(const lt_cuda_site *site, const lt_tensor *t);

/* Gets weights and ops, and fills in what launch needs.  What it got is released by
 * lt_cuda_step_done, also after a failure. */
bool lt_cuda_step_prepare(const lt_cuda_site *site, const lt_tensor *t, lt_cuda_step *out,
                          lt_error *err) LT_WARN_UNUSED;
void lt_cuda_step_done(const lt_cuda_site *site, lt_cuda_step *s);
