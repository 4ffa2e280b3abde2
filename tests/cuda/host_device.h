/*
 * host_device.h - a floor (cuda/device.h) on the processor, as much of it as kernels need.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#include "cuda/device.h"

typedef struct lt_host_floor {
    long fail_at; /* the call with this number fails, the first being 1; 0: none */
    long calls;
} lt_host_floor;

lt_host_floor *lt_host(void);
void lt_host_reset(void);
/* False with an error if the call with this name is to fail. */
bool lt_host_call(const char *name, lt_error *err);

#ifdef __cplusplus
}

#include <functional>

/* Puts a piece of work into the stream. */
void lt_host_enqueue(lt_gpu_stream *s, std::function<void()> work);
#endif
