/* beside_backend.h - the reference backend with programs that run beside others, for tests: one
 * that is started does its work when it was asked for the n-th time whether it is finished. Whoever
 * uses it meanwhile ends the test. */
#pragma once

#include <stdatomic.h>

#include "tensor/backend.h"

typedef struct beside_control {
    atomic_int asks; /* that a picture takes, the first one being put with its start; 1: at once */
    atomic_int fail_start,
        fail_finish;           /* this many succeed before one fails; negative: none does */
    atomic_int starts;         /* so far */
    atomic_int runs_meanwhile; /* of other programs, while one was at work */
} beside_control;

extern beside_control beside;
/* As at the start: each takes `asks`, none fails. */
void beside_reset(int asks);
/* The backend, in a list of one. */
const lt_backend_ops *const *beside_backends(void);
