/*
 * bar.h - how far the work is: a bar drawn again in place on a terminal, plain lines elsewhere.
 *
 * Everything goes to stderr.  The look is tqdm's:
 *   pictures:  48%|####8     | 12/25 [00:03<00:03,  3.91it/s]
 */
#pragma once

#include <stddef.h>

#include "cli/command.h"

/* What is shown; seconds are of a clock that starts with the work. */
typedef struct lt_bar_state {
    const char *label;
    int done, total;
    double elapsed;
    double pace; /* seconds for one, smoothed; 0: not known yet */
} lt_bar_state;

/* One line of at most `width` columns without its newline, into to[size].  Pure. */
void lt_bar_draw(const lt_bar_state *s, int width, bool utf8, char *to, size_t size);
/* The same as a sentence for a log.  Pure. */
void lt_bar_sentence(const lt_bar_state *s, char *to, size_t size);
/* True if a log should have a line now: the first, the last, else after a tenth of the work and
 * five seconds. Pure. */
typedef struct lt_bar_mark {
    int done;
    double elapsed;
} lt_bar_mark;
bool lt_bar_due(const lt_bar_state *s, const lt_bar_mark *last);
/* The pace after another step that took `seconds`: an exponential mean, as tqdm's (0.3). */
typedef struct lt_bar_pace {
    double sum, weight;
} lt_bar_pace;
double lt_bar_pace_add(lt_bar_pace *p, double seconds);

typedef struct lt_bar {
    lt_bar_state state;
    lt_bar_pace pace;
    lt_bar_mark logged;
    double start, last_step, drawn; /* of lt_clock */
    bool silent, live, utf8;
    bool shown; /* there is something on the line now */
} lt_bar;

void lt_bar_init(lt_bar *b, const lt_context *c);
/* A short word about what is being done, until the next one; only on a terminal. */
void lt_bar_status(lt_bar *b, const char *what);
/* The beginning of `total` steps; label is borrowed. */
void lt_bar_begin(lt_bar *b, const char *label, int total);
void lt_bar_step(lt_bar *b); /* one is done */
/* Leaves the line to others: a bar that is complete stays above, anything else is cleared. */
void lt_bar_end(lt_bar *b);
