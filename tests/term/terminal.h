/*
 * terminal.h - a terminal for tests: runs a program on a pseudo terminal, answers as a known
 * terminal does, keeps its screen and its pictures, and notes what a real screen would suffer from.
 *
 * One thread, one poll; time passes only inside the calls that wait (terminal_wait_*,
 * terminal_latency, terminal_run).  Each of them ends when its condition holds; a guard
 * (options.guard_seconds) is there for hangs only.  A wait that fails prints the screen, the faults
 * and the last bytes on stderr and returns false, so a test writes
 * CHECK_OK(terminal_wait_text(t, "ready", err)).
 *
 * Cells are counted from 0, rows downwards.  Returned pointers are borrowed from the terminal and
 * valid until the next call that waits, unless a function says otherwise.
 *
 * Inside a synchronized update (2026) a terminal shows nothing new: waits for text and pictures
 * and latencies hold at its end.
 *
 * Of the screen, libvterm keeps the text; this code keeps pictures (sixel, kitty), modes and
 * damage.  The rules for pictures are those of xterm, or of tmux (row_rules): text or an erase
 * takes a picture's cells away, and a picture that reaches the last row may scroll the screen.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "image/image.h"

typedef struct terminal terminal;

/* What it answers and shows; the table is in answers.c. */
typedef enum terminal_profile {
    TERMINAL_XTERM_VT340, /* xterm 379 -ti vt340: sixel with 1024 registers, no 14t and 16t */
    TERMINAL_XTERM_16,    /* decGraphicsID: vt340: 16 registers until more are asked for */
    TERMINAL_XTERM_PLAIN, /* xterm as it comes: no pictures */
    TERMINAL_FOOT,        /* sixel, synchronized updates */
    TERMINAL_KONSOLE,     /* sixel and kitty, a geometry that is not the window's */
    TERMINAL_KITTY,       /* kitty pictures, synchronized updates */
    TERMINAL_MLTERM,      /* sixel, malformed geometry, no XTVERSION */
    TERMINAL_TMUX_PLAIN,  /* Debian's tmux 3.3a: no pictures; APC would become the title */
    TERMINAL_TMUX_SIXEL,  /* tmux 3.5a --enable-sixel: row_rules, and at most 1 MiB a picture */
    TERMINAL_SILENT,      /* answers nothing at all */
    TERMINAL_PROFILES
} terminal_profile;

/* The profile of that name ("xterm_vt340"), or TERMINAL_PROFILES. */
terminal_profile terminal_profile_named(const char *name);
const char *terminal_profile_name(terminal_profile which);

/* How answers come back. */
typedef enum terminal_manner {
    TERMINAL_NOW,
    TERMINAL_DELAYED, /* after ms */
    TERMINAL_TRICKLE, /* byte by byte, ms apart */
    TERMINAL_TWICE,   /* and once more after ms */
    TERMINAL_WRONG,   /* well formed, with numbers that cannot be */
    TERMINAL_GARBAGE, /* cut short and mixed with bytes that mean nothing */
    TERMINAL_NEVER,
} terminal_manner;

typedef struct terminal_timing {
    terminal_manner manner;
    int ms;
} terminal_timing;

/* Zero is: xterm -ti vt340, 80x24, answers at once, no throttle. */
typedef struct terminal_options {
    terminal_profile profile;
    int columns, rows;
    int cell_width, cell_height; /* pixels; 0: the profile's */
    bool no_pixels;              /* TIOCGWINSZ without pixels, as over many a connection */
    terminal_timing answers;     /* to every query but DSR 5 */
    terminal_timing acks;        /* to DSR 5, with which a program paces its pictures */
    int bytes_per_second;        /* how fast output is read; 0: as fast as it comes */
    bool job;                    /* run under a shell of sorts: SIGTSTP stops (pty.h) */
    bool row_rules; /* tmux: what touches a picture takes all of it, and so does an erase on any of
                       its rows; set by TERMINAL_TMUX_SIXEL */
    bool lazy;      /* decode pictures only when asked for: for measuring */
    int keep_pictures;         /* images and bytes of the latest; 0: 64 */
    size_t most_record;        /* bytes; 0: 256 MiB.  What comes later is counted and not kept */
    const char *folder, *term; /* where it runs; TERM.  NULL: here, the profile's */
    int guard_seconds;         /* 0: 60 */
} terminal_options;

/* env: "NAME=value" sets, "NAME" removes, on top of our own environment without what tells of the
 * real terminal; may be NULL.  options may be NULL.  argv[0] is looked up in PATH. */
bool terminal_open(terminal **out, const terminal_options *options, char *const argv[],
                   char *const env[], lt_error *err) LT_WARN_UNUSED;
/* Kills the program if it still runs.  NULL is fine. */
void terminal_close(terminal *t);

/* What a user does: keys.c. */

