/*
 * layer_norm.cuh - norms of rows, one warp a row.  A row of up to 32 LN_HELD elements is held in
 * registers: read once, and the variance is that of the differences.
 */
#pragma once

#include "cuda/launch.cuh"
#include "cuda/types.cuh"

namespace
{

constexpr int LN_HELD = 40, LN_ROWS = 8; /* elements of a lane; rows of a block */

/* This warp's row, -1 past the last. */
__device__ inline int64_t row_of(const lt_layer_norm_args &a)
{
    int64_t row = static_cast<int64_t>(blockIdx.x) * LN_ROWS + threadIdx.x / 32;
    return row < a.rows ? row : -1;
}

template <class T, int W>
__device__ void write_normed(const lt_layer_norm_args &a, float (&x)[W], float mean, float scale,
                             T *row, int at)
{
    float weight[W], bias[W];
    load_floats<W>(weight, a.weight + at);
    load_floats<W>(bias, a.bias + at);
#pragma unroll
    for (int k = 0; k < W; k++)
        x[k] = (x[k] - mean) * scale * weight[k] + bias[k];
    activate<W>(x, a.act);
    store<W>(row + at, x);
}

template <class T> __global__ void layer_norm_held(const lt_layer_norm_args a)
{
    constexpr int W = wide<T>, packs = LN_HELD / W;
    int64_t row = row_of(a);
    if (row < 0)
        return;
    const T *from = static_cast<const T *>(a.x) + row * a.width;
    int first = static_cast<int>(threadIdx.x % 32) * W;
    float x[packs][W], sum = 0.0F, squares = 0.0F;
#pragma unroll
    for (int i = 0; i < packs; i++) {
        if (first + i * 32 * W >= a.width)
            continue;
        load<W>(x[i], from + first + i * 32 * W);
#pragma unroll
        for (int k = 0; k < W; k++)
            sum += x[i][k];
    }
    float mean = warp_sum(sum) / static_cast<float>(a.width);
#pragma unroll
    for (int i = 0; i < packs; i++) {
        if (first + i * 32 * W >= a.width)
            continue;
#pragma unroll
        for (int k = 0; k < W; k++)
            squares += (x[i][k] - mean) * (x[i][k] - mean);
    }
    float scale = rsqrtf(warp_sum(squares) / static_cast<float>(a.width) + a.eps);
#pragma unroll
    for (int i = 0; i < packs; i++)
        if (first + i * 32 * W < a.width)
            write_normed<T, W>(a, x[i], mean, scale, static_cast<T *>(a.y) + row * a.width,
                               first + i * 32 * W);
}

/* Every width, W = 1 or where the width and the addresses allow it more: reads a row three times.
 */
template <class T, int W> __global__ void layer_norm_read(const lt_layer_norm_args a)
{
    int64_t row = row_of(a);
    if (row < 0)
        return;
    const T *from = static_cast<const T *>(a.x) + row * a.width;
    int first = static_cast<int>(threadIdx.x % 32) * W;
    float x[W], sum = 0.0F, squares = 0.0F;
    for (int at = first; at < a.width; at += 32 * W) {
        load<W>(x, from + at);
#pragma unroll
        for (int k = 0; k < W; k++)
            sum += x[k];
    }
    float mean = warp_sum(sum) / static_cast<float>(a.width);
    for (int at = first; at < a.width; at += 32 * W) {
        load<W>(x, from + at);
#pragma unroll
        for (int k = 0; k < W; k++)
            squares += (x[k] - mean) * (x[k] - mean);
    }
    float scale = rsqrtf(warp_sum(squares) / static_cast<float>(a.width) + a.eps);
    for (int at = first; at < a.width; at += 32 * W) {
        load<W>(x, from + at);
        write_normed<T, W>(a, x, mean, scale, static_cast<T *>(a.y) + row * a.width, at);
    }
}

} // namespace
