/* attention.c - see attention.h. */
#include "cuda/attention.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/attention_blocks.h"
#include "cuda/kernels.h"
#include "cuda/plans.h"
#include "cuda/shapes.h"
#include "cuda/tune.h"
#include "tensor/half.h"

enum { DOCUMENTED = 256 }; /* how wide heads may be by cuDNN's documents; it plans wider ones */

static const double far = 0.02; /* relative L2: of rounding to bf16 0.003 */

struct lt_attention_op {
    lt_attention_shape shape;
    const lt_cudnn *cudnn;       /* of the stream */
    lt_cudnn_plan *plan;         /* NULL: our way */
    lt_attention_blocks *blocks; /* NULL: our kernel */
    float scale;
    lt_error why; /* there is no plan */
};

static bool run_plan(lt_gpu_stream *s, const lt_attention_op *a, const void *q, const void *k,
                     const void *v, void *y, lt_error *err)
{
    static const lt_cudnn_value value[] = {LT_CUDNN_Q, LT_CUDNN_K, LT_CUDNN_V, LT_CUDNN_Y,
                                           LT_CUDNN_SCALE};
    const void *const address[] = {q, k, v, y, &a->scale};
    return lt_cudnn_run(a->cudnn, a->plan, value, address, 5, lt_gpu_workspace(s), err);
}

static bool run_kernel(lt_gpu_stream *s, const lt_attention_op *a, const void *q, const void *k,
                       const void *v, void *y, lt_error *err)
{
    const lt_attention_shape *h = &a->shape;
    return lt_kernel_attention(s,
                               &(lt_scores_args){.dtype = h->dtype,
                                                 .n = h->n,
                                                 .heads = h->heads,
                                                 .d = h->d,
                                                 .s = h->s,
                                                 .t = h->t,
                                                 .q_row = h->q_row,
                                                 .k_row = h->k_row,
                                                 .v_row = h->v_row,
                                                 .causal = h->causal,
                                                 .q = q,
                                                 .k = k,
                                                 .v = v,
                                                 .y = y},
                               err);
}

/* Elements that rows of `row` reach over: the last is only as wide as its heads. */
static size_t reach(const lt_attention_shape *s, int64_t rows, int64_t row)
{
    return (size_t)((s->n * rows - 1) * row + (int64_t)s->heads * s->d);
}

static lt_plans_ask ask_for(const lt_attention_op *a, const char *key)
{
    const lt_attention_shape *s = &a->shape;
    size_t size = lt_dtype_size(s->dtype);
    return (lt_plans_ask){
        .key = key,
        .dtype = s->dtype,
        .count = 5,
        .value = {LT_CUDNN_Q, LT_CUDNN_K, LT_CUDNN_V, LT_CUDNN_Y, LT_CUDNN_SCALE},
        .bytes = {reach(s, s->s, s->q_row) * size, reach(s, s->t, s->k_row) * size,
                  reach(s, s->t, s->v_row) * size, reach(s, s->s, (int64_t)s->heads * s->d) * size},
        .host = {[4] = &a->scale}};
}

/* ---- is it right? ---- */

static double distance(lt_dtype dtype, const void *a, const void *b, size_t count)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        float x, y;
        lt_to_f32(&x, (const char *)a + i * lt_dtype_size(dtype), dtype, 1);
        lt_to_f32(&y, (const char *)b + i * lt_dtype_size(dtype), dtype, 1);
        difference += ((double)x - (double)y) * ((double)x - (double)y);
        norm += (double)y * (double)y;
    }
    return sqrt(difference / norm);
}

/* Runs the plan and our kernel, and brings both results into `pinned`, one after the other. */
static bool run_both(lt_gpu_stream *s, const lt_attention_op *a, const lt_tune_memory *m,
                     char *pinned, size_t bytes, lt_error *err)
{
    void *const *at = m->operand; /* q, k, v, the plan's result, the kernel's */
    return run_plan(s, a, at[0], at[1], at[2], at[3], err) &&
           run_kernel(s, a, at[0], at[1], at[2], at[4], err) &&
           lt_gpu_download(s, pinned, at[3], bytes, err) &&
           lt_gpu_download(s, pinned + bytes, at[4], bytes, err);
}

