/*
 * map.h - files read through memory, also files that somebody shortens meanwhile.
 *
 * Touching a mapped page that its file no longer has raises SIGBUS.  Weights are read from inside
 * parallel loops and from inside oneDNN, where nothing can be undone and no error returned.  So the
 * handler of lt_map_guard puts zeros in the place of what is gone and lets the reader go on;
 * whoever asked for the reading then calls lt_map_check, which says what happened, and drops what
 * was made of the zeros.  (Reading with pread instead would cost a copy of every tensor: 0.36 s
 * against 0.24 s for 1.7 GB.)
 *
 * Open, close and check belong to one thread at a time; others may read meanwhile.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { LT_MAP_MAX = 256 }; /* mappings open at the same time */

/* A read-only mapping of a whole regular file; data is NULL when size is 0. */
typedef struct lt_map {
    const unsigned char *data; /* owned */
    size_t size;
    int fd;        /* owned */
    int slot;      /* in the table that the handler reads */
    int64_t stamp; /* when the file was last changed */
} lt_map;

bool lt_map_open(const char *path, lt_map *out, lt_error *err) LT_WARN_UNUSED;
void lt_map_close(lt_map *map); /* {0} is fine */

/* LT_ERR_IO if the file was changed since it was opened, or could not be read: numbers taken from
 * the mapping may be wrong.  path is for the message. */
bool lt_map_check(const lt_map *map, const char *path, lt_error *err) LT_WARN_UNUSED;

/* The bytes were copied and are not needed soon: whole pages among them leave the process and come
 * back from the file when touched.  Does nothing for memory that is no mapping of ours. */
void lt_map_release(const void *from, size_t bytes);

/* At the start of the program, and again after another handler was put in its place: installs the
 * handler.  A SIGBUS that has nothing to do with a
 * mapping goes to the handler that was there before. */
void lt_map_guard(void);
