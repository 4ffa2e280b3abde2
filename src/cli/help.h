/* help.h - the help of the program and of each command, made from their tables.  Pure. */
#pragma once

#include "base/buf.h"
#include "cli/command.h"

enum { LT_HELP_LEAST = 40, LT_HELP_USUAL = 80, LT_HELP_MOST = 100 }; /* columns */

/* Every option that the command takes: its own, its settings', then --json, --quiet, --help.  Owned
 * by the caller; free(). */
lt_option *lt_help_options(const lt_command *command, int *count);

void lt_help_command(const lt_command *command, int columns, lt_buf *out);
void lt_help_program(int columns, lt_buf *out);

/* Appends text broken at spaces so that lines have at most `columns`; `column` of the first is
 * already taken, the others start with `indent` spaces.  A newline in text begins a line. */
typedef struct lt_help_shape {
    int columns, column, indent;
} lt_help_shape;
void lt_help_wrap(lt_buf *out, const lt_help_shape *shape, const char *text);
