/* backends.h - the backends of this program. */
#pragma once

#include "tensor/backend.h"

/* Compiled in, best first; NULL at the end. */
extern const lt_backend_ops *const lt_backends[];
