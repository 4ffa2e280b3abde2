/*
 * words.h - the 77 positions that a UNet looks at, by the words of the prompt (lt_token.word): a
 * comma is a word of its own.  Begin, end and padding are no words of it, but looked at as well,
 * and are told apart.  Or the same by tokens: a word of several pieces is as many.  Pure.
 */
#pragma once

#include "model/tokenizer.h"

typedef enum lt_word_kind {
    LT_WORD_START, /* <|startoftext|> */
    LT_WORD_PROMPT,
    LT_WORD_END,     /* the first <|endoftext|> */
    LT_WORD_PADDING, /* all that follows it */
} lt_word_kind;

typedef struct lt_word {
    lt_word_kind kind;
    int from, to; /* positions [from, to) of the model's 77 */
    char *text;   /* owned: its bytes of the prompt, escaped; "<start>", "<end>", "<padding>" */
} lt_word;

typedef struct lt_prompt_words {
    lt_word *at; /* owned: in the order of their positions, which they cover */
    int count;
} lt_prompt_words;

typedef enum lt_words_by {
    LT_BY_WORD,
    LT_BY_TOKEN, /* but padding stays together */
} lt_words_by;

/* Of a prompt and its tokens.  What was cut off is in none. */
void lt_words_of(const char *prompt, const lt_tokens *tokens, lt_words_by by, lt_prompt_words *out);
/* The one that has this position, of those that the words cover. */
int lt_words_at(const lt_prompt_words *w, int position);
void lt_words_copy(lt_prompt_words *to, const lt_prompt_words *from);
void lt_words_done(lt_prompt_words *w); /* {0} is fine */
