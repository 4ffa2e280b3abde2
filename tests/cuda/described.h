/* described.h - the devices of tests/data/cuda/ as targets of cuDNN. */
#pragma once

#include "cuda/cudnn.h"

/* name: "h100", "a100" or "rtx4090".  Fails the test if it cannot. */
lt_cudnn *described(const char *name);
