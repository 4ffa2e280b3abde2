/*
 * cpu_geglu.c - LINEAR in form GEGLU: a product with 2C columns of which half gate the other half.
 * It is made for a few rows at a time and turned into C columns while it is in the cache, so that
 * the wide result, the largest of a UNet, never is in memory.  It stays in float32 until then.
 *
 * Blocks of rows do not cross pictures, so a picture does not depend on its batch.
 */
#include "base/mem.h"
#include "cpu/cpu_internal.h"

enum { ROWS = 64, PIECE = 1024 };

/* A thread's ops. */
enum { WHOLE, LAST, OPS };

typedef struct shape {
    size_t images, rows, c, wide; /* rows of one image; columns of the result and of the product */
    size_t block, blocks;         /* rows in a block; blocks of one image */
    size_t wide_bytes, op_bytes;  /* one thread's scratch, in order */
} shape;

static shape shape_of(const lt_tensor *t)
{
    shape a = {.images = (size_t)t->shape.dim[0], .c = lt_cpu_width(t)};
    a.rows = lt_cpu_rows(t) / a.images;
    a.wide = 2 * a.c;
    a.block = a.rows < ROWS ? a.rows : ROWS;
    a.blocks = (a.rows + a.block - 1) / a.block;
    a.wide_bytes = lt_cpu_round_up(a.block * a.wide * sizeof(float));
    return a;
}

static bool create_op(lt_backend *b, lt_cpu_step *s, const shape *a, int thread, int kind,
                      lt_error *err)
{
    lt_dnnl_op **op = &s->ops[thread * OPS + kind];
    lt_cpu_numbers weights = {.param = {s->node->weight}};
    size_t rows = kind == WHOLE ? a->block : a->rows % a->block, bytes;
    lt_cpu_weight *packed = NULL;
    lt_dnnl_matmul m = {.m = (int64_t)rows,
                        .n = (int64_t)a->wide,
                        .k = (int64_t)s->row[0],
                        .row_a = (int64_t)s->row[0],
                        .row_c = (int64_t)a->wide,
                        .dtype = b->dtype,
                        .out_dtype = LT_F32,
                        .packed = true,
                        .bias = s->bias != NULL};
    if (rows == 0)
        return true;
    bool ok = lt_cpu_matmul_new(b, &weights, &m, op, &packed, err) &&
              (!s->bias || lt_dnnl_set(*op, LT_DNNL_BIAS, s->bias->data, err));
    if (s->weight[kind])
        lt_cpu_weights_unpin(&b->weights, packed); /* the same as before: once is enough */
    else
        s->weight[kind] = packed;
    bytes = ok ? lt_cpu_round_up(lt_dnnl_op_scratch(*op)) : 0;
    s->scratch = bytes > s->scratch ? bytes : s->scratch;
    return ok;
}

size_t lt_cpu_geglu_scratch(const lt_backend *b, const lt_tensor *t)
{
    return (size_t)b->threads * (shape_of(t).wide_bytes + (1 << 18)); /* as other products */
}

bool lt_cpu_geglu_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err)
{
    shape *a = lt_alloc(sizeof *a);
    s->own = a;
    *a = shape_of(s->node);
    if (!lt_cpu_bias(b, s, err))
        return false;
    lt_cpu_step_ops(s, b->threads * OPS);
    lt_cpu_threads_use(1); /* the ops run inside lt_cpu_for */
    bool ok = true;
    for (int i = 0; ok && i < b->threads * OPS; i++)
        ok = create_op(b, s, a, i / OPS, i % OPS, err);
    lt_cpu_threads_use(b->threads);
    a->op_bytes = s->scratch;
    s->scratch = (size_t)b->threads * (a->wide_bytes + a->op_bytes);
    return ok;
}

typedef struct work {
    lt_backend *b;
    const lt_cpu_step *s;
    const shape *a;
    char *scratch;
} work;

static void gate(const work *w, const float *x, size_t row)
{
    size_t c = w->a->c;
    float buf[PIECE];
    for (size_t at = 0; at < c; at += PIECE) {
        size_t n = c - at < PIECE ? c - at : PIECE;
        float *y = lt_cpu_target(w->b, w->s->dst, row * c + at, buf);
        w->b->simd->geglu(y, x + at, x + c + at, n);
        lt_cpu_save(w->b, w->s->dst, row * c + at, y, n);
    }
}

/* A task: a block of rows of one image. */
static void compute(void *context, int64_t task, int thread)
{
    const work *w = context;
    const shape *a = w->a;
    size_t first = (size_t)task % a->blocks * a->block, image = (size_t)task / a->blocks;
    size_t rows = a->rows - first < a->block ? a->rows - first : a->block;
    size_t row = image * a->rows + first;
    char *own = w->scratch + (size_t)thread * (a->wide_bytes + a->op_bytes);
    float *wide = (float *)(void *)own;
    lt_dnnl_op *op = w->s->ops[thread * OPS + (rows < a->block ? LAST : WHOLE)];
    lt_error *err = &w->b->errors[thread];
    if (lt_cpu_stopped(w->b, thread) ||
        !lt_dnnl_set(op, LT_DNNL_SRC, lt_cpu_at(w->b, w->s->src[0], row * w->s->row[0]), err) ||
        !lt_dnnl_set(op, LT_DNNL_DST, wide, err) ||
        !lt_dnnl_set(op, LT_DNNL_SCRATCH, own + a->wide_bytes, err) || !lt_dnnl_run(op, err))
        return; /* the run reports it */
    for (size_t r = 0; r < rows; r++)
        gate(w, wide + r * a->wide, row + r);
}

bool lt_cpu_geglu_run(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err)
{
    work w = {.b = b, .s = s, .a = s->own, .scratch = scratch};
    lt_cpu_errors_clear(b);
    lt_cpu_for(b->threads, (int64_t)(w.a->images * w.a->blocks), compute, &w);
    return lt_cpu_errors_first(b, err);
}
