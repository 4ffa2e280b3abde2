/* half.c - see half.h. */
#include "tensor/half.h"

#include <string.h>

#include "base/panic.h"

enum { BLOCK = 256 };

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

/* Without branches, so that compilers make vectors of a loop over it. */
static uint16_t f16_of(uint32_t bits)
{
    uint32_t sign = bits >> 16 & 0x8000u;
    int32_t rest = (int32_t)(bits & 0x7FFFFFFFu),
            odd = rest >> 13 & 1; /* signed: SSE2 compares so */
    int32_t normal = (rest - 0x38000000 + 0xFFF + odd) >> 13;
    /* below 2^-14: adding 0.5 leaves the subnormal in the low bits */
    int32_t subnormal = (int32_t)to_bits(from_bits((uint32_t)rest) + 0.5f) - 0x3F000000;
    int32_t h = rest < 0x38800000 ? subnormal : normal;
    h = rest >= 0x477FF000 ? 0x7C00 : h; /* rounds to 65536 or more */
    h = rest > 0x7F800000 ? 0x7E00 : h;  /* NaN: keep it quiet */
    return (uint16_t)(sign | (uint32_t)h);
}

uint16_t lt_f32_to_f16(float f)
{
    return f16_of(to_bits(f));
}

float lt_bf16_to_f32(uint16_t h)
{
    return from_bits((uint32_t)h << 16);
}

static uint16_t bf16_of(uint32_t bits)
{
    uint32_t rounded = (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16, quiet = bits >> 16 | 0x40u;
    return (uint16_t)((bits & 0x7FFFFFFFu) > 0x7F800000u ? quiet : rounded);
}

uint16_t lt_f32_to_bf16(float f)
{
    return bf16_of(to_bits(f));
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

/* Blocks have a fixed length, for the same reason. */
static void narrow_f16(uint16_t *h, const uint32_t *bits)
{
    for (int i = 0; i < BLOCK; i++)
        h[i] = f16_of(bits[i]);
}

static void narrow_bf16(uint16_t *h, const uint32_t *bits)
{
    for (int i = 0; i < BLOCK; i++)
        h[i] = bf16_of(bits[i]);
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
    for (size_t at = 0; at < n; at += BLOCK) {
        uint32_t bits[BLOCK] = {0};
        uint16_t h[BLOCK];
        size_t count = n - at < BLOCK ? n - at : BLOCK;
        memcpy(bits, src + at, count * sizeof *bits);
        if (to == LT_F16)
            narrow_f16(h, bits);
        else
            narrow_bf16(h, bits);
        memcpy(p + 2 * at, h, count * sizeof *h);
    }
}
