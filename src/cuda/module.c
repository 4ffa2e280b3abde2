/* module.c - the one symbol of latentty-cuda.so; see module.h.  What the module needs of base/ and
 * tensor/ it takes from the program that opens it, so that there is one of each. */
#include "cuda/module.h"

#include "base/version.h"
#include "cuda/cuda_backend.h"

extern const lt_cuda_module_table lt_cuda_module;

__attribute__((visibility("default"))) const lt_cuda_module_table lt_cuda_module = {
    .size = LT_CUDA_MODULE_SIZE,
    .version = LT_VERSION,
    .ops = &lt_cuda_ops,
};
