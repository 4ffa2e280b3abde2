/* host_device.cc - see host_device.h. */
#include "host_device.h"

#include <vector>

struct lt_gpu {
    int streams;
};

struct lt_gpu_stream {
    std::vector<std::function<void()>> waiting;
};

namespace
{
lt_host_floor state;
}

void lt_host_enqueue(lt_gpu_stream *s, std::function<void()> work)
{
    s->waiting.push_back(std::move(work));
}

extern "C" {

lt_host_floor *lt_host(void)
{
    return &state;
}

void lt_host_reset(void)
{
    state = lt_host_floor{};
}

bool lt_host_call(const char *name, lt_error *err)
{
    if (++state.calls != state.fail_at)
        return true;
    return lt_fail(err, LT_ERR_DEVICE, nullptr, "%s was made to fail", name);
}

bool lt_gpu_open(int, lt_gpu **out, lt_error *)
{
    *out = new lt_gpu{};
    return true;
}

void lt_gpu_close(lt_gpu *g)
{
    delete g;
}

bool lt_gpu_stream_open(lt_gpu *, bool, lt_gpu_stream **out, lt_error *)
{
    *out = new lt_gpu_stream{};
    return true;
}

void lt_gpu_stream_close(lt_gpu_stream *s)
{
    delete s;
}

bool lt_gpu_wait(lt_gpu_stream *s, lt_error *)
{
    for (auto &work : s->waiting)
        work();
    s->waiting.clear();
    return true;
}

} // extern "C"
