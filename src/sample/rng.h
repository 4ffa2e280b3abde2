/*
 * rng.h - the random numbers of torch's CPU generator, bit for bit.
 *
 * Engine: mt19937 (Matsumoto and Nishimura 1998) as at::mt19937.  Normals: what
 * torch.randn(n, dtype=float32, generator=g) gives for a contiguous tensor on an x86-64 machine
 * with AVX2, checked against torch 2.15.  A generator is plain data: assign it to copy it, and both
 * go on alike.  Thread-safe for different generators; nothing allocates.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LT_RNG_WORDS 624 /* mt19937's state */

typedef struct lt_rng {
    uint32_t state[LT_RNG_WORDS];
    int next;      /* the word of state that is drawn next; LT_RNG_WORDS: none left */
    bool has_kept; /* torch keeps the second value of a scalar Box-Muller pair across calls */
    double kept;
} lt_rng;

/* As torch.Generator().manual_seed(seed); torch uses the low 32 bits only. */
void lt_rng_seed(lt_rng *rng, uint64_t seed);

/* True if torch, and so lt_rng_seed, ignores a part of this seed. */
bool lt_rng_seed_truncated(uint64_t seed);

/* The next output of the engine, 0 to 2^32 - 1. */
uint32_t lt_rng_u32(lt_rng *rng);

/*
 * out [n]: standard normals, the n values that one call of torch.randn(n) gives.  Two calls are not
 * one: below 16 values, and in the last 16 where n is no multiple of 16, torch draws differently.
 */
void lt_rng_normal(lt_rng *rng, float *out, size_t n);
