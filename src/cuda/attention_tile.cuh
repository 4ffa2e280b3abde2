/*
 * attention_tile.cuh - what attention and its map have in common: tiles of rows in shared memory,
 * as float32, and the products of two of them.
 *
 * 256 threads are 16 x 16.  A thread has R neighbouring queries and, of AT_KEYS keys, every 16th;
 * so the threads that have a query are half a warp.
 */
#pragma once

#include "cuda/launch.cuh"
#include "cuda/types.cuh"

namespace
{

constexpr int AT_THREADS = 256, AT_KEYS = 32, AT_EACH = AT_KEYS / 16; /* keys of a tile, thread */

struct attention_args {
    lt_scores_args a;
    float scale;                 /* log2(e) / sqrt(d) */
    bool q_wide, k_wide, v_wide; /* 16 bytes at once */
    bool y_packs;                /* 4 elements at once */
    int columns;                 /* d, up to a multiple of 8 */
};

/* Rows of one head in memory. */
template <class T> struct head_rows {
    const T *at; /* the first row */
    int64_t row, count;
    int d;
    bool wide; /* 16 bytes at once */
};

template <class T>
__device__ head_rows<T> rows_of(const void *x, int64_t row, int64_t count, int d, bool wide)
{
    const T *at = static_cast<const T *>(x) + static_cast<int64_t>(blockIdx.z) * count * row +
                  static_cast<int64_t>(blockIdx.y) * d;
    return {at, row, count, d, wide};
}

/* Floats from one row of a tile to the next: an odd number of 16 bytes, so that neighbouring rows
 * are in different banks. */
__host__ __device__ constexpr int tile_row(int columns)
{
    return (((columns + 3) / 4) | 1) * 4;
}

/* W columns of a row, times scale; 0 beyond the rows and the columns that there are. */
template <class T, int W>
__device__ void fill_tile(float *tile, const head_rows<T> &x, int64_t first, int rows, int from,
                          int columns, float scale)
{
    int pitch = tile_row(columns), packs = (columns + W - 1) / W;
    for (int i = static_cast<int>(threadIdx.x); i < rows * packs; i += AT_THREADS) {
        int row = i / packs, column = i % packs * W;
        float v[W] = {};
        if (first + row < x.count && from + column < x.d)
            load<W>(v, x.at + (first + row) * x.row + from + column);
#pragma unroll
        for (int k = 0; k < W; k++)
            v[k] *= scale;
        store_floats<W>(tile + row * pitch + column, v);
    }
}

/* columns: a multiple of 4 and, where x is wide, of what 16 bytes hold. */
template <class T>
__device__ void read_tile(float *tile, const head_rows<T> &x, int64_t first, int rows, int from,
                          int columns, float scale)
{
    if (x.wide)
        fill_tile<T, wide<T>>(tile, x, first, rows, from, columns, scale);
    else
        fill_tile<T, 1>(tile, x, first, rows, from, columns, scale);
}

/* s[r][j] += q row . k row over `columns`, of tiles with rows `q_pitch` and `k_pitch` apart. */
template <int R>
__device__ void add_products(float (&s)[R][AT_EACH], const float *q, int q_pitch, const float *k,
                             int k_pitch, int columns)
{
    const float *q_row = q + static_cast<int>(threadIdx.x) / 16 * R * q_pitch;
    const float *k_row = k + static_cast<int>(threadIdx.x) % 16 * k_pitch;
    for (int c = 0; c < columns; c += 4) {
        pack<float, 4> b[AT_EACH];
#pragma unroll
        for (int j = 0; j < AT_EACH; j++)
            b[j] = read<4>(k_row + j * 16 * k_pitch + c);
#pragma unroll
        for (int r = 0; r < R; r++) {
            pack<float, 4> a = read<4>(q_row + r * q_pitch + c);
#pragma unroll
            for (int j = 0; j < AT_EACH; j++)
#pragma unroll
                for (int e = 0; e < 4; e++)
                    s[r][j] = fmaf(a.v[e], b[j].v[e], s[r][j]);
        }
    }
}

/* Over the 16 threads that have the same queries. */
__device__ inline float half_warp_max(float x)
{
#pragma unroll
    for (int step = 8; step > 0; step /= 2)
        x = fmaxf(x, __shfl_xor_sync(0xFFFFFFFFU, x, step));
    return x;
}

__device__ inline float half_warp_sum(float x)
{
#pragma unroll
    for (int step = 8; step > 0; step /= 2)
        x += __shfl_xor_sync(0xFFFFFFFFU, x, step);
    return x;
}

/* The running maximum and sum of exponentials of R queries; scores are in units of log2(e). */
template <int R> struct softmax_state {
    float max[R], sum[R];
};

template <int R> __device__ softmax_state<R> softmax_start()
{
    softmax_state<R> state;
#pragma unroll
    for (int r = 0; r < R; r++) {
        state.max[r] = -INFINITY;
        state.sum[r] = 0.0F;
    }
    return state;
}

/* Scores that no query sees become -infinity.  query, key: this thread's first. */
template <int R>
__device__ void mask_scores(float (&s)[R][AT_EACH], int64_t query, int64_t key, int64_t keys,
                            bool causal)
{
#pragma unroll
    for (int r = 0; r < R; r++)
#pragma unroll
        for (int j = 0; j < AT_EACH; j++)
            if (key + 16 * j >= keys || (causal && key + 16 * j > query + r))
                s[r][j] = -INFINITY;
}

/* Takes a tile of scores into the state and turns them into exponentials; older[r] is what earlier
 * sums have to be multiplied with.  Every query sees a key of the first tile, so that no maximum
 * stays infinite. */
template <int R>
__device__ void take_scores(softmax_state<R> &state, float (&s)[R][AT_EACH], float (&older)[R])
{
#pragma unroll
    for (int r = 0; r < R; r++) {
        float most = s[r][0], sum = 0.0F;
#pragma unroll
        for (int j = 1; j < AT_EACH; j++)
            most = fmaxf(most, s[r][j]);
        most = fmaxf(half_warp_max(most), state.max[r]);
        older[r] = exp2f(state.max[r] - most);
#pragma unroll
        for (int j = 0; j < AT_EACH; j++) {
            s[r][j] = exp2f(s[r][j] - most);
            sum += s[r][j];
        }
        state.sum[r] = state.sum[r] * older[r] + half_warp_sum(sum);
        state.max[r] = most;
    }
}

} // namespace
