/* weights.c - see weights.h. */
#include "cuda/weights.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/panic.h"
#include "tensor/source.h"

enum { ALIGN = 256, HALF = LT_CUDA_STAGING / 2 };

static size_t bytes_of(const lt_cuda_numbers *n)
{
    size_t bytes = lt_cuda_numbers_count(n) * lt_dtype_size(n->dtype);
    return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static bool same_source(const lt_cuda_weight *w, const lt_cuda_numbers *n)
{
    for (int i = 0; i < LT_FUSED_PARTS; i++)
        if (w->source[i] != (n->param[i] ? n->param[i]->source.data : NULL))
            return false;
    return !w->forgotten && w->source_dtype == n->param[0]->source.dtype && w->dtype == n->dtype &&
           w->taps == n->taps && w->count == lt_cuda_numbers_count(n);
}

static lt_cuda_weight *find(const lt_cuda_weights *w, const lt_cuda_numbers *n)
{
    for (int i = 0; i < w->count; i++)
        if (same_source(w->items[i], n))
            return w->items[i];
    return NULL;
}

static bool same_numbers(const lt_cuda_numbers *a, const lt_cuda_numbers *b)
{
    for (int i = 0; i < LT_FUSED_PARTS; i++)
        if (!a->param[i] != !b->param[i] ||
            (a->param[i] && a->param[i]->source.data != b->param[i]->source.data))
            return false;
    return a->dtype == b->dtype && a->taps == b->taps &&
           lt_cuda_numbers_count(a) == lt_cuda_numbers_count(b);
}

void lt_cuda_weights_want(const lt_cuda_weights *w, lt_cuda_wants *wants, const lt_cuda_numbers *n)
{
    if (!n->param[0] || find(w, n))
        return;
    for (int i = 0; i < wants->count; i++)
        if (same_numbers(&wants->items[i], n))
            return;
    if (wants->count == wants->cap) {
        wants->cap = wants->cap ? 2 * wants->cap : 64;
        wants->items = lt_grow(wants->items, (size_t)wants->cap, sizeof *wants->items);
    }
    wants->items[wants->count++] = *n;
    wants->bytes += bytes_of(n);
}

void lt_cuda_wants_done(lt_cuda_wants *wants)
{
    free(wants->items);
    *wants = (lt_cuda_wants){0};
}

static void drop_slab(lt_cuda_weights *w, lt_cuda_slab *slab)
{
    w->bytes -= slab->bytes;
    lt_gpu_free(lt_gpu_of(w->stream), slab->data);
    free(slab);
}

bool lt_cuda_weights_room(lt_cuda_weights *w, const lt_cuda_wants *wants, lt_error *err)
{
    lt_gpu *gpu = lt_gpu_of(w->stream);
    void *data, *staging;
    LT_ASSERT(!w->open && !w->staging);
    if (wants->bytes == 0)
        return true;
    if (!lt_gpu_alloc(gpu, wants->bytes, "weights", &data, err))
        return false;
    if (!lt_gpu_pin(gpu, LT_CUDA_STAGING, "packing weights", &staging, err)) {
        lt_gpu_free(gpu, data);
        return false;
    }
    w->staging = staging;
    w->open = lt_alloc(sizeof *w->open);
    *w->open = (lt_cuda_slab){.data = data, .bytes = wants->bytes};
    w->bytes += wants->bytes;
    return true;
}

static lt_cuda_weight *insert(lt_cuda_weights *w, const lt_cuda_numbers *n)
{
    if (w->count == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 64;
        w->items = lt_grow(w->items, (size_t)w->cap, sizeof(lt_cuda_weight *));
    }
    LT_ASSERT(w->open && w->open->bytes - w->open->used >= bytes_of(n));
    lt_cuda_weight *weight = lt_alloc(sizeof *weight);
    *weight = (lt_cuda_weight){.source_dtype = n->param[0]->source.dtype,
                               .dtype = n->dtype,
                               .taps = n->taps,
                               .count = lt_cuda_numbers_count(n),
                               .data = (char *)w->open->data + w->open->used,
                               .slab = w->open,
                               .pins = 1};
    for (int i = 0; i < LT_FUSED_PARTS; i++)
        weight->source[i] = n->param[i] ? n->param[i]->source.data : NULL;
    w->items[w->count++] = weight;
    w->open->used += bytes_of(n);
    w->open->weights++;
    return weight;
}

static void release(lt_cuda_weights *w, int i)
{
    lt_cuda_weight *weight = w->items[i];
    w->items[i] = w->items[--w->count];
    if (--weight->slab->weights == 0 && weight->slab != w->open)
        drop_slab(w, weight->slab);
    free(weight);
}

/* One parameter through the staging memory: one half is filled while the other is on its way. */
static bool send(lt_cuda_weights *w, const lt_param *p, const lt_cuda_numbers *n, char *to,
                 lt_error *err)
{
    size_t count = (size_t)lt_shape_count(&p->shape), size = lt_dtype_size(n->dtype);
    size_t most = HALF / size;
    for (size_t at = 0, piece; at < count; at += piece) {
        unsigned char *half = w->staging + (w->half ? HALF : 0);
        piece = count - at < most ? count - at : most;
        if (!lt_cuda_pack(p, n->dtype, n->taps, at, piece, half, err) ||
            !lt_gpu_wait(w->stream, err) ||
            !lt_gpu_upload(w->stream, to + at * size, half, piece * size, err))
            return false;
        w->half = !w->half;
    }
    lt_source_release(p);
    return true;
}

bool lt_cuda_weights_get(lt_cuda_weights *w, const lt_cuda_numbers *n, lt_cuda_weight **out,
                         lt_error *err)
{
    if ((*out = find(w, n))) {
        (*out)->pins++;
        return true;
    }
    char *to = (*out = insert(w, n))->data;
    for (int i = 0; i < LT_FUSED_PARTS && n->param[i]; i++) {
        if (!send(w, n->param[i], n, to, err)) {
            release(w, w->count - 1);
            *out = NULL;
            return false;
        }
        to += (size_t)lt_shape_count(&n->param[i]->shape) * lt_dtype_size(n->dtype);
    }
    return true;
}

void lt_cuda_weights_settle(lt_cuda_weights *w, bool keep)
{
    lt_cuda_slab *slab = w->open;
    lt_error ignored;
    if (!slab)
        return;
    if (!lt_gpu_wait(w->stream, &ignored)) /* whoever uses the device next is told as well */
        keep = false;
    for (int i = w->count - 1; i >= 0 && !keep; i--)
        if (w->items[i]->slab == slab && w->items[i]->pins == 0)
            release(w, i);
    w->open = NULL;
    if (slab->weights == 0)
        drop_slab(w, slab);
    lt_gpu_unpin(lt_gpu_of(w->stream), w->staging);
    w->staging = NULL;
    w->half = 0;
}

static void drop_unused(lt_cuda_weights *w)
{
    for (int i = w->count - 1; i >= 0; i--)
        if (w->items[i]->forgotten && w->items[i]->pins == 0)
            release(w, i);
}

void lt_cuda_weights_unpin(lt_cuda_weights *w, lt_cuda_weight *weight)
{
    if (!weight)
        return;
    weight->pins--;
    if (weight->forgotten)
        drop_unused(w);
}

void lt_cuda_weights_forget(lt_cuda_weights *w, const void *from, size_t bytes)
{
    uintptr_t start = (uintptr_t)from;
    for (int i = 0; i < w->count; i++)
        for (int k = 0; k < LT_FUSED_PARTS; k++) {
            uintptr_t at = (uintptr_t)w->items[i]->source[k];
            if (at >= start && at - start < bytes)
                w->items[i]->forgotten = true;
        }
    drop_unused(w);
}

void lt_cuda_weights_done(lt_cuda_weights *w)
{
    lt_cuda_weights_settle(w, true);
    while (w->count)
        release(w, w->count - 1);
    free(w->items);
    *w = (lt_cuda_weights){0};
}
