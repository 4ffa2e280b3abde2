/* Every tiny model on the oneDNN backend, network by network, against diffusers; in bfloat16 where
 * this processor can. */
#include "cpu/cpu.h"
#include "support/golden_check.h"

int main(void)
{
    bool fast;
    int failed = golden_check_all(&lt_cpu_backend, LT_F32);
    if (lt_cpu_backend.supports(LT_BF16, &fast))
        failed += golden_check_all(&lt_cpu_backend, LT_BF16);
    return failed;
}
