/*
 * keymap.h - from a key to an action, and from the actions to the footer and the help screen.
 * The table is actions.def.  Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
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
    LT_IN_ANYWHERE = 2047,
} lt_keymap_context;

/* What is true now; decides about hints. */
enum {
    LT_STATE_RUNNING = 1, /* a run is not at its end, paused or not */
    LT_STATE_PAUSED = 2,
    LT_STATE_FILM = 4,         /* there are steps to look at */
    LT_STATE_ERROR = 8,        /* there was one that has not been looked at */
    LT_STATE_INTERRUPTED = 16, /* a run of the history can go on */
};

/* LT_ACTION_NONE: the key has no meaning there, or, in TYPING and LINE, is text. */
lt_action lt_keymap_lookup(lt_keymap_context context, lt_key key);
/* True if the action is an operation of the editor. */
bool lt_keymap_edit_op(lt_action action, lt_edit_op *op);

const char *lt_keymap_name(lt_action action); /* "run", "edit-word-left"; "none" */
const char *lt_keymap_help(lt_action action); /* one sentence; "" for none */
/* The keys of an action in one context: "Enter, Ctrl+G"; nothing if it has none there. */
void lt_keymap_keys(lt_keymap_context context, lt_action action, lt_buf *out);

/* A hint of the footer, ASCII: "Space pause". */
enum { LT_HINT_TEXT = 40, LT_HINTS = 16 };
typedef struct lt_hint {
    lt_action action;
    int column, cells; /* where to draw it, and for clicks */
    int key_cells;     /* of its beginning, the key's name */
    char text[LT_HINT_TEXT];
} lt_hint;
/* The hints that matter now, the most important first, as many as fit into `width` cells with two
 * blanks between them.  A long one that does not fit makes room for a shorter one.  Returns how
 * many. */
int lt_keymap_hints(lt_keymap_context context, unsigned state, int width, lt_hint out[LT_HINTS]);

/* What the help screen shows: for each of `contexts` (a sum of them) a title and its keys in as
 * many columns as fit; only what contains `find` in its keys or its sentence, unless that is NULL
 * or empty. Keys that a section has as one before it are not repeated.  Appends lines, each with a
 * newline behind it, and returns how many actions there are in them. */
int lt_keymap_page(unsigned contexts, const char *find, int width, bool utf8, lt_buf *out);
