/* host_device_impl.h - what host_device.cc and host_record.cc share. */
#pragma once

#include <vector>

#include "host_device.h"

extern "C" {
#include "cuda/stream_parts.h"
}

using work_list = std::vector<std::function<void()>>;

struct lt_gpu {
    lt_gpu_facts facts;
    int streams;
};

struct lt_gpu_graph {
    work_list work;
};

struct lt_gpu_stream {
    lt_stream_parts parts; /* first */
    work_list waiting;
    lt_gpu_graph *recording;
};

/* Misuse is a bug of the caller that a device would hide or punish later: says it and aborts. */
[[noreturn]] void lt_host_misuse(const char *what);