/* False with the reason if the plan gives other numbers than our kernel, or cannot be asked. */
static bool is_right(lt_gpu_stream *s, const lt_attention_op *a, const lt_plans_ask *ask,
                     lt_error *why)
{
    const size_t *from = ask->bytes, y = from[3];
    const size_t bytes[] = {from[0], from[1], from[2], y, y};
    lt_gpu *gpu = lt_gpu_of(s);
    lt_tune_memory m;
    void *pinned = NULL;
    lt_error late;
    if (!lt_tune_memory_new(s, ask->dtype, bytes, 5, &m, why))
        return false;
    bool ok = lt_gpu_pin(gpu, 2 * y, "results", &pinned, why) && run_both(s, a, &m, pinned, y, why);
    ok = lt_gpu_wait(s, ok ? why : &late) && ok;
    if (ok) {
        double d = distance(ask->dtype, pinned, (char *)pinned + y, y / lt_dtype_size(ask->dtype));
        ok = d < far || lt_fail(why, LT_ERR_DEVICE, NULL,
                                "%s: cuDNN is %.2g off our kernel's numbers", ask->key, d);
    }
    lt_gpu_unpin(gpu, pinned);
    lt_tune_memory_done(s, &m);
    return ok;
}

/* ---- the op ---- */

/* True if cuDNN does it, or if it does not (no plan, and why) and that is no fault. */
static bool find_plan(lt_gpu_stream *s, lt_attention_op *a, lt_error *err)
{
    char key[LT_SHAPE_WORDS];
    lt_cudnn *cudnn;
    lt_cudnn_graph *graph;
    if (!lt_cudnn_of(s, &cudnn, err))
        return false;
    a->cudnn = cudnn;
    if (!lt_cudnn_attention(cudnn, &a->shape, &graph, &a->why))
        return true;
    lt_plans_ask ask = ask_for(a, lt_attention_shape_text(&a->shape, key));
    bool ok = lt_plans_get(s, cudnn, graph, &ask, &a->plan, &a->why);
    lt_cudnn_graph_free(graph);
    if (!ok && a->why.code == LT_ERR_MEMORY)
        *err = a->why;
    if (!ok)
        return a->why.code != LT_ERR_MEMORY;
    if (a->shape.d > DOCUMENTED && lt_cudnn_is_there(cudnn) && !is_right(s, a, &ask, &a->why)) {
        lt_cudnn_plan_free(a->plan);
        a->plan = NULL;
    }
    return true;
}

/* What cuDNN does not do is done in blocks where that is faster than our kernel, which does all. */
static void find_blocks(lt_gpu_stream *s, lt_attention_op *a)
{
    lt_error ignored;
    if (!lt_attention_blocks_takes(&a->shape) ||
        !lt_attention_blocks_new(s, &a->shape, &a->blocks, &ignored))
        a->blocks = NULL;
}

bool lt_attention_op_new(lt_gpu_stream *s, const lt_attention_shape *shape, lt_attention_op **out,
                         lt_error *err)
{
    lt_attention_op *a = lt_alloc(sizeof *a);
    a->shape = *shape;
    a->scale = 1 / sqrtf((float)shape->d);
    bool ok = find_plan(s, a, err);
    if (ok && !a->plan)
        find_blocks(s, a);
    if (ok)
        *out = a;
    else
        lt_attention_op_free(a);
    return ok;
}

const char *lt_attention_why_ours(const lt_attention_op *a)
{
    return a->plan ? NULL : a->why.message;
}

void lt_attention_op_free(lt_attention_op *a)
{
    if (!a)
        return;
    lt_cudnn_plan_free(a->plan);
    lt_attention_blocks_free(a->blocks);
    free(a);
}

bool lt_attention_op_run(lt_gpu_stream *s, const lt_attention_op *a, const void *q, const void *k,
                         const void *v, void *y, lt_error *err)
{
    if (a->plan)
        return run_plan(s, a, q, k, v, y, err);
    return a->blocks ? lt_attention_blocks_run(s, a->blocks, q, k, v, y, err)
                     : run_kernel(s, a, q, k, v, y, err);
}
