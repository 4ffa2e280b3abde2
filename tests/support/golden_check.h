/* golden_check.h - every network of a golden's model on a backend, against diffusers' numbers. */
#pragma once

#include "support/golden.h"
#include "tensor/backend.h"

/*
 * For each file of tests/data/golden: writes its model into a temporary directory (`demo` lies in
 * assets), runs the text encoder, the UNet of every step, the decoder and the encoder on the
 * golden's own inputs, prints the errors, and fails where one is over golden_limit.  One cmocka
 * test a golden; returns the number of failures, for main.
 */
int golden_check_all(const lt_backend_ops *ops, lt_dtype dtype);
