/*
 * pty.h - a program on a pseudo terminal of its own: starting it, its end, its line settings.
 *
 * The program leads a session of its own, as with `xterm -e PROGRAM`.  With `job` a keeper stands
 * between: it leads the session and runs the program as a foreground job, as a shell does, so that
 * SIGTSTP can stop it (the kernel does not stop a session leader whose parent is elsewhere).  While
 * it is stopped the line is as the job left it; before it goes on it is made what it was at first,
 * as shells leave it no better.
 */
#pragma once

#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

#include "base/error.h"

typedef struct pty_start {
    char *const *argv;  /* argv[0] is looked up in PATH */
    char *const *env;   /* "NAME=value" sets, "NAME" removes, on top of our own; may be NULL */
    const char *folder; /* where it runs; NULL: here */
    struct winsize size;
    bool job;
} pty_start;

/* Read only but for pty.c. */
typedef struct pty {
    int master;           /* not blocking; -1 once unplugged */
    pid_t child, program; /* the same without `job` */
    int reports, orders;  /* pipes of the keeper; -1 without `job` */
    bool hung_up;         /* everything that was written has been read, and nobody has it open */
    bool stopped, ended;  /* the program; status is waitpid's once it ended */
    int status;
    struct termios first; /* the line settings before the program started */
} pty;

/* LT_ERR_IO also if the program cannot be run. */
bool pty_open(pty *p, const pty_start *start, lt_error *err) LT_WARN_UNUSED;
/* Kills what still runs. */
void pty_close(pty *p);

/* What there is to read, at most `room` bytes; 0 if there is nothing now or hung_up was set. */
size_t pty_read(pty *p, char *bytes, size_t room);
/* How many of the bytes the line took, without waiting. */
size_t pty_write(pty *p, const char *bytes, size_t n);
/* Looks without waiting whether the program stopped or ended. */
void pty_look(pty *p);

void pty_resize(pty *p, struct winsize size);
/* Closes the terminal's side, as when a window is closed or a connection is lost. */
void pty_unplug(pty *p);
void pty_signal(pty *p, int number); /* to the program's process group */
void pty_continue(pty *p);           /* `job`: what `fg` does */

/* False, with what differs, if the line settings are not those from before the program. */
bool pty_line_restored(const pty *p, lt_error *err);
