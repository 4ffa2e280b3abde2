/* backend_impl.h - what cuda_backend.c and program.c share. */
#pragma once

#include "cuda/op_pool.h"
#include "cuda/weights.h"
#include "tensor/backend.h"

struct lt_backend {
    lt_dtype dtype;        /* storage: LT_F16, LT_BF16 or LT_F32 */
    lt_gpu *gpu;           /* owned */
    lt_gpu_stream *stream; /* owned: all work of all programs */
    lt_cuda_weights weights;
    lt_cuda_pool ops;
    size_t activations; /* bytes of all programs' blocks */
};
