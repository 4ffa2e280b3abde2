/* hash.c - see hash.h. */
#include "base/hash.h"

#include <string.h>

static const uint64_t basis = 0xcbf29ce484222325u;

static uint64_t add(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * 0x100000001b3u;
}

uint64_t lt_hash_bytes(const void *bytes, size_t n)
{
    const unsigned char *c = bytes;
    uint64_t hash = basis;
    for (size_t i = 0; i < n; i++)
        hash = add(hash, c[i]);
    return hash;
}

uint64_t lt_hash_floats(const float *x, size_t n)
{
    uint64_t hash = basis;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        for (int shift = 0; shift < 32; shift += 8)
            hash = add(hash, (unsigned char)(bits >> shift));
    }
    return hash;
}
