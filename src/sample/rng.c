/*
 * rng.c - torch's CPU normals.
 *
 * From 16 values on torch runs a vector kernel (normal_fill_AVX2): Box-Muller (1958) on blocks of
 * 16 uniforms, with ln, sin and cos as the single precision polynomials of Moshier's Cephes.  Bits
 * are equal only where every operation is rounded as there, so the multiply-adds that its compiler
 * fused are spelled fmaf and all others must not be (-ffp-contract=off).
 * Below 16 values torch computes pairs in double with libm.
 */
#include "sample/rng.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 16, LANES = BLOCK / 2, MIDDLE = 397 };

void lt_rng_seed(lt_rng *rng, uint64_t seed)
{
    rng->state[0] = (uint32_t)seed;
    for (uint32_t i = 1; i < LT_RNG_WORDS; i++) {
        uint32_t before = rng->state[i - 1];
        rng->state[i] = 1812433253u * (before ^ before >> 30) + i; /* Knuth, TAOCP 2, 3.3.4 */
    }
    rng->next = LT_RNG_WORDS;
    rng->has_kept = false;
    rng->kept = 0;
}

bool lt_rng_seed_truncated(uint64_t seed)
{
    return seed > UINT32_MAX;
}

static uint32_t twist(uint32_t high, uint32_t low, uint32_t far)
{
    uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);
    return far ^ y >> 1 ^ (-(low & 1u) & 0x9908b0dfu);
}

static void refill(lt_rng *rng)
{
    uint32_t *s = rng->state;
    int i = 0;
    for (; i < LT_RNG_WORDS - MIDDLE; i++)
        s[i] = twist(s[i], s[i + 1], s[i + MIDDLE]);
    for (; i < LT_RNG_WORDS - 1; i++)
        s[i] = twist(s[i], s[i + 1], s[i + MIDDLE - LT_RNG_WORDS]);
    s[i] = twist(s[i], s[0], s[MIDDLE - 1]);
    rng->next = 0;
}

