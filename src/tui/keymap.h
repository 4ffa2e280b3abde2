/*
 * keymap.h - from a key to an action, and from the actions to the footer and the help screen.
 *
 * The table is actions.def; a key map begins as what stands there, and takes keys of the user's in
 * their place.  Pure, but for lt_keymap_load.  One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/conf.h"
#include "tui/edit.h"
#include "tui/key.h"

typedef enum lt_action {
    LT_ACTION_NONE,
#define LT_ACTION(name, text, contexts, keys, order, needs, without, hint, help) LT_ACTION_##name,
#define LT_EDIT_ACTION(op, text, contexts, keys, help)                           LT_ACTION_EDIT_##op,
#include "tui/actions.def"
    LT_ACTIONS
} lt_action;

/* Where the next key goes. */
typedef enum lt_keymap_context {
    LT_IN_TYPING = 1,  /* the prompt, or what to avoid */
    LT_IN_LINE = 2,    /* one line: a command, a value, a search, a file */
    LT_IN_VIEWING = 4, /* no field of text */
    LT_IN_PARAMS = 8,  /* the settings */
    LT_IN_HELP = 16,
    LT_IN_MESSAGE = 32, /* a page of text, such as an error in full */
    LT_IN_RUNS = 64,    /* the tree of runs, and what waits */
    LT_IN_GRID = 128,   /* pictures of several seeds */
    LT_IN_COMPARE = 256,
    LT_IN_GALLERY = 512,
    LT_IN_WHATIF = 1024, /* one step with another guidance */
    LT_IN_AUTOENCODER = 2048,
    LT_IN_NOISING = 4096,
    LT_IN_TOKENS = 8192,  /* the tokens of a prompt */
    LT_IN_LESSON = 16384, /* viewing while a lesson is given: what has no meaning here has that of
                            viewing */
    LT_IN_ANYWHERE = 32767,
} lt_keymap_context;

/* What is true now; decides about hints. */
enum {
    LT_STATE_RUNNING = 1, /* a run is not at its end, paused or not */
    LT_STATE_PAUSED = 2,
    LT_STATE_FILM = 4,         /* there are steps to look at */
    LT_STATE_ERROR = 8,        /* there was one that has not been looked at */
    LT_STATE_INTERRUPTED = 16, /* a run of the history can go on */
    LT_STATE_TOUR = 32,        /* a lesson is given */
    LT_STATE_WORDS = 64,       /* words of a prompt can be chosen */
};

/* The contexts in the order of the page of keys, by name: "viewing"; NULL at the end. */
const char *lt_keymap_context_at(int i, lt_keymap_context *context);

typedef struct lt_keymap lt_keymap;
lt_keymap *lt_keymap_new(void);    /* the keys of actions.def */
void lt_keymap_free(lt_keymap *m); /* NULL is fine */

/*
 * "KEY ACTION [CONTEXT]": the key does this from now on, and is the one that is shown for it; the
 * action "none" takes the key's meaning away.  Without a context: wherever the action has a meaning
 * (none: everywhere), but characters stay text where text is typed.  LT_ERR_ARGUMENT: no such key
 * or one that a terminal cannot send, no such action or context, an action that does nothing there,
 * a character in a field of text, and Ctrl+C, which always stops or leaves.
 */
bool lt_keymap_bind(lt_keymap *m, const char *words, lt_error *err) LT_WARN_UNUSED;
/* The same for each line of a file (base/conf.h). */
void lt_keymap_load(lt_keymap *m, const char *path, lt_conf_faults *faults);

/* LT_ACTION_NONE: the key has no meaning there, or, in TYPING and LINE, is text. */
lt_action lt_keymap_lookup(const lt_keymap *m, lt_keymap_context context, lt_key key);
/* True if the action is an operation of the editor. */
bool lt_keymap_edit_op(lt_action action, lt_edit_op *op);

/* By its name; LT_ACTION_NONE if there is none. */
lt_action lt_keymap_find(const char *name);
const char *lt_keymap_name(lt_action action);  /* "run", "edit-word-left"; "none" */
const char *lt_keymap_help(lt_action action);  /* one sentence; "" for none */
unsigned lt_keymap_contexts(lt_action action); /* where actions.def gives it a meaning: a sum */
/* The keys of an action in one context: "Enter, Ctrl+G"; nothing if it has none there. */
void lt_keymap_keys(const lt_keymap *m, lt_keymap_context context, lt_action action, lt_buf *out);

/* A hint of the footer: "Space pause". */
enum { LT_HINT_TEXT = 64, LT_HINTS = 16 };
typedef struct lt_hint {
    lt_action action;
    int column, cells; /* where to draw it, and for clicks */
    int key_cells;     /* of its beginning, the key's name */
    int key_bytes;     /* the same in bytes of the text */
    char text[LT_HINT_TEXT];
} lt_hint;
/* The hints that matter now, the most important first, as many as fit into `width` cells with two
 * blanks between them.  A long one that does not fit makes room for a shorter one.  Returns how
 * many. */
int lt_keymap_hints(const lt_keymap *m, lt_keymap_context context, unsigned state, int width,
                    lt_hint out[LT_HINTS]);

/* What the help screen shows: for each of `contexts` (a sum of them) a title and its keys in as
 * many columns as fit; only what contains `find` in its keys or its sentence, unless that is NULL
 * or empty. Keys that a section has as one before it are not repeated.  Appends lines, each with a
 * newline behind it, and returns how many actions there are in them. */
int lt_keymap_page(const lt_keymap *m, unsigned contexts, const char *find, int width, bool utf8,
                   lt_buf *out);
