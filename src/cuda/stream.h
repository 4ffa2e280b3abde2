/*
 * stream.h - the stream below a stream, for those parts of src/cuda/ that call CUDA themselves.
 */
#pragma once

#include "cuda/device.h"

/* The cudaStream_t; borrowed. */
void *lt_gpu_stream_handle(const lt_gpu_stream *s);
