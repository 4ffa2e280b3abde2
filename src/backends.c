/* backends.c - see backends.h; the only place that knows which backends are compiled in. */
#include "backends.h"

#include <stddef.h>

#include "cpu/cpu.h"

const lt_backend_ops *const lt_backends[] = {&lt_cpu_backend, &lt_ref_backend, NULL};
