/*
 * fake_cublaslt.h - the calls of cuBLASLt that need a device, as plain C: products are computed
 * from the library's own descriptions.  They take the library's place in a program that links this.
 */
#pragma once

#include "fake_device.h"

enum { FAKE_ALGORITHMS = 3 };

typedef struct fake_cublaslt {
    lt_gpu_stream *stream; /* where products take their time */
    double seconds[FAKE_ALGORITHMS];
    size_t workspace[FAKE_ALGORITHMS];
    int count;          /* algorithms proposed */
    int proposals;      /* times that it was asked for some */
    int last;           /* the algorithm of the last product; -1: none yet */
    unsigned align_a;   /* that was promised for A */
    unsigned reduction; /* schemes that were allowed */
    bool stale;         /* no kept algorithm is taken */
} fake_cublaslt;

/* Of this program; set before use. */
extern fake_cublaslt fake_cublas;
