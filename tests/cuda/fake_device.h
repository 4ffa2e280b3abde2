/*
 * fake_device.h - a device.h whose memory is the host's and whose work takes the time that the test
 * says; nothing is computed.
 */
#pragma once

#include "cuda/stream.h"

/* What a test wants to see, and what it wants to fail. */
typedef struct fake_device {
    int allocations, frees; /* of lt_gpu_alloc and lt_gpu_free */
    int replays, drops;     /* graphs replayed, recordings given up */
    int hiccup;             /* the replay with this number takes ten times as long; 0: none */
    bool no_memory;         /* lt_gpu_alloc fails */
    bool broken;            /* lt_gpu_wait fails */
} fake_device;

lt_gpu_stream *fake_stream_open(fake_device *d); /* d: borrowed */
void fake_stream_close(lt_gpu_stream *s);
/* A piece of work of so many seconds. */
void fake_work(lt_gpu_stream *s, double seconds);
bool fake_recording(const lt_gpu_stream *s);
