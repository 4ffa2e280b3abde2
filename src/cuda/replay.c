/* replay.c - see replay.h. */
#include "cuda/replay.h"

#include "tensor/ports.h"

bool lt_cuda_work_runs(const lt_cuda_work *w, int step)
{
    return (w->inputs[w->steps[step].node->id] & w->stale) != 0;
}

/* True with an error if the run was cancelled. */
bool lt_cuda_work_cancelled(const lt_cuda_work *w, lt_error *err)
{
    if (!w->progress || !atomic_load_explicit(&w->progress->cancel, memory_order_relaxed))
        return false;
    lt_fail(err, LT_ERR_CANCELLED, NULL, "cancelled");
    return true;
}

/* told: the progress is told of every step, and may cancel. */
static bool launch_steps(const lt_cuda_work *w, bool told, lt_error *err)
{
    for (int i = 0; i < w->count; i++) {
        if (told && lt_cuda_work_cancelled(w, err))
            return false;
        const lt_cuda_step *s = &w->steps[i];
        if (lt_cuda_work_runs(w, i) && !s->launch(w->stream, s, err))
            return lt_ports_fail_at(s->node, err);
        if (told && w->progress)
            atomic_store_explicit(&w->progress->done, i + 1, memory_order_relaxed);
    }
    return true;
}

/* The list of the mask; a free one, or the one that was not used for longest, becomes it. */
static lt_cuda_list *list_of(lt_cuda_replay *r, uint32_t mask, bool *fresh)
{
    lt_cuda_list *oldest = &r->lists[0];
    for (int i = 0; i < LT_CUDA_LISTS; i++) {
        if (r->lists[i].mask == mask)
            return &r->lists[i];
        if (r->lists[i].used < oldest->used)
            oldest = &r->lists[i];
    }
    lt_gpu_graph_free(oldest->graph);
    *oldest = (lt_cuda_list){.mask = mask};
    *fresh = true;
    return oldest;
}

/* Sets plain where it fails: if that was more than the recording, the next launch tells. */
static void record(const lt_cuda_work *w, lt_cuda_list *list)
{
    lt_error ignored;
    if (!lt_gpu_record(w->stream, &ignored)) {
        list->plain = true;
    } else if (!launch_steps(w, false, &ignored)) {
        lt_gpu_record_drop(w->stream);
        list->plain = true;
    } else {
        list->plain = !lt_gpu_recorded(w->stream, &list->graph, &ignored);
    }
}

/* Graphs hold the address of the workspace: another program may have made it grow. */
static void check_workspace(lt_cuda_replay *r, const lt_gpu_stream *s)
{
    const void *workspace = lt_gpu_workspace(s);
    for (int i = 0; i < LT_CUDA_LISTS && r->workspace != workspace; i++) {
        lt_gpu_graph_free(r->lists[i].graph);
        r->lists[i].graph = NULL;
    }
    r->workspace = workspace;
}

static bool replay(const lt_cuda_work *w, const lt_cuda_list *list, lt_error *err)
{
    if (lt_cuda_work_cancelled(w, err) || !lt_gpu_replay(w->stream, list->graph, err))
        return false;
    if (w->progress)
        atomic_store_explicit(&w->progress->done, w->count, memory_order_relaxed);
    return true;
}

bool lt_cuda_replay_run(lt_cuda_replay *r, const lt_cuda_work *w, lt_error *err)
{
    bool fresh = false;
    check_workspace(r, w->stream);
    lt_cuda_list *list = list_of(r, w->stale, &fresh);
    list->used = ++r->clock;
    if (!fresh && !list->plain && !list->graph)
        record(w, list);
    if (list->graph)
        return replay(w, list, err);
    if (launch_steps(w, true, err))
        return true;
    if (fresh) /* not done: the next run is the first again */
        *list = (lt_cuda_list){0};
    return false;
}

void lt_cuda_replay_done(lt_cuda_replay *r)
{
    for (int i = 0; i < LT_CUDA_LISTS; i++)
        lt_gpu_graph_free(r->lists[i].graph);
    *r = (lt_cuda_replay){0};
}
