/*
 * cpu_attention.c - ATTENTION and ATTENTION_MAP in blocks that stay in the second-level cache:
 * for a block of queries and a span of tokens the scores are made, turned into weights and used at
 * once, so no S x T matrix exists.
 *
 * Spans are joined as in Milakov and Gimelshein 2018: each row keeps the largest score so far and
 * the sum of its exponentials, and what was gathered is scaled down when a larger score comes.  The
 * division by the sum is the last thing done.
 *
 * Keys and values are packed once for each head, in oneDNN's own layout, and read by all blocks of
 * queries.  Each thread owns its buffers and its oneDNN ops; blocks are independent, so the result
 * does not depend on the number of threads.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "cpu/cpu_internal.h"

enum { ROWS = 128, SPAN = 512, MAP_BYTES = 1 << 20, MIN_ROWS = 16, LANES = 16 };

/* A thread's ops: a set for each of whole and last block of queries, whole and last span. */
enum { SCORES, VALUES, PACK_KEYS, PACK_VALUES, KINDS, SETS = 4 };

typedef struct shape {
    size_t n, s, t, c, heads, d;   /* d = c / heads */
    size_t each, per;              /* queries of one image, of n's s; their blocks */
    size_t rows, blocks;           /* queries in a block; blocks of all s */
    size_t span, spans;            /* tokens in a span; spans of one image */
    size_t pitch;                  /* elements from one row of scores to the next */
    size_t key_bytes, value_bytes; /* one head's packed span */
    size_t packed_bytes;           /* all of them; then, for each thread: */
    size_t score_bytes, weight_bytes, sum_bytes, op_bytes;
} shape;

static bool is_map(const lt_tensor *t)
{
    return t->op == LT_OP_ATTENTION_MAP;
}

