/*
 * cpu.h - the backend `cpu`: oneDNN for convolutions and matrix products, own vectorised code for
 * the rest.  float32 everywhere, bfloat16 where the processor has at least AVX-512; results of one
 * processor do not depend on the batch a picture is part of by more than rounding, nor on what is
 * tapped.
 */
#pragma once

#include "tensor/backend.h"

extern const lt_backend_ops lt_cpu_backend;
