/*
 * bind.h - gives the parameters of a graph their numbers, by name.
 *
 * A parameter's path is looked up as it is, then by the other spellings that files in the wild use:
 * - the text encoder without the prefix `text_model.` (transformers since 5.6 saves it so);
 * - the VAE's middle attention as query, key, value and proj_attn (diffusers before 0.18).
 * A linear [O,C] may be stored as a 1x1 convolution [O,C,1,1] and the other way round: the same
 * bytes.
 */
#pragma once

#include "base/error.h"
#include "tensor/graph.h"
#include "weights/checkpoint.h"

/*
 * Sets the source of every parameter of g from c, which must stay open as long as they are used,
 * and marks the tensors as used.  LT_ERR_MODEL, and nothing set, if one is missing, has another
 * shape or is not F32, F16 or BF16.
 */
bool lt_bind_graph(const lt_graph *g, lt_checkpoint *c, lt_error *err) LT_WARN_UNUSED;