static size_t round_to(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static size_t parts(size_t n, size_t part)
{
    return (n + part - 1) / part;
}

/* A map needs whole rows of scores: one span, and as many rows as fit. */
static shape shape_of(const lt_backend *b, const lt_tensor *t)
{
    const lt_tensor *q = t->src[0], *k = t->src[1];
    shape a = {.n = (size_t)q->shape.dim[0],
               .s = (size_t)q->shape.dim[1],
               .t = (size_t)k->shape.dim[1],
               .each = (size_t)t->u.attention.each,
               .heads = (size_t)t->u.attention.heads,
               .rows = ROWS,
               .spans = 1};
    a.c = lt_cpu_width(q) < lt_cpu_width(k) ? lt_cpu_width(q) : lt_cpu_width(k); /* one is wide */
    a.d = a.c / a.heads;
    a.span = round_to(a.t, LANES);
    if (is_map(t)) {
        size_t fit = MAP_BYTES / (a.span * sizeof(float));
        a.rows = fit < MIN_ROWS ? MIN_ROWS : fit > ROWS ? ROWS : fit;
    } else if (a.t > SPAN) {
        a.span = round_to(parts(a.t, parts(a.t, SPAN)), LANES);
        a.spans = parts(a.t, a.span);
    }
    a.rows = a.rows > a.each ? a.each : a.rows;
    a.per = parts(a.each, a.rows); /* as if the image were alone: products depend on their size */
    a.blocks = a.per * (a.s / a.each);
    a.pitch = a.span;
    a.score_bytes = lt_cpu_round_up(a.rows * a.pitch * sizeof(float));
    a.weight_bytes = is_map(t)             ? a.score_bytes
                     : b->dtype == LT_BF16 ? lt_cpu_round_up(a.rows * a.pitch * sizeof(uint16_t))
                                           : 0;
    a.sum_bytes = lt_cpu_round_up(a.rows * a.d * sizeof(float));
    return a;
}

static lt_dnnl_op **set_of(const lt_cpu_step *s, int thread, bool last_rows, bool last_span)
{
    return s->ops + ((thread * SETS) + (last_rows ? 2 : 0) + (last_span ? 1 : 0)) * KINDS;
}

/* The product of kind SCORES or VALUES, and what packs its second operand.  All threads and blocks
 * of queries share the layout that the first of them got. */
static bool create_product(lt_backend *b, lt_cpu_step *s, const lt_dnnl_matmul *m, int kind,
                           bool last_rows, bool last_span, lt_error *err)
{
    lt_dnnl_layout *layout = NULL;
    bool ok = true;
    if (last_rows)
        layout = lt_dnnl_layout_of(set_of(s, 0, false, last_span)[kind]);
    for (int i = 0; ok && i < b->threads; i++) {
        lt_dnnl_op **set = set_of(s, i, last_rows, last_span);
        ok = lt_dnnl_matmul_new(b->dnnl, m, layout, &set[kind], err) &&
             (last_rows || lt_dnnl_packer_new(b->dnnl, set[kind], &set[PACK_KEYS + kind], err));
        if (ok && !layout)
            layout = lt_dnnl_layout_of(set[kind]);
    }
    lt_dnnl_layout_free(layout);
    return ok;
}

static bool create_set(lt_backend *b, lt_cpu_step *s, const shape *a, bool last_rows,
                       bool last_span, lt_error *err)
{
    int64_t rows = (int64_t)(last_rows ? a->each - (a->per - 1) * a->rows : a->rows);
    int64_t span = (int64_t)(last_span ? a->t - (a->spans - 1) * a->span : a->span);
    lt_dnnl_matmul scores = {.m = rows,
                             .n = span,
                             .k = (int64_t)a->d,
                             .row_a = (int64_t)s->row[0],
                             .row_b = (int64_t)s->row[1],
                             .row_c = (int64_t)a->pitch,
                             .dtype = b->dtype,
                             .out_dtype = LT_F32,
                             .packed = true,
                             .transposed = true};
    lt_dnnl_matmul values = {.m = rows,
                             .n = (int64_t)a->d,
                             .k = span,
                             .row_a = (int64_t)a->pitch,
                             .row_b = (int64_t)s->row[2],
                             .row_c = (int64_t)a->d,
                             .dtype = b->dtype,
                             .out_dtype = LT_F32,
                             .packed = true,
                             .sum = true};
    return create_product(b, s, &scores, SCORES, last_rows, last_span, err) &&
           (is_map(s->node) || create_product(b, s, &values, VALUES, last_rows, last_span, err));
}

static bool create_ops(lt_backend *b, lt_cpu_step *s, const shape *a, lt_error *err)
{
    bool rows_end = a->each % a->rows != 0, span_ends = a->t % a->span != 0, ok = true;
    lt_cpu_step_ops(s, b->threads * SETS * KINDS);
    for (int last_rows = 0; ok && last_rows <= (rows_end ? 1 : 0); last_rows++)
        for (int last_span = 0; ok && last_span <= (span_ends ? 1 : 0); last_span++)
            /* With a single, shorter span there are no whole ones. */
            ok = (span_ends && !last_span && a->spans == 1) ||
                 create_set(b, s, a, last_rows, last_span, err);
    return ok;
}

static size_t packed_size(const lt_dnnl_op *op)
{
    if (!op)
        return 0;
    lt_dnnl_layout *layout = lt_dnnl_layout_of(op);
    size_t bytes = lt_dnnl_layout_bytes(layout);
    lt_dnnl_layout_free(layout);
    return lt_cpu_round_up(bytes);
}

/* What a span of either length takes. */
static size_t packed_span(const lt_cpu_step *s, int kind)
{
    size_t whole = packed_size(set_of(s, 0, false, false)[kind]);
    size_t last = packed_size(set_of(s, 0, false, true)[kind]);
    return whole > last ? whole : last;
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
    return a->score_bytes + a->weight_bytes + a->sum_bytes + a->op_bytes;
}

/* Packed sides are taken as multiples of 64, which is at least what oneDNN makes of them; its ops
 * asked for at most 129 KiB. */
size_t lt_cpu_attention_scratch(const lt_backend *b, const lt_tensor *t)
{
    shape a = shape_of(b, t);
    size_t span = round_to(a.span, 64) * round_to(a.d, 64) * lt_dtype_size(b->dtype);
    a.op_bytes = 1 << 18;
    return a.n * a.heads * a.spans * span * (is_map(t) ? 1 : 2) +
           (size_t)b->threads * thread_bytes(&a);
}

bool lt_cpu_attention_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err)
{
    shape *a = lt_alloc(sizeof *a);
    s->own = a;
    *a = shape_of(b, s->node);
    lt_cpu_threads_use(1); /* the ops run inside lt_cpu_for */
    bool ok = create_ops(b, s, a, err);
    lt_cpu_threads_use(b->threads);
    if (!ok)
        return false;
    a->key_bytes = packed_span(s, SCORES);
    a->value_bytes = packed_span(s, VALUES);
    a->packed_bytes = a->n * a->heads * a->spans * (a->key_bytes + a->value_bytes);
    a->op_bytes = largest_scratch(s);
    s->scratch = a->packed_bytes + (size_t)b->threads * thread_bytes(a);
    return true;
}

typedef struct work {
    lt_backend *b;
    const lt_cpu_step *s;
    const shape *a;
    char *scratch;
    lt_error *errors; /* [threads]; the first of each */
} work;

