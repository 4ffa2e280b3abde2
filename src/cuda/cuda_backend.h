/* cuda_backend.h - the backend of NVIDIA GPUs. */
#pragma once

#include "tensor/backend.h"

/* Through cuDNN, cuBLASLt and our own kernels: f16, and bf16 and f32.  The program reaches it
 * through a module (cuda.h). */
extern const lt_backend_ops lt_cuda_ops;
