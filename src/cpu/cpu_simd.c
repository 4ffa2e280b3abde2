/* cpu_simd.c - which of the compiled tables this processor can run. */
#include <stdbool.h>

#include "cpu/simd_tables.h"

static bool have_avx512(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

static bool have_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

const lt_cpu_simd *lt_cpu_simd_nth(int i)
{
    const lt_cpu_simd *usable[3];
    int count = 0;
    if (have_avx512())
        usable[count++] = &lt_cpu_simd_avx512;
    if (have_avx2())
        usable[count++] = &lt_cpu_simd_avx2;
    usable[count++] = &lt_cpu_simd_base;
    return i < count ? usable[i] : NULL;
}

const lt_cpu_simd *lt_cpu_simd_best(void)
{
    return lt_cpu_simd_nth(0);
}
