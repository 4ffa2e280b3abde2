/*
 * source.h - what a backend owes the numbers of a parameter beside converting them (half.h): look
 * at them before they are packed, and let go of them after.
 */
#pragma once

#include "base/error.h"
#include "tensor/graph.h"

/* LT_ERR_MODEL, naming the tensor, if one of its numbers is NaN or infinite.  Costs 0.07 s a
 * gigabyte of float16 in memory (one core, SSE2); what is packed next is then in the cache. */
bool lt_source_check(const lt_param *p, lt_error *err) LT_WARN_UNUSED;

/* The same of n numbers anywhere: false if one is NaN or infinite. */
bool lt_source_finite(const void *numbers, size_t n, lt_dtype dtype);

/* The numbers were copied: if they are a mapped file's, their pages leave the process. */
void lt_source_release(const lt_param *p);