/* What one task works with: a head of a block of queries of one image, in one thread's buffers. */
typedef struct block {
    int thread;
    size_t n, head, first, rows; /* image, head, first query, queries */
    float *scores, *sums;        /* sums: of weighted values, [rows][d] */
    void *weights;
    float top[ROWS], total[ROWS]; /* largest score so far; sum of exponentials */
} block;

static char *own_bytes(const work *w, int thread)
{
    return w->scratch + w->a->packed_bytes + (size_t)thread * thread_bytes(w->a);
}

static void begin_block(const work *w, block *k, size_t n, size_t head, size_t index, int thread)
{
    const shape *a = w->a;
    char *at = own_bytes(w, thread);
    k->thread = thread;
    k->n = n;
    k->head = head;
    size_t before = index % a->per * a->rows, left = a->each - before;
    k->first = index / a->per * a->each + before;
    k->rows = left < a->rows ? left : a->rows;
    k->scores = (float *)(void *)at;
    k->weights = at + a->score_bytes;
    k->sums = (float *)(void *)(at + a->score_bytes + a->weight_bytes);
}

static size_t span_length(const shape *a, size_t span)
{
    size_t left = a->t - span * a->span;
    return left < a->span ? left : a->span;
}

static char *packed_at(const work *w, size_t n, size_t head, size_t span)
{
    const shape *a = w->a;
    return w->scratch + ((n * a->heads + head) * a->spans + span) * (a->key_bytes + a->value_bytes);
}

static bool run_op(const work *w, lt_dnnl_op *op, int thread, const void *src, const void *weights,
                   void *dst, lt_error *err)
{
    const shape *a = w->a;
    char *scratch = own_bytes(w, thread) + a->score_bytes + a->weight_bytes + a->sum_bytes;
    return lt_dnnl_set(op, LT_DNNL_SRC, src, err) &&
           lt_dnnl_set(op, LT_DNNL_WEIGHTS, weights, err) &&
           lt_dnnl_set(op, LT_DNNL_DST, dst, err) &&
           lt_dnnl_set(op, LT_DNNL_SCRATCH, scratch, err) && lt_dnnl_run(op, err);
}

/* Address of row `row` of image n of source i, at the first channel of a head. */
static void *operand(const work *w, int i, size_t n, size_t row, size_t head)
{
    size_t rows = i == 0 ? w->a->s : w->a->t;
    return lt_cpu_at(w->b, w->s->src[i], (n * rows + row) * w->s->row[i] + head * w->a->d);
}

/* A task: keys and values of one span of one head. */
static void pack(void *context, int64_t task, int thread)
{
    const work *w = context;
    const shape *a = w->a;
    size_t span = (size_t)task % a->spans, rest = (size_t)task / a->spans;
    size_t head = rest % a->heads, n = rest / a->heads;
    lt_dnnl_op **set = set_of(w->s, thread, false, span_length(a, span) < a->span);
    char *to = packed_at(w, n, head, span);
    lt_error *err = &w->errors[thread];
    for (int i = 0; i < (is_map(w->s->node) ? 1 : 2) && !lt_cpu_stopped(w->b, thread); i++)
        if (!run_op(w, set[PACK_KEYS + i], thread, operand(w, 1 + i, n, span * a->span, head), NULL,
                    to + (i ? a->key_bytes : 0), err))
            return; /* the run reports it */
}

static bool make_scores(const work *w, const block *k, size_t span, lt_error *err)
{
    const shape *a = w->a;
    lt_dnnl_op **set = set_of(w->s, k->thread, k->rows < a->rows, span_length(a, span) < a->span);
    return run_op(w, set[SCORES], k->thread, operand(w, 0, k->n, k->first, k->head),
                  packed_at(w, k->n, k->head, span), k->scores, err);
}

/* Tokens of a span that a row sees: a causal row s sees tokens 0..s. */
static size_t seen_by(const work *w, const block *k, size_t row, size_t span)
{
    size_t length = span_length(w->a, span), start = span * w->a->span;
    size_t end = k->first + row + 1;
    if (!w->s->node->u.attention.causal)
        return length;
    return end <= start ? 0 : end - start < length ? end - start : length;
}

/* Scores of one row of a span to exponentials, in k->weights (bf16) or in place; what the row
 * gathered before is scaled to the new top.  The row is padded with -inf to whole vectors: 77
 * tokens would otherwise spend most of their time in the last 13. */
