/* real_floor.c - a real GPU in place of the floor that host_device.h describes: there is nothing to
 * count and nothing to make fail. */
#include "host_device.h"

lt_host_floor *lt_host(void)
{
    static lt_host_floor floor = {.real = true};
    return &floor;
}

void lt_host_reset(void)
{
}
