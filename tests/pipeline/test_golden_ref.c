/* test_golden_ref.c - whole runs on the reference backend against diffusers. */
#include "golden_run.h"

int main(void)
{
    return golden_run_all(&lt_ref_backend, LT_F32);
}
