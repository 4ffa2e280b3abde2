/* cuda_error.h - the CUDA runtime's errors in words. */
#pragma once

#include <cuda_runtime_api.h>

#include "base/error.h"

/* True for cudaSuccess; else fails as LT_ERR_DEVICE ("WHAT: reason (name)"), with a hint, or
 * LT_ERR_MEMORY if the device has none left.  Forgets the error in the runtime where it can. */
bool lt_cuda_ok(cudaError_t e, const char *what, lt_error *err) LT_WARN_UNUSED;
