/* golden_run.h - whole runs against diffusers' goldens. */
#pragma once

#include "tensor/backend.h"

/*
 * Runs every file of tests/data/golden/ from prompt to picture with the arguments that it holds:
 * ids and noise must be equal, the latents of every step and the picture within golden_limit.
 * Prints the errors.  One cmocka test a golden; returns the number of failures, for main.
 */
int golden_run_all(const lt_backend_ops *ops, lt_dtype dtype);
