/*
 * stream.h - what the files of src/cuda know of a stream beyond device.h: its handle, and places
 * for what others keep as long as it lives.
 */
#pragma once

#include "cuda/device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The cudaStream_t. */
void *lt_gpu_stream_handle(const lt_gpu_stream *s);

typedef enum lt_gpu_slot_name {
    LT_GPU_SLOT_CUDNN,    /* cudnn.c: its handle */
    LT_GPU_SLOT_CUBLASLT, /* matmul.c: its handle */
    LT_GPU_SLOT_PLANS,    /* plans.c: the cache of plans */
    LT_GPU_SLOTS
} lt_gpu_slot_name;

/* A place that is NULL until its owner puts something there.  lt_gpu_stream_close gives what is in
 * it to `destroy`, after the stream's work is done and before its handle goes. */
void **lt_gpu_slot(lt_gpu_stream *s, lt_gpu_slot_name which, void (*destroy)(void *));

#ifdef __cplusplus
}
#endif
