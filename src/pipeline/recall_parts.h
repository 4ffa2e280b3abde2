/*
 * recall_parts.h - between the readers of recall.h: what each of them does with a value.  Others
 * include recall.h.
 *
 * A reader takes the text of a chunk and returns false, with the settings and notes untouched, if
 * it is not its own.  Nothing that a text holds is a fault: what cannot be followed is noted.
 */
#pragma once

#include <json-c/json.h>

#include "pipeline/recall.h"

/* Both borrowed. */
typedef struct lt_recall {
    lt_params *params;
    lt_buf *notes;
} lt_recall;

/* Adds to the notes, once, in at most 60 characters, and nothing more after 1000 bytes. */
void lt_recall_note(const lt_recall *r, const char *what);
void lt_recall_note_value(const lt_recall *r, const char *what, const char *value);

/* Sets the row of a flag from text; a value that is not understood is noted. */
void lt_recall_set(const lt_recall *r, const char *flag, const char *text);
void lt_recall_seed(const lt_recall *r, const char *text);
/* Either may be NULL. */
void lt_recall_size(const lt_recall *r, const char *width, const char *height);
/* By the name that k-diffusion and the programs around it use: "euler_ancestral", "k_lms". */
void lt_recall_sampler(const lt_recall *r, const char *name);

/* One JSON object, the caller's, or NULL. */
json_object *lt_recall_parse(const char *text);
/* A member as text, borrowed; NULL if it is not there or null. */
const char *lt_recall_member(const json_object *o, const char *key);

/* What the members of a plain object mean. */
typedef enum lt_recall_kind {
    LT_RECALL_PROMPT,
    LT_RECALL_SET, /* the setting of `flag` */
    LT_RECALL_SEED,
    LT_RECALL_WIDTH,
    LT_RECALL_HEIGHT,
    LT_RECALL_SIDES, /* "(1024, 768)" */
    LT_RECALL_SAMPLER,
    LT_RECALL_USUAL, /* noted unless it is `flag` */
    LT_RECALL_NOTED, /* noted with its value */
    LT_RECALL_SKIPPED,
} lt_recall_kind;
typedef struct lt_recall_row {
    const char *key;
    lt_recall_kind kind;
    const char *flag;
} lt_recall_row;
/* Members without a row are noted, unless they are null, false or empty.  The first row is the
 * prompt's: false if there is no string of that name. */
bool lt_recall_flat(const lt_recall *r, json_object *o, const lt_recall_row *rows, int count);

bool lt_recall_ours(const lt_recall *r, const char *json, lt_origin *origin);
bool lt_recall_a1111(const lt_recall *r, const char *text);
bool lt_recall_comfy(const lt_recall *r, const char *json);
bool lt_recall_invoke(const lt_recall *r, const char *json);
bool lt_recall_swarm(const lt_recall *r, const char *json);
bool lt_recall_fooocus(const lt_recall *r, const char *json);
