/*
 * form.h - the settings of the next run: both prompts as editors, and a list of rows, one for the
 * seed and one for every other setting of params.def.  Nothing here draws.
 */
#pragma once

#include "pipeline/session.h"
#include "tui/edit.h"

/* A form as it was when it was last a run's, or at the start: what is still so, nobody changed. */
typedef struct lt_form_base {
    char *prompt, *negative; /* owned */
    lt_params next;          /* owned */
    bool seed_given;
    uint64_t seed;
    bool held; /* all of it is the user's, changed or not */
} lt_form_base;

typedef struct lt_form {
    lt_edit *prompt, *negative; /* owned */
    lt_params next;             /* owned: without prompts and seeds */
    bool seed_given;            /* else every run draws another one */
    uint64_t seed;
    const lt_model_facts *facts; /* borrowed: what "the model's" means; NULL until it is known */
    lt_form_base base;           /* owned */
} lt_form;

/* p: what the command line gave. */
void lt_form_init(lt_form *f, const lt_params *p);
void lt_form_done(lt_form *f);

int lt_form_rows(void);
const char *lt_form_label(int row);    /* "guidance scale" */
const char *lt_form_help(int row);     /* a line for the row under the cursor */
int lt_form_row_of(const char *label); /* -1 if there is none */

/* What the next run will use; the model's own where nothing was set, in words where the model is
 * not known yet.  True if it was set. */
bool lt_form_next(const lt_form *f, int row, char *to, size_t size);
/* What a run used for one of its images. */
void lt_form_this(const lt_film *film, int image, int row, char *to, size_t size);

/* What a user types: as lt_form_set, and words that stand for the default ("none") are it; ~ is the
 * home of a file; what the run would refuse later is refused now, a size that does not fit the
 * model that is open, a picture that cannot be opened.  LT_ERR_ARGUMENT, LT_ERR_IO. */
bool lt_form_type(lt_form *f, int row, const char *text, lt_error *err) LT_WARN_UNUSED;
/* A value; an empty one is the default again. */
bool lt_form_set(lt_form *f, int row, const char *text, lt_error *err) LT_WARN_UNUSED;
void lt_form_reset(lt_form *f, int row);
/* One notch up or down: numbers, or the next of a few names.  False where there is none. */
bool lt_form_nudge(lt_form *f, int row, int by);
void lt_form_seed(lt_form *f, uint64_t seed);

/* The settings of a run, checked; the caller's to release in both cases. */
bool lt_form_params(const lt_form *f, lt_params *out, lt_error *err) LT_WARN_UNUSED;

/* ---- form_follow.c ---- */
void lt_form_base_copy(lt_form_base *to, const lt_form_base *from); /* deep; overwrites `to` */
void lt_form_base_done(lt_form_base *b);
/* A run has been made of it: from now on it counts as that run's, as nobody has changed it. */
void lt_form_take(lt_form *f);
void lt_form_hold(lt_form *f); /* until then nothing of it follows */
/* Texts, guidance, steps, size, sampler and spacing become those of a run and one of its images;
 * what was changed stays. */
void lt_form_follow(lt_form *f, const lt_film *film, int image);
bool lt_form_seed_changed(const lt_form *f);
