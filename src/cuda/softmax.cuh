/*
 * softmax.cuh - softmax of rows of float32, a block a row, which reads it three times: rows of
 * scores were just written and are in the cache.
 */
#pragma once

#include "cuda/launch.cuh"
#include "cuda/types.cuh"

namespace
{

constexpr int SM_THREADS = 256, SM_WARPS = SM_THREADS / 32;

__device__ inline float warp_max(float x)
{
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
        x = fmaxf(x, __shfl_xor_sync(0xFFFFFFFFU, x, step));
    return x;
}

/* Of a row's numbers, W of them a thread: the largest, times log2(e) * scale. */
template <int W>
__device__ float row_max(const float *row, int64_t width, float scale, float *parts)
{
    float most = -INFINITY, x[W];
    for (int64_t at = static_cast<int64_t>(threadIdx.x) * W; at < width; at += SM_THREADS * W) {
        load_floats<W>(x, row + at);
#pragma unroll
        for (int k = 0; k < W; k++)
            most = fmaxf(most, x[k] * scale);
    }
    most = warp_max(most);
    if (threadIdx.x % 32 == 0)
        parts[threadIdx.x / 32] = most;
    __syncthreads();
    for (int i = 0; i < SM_WARPS; i++)
        most = fmaxf(most, parts[i]);
    __syncthreads();
    return most;
}

template <int W>
__device__ float row_sum(const float *row, int64_t width, float scale, float most, float *parts)
{
    float sum = 0.0F, x[W];
    for (int64_t at = static_cast<int64_t>(threadIdx.x) * W; at < width; at += SM_THREADS * W) {
        load_floats<W>(x, row + at);
#pragma unroll
        for (int k = 0; k < W; k++)
            sum += exp2f(x[k] * scale - most);
    }
    sum = warp_sum(sum);
    if (threadIdx.x % 32 == 0)
        parts[threadIdx.x / 32] = sum;
    __syncthreads();
    sum = 0.0F;
    for (int i = 0; i < SM_WARPS; i++)
        sum += parts[i];
    return sum;
}

template <class T, int W> __global__ void softmax_rows(const lt_softmax_args a)
{
    float *parts = shared_memory<float>();
    const float *row = a.x + static_cast<int64_t>(blockIdx.x) * a.width;
    T *to = static_cast<T *>(a.y) + static_cast<int64_t>(blockIdx.x) * a.width;
    float scale = a.scale * LOG2_E, x[W];
    float most = row_max<W>(row, a.width, scale, parts);
    float share = 1.0F / row_sum<W>(row, a.width, scale, most, parts);
    for (int64_t at = static_cast<int64_t>(threadIdx.x) * W; at < a.width; at += SM_THREADS * W) {
        load_floats<W>(x, row + at);
#pragma unroll
        for (int k = 0; k < W; k++)
            x[k] = exp2f(x[k] * scale - most) * share;
        store<W>(to + at, x);
    }
}

} // namespace
