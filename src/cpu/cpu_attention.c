/*
 * cpu_attention.c - ATTENTION and ATTENTION_MAP in blocks of queries: for each block the scores
 * against all tokens are made, turned into weights and used at once, so no S x T matrix exists.
 *
 * Blocks are sized so that a block's scores stay in the second-level cache.  Each thread owns its
 * block buffer and its own oneDNN ops; blocks are independent, so the result does not depend on the
 * number of threads.  Weights are not divided by their sum before the product with v but after it.
 */
#include <math.h>
#include <string.h>

#include "cpu/cpu_internal.h"

enum { SCORE_BYTES = 1 << 21, MAX_ROWS = 256, MIN_ROWS = 16, LANES = 16, OPS = 4 };

/* Of a thread's ops: products for whole blocks and for the last, shorter one. */
enum { SCORES, VALUES, LAST_SCORES, LAST_VALUES };

typedef struct shape {
    size_t n, s, t, c, heads, d; /* d = c / heads */
    size_t rows, blocks;         /* queries in a block; blocks of one image */
    size_t pitch;                /* elements from one row of scores to the next */
    size_t score_bytes, weight_bytes, value_bytes, op_bytes; /* one thread's scratch, in order */
} shape;

static bool is_map(const lt_cpu_step *s)
{
    return s->node->op == LT_OP_ATTENTION_MAP;
}

static shape shape_of(const lt_backend *b, const lt_cpu_step *s)
{
    const lt_tensor *q = s->node->src[0], *k = s->node->src[1];
    shape a = {.n = (size_t)q->shape.dim[0],
               .s = (size_t)q->shape.dim[1],
               .t = (size_t)k->shape.dim[1],
               .c = (size_t)q->shape.dim[2],
               .heads = (size_t)s->node->u.attention.heads};
    a.d = a.c / a.heads;
    a.pitch = (a.t + LANES - 1) / LANES * LANES;
    a.rows = SCORE_BYTES / (a.t * sizeof(float)) / MIN_ROWS * MIN_ROWS;
    a.rows = a.rows < MIN_ROWS ? MIN_ROWS : a.rows > MAX_ROWS ? MAX_ROWS : a.rows;
    a.rows = a.rows > a.s ? a.s : a.rows;
    a.blocks = (a.s + a.rows - 1) / a.rows;
    a.score_bytes = lt_cpu_round_up(a.rows * a.pitch * sizeof(float));
    a.weight_bytes =
        is_map(s) || b->dtype == LT_BF16 ? lt_cpu_round_up(a.rows * a.pitch * sizeof(float)) : 0;
    a.value_bytes = lt_cpu_round_up(a.rows * a.d * sizeof(float));
    return a;
}

static bool create_pair(lt_backend *b, lt_cpu_step *s, const shape *a, size_t rows,
                        lt_dnnl_op **out, lt_error *err)
{
    lt_dnnl_matmul scores = {.m = (int64_t)rows,
                             .n = (int64_t)a->t,
                             .k = (int64_t)a->d,
                             .row_a = (int64_t)a->c,
                             .row_b = (int64_t)a->c,
                             .row_c = (int64_t)a->pitch,
                             .dtype = b->dtype,
                             .out_dtype = LT_F32,
                             .transposed = true};
    lt_dnnl_matmul values = {.m = (int64_t)rows,
                             .n = (int64_t)a->d,
                             .k = (int64_t)a->t,
                             .row_a = (int64_t)a->pitch,
                             .row_b = (int64_t)a->c,
                             .row_c = (int64_t)a->d,
                             .dtype = b->dtype,
                             .out_dtype = LT_F32};
    if (!lt_dnnl_matmul_new(b->dnnl, &scores, NULL, &out[SCORES], err))
        return false;
    return is_map(s) || lt_dnnl_matmul_new(b->dnnl, &values, NULL, &out[VALUES], err);
}

