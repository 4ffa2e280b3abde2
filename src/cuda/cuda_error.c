/* cuda_error.c - see cuda_error.h. */
#include "cuda/cuda_error.h"

#include <stddef.h>

static const struct {
    cudaError_t error;
    const char *hint;
} hints[] = {
    {cudaErrorNoDevice, "nvidia-smi lists the GPUs; CUDA_VISIBLE_DEVICES may hide them"},
    {cudaErrorInvalidDevice, "nvidia-smi lists the GPUs; the first has number 0"},
    {cudaErrorDevicesUnavailable, "another program holds the GPU: nvidia-smi shows which"},
    {cudaErrorMemoryAllocation, "use a smaller --size or --batch; nvidia-smi shows who uses it"},
    {cudaErrorInsufficientDriver, "update the NVIDIA driver, or use --backend cpu"},
    {cudaErrorSystemDriverMismatch, "the driver was updated while it ran: restart the machine"},
    {cudaErrorSystemNotReady, "the driver's services do not run: sudo systemctl start "
                              "nvidia-fabricmanager, or restart the machine"},
    {cudaErrorCompatNotSupportedOnDevice, "take the compatibility libraries of CUDA out of "
                                          "LD_LIBRARY_PATH"},
    {cudaErrorStubLibrary, "take the folder with the stub libcuda.so.1 out of LD_LIBRARY_PATH"},
    {cudaErrorNoKernelImageForDevice, "this build has no code for this GPU: use --backend cpu"},
    {cudaErrorUnsupportedPtxVersion, "update the NVIDIA driver, or use --backend cpu"},
    {cudaErrorECCUncorrectable, "the GPU's memory is faulty: nvidia-smi -q -d ECC"},
    {cudaErrorLaunchTimeout, "a screen is attached to this GPU and it was busy too long; use a "
                             "smaller --size"},
};

static const char *hint_of(cudaError_t e)
{
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].error == e)
            return hints[i].hint;
    return "start again, or use --backend cpu";
}

bool lt_cuda_ok(cudaError_t e, const char *what, lt_error *err)
{
    if (e == cudaSuccess)
        return true;
    (void)cudaGetLastError();
    return lt_fail(err, e == cudaErrorMemoryAllocation ? LT_ERR_MEMORY : LT_ERR_DEVICE, hint_of(e),
                   "%s: %s (%s)", what, cudaGetErrorString(e), cudaGetErrorName(e));
}
