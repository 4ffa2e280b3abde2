/*
 * copy.cuh - work that moves elements: columns, nearest neighbours, rows of a table.  U is what is
 * moved at once: 16 bytes, 4 or one element of 2, as widths and addresses allow.
 */
#pragma once

#include "cuda/launch.cuh"
#include "cuda/pointwise.cuh"
#include "cuda/types.cuh"

namespace
{

/* All in units; row i of y begins at y + i * to_row. */
struct columns_args {
    const void *x;
    void *y;
    unsigned units, columns; /* moved, of them in a row */
    int64_t from_row, to_row;
};

template <class U> __global__ void copy_columns(const columns_args a)
{
    for (int64_t i = grid_index(); i < a.units; i += grid_stride()) {
        unsigned row = static_cast<unsigned>(i) / a.columns;
        unsigned column = static_cast<unsigned>(i) % a.columns;
        static_cast<U *>(a.y)[row * a.to_row + column] =
            static_cast<const U *>(a.x)[row * a.from_row + column];
    }
}

struct resize_args {
    const void *x;
    void *y;
    unsigned rows;                      /* of pixels, of all samples of y */
    unsigned h, w, to_h, to_w, columns; /* sides up to 65535; units of a pixel */
};

/* Source of i in a length of `from` that became `to`. */
__device__ inline unsigned nearest(unsigned i, unsigned from, unsigned to)
{
    return i * from / to;
}

/* A block has some columns of a row of pixels, and of rows further down. */
template <class U> __global__ void copy_resized(const resize_args a)
{
    unsigned units = a.to_w * a.columns, unit = blockIdx.x * blockDim.x + threadIdx.x;
    if (unit >= units)
        return;
    unsigned column = nearest(unit / a.columns, a.w, a.to_w) * a.columns + unit % a.columns;
    for (unsigned row = blockIdx.y; row < a.rows; row += gridDim.y) {
        int64_t from = row / a.to_h * a.h + nearest(row % a.to_h, a.h, a.to_h);
        static_cast<U *>(a.y)[static_cast<int64_t>(row) * units + unit] =
            static_cast<const U *>(a.x)[from * a.w * a.columns + column];
    }
}

struct embed_args {
    lt_embed_args a;
    unsigned packs, columns; /* of y, of a row */
};

template <class T, int W> __global__ void embed_rows(const embed_args w)
{
    for (int64_t i = grid_index(); i < w.packs; i += grid_stride()) {
        unsigned row = static_cast<unsigned>(i) / w.columns;
        int64_t column = static_cast<unsigned>(i) % w.columns * W;
        int id = w.a.ids[row];
        float x[W], place[W];
        load<W>(place, static_cast<const T *>(w.a.positions) +
                           static_cast<int64_t>(row % w.a.length) * w.a.width + column);
        if (id >= 0 && id < w.a.vocabulary) {
            load<W>(x, static_cast<const T *>(w.a.tokens) + static_cast<int64_t>(id) * w.a.width +
                           column);
        } else {
#pragma unroll
            for (int k = 0; k < W; k++)
                x[k] = NAN;
        }
#pragma unroll
        for (int k = 0; k < W; k++)
            x[k] += place[k];
        store<W>(static_cast<T *>(w.a.y) + i * W, x);
    }
}

} // namespace
