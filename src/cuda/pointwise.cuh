/*
 * pointwise.cuh - work that goes element by element: a thread has W neighbours, and again a grid
 * further on.
 */
#pragma once

#include "cuda/launch.cuh"
#include "cuda/types.cuh"

namespace
{

constexpr int RGB_THREADS = 512;
constexpr int PW_THREADS = 256, PW_BLOCKS = 16384; /* of a grid, at most */

__device__ inline int64_t grid_index()
{
    return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

__device__ inline int64_t grid_stride()
{
    return static_cast<int64_t>(gridDim.x) * blockDim.x;
}

struct map_args {
    const void *x;
    void *y;
    int64_t packs;  /* of W elements */
    int act;        /* activation */
    float mul, add; /* scale */
};

template <class T, int W> __global__ void map_activation(const map_args a)
{
    for (int64_t i = grid_index(); i < a.packs; i += grid_stride()) {
        float x[W];
        load<W>(x, static_cast<const T *>(a.x) + i * W);
        activate<W>(x, a.act);
        store<W>(static_cast<T *>(a.y) + i * W, x);
    }
}

template <class T, int W> __global__ void map_scale(const map_args a)
{
    for (int64_t i = grid_index(); i < a.packs; i += grid_stride()) {
        float x[W];
        load<W>(x, static_cast<const T *>(a.x) + i * W);
#pragma unroll
        for (int k = 0; k < W; k++)
            x[k] = a.mul * x[k] + a.add;
        store<W>(static_cast<T *>(a.y) + i * W, x);
    }
}

struct rgb_args {
    const void *x;
    unsigned char *y;
    int64_t count, part;
};

/* A block for each part, which says whether all of it was finite. */
template <class T> __global__ void rgb_bytes(const rgb_args a)
{
    float *warps = shared_memory<float>(), bad = 0.0F;
    int64_t from = a.part * blockIdx.x, end = from + a.part < a.count ? from + a.part : a.count;
    for (int64_t i = from + threadIdx.x; i < end; i += blockDim.x) {
        float x = to_float(static_cast<const T *>(a.x)[i]), v = x * 0.5F + 0.5F;
        v = v > 0.0F ? v : 0.0F; /* NaN, too */
        v = v < 1.0F ? v : 1.0F;
        a.y[i] = static_cast<unsigned char>(rintf(v * 255.0F));
        if (x * 0.0F != 0.0F)
            bad = 1.0F;
    }
    bad = warp_sum(bad);
    if (threadIdx.x % 32 == 0)
        warps[threadIdx.x / 32] = bad;
    __syncthreads();
    if (threadIdx.x > 0)
        return;
    for (int i = 1; i < RGB_THREADS / 32; i++)
        bad += warps[i];
    a.y[a.count + blockIdx.x] = bad > 0.0F;
}

struct add_args {
    lt_add_args a;
    int64_t packs;    /* of all of a */
    unsigned columns; /* packs of a row of b; 0: b is as a */
    int64_t sample;   /* packs of a sample */
};

template <class T, int W> __global__ void add_pointwise(const add_args w)
{
    for (int64_t i = grid_index(); i < w.packs; i += grid_stride()) {
        int64_t at = i * W;
        if (w.columns)
            at = i / w.sample * w.a.b_row + i % w.columns * W;
        float x[W], z[W];
        load<W>(x, static_cast<const T *>(w.a.a) + i * W);
        load<W>(z, static_cast<const T *>(w.a.b) + at);
#pragma unroll
        for (int k = 0; k < W; k++)
            x[k] += z[k];
        store<W>(static_cast<T *>(w.a.y) + i * W, x);
    }
}

struct geglu_args {
    const void *x;
    void *y;
    unsigned packs, columns; /* of y, of a row of y */
};

template <class T, int W> __global__ void geglu_rows(const geglu_args a)
{
    for (int64_t i = grid_index(); i < a.packs; i += grid_stride()) {
        unsigned pack = static_cast<unsigned>(i), row = pack / a.columns;
        const T *from =
            static_cast<const T *>(a.x) + (i + static_cast<int64_t>(row) * a.columns) * W;
        float x[W], gate[W];
        load<W>(x, from);
        load<W>(gate, from + static_cast<int64_t>(a.columns) * W);
#pragma unroll
        for (int k = 0; k < W; k++)
            x[k] *= gelu(gate[k]);
        store<W>(static_cast<T *>(a.y) + i * W, x);
    }
}

} // namespace
