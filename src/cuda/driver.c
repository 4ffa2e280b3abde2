/* driver.c - is there a driver at all? */
#include <dlfcn.h>

#include "cuda/device_impl.h"

bool lt_gpu_driver_found(void)
{
    void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!driver)
        return false;
    dlclose(driver);
    return true;
}
