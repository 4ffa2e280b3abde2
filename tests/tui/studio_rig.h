/*
 * studio_rig.h - the studio in a terminal of tests: `latentty` with the demo model, in a directory
 * of its own that is also its home, and what `latentty render` makes of the same settings.
 */
#pragma once

#include "image/image.h"
#include "image/png.h"
#include "store/store.h"
#include "support/check.h"
#include "term/terminal.h"

typedef struct rig {
    terminal *t;
    char *dir;             /* owned: home and working directory */
    const char *arguments; /* of the settings, for rig_render */
} rig;

enum { RIG_FRAMES = 33 };
/* Pictures of `render --frames`, by step; NULL behind the last. */
typedef struct frames {
    lt_image *at[RIG_FRAMES];
    int count;
} frames;

extern const terminal_options rig_large; /* 120x40, with cells of 10x20 */

/* `latentty arguments more`, both words between blanks (no quotes; _ in a word becomes a blank).
 * options may be NULL: 80x24 with cells of 10x20.  */
rig rig_open(const terminal_options *options, const char *arguments, const char *more);
/* With one more "NAME=value" in its environment. */
rig rig_open_with(const char *variable, const terminal_options *options, const char *arguments,
                  const char *more);
/* Waits until the model is open: tokens are counted. */
rig rig_ready(const terminal_options *options, const char *arguments, const char *more);
/* The same once more in the directory of r, whose terminal is closed. */
void rig_again(rig *r, const terminal_options *options, const char *more);
void rig_close(rig *r);
/* Waits for the end and checks that the terminal is as before. */
void rig_end(rig *r, int status);
/* Ctrl-C, and the end: for tests of other things. */
void rig_leave(rig *r);

/* q, the end, and the program once more with its model open. */
void rig_restart(rig *r, const char *more);
/* Out of the field of text: what follows does not look like Alt. */
void rig_watch(rig *r);
/* The picture that `s` saves under this name; the caller's. */
lt_image *rig_saved(rig *r, const char *name);

void rig_keys(rig *r, const char *keys);
void rig_wait(rig *r, const char *text);
void rig_expect(rig *r, const char *format, ...) LT_PRINTF(2, 3); /* as rig_wait */
/* Waits until the row with this text is the chosen one: it begins in reverse. */
void rig_wait_chosen(rig *r, const char *text);
void rig_gone(rig *r, const char *text);
void rig_match(rig *r, const char *expression);
bool rig_shows(const rig *r, const char *text);
/* What the footer says of pictures that were not sent; 0 where it says nothing. */
int rig_skipped(const rig *r);
/* Neither damage nor faults nor a hole, so far. */
void rig_sound(rig *r);
/* The same once it is quiet, but the whole screen may have been cleared, as for another view; where
 * there is no picture curses may also have scrolled rows of text. */
void rig_sound_cleared(rig *r);
void rig_sound_scrolled(rig *r);

/* What `latentty render` makes of the rig's arguments and more, in r->dir: NAME.png, and with
 * `lens` its frames ("latents", "x0"; NULL: none). */
lt_image *rig_render(rig *r, const char *name, const char *more, lt_png_texts *texts);
void rig_frames(rig *r, const char *lens, frames *out);
void frames_done(frames *f);

lt_image *rig_read_png(const rig *r, const char *name, lt_png_texts *texts);
/* The history of r, which opens clean; the caller's. */
char *rig_history_path(const rig *r);
lt_store *rig_history(const rig *r);
/* The newest frame that it has of a run, all of them with latents. */
int rig_kept(lt_store *s, int64_t id);
/* Runs `latentty words` in r->dir to its end; its exit code, or -signal. */
int rig_run(rig *r, const char *words);

/* The picture as the program had it: one that was enlarged a whole number of times becomes small
 * again.  Fails where it is no whole number, or where a square has more than one colour.  The
 * caller's. */
lt_image *rig_shrunk(rig *r, int number, int width, int height);
/* The same; NULL instead of failing, as for a picture that was sent in larger squares. */
lt_image *rig_shrunk_if(rig *r, int number, int width, int height);
/* The picture on the screen once nothing is on its way: on a busy machine that may be one in
 * squares and few colours, and the whole one follows after seconds. */
lt_image *rig_at_rest(rig *r, int width, int height);
/* `:save` makes the same picture as this file has, which `s` saved. */
void rig_saves_same(rig *r, const char *name);
/* Mean absolute difference, in steps of 8 bits. */
double rig_distance(const lt_image *a, const lt_image *b);
/* The step of f that is nearest. */
int rig_nearest(const lt_image *picture, const frames *f, double *distance);
/* Waits until the picture on the screen is that of the step within the palette's error. */
void rig_wait_step(rig *r, const frames *f, int step);
void rig_same_pixels(const lt_image *a, const lt_image *b);

/* Mean error of a palette, in steps of 8 bits; 4.4 was measured with these settings. */
#define RIG_PALETTE_ERROR 8.0
