/*
 * tty.h - the terminal's file: bytes in, bytes out, its modes, and giving it back whatever happens.
 *
 * /dev/tty is opened on a description of its own, so that O_NONBLOCK does not reach stdin or
 * stdout, which curses and the shell share.  One terminal is open at a time: what must be given
 * back is in static storage, where a signal handler finds it.  Belongs to one thread; only
 * lt_tty_restore may be called from any, and from a signal handler.
 *
 *     lt_tty *tty;
 *     if (!lt_tty_open(&tty, err)) return false;
 *     lt_tty_guard();
 *     ... initscr() ...           curses sets its own modes here,
 *     lt_tty_raw(tty, true);      so ours come after it, and after each reset_prog_mode()
 *     lt_tty_mode(tty, LT_MODE_PASTE, true);
 *     ... lt_tty_read, lt_tty_write ...
 *     ... endwin() ...
 *     lt_tty_close(tty);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct lt_tty lt_tty;

typedef struct lt_tty_size {
    int cols, rows;
    int width,
        height; /* of the window in pixels, maybe with a border; 0: the terminal does not say */
} lt_tty_size;

/* What is on and has to go off again.  The bytes of SCREEN are curses' own, those of SYNC, STRING
 * and LOAD are part of a frame: for these four lt_tty_mode only keeps the account. */
typedef enum lt_mode {
    LT_MODE_PASTE,  /* 2004: what is pasted comes between brackets */
    LT_MODE_MOUSE,  /* 1002 and 1006: buttons, drags and the wheel, in SGR form */
    LT_MODE_FOCUS,  /* 1004 */
    LT_MODE_HIDDEN, /* 25 off: the cursor is hidden */
    LT_MODE_SYNC,   /* 2026: the terminal holds what it shows */
    LT_MODE_SCREEN, /* 1049: the alternate screen */
    LT_MODE_STRING, /* a DCS or APC may be open: a frame is being written */
    LT_MODE_LOAD,   /* and its picture is kitty's, in pieces: see LT_KITTY_CLOSE */
    LT_MODE_COUNT,
} lt_mode;

/* LT_ERR_IO if the program has no terminal.  Keeps the settings found.  *out is closed with
 * lt_tty_close. */
bool lt_tty_open(lt_tty **out, lt_error *err) LT_WARN_UNUSED;
/* The same for another device, such as the end of a pty. */
bool lt_tty_open_path(const char *path, lt_tty **out, lt_error *err) LT_WARN_UNUSED;
/* Gives back what is on, then closes.  NULL is fine. */
void lt_tty_close(lt_tty *tty);

/* For poll(); non-blocking. */
int lt_tty_fd(const lt_tty *tty);
/* 80x24 without pixels where the terminal says nothing. */
void lt_tty_size_get(const lt_tty *tty, lt_tty_size *out);

/* On: no echo, no lines, no signals (Ctrl-C and Ctrl-Z come as keys), Enter is 13, and newlines
 * are still written as CR LF.  Off: the settings found at the start.  Returns false if the terminal
 * is gone. */
bool lt_tty_raw(lt_tty *tty, bool on);
bool lt_tty_is_raw(const lt_tty *tty);

/* Turns a mode on or off, if it is not already, and notes it. */
void lt_tty_mode(lt_tty *tty, lt_mode mode, bool on);
bool lt_tty_mode_is(const lt_tty *tty, lt_mode mode);

/* For suspending: all modes off (their account is kept) and the settings given back, and again as
 * before.  What came in raw mode and was not read is dropped, so that an answer of the terminal
 * does not reach the shell; lt_tty_close does the same.  The caller does endwin() before and
 * reset_prog_mode() and lt_tty_raw() after. */
void lt_tty_pause(lt_tty *tty);
void lt_tty_resume(lt_tty *tty);

/* Writes until all is written or `seconds` have passed; returns the bytes that were written, -1
 * with LT_ERR_IO if the terminal is gone.  Goes on over signals.  After a part of a frame the
 * terminal is inside a string: the rest has to follow before anything else does, or ESC \ and the
 * end of the frame. */
ptrdiff_t lt_tty_write(lt_tty *tty, const void *bytes, size_t n, double seconds, lt_error *err);
/* What there is, without waiting: the number of bytes, 0 if there is nothing, -1 with LT_ERR_IO if
 * the terminal is gone. */
ptrdiff_t lt_tty_read(lt_tty *tty, void *bytes, size_t room, lt_error *err);

/* Gives everything back: ends an open string, turns off what is on, shows the cursor, resets
 * colours, leaves the alternate screen, restores the settings.  Async-signal-safe; does its work
 * once.  Waits at most a second for a terminal that does not take the bytes. */
void lt_tty_restore(void);

/* Once, after lt_map_guard of base/map.h: lt_tty_restore is called before the last words of a
 * panic, and when the program dies of SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGABRT, which then goes
 * on to end it with that signal's status.  A SIGBUS of a mapped file still belongs to base/map.h,
 * whose handler is put before this one again.  The calling thread gets a stack for handlers of its
 * own, so that an overflow of its stack is caught too. */
void lt_tty_guard(void);
