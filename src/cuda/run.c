/* run.c - numbers in, a run, numbers out.  See program.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "cuda/program.h"
#include "cuda/program_impl.h"
#include "tensor/half.h"
#include "tensor/ports.h"

static bool check_ids(const lt_tensor *t, const int32_t *ids, size_t count, int64_t most,
                      lt_error *err)
{
    for (size_t i = 0; most > 0 && i < count; i++)
        if (ids[i] < 0 || ids[i] >= most)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                           "'%s': token %zu is %d, the vocabulary has %lld", t->name, i,
                           (int)ids[i], (long long)most);
    return true;
}

bool lt_cuda_program_write(lt_program *p, const lt_tensor *input, const void *host, size_t count,
                           lt_error *err)
{
    const lt_tensor *t = lt_ports_input(&p->fused, p->source, input, count, err);
    LT_ASSERT(!p->started);
    if (!t)
        return false;
    const lt_cuda_port *port = &p->ports[t->id];
    lt_dtype dtype = lt_dtype_kept(t->dtype, p->backend->dtype);
    if (dtype == LT_I32 && !check_ids(t, host, count, port->most, err))
        return false;
    char *pinned = p->pinned + port->offset; /* if it is being read now, it will be read again */
    if (dtype == LT_I32)
        memcpy(pinned, host, count * sizeof(int32_t));
    else
        lt_from_f32(pinned, dtype, host, count);
    p->stale |= p->plan.inputs[t->id]; /* also if it fails halfway */
    return lt_gpu_upload(lt_cuda_program_stream(p), lt_cuda_site_at(&p->site, t), pinned,
                         count * lt_dtype_size(dtype), err) ||
           lt_fail_in(err, "input '%s'", t->name);
}

/* ---- outputs ---- */

/* wait: until it is here; else whoever waits for the run waits for it. */
static bool send_output(lt_program *p, const lt_tensor *t, bool wait, lt_error *err)
{
    lt_gpu_stream *s = lt_cuda_program_stream(p);
    lt_cuda_port *port = &p->ports[t->id];
    size_t size = lt_dtype_size(lt_dtype_kept(t->dtype, p->backend->dtype));
    port->here = lt_gpu_download(s, p->pinned + port->offset, lt_cuda_site_at(&p->site, t),
                                 (size_t)lt_shape_count(&t->shape) * size, err) &&
                 (!wait || lt_gpu_wait(s, err));
    return port->here || lt_fail_in(err, "output '%s'", t->name);
}

/* The outputs that a run makes anew are not here any more. */
static void drop_outputs(lt_program *p, uint32_t stale)
{
    for (int i = 0; i < lt_graph_nodes(p->fused.graph); i++)
        if (p->plan.inputs[i] & stale)
            p->ports[i].here = false;
}

/* What was read of the run before will be read of this one: it comes along, and is not waited for
 * apart. */
static bool send_outputs(lt_program *p, uint32_t stale, lt_error *err)
{
    for (int i = 0; i < lt_graph_nodes(p->fused.graph); i++) {
        const lt_tensor *t = lt_graph_node(p->fused.graph, i);
        bool wanted = t->output && p->ports[i].wanted && (p->plan.inputs[i] & stale);
        if (wanted && !send_output(p, t, false, err))
            return false;
        if (wanted)
            p->ports[i].wanted = false;
    }
    return true;
}

bool lt_cuda_program_read(lt_program *p, const lt_tensor *output, void *host, size_t count,
                          lt_error *err)
{
    const lt_tensor *t = lt_ports_output(&p->fused, p->source, output, count, err);
    LT_ASSERT(!p->started);
    if (!t)
        return false;
    lt_cuda_port *port = &p->ports[t->id];
    const char *from = p->pinned + port->offset;
    if (!port->here && !send_output(p, t, true, err))
        return false;
    port->wanted = true;
    lt_dtype dtype = lt_dtype_kept(t->dtype, p->backend->dtype);
    if (dtype == LT_U8)
        memcpy(host, from, count);
    else
        lt_to_f32(host, from, dtype, count);
    return true;
}

/* ---- runs ---- */

static lt_cuda_work begin(lt_program *p, lt_progress *progress)
{
    LT_ASSERT(!p->started);
    drop_outputs(p, p->stale);
    if (progress) {
        atomic_store_explicit(&progress->done, 0, memory_order_relaxed);
        atomic_store_explicit(&progress->total, p->count, memory_order_relaxed);
    }
    return (lt_cuda_work){.stream = lt_cuda_program_stream(p),
                          .steps = p->steps,
                          .count = p->count,
                          .inputs = p->plan.inputs,
                          .stale = p->stale,
                          .progress = progress};
}