static bool create_ops(lt_backend *b, lt_cpu_step *s, const shape *a, lt_error *err)
{
    size_t last = a->s - (a->blocks - 1) * a->rows;
    bool ok = true;
    lt_cpu_step_ops(s, b->threads * OPS);
    for (int i = 0; ok && i < b->threads; i++)
        ok = create_pair(b, s, a, a->rows, s->ops + i * OPS, err) &&
             (last == a->rows || create_pair(b, s, a, last, s->ops + i * OPS + LAST_SCORES, err));
    return ok;
}

static size_t largest_scratch(const lt_cpu_step *s)
{
    size_t most = 0;
    for (int i = 0; i < s->op_count; i++) {
        size_t n = s->ops[i] ? lt_dnnl_op_scratch(s->ops[i]) : 0;
        most = n > most ? n : most;
    }
    return lt_cpu_round_up(most);
}

static size_t thread_bytes(const shape *a)
{
    return a->score_bytes + a->weight_bytes + a->value_bytes + a->op_bytes;
}

bool lt_cpu_attention_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err)
{
    shape a = shape_of(b, s);
    lt_cpu_threads_use(1); /* the ops run inside lt_cpu_for */
    bool ok = create_ops(b, s, &a, err);
    lt_cpu_threads_use(b->threads);
    if (!ok)
        return false;
    a.op_bytes = largest_scratch(s);
    s->scratch = (size_t)b->threads * thread_bytes(&a);
    return true;
}

typedef struct work {
    lt_backend *b;
    const lt_cpu_step *s;
    shape a;
    char *scratch;
    lt_error *errors; /* [threads]; the first of each */
} work;

/* What one task works with: a block of queries of one image, in one thread's buffers. */
typedef struct block {
    lt_dnnl_op *scores_op, *values_op;
    float *scores, *values;
    void *weights, *op_scratch;
    size_t n, first, rows; /* image, first query, queries */
} block;

static block block_of(const work *w, size_t n, size_t index, int thread)
{
    const shape *a = &w->a;
    char *at = w->scratch + (size_t)thread * thread_bytes(a);
    block k = {.n = n, .first = index * a->rows};
    k.rows = a->s - k.first < a->rows ? a->s - k.first : a->rows;
    lt_dnnl_op **ops = w->s->ops + thread * OPS;
    bool whole = k.rows == a->rows;
    k.scores_op = ops[whole ? SCORES : LAST_SCORES];
    k.values_op = ops[whole ? VALUES : LAST_VALUES];
    k.scores = (float *)(void *)at;
    k.weights = at + a->score_bytes;
    k.values = (float *)(void *)(at + a->score_bytes + a->weight_bytes);
    k.op_scratch = at + a->score_bytes + a->weight_bytes + a->value_bytes;
    return k;
}

static bool make_scores(const work *w, const block *k, size_t head, lt_error *err)
{
    const shape *a = &w->a;
    size_t q = (k->n * a->s + k->first) * a->c + head * a->d,
           key = k->n * a->t * a->c + head * a->d;
    return lt_dnnl_set(k->scores_op, LT_DNNL_SRC, lt_cpu_at(w->b, w->s->src[0], q), err) &&
           lt_dnnl_set(k->scores_op, LT_DNNL_WEIGHTS, lt_cpu_at(w->b, w->s->src[1], key), err) &&
           lt_dnnl_set(k->scores_op, LT_DNNL_DST, k->scores, err) &&
           lt_dnnl_set(k->scores_op, LT_DNNL_SCRATCH, k->op_scratch, err) &&
           lt_dnnl_run(k->scores_op, err);
}

/* Scores of one row to exponentials; returns their sum.  A causal row's later tokens become 0.  The
 * row is padded with -inf to whole vectors: 77 tokens would otherwise spend most of their time in
 * the last 13 (cross-attention of 4096 queries: 5.5 to 4.3 ms). */
static float soften(const work *w, const block *k, size_t row)
{
    const shape *a = &w->a;
    float *x = k->scores + row * a->pitch, scale = (float)(1.0 / sqrt((double)a->d));
    size_t seen = k->first + row + 1;
    if (!w->s->node->u.attention.causal || seen > a->t)
        seen = a->t;
    for (size_t i = seen; i < a->pitch; i++)
        x[i] = -INFINITY;
    float sum = w->b->simd->soft_exp(x, scale, (seen + LANES - 1) / LANES * LANES);
    memset(x + seen, 0, (a->pitch - seen) * sizeof *x);
    return sum;
}

