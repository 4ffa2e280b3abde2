/* device_impl.h - what device.c, record.c and driver.c share. */
#pragma once

#include <cuda_runtime_api.h>

#include "cuda/device.h"
#include "cuda/stream.h"

struct lt_gpu {
    int device;
    lt_gpu_facts facts;
};

struct lt_gpu_stream {
    lt_gpu *gpu; /* borrowed */
    cudaStream_t handle;
    void *workspace; /* owned */
    size_t workspace_size;
    void *slot[LT_GPU_SLOTS];
    void (*destroy[LT_GPU_SLOTS])(void *);
    bool recording;
};

/* True if there is a libcuda.so.1 to load, whatever it can do. */
bool lt_gpu_driver_found(void);