/* Puts a run into the stream, and what it makes on the way back. */
static bool give(lt_program *p, const lt_cuda_work *w, lt_error *err)
{
    return lt_cuda_replay_run(&p->replay, w, err) && send_outputs(p, w->stale, err);
}

/* Waits for what the stream was given, also where giving it failed. */
static bool end(lt_program *p, const lt_cuda_work *w, bool given, lt_error *err)
{
    lt_error late;
    if (!given)
        (void)!lt_gpu_wait(w->stream, &late); /* the first error is the one to tell */
    bool ok = given && lt_gpu_wait(w->stream, err) && !lt_cuda_work_cancelled(w, err);
    if (ok)
        p->stale = 0;
    else
        drop_outputs(p, p->plan.all);
    return ok;
}

bool lt_cuda_program_run(lt_program *p, lt_progress *progress, lt_error *err)
{
    lt_cuda_work w = begin(p, progress);
    if (lt_cuda_work_cancelled(&w, err))
        return false;
    if (w.stale == 0) { /* all there is still there */
        if (progress)
            atomic_store_explicit(&progress->done, p->count, memory_order_relaxed);
        return true;
    }
    return end(p, &w, give(p, &w, err), err);
}

/* ---- beside others ---- */

bool lt_cuda_program_start(lt_program *p, lt_error *err)
{
    lt_cuda_work w = begin(p, NULL);
    if (w.stale == 0)
        return true;
    p->started = give(p, &w, err);
    return p->started || end(p, &w, false, err);
}

bool lt_cuda_program_finished(lt_program *p, bool *yes, lt_error *err)
{
    *yes = !p->started;
    if (*yes)
        return true;
    lt_cuda_work w = {.stream = lt_cuda_program_stream(p)};
    bool ok = lt_gpu_idle(w.stream, yes, err);
    p->started = ok && !*yes;
    if (ok && *yes)
        p->stale = 0;
    return ok || end(p, &w, false, err);
}

/* ---- measuring ---- */

/* A mark before every step that runs, and one at the end. */
static bool launch_marked(const lt_cuda_work *w, lt_gpu_mark *const *marks, lt_error *err)
{
    for (int i = 0; i < w->count; i++) {
        const lt_cuda_step *s = &w->steps[i];
        if (lt_cuda_work_cancelled(w, err) || !lt_gpu_mark_set(w->stream, marks[i], err))
            return false;
        if (lt_cuda_work_runs(w, i) && !s->launch(w->stream, s, err))
            return lt_ports_fail_at(s->node, err);
        if (w->progress)
            atomic_store_explicit(&w->progress->done, i + 1, memory_order_relaxed);
    }
    return lt_gpu_mark_set(w->stream, marks[w->count], err);
}

static lt_step_time *times_of(const lt_program *p, const lt_cuda_work *w, lt_gpu_mark *const *marks,
                              int *count)
{
    lt_step_time *times = lt_alloc_array((size_t)w->count, sizeof *times);
    *count = 0;
    for (int i = 0; i < w->count; i++) {
        const lt_tensor *t = w->steps[i].node;
        if (lt_cuda_work_runs(w, i))
            times[(*count)++] =
                (lt_step_time){t->op, t->name, t->shape, lt_fused_flop(&p->fused, t),
                               lt_gpu_mark_seconds(marks[i], marks[i + 1])};
    }
    return times;
}

bool lt_cuda_program_measure(lt_program *p, lt_step_time **out, int *count, lt_progress *progress,
                             lt_error *err)
{
    lt_cuda_work w = begin(p, progress);
    lt_gpu_mark **marks = lt_alloc_array((size_t)w.count + 1, sizeof *marks);
    bool ok = true;
    for (int i = 0; i <= w.count && ok; i++)
        ok = lt_gpu_mark_new(p->backend->gpu, &marks[i], err);
    ok = end(p, &w, ok && launch_marked(&w, marks, err), err);
    if (ok)
        *out = times_of(p, &w, marks, count);
    for (int i = 0; i <= w.count; i++)
        lt_gpu_mark_free(marks[i]);
    free(marks);
    return ok;
}

bool lt_cuda_program_plain(const lt_program *p)
{
    for (int i = 0; i < LT_CUDA_LISTS; i++)
        if (p->replay.lists[i].plain)
            return true;
    return false;
}
