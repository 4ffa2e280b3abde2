/* host_numbers.h - stored numbers as floats and back, for the ops of the host floor. */
#pragma once

#include <cstddef>
#include <vector>

extern "C" {
#include "tensor/half.h"
}

inline std::vector<float> host_load(lt_dtype dtype, const void *from, size_t count)
{
    std::vector<float> x(count);
    lt_to_f32(x.data(), from, dtype, count);
    return x;
}

inline void host_store(lt_dtype dtype, void *to, const std::vector<float> &x)
{
    lt_from_f32(to, dtype, x.data(), x.size());
}

inline const void *host_at(lt_dtype dtype, const void *p, size_t element)
{
    return static_cast<const char *>(p) + element * lt_dtype_size(dtype);
}

inline void *host_at(lt_dtype dtype, void *p, size_t element)
{
    return static_cast<char *>(p) + element * lt_dtype_size(dtype);
}

/* Sums in float32, as the device does, in eight lanes. */
inline float host_dot(const float *a, const float *b, size_t n)
{
    float lane[8] = {};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            lane[k] += a[i + k] * b[i + k];
    float sum = 0;
    for (float x : lane)
        sum += x;
    for (; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}