uint32_t lt_rng_u32(lt_rng *rng)
{
    if (rng->next >= LT_RNG_WORDS)
        refill(rng);
    uint32_t y = rng->state[rng->next++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

/* 53 bits, [0, 1). */
static double uniform_double(lt_rng *rng)
{
    uint64_t high = lt_rng_u32(rng);
    uint64_t both = high << 32 | lt_rng_u32(rng);
    return (double)(both & ((UINT64_C(1) << 53) - 1)) * 0x1p-53;
}

/* 24 bits, [0, 1). */
static void uniform_floats(lt_rng *rng, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(int32_t)(lt_rng_u32(rng) & 0xffffffu) * 0x1p-24f;
}

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* What follows is inlined into a copy per instruction set: choices are masks, so that the loop over
 * a block becomes vector code, and the results do not depend on the copy. */
#define INLINED static inline __attribute__((always_inline))

/* a where the mask is all ones, b where it is 0. */
INLINED float choose(uint32_t mask, float a, float b)
{
    return float_of((bits_of(a) & mask) | (bits_of(b) & ~mask));
}

/* ln x for a normal x in (0, 1]; Cephes logf. */
INLINED float ln(float x)
{
    uint32_t bits = bits_of(x);
    float m = float_of((bits & 0x007fffffu) | 0x3f000000u); /* x = m * 2^e, m in [0.5, 1) */
    float e = (float)((int32_t)(bits >> 23) - 126);
    uint32_t low = -(uint32_t)(m < 0.707106781186547524f);
    e -= choose(low, 1.0f, 0.0f);
    float r = (m - 1.0f) + choose(low, m, 0.0f);
    float z = r * r;
    float y = 7.0376836292e-2f;
    y = fmaf(y, r, -1.1514610310e-1f);
    y = fmaf(y, r, 1.1676998740e-1f);
    y = fmaf(y, r, -1.2420140846e-1f);
    y = fmaf(y, r, 1.4249322787e-1f);
    y = fmaf(y, r, -1.6668057665e-1f);
    y = fmaf(y, r, 2.0000714765e-1f);
    y = fmaf(y, r, -2.4999993993e-1f);
    y = fmaf(y, r, 3.3333331174e-1f);
    y = y * r;
    y = fmaf(y, z, e * -2.12194440e-4f);
    y = y - z * 0.5f;
    return (r + y) + e * 0.693359375f;
}

/* Both of an angle in [0, 2 pi]; Cephes sinf and cosf. */
INLINED void sin_cos(float x, float *sine, float *cosine)
{
    uint32_t octant = (uint32_t)((int32_t)(x * 1.27323954473516f) + 1) & ~1u; /* 4 / pi */
    float y = (float)(int32_t)octant;
    x = fmaf(y, -0.78515625f, x); /* pi / 4 in three parts */
    x = fmaf(y, -2.4187564849853515625e-4f, x);
    x = fmaf(y, -3.77489497744594108e-8f, x);
    float z = x * x;
    float c = fmaf(2.443315711809948e-5f, z, -1.388731625493765e-3f);
    c = fmaf(c, z, 4.166664568298827e-2f);
    c = c * z;
    c = fmaf(c, z, -(z * 0.5f));
    c = c + 1.0f;
    float s = fmaf(-1.9515295891e-4f, z, 8.3321608736e-3f);
    s = fmaf(s, z, -1.6666654611e-1f);
    s = s * z;
    s = fmaf(s, x, x);
    uint32_t swap = -(octant >> 1 & 1u);
    *sine = float_of(bits_of(choose(swap, c, s)) ^ (octant & 4u) << 29);
    *cosine = float_of(bits_of(choose(swap, s, c)) ^ (~(octant - 2u) & 4u) << 29);
}

/* Uniforms become normals in place; n is a multiple of BLOCK. */
INLINED void transform(float *v, size_t n)
{
    for (size_t i = 0; i < n; i += BLOCK) {
        float out[BLOCK];
        for (int j = 0; j < LANES; j++) {
            float s, c;
            float r = sqrtf(-2.0f * ln(1.0f - v[i + j]));
            sin_cos(6.283185307179586f * v[i + LANES + j], &s, &c);
            out[j] = r * c + 0.0f; /* the kernel adds a mean of 0, which turns -0 into 0 */
            out[LANES + j] = r * s + 0.0f;
        }
        memcpy(v + i, out, sizeof out);
    }
}

static void transform_any(float *v, size_t n)
{
    transform(v, n);
}

#if defined(__x86_64__)
/* Without the instruction each fmaf is a call. */
__attribute__((target("avx2,fma"))) static void transform_fma(float *v, size_t n)
{
    transform(v, n);
}

static void to_normals(float *v, size_t n)
{
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        transform_fma(v, n);
    else
        transform_any(v, n);
}
#else
static void to_normals(float *v, size_t n)
{
    transform_any(v, n);
}
#endif

static double scalar_normal(lt_rng *rng)
{
    if (rng->has_kept) {
        rng->has_kept = false;
        return rng->kept;
    }
    double u1 = uniform_double(rng);
    double u2 = uniform_double(rng);
    double r = sqrt(-2.0 * log1p(-u2));
    double t = 2.0 * 3.14159265358979323846 * u1;
    rng->kept = r * sin(t);
    rng->has_kept = true;
    return r * cos(t);
}

void lt_rng_normal(lt_rng *rng, float *out, size_t n)
{
    if (n < BLOCK) {
        for (size_t i = 0; i < n; i++)
            out[i] = (float)scalar_normal(rng);
        return;
    }
    uniform_floats(rng, out, n);
    to_normals(out, n - n % BLOCK);
    if (n % BLOCK != 0) { /* torch makes the last block anew, over values already made */
        uniform_floats(rng, out + n - BLOCK, BLOCK);
        to_normals(out + n - BLOCK, BLOCK);
    }
}