static bool make_values(const work *w, const block *k, size_t head, lt_error *err)
{
    const shape *a = &w->a;
    float sums[MAX_ROWS];
    const void *weights = w->b->dtype == LT_BF16 ? k->weights : k->scores;
    size_t v = k->n * a->t * a->c + head * a->d;
    for (size_t r = 0; r < k->rows; r++) {
        sums[r] = soften(w, k, r);
        if (w->b->dtype == LT_BF16)
            w->b->simd->narrow((uint16_t *)k->weights + r * a->pitch, k->scores + r * a->pitch,
                               a->pitch);
    }
    if (!lt_dnnl_set(k->values_op, LT_DNNL_SRC, weights, err) ||
        !lt_dnnl_set(k->values_op, LT_DNNL_WEIGHTS, lt_cpu_at(w->b, w->s->src[2], v), err) ||
        !lt_dnnl_set(k->values_op, LT_DNNL_DST, k->values, err) ||
        !lt_dnnl_set(k->values_op, LT_DNNL_SCRATCH, k->op_scratch, err) ||
        !lt_dnnl_run(k->values_op, err))
        return false;
    for (size_t r = 0; r < k->rows; r++) {
        float *x = k->values + r * a->d;
        size_t at = (k->n * a->s + k->first + r) * a->c + head * a->d;
        w->b->simd->scale(x, x, 1.0F / sums[r], 0.0F, a->d);
        lt_cpu_save(w->b, w->s->dst, at, x, a->d);
    }
    return true;
}

/* A task of ATTENTION: one head of one block. */
static void attend(void *context, int64_t task, int thread)
{
    work *w = context;
    size_t index = (size_t)task % w->a.blocks, rest = (size_t)task / w->a.blocks;
    block k = block_of(w, rest / w->a.heads, index, thread);
    lt_error *err = &w->errors[thread];
    if (err->code != LT_ERR_NONE || !make_scores(w, &k, rest % w->a.heads, err) ||
        !make_values(w, &k, rest % w->a.heads, err))
        return; /* the run reports it */
}

/* A task of ATTENTION_MAP: one block, all heads, averaged. */
static void map(void *context, int64_t task, int thread)
{
    work *w = context;
    const lt_cpu_simd *simd = w->b->simd;
    size_t t = w->a.t, pitch = w->a.pitch, heads = w->a.heads;
    block k = block_of(w, (size_t)task / w->a.blocks, (size_t)task % w->a.blocks, thread);
    float *total = k.weights;
    lt_error *err = &w->errors[thread];

    memset(total, 0, k.rows * pitch * sizeof *total);
    for (size_t head = 0; head < heads && err->code == LT_ERR_NONE; head++) {
        if (!make_scores(w, &k, head, err))
            return;
        for (size_t r = 0; r < k.rows; r++) {
            float *x = k.scores + r * pitch, part = soften(w, &k, r) * (float)heads;
            simd->scale(x, x, 1.0F / part, 0.0F, pitch);
            simd->sum(total + r * pitch, x, pitch);
        }
    }
    for (size_t r = 0; r < k.rows; r++)
        lt_cpu_save(w->b, w->s->dst, (k.n * w->a.s + k.first + r) * t, total + r * pitch, t);
}

bool lt_cpu_attention_run(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err)
{
    work w = {.b = b, .s = s, .a = shape_of(b, s), .scratch = scratch};
    bool ok = true;
    w.a.op_bytes = largest_scratch(s);
    w.errors = b->errors;
    for (int i = 0; i < b->threads; i++)
        w.errors[i].code = LT_ERR_NONE;
    size_t tasks = w.a.n * w.a.blocks * (is_map(s) ? 1 : w.a.heads);
    lt_cpu_for(b->threads, (int64_t)tasks, is_map(s) ? map : attend, &w);
    for (int i = 0; ok && i < b->threads; i++)
        if (w.errors[i].code != LT_ERR_NONE) {
            *err = w.errors[i];
            ok = false;
        }
    return ok;
}
