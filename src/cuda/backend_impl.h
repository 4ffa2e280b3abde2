/* backend_impl.h - what cuda_backend.c and program.c share. */
#pragma once

#include "cuda/op_pool.h"
#include "cuda/weights.h"
#include "tensor/backend.h"

struct lt_backend {
    lt_dtype dtype;        /* storage: LT_F16, LT_BF16 or LT_F32 */
    lt_gpu *gpu;           /* owned */
    lt_gpu_stream *stream; /* owned: the work of programs, but of those that run beside them */
    lt_gpu_stream *beside; /* owned: the work of those; NULL before the first */
    lt_cuda_weights weights;
    lt_cuda_pool ops, ops_beside; /* an op belongs to a stream */
    size_t activations;           /* bytes of all programs' blocks */
};
