/*
 * launch.cuh - how kernels are started and get their shared memory, in CUDA.  On the processor
 * tests/cuda/host_cuda.h, which is included before everything, has these under the same names.
 *
 * A kernel takes one struct; all of its shared memory is dynamic.
 */
#pragma once

extern "C" {
#include "base/error.h"
#include "cuda/device.h"
#ifdef __CUDACC__
#include "cuda/stream.h"
#endif
}

#ifdef __CUDACC__
namespace
{

/* What every device has without being asked. */
constexpr size_t SHARED_BYTES = 48 * 1024;

struct launch_shape {
    const char *name; /* for errors */
    dim3 grid;        /* any of it 0: there is nothing to do */
    unsigned threads; /* of a block */
    size_t shared;    /* bytes */
};

template <class A>
bool launch(lt_gpu_stream *s, void (*kernel)(A), const launch_shape &how, const A &args,
            lt_error *err)
{
    const void *entry = reinterpret_cast<const void *>(kernel);
    void *list[] = {const_cast<A *>(&args)};
    cudaError_t status = cudaSuccess;
    if (how.grid.x == 0 || how.grid.y == 0 || how.grid.z == 0)
        return true;
    if (how.shared > SHARED_BYTES)
        status = cudaFuncSetAttribute(entry, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                      static_cast<int>(how.shared));
    if (status == cudaSuccess)
        status = cudaLaunchKernel(entry, how.grid, dim3(how.threads), list, how.shared,
                                  static_cast<cudaStream_t>(lt_gpu_stream_handle(s)));
    if (status == cudaSuccess)
        return true;
    (void)cudaGetLastError(); /* told here, not by the next call that asks */
    return lt_fail(err, LT_ERR_DEVICE, NULL, "kernel '%s' was refused: %s", how.name,
                   cudaGetErrorString(status));
}

template <class T> __device__ T *shared_memory()
{
    extern __shared__ uint4 lt_shared[];
    return reinterpret_cast<T *>(lt_shared);
}

} // namespace
#endif
