/*
 * tune.h - which of several ways to do a piece of work is the fastest, measured on the device.
 * Not while the stream records.
 */
#pragma once

#include "cuda/device.h"
#include "tensor/tensor.h"

/* Puts way i into the stream, once. */
typedef bool lt_tune_way(void *context, int i, lt_error *err);

/* Each way is run once, and then as a graph that repeats it, of which the fastest of a few replays
 * counts; one that cannot be put into a stream or a graph is passed over.  Of ways that differ by
 * less than 2 % the first is taken. False with the first reason if there is none, or if the device
 * failed. */
bool lt_tune_fastest(lt_gpu_stream *s, int count, lt_tune_way *way, void *context, int *best,
                     lt_error *err) LT_WARN_UNUSED;

/* Memory to measure with, full of numbers between -1 and 1: zeros would be flattered by the
 * device's clock. */
enum { LT_TUNE_OPERANDS = 6 };
typedef struct lt_tune_memory {
    void *block; /* owned */
    void *operand[LT_TUNE_OPERANDS];
} lt_tune_memory;
/* bytes[i] of operand i, 256-byte aligned; NULL for 0 bytes. */
bool lt_tune_memory_new(lt_gpu_stream *s, lt_dtype dtype, const size_t *bytes, int count,
                        lt_tune_memory *out, lt_error *err) LT_WARN_UNUSED;
void lt_tune_memory_done(lt_gpu_stream *s,
                         lt_tune_memory *m); /* {0} is fine; work was waited for */
