/*
 * cuda.h - the backend `cuda`: NVIDIA GPUs from compute capability 8.0 on, through cuDNN, cuBLASLt
 * and own kernels.
 *
 * All that knows CUDA is in a module, latentty-cuda.so, which is opened when the backend is first
 * asked about, from the program's own folder or the libdir of its installation and from nowhere
 * else.  So one program runs everywhere: without the module, the libraries, a driver or a GPU
 * `usable` says which of them is missing.  The program does not link libcuda, and neither does the
 * module.
 */
#pragma once

#include "tensor/backend.h"

extern const lt_backend_ops lt_cuda_backend;
