/*
 * cpu_copy.c - ops that move values without computing: CONCAT, REPEAT, RESIZE, SLICE, and EMBED,
 * which reads the rows it needs straight from the checkpoint, so its table costs no memory.
 */
#include <string.h>

#include "cpu/cpu_internal.h"
#include "tensor/half.h"
#include "tensor/source.h"

enum { TASK_BYTES = 1 << 16 };

typedef struct work {
    const lt_backend *b;
    const lt_cpu_step *s;
    size_t rows, rows_a_task; /* of the result */
} work;

static void copy(const work *w, size_t to, int src, size_t from, size_t n)
{
    memcpy(lt_cpu_at(w->b, w->s->dst, to), lt_cpu_at(w->b, w->s->src[src], from),
           n * lt_dtype_size(w->b->dtype));
}

/* The pixel of the source that row `r` of a resized image shows. */
static size_t nearest(const lt_tensor *t, size_t r)
{
    const int64_t *to = t->shape.dim, *from = t->src[0]->shape.dim;
    int64_t w = (int64_t)r % to[2], h = (int64_t)r / to[2] % to[1], n = (int64_t)r / to[2] / to[1];
    return (size_t)((n * from[1] + h * from[1] / to[1]) * from[2] + w * from[2] / to[2]);
}

static void copy_rows(void *context, int64_t task, int thread)
{
    const work *w = context;
    const lt_tensor *t = w->s->node;
    size_t width = lt_cpu_width(t), a = lt_cpu_width(t->src[0]);
    size_t first = (size_t)task * w->rows_a_task;
    size_t end = w->rows - first < w->rows_a_task ? w->rows : first + w->rows_a_task;
    (void)thread;
    for (size_t r = first; r < end; r++)
        if (t->op == LT_OP_CONCAT) {
            copy(w, r * width, 0, r * a, a);
            copy(w, r * width + a, 1, r * (width - a), width - a);
        } else if (t->op == LT_OP_REPEAT) {
            copy(w, r * width, 0, r % lt_cpu_rows(t->src[0]) * width, width);
        } else if (t->op == LT_OP_RESIZE) {
            copy(w, r * width, 0, nearest(t, r) * width, width);
        } else {
            copy(w, r * width, 0, r * a + (size_t)t->u.slice.from, width);
        }
}

bool lt_cpu_copy_run(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err)
{
    work w = {.b = b, .s = s, .rows = lt_cpu_rows(s->node)};
    (void)scratch;
    (void)err;
    w.rows_a_task = TASK_BYTES / (lt_cpu_width(s->node) * lt_dtype_size(b->dtype)) + 1;
    lt_cpu_for(b->threads, (int64_t)((w.rows + w.rows_a_task - 1) / w.rows_a_task), copy_rows, &w);
    return true;
}

/* Rows are read from the checkpoint when they are needed; that they are numbers is seen before. */
bool lt_cpu_embed_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err)
{
    (void)b;
    bool ok = lt_source_check(s->node->weight, err) && lt_source_check(s->node->bias, err);
    lt_source_release(s->node->weight);
    return ok;
}

bool lt_cpu_embed_run(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err)
{
    enum { PIECE = 512 };
    const lt_tensor *t = s->node;
    const lt_source *tokens = &t->weight->source, *positions = &t->bias->source;
    const int32_t *ids = s->src[0];
    size_t width = lt_cpu_width(t), places = (size_t)t->shape.dim[1];
    float token[PIECE], place[PIECE];
    (void)scratch;
    for (size_t r = 0; r < lt_cpu_rows(t); r++) {
        if (ids[r] < 0 || ids[r] >= t->weight->shape.dim[0])
            return lt_fail(err, LT_ERR_ARGUMENT, NULL, "token %zu is %d, expected 0 to %lld", r,
                           (int)ids[r], (long long)t->weight->shape.dim[0] - 1);
        size_t row = (size_t)ids[r] * width, at = r % places * width;
        for (size_t c = 0; c < width; c += PIECE) {
            size_t n = width - c < PIECE ? width - c : PIECE;
            const char *from = tokens->data, *where = positions->data;
            lt_to_f32(token, from + (row + c) * lt_dtype_size(tokens->dtype), tokens->dtype, n);
            lt_to_f32(place, where + (at + c) * lt_dtype_size(positions->dtype), positions->dtype,
                      n);
            b->simd->add(token, token, place, n);
            lt_cpu_save(b, s->dst, r * width + c, token, n);
        }
    }
    return true;
}
