/*
 * terminal.h - what tests need of terminals: pseudo-terminals, and the answers of real ones.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "base/buf.h"
#include "gfx/tty.h"

/* A pseudo-terminal: the test reads and writes master as the terminal, path is the program's. */
typedef struct pty {
    int master;
    char path[64];
} pty;
pty pty_open(const lt_tty_size *size);
void pty_close(pty *p);

/* A program of its own that has the terminal: runs f in a child, reads all that it writes, and
 * gives its wait status. */
typedef struct pty_run {
    bool stuck;            /* in: nothing is read before the child has ended */
    lt_buf output;         /* out, owned */
    int status;            /* out: as waitpid gives it */
    struct termios before; /* out: settings of the terminal at start and end */
    struct termios after;
} pty_run;
void pty_child(pty_run *run, void (*f)(void));

/* The answers to the burst of questions that a terminal of tests/data/gfx/answers gives.  kitty's
 * question is asked only if `kitty`. */
typedef struct answers {
    char term[64]; /* TERM */
    lt_tty_size size;
    lt_buf bytes; /* owned */
} answers;
answers answers_read(const char *name, bool kitty);
