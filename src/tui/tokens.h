/*
 * tokens.h - the view of the prompt's tokens: which text is looked at, and which of its positions.
 */
#pragma once

#include <stdint.h>

#include "pipeline/encoding.h"
#include "tui/token_table.h"

/* Whose text. */
typedef enum lt_tokens_of {
    LT_TOKENS_RUN, /* the prompt of the picture that is looked at */
    LT_TOKENS_RUN_AVOID,
    LT_TOKENS_FIELD, /* as it is typed */
    LT_TOKENS_FIELD_AVOID,
    LT_TOKENS_TEXTS,
} lt_tokens_of;

/* Encodings that are kept, so that going back to a text shows its vectors at once. */
enum { LT_TOKENS_KEPT = 4 };

typedef struct lt_token_view {
    lt_tokens_of of;
    char *text;                        /* owned: what the tokens are of; NULL: nothing yet */
    lt_tokens tokens;                  /* owned */
    lt_error refused;                  /* why there are none; code NONE: there is no model yet */
    bool open;                         /* the padding is */
    int row, top;                      /* chosen, and the first shown */
    int page;                          /* rows that fit, of the screen as it was drawn */
    lt_encoding *kept[LT_TOKENS_KEPT]; /* owned, the newest first; NULL behind the last */
    double rest_at;                    /* when what is typed counts as resting; 0: it rests */
    char *asked;                       /* owned: the text whose encoding has not come */
    lt_error fault;                    /* why it will not; code NONE: it is on its way */
    uint64_t with, without;            /* runs to compare once the second begins; 0: none */
    char word[64];                     /* that the second lacks */
} lt_token_view;
