/* attention_blocks.c - see attention_blocks.h. */
#include "cuda/attention_blocks.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/kernels.h"
#include "cuda/matmul.h"

enum {
    SCORES = 4 << 20, /* of a block, at most, where that is a block at all */
    ROWS = 64,        /* of a block, at least */
    ALIGN = 256,
    NARROW = 160, /* heads up to here are for attention.cuh */
};

struct lt_attention_blocks {
    lt_attention_shape shape;
    int64_t rows;                 /* queries of a block */
    lt_matmul *scores;            /* q k^T */
    lt_matmul *values;            /* p v */
    size_t at_scores, at_softmax; /* in the workspace, behind what the products need */
};

bool lt_attention_blocks_takes(const lt_attention_shape *s)
{
    return s->heads == 1 && s->d > NARROW && s->d % 8 == 0 && s->q_row % 8 == 0 &&
           s->k_row % 8 == 0 && s->v_row % 8 == 0 && !s->causal;
}

static int64_t rows_of(const lt_attention_shape *s)
{
    int64_t rows = SCORES / s->t / ROWS * ROWS;
    rows = rows < ROWS ? ROWS : rows;
    return rows < s->s ? rows : s->s;
}

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static bool make_products(lt_gpu_stream *s, lt_attention_blocks *a, lt_error *err)
{
    const lt_attention_shape *h = &a->shape;
    const lt_matmul_shape scores = {.dtype = h->dtype,
                                    .rows = a->rows,
                                    .in = h->d,
                                    .out = h->t,
                                    .x_row = h->q_row,
                                    .w_row = h->k_row,
                                    .y_row = h->t,
                                    .wide = true};
    const lt_matmul_shape values = {.dtype = h->dtype,
                                    .rows = a->rows,
                                    .in = h->t,
                                    .out = h->d,
                                    .x_row = h->t,
                                    .w_row = h->v_row,
                                    .y_row = h->d,
                                    .turned = true};
    return lt_matmul_new(s, &scores, &a->scores, err) && lt_matmul_new(s, &values, &a->values, err);
}

bool lt_attention_blocks_new(lt_gpu_stream *s, const lt_attention_shape *shape,
                             lt_attention_blocks **out, lt_error *err)
{
    lt_attention_blocks *a = lt_alloc(sizeof *a);
    a->shape = *shape;
    a->rows = rows_of(shape);
    bool ok = make_products(s, a, err);
    if (ok) {
        size_t one = lt_matmul_workspace(a->scores), other = lt_matmul_workspace(a->values);
        size_t count = (size_t)(a->rows * shape->t);
        a->at_scores = aligned(one > other ? one : other);
        a->at_softmax = a->at_scores + aligned(count * sizeof(float));
        ok = lt_gpu_workspace_grow(s, a->at_softmax + count * lt_dtype_size(shape->dtype), err);
    }
    if (ok)
        *out = a;
    else
        lt_attention_blocks_free(a);
    return ok;
}

void lt_attention_blocks_free(lt_attention_blocks *a)
{
    if (!a)
        return;
    lt_matmul_free(a->scores);
    lt_matmul_free(a->values);
    free(a);
}

static bool run_block(lt_gpu_stream *s, const lt_attention_blocks *a, const void *q, const void *k,
                      const void *v, void *y, lt_error *err)
{
    char *workspace = lt_gpu_workspace(s);
    float *scores = (float *)(void *)(workspace + a->at_scores);
    void *p = workspace + a->at_softmax;
    const lt_softmax_args softmax = {.dtype = a->shape.dtype,
                                     .rows = a->rows,
                                     .width = a->shape.t,
                                     .scale = 1 / sqrtf((float)a->shape.d),
                                     .x = scores,
                                     .y = p};
    return lt_matmul_run(s, a->scores, q, k, NULL, NULL, scores, err) &&
           lt_kernel_softmax(s, &softmax, err) &&
           lt_matmul_run(s, a->values, p, v, NULL, NULL, y, err);
}

/* The last block of a sample begins where it ends with it: some queries are done twice. */
bool lt_attention_blocks_run(lt_gpu_stream *s, const lt_attention_blocks *a, const void *q,
                             const void *k, const void *v, void *y, lt_error *err)
{
    const lt_attention_shape *h = &a->shape;
    const int64_t size = (int64_t)lt_dtype_size(h->dtype);
    for (int64_t n = 0; n < h->n; n++)
        for (int64_t at = 0; at < h->s; at += a->rows) {
            int64_t query = n * h->s + (at + a->rows < h->s ? at : h->s - a->rows);
            if (!run_block(s, a, (const char *)q + query * h->q_row * size,
                           (const char *)k + n * h->t * h->k_row * size,
                           (const char *)v + n * h->t * h->v_row * size,
                           (char *)y + query * h->d * size, err))
                return false;
        }
    return true;
}
