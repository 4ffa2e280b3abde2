/*
 * group_norm.cuh - group norm of images with channels last, in two passes over x.
 *
 * A block has a slab of channels, whole groups, and some of the pixels of a sample.  Each thread
 * has W neighbouring channels and every lanes-th pixel, whatever the groups are: that is how memory
 * lies.  The first pass leaves the moments of each (group, chunk of pixels); the second merges
 * those of its groups and writes.  One block does both where a sample is one chunk.
 *
 * Chunks depend on the pixels and slabs on the channels, never on the number of samples: a sample's
 * result does not depend on its batch.
 */
#pragma once

#include "cuda/launch.cuh"
#include "cuda/moments.cuh"
#include "cuda/types.cuh"

namespace
{

constexpr int GN_THREADS = 256;
constexpr int GN_CHUNKS = 128, GN_CHUNK = 128; /* chunks at most; pixels of one at least */
constexpr int GN_WHOLE = 256;                  /* so few pixels are one chunk */
constexpr int GN_GROUPS = 64;                  /* of a slab, at most */
constexpr int GN_BATCH = 4, GN_WRITES = 2;     /* packs under way at once: of the passes */

struct group_norm_work {
    lt_group_norm_args a;
    int channels, width; /* of all groups, of one */
    int slab, slabs;     /* channels of a block */
    int columns, lanes;  /* of a block's threads; W channels a column */
    int64_t chunk;       /* pixels of a block of the first pass */
    int chunks;
    int64_t stripe; /* the same in the second */
};

/* What one block works on. */
struct group_norm_place {
    int64_t sample, begin; /* begin: the first pixel */
    int part, pixels;
    int from, to, group; /* channels, first group */
};

/* stripe: pixels of a block. */
__device__ inline group_norm_place place_of(const group_norm_work &w, int64_t stripe,
                                            bool backwards)
{
    group_norm_place p;
    int block = static_cast<int>(backwards ? gridDim.x - 1 - blockIdx.x : blockIdx.x);
    int slab = block % w.slabs;
    p.part = block / w.slabs;
    p.sample = blockIdx.y;
    p.begin = p.part * stripe;
    p.pixels = static_cast<int>(w.a.pixels - p.begin < stripe ? w.a.pixels - p.begin : stripe);
    p.from = slab * w.slab;
    p.to = p.from + w.slab < w.channels ? p.from + w.slab : w.channels;
    p.group = p.from / w.width;
    return p;
}

/* A thread's numbers: those of W channels from `channel`, `count` of them, `step` elements apart.
 */
template <class T> struct column {
    const T *x;
    T *y;
    int64_t x_step, y_step;
    int channel, count;
};

template <class T, int W>
__device__ bool column_of(const group_norm_work &w, const group_norm_place &p, int pass,
                          column<T> *out)
{
    int thread = static_cast<int>(threadIdx.x), lane = thread / w.columns;
    int c = p.from + (pass * w.columns + thread % w.columns) * W;
    if (lane >= w.lanes || c >= p.to)
        return false;
    bool second = c >= w.a.channels[0];
    int wide = second ? w.a.channels[1] : w.a.channels[0];
    int64_t first = p.sample * w.a.pixels + p.begin + lane;
    out->x = static_cast<const T *>(second ? w.a.x[1] : w.a.x[0]) + first * wide +
             (second ? c - w.a.channels[0] : c);
    out->y = static_cast<T *>(w.a.y) + first * w.channels + c;
    out->x_step = static_cast<int64_t>(w.lanes) * wide;
    out->y_step = static_cast<int64_t>(w.lanes) * w.channels;
    out->channel = c;
    out->count = (p.pixels - lane + w.lanes - 1) / w.lanes;
    return out->count > 0;
}

template <class T, int W>
__device__ void load_shift(float (&to)[W], const group_norm_work &w, int64_t sample, int channel)
{
    if (w.a.shift) {
        load<W>(to, static_cast<const T *>(w.a.shift) + sample * w.a.shift_row + channel);
    } else {
#pragma unroll
        for (int i = 0; i < W; i++)
            to[i] = 0.0F;
    }
}

template <class T, int W>
__device__ column_moments<W> moments_of(const group_norm_work &w, const group_norm_place &p,
                                        const column<T> &c)
{
    column_moments<W> m = {};
    float x[W];
    const T *at = c.x;
    int i = 0;
    for (; i + GN_BATCH <= c.count; i += GN_BATCH) {
        pack<T, W> batch[GN_BATCH];
#pragma unroll
        for (int k = 0; k < GN_BATCH; k++, at += c.x_step)
            batch[k] = read<W>(at);
#pragma unroll
        for (int k = 0; k < GN_BATCH; k++) {
            unpack<W>(x, batch[k]);
            take<W>(m, x);
        }
    }
    for (; i < c.count; i++, at += c.x_step) {
        load<W>(x, at);
        take<W>(m, x);
    }
    load_shift<T, W>(x, w, p.sample, c.channel);
#pragma unroll
    for (int k = 0; k < W; k++)
        m.mean[k] += x[k];
    return m;
}

/* Merges what the threads of a pass left in mean and m2, [lanes][columns * W], into the group's. */
template <int W>
__device__ void merge_group(const group_norm_work &w, const group_norm_place &p, int pass,
                            int group, const float *mean, const float *m2, moments *out)
{
    int wide = w.columns * W, base = p.from + pass * wide;
    int from = p.from + group * w.width, to = from + w.width; /* the group's channels... */
    from = from > base ? from : base;
    to = to < base + wide ? to : base + wide; /* ...in this pass */
    int channels = to > from ? to - from : 0;
    int every = p.pixels / w.lanes, more = p.pixels % w.lanes;
    moments m = {0.0F, 0.0F, 0.0F};
    for (int i = static_cast<int>(threadIdx.x) % 32; i < channels * w.lanes; i += 32) {
        int lane = i / channels, at = lane * wide + from - base + i % channels;
        int count = every + (lane < more);
        if (count > 0)
            m = merged(m, {static_cast<float>(count), mean[at], m2[at]});
    }
    m = warp_merged(m);
    if (threadIdx.x % 32 == 0)
        *out = merged(*out, m);
}

/* The moments of the place's groups, in shared memory; numbers: GN_THREADS * W * 2 floats. */
template <class T, int W>
__device__ void group_moments(const group_norm_work &w, const group_norm_place &p, moments *groups,
                              float *numbers)
{
    float *mean = numbers, *m2 = numbers + GN_THREADS * W;
    int thread = static_cast<int>(threadIdx.x), count = (p.to - p.from) / w.width;
    int passes = ((p.to - p.from) / W + w.columns - 1) / w.columns;
    if (thread < count)
        groups[thread] = {0.0F, 0.0F, 0.0F};
    for (int pass = 0; pass < passes; pass++) {
        column<T> c;
        if (column_of<T, W>(w, p, pass, &c)) {
            column_moments<W> m = moments_of<T, W>(w, p, c);
            store_floats<W>(mean + thread * W, m.mean); /* thread: lane * columns + column */
            store_floats<W>(m2 + thread * W, m.m2);
        }
        __syncthreads();
        for (int g = thread / 32; g < count; g += GN_THREADS / 32)
            merge_group<W>(w, p, pass, g, mean, m2, groups + g);
        __syncthreads();
    }
}

__device__ inline float2 mean_and_scale(const moments &m, float eps)
{
    return {m.mean, rsqrtf(m.m2 / m.n + eps)};
}

/* What makes y of x: (x - mean) * scale + bias, then act. */
template <int W> struct column_norm {
    float mean[W], scale[W], bias[W];
};

template <class T, int W>
__device__ column_norm<W> norm_of(const group_norm_work &w, const group_norm_place &p, int channel,
                                  const float2 *groups)
{
    column_norm<W> n;
    int group = channel / w.width - p.group, rest = channel % w.width;
    load_shift<T, W>(n.mean, w, p.sample, channel);
    load_floats<W>(n.scale, w.a.weight + channel);
    load_floats<W>(n.bias, w.a.bias + channel);
#pragma unroll
    for (int k = 0; k < W; k++) {
        float2 g = groups[group];
        n.mean[k] = g.x - n.mean[k];
        n.scale[k] *= g.y;
        rest = rest + 1 < w.width ? rest + 1 : 0;
        group += rest == 0;
    }
    return n;
}

template <class T, int W>
__device__ void norm_pack(T *to, const column_norm<W> &n, const pack<T, W> &p, int act)
{
    float x[W];
    unpack<W>(x, p);
#pragma unroll
    for (int k = 0; k < W; k++)
        x[k] = (x[k] - n.mean[k]) * n.scale[k] + n.bias[k];
    activate<W>(x, act);
    store<W>(to, x);
}

template <class T, int W>
__device__ void norm_column(const column_norm<W> &n, const column<T> &c, int act)
{
    const T *from = c.x;
    T *to = c.y;
    int i = 0;
    for (; i + GN_WRITES <= c.count; i += GN_WRITES) {
        pack<T, W> batch[GN_WRITES];
#pragma unroll
        for (int k = 0; k < GN_WRITES; k++, from += c.x_step)
            batch[k] = read<W>(from);
#pragma unroll
        for (int k = 0; k < GN_WRITES; k++, to += c.y_step)
            norm_pack<T, W>(to, n, batch[k], act);
    }
    for (; i < c.count; i++, from += c.x_step, to += c.y_step)
        norm_pack<T, W>(to, n, read<W>(from), act);
}

template <class T, int W>
__device__ void norm_columns(const group_norm_work &w, const group_norm_place &p,
                             const float2 *groups)
{
    int passes = ((p.to - p.from) / W + w.columns - 1) / w.columns;
    for (int pass = 0; pass < passes; pass++) {
        column<T> c;
        if (column_of<T, W>(w, p, pass, &c))
            norm_column<T, W>(norm_of<T, W>(w, p, c.channel, groups), c, w.a.act);
    }
}

/* scratch: moments without their n, float2 [samples][groups][chunks]. */
__device__ inline float2 *chunks_of(const group_norm_work &w, int64_t sample, int group)
{
    return reinterpret_cast<float2 *>(w.a.scratch) + (sample * w.a.groups + group) * w.chunks;
}

template <class T, int W>
__global__ void __launch_bounds__(GN_THREADS, 4) group_norm_moments(const group_norm_work w)
{
    moments *groups = shared_memory<moments>();
    group_norm_place p = place_of(w, w.chunk, false);
    group_moments<T, W>(w, p, groups, reinterpret_cast<float *>(groups + GN_GROUPS));
    int g = static_cast<int>(threadIdx.x);
    if (g < (p.to - p.from) / w.width)
        chunks_of(w, p.sample, p.group + g)[p.part] = {groups[g].mean, groups[g].m2};
}

/* The moments of a group from those of its chunks, by one warp. */
__device__ inline moments merge_chunks(const group_norm_work &w, const float2 *chunks)
{
    moments m = {0.0F, 0.0F, 0.0F};
    for (int i = static_cast<int>(threadIdx.x) % 32; i < w.chunks; i += 32) {
        int64_t left = w.a.pixels - i * w.chunk, pixels = left < w.chunk ? left : w.chunk;
        float2 part = chunks[i];
        m = merged(m, {static_cast<float>(pixels) * static_cast<float>(w.width), part.x, part.y});
    }
    return warp_merged(m);
}

template <class T, int W>
__global__ void __launch_bounds__(GN_THREADS, 3) group_norm_apply(const group_norm_work w)
{
    float2 *groups = shared_memory<float2>();
    group_norm_place p = place_of(w, w.stripe, true); /* what was read last is in the cache */
    int warp = static_cast<int>(threadIdx.x) / 32, count = (p.to - p.from) / w.width;
    for (int g = warp; g < count; g += GN_THREADS / 32) {
        moments m = merge_chunks(w, chunks_of(w, p.sample, p.group + g));
        if (threadIdx.x % 32 == 0)
            groups[g] = mean_and_scale(m, w.a.eps);
    }
    __syncthreads();
    norm_columns<T, W>(w, p, groups);
}

/* Both passes, for samples of one chunk. */
template <class T, int W>
__global__ void __launch_bounds__(GN_THREADS, 3) group_norm_whole(const group_norm_work w)
{
    moments *groups = shared_memory<moments>();
    float2 *norms = reinterpret_cast<float2 *>(groups + GN_GROUPS);
    group_norm_place p = place_of(w, w.chunk, false);
    group_moments<T, W>(w, p, groups, reinterpret_cast<float *>(norms));
    if (threadIdx.x < GN_GROUPS && static_cast<int>(threadIdx.x) < (p.to - p.from) / w.width)
        norms[threadIdx.x] = mean_and_scale(groups[threadIdx.x], w.a.eps);
    __syncthreads();
    norm_columns<T, W>(w, p, norms);
}

} // namespace
