/* host_record.cc - the host floor's graphs of work and marks of time; see host_device.h. */
#include "host_device_impl.h"

#include <utility>

extern "C" {
#include "base/clock.h"
}

struct lt_gpu_mark {
    double time;
};

extern "C" {

bool lt_gpu_record(lt_gpu_stream *s, lt_error *err)
{
    if (s->recording)
        lt_host_misuse("records already");
    if (!lt_host_call("lt_gpu_record", err))
        return false;
    s->recording = new lt_gpu_graph{};
    return true;
}

bool lt_gpu_recorded(lt_gpu_stream *s, lt_gpu_graph **out, lt_error *err)
{
    lt_gpu_graph *graph = std::exchange(s->recording, nullptr);
    if (!graph)
        lt_host_misuse("recorded nothing");
    if (!lt_host_call("lt_gpu_recorded", err)) {
        delete graph;
        return false;
    }
    lt_host()->recorded++;
    lt_host()->live++;
    *out = graph;
    return true;
}

void lt_gpu_record_drop(lt_gpu_stream *s)
{
    delete std::exchange(s->recording, nullptr);
}

bool lt_gpu_replay(lt_gpu_stream *s, lt_gpu_graph *graph, lt_error *err)
{
    if (!lt_host_call("lt_gpu_replay", err))
        return false;
    lt_host()->replayed++;
    for (const auto &work : graph->work) { /* counted already: straight to the list */
        if (lt_host()->lazy)
            s->waiting.push_back(work);
        else
            work();
    }
    return true;
}

void lt_gpu_graph_free(lt_gpu_graph *graph)
{
    lt_host_note("lt_gpu_graph_free");
    lt_host()->live -= graph != nullptr;
    delete graph;
}

bool lt_gpu_mark_new(lt_gpu *, lt_gpu_mark **out, lt_error *err)
{
    if (!lt_host_call("lt_gpu_mark_new", err))
        return false;
    *out = new lt_gpu_mark{};
    lt_host()->live++;
    return true;
}

void lt_gpu_mark_free(lt_gpu_mark *m)
{
    lt_host()->live -= m != nullptr;
    delete m;
}

bool lt_gpu_mark_set(lt_gpu_stream *s, lt_gpu_mark *m, lt_error *err)
{
    if (!lt_host_call("lt_gpu_mark_set", err))
        return false;
    lt_host_enqueue(s, [m] { m->time = lt_clock(); });
    return true;
}

double lt_gpu_mark_seconds(const lt_gpu_mark *from, const lt_gpu_mark *to)
{
    return to->time - from->time;
}

} // extern "C"
