/*
 * tour.h - a lesson on the screen: which page, what of it was done, and what the learner did.
 *
 * A page's lines are done in their order, each wait once a turn of the loop, so nothing blocks;
 * turning a page goes on with the lines of the one before until all are done, and one that is shown
 * again does only what sets the form again.  No page turns by itself.  One that was turned keeps
 * its text, with the numbers that it had, and whether it was done.  Leaving gives back the form's
 * settings and the pace that there were.
 */
#pragma once

#include "tui/lesson.h"
#include "tui/studio.h"

typedef struct lt_tour {
    lt_lesson lesson;
    int number;         /* of the lesson; 0: of a file */
    int page, top;      /* shown, and its first row */
    int at, deed;       /* whose line is next; at > page: all that is shown was done */
    double since;       /* when that line began to wait; 0: it has not */
    const char *failed; /* borrowed from the lesson: the first line that did not work since the
                           page was turned; NULL: none */
    /* of the page that is shown */
    bool asked; /* its checks were looked at; lesson.pages[page].done: they held */
    char *known[LT_LESSON_NUMBERS]; /* owned: numbers as they were last; NULL: not yet */
    bool lacks;                     /* one that its text shows is not */
    uint64_t last_run;              /* s->next_id when it was asked */
    int key;                        /* of those that are shown, the next one; -1: none is */
    double key_at;
    /* as it was before */
    lt_form form; /* owned; its editors are not used */
    char *prompt, *negative;
    double pace;
} lt_tour;

/* ---- lesson_files.c ---- */

/* A file, checked with what the studio knows.  LT_ERR_IO, LT_ERR_FORMAT where it cannot be read;
 * mistakes in it are in `faults`, and *out is the caller's in any case. */
bool lt_lesson_read(const char *path, lt_lesson *out, lt_conf_faults *faults,
                    lt_error *err) LT_WARN_UNUSED;

typedef struct lt_lesson_entry {
    int number;
    char *path, *title, *about; /* owned */
} lt_lesson_entry;
/* What is in assets/lessons, by number; released with lt_lessons_done in both cases.  LT_ERR_IO:
 * the folder cannot be read, or there are none. */
bool lt_lessons_list(lt_lessons *out, lt_error *err) LT_WARN_UNUSED;
/* One without mistakes, by its number, which may name a page ("3", "3.8"), or its path; number: 0
 * of a path; page: from 0.  LT_ERR_ARGUMENT: there is no such number, or page; LT_ERR_IO;
 * LT_ERR_FORMAT: the first mistake.  *out is the caller's, {0} on failure. */
bool lt_lesson_load(const char *word, lt_lesson *out, int *number, int *page,
                    lt_error *err) LT_WARN_UNUSED;

/* ---- lesson_numbers.c ---- */

/* A number of what is on the screen; an lt_lesson_value with the studio as `user`. */
bool lt_tour_number(const void *studio, lt_lesson_number which, lt_buf *out);

/* The same, or as the page had it before: closing a comparison, lens 6 or the noising
 * does not take their numbers away. */
bool lt_tour_kept_number(const void *studio, lt_lesson_number which, lt_buf *out);
void lt_tour_forget_numbers(struct lt_tour *t);

/* ---- lesson_facts.c ---- */

bool lt_tour_holds(const lt_studio *s, const lt_lesson_test *t);

/* ---- tour.c ---- */
void lt_tour_ask(lt_studio *s);                    /* which one; of a lesson: the next page */
void lt_tour_open(lt_studio *s, const char *word); /* as lt_lesson_load */
void lt_tour_close(lt_studio *s);                  /* says what it gave back, and where it was */
void lt_tour_done(lt_studio *s);                   /* releases it all */
bool lt_tour_act(lt_studio *s, lt_action action);  /* false: it is none of its own */
/* lt_studio_context, or that of a lesson, before what it covers. */
lt_keymap_context lt_tour_context(const lt_studio *s);
double lt_tour_wait(const lt_studio *s); /* as lt_studio_wait */
void lt_tour_tick(lt_studio *s);

/* ---- tour_form.c ---- */
void lt_tour_remember(lt_studio *s, lt_tour *t);
/* The form and the pace as they were; `names` gets what was changed. */
void lt_tour_give_back(lt_studio *s, lt_tour *t, lt_buf *names);

/* ---- view_lesson.c ---- */
void lt_view_tour(lt_studio *s);                        /* in the panel */
bool lt_view_tour_fits(const lt_studio *s, int cols);   /* there is room for it beside this view */
void lt_view_tour_row(const lt_studio *s, lt_rect row); /* where there is none */
void lt_view_lessons(lt_studio *s);                     /* the list, in the panel */
int lt_view_lessons_at(const lt_studio *s, int x, int y); /* the number of one; 0: none is there */
