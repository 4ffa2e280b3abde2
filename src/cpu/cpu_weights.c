/* cpu_weights.c - see cpu_weights.h. */
#include "cpu/cpu_weights.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cpu/cpu_parallel.h"
#include "tensor/half.h"
#include "tensor/source.h"

enum { CHUNK = 1 << 16 };

static int parts_of(const lt_cpu_numbers *n)
{
    int count = 0;
    while (count < LT_FUSED_PARTS && n->param[count])
        count++;
    return count;
}

/* Elements as they are packed. */
static size_t count_of(const lt_cpu_numbers *n)
{
    size_t count = 0;
    for (int i = 0; i < parts_of(n); i++)
        count += (size_t)lt_shape_count(&n->param[i]->shape);
    return n->phase ? count / 9 * 4 : count;
}

static bool same_source(const lt_cpu_weight *w, const lt_cpu_numbers *n)
{
    for (int i = 0; i < LT_FUSED_PARTS; i++)
        if (w->source[i] != (n->param[i] ? n->param[i]->source.data : NULL))
            return false;
    return !w->forgotten && w->source_dtype == n->param[0]->source.dtype && w->phase == n->phase &&
           w->count == count_of(n);
}

static bool same_layout(const lt_dnnl_layout *a, const lt_dnnl_layout *b)
{
    return a && b ? lt_dnnl_layout_equal(a, b) : a == b;
}

/* The weight of n in `layout` with one more pin, or NULL. */
static lt_cpu_weight *find(lt_cpu_weights *w, const lt_cpu_numbers *n, const lt_dnnl_layout *layout)
{
    for (int i = 0; i < w->count; i++)
        if (same_source(w->items[i], n) && same_layout(w->items[i]->layout, layout)) {
            w->items[i]->pins++;
            return w->items[i];
        }
    return NULL;
}

const lt_dnnl_layout *lt_cpu_weights_layout(const lt_cpu_weights *w, const lt_cpu_numbers *n, int i)
{
    for (int k = 0; k < w->count; k++)
        if (same_source(w->items[k], n) && w->items[k]->layout && i-- == 0)
            return w->items[k]->layout;
    return NULL;
}

static void release(lt_cpu_weights *w, int i)
{
    lt_cpu_weight *weight = w->items[i];
    w->bytes -= weight->bytes;
    w->items[i] = w->items[--w->count];
    lt_dnnl_layout_free(weight->layout);
    free(weight->data);
    free(weight);
}

/* Takes layout.  The data is zero; the caller fills it. */
static bool insert(lt_cpu_weights *w, const lt_cpu_numbers *n, lt_dnnl_layout *layout, size_t bytes,
                   lt_cpu_weight **out, lt_error *err)
{
    void *data;
    for (int i = 0; i < parts_of(n); i++)
        if (!lt_source_check(n->param[i], err)) {
            lt_dnnl_layout_free(layout);
            return false;
        }
    if (!lt_try_alloc(bytes, "weights", &data, err)) {
        lt_dnnl_layout_free(layout);
        return lt_fail_in(err, "'%s'", n->param[0]->path);
    }
    if (w->count == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 64;
        w->items = lt_grow(w->items, (size_t)w->cap, sizeof(lt_cpu_weight *));
    }
    lt_cpu_weight *weight = lt_alloc(sizeof *weight);
    *weight = (lt_cpu_weight){.source_dtype = n->param[0]->source.dtype,
                              .phase = n->phase,
                              .count = count_of(n),
                              .layout = layout,
                              .data = data,
                              .bytes = bytes,
                              .pins = 1};
    for (int i = 0; i < parts_of(n); i++)
        weight->source[i] = n->param[i]->source.data;
    w->items[w->count++] = weight;
    w->bytes += bytes;
    *out = weight;
    return true;
}

typedef struct unpacking {
    float *to;
    const lt_source *from;
    size_t count;
} unpacking;

static void unpack_chunk(void *context, int64_t task, int thread)
{
    const unpacking *u = context;
    size_t at = (size_t)task * CHUNK, n = u->count - at < CHUNK ? u->count - at : CHUNK;
    const char *from = (const char *)u->from->data + at * lt_dtype_size(u->from->dtype);
    (void)thread;
    lt_to_f32(u->to + at, from, u->from->dtype, n);
}

static void unpack(int threads, float *to, const lt_source *from, size_t count)
{
    unpacking u = {to, from, count};
    lt_cpu_for(threads, (int64_t)((count + CHUNK - 1) / CHUNK), unpack_chunk, &u);
}

static void unpack_parts(int threads, float *to, const lt_cpu_numbers *n)
{
    for (int i = 0; i < parts_of(n); i++) {
        size_t count = (size_t)lt_shape_count(&n->param[i]->shape);
        unpack(threads, to, &n->param[i]->source, count);
        to += count;
    }
}

static void release_sources(const lt_cpu_numbers *n)
{
    for (int i = 0; i < parts_of(n); i++)
        lt_source_release(n->param[i]);
}

bool lt_cpu_weights_plain(lt_cpu_weights *w, const lt_cpu_numbers *n, lt_cpu_weight **out,
                          lt_error *err)
{
    if ((*out = find(w, n, NULL)))
        return true;
    if (!insert(w, n, NULL, count_of(n) * sizeof(float), out, err))
        return false;
    unpack_parts(1, (*out)->data, n);
    release_sources(n);
    return true;
}

