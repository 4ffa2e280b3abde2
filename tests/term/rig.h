/* rig.h - what the terminal's tests share: small programs as lines of shell. */
#pragma once

#include "support/check.h"
#include "terminal.h"

/* 120x72 pixels: four bands of 18 rows, red 10, 20, 30 and 40 percent. */
#define SIXEL                                                                                      \
    "\\033Pq\"1;1;120;72#0;2;10;0;50#1;2;20;0;50#2;2;30;0;50#3;2;40;0;50"                          \
    "#0!120~-#0!120~-#0!120~-#1!120~-#1!120~-#1!120~-#2!120~-#2!120~-#2!120~-#3!120~-#3!120~-"     \
    "#3!120~\\033\\\\"

/* Shows on the screen what reaches the program, as cat -v writes it, until a q. */
#define LISTEN "stty raw -echo; printf 'ready\\r\\n'; exec cat -v"

static inline terminal *start(const terminal_options *options, char *const argv[])
{
    terminal *t = NULL;
    CHECK_OK(terminal_open(&t, options, argv, NULL, err));
    return t;
}

static inline terminal *start_shell(const terminal_options *options, const char *script)
{
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    return start(options, argv);
}

/* Runs the script to its end; the terminal stays to be looked at. */
static inline terminal *after_shell(const terminal_options *options, const char *script)
{
    int status;
    terminal *t = start_shell(options, script);
    CHECK_OK(terminal_wait_exit(t, &status, err));
    assert_int_equal(status, 0);
    return t;
}
