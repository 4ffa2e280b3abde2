/* simd_avx512.c - simd_body.inc for one instruction set; the compiler's flags are in
 * CMakeLists.txt.
 */
#define SIMD_TABLE lt_cpu_simd_avx512
#define SIMD_NAME  "avx512"
#include "cpu/simd_body.inc"
