/* simd_tables.h - one table per instruction set; use lt_cpu_simd_best. */
#pragma once

#include "cpu/cpu_simd.h"

extern const lt_cpu_simd lt_cpu_simd_base;
extern const lt_cpu_simd lt_cpu_simd_avx2;
extern const lt_cpu_simd lt_cpu_simd_avx512;
