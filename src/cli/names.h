/*
 * names.h - the files that a command is going to write: named from a template, checked before any
 * work.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

typedef struct lt_name_fields {
    uint64_t seed;
    int image, prompt; /* from 0 */
} lt_name_fields;

/* Appends `template` with {seed}, {i} and {prompt_i} replaced; {{ and }} stand for a brace. Any
 * other field is LT_ERR_ARGUMENT. */
bool lt_names_expand(const char *template, const lt_name_fields *fields, lt_buf *out,
                     lt_error *err) LT_WARN_UNUSED;

/* LT_ERR_ARGUMENT for a name that ends like another format than PNG (.jpg, .webp, ...). */
bool lt_names_check_png(const char *path, lt_error *err) LT_WARN_UNUSED;

/* Files to be written.  Zero-initialise; release with lt_names_done. */
typedef struct lt_name {
    char *key;  /* owned: the real directory and the last part */
    char *path; /* owned: as given */
} lt_name;
typedef struct lt_names {
    lt_name *items; /* owned */
    int count;
} lt_names;

/* A file that will be written: LT_ERR_ARGUMENT if it cannot be. */
bool lt_names_add(lt_names *names, const char *path, lt_error *err) LT_WARN_UNUSED;
/* A file that is read and must stay: it counts as taken, if it exists. */
void lt_names_keep(lt_names *names, const char *path);
/* LT_ERR_ARGUMENT if two of them are one file; sorts. */
bool lt_names_check(lt_names *names, lt_error *err) LT_WARN_UNUSED;
void lt_names_done(lt_names *names);
