/*
 * safetensors_writer.h - writes a .safetensors file, whole or not at all.
 *
 * For files of any size: declare every tensor (add), begin, put each one's data in any order,
 * commit. For small sets that grow as they are made, such as traces: collect each tensor, then
 * save. The file holds the wider types first, so that every tensor is aligned to its element, and
 * its header is padded with spaces to a multiple of 8, as the reference writer does.
 *
 * A writer belongs to one thread and makes one file.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "weights/safetensors.h"

typedef struct lt_safetensors_writer lt_safetensors_writer;

lt_safetensors_writer *lt_safetensors_writer_new(void);
/* Abandons a file that was begun and not committed.  NULL is fine. */
void lt_safetensors_writer_free(lt_safetensors_writer *w);

/* Declares a tensor; *index is its number for put.  name: valid UTF-8, copied, not "__metadata__".
 * type: of 8, 16, 32 or 64 bits; dim: [ndim], each >= 0. */
bool lt_safetensors_writer_add(lt_safetensors_writer *w, const char *name,
                               lt_safetensors_dtype type, int ndim, const int64_t *dim,
                               size_t *index, lt_error *err) LT_WARN_UNUSED;
/* A string of __metadata__; both are copied. */
bool lt_safetensors_writer_meta(lt_safetensors_writer *w, const char *key, const char *value,
                                lt_error *err) LT_WARN_UNUSED;

/* Fixes the layout and writes the header.  LT_ERR_ARGUMENT if a name was given twice. */
bool lt_safetensors_writer_begin(lt_safetensors_writer *w, const char *path,
                                 lt_error *err) LT_WARN_UNUSED;
/* The whole data of one tensor, little-endian.  bytes must be what its shape needs. */
bool lt_safetensors_writer_put(lt_safetensors_writer *w, size_t index, const void *data,
                               size_t bytes, lt_error *err) LT_WARN_UNUSED;
/* Moves the file into place.  LT_ERR_ARGUMENT, and no file, if a tensor was never put. */
bool lt_safetensors_writer_commit(lt_safetensors_writer *w, lt_error *err) LT_WARN_UNUSED;

/* add, with a copy of the data kept until save. */
bool lt_safetensors_writer_collect(lt_safetensors_writer *w, const char *name,
                                   lt_safetensors_dtype type, int ndim, const int64_t *dim,
                                   const void *data, lt_error *err) LT_WARN_UNUSED;
/* begin, put of everything collected, commit. */
bool lt_safetensors_writer_save(lt_safetensors_writer *w, const char *path,
                                lt_error *err) LT_WARN_UNUSED;
