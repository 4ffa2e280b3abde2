/* host_device_impl.h - what host_device.cc and host_record.cc share. */
#pragma once

#include <deque>
#include <vector>

#include "host_device.h"

extern "C" {
#include "cuda/stream_parts.h"
}

using work_list = std::vector<std::function<void()>>;

struct lt_gpu {
    lt_gpu_facts facts;
    std::vector<lt_gpu_stream *> streams;
};

struct lt_gpu_graph {
    work_list work;
};

struct lt_gpu_stream {
    lt_stream_parts parts; /* first */
    bool background;
    std::deque<std::function<void()>> waiting;
    lt_gpu_graph *recording;
};
