/* host_device.cc - see host_device.h. */
#include "host_device_impl.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>

namespace
{
lt_host_floor fresh()
{
    lt_host_floor f = {};
    f.devices = 1;
    f.memory = size_t{16} << 30;
    f.lazy = true;
    return f;
}

lt_host_floor state = fresh();
std::map<std::string, long> called;
std::map<const char *, size_t> device_memory, pinned_memory; /* start -> bytes */

void check_inside(const std::map<const char *, size_t> &memory, const void *at, size_t bytes,
                  const char *what)
{
    const char *p = static_cast<const char *>(at);
    auto next = memory.upper_bound(p);
    if (next == memory.begin())
        lt_host_misuse(what);
    auto [start, size] = *--next;
    if (p + bytes > start + size)
        lt_host_misuse(what);
}

bool is_pinned(const void *at)
{
    const char *p = static_cast<const char *>(at);
    auto next = pinned_memory.upper_bound(p);
    if (next == pinned_memory.begin())
        return false;
    auto [start, size] = *--next;
    return p < start + size;
}

void *take(std::map<const char *, size_t> &from, size_t bytes)
{
    void *p = nullptr;
    if (posix_memalign(&p, 256, bytes ? bytes : 1) != 0)
        lt_host_misuse("out of memory");
    std::memset(p, 0xFF, bytes);
    from[static_cast<char *>(p)] = bytes;
    state.live++;
    return p;
}

size_t give_back(std::map<const char *, size_t> &to, void *memory)
{
    auto it = to.find(static_cast<char *>(memory));
    if (it == to.end())
        lt_host_misuse("freed what was not taken");
    size_t bytes = it->second;
    to.erase(it);
    state.live--;
    std::free(memory);
    return bytes;
}

bool alloc_fails()
{
    return ++state.allocs == state.fail_alloc_at;
}

lt_gpu_facts facts()
{
    lt_gpu_facts f = {};
    std::snprintf(f.name, sizeof f.name, "plain memory");
    f.major = 9;
    f.processors = 1;
    f.memory = state.memory;
    f.free_memory = state.memory - state.used;
    f.driver = f.runtime = 13000;
    f.cudnn = 91900;
    f.cublas = 130100;
    return f;
}
} // namespace

static void work_once(lt_gpu_stream *s)
{
    auto work = std::move(s->waiting.front());
    s->waiting.pop_front();
    work();
}

/* Between two pieces of the stream the background ones do one of theirs. */
static void drain(lt_gpu_stream *s)
{
    while (!s->waiting.empty()) {
        work_once(s);
        for (auto *other : s->parts.gpu->streams)
            if (other != s && other->background && !other->waiting.empty()) {
                work_once(other);
                state.between++;
            }
    }
}

void lt_host_enqueue(lt_gpu_stream *s, std::function<void()> work)
{
    auto counted = [work = std::move(work)] {
        state.works++;
        work();
    };
    if (s->recording)
        s->recording->work.push_back(counted);
    else if (state.lazy)
        s->waiting.push_back(counted);
    else
        counted();
}

