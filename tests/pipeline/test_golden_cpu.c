/* test_golden_cpu.c - whole runs on the oneDNN backend against diffusers, in float32 and bfloat16.
 */
#include "cpu/cpu.h"
#include "golden_run.h"

int main(void)
{
    bool fast;
    int failed = golden_run_all(&lt_cpu_backend, LT_F32);
    if (lt_cpu_backend.supports(LT_BF16, &fast))
        failed += golden_run_all(&lt_cpu_backend, LT_BF16);
    return failed;
}
