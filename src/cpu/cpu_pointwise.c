/*
 * cpu_pointwise.c - ACTIVATION, GEGLU, ADD and SCALE: values in, values out, no memory of
 * neighbours; and the conversions between storage and float32 that every file here uses.
 */
#include <string.h>

#include "cpu/cpu_internal.h"

enum { PIECE = 1024, TASK = 32 * PIECE };

const float *lt_cpu_load(const lt_backend *b, const void *storage, size_t at, float *buf, size_t n)
{
    if (b->dtype == LT_F32)
        return (const float *)storage + at;
    b->simd->widen(buf, (const uint16_t *)storage + at, n);
    return buf;
}

float *lt_cpu_target(const lt_backend *b, void *storage, size_t at, float *buf)
{
    return b->dtype == LT_F32 ? (float *)storage + at : buf;
}

void lt_cpu_save(const lt_backend *b, void *storage, size_t at, const float *x, size_t n)
{
    if (b->dtype != LT_F32)
        b->simd->narrow((uint16_t *)storage + at, x, n);
    else if (x != (float *)storage + at)
        memcpy((float *)storage + at, x, n * sizeof *x);
}

typedef struct work {
    const lt_backend *b;
    const lt_cpu_step *s;
    size_t count; /* elements of the result */
    size_t width; /* GEGLU, ADD per image: elements of a row */
    bool rows;    /* pieces may not cross the end of a row */
} work;

/* The second operand of ADD for elements from `at`: the same place, image n's row, or the one row.
 */
static size_t second_at(const work *w, size_t at)
{
    const lt_tensor *t = w->s->node;
    if (!w->rows)
        return at;
    size_t image = w->count / (size_t)t->src[1]->shape.dim[0]; /* elements that share a row */
    return at / image * w->width + at % w->width;
}

static void compute(const work *w, size_t at, size_t n)
{
    const lt_tensor *t = w->s->node;
    const lt_cpu_simd *simd = w->b->simd;
    float a[PIECE], b[PIECE], result[PIECE];
    float *y = lt_cpu_target(w->b, w->s->dst, at, result);
    size_t first = t->op == LT_OP_GEGLU ? at + at / w->width * w->width : at;
    const float *x = lt_cpu_load(w->b, w->s->src[0], first, a, n);
    if (t->op == LT_OP_ACTIVATION)
        simd->activate(t->u.act, y, x, n);
    else if (t->op == LT_OP_GEGLU)
        simd->geglu(y, x, lt_cpu_load(w->b, w->s->src[0], first + w->width, b, n), n);
    else if (t->op == LT_OP_ADD)
        simd->add(y, x, lt_cpu_load(w->b, w->s->src[1], second_at(w, at), b, n), n);
    else
        simd->scale(y, x, t->u.scale.mul, t->u.scale.add, n);
    lt_cpu_save(w->b, w->s->dst, at, y, n);
}

static void compute_task(void *context, int64_t task, int thread)
{
    const work *w = context;
    size_t at = (size_t)task * TASK, end = w->count - at < TASK ? w->count : at + TASK;
    (void)thread;
    while (at < end) {
        size_t n = end - at < PIECE ? end - at : PIECE;
        if (w->rows && w->width - at % w->width < n)
            n = w->width - at % w->width;
        compute(w, at, n);
        at += n;
    }
}

bool lt_cpu_pointwise_run(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err)
{
    const lt_tensor *t = s->node;
    work w = {.b = b, .s = s, .count = (size_t)lt_shape_count(&t->shape), .width = lt_cpu_width(t)};
    (void)scratch;
    (void)err;
    w.rows = t->op == LT_OP_GEGLU ||
             (t->op == LT_OP_ADD && !lt_shape_equal(&t->src[0]->shape, &t->src[1]->shape));
    lt_cpu_for(b->threads, (int64_t)((w.count + TASK - 1) / TASK), compute_task, &w);
    return true;
}
