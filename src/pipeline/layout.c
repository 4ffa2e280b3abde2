/* layout.c - see layout.h. */
#include "pipeline/layout.h"

#include <stddef.h>

void lt_layout_to_last(float *dst, const float *src, int n, int channels, int pixels)
{
    size_t c = (size_t)channels, p = (size_t)pixels;
    for (size_t i = 0; i < (size_t)n; i++, src += c * p, dst += c * p)
        for (size_t k = 0; k < c; k++)
            for (size_t j = 0; j < p; j++)
                dst[j * c + k] = src[k * p + j];
}

void lt_layout_to_first(float *dst, const float *src, int n, int channels, int pixels, int pitch)
{
    size_t c = (size_t)channels, p = (size_t)pixels, step = (size_t)pitch;
    for (size_t i = 0; i < (size_t)n; i++, src += step * p, dst += c * p)
        for (size_t k = 0; k < c; k++)
            for (size_t j = 0; j < p; j++)
                dst[k * p + j] = src[j * step + k];
}
