/*
 * host_cuda.h - what CUDA gives a kernel, for a C++ compiler: the same sources run on the
 * processor.  Included before kernels.cu, in place of what launch.cuh has for nvcc.
 *
 * The threads of a block are coroutines: each runs until it waits, and all wait where CUDA would
 * let them.  Blocks run one after another; the threads of every other one in reverse, so that what
 * depends on their order shows.  Shared memory is as large as was asked for, and NaN at first.
 */
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

extern "C" {
#include "base/error.h"
}
#include "host_device.h"

struct lt_host_position {
    uint3 thread, block;
    dim3 threads, blocks;
};

/* The thread that runs. */
const lt_host_position &lt_host_self();
unsigned char *lt_host_shared();
void lt_host_barrier();
/* What lane `from` of the warp gives, all 32 of which must call this.  A lane that is not there
 * gives the caller's own. */
uint32_t lt_host_shuffle(uint32_t mine, unsigned from);

/* Runs a grid.  NULL, or what is wrong with the kernel: threads that wait for each other at
 * different places, or for one that has ended. */
const char *lt_host_grid(dim3 blocks, unsigned threads, size_t shared,
                         const std::function<void()> &thread);

#undef __launch_bounds__
#define __launch_bounds__(...)

#define threadIdx (lt_host_self().thread)
#define blockIdx  (lt_host_self().block)
#define blockDim  (lt_host_self().threads)
#define gridDim   (lt_host_self().blocks)

inline void __syncthreads()
{
    lt_host_barrier();
}

template <class V> V __shfl_xor_sync(unsigned, V value, int mask)
{
    static_assert(sizeof(V) == sizeof(uint32_t), "shuffles take 4 bytes");
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    bits = lt_host_shuffle(bits, (threadIdx.x % 32) ^ static_cast<unsigned>(mask));
    std::memcpy(&value, &bits, sizeof bits);
    return value;
}

inline float __fdividef(float a, float b)
{
    return a / b;
}

inline float rsqrtf(float x)
{
    return 1.0F / sqrtf(x);
}

constexpr size_t SHARED_BYTES = 48 * 1024;

struct launch_shape {
    const char *name;
    dim3 grid;
    unsigned threads;
    size_t shared;
};

/* Runs the grid; prints and aborts if something is wrong with the kernel. */
void lt_host_launch(const launch_shape &how, const std::function<void()> &thread);

template <class A>
bool launch(lt_gpu_stream *s, void (*kernel)(A), const launch_shape &how, const A &args,
            lt_error *err)
{
    if (how.grid.x == 0 || how.grid.y == 0 || how.grid.z == 0)
        return true;
    if (!lt_host_call(how.name, err))
        return false;
    lt_host_enqueue(s, [=] { lt_host_launch(how, [&] { kernel(args); }); });
    return true;
}

template <class T> T *shared_memory()
{
    return reinterpret_cast<T *>(lt_host_shared());
}
