/* stream_parts.c - see stream_parts.h. */
#include "cuda/stream_parts.h"

#include <stdint.h>

/* A floor's stream begins with its parts. */
static lt_stream_parts *parts_of(const lt_gpu_stream *s)
{
    return (lt_stream_parts *)(uintptr_t)s;
}

void lt_stream_parts_done(lt_stream_parts *p)
{
    for (int i = LT_GPU_SLOTS - 1; i >= 0; i--)
        if (p->slot[i] && p->destroy[i])
            p->destroy[i](p->slot[i]);
    lt_gpu_free(p->gpu, p->workspace);
    *p = (lt_stream_parts){.gpu = p->gpu};
}

lt_gpu *lt_gpu_of(const lt_gpu_stream *s)
{
    return parts_of(s)->gpu;
}

void **lt_gpu_slot(lt_gpu_stream *s, lt_gpu_slot_name which, void (*destroy)(void *))
{
    parts_of(s)->destroy[which] = destroy;
    return &parts_of(s)->slot[which];
}

bool lt_gpu_workspace_grow(lt_gpu_stream *s, size_t bytes, lt_error *err)
{
    lt_stream_parts *p = parts_of(s);
    void *fresh;
    if (bytes <= p->workspace_size)
        return true;
    if (!lt_gpu_alloc(p->gpu, bytes, "workspace of the GPU's libraries", &fresh, err))
        return false;
    if (!lt_gpu_wait(s, err)) {
        lt_gpu_free(p->gpu, fresh);
        return false;
    }
    lt_gpu_free(p->gpu, p->workspace);
    p->workspace = fresh;
    p->workspace_size = bytes;
    return true;
}

void *lt_gpu_workspace(const lt_gpu_stream *s)
{
    return parts_of(s)->workspace;
}

size_t lt_gpu_workspace_size(const lt_gpu_stream *s)
{
    return parts_of(s)->workspace_size;
}
