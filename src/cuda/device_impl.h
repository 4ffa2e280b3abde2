/* device_impl.h - what device.c, record.c and driver.c share. */
#pragma once

#include <cuda_runtime_api.h>

#include "cuda/device.h"
#include "cuda/stream_parts.h"

struct lt_gpu {
    int device;
    lt_gpu_facts facts;
};

struct lt_gpu_stream {
    lt_stream_parts parts; /* first */
    cudaStream_t handle;
    bool recording;
};

/* True if there is a libcuda.so.1 to load, whatever it can do. */
bool lt_gpu_driver_found(void);
