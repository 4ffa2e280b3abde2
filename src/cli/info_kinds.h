/* info_kinds.h - what `latentty info` says of each kind of thing; it prints. */
#pragma once

#include "base/buf.h"
#include "cli/command.h"
#include "weights/info.h"

bool lt_cli_info_png(const lt_context *c, const char *path, lt_error *err) LT_WARN_UNUSED;
/* A .safetensors file or an index of shards. */
bool lt_cli_info_weights(const lt_context *c, const char *path, lt_error *err) LT_WARN_UNUSED;
/* A diffusers directory, the directory of a component, or a repository id. */
bool lt_cli_info_model(const lt_context *c, const char *model, lt_error *err) LT_WARN_UNUSED;

/* "686 tensors, 859520964 parameters, 3438.1 MB, F32" */
void lt_cli_info_sum(const lt_info_weights *w, lt_buf *out);
