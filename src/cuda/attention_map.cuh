/*
 * attention_map.cuh - softmax(q k^T / sqrt(d)) averaged over the heads, which are added in their
 * order.  A block has 16 queries.
 */
#pragma once

#include "cuda/attention_tile.cuh"

namespace
{

constexpr int MAP_QUERIES = 16, MAP_CHUNK = 160; /* of a block; columns in shared memory at once */
constexpr int MAP_TILES = 4;                     /* of keys, whose scores are held in registers */
constexpr int MAP_FLOATS = (MAP_QUERIES + AT_KEYS) * tile_row(MAP_CHUNK);

using map_scores = float[1][AT_EACH];

__device__ inline int64_t map_query()
{
    return static_cast<int64_t>(blockIdx.x) * MAP_QUERIES + threadIdx.x / 16;
}

/* The scores of the block's queries with a tile of keys, of one head: columns go by in chunks. */
template <class T>
__device__ void head_scores(const attention_args &w, int head, int64_t key, map_scores &s)
{
    float *q = shared_memory<float>(), *k = q + MAP_QUERIES * tile_row(MAP_CHUNK);
    int64_t first = static_cast<int64_t>(blockIdx.x) * MAP_QUERIES;
    head_rows<T> queries = rows_of<T>(w.a.q, w.a.q_row, w.a.s, w.a.d, w.q_wide);
    head_rows<T> keys = rows_of<T>(w.a.k, w.a.k_row, w.a.t, w.a.d, w.k_wide);
    queries.at += static_cast<int64_t>(head) * w.a.d;
    keys.at += static_cast<int64_t>(head) * w.a.d;
#pragma unroll
    for (int j = 0; j < AT_EACH; j++)
        s[0][j] = 0.0F;
    for (int from = 0; from < w.columns; from += MAP_CHUNK) {
        int columns = w.columns - from < MAP_CHUNK ? w.columns - from : MAP_CHUNK;
        __syncthreads(); /* the tiles before were read */
        read_tile(q, queries, first, MAP_QUERIES, from, columns, w.scale);
        read_tile(k, keys, key, AT_KEYS, from, columns, 1.0F);
        __syncthreads();
        add_products<1>(s, q, tile_row(columns), k, tile_row(columns), columns);
    }
    mask_scores<1>(s, map_query(), key + threadIdx.x % 16, w.a.t, w.a.causal);
}

/* sum: over the heads, of this thread's query and keys. */
template <class T>
__device__ void write_map(const attention_args &w, int64_t key, const map_scores &sum)
{
    T *row = static_cast<T *>(w.a.y) + (blockIdx.z * w.a.s + map_query()) * w.a.t;
#pragma unroll
    for (int j = 0; j < AT_EACH; j++) {
        int64_t to = key + threadIdx.x % 16 + 16 * j;
        if (map_query() < w.a.s && to < w.a.t)
            row[to] = from_float<T>(sum[0][j] / static_cast<float>(w.a.heads));
    }
}

/* Up to MAP_TILES tiles of keys: scores are computed once. */
template <class T> __global__ void attention_map_few(const attention_args w)
{
    map_scores sum[MAP_TILES] = {};
    for (int head = 0; head < w.a.heads; head++) {
        map_scores s[MAP_TILES];
        float most = -INFINITY, all = 0.0F;
#pragma unroll
        for (int i = 0; i < MAP_TILES; i++) {
            if (i * AT_KEYS >= w.a.t)
                continue;
            head_scores<T>(w, head, i * AT_KEYS, s[i]);
#pragma unroll
            for (int j = 0; j < AT_EACH; j++)
                most = fmaxf(most, s[i][0][j]);
        }
        most = half_warp_max(most);
#pragma unroll
        for (int i = 0; i < MAP_TILES; i++)
#pragma unroll
            for (int j = 0; j < AT_EACH; j++) {
                s[i][0][j] = i * AT_KEYS < w.a.t ? exp2f(s[i][0][j] - most) : 0.0F;
                all += s[i][0][j];
            }
        float scale = 1.0F / half_warp_sum(all);
#pragma unroll
        for (int i = 0; i < MAP_TILES; i++)
#pragma unroll
            for (int j = 0; j < AT_EACH; j++)
                sum[i][0][j] += s[i][0][j] * scale;
    }
#pragma unroll
    for (int i = 0; i < MAP_TILES; i++)
        write_map<T>(w, i * AT_KEYS, sum[i]);
}

/* For each head the maxima and sums over all keys; statistics: [heads][MAP_QUERIES]. */
template <class T> __device__ void map_statistics(const attention_args &w, float2 *statistics)
{
    for (int head = 0; head < w.a.heads; head++) {
        softmax_state<1> state = softmax_start<1>();
        for (int64_t key = 0; key < w.a.t; key += AT_KEYS) {
            float s[1][AT_EACH], older[1];
            head_scores<T>(w, head, key, s);
            take_scores<1>(state, s, older);
        }
        if (threadIdx.x % 16 == 0)
            statistics[head * MAP_QUERIES + threadIdx.x / 16] = {state.max[0], 1.0F / state.sum[0]};
    }
}

/* Any number of keys: scores are computed twice. */
template <class T> __global__ void attention_map(const attention_args w)
{
    float2 *statistics = reinterpret_cast<float2 *>(shared_memory<float>() + MAP_FLOATS);
    map_statistics<T>(w, statistics);
    for (int64_t key = 0; key < w.a.t; key += AT_KEYS) {
        map_scores sum = {};
        for (int head = 0; head < w.a.heads; head++) {
            map_scores s;
            head_scores<T>(w, head, key, s);
            float2 m = statistics[head * MAP_QUERIES + threadIdx.x / 16];
#pragma unroll
            for (int j = 0; j < AT_EACH; j++)
                sum[0][j] += exp2f(s[0][j] - m.x) * m.y;
        }
        write_map<T>(w, key, sum);
    }
}

} // namespace