extern "C" {

lt_host_floor *lt_host(void)
{
    return &state;
}

void lt_host_misuse(const char *what)
{
    std::fprintf(stderr, "host_device: %s\n", what);
    std::abort();
}

void lt_host_reset(void)
{
    if (state.live)
        lt_host_misuse("something was not closed");
    state = fresh();
    called.clear();
}

void lt_host_note(const char *name)
{
    called[name]++;
}

long lt_host_called(const char *name)
{
    long sum = 0;
    for (const auto &[who, times] : called)
        if (!name || who == name)
            sum += times;
    return sum;
}

bool lt_host_call(const char *name, lt_error *err)
{
    lt_host_note(name);
    if (++state.calls != state.fail_at)
        return true;
    return lt_fail(err, LT_ERR_DEVICE, nullptr, "%s was made to fail", name);
}

int lt_gpu_count(lt_error *err)
{
    if (lt_host_call("lt_gpu_count", err) && state.devices == 0)
        lt_fail(err, LT_ERR_DEVICE, nullptr, "no NVIDIA GPU");
    return state.calls == state.fail_at ? 0 : state.devices;
}

bool lt_gpu_facts_of(int, lt_gpu_facts *out, lt_error *err)
{
    if (!lt_host_call("lt_gpu_facts_of", err))
        return false;
    *out = facts();
    return true;
}

bool lt_gpu_open(int device, lt_gpu **out, lt_error *err)
{
    if (!lt_host_call("lt_gpu_open", err))
        return false;
    if (device >= state.devices)
        return lt_fail(err, LT_ERR_DEVICE, nullptr, "no NVIDIA GPU");
    *out = new lt_gpu{facts(), {}};
    state.live++;
    return true;
}

void lt_gpu_close(lt_gpu *g)
{
    if (!g)
        return;
    if (!g->streams.empty())
        lt_host_misuse("a device was closed before its streams");
    state.live--;
    delete g;
}

const lt_gpu_facts *lt_gpu_about(const lt_gpu *g)
{
    return &g->facts;
}

size_t lt_gpu_room(const lt_gpu *)
{
    lt_host_note("lt_gpu_room");
    return state.memory - state.used;
}

bool lt_gpu_alloc(lt_gpu *, size_t bytes, const char *what, void **out, lt_error *err)
{
    bool refused = alloc_fails() || bytes > state.memory - state.used;
    if (!lt_host_call("lt_gpu_alloc", err))
        return false;
    if (refused)
        return lt_fail(err, LT_ERR_MEMORY, "use a smaller --size",
                       "%s: %zu bytes of GPU memory asked, %zu are free", what, bytes,
                       state.memory - state.used);
    *out = take(device_memory, bytes);
    state.used += bytes;
    return true;
}

void lt_gpu_free(lt_gpu *, void *memory)
{
    lt_host_note("lt_gpu_free");
    if (memory)
        state.used -= give_back(device_memory, memory);
}

bool lt_gpu_pin(lt_gpu *, size_t bytes, const char *what, void **out, lt_error *err)
{
    bool refused = alloc_fails();
    if (!lt_host_call("lt_gpu_pin", err))
        return false;
    if (refused)
        return lt_fail(err, LT_ERR_MEMORY, "close other programs", "%s: %zu bytes asked", what,
                       bytes);
    *out = take(pinned_memory, bytes);
    return true;
}

void lt_gpu_unpin(lt_gpu *, void *memory)
{
    lt_host_note("lt_gpu_unpin");
    if (memory)
        give_back(pinned_memory, memory);
}

bool lt_gpu_stream_open(lt_gpu *g, bool background, lt_gpu_stream **out, lt_error *err)
{
    if (!lt_host_call("lt_gpu_stream_open", err))
        return false;
    *out = new lt_gpu_stream{};
    (*out)->parts.gpu = g;
    (*out)->background = background;
    g->streams.push_back(*out);
    state.live++;
    return true;
}

void lt_gpu_stream_close(lt_gpu_stream *s)
{
    if (!s)
        return;
    if (s->recording)
        lt_host_misuse("a stream was closed while it records");
    drain(s);
    lt_stream_parts_done(&s->parts);
    auto &all = s->parts.gpu->streams;
    all.erase(std::find(all.begin(), all.end(), s));
    state.live--;
    delete s;
}

void *lt_gpu_stream_handle(const lt_gpu_stream *)
{
    return nullptr;
}

bool lt_gpu_upload(lt_gpu_stream *s, void *device, const void *host, size_t bytes, lt_error *err)
{
    if (!lt_host_call("lt_gpu_upload", err))
        return false;
    check_inside(device_memory, device, bytes, "an upload to what is no device memory");
    if (is_pinned(host)) {
        lt_host_enqueue(s, [=] { std::memcpy(device, host, bytes); });
        return true;
    }
    if (s->recording)
        lt_host_misuse("an upload of ordinary memory was recorded");
    const char *from = static_cast<const char *>(host);
    std::vector<char> copy(from, from + bytes);
    lt_host_enqueue(s, [device, copy] { std::memcpy(device, copy.data(), copy.size()); });
    return true;
}

bool lt_gpu_download(lt_gpu_stream *s, void *pinned, const void *device, size_t bytes,
                     lt_error *err)
{
    if (!lt_host_call("lt_gpu_download", err))
        return false;
    check_inside(pinned_memory, pinned, bytes, "a download to memory that is not pinned");
    check_inside(device_memory, device, bytes, "a download of what is no device memory");
    lt_host_enqueue(s, [=] { std::memcpy(pinned, device, bytes); });
    return true;
}

bool lt_gpu_copy(lt_gpu_stream *s, void *to, const void *from, size_t bytes, lt_error *err)
{
    if (!lt_host_call("lt_gpu_copy", err))
        return false;
    check_inside(device_memory, to, bytes, "a copy to what is no device memory");
    check_inside(device_memory, from, bytes, "a copy of what is no device memory");
    lt_host_enqueue(s, [=] { std::memcpy(to, from, bytes); });
    return true;
}

bool lt_gpu_wait(lt_gpu_stream *s, lt_error *err)
{
    if (s->recording)
        lt_host_misuse("waited while recording");
    drain(s);
    return lt_host_call("lt_gpu_wait", err);
}

bool lt_gpu_idle(lt_gpu_stream *s, bool *yes, lt_error *err)
{
    if (s->recording)
        lt_host_misuse("asked while recording");
    *yes = s->waiting.empty();
    if (!*yes)
        work_once(s);
    return lt_host_call("lt_gpu_idle", err);
}

} // extern "C"
