/*
 * mock_driver.c - a libcuda.so.1 for tests without a GPU, first in LD_LIBRARY_PATH of those tests
 * only: engines that cuDNN compiles at run time are compiled for the described device, and what the
 * driver would load of them is taken and dropped.  Calls that would need a device are refused.
 */

enum { VERSION = 13000, NO_DEVICE = 34 /* CUDA_ERROR_STUB_LIBRARY */ };

static int somewhere; /* what every handle points to */

#define TAKEN(name, parameters, result)                                                            \
    int name parameters;                                                                           \
    int name parameters                                                                            \
    {                                                                                              \
        result;                                                                                    \
        return 0;                                                                                  \
    }
#define REFUSED(name)                                                                              \
    int name(void);                                                                                \
    int name(void)                                                                                 \
    {                                                                                              \
        return NO_DEVICE;                                                                          \
    }

TAKEN(cuDriverGetVersion, (int *version), *version = VERSION)
TAKEN(cuGetErrorName, (int error, const char **name), (void)error; *name = "mock")
TAKEN(cuGetErrorString, (int error, const char **text), (void)error; *text = "a driver for tests")
TAKEN(cuLibraryLoadData, (void **library), *library = &somewhere)
TAKEN(cuLibraryUnload, (void *library), (void)library)
TAKEN(cuLibraryGetKernel, (void **kernel), *kernel = &somewhere)
TAKEN(cuLibraryGetModule, (void **module), *module = &somewhere)
TAKEN(cuKernelGetFunction, (void **function), *function = &somewhere)
TAKEN(cuKernelGetAttribute, (int *value), *value = 0)
TAKEN(cuFuncGetAttribute, (int *value), *value = 0)
TAKEN(cuModuleLoadData, (void **module), *module = &somewhere)
TAKEN(cuModuleGetFunction, (void **function), *function = &somewhere)

REFUSED(cuCtxGetCurrent)
REFUSED(cuCtxGetLimit)
REFUSED(cuCtxPopCurrent)
REFUSED(cuCtxPushCurrent)
REFUSED(cuDeviceGet)
REFUSED(cuDeviceGetCount)
REFUSED(cuKernelSetAttribute)
REFUSED(cuLaunchCooperativeKernel)
REFUSED(cuLaunchKernel)
REFUSED(cuLaunchKernelEx)
REFUSED(cuLibraryLoadFromFile)
REFUSED(cuLinkAddData)
REFUSED(cuLinkComplete)
REFUSED(cuLinkCreate)
REFUSED(cuLinkDestroy)
REFUSED(cuOccupancyMaxPotentialClusterSize)
REFUSED(cuStreamGetCtx)
