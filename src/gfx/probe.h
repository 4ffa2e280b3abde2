/*
 * probe.h - what the terminal is: asked of it in one burst, and read from the environment.
 *
 * DA1 is asked last: it is the one question that every terminal answers, and answers come in
 * order, so with it all that will come has come.  What real terminals answered is in
 * tests/data/gfx/answers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "gfx/scan.h"
#include "gfx/tty.h"

typedef enum lt_colours {
    LT_COLOURS_NONE,
    LT_COLOURS_16,
    LT_COLOURS_256,
    LT_COLOURS_TRUE,
} lt_colours;

typedef enum lt_mux { LT_MUX_NONE, LT_MUX_TMUX, LT_MUX_SCREEN } lt_mux;

/* How the size of a cell became known, the best last. */
typedef enum lt_cell_source {
    LT_CELL_GUESS,  /* 10x20, nobody said anything */
    LT_CELL_AREA,   /* CSI 14 t by the columns and rows */
    LT_CELL_WINDOW, /* TIOCGWINSZ by the columns and rows; xterm's counts its border, less than a
                       pixel a cell, so that rounding down is right */
    LT_CELL_REPLY,  /* CSI 16 t */
    LT_CELL_GIVEN,  /* by the user: lt_term_cell */
} lt_cell_source;

typedef struct lt_term {
    bool dumb;     /* TERM says that it knows no sequences: nothing is asked */
    bool console;  /* TERM=linux prints what it does not know: only DA1 is asked */
    bool answered; /* DA1 came in time */
    bool da1, sixel;
    int registers;             /* colours of a sixel picture; 0: not said */
    int max_width, max_height; /* of a sixel picture in pixels; 0: not said */
    int cell_width, cell_height;
    lt_cell_source cell_source;
    bool sync;  /* mode 2026: synchronized output */
    bool kitty; /* kitty's graphics protocol */
    lt_mux mux;
    char name[64]; /* as XTVERSION says it, printable; empty: not said */
    lt_colours colours;
    double ms; /* from the question to DA1, or to giving up */
    /* what later sizes are compared with */
    lt_tty_size size;
    int area_width, area_height; /* CSI 14 t; 0: not said */
} lt_term;

const char *lt_colours_name(lt_colours colours); /* "truecolour", "256", "16", "none" */
const char *lt_mux_name(lt_mux mux);             /* "none", "tmux", "screen" */
const char *lt_cell_source_name(lt_cell_source source);

/* The part of the environment that matters; each may be NULL. */
typedef struct lt_term_env {
    const char *term, *colorterm, *tmux;
} lt_term_env;
lt_term_env lt_term_env_get(void);
/* Fills dumb, console, mux and colours. Pure. */
void lt_term_from_env(lt_term *term, const lt_term_env *env);

/*
 * The parser of answers: pure, fed with bytes in any pieces.  Zero-initialise, set `term`.
 * What is no answer (keys, pasted text) goes to *typed as it came.
 */
typedef struct lt_replies {
    lt_term *term; /* borrowed; facts go there */
    lt_scan scan;  /* private: where in a sequence the bytes are */
    bool done;     /* DA1 came */
    int acks;      /* how many times CSI 0 n came */
} lt_replies;

void lt_replies_feed(lt_replies *r, const void *bytes, size_t n, lt_buf *typed);
/* Whatever is held goes to *typed: lt_input_reader goes on in the middle of it. */
void lt_replies_end(lt_replies *r, lt_buf *typed);

/* Appends the questions for such a terminal; none for a dumb one. */
void lt_probe_questions(const lt_term *term, lt_buf *out);

/* Asks, and waits for DA1 at most `seconds` (1 is right: replies of 0.6 s were measured on slow
 * lines).  The terminal is raw meanwhile and as it was afterwards; nothing that was typed is lost:
 * *typed has it, and belongs to lt_input_feed.  False only if the terminal is gone; one that does
 * not answer is a fact in *out. */
bool lt_probe(lt_tty *tty, double seconds, lt_term *out, lt_buf *typed,
              lt_error *err) LT_WARN_UNUSED;
/* The same; *raw is what came, byte by byte. */
bool lt_probe_raw(lt_tty *tty, double seconds, lt_term *out, lt_buf *typed, lt_buf *raw,
                  lt_error *err) LT_WARN_UNUSED;

/* After a change of the window: the size, and the size of a cell if the font changed.  A cell that
 * the terminal told keeps its size unless the window's pixels by cell changed by a pixel or more.
 */
void lt_term_resize(lt_term *term, const lt_tty_size *size);
/* The user knows better. */
void lt_term_cell(lt_term *term, int width, int height);
