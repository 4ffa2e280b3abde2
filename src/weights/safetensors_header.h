/*
 * safetensors_header.h - the JSON header of a .safetensors file, read and checked.
 * For safetensors.c, which puts it beside the data.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "weights/safetensors.h"

typedef struct lt_safetensors_entry {
    const char *name;
    lt_safetensors_dtype type;
    size_t first_dim, ndim; /* its shape is dims[first_dim .. first_dim + ndim) */
    uint64_t begin, end;    /* from the start of the data */
} lt_safetensors_entry;

typedef struct lt_safetensors_pair {
    const char *key, *value;
} lt_safetensors_pair;

typedef struct lt_safetensors_header {
    lt_safetensors_entry *entries; /* owned: in the order of the data */
    int64_t *dims;                 /* owned: all shapes, one after the other */
    lt_safetensors_pair *meta;     /* owned: in the order of the header */
    char *text;                    /* owned: all strings, decoded */
    size_t count, meta_count;
} lt_safetensors_header;

/*
 * Checks everything but repeated names and keys, which whoever sorts them finds: the JSON, the
 * fields, that each shape fills its range, and that the ranges cover the `room` bytes of data
 * without holes and overlaps.  json: n bytes; path is for messages.  *out is filled only on
 * success.
 */
bool lt_safetensors_header_read(const char *path, const char *json, size_t n, uint64_t room,
                                lt_safetensors_header *out, lt_error *err) LT_WARN_UNUSED;
void lt_safetensors_header_done(lt_safetensors_header *h); /* {0} is fine */

/* The hint for a file whose bytes are wrong. */
#define LT_SAFETENSORS_DAMAGED "the file is damaged; download it again"