/*
 * Types text; names stand in angle brackets: <up> <down> <left> <right> <home> <end> <pgup> <pgdn>
 * <ins> <del> <f1>..<f12> <enter> <esc> <tab> <bs> <space> <lt>, with c- s- m- in front for
 * Ctrl, Shift and Alt (<c-c>, <s-tab>, <c-left>, <m-x>); <click 3,7> and <wheel-down 3,7> at row
 * 3, column 7.  Arrows, home and end follow the program's cursor key mode.  LT_ERR_ARGUMENT for a
 * name that is not known.
 */
bool terminal_keys(terminal *t, const char *keys, lt_error *err);
void terminal_bytes(terminal *t, const char *bytes, size_t n); /* as they are */
/* In brackets if the program asked for them (2004); otherwise as if typed. */
void terminal_paste(terminal *t, const char *text);

typedef enum terminal_mouse_kind {
    TERMINAL_PRESS,
    TERMINAL_RELEASE,
    TERMINAL_DRAG,
    TERMINAL_CLICK, /* press and release */
} terminal_mouse_kind;
/* button: 0 left, 1 middle, 2 right, 64 wheel up, 65 wheel down.  False, and nothing is sent, if
 * the program did not ask for it (1000, 1002, 1003). */
bool terminal_mouse(terminal *t, int button, int row, int column, terminal_mouse_kind kind);

/* Pictures on the screen are dropped, as in tmux.  Cells keep their size. */
void terminal_resize(terminal *t, int columns, int rows);
/* Another font: as many cells, of this size.  Pictures are dropped, too. */
void terminal_font(terminal *t, int cell_width, int cell_height);
void terminal_signal(terminal *t, int number); /* to the program's process group */
void terminal_continue(terminal *t);           /* after a stop: `fg` */
void terminal_unplug(terminal *t);             /* the window is closed, the connection lost */
void terminal_throttle(terminal *t, int bytes_per_second);
void terminal_acks(terminal *t, terminal_timing acks); /* from now on */

/* Waiting: waits.c. */

/* pattern: plain text in one row of the visible screen; blanks of any kind count as spaces. */
bool terminal_wait_text(terminal *t, const char *pattern, lt_error *err) LT_WARN_UNUSED;
bool terminal_wait_gone(terminal *t, const char *pattern, lt_error *err) LT_WARN_UNUSED;
/* An extended regular expression; ^ and $ are a row's ends (trailing spaces do not count). */
bool terminal_wait_match(terminal *t, const char *expression, lt_error *err) LT_WARN_UNUSED;
/* Until picture `number` (from 1) has been shown. */
bool terminal_wait_picture(terminal *t, int number, lt_error *err) LT_WARN_UNUSED;
/* Until the program wrote these bytes, as a whole, after `from` (terminal_written; 0: ever). */
bool terminal_wait_bytes(terminal *t, const char *bytes, size_t from, lt_error *err) LT_WARN_UNUSED;
/* Until it ended and all its output was read; *status is its exit code, or -signal. */
bool terminal_wait_exit(terminal *t, int *status, lt_error *err) LT_WARN_UNUSED;
bool terminal_wait_stop(terminal *t, lt_error *err) LT_WARN_UNUSED; /* stopped, by SIGTSTP */
/* Until nothing was written for that long: for what has no text of its own to wait for. */
bool terminal_wait_quiet(terminal *t, int ms, lt_error *err) LT_WARN_UNUSED;
/* Any condition; it is asked after every read. */
bool terminal_wait(terminal *t, bool (*holds)(terminal *t, void *user), void *user,
                   const char *what, lt_error *err) LT_WARN_UNUSED;
/* Lets the program run for that long (a random pause of a benchmark). */
void terminal_run(terminal *t, double seconds);
bool terminal_ended(const terminal *t);
int terminal_pid(const terminal *t); /* of the program */

/* Latency: waits.c. */

/* A part of the screen; all zero: the whole screen, the cursor and the pictures. */
typedef struct terminal_part {
    int row, column, rows, columns;
} terminal_part;

/* Types keys and waits until the part looks different; *seconds is from just before the keys were
 * written to the read of the bytes that changed it.  NULL: only collected. */
bool terminal_latency(terminal *t, const char *keys, terminal_part part, double *seconds,
                      lt_error *err) LT_WARN_UNUSED;
int terminal_latencies(const terminal *t);
/* percent 0..100 of those collected, in seconds: nearest rank; 0 if there are none. */
double terminal_percentile(const terminal *t, double percent);

/* What is on the screen: screen.c. */

void terminal_size(const terminal *t, int *columns, int *rows);
void terminal_cell_size(const terminal *t, int *width, int *height);
void terminal_cursor(const terminal *t, int *row, int *column, bool *visible);
/* One row without trailing spaces, appended to buf. */
void terminal_row(const terminal *t, int row, lt_buf *buf);
/* All rows, each with a newline; the caller frees.  With attributes, a change of them is written
 * as {bold,reverse,fg=#rrggbb,...}, plain as {}. */
