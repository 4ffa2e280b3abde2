/*
 * fake_cudnn.h - a cuDNN whose device is there, as far as making plans goes: handles stand for a
 * described H100, and running a plan takes the time that the test says and computes nothing.  In
 * the library's place in a program that links this; all else is the library's.
 */
#pragma once

#include <stdint.h>

#include "fake_device.h"

enum { FAKE_PLANS = 64, FAKE_OPERANDS = 8 };

typedef struct fake_cudnn {
    lt_gpu_stream *stream;
    double seconds[FAKE_PLANS]; /* of plans, in the order in which they are first run */
    void *plan[FAKE_PLANS];
    int plans;
    int last;     /* plan that was run last */
    int handles;  /* that are open */
    int operands; /* of the last run */
    int64_t id[FAKE_OPERANDS];
    void *address[FAKE_OPERANDS];
    void *workspace;
} fake_cudnn;

/* Of this program; set before use. */
extern fake_cudnn fake_dnn;

void *fake_operand(int64_t id); /* its address in the last run; NULL if it had none */
