/*
 * start.cuh - what the starts of kernels have in common: types, addresses, grids.
 */
#pragma once

#include "cuda/launch.cuh"
#include "cuda/pointwise.cuh"
#include "cuda/types.cuh"

namespace
{

/* Calls f with a number of the type. */
template <class F> bool by_dtype(lt_dtype dtype, lt_error *err, F f)
{
    switch (dtype) {
    case LT_F16:
        return f(__half());
    case LT_BF16:
        return f(__nv_bfloat16());
    case LT_F32:
        return f(float());
    default:
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "kernels compute in f32, f16 or bf16, not %s",
                       lt_dtype_name(dtype));
    }
}

int64_t ceiling(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

bool lies_on(size_t bytes, const void *p)
{
    return reinterpret_cast<uintptr_t>(p) % bytes == 0; /* NULL does */
}

template <class... P> bool on_16(P... p)
{
    return (lies_on(16, p) && ...);
}

const char *at_byte(const void *p, size_t byte)
{
    return static_cast<const char *>(p) + byte;
}

char *at_byte(void *p, size_t byte)
{
    return static_cast<char *>(p) + byte;
}

launch_shape flat(const char *name, int64_t count)
{
    int64_t blocks = ceiling(count, PW_THREADS);
    return {name, dim3(static_cast<unsigned>(blocks < PW_BLOCKS ? blocks : PW_BLOCKS)), PW_THREADS,
            0};
}

/* Kernels that divide by the length of a row do it in 32 bits. */
bool countable(int64_t count, const char *name, lt_error *err)
{
    return count <= INT32_MAX || lt_fail(err, LT_ERR_ARGUMENT, NULL,
                                         "kernel '%s' takes at most 2^31 - 1 pieces, not %lld",
                                         name, static_cast<long long>(count));
}

/* The bytes that can be moved at once: 16, 4 or 2, where `bytes` is 0 in all bits that matter. */
size_t unit_of(uint64_t bytes, const void *x, const void *y)
{
    uint64_t all = bytes | reinterpret_cast<uintptr_t>(x) | reinterpret_cast<uintptr_t>(y);
    return all % 16 == 0 ? 16 : all % 4 == 0 ? 4 : 2;
}

} // namespace
