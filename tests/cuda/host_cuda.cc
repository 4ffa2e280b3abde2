/* host_cuda.cc - see host_cuda.h. */
#include "host_cuda.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "host_switch.h"

namespace
{

enum class wait { none, block, warp, end };

struct host_thread {
    lt_coroutine coroutine;
    lt_host_position position;
    wait state;
    uint32_t given[2]; /* to shuffles, by turns: nobody is two ahead */
    unsigned shuffles;
};

/* The threads of the block that runs, kept for the next one. */
struct host_block {
    std::vector<host_thread> threads;
    size_t count;
    std::unique_ptr<unsigned char[]> shared;
    const std::function<void()> *body;
    host_thread *self;
};

thread_local host_block now;

void live()
{
    (*now.body)();
    now.self->state = wait::end;
}

void start(host_thread &t, unsigned index, const lt_host_position &position)
{
    lt_coroutine_start(t.coroutine, live);
    t.position = position;
    t.position.thread = {index, 0, 0};
    t.state = wait::none;
    t.shuffles = 0;
}

/* Lets every thread that may go on do so, until it waits. */
bool run_some(bool backwards)
{
    bool any = false;
    for (size_t i = 0; i < now.count; i++) {
        host_thread &t = now.threads[backwards ? now.count - 1 - i : i];
        if (t.state != wait::none)
            continue;
        now.self = &t;
        lt_coroutine_resume(t.coroutine);
        any = true;
    }
    return any;
}

/* Lets those of [from, to) go on that wait, if all of them do. */
bool release(size_t from, size_t to, wait what)
{
    for (size_t i = from; i < to; i++)
        if (now.threads[i].state != what)
            return false;
    for (size_t i = from; i < to; i++)
        now.threads[i].state = wait::none;
    return true;
}

bool release_some()
{
    bool any = release(0, now.count, wait::block);
    for (size_t warp = 0; warp < now.count; warp += 32)
        any |= release(warp, warp + 32 < now.count ? warp + 32 : now.count, wait::warp);
    return any;
}

/* NULL, or what is wrong. */
const char *run_block(bool backwards)
{
    while (run_some(backwards) && release_some()) {
    }
    for (size_t i = 0; i < now.count; i++)
        if (now.threads[i].state != wait::end)
            return now.threads[i].state == wait::block
                       ? "__syncthreads was not reached by all threads of a block"
                       : "a shuffle was not reached by all threads of a warp";
    return nullptr;
}

} // namespace

const lt_host_position &lt_host_self()
{
    return now.self->position;
}

unsigned char *lt_host_shared()
{
    return now.shared.get();
}

void lt_host_barrier()
{
    now.self->state = wait::block;
    lt_coroutine_yield();
}

uint32_t lt_host_shuffle(uint32_t mine, unsigned from)
{
    host_thread *self = now.self;
    unsigned turn = self->shuffles++ % 2;
    size_t other = static_cast<size_t>(self - now.threads.data()) / 32 * 32 + from;
    self->given[turn] = mine;
    self->state = wait::warp;
    lt_coroutine_yield();
    return other < now.count ? now.threads[other].given[turn] : mine;
}

const char *lt_host_grid(dim3 blocks, unsigned threads, size_t shared,
                         const std::function<void()> &thread)
{
    lt_host_position position = {{}, {}, dim3(threads), blocks};
    const char *wrong = nullptr;
    if (now.threads.size() < threads)
        now.threads.resize(threads);
    now.count = threads;
    now.body = &thread;
    now.shared.reset(new unsigned char[shared]); /* exactly that much, for sanitizers */
    size_t count = size_t{blocks.x} * blocks.y * blocks.z;
    for (size_t i = 0; i < count && !wrong; i++) {
        position.block = {static_cast<unsigned>(i % blocks.x),
                          static_cast<unsigned>(i / blocks.x % blocks.y),
                          static_cast<unsigned>(i / blocks.x / blocks.y)};
        std::memset(now.shared.get(), 0xFF, shared);
        for (unsigned k = 0; k < threads; k++)
            start(now.threads[k], k, position);
        wrong = run_block(i % 2 != 0);
    }
    now.shared.reset();
    if (wrong)
        now.threads.clear(); /* some of them are in the middle of it */
    return wrong;
}

void lt_host_launch(const launch_shape &how, const std::function<void()> &thread)
{
    const char *wrong = lt_host_grid(how.grid, how.threads, how.shared, thread);
    if (!wrong)
        return;
    std::fprintf(stderr, "kernel '%s': %s\n", how.name, wrong);
    std::abort();
}