char *terminal_screen(const terminal *t, bool attributes);

typedef struct terminal_cell {
    char text[32]; /* UTF-8; empty for the right half of a wide character and for a blank */
    int width;     /* 1 or 2 */
    bool bold, underline, italic, reverse;
    bool default_foreground, default_background;
    lt_rgb foreground, background; /* before reverse */
} terminal_cell;
/* False outside. */
bool terminal_cell_at(const terminal *t, int row, int column, terminal_cell *cell);
/* The first place of a text in reading order. */
bool terminal_find(const terminal *t, const char *text, int *row, int *column);

/* Pictures: pictures.c. */

typedef struct terminal_picture {
    int number; /* from 1, in the order of arrival */
    bool kitty;
    bool shown;            /* still on the screen: not replaced, deleted or scrolled away */
    bool synchronized;     /* arrived inside a synchronized update (2026) */
    int row, column;       /* of its top left corner */
    int rows, columns;     /* cells that it touches */
    int width, height;     /* pixels */
    int registers;         /* sixel: one more than the largest used */
    size_t bytes;          /* of the whole sequence or sequences */
    double at;             /* lt_clock when it was complete */
    int damaged;           /* of its cells, now */
    const lt_image *image; /* see terminal_picture_image */
} terminal_picture;

int terminal_pictures(const terminal *t); /* how many have come, ever */
/* NULL if number is out of range. */
const terminal_picture *terminal_picture_get(const terminal *t, int number);
/* The latest; NULL before the first. */
const terminal_picture *terminal_picture_last(const terminal *t);
/* Its pixels, borrowed; NULL if it could not be decoded (which is a fault) or is no longer kept. */
const lt_image *terminal_picture_image(terminal *t, int number);

/* Something drew over a picture that was on the screen. */
typedef struct terminal_damage {
    int picture;
    int row, column, rows, columns; /* the cells of the picture that were touched */
    bool row_only;                  /* only a terminal with row_rules would show it */
    char bytes[64];                 /* what did it, escaped, possibly cut short */
    double at;
} terminal_damage;
/* Pieces of damage so far; a picture that was sent again heals, but its damage stays listed. */
int terminal_damages(const terminal *t);
const terminal_damage *terminal_damage_get(const terminal *t, int n); /* n: from 0 */
void terminal_damage_forget(terminal *t); /* the list; holes in pictures stay */
/* Cells of pictures on the screen that are missing now. */
int terminal_holes(const terminal *t);

/* What was wrong and how it ended: modes.c, terminal.c. */

/* Faults: a picture on the last row or beyond the right edge, too large or with more registers
 * than there are, of a kind that the profile does not have; a scrolled screen; broken sequences. */
int terminal_faults(const terminal *t);
const char *terminal_fault(const terminal *t, int n); /* n: from 0 */
void terminal_faults_forget(terminal *t);

bool terminal_mode(const terminal *t, int number); /* of DECSET: 25, 1000, 1002, 1006, 1049, ... */
bool terminal_application_keypad(const terminal *t);
/* After the end.  All modes are as at the start: 25 on; 1, 1000..1006, 1049, 2004, 2026 off, and
 * 2026 never set twice in a row; the keypad is numeric. */
bool terminal_modes_balanced(const terminal *t, lt_error *err) LT_WARN_UNUSED;
/* The line settings are those of the start, bit for bit. */
bool terminal_line_restored(const terminal *t, lt_error *err) LT_WARN_UNUSED;
/* After the last leave of the alternate screen came nothing but text, colours and resets of modes;
 * no cursor motion, erase, picture or query. */
bool terminal_left_clean(const terminal *t, lt_error *err) LT_WARN_UNUSED;
/* The three above, no sequence left open, and no faults. */
bool terminal_end_clean(const terminal *t, lt_error *err) LT_WARN_UNUSED;

/* The record: terminal.c. */

size_t terminal_written(const terminal *t); /* bytes that the program wrote so far */
/* Those bytes, as far as they are kept; n may be NULL. */
const char *terminal_record(const terminal *t, size_t *n);
double terminal_time_of(const terminal *t, size_t offset); /* lt_clock when that byte was read */
/* How often these bytes were written, after `from`. */
int terminal_count(const terminal *t, const char *bytes, size_t from);
size_t terminal_typed(const terminal *t); /* bytes that reached the program: keys and answers */

/* The screen for eyes: text in the font of image/, pictures on their cells with the holes they
 * have.  PNG, or PPM by the name's end. */
bool terminal_dump(terminal *t, const char *path, lt_error *err) LT_WARN_UNUSED;
/* The same as a picture; the caller unrefs it. */
bool terminal_draw(terminal *t, lt_image **out, lt_error *err) LT_WARN_UNUSED;
/* Screen, pictures, faults, damage and the last bytes, on stderr. */
void terminal_explain(const terminal *t, const char *why);
