/* attention.c - see attention.h. */
#include "cuda/attention.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/kernels.h"
#include "cuda/plans.h"
#include "cuda/shapes.h"

struct lt_attention_op {
    lt_attention_shape shape;
    const lt_cudnn *cudnn; /* of the stream */
    lt_cudnn_plan *plan;   /* NULL: our kernel */
    float scale;
    lt_error why; /* there is no plan */
};

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
    return ok || a->why.code != LT_ERR_MEMORY;
}

bool lt_attention_op_new(lt_gpu_stream *s, const lt_attention_shape *shape, lt_attention_op **out,
                         lt_error *err)
{
    lt_attention_op *a = lt_alloc(sizeof *a);
    a->shape = *shape;
    a->scale = 1 / sqrtf((float)shape->d);
    bool ok = find_plan(s, a, err);
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
    free(a);
}

bool lt_attention_op_run(lt_gpu_stream *s, const lt_attention_op *a, const void *q, const void *k,
                         const void *v, void *y, lt_error *err)
{
    const lt_attention_shape *h = &a->shape;
    if (a->plan) {
        static const lt_cudnn_value value[] = {LT_CUDNN_Q, LT_CUDNN_K, LT_CUDNN_V, LT_CUDNN_Y,
                                               LT_CUDNN_SCALE};
        const void *const address[] = {q, k, v, y, &a->scale};
        return lt_cudnn_run(a->cudnn, a->plan, value, address, 5, lt_gpu_workspace(s), err);
    }
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
