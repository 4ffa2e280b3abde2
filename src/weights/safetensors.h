/*
 * safetensors.h - reads a .safetensors file: named arrays of numbers behind a JSON header.
 *
 * Layout: u64 little-endian N, N bytes of JSON, the data.  The whole header is validated before
 * anything is handed out: what a tensor says of itself can be relied on, and its bytes lie inside
 * the file.  Stricter than the reference reader in one way: repeated keys and unknown fields are
 * refused.
 *
 * The file stays mapped while open.  The data pointers are set in one place (lt_safetensors_open),
 * so that the bytes could come from elsewhere.  An open file is only read: threads may share it.
 * Source: https://huggingface.co/docs/safetensors, format.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "tensor/tensor.h"

typedef enum lt_safetensors_dtype {
#define LT_SAFETENSORS_DTYPE(name, bits) LT_ST_##name,
#include "weights/safetensors_dtypes.def"
#undef LT_SAFETENSORS_DTYPE
    LT_ST_DTYPE_COUNT
} lt_safetensors_dtype;

const char *lt_safetensors_dtype_name(lt_safetensors_dtype t); /* "F32", as in the file */
unsigned lt_safetensors_dtype_bits(lt_safetensors_dtype t);
/* True, with the type in *out, for F32, F16, BF16 and I32; false for what latentty cannot read. */
bool lt_safetensors_dtype_compute(lt_safetensors_dtype t, lt_dtype *out);

/* Everything is borrowed from the open file. */
typedef struct lt_safetensors_tensor {
    const char *name; /* valid UTF-8, may be empty */
    lt_safetensors_dtype type;
    int ndim;           /* 0 and more than LT_MAX_DIMS are possible */
    const int64_t *dim; /* [ndim], row-major, each >= 0 */
    size_t offset;      /* of the data, from the start of the file */
    size_t bytes;
    const void *data; /* may be unaligned: read with memcpy */
} lt_safetensors_tensor;

/* The product of the dimensions; 1 for rank 0. */
int64_t lt_safetensors_elements(const lt_safetensors_tensor *t);
/* "[320,4,3,3]", cut with "..." if it does not fit; returns buffer. */
char *lt_safetensors_shape_text(const lt_safetensors_tensor *t, char buffer[96]);

typedef struct lt_safetensors lt_safetensors;

/* LT_ERR_FORMAT if it is not a valid file; the message says so if it is a Git LFS pointer, a web
 * page or a GGUF file instead, and LT_ERR_MODEL if it is a torch file. */
bool lt_safetensors_open(const char *path, lt_safetensors **out, lt_error *err) LT_WARN_UNUSED;
void lt_safetensors_close(lt_safetensors *f); /* NULL is fine */

const char *lt_safetensors_path(const lt_safetensors *f);
/* To be asked after numbers were read: LT_ERR_IO if the file changed since it was opened, so that
 * they may be wrong (base/map.h). */
bool lt_safetensors_unchanged(const lt_safetensors *f, lt_error *err) LT_WARN_UNUSED;
/* The bytes of the whole file, for lt_backend_ops.forget. */
const void *lt_safetensors_range(const lt_safetensors *f, size_t *bytes);

/* Tensors in the order of their data. */
size_t lt_safetensors_count(const lt_safetensors *f);
const lt_safetensors_tensor *lt_safetensors_at(const lt_safetensors *f, size_t index);
/* By exact name in O(log n); NULL if there is none. */
const lt_safetensors_tensor *lt_safetensors_find(const lt_safetensors *f, const char *name);

/* The strings of __metadata__, in the order of their keys. */
size_t lt_safetensors_meta_count(const lt_safetensors *f);
const char *lt_safetensors_meta_key(const lt_safetensors *f, size_t index);
const char *lt_safetensors_meta_value(const lt_safetensors *f, size_t index);
const char *lt_safetensors_meta(const lt_safetensors *f,
                                const char *key); /* NULL if there is none */
