/*
 * a1111.h - the text chunk `parameters` of AUTOMATIC1111's web UI, read back.
 *
 * Format: the prompt, "Negative prompt: ..." (may be absent), and a last line "Steps: 20, Sampler:
 * Euler a, ..." whose values are quoted as JSON strings where they hold a comma.  Pure.
 */
#pragma once

#include <stdbool.h>

typedef struct lt_a1111_field {
    char *key, *value; /* owned */
} lt_a1111_field;

typedef struct lt_a1111 {
    char *prompt, *negative; /* owned; "" if absent */
    lt_a1111_field *fields;  /* owned */
    int count;
} lt_a1111;

/* False if the text has no line of settings: all of it is then the prompt.  Release with
 * lt_a1111_done in both cases. */
bool lt_a1111_parse(const char *text, lt_a1111 *out);
void lt_a1111_done(lt_a1111 *a); /* {0} is fine */

/* What a key of the web UI is called here: "--guidance-scale"; NULL if there is none. */
const char *lt_a1111_flag(const char *key);
