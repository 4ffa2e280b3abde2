/* record.c - device.h over the CUDA runtime: graphs of work, and marks of time. */
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/cuda_error.h"
#include "cuda/device_impl.h"

struct lt_gpu_graph {
    cudaGraphExec_t exec;
};

struct lt_gpu_mark {
    cudaEvent_t event;
};

bool lt_gpu_record(lt_gpu_stream *s, lt_error *err)
{
    /* thread-local: other threads' allocations do not disturb it */
    if (!lt_cuda_ok(cudaStreamBeginCapture(s->handle, cudaStreamCaptureModeThreadLocal),
                    "cannot record the GPU's work", err))
        return false;
    s->recording = true;
    return true;
}

bool lt_gpu_recorded(lt_gpu_stream *s, lt_gpu_graph **out, lt_error *err)
{
    cudaGraph_t work = NULL;
    cudaGraphExec_t exec = NULL;
    s->recording = false;
    bool ok =
        lt_cuda_ok(cudaStreamEndCapture(s->handle, &work), "cannot record the GPU's work", err) &&
        lt_cuda_ok(cudaGraphInstantiate(&exec, work, 0), "cannot prepare recorded work", err);
    if (ok && !lt_cuda_ok(cudaGraphUpload(exec, s->handle), "cannot prepare recorded work", err)) {
        (void)cudaGraphExecDestroy(exec);
        ok = false;
    }
    if (work)
        (void)cudaGraphDestroy(work);
    if (!ok)
        return false;
    *out = lt_alloc(sizeof **out);
    (*out)->exec = exec;
    return true;
}

void lt_gpu_record_drop(lt_gpu_stream *s)
{
    cudaGraph_t work = NULL;
    if (!s->recording)
        return;
    s->recording = false;
    (void)cudaStreamEndCapture(s->handle, &work);
    if (work)
        (void)cudaGraphDestroy(work);
    (void)cudaGetLastError();
}

bool lt_gpu_replay(lt_gpu_stream *s, lt_gpu_graph *graph, lt_error *err)
{
    return lt_cuda_ok(cudaGraphLaunch(graph->exec, s->handle), "cannot start recorded work", err);
}

void lt_gpu_graph_free(lt_gpu_graph *graph)
{
    if (!graph)
        return;
    (void)cudaGraphExecDestroy(graph->exec);
    (void)cudaGetLastError();
    free(graph);
}

bool lt_gpu_mark_new(lt_gpu *g, lt_gpu_mark **out, lt_error *err)
{
    cudaEvent_t event;
    if (!lt_cuda_ok(cudaSetDevice(g->device), "cannot use the GPU", err) ||
        !lt_cuda_ok(cudaEventCreate(&event), "cannot make a mark of time", err))
        return false;
    *out = lt_alloc(sizeof **out);
    (*out)->event = event;
    return true;
}

void lt_gpu_mark_free(lt_gpu_mark *m)
{
    if (!m)
        return;
    (void)cudaEventDestroy(m->event);
    (void)cudaGetLastError();
    free(m);
}

bool lt_gpu_mark_set(lt_gpu_stream *s, lt_gpu_mark *m, lt_error *err)
{
    return lt_cuda_ok(cudaEventRecord(m->event, s->handle), "cannot set a mark of time", err);
}

double lt_gpu_mark_seconds(const lt_gpu_mark *from, const lt_gpu_mark *to)
{
    float ms = 0;
    if (cudaEventElapsedTime(&ms, from->event, to->event) != cudaSuccess)
        (void)cudaGetLastError();
    return (double)ms / 1000;
}
