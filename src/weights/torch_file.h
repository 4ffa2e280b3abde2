/*
 * torch_file.h - files of torch.save: .bin, .ckpt, .pt, .pth.
 *
 * They are pickles, which are programs: whoever reads one runs it.  Nothing here reads them; they
 * are recognised, and refused with the command that makes a .safetensors file of them (which torch
 * itself reads without running anything: weights_only).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

bool lt_torch_file_named(const char *path);             /* by the end of its name */
bool lt_torch_file_starts(const void *bytes, size_t n); /* by its first bytes */
bool lt_torch_file_refuse(const char *path, lt_error *err) /* returns false */;