/* 3x3 kernels to 2x2 in place.  Around an even row of the doubled image lie rows i - 1, i and i of
 * the image itself, around an odd one i, i and i + 1; columns likewise.  Taps on the same pixel are
 * summed. */
static void fold(float *x, size_t kernels, int phase)
{
    int row = (phase - 1) / 2, column = (phase - 1) % 2;
    for (size_t k = 0; k < kernels; k++) {
        const float *w = x + 9 * k;
        float sums[4] = {0};
        for (int i = 0; i < 9; i++) {
            int down = i / 3 > row ? 1 : 0, right = i % 3 > column ? 1 : 0;
            sums[2 * down + right] += w[i];
        }
        memcpy(x + 4 * k, sums, sizeof sums);
    }
}

/* Elements of the copy that n becomes on the way to a layout; 0 if oneDNN can read it as it is. */
static size_t copied(const lt_cpu_numbers *n)
{
    const lt_source *from = &n->param[0]->source;
    bool direct = from->dtype == LT_F32 && (uintptr_t)from->data % sizeof(float) == 0 &&
                  parts_of(n) == 1 && !n->phase;
    return direct ? 0 : n->phase ? count_of(n) / 4 * 9 : count_of(n);
}

/* The numbers of n as aligned float32: where they are, if they are so already, else a copy. */
static bool plain_numbers(lt_cpu_weights *w, int threads, const lt_cpu_numbers *n,
                          const float **out, lt_error *err)
{
    size_t count = copied(n);
    *out = n->param[0]->source.data;
    if (count == 0)
        return true;
    if (w->plain_count < count) {
        lt_cpu_weights_trim(w);
        if (!lt_try_alloc(count * sizeof(float), "packing weights", (void **)&w->plain, err))
            return false;
        w->plain_count = count;
    }
    unpack_parts(threads, w->plain, n);
    if (n->phase)
        fold(w->plain, count / 9, n->phase);
    *out = w->plain;
    return true;
}

void lt_cpu_weights_forecast(const lt_cpu_weights *w, const lt_cpu_numbers *n, bool packed,
                             size_t size, lt_forecast *f)
{
    size_t copy = packed ? copied(n) * sizeof(float) : 0;
    for (int i = 0; i < w->count; i++)
        if (same_source(w->items[i], n))
            return;
    f->weights += count_of(n) * size;
    f->packing = copy > f->packing ? copy : f->packing;
}

void lt_cpu_weights_trim(lt_cpu_weights *w)
{
    free(w->plain);
    w->plain = NULL;
    w->plain_count = 0;
}

static bool pack(lt_dnnl *d, const lt_dnnl_op *op, const float *plain, void *packed, lt_error *err)
{
    lt_dnnl_op *packer;
    void *scratch = NULL;
    if (!lt_dnnl_packer_new(d, op, &packer, err))
        return false;
    bool ok = lt_try_alloc(lt_dnnl_op_scratch(packer), "packing weights", &scratch, err) &&
              lt_dnnl_set(packer, LT_DNNL_SRC, plain, err) &&
              lt_dnnl_set(packer, LT_DNNL_DST, packed, err) &&
              lt_dnnl_set(packer, LT_DNNL_SCRATCH, scratch, err) && lt_dnnl_run(packer, err);
    lt_dnnl_op_free(packer);
    free(scratch);
    return ok;
}

bool lt_cpu_weights_packed(lt_cpu_weights *w, lt_dnnl *d, int threads, const lt_cpu_numbers *n,
                           const lt_dnnl_op *op, lt_cpu_weight **out, lt_error *err)
{
    const float *plain;
    lt_dnnl_layout *layout = lt_dnnl_layout_of(op);
    if ((*out = find(w, n, layout))) {
        lt_dnnl_layout_free(layout);
        return true;
    }
    if (!insert(w, n, layout, lt_dnnl_layout_bytes(layout), out, err))
        return false;
    if (plain_numbers(w, threads, n, &plain, err) && pack(d, op, plain, (*out)->data, err)) {
        release_sources(n);
        return true;
    }
    release(w, w->count - 1);
    *out = NULL;
    return lt_fail_in(err, "'%s'", n->param[0]->path);
}

static void drop_unused(lt_cpu_weights *w)
{
    for (int i = w->count - 1; i >= 0; i--)
        if (w->items[i]->forgotten && w->items[i]->pins == 0)
            release(w, i);
}

void lt_cpu_weights_unpin(lt_cpu_weights *w, lt_cpu_weight *weight)
{
    if (!weight)
        return;
    weight->pins--;
    if (weight->forgotten)
        drop_unused(w);
}

void lt_cpu_weights_forget(lt_cpu_weights *w, const void *from, size_t bytes)
{
    uintptr_t start = (uintptr_t)from;
    for (int i = 0; i < w->count; i++) {
        for (int k = 0; k < LT_FUSED_PARTS; k++) {
            uintptr_t at = (uintptr_t)w->items[i]->source[k];
            if (at >= start && at - start < bytes)
                w->items[i]->forgotten = true;
        }
    }
    drop_unused(w);
}

void lt_cpu_weights_done(lt_cpu_weights *w)
{
    lt_cpu_weights_trim(w);
    while (w->count)
        release(w, w->count - 1);
    free(w->items);
    *w = (lt_cpu_weights){0};
}
