/*
 * attention_blocks.h - attention of one wide head as products: scores of a block of queries with
 * all keys, their softmax, and its product with the values.  For the VAE's 512 channels where
 * cuDNN has no plan: tensor cores do what attention.cuh does without them.
 *
 * Scores are float32, and in the workspace with their softmax.  Recording as in conv.h.
 */
#pragma once

#include "cuda/attention.h"

typedef struct lt_attention_blocks lt_attention_blocks;

/* One head wider than 160, in rows of whole 16 bytes, not causal. */
bool lt_attention_blocks_takes(const lt_attention_shape *s);

/* Grows the stream's workspace to what the op needs. */
bool lt_attention_blocks_new(lt_gpu_stream *s, const lt_attention_shape *shape,
                             lt_attention_blocks **out, lt_error *err) LT_WARN_UNUSED;
void lt_attention_blocks_free(lt_attention_blocks *a); /* NULL is fine */
bool lt_attention_blocks_run(lt_gpu_stream *s, const lt_attention_blocks *a, const void *q,
                             const void *k, const void *v, void *y, lt_error *err) LT_WARN_UNUSED;
