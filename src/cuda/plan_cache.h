/*
 * plan_cache.h - what was chosen for a device once: a file of the user's with an entry for each
 * shape.
 *
 * The file is a convenience.  One that is missing, damaged, another identity's (versions, device)
 * or not the user's alone is as good as an empty one, and one that cannot be written is not
 * written; nothing of it is an error.  It is used only if it and its directory belong to the user,
 * are no links and cannot be written by others.  A checksum finds damage, not malice.
 * Belongs to one thread; several programs may have the same file open.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct lt_plan_cache lt_plan_cache;

/* path: NULL for one that is only memory.  identity: one line; entries of another one are not seen.
 * Reads the file.  Never NULL. */
lt_plan_cache *lt_plan_cache_open(const char *path, const char *identity);
void lt_plan_cache_close(lt_plan_cache *c); /* NULL is fine; saves */

/* Of an entry; *bytes of it, followed by a NUL.  NULL if there is none.  Valid until the entry is
 * put again. */
const char *lt_plan_cache_find(const lt_plan_cache *c, const char *key, size_t *bytes);
void lt_plan_cache_put(lt_plan_cache *c, const char *key, const void *value, size_t bytes);

/* Writes what was put since the last time, beside what other programs have written meanwhile. */
void lt_plan_cache_save(lt_plan_cache *c);

/* Where the file of an identity is: $XDG_CACHE_HOME/latentty/..., else below ~/.cache; owned by the
 * caller.  NULL where there is no home. */
char *lt_plan_cache_path(const char *identity);
