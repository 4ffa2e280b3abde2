/*
 * module.h - what the program finds in latentty-cuda.so.  Both are built together: what is passed
 * are the structs of tensor/, and a module of another build is refused.
 */
#pragma once

#include "tensor/backend.h"

/* The one symbol of the module. */
#define LT_CUDA_SYMBOL "lt_cuda_module"

typedef struct lt_cuda_module_table {
    size_t size;         /* of this struct and of the structs that cross, so that a mixture shows */
    const char *version; /* LT_VERSION */
    const lt_backend_ops *ops;
} lt_cuda_module_table;

/* What `size` must be. */
#define LT_CUDA_MODULE_SIZE                                                                        \
    (sizeof(lt_cuda_module_table) + 3 * sizeof(lt_backend_ops) + 5 * sizeof(lt_tensor) +           \
     7 * sizeof(lt_error) + 11 * sizeof(lt_step_time))
