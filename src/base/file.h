/*
 * file.h - reading what others wrote, writing whole files or none.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"

/* Appends a whole regular file to *out, which then ends in a NUL that is not counted.  More than
 * `limit` bytes is LT_ERR_FORMAT; more than there is memory for, LT_ERR_MEMORY. */
bool lt_file_read(const char *path, size_t limit, lt_buf *out, lt_error *err) LT_WARN_UNUSED;

/* Opens a regular file for reading; *fd is the caller's to close.  A pipe or a device does not hold
 * it up. */
bool lt_file_open(const char *path, int *fd, lt_error *err) LT_WARN_UNUSED;

/*
 * A file that appears whole or not at all: bytes go to a temporary name in the same directory;
 * commit flushes, syncs and renames it into place, abandon removes it.  A path that names something
 * other than a regular file (/dev/null) is refused; one that is a symbolic link names the file that
 * it leads to, there already or not.  A file that is replaced keeps its mode, a new one has 0666 &
 * ~umask.  Write through `stream`; a failed write is kept by stdio and reported by commit.
 * Zero-initialise before open; after commit (either result) or abandon the struct is zero again.
 */
typedef struct lt_writer {
    FILE *stream;
    char *path, *target, *temporary; /* owned; target: behind the links of path */
} lt_writer;
bool lt_writer_open(lt_writer *w, const char *path, lt_error *err) LT_WARN_UNUSED;
bool lt_writer_commit(lt_writer *w, lt_error *err) LT_WARN_UNUSED;
void lt_writer_abandon(lt_writer *w); /* {0} is fine */

/* What helps where writing failed with this errno, for lt_fail; NULL: nothing that is known. */
const char *lt_file_hint(int why);

bool lt_file_write(const char *path, const void *bytes, size_t n, lt_error *err) LT_WARN_UNUSED;

/* Removes the temporary file of every writer now open; async-signal-safe, for a program that is
 * about to end on a signal. */
void lt_writer_abandon_all(void);

/* True if a file could be created or replaced at `path` (its directory exists and can be written,
 * and the path does not name a directory, a device or a pipe); says why not. Touches nothing. */
bool lt_file_can_write(const char *path, lt_error *err) LT_WARN_UNUSED;

/* True if lt_file_open would; touches nothing. */
bool lt_file_can_read(const char *path, lt_error *err) LT_WARN_UNUSED;

bool lt_file_exists(const char *path); /* a regular file, links followed */
bool lt_dir_exists(const char *path);
/* With its parents; 0777 & ~umask. */
bool lt_dir_make(const char *path, lt_error *err) LT_WARN_UNUSED;
/* The directories above a private file, 0700 where they are new; whether that helped is seen when
 * the file is opened. */
void lt_dir_make_above(const char *path);
char *lt_path_join(const char *dir, const char *name); /* owned by the caller */
/* A file of the user's: $VARIABLE/latentty/name, or ~/fallback/latentty/name where the variable is
 * not an absolute path; owned by the caller.  NULL where HOME is none either.  Source: XDG Base
 * Directory Specification 0.8. */
char *lt_path_user(const char *variable, const char *fallback, const char *name);
/* Where a symbolic link leads, there or not; a copy of any other path.  Owned by the caller. */
char *lt_path_follow(const char *path);
