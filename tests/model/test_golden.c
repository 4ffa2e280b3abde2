/* Every tiny model on the reference backend, network by network, against diffusers. */
#include "support/golden_check.h"

int main(void)
{
    return golden_check_all(&lt_ref_backend, LT_F32);
}
