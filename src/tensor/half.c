/* half.c - see half.h. */
#include "tensor/half.h"

#include <string.h>

#include "base/panic.h"

static float from_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static uint32_t to_bits(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

float lt_f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 1023u;
    if (exponent == 31)
        return from_bits(sign | 0x7F800000u | fraction << 13);
    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24, exact in float32 */
        float f = (float)fraction * 0x1p-24f;
        return sign ? -f : f;
    }
    return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

uint16_t lt_f32_to_f16(float f)
{
    uint32_t bits = to_bits(f), sign = bits >> 16 & 0x8000u, rest = bits & 0x7FFFFFFFu;
    if (rest > 0x7F800000u) /* NaN: keep it quiet */
        return (uint16_t)(sign | 0x7E00u);
    if (rest >= 0x477FF000u) /* rounds to 65536 or more */
        return (uint16_t)(sign | 0x7C00u);
    if (rest < 0x38800000u) { /* below 2^-14: adding 0.5 leaves the subnormal in the low bits */
        uint32_t shifted = to_bits(from_bits(rest) + 0.5f);
        return (uint16_t)(sign | (shifted - 0x3F000000u));
    }
    uint32_t odd = rest >> 13 & 1;
    return (uint16_t)(sign | (rest + 0xFFFu + odd - 0x38000000u) >> 13);
}

float lt_bf16_to_f32(uint16_t h)
{
    return from_bits((uint32_t)h << 16);
}

uint16_t lt_f32_to_bf16(float f)
{
    uint32_t bits = to_bits(f);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

void lt_to_f32(float *dst, const void *src, lt_dtype from, size_t n)
{
    const unsigned char *p = src;
    if (from == LT_F32) {
        if (n)
            memcpy(dst, src, n * sizeof *dst);
        return;
    }
    LT_ASSERT(from == LT_F16 || from == LT_BF16);
    for (size_t i = 0; i < n; i++) {
        uint16_t h;
        memcpy(&h, p + 2 * i, sizeof h);
        dst[i] = from == LT_F16 ? lt_f16_to_f32(h) : lt_bf16_to_f32(h);
    }
}

void lt_from_f32(void *dst, lt_dtype to, const float *src, size_t n)
{
    unsigned char *p = dst;
    if (to == LT_F32) {
        if (n)
            memcpy(dst, src, n * sizeof *src);
        return;
    }
    LT_ASSERT(to == LT_F16 || to == LT_BF16);
    for (size_t i = 0; i < n; i++) {
        uint16_t h = to == LT_F16 ? lt_f32_to_f16(src[i]) : lt_f32_to_bf16(src[i]);
        memcpy(p + 2 * i, &h, sizeof h);
    }
}
