/*
 * pack.h - a parameter's numbers as they lie on the device: another type, another order.  Pure.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "tensor/fuse.h"

/* Parameters whose rows follow each other, up to the first NULL. */
typedef struct lt_cuda_numbers {
    const lt_param *param[LT_FUSED_PARTS];
    lt_dtype dtype; /* on the device */
    bool taps;      /* [O,C,k,k] becomes [O,k,k,C] */
} lt_cuda_numbers;

size_t lt_cuda_numbers_count(const lt_cuda_numbers *n);

/* Packs `count` elements from element `from` of one parameter, counted in the packed order.
 * LT_ERR_MODEL for NaN and infinity (source.h); LT_ERR_DEVICE, as of results that are not finite,
 * if a number is too large for the type. */
bool lt_cuda_pack(const lt_param *p, lt_dtype dtype, bool taps, size_t from, size_t count, void *to,
                  lt_error *err) LT_WARN_UNUSED;
