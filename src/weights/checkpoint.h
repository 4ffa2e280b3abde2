/*
 * checkpoint.h - the weights of one component: one .safetensors file, or the shards of an index.
 *
 * Names are unique over all shards.  A checkpoint remembers which tensors were taken
 * (lt_checkpoint_use), because several graphs are bound to the same weights and only their union
 * tells what is left over. It belongs to one thread; the tensors' data may be read by others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "weights/component.h"
#include "weights/safetensors.h"

typedef struct lt_checkpoint lt_checkpoint;

/*
 * Finds the weights of a component in its directory: *path, owned by the caller, is a .safetensors
 * file or an index.  variant: "fp16", "non_ema", ..., or NULL.  Order, as diffusers': the variant,
 * the plain file, and, if no variant was asked for, fp16.  LT_ERR_MODEL if there are only torch
 * files (the hint converts them), LT_ERR_IO if there are none or a download did not finish.
 */
bool lt_checkpoint_locate(const char *dir, lt_component component, const char *variant, char **path,
                          lt_error *err) LT_WARN_UNUSED;

/* path: a .safetensors file, or an index whose name ends in .json.  Shards lie beside their index.
 */
bool lt_checkpoint_open(const char *path, lt_checkpoint **out, lt_error *err) LT_WARN_UNUSED;
void lt_checkpoint_close(lt_checkpoint *c); /* NULL is fine */

const char *lt_checkpoint_path(const lt_checkpoint *c);
size_t lt_checkpoint_files(const lt_checkpoint *c);
const lt_safetensors *lt_checkpoint_file(const lt_checkpoint *c, size_t index);
/* lt_safetensors_unchanged of every file. */
bool lt_checkpoint_unchanged(const lt_checkpoint *c, lt_error *err) LT_WARN_UNUSED;

/* Tensors in the order of their names. */
size_t lt_checkpoint_count(const lt_checkpoint *c);
const lt_safetensors_tensor *lt_checkpoint_at(const lt_checkpoint *c, size_t index);
/* By exact name in O(log n); NULL if there is none. */
const lt_safetensors_tensor *lt_checkpoint_find(const lt_checkpoint *c, const char *name);
/* True if a name starts with prefix. */
bool lt_checkpoint_has_prefix(const lt_checkpoint *c, const char *prefix);

/* find, and remember that it was taken. */
const lt_safetensors_tensor *lt_checkpoint_use(lt_checkpoint *c, const char *name);
/* Tells checkpoints apart: lt_hash_bytes of every tensor's name, type, shape and first and last 32
 * bytes, in the order of names.  Reads a page or two of each tensor, not all of the file. */
uint64_t lt_checkpoint_fingerprint(const lt_checkpoint *c);

/* How many tensors nobody has taken; position_ids, which old files hold, are not counted.  If there
 * are any, appends one line that names the first three to *text. */
size_t lt_checkpoint_unused(const lt_checkpoint *c, lt_buf *text);
