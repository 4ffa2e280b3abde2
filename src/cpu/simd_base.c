/* simd_base.c - simd_body.inc for one instruction set; the compiler's flags are in CMakeLists.txt.
 */
#define SIMD_TABLE lt_cpu_simd_base
#define SIMD_NAME  "base"
#include "cpu/simd_body.inc"
