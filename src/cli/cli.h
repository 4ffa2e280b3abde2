/*
 * cli.h - the program's commands without a screen.
 *
 * Exit codes: 0 done, 1 failed, 2 the command line is wrong, 130, 143 and 129 for SIGINT, SIGTERM
 * and SIGHUP.
 */
#pragma once

#include "cli/command.h"

/* main().  backends: best first, NULL-terminated, borrowed. */
int lt_cli_main(int argc, char **argv, const lt_backend_ops *const *backends);

/* The i-th command in the order of help; NULL at the end. */
const lt_command *lt_cli_command(int i);
const lt_command *lt_cli_find(const char *name); /* NULL if there is none of that name */
