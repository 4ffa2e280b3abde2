/* backends.c - see backends.h; the only place that knows which backends are compiled in. */
#include "backends.h"

#include <stddef.h>

#include "cpu/cpu.h"
#include "cuda/cuda.h"

const lt_backend_ops *const lt_backends[] = {&lt_cuda_backend, &lt_cpu_backend, &lt_ref_backend,
                                             NULL};
