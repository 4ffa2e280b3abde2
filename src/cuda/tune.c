/* tune.c - see tune.h. */
#include "cuda/tune.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tensor/half.h"

enum { REPEATS = 4, TIMES = 3, PATTERN = 1 << 14 /* numbers */, ALIGNMENT = 256 };

static const double better = 0.98; /* of the time of an earlier way */

typedef struct clocks {
    lt_gpu_mark *from, *to;
} clocks;

static bool record(lt_gpu_stream *s, lt_tune_way *way, void *context, int i, lt_gpu_graph **out,
                   lt_error *err)
{
    if (!lt_gpu_record(s, err))
        return false;
    for (int k = 0; k < REPEATS; k++)
        if (!way(context, i, err)) {
            lt_gpu_record_drop(s);
            return false;
        }
    return lt_gpu_recorded(s, out, err);
}

static bool replay_timed(lt_gpu_stream *s, const clocks *c, lt_gpu_graph *graph, double *seconds,
                         lt_error *err)
{
    if (!lt_gpu_mark_set(s, c->from, err) || !lt_gpu_replay(s, graph, err) ||
        !lt_gpu_mark_set(s, c->to, err) || !lt_gpu_wait(s, err))
        return false;
    *seconds = lt_gpu_mark_seconds(c->from, c->to);
    return true;
}

/* *usable: false with the reason in *err if this way is passed over; a result of false is the
 * device's. */
static bool measure(lt_gpu_stream *s, const clocks *c, lt_tune_way *way, void *context, int i,
                    bool *usable, double *seconds, lt_error *err)
{
    lt_gpu_graph *graph = NULL;
    *usable = way(context, i, err);
    if (!lt_gpu_wait(s, err))
        return false;
    *usable = *usable && record(s, way, context, i, &graph, err);
    if (!*usable)
        return true;
    bool ok = lt_gpu_replay(s, graph, err);
    for (int k = 0; k < TIMES && ok; k++) {
        double now = 0;
        ok = replay_timed(s, c, graph, &now, err);
        *seconds = k == 0 || now < *seconds ? now : *seconds;
    }
    lt_gpu_graph_free(graph);
    return ok;
}

static bool compare(lt_gpu_stream *s, const clocks *c, int count, lt_tune_way *way, void *context,
                    int *best, lt_error *err)
{
    double least = 0;
    lt_error first = {0};
    *best = -1;
    for (int i = 0; i < count; i++) {
        bool usable = false;
        double seconds = 0;
        lt_error why = {0};
        if (!measure(s, c, way, context, i, &usable, &seconds, &why)) {
            *err = why;
            return false;
        }
        if (!usable && first.code == LT_ERR_NONE)
            first = why;
        if (usable && (*best < 0 || seconds < better * least)) {
            *best = i;
            least = seconds;
        }
    }
    if (*best < 0)
        *err = first;
    return *best >= 0;
}

bool lt_tune_fastest(lt_gpu_stream *s, int count, lt_tune_way *way, void *context, int *best,
                     lt_error *err)
{
    clocks c = {0};
    bool ok = lt_gpu_mark_new(lt_gpu_of(s), &c.from, err) &&
              lt_gpu_mark_new(lt_gpu_of(s), &c.to, err) &&
              compare(s, &c, count, way, context, best, err);
    lt_gpu_mark_free(c.from);
    lt_gpu_mark_free(c.to);
    return ok;
}

/* A pattern of numbers, doubled on the device until it fills the block. */
static bool fill(lt_gpu_stream *s, lt_dtype dtype, char *block, size_t bytes, lt_error *err)
{
    float *number = lt_alloc_array(PATTERN, sizeof *number);
    void *pattern = lt_alloc_array(PATTERN, sizeof *number);
    uint32_t x = 1;
    for (int i = 0; i < PATTERN; i++) {
        x = x * 1664525u + 1013904223u; /* Numerical Recipes' linear congruence */
        number[i] = (float)(x >> 8) / (float)(1 << 23) - 1;
    }
    lt_from_f32(pattern, dtype, number, PATTERN);
    size_t done = PATTERN * lt_dtype_size(dtype);
    done = done < bytes ? done : bytes;
    bool ok = lt_gpu_upload(s, block, pattern, done, err);
    while (ok && done < bytes) {
        size_t more = done < bytes - done ? done : bytes - done;
        ok = lt_gpu_copy(s, block + done, block, more, err);
        done += more;
    }
    free(number);
    free(pattern);
    return ok && lt_gpu_wait(s, err);
}

bool lt_tune_memory_new(lt_gpu_stream *s, lt_dtype dtype, const size_t *bytes, int count,
                        lt_tune_memory *out, lt_error *err)
{
    size_t at[LT_TUNE_OPERANDS], total = 0;
    for (int i = 0; i < count; i++) {
        at[i] = total;
        total += (bytes[i] + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    lt_tune_memory m = {0};
    if (!lt_gpu_alloc(lt_gpu_of(s), total, "memory to measure with", &m.block, err))
        return false;
    for (int i = 0; i < count; i++)
        m.operand[i] = bytes[i] ? (char *)m.block + at[i] : NULL;
    if (!fill(s, dtype, m.block, total, err)) {
        lt_tune_memory_done(s, &m);
        return false;
    }
    *out = m;
    return true;
}

void lt_tune_memory_done(lt_gpu_stream *s, lt_tune_memory *m)
{
    lt_gpu_free(lt_gpu_of(s), m->block);
    *m = (lt_tune_memory){0};
}
