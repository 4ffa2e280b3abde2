/*
 * token_table.h - the positions of a prompt as rows: start, text, end, padding, and what was cut
 * off.
 *
 * The padding is one row unless it is open; what was cut off follows as rows that have no position.
 * Pure.
 */
#pragma once

#include "model/tokenizer.h"

typedef enum lt_token_kind {
    LT_TOKEN_START,
    LT_TOKEN_TEXT,
    LT_TOKEN_END,
    LT_TOKEN_PADDING,
    LT_TOKEN_CUT,
} lt_token_kind;

typedef struct lt_token_row {
    lt_token_kind kind;
    int position; /* 0 to tokens->length - 1; CUT: -1 */
    int count;    /* positions that it stands for: folded padding; else 1 */
    size_t token; /* TEXT and CUT: in tokens->all */
    int32_t id;
} lt_token_row;

const char *lt_token_kind_name(lt_token_kind kind); /* "start", "text", "end", "padding", "cut" */

/* open: every position of the padding has a row of its own. */
int lt_token_rows(const lt_tokens *t, bool open);
lt_token_row lt_token_row_at(const lt_tokens *t, bool open, int row); /* 0 <= row < rows */

/* Positions of padding; they begin behind used + 1. */
int lt_token_padding(const lt_tokens *t);
/* The first row of the word before (by < 0) or after the one that `row` is of; `row` itself where
 * there is none. */
int lt_token_word_row(const lt_tokens *t, bool open, int row, int by);
/* Words of the tokens [from, to). */
size_t lt_token_words(const lt_tokens *t, size_t from, size_t to);
