/*
 * device.c - device.h over the CUDA runtime: devices, memory, streams.  What records and measures
 * is in record.c.
 */
#include "cuda/device.h"

#include <cublasLt.h>
#include <cudnn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cuda/cuda_error.h"
#include "cuda/device_impl.h"
#include "cuda/stream.h"

enum { OLDEST = 8 }; /* major compute capability: Ampere, the first with bf16 */

#if CUDART_VERSION >= 13000
#define DRIVER_NEEDED "580"
#else
#define DRIVER_NEEDED "525"
#endif

static double mib(size_t bytes)
{
    return (double)bytes / (1 << 20);
}

static int fail_driver(lt_error *err)
{
    int has = 0;
    (void)cudaDriverGetVersion(&has);
    (void)cudaGetLastError();
    lt_fail(err, LT_ERR_DEVICE, "update the NVIDIA driver to " DRIVER_NEEDED " or newer",
            "the NVIDIA driver is too old: it can do CUDA %d.%d, this build needs %d.%d",
            has / 1000, has % 1000 / 10, CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
    return 0;
}

int lt_gpu_count(lt_error *err)
{
    int count = 0;
    if (!lt_gpu_driver_found()) { /* far cheaper than asking the runtime */
        lt_fail(err, LT_ERR_DEVICE, "install the NVIDIA driver " DRIVER_NEEDED " or newer",
                "no NVIDIA driver: libcuda.so.1 was not found");
        return 0;
    }
    cudaError_t e = cudaGetDeviceCount(&count);
    if (e == cudaErrorInsufficientDriver)
        return fail_driver(err);
    if (e == cudaSuccess && count == 0)
        e = cudaErrorNoDevice;
    return lt_cuda_ok(e, "cannot look for GPUs", err) ? count : 0;
}

/* The thread's own device stays what it was. */
static bool ask_room(int device, size_t *room, lt_error *err)
{
    size_t total;
    int before;
    bool ok = lt_cuda_ok(cudaGetDevice(&before), "cannot use the GPU", err);
    if (!ok)
        return false;
    ok = lt_cuda_ok(cudaSetDevice(device), "cannot use the GPU", err) &&
         lt_cuda_ok(cudaMemGetInfo(room, &total), "cannot use the GPU", err);
    (void)cudaSetDevice(before);
    return ok;
}

bool lt_gpu_facts_of(int device, lt_gpu_facts *out, lt_error *err)
{
    struct cudaDeviceProp p;
    lt_gpu_facts f = {.cudnn = cudnnGetVersion(), .cublas = cublasLtGetVersion()};
    int count = lt_gpu_count(err);
    if (count == 0)
        return false;
    if (device < 0 || device >= count)
        return lt_fail(err, LT_ERR_ARGUMENT, "--device 0", "GPU %d, expected 0 to %d", device,
                       count - 1);
    if (!lt_cuda_ok(cudaGetDeviceProperties(&p, device), "cannot ask the GPU", err) ||
        !lt_cuda_ok(cudaDriverGetVersion(&f.driver), "cannot ask the driver", err) ||
        !lt_cuda_ok(cudaRuntimeGetVersion(&f.runtime), "cannot ask CUDA", err))
        return false;
    snprintf(f.name, sizeof f.name, "%s", p.name);
    f.major = p.major;
    f.minor = p.minor;
    f.processors = p.multiProcessorCount;
    f.memory = p.totalGlobalMem;
    if (f.major < OLDEST)
        return lt_fail(err, LT_ERR_DEVICE, "--backend cpu",
                       "GPU %d (%s) has compute capability %d.%d, at least %d.0 is needed", device,
                       f.name, f.major, f.minor, OLDEST);
    if (!ask_room(device, &f.free_memory, err))
        return false;
    *out = f;
    return true;
}

bool lt_gpu_open(int device, lt_gpu **out, lt_error *err)
{
    lt_gpu_facts facts;
    if (!lt_gpu_facts_of(device, &facts, err))
        return false;
    if (!lt_cuda_ok(cudaSetDevice(device), "cannot use the GPU", err))
        return false;
    lt_gpu *g = lt_alloc(sizeof *g);
    g->device = device;
    g->facts = facts;
    *out = g;
    return true;
}

void lt_gpu_close(lt_gpu *g)
{
    free(g);
}

const lt_gpu_facts *lt_gpu_about(const lt_gpu *g)
{
    return &g->facts;
}

size_t lt_gpu_room(const lt_gpu *g)
{
    size_t room = 0, total = 0;
    if (cudaSetDevice(g->device) != cudaSuccess || cudaMemGetInfo(&room, &total) != cudaSuccess) {
        (void)cudaGetLastError();
        return 0;
    }
    return room;
}

/* ---- memory ---- */

static bool use(const lt_gpu *g, lt_error *err)
{
    return lt_cuda_ok(cudaSetDevice(g->device), "cannot use the GPU", err);
}

bool lt_gpu_alloc(lt_gpu *g, size_t bytes, const char *what, void **out, lt_error *err)
{
    if (!use(g, err))
        return false;
    cudaError_t e = cudaMalloc(out, bytes ? bytes : 1);
    if (e == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError();
        return lt_fail(err, LT_ERR_MEMORY,
                       "use a smaller --size or --batch; nvidia-smi shows who uses the GPU",
                       "%s: %.1f MiB of GPU memory asked, %.1f MiB are free", what, mib(bytes),
                       mib(lt_gpu_room(g)));
    }
    return lt_cuda_ok(e, what, err);
}

void lt_gpu_free(lt_gpu *g, void *memory)
{
    if (!memory)
        return;
    (void)cudaSetDevice(g->device);
    (void)cudaFree(memory);
    (void)cudaGetLastError();
}

bool lt_gpu_pin(lt_gpu *g, size_t bytes, const char *what, void **out, lt_error *err)
{
    if (!use(g, err))
        return false;
    cudaError_t e = cudaMallocHost(out, bytes ? bytes : 1);
    if (e == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError();
        return lt_fail(err, LT_ERR_MEMORY, "close other programs",
                       "%s: %.1f MiB of host memory that the GPU can read asked", what, mib(bytes));
    }
    return lt_cuda_ok(e, what, err);
}

void lt_gpu_unpin(lt_gpu *g, void *memory)
{
    if (!memory)
        return;
    (void)cudaSetDevice(g->device);
    (void)cudaFreeHost(memory);
    (void)cudaGetLastError();
}

/* ---- streams ---- */

bool lt_gpu_stream_open(lt_gpu *g, bool background, lt_gpu_stream **out, lt_error *err)
{
    int least, greatest;
    lt_gpu_stream *s = lt_alloc(sizeof *s);
    s->parts.gpu = g;
    if (use(g, err) &&
        lt_cuda_ok(cudaDeviceGetStreamPriorityRange(&least, &greatest), "cannot make a stream",
                   err) &&
        lt_cuda_ok(cudaStreamCreateWithPriority(&s->handle, cudaStreamNonBlocking,
                                                background ? least : greatest),
                   "cannot make a stream", err)) {
        *out = s;
        return true;
    }
    free(s);
    return false;
}

void lt_gpu_stream_close(lt_gpu_stream *s)
{
    if (!s)
        return;
    (void)cudaSetDevice(s->parts.gpu->device);
    (void)cudaStreamSynchronize(s->handle);
    lt_stream_parts_done(&s->parts);
    (void)cudaStreamDestroy(s->handle);
    (void)cudaGetLastError();
    free(s);
}

void *lt_gpu_stream_handle(const lt_gpu_stream *s)
{
    return s->handle;
}

/* ---- copies ---- */

bool lt_gpu_upload(lt_gpu_stream *s, void *device, const void *host, size_t bytes, lt_error *err)
{
    struct cudaPointerAttributes about;
    if (!lt_cuda_ok(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, s->handle),
                    "cannot copy to the GPU", err))
        return false;
    if (s->recording || (cudaPointerGetAttributes(&about, host) == cudaSuccess &&
                         about.type != cudaMemoryTypeUnregistered))
        return true;
    return lt_gpu_wait(s, err); /* the caller may change ordinary memory at once */
}

bool lt_gpu_download(lt_gpu_stream *s, void *pinned, const void *device, size_t bytes,
                     lt_error *err)
{
    return lt_cuda_ok(cudaMemcpyAsync(pinned, device, bytes, cudaMemcpyDeviceToHost, s->handle),
                      "cannot copy from the GPU", err);
}

bool lt_gpu_copy(lt_gpu_stream *s, void *to, const void *from, size_t bytes, lt_error *err)
{
    return lt_cuda_ok(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, s->handle),
                      "cannot copy on the GPU", err);
}

bool lt_gpu_wait(lt_gpu_stream *s, lt_error *err)
{
    return lt_cuda_ok(cudaStreamSynchronize(s->handle), "the GPU failed at its work", err);
}

bool lt_gpu_idle(lt_gpu_stream *s, bool *yes, lt_error *err)
{
    cudaError_t e = cudaStreamQuery(s->handle);
    *yes = e == cudaSuccess;
    if (e != cudaErrorNotReady)
        return lt_cuda_ok(e, "the GPU failed at its work", err);
    (void)cudaGetLastError();
    return true;
}
