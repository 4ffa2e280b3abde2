/* fake_device.c - see fake_device.h. */
#include "fake_device.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct lt_gpu {
    fake_device *device;
};

struct lt_gpu_graph {
    double seconds;
};

struct lt_gpu_mark {
    double at;
};

struct lt_gpu_stream {
    lt_gpu gpu;
    lt_gpu_graph *recording; /* owned; NULL: work is done at once */
    double now;
    void *workspace; /* owned */
    size_t workspace_size;
    void *slot[LT_GPU_SLOTS];
    void (*destroy[LT_GPU_SLOTS])(void *);
};

lt_gpu_stream *fake_stream_open(fake_device *d)
{
    lt_gpu_stream *s = lt_alloc(sizeof *s);
    s->gpu.device = d;
    return s;
}

void fake_stream_close(lt_gpu_stream *s)
{
    for (int i = 0; i < LT_GPU_SLOTS; i++)
        if (s->slot[i])
            s->destroy[i](s->slot[i]);
    free(s->workspace);
    free(s);
}

void fake_work(lt_gpu_stream *s, double seconds)
{
    if (s->recording)
        s->recording->seconds += seconds;
    else
        s->now += seconds;
}

bool fake_recording(const lt_gpu_stream *s)
{
    return s->recording != NULL;
}

void *lt_gpu_stream_handle(const lt_gpu_stream *s)
{
    (void)s;
    return NULL;
}

void **lt_gpu_slot(lt_gpu_stream *s, lt_gpu_slot_name which, void (*destroy)(void *))
{
    s->destroy[which] = destroy;
    return &s->slot[which];
}

lt_gpu *lt_gpu_of(const lt_gpu_stream *s)
{
    return (lt_gpu *)&s->gpu;
}

const lt_gpu_facts *lt_gpu_about(const lt_gpu *g)
{
    static const lt_gpu_facts facts = {.name = "Fake", .major = 9, .processors = 132};
    (void)g;
    return &facts;
}

bool lt_gpu_alloc(lt_gpu *g, size_t bytes, const char *what, void **out, lt_error *err)
{
    if (g->device->no_memory)
        return lt_fail(err, LT_ERR_MEMORY, NULL, "%s: no memory", what);
    g->device->allocations++;
    return lt_try_alloc(bytes, what, out, err);
}

void lt_gpu_free(lt_gpu *g, void *memory)
{
    g->device->frees += memory != NULL;
    free(memory);
}

bool lt_gpu_workspace_grow(lt_gpu_stream *s, size_t bytes, lt_error *err)
{
    if (bytes <= s->workspace_size)
        return true;
    free(s->workspace);
    s->workspace = NULL;
    s->workspace_size = bytes;
    return lt_try_alloc(bytes, "workspace", &s->workspace, err);
}

void *lt_gpu_workspace(const lt_gpu_stream *s)
{
    return s->workspace;
}

size_t lt_gpu_workspace_size(const lt_gpu_stream *s)
{
    return s->workspace_size;
}

bool lt_gpu_upload(lt_gpu_stream *s, void *device, const void *host, size_t bytes, lt_error *err)
{
    (void)s, (void)err;
    memcpy(device, host, bytes);
    return true;
}

bool lt_gpu_pin(lt_gpu *g, size_t bytes, const char *what, void **out, lt_error *err)
{
    return lt_gpu_alloc(g, bytes, what, out, err);
}

void lt_gpu_unpin(lt_gpu *g, void *memory)
{
    lt_gpu_free(g, memory);
}

bool lt_gpu_download(lt_gpu_stream *s, void *pinned, const void *device, size_t bytes,
                     lt_error *err)
{
    return lt_gpu_copy(s, pinned, device, bytes, err);
}

bool lt_gpu_copy(lt_gpu_stream *s, void *to, const void *from, size_t bytes, lt_error *err)
{
    (void)s, (void)err;
    memcpy(to, from, bytes);
    return true;
}

bool lt_gpu_wait(lt_gpu_stream *s, lt_error *err)
{
    return !s->gpu.device->broken || lt_fail(err, LT_ERR_DEVICE, NULL, "the device is broken");
}

bool lt_gpu_record(lt_gpu_stream *s, lt_error *err)
{
    (void)err;
    s->recording = lt_alloc(sizeof *s->recording);
    return true;
}

bool lt_gpu_recorded(lt_gpu_stream *s, lt_gpu_graph **out, lt_error *err)
{
    (void)err;
    *out = s->recording;
    s->recording = NULL;
    return true;
}

void lt_gpu_record_drop(lt_gpu_stream *s)
{
    lt_gpu_graph_free(s->recording);
    s->recording = NULL;
    s->gpu.device->drops++;
}

bool lt_gpu_replay(lt_gpu_stream *s, lt_gpu_graph *graph, lt_error *err)
{
    (void)err;
    fake_device *d = s->gpu.device;
    s->now += graph->seconds * (++d->replays == d->hiccup ? 10 : 1);
    return true;
}

void lt_gpu_graph_free(lt_gpu_graph *graph)
{
    free(graph);
}

bool lt_gpu_mark_new(lt_gpu *g, lt_gpu_mark **out, lt_error *err)
{
    (void)g, (void)err;
    *out = lt_alloc(sizeof **out);
    return true;
}

void lt_gpu_mark_free(lt_gpu_mark *m)
{
    free(m);
}

bool lt_gpu_mark_set(lt_gpu_stream *s, lt_gpu_mark *m, lt_error *err)
{
    (void)err;
    m->at = s->now;
    return true;
}

double lt_gpu_mark_seconds(const lt_gpu_mark *from, const lt_gpu_mark *to)
{
    return to->at - from->at;
}
