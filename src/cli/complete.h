/*
 * complete.h - what may come next on a command line, for the shells' completion.  The scripts in
 * completions/ call `latentty complete WORD...` with the words after the program's name up to the
 * cursor, the last of which may be empty.  Pure.
 */
#pragma once

#include "base/buf.h"
#include "cli/command.h"

/* Appends a line for each word that can stand in the place of the last: the word, a tab, what it is
 * in a few words, which may be none.  Nothing: a file's name, or text of the user's own. */
void lt_complete(const lt_backend_ops *const *backends, int count, char *const *words, lt_buf *out);
