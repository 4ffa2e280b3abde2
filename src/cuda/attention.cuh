/*
 * attention.cuh - softmax(q k^T / sqrt(d)) v for every shape, a tile of queries a block, with the
 * softmax taken along while keys and values go by.
 */
#pragma once

#include "cuda/attention_tile.cuh"

namespace
{

/* o[r][g] += p v over a tile of keys, for groups g0.. of 64 columns; v has columns from 64 g0. */
template <int R, int C, int G>
__device__ void add_values(float (&o)[R][C][4], int g0, const float *p, const float *v, int columns)
{
    const float *p_row = p + static_cast<int>(threadIdx.x) / 16 * R * tile_row(AT_KEYS);
    int column = static_cast<int>(threadIdx.x) % 16 * 4, pitch = tile_row(columns);
#pragma unroll
    for (int g = 0; g < G; g++) {
        if (column + 64 * g >= columns)
            continue;
        const float *at = v + column + 64 * g;
        for (int key = 0; key < AT_KEYS; key += 4) {
            pack<float, 4> b[4];
#pragma unroll
            for (int i = 0; i < 4; i++)
                b[i] = read<4>(at + (key + i) * pitch);
#pragma unroll
            for (int r = 0; r < R; r++) {
                pack<float, 4> a = read<4>(p_row + r * tile_row(AT_KEYS) + key);
#pragma unroll
                for (int c = 0; c < C; c++)
                    if (c == g0 + g) /* known when unrolled */
#pragma unroll
                        for (int i = 0; i < 4; i++)
#pragma unroll
                            for (int e = 0; e < 4; e++)
                                o[r][c][e] = fmaf(a.v[i], b[i].v[e], o[r][c][e]);
            }
        }
    }
}

/* This thread's exponentials, where add_values looks for them. */
template <int R> __device__ void put_scores(float *p, const float (&s)[R][AT_EACH])
{
    int row = static_cast<int>(threadIdx.x) / 16 * R, key = static_cast<int>(threadIdx.x) % 16;
#pragma unroll
    for (int r = 0; r < R; r++)
#pragma unroll
        for (int j = 0; j < AT_EACH; j++)
            p[(row + r) * tile_row(AT_KEYS) + key + 16 * j] = s[r][j];
}

template <class T, int R, int C>
__device__ void write_queries(const attention_args &w, const float (&o)[R][C][4],
                              const softmax_state<R> &state, int64_t query)
{
    int column = static_cast<int>(threadIdx.x) % 16 * 4;
    int64_t row = static_cast<int64_t>(w.a.heads) * w.a.d;
#pragma unroll
    for (int r = 0; r < R; r++) {
        if (query + r >= w.a.s)
            continue;
        T *to = static_cast<T *>(w.a.y) +
                (static_cast<int64_t>(blockIdx.z) * w.a.s + query + r) * row +
                static_cast<int64_t>(blockIdx.y) * w.a.d;
        float scale = 1.0F / state.sum[r];
#pragma unroll
        for (int c = 0; c < C; c++) {
            int at = column + 64 * c;
            float y[4];
#pragma unroll
            for (int e = 0; e < 4; e++) {
                y[e] = o[r][c][e] * scale;
                if (!w.y_packs && at + e < w.a.d)
                    to[at + e] = from_float<T>(y[e]);
            }
            if (w.y_packs && at < w.a.d)
                store<4>(to + at, y);
        }
    }
}

/* R queries a thread, d up to 64 C; keys and values go through shared memory 64 G columns at once.
 */
template <class T, int R, int C, int G> __global__ void attention(const attention_args w)
{
    constexpr int queries = 16 * R;
    int chunk = w.columns < 64 * G ? w.columns : 64 * G;
    float *q = shared_memory<float>(), *kv = q + queries * tile_row(w.columns);
    float *p = kv + AT_KEYS * tile_row(chunk);
    head_rows<T> keys = rows_of<T>(w.a.k, w.a.k_row, w.a.t, w.a.d, w.k_wide);
    head_rows<T> values = rows_of<T>(w.a.v, w.a.v_row, w.a.t, w.a.d, w.v_wide);
    int64_t first = static_cast<int64_t>(blockIdx.x) * queries, end = w.a.t;
    int64_t query = first + static_cast<int>(threadIdx.x) / 16 * R;
    if (w.a.causal && first + queries < end)
        end = first + queries;
    read_tile(q, rows_of<T>(w.a.q, w.a.q_row, w.a.s, w.a.d, w.q_wide), first, queries, 0, w.columns,
              w.scale);
    softmax_state<R> state = softmax_start<R>();
    float o[R][C][4] = {};
    for (int64_t key = 0; key < end; key += AT_KEYS) {
        float s[R][AT_EACH] = {}, older[R];
        for (int from = 0; from < w.columns; from += chunk) {
            int columns = w.columns - from < chunk ? w.columns - from : chunk;
            __syncthreads(); /* the tile before was read */
            read_tile(kv, keys, key, AT_KEYS, from, columns, 1.0F);
            __syncthreads();
            add_products<R>(s, q + from, tile_row(w.columns), kv, tile_row(columns), columns);
        }
        mask_scores<R>(s, query, key + threadIdx.x % 16, w.a.t, w.a.causal);
        take_scores<R>(state, s, older);
        put_scores<R>(p, s);
#pragma unroll
        for (int r = 0; r < R; r++)
#pragma unroll
            for (int c = 0; c < C; c++)
#pragma unroll
                for (int e = 0; e < 4; e++)
                    o[r][c][e] *= older[r];
#pragma unroll
        for (int g = 0; g < C; g += G) {
            int columns = w.columns - 64 * g < chunk ? w.columns - 64 * g : chunk;
            if (columns <= 0)
                break;
            __syncthreads();
            read_tile(kv, values, key, AT_KEYS, 64 * g, columns, 1.0F);
            __syncthreads();
            add_values<R, C, G>(o, g, p, kv, columns);
        }
    }
    write_queries<T>(w, o, state, query);
}

} // namespace
