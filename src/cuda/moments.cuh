/*
 * moments.cuh - means and variances of numbers that come in parts: Welford's and Chan's formulas,
 * which keep what a sum of squares loses when the mean is far from 0.
 */
#pragma once

namespace
{

struct moments {
    float n, mean, m2; /* how many, their mean, their squared distances from it */
};

__device__ inline moments merged(const moments &a, const moments &b)
{
    float n = a.n + b.n;
    float part = n > 0.0F ? __fdividef(b.n, n) : 0.0F;
    float d = b.mean - a.mean;
    return {n, a.mean + d * part, a.m2 + b.m2 + d * d * a.n * part};
}

/* Of the warp; lane 0's counts. */
__device__ inline moments warp_merged(moments m)
{
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
        moments other = {__shfl_xor_sync(0xFFFFFFFFU, m.n, step),
                         __shfl_xor_sync(0xFFFFFFFFU, m.mean, step),
                         __shfl_xor_sync(0xFFFFFFFFU, m.m2, step)};
        m = merged(m, other);
    }
    return m;
}

/* Moments of W columns of numbers, a row at a time. */
template <int W> struct column_moments {
    float n, mean[W], m2[W];
};

template <int W> __device__ void take(column_moments<W> &m, const float (&x)[W])
{
    m.n += 1.0F;
    float part = __fdividef(1.0F, m.n);
#pragma unroll
    for (int i = 0; i < W; i++) {
        float d = x[i] - m.mean[i];
        m.mean[i] += d * part;
        m.m2[i] += d * (x[i] - m.mean[i]);
    }
}

} // namespace