static void soften(const work *w, block *k, size_t row, size_t span)
{
    const shape *a = w->a;
    const lt_cpu_simd *simd = w->b->simd;
    bool narrow = w->b->dtype == LT_BF16 && !is_map(w->s->node);
    float *x = k->scores + row * a->pitch, scale = (float)(1.0 / sqrt((double)a->d));
    uint16_t *y = (uint16_t *)k->weights + row * a->pitch;
    size_t seen = seen_by(w, k, row, span), end = round_to(seen, LANES);
    if (seen) {
        for (size_t i = seen; i < end; i++)
            x[i] = -INFINITY;
        float top = simd->maximum(x, end);
        if (span == 0) {
            k->top[row] = top;
            k->total[row] = 0;
        } else if (top > k->top[row]) {
            float shrink = expf((k->top[row] - top) * scale);
            k->top[row] = top;
            k->total[row] *= shrink;
            simd->scale(k->sums + row * a->d, k->sums + row * a->d, shrink, 0.0F, a->d);
        }
        k->total[row] += narrow ? simd->soft_exp_bf16(y, x, scale, k->top[row], end)
                                : simd->soft_exp(x, x, scale, k->top[row], end);
    }
    if (narrow)
        memset(y + seen, 0, (a->pitch - seen) * sizeof *y);
    else
        memset(x + seen, 0, (a->pitch - seen) * sizeof *x);
}

/* A task of ATTENTION: one head of one block of queries. */
static void attend(void *context, int64_t task, int thread)
{
    const work *w = context;
    const shape *a = w->a;
    block k;
    size_t rest = (size_t)task / a->blocks;
    lt_error *err = &w->errors[thread];
    begin_block(w, &k, rest / a->heads, rest % a->heads, (size_t)task % a->blocks, thread);
    const void *weights = w->b->dtype == LT_BF16 ? k.weights : k.scores;
    memset(k.sums, 0, k.rows * a->d * sizeof *k.sums);
    for (size_t span = 0; span < a->spans; span++) {
        lt_dnnl_op **set = set_of(w->s, thread, k.rows < a->rows, span_length(a, span) < a->span);
        if (lt_cpu_stopped(w->b, thread) || !make_scores(w, &k, span, err))
            return; /* the run reports it */
        for (size_t r = 0; r < k.rows; r++)
            soften(w, &k, r, span);
        if (!run_op(w, set[VALUES], thread, weights, packed_at(w, k.n, k.head, span) + a->key_bytes,
                    k.sums, err))
            return;
    }
    for (size_t r = 0; r < k.rows; r++) {
        float *x = k.sums + r * a->d;
        size_t at = (k.n * a->s + k.first + r) * a->c + k.head * a->d;
        w->b->simd->scale(x, x, 1.0F / k.total[r], 0.0F, a->d);
        lt_cpu_save(w->b, w->s->dst, at, x, a->d);
    }
}

/* A task of ATTENTION_MAP: one block of queries, all heads, averaged. */
static void map(void *context, int64_t task, int thread)
{
    const work *w = context;
    const shape *a = w->a;
    const lt_cpu_simd *simd = w->b->simd;
    block k;
    lt_error *err = &w->errors[thread];
    begin_block(w, &k, (size_t)task / a->blocks, 0, (size_t)task % a->blocks, thread);
    float *mean = k.weights;
    memset(mean, 0, k.rows * a->pitch * sizeof *mean);
    for (; k.head < a->heads; k.head++) {
        if (lt_cpu_stopped(w->b, thread) || !make_scores(w, &k, 0, err))
            return;
        for (size_t r = 0; r < k.rows; r++) {
            float *x = k.scores + r * a->pitch;
            soften(w, &k, r, 0);
            simd->scale(x, x, 1.0F / (k.total[r] * (float)a->heads), 0.0F, a->pitch);
            simd->sum(mean + r * a->pitch, x, a->pitch);
        }
    }
    for (size_t r = 0; r < k.rows; r++)
        lt_cpu_save(w->b, w->s->dst, (k.n * a->s + k.first + r) * a->t, mean + r * a->pitch, a->t);
}

bool lt_cpu_attention_run(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err)
{
    work w = {.b = b, .s = s, .a = s->own, .scratch = scratch, .errors = b->errors};
    lt_cpu_errors_clear(b);
    lt_cpu_for(b->threads, (int64_t)(w.a->n * w.a->heads * w.a->spans), pack, &w);
    lt_cpu_for(b->threads, (int64_t)(w.a->n * w.a->blocks * (is_map(s->node) ? 1 : w.a->heads)),
               is_map(s->node) ? map : attend, &w);
    return lt_cpu_errors_first(b, err);
}
