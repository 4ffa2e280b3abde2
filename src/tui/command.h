/*
 * command.h - the line behind `:`, for type.c and the views.
 *
 *     NAME            an action of actions.def that can be done where the line was asked for
 *     NAME VALUE      a setting of params.def or the seed, by the name of its flag
 *     VERB ARGUMENT   what is in the table of command.c
 *
 * Of a name that is an action as well as something that takes a value, the action is what is meant
 * where there is none.
 */
#pragma once

#include "tui/studio.h"

enum { LT_COMMAND_PACE_MOST = 60 }; /* seconds */

/* What may stand as the argument of a verb. */
typedef enum lt_words {
    LT_WORDS_NONE,
    LT_WORDS_SETTINGS, /* the name of a setting */
    LT_WORDS_VALUES,   /* that, and then one of its values */
    LT_WORDS_PICTURES, /* PNG files */
    LT_WORDS_FILES,
    LT_WORDS_THEMES,
    LT_WORDS_SWITCH, /* on, off */
    LT_WORDS_MAP,    /* a key, an action, a context */
} lt_words;

typedef struct lt_verb {
    const char *name, *usage;
    lt_words words;
    void (*run)(lt_studio *s, const char *argument);
} lt_verb;

const lt_verb *lt_verb_at(int i); /* NULL at the end */
const lt_verb *lt_verb_find(const char *name);

/* True if an action by its name does something from where the line was asked for. */
bool lt_command_acts(const lt_studio *s, lt_action action);

/* Does what the line says, or says why not. */
void lt_command_run(lt_studio *s, const char *line);

/* ---- command_check.c ---- */

/* What these verbs take.  LT_ERR_ARGUMENT. */
bool lt_command_pace(const char *text, double *out, lt_error *err) LT_WARN_UNUSED; /* seconds */
bool lt_command_theme(const char *text, lt_theme *out, lt_error *err) LT_WARN_UNUSED;
bool lt_command_mouse(const char *text, bool *out, lt_error *err) LT_WARN_UNUSED;

/* What can be seen of a lesson's line without doing it: that it names something that a lesson may
 * do, numbers in their ranges, the value of a setting.  LT_ERR_ARGUMENT. */
bool lt_command_check(const char *line, lt_error *err) LT_WARN_UNUSED;
/* The same of a setting, or the seed, and its value. */
bool lt_command_check_setting(const char *name, const char *value, lt_error *err) LT_WARN_UNUSED;

/* ---- complete.c ---- */

/* Completes the word at the end of the line; again: puts the next of several words there. */
void lt_command_complete(lt_studio *s);
/* The words to choose from; NULL and 0 if there are none, or the line was changed since. */
const lt_completion *lt_command_choices(const lt_studio *s);
void lt_completion_done(lt_completion *c); /* {0} is fine */
