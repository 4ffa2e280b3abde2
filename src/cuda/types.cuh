/*
 * types.cuh - numbers as they are stored and as they are computed with, and functions of them.
 *
 * Memory is read and written W elements at a time: 16 bytes (wide<T>) where addresses and widths
 * are multiples of that, else one element.
 */
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <math.h>
#include <stdint.h>

extern "C" {
#include "tensor/graph.h"
}

namespace
{

constexpr float LOG2_E = 1.44269504F;

template <class T> constexpr int wide = 16 / static_cast<int>(sizeof(T));

__device__ inline float to_float(float x)
{
    return x;
}

__device__ inline float to_float(__half x)
{
    return __half2float(x);
}

__device__ inline float to_float(__nv_bfloat16 x)
{
    return __bfloat162float(x);
}

template <class T> __device__ T from_float(float x);

template <> __device__ inline float from_float<float>(float x)
{
    return x;
}

template <> __device__ inline __half from_float<__half>(float x)
{
    return __float2half_rn(x);
}

template <> __device__ inline __nv_bfloat16 from_float<__nv_bfloat16>(float x)
{
    return __float2bfloat16_rn(x);
}

/* W elements that are read or written at once. */
template <class T, int W> struct alignas(W * sizeof(T)) pack {
    T v[W];
};

template <int W, class T> __device__ pack<T, W> read(const T *from)
{
    return *reinterpret_cast<const pack<T, W> *>(from);
}

template <int W, class T> __device__ void write(T *to, const pack<T, W> &p)
{
    *reinterpret_cast<pack<T, W> *>(to) = p;
}

template <int W, class T> __device__ void unpack(float (&to)[W], const pack<T, W> &p)
{
#pragma unroll
    for (int i = 0; i < W; i++)
        to[i] = to_float(p.v[i]);
}

template <int W, class T> __device__ void load(float (&to)[W], const T *from)
{
    unpack<W>(to, read<W>(from));
}

template <int W, class T> __device__ void store(T *to, const float (&from)[W])
{
    pack<T, W> p;
#pragma unroll
    for (int i = 0; i < W; i++)
        p.v[i] = from_float<T>(from[i]);
    write<W>(to, p);
}

/* W float32, which lie on 16 bytes if W > 1. */
template <int W> __device__ void load_floats(float (&to)[W], const float *from)
{
    constexpr int step = W < 4 ? 1 : 4;
#pragma unroll
    for (int i = 0; i < W; i += step) {
        pack<float, step> p = read<step>(from + i);
#pragma unroll
        for (int k = 0; k < step; k++)
            to[i + k] = p.v[k];
    }
}

template <int W> __device__ void store_floats(float *to, const float (&from)[W])
{
    constexpr int step = W < 4 ? 1 : 4;
#pragma unroll
    for (int i = 0; i < W; i += step) {
        pack<float, step> p;
#pragma unroll
        for (int k = 0; k < step; k++)
            p.v[k] = from[i + k];
        write<step>(to + i, p);
    }
}

/* x / (1 + 2^(k x)).  For x far below 0 the power is infinite and the result -0, as it should be.
 */
__device__ inline float swish(float x, float k)
{
    return __fdividef(x, 1.0F + exp2f(k * x));
}

__device__ inline float gelu(float x)
{
    return 0.5F * x * (1.0F + erff(x * 0.70710678F));
}

/* act: an lt_act, or -1. */
template <int W> __device__ void activate(float (&x)[W], int act)
{
    if (act == LT_GELU) {
#pragma unroll
        for (int i = 0; i < W; i++)
            x[i] = gelu(x[i]);
    } else if (act >= 0) {
        float k = act == LT_SILU ? -LOG2_E : -1.702F * LOG2_E;
#pragma unroll
        for (int i = 0; i < W; i++)
            x[i] = swish(x[i], k);
    }
}

/* All of the warp gets the sum; the order of additions is fixed. */
__device__ inline float warp_sum(float x)
{
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
        x += __shfl_xor_sync(0xFFFFFFFFU, x, step);
    return x;
}

} // namespace
