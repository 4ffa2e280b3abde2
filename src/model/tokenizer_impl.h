/* tokenizer_impl.h - the inside of lt_tokenizer, shared by tokenizer.c and tokenizer_open.c only.
 */
#pragma once

#include <stdint.h>

#include "base/mem.h"
#include "model/clip_unicode.h"
#include "model/tokenizer.h"

#define LT_WORD_END "</w>"

/* A pair of neighbouring tokens that merges into one; lower ranks merge first.  A slot of an open
 * hash table; rank UINT32_MAX marks it free. */
typedef struct lt_merge {
    int32_t left, right, to;
    uint32_t rank;
} lt_merge;

/* A token that is found in the text as a whole: in the raw text, or else in the normalised one. */
typedef struct lt_special {
    const char *text; /* borrowed from the arena */
    int32_t id;
    bool normalised;
    lt_clip_text folded; /* owned: text, normalised */
} lt_special;

enum { LT_MAX_SPECIALS = 16 };

struct lt_tokenizer {
    lt_arena *arena;     /* owned: the pieces and names */
    const char **pieces; /* owned: by id, [vocab]; NULL where the file has a gap */
    size_t vocab;
    lt_merge *merges; /* owned: [mask + 1] */
    size_t mask;
    int32_t inner[256], last[256]; /* the token of a byte inside and at the end of a word */
    lt_special specials[LT_MAX_SPECIALS];
    size_t n_specials;
    int32_t begin, end, pad;
    size_t length;
};

/* The character that stands for a byte in vocab.json: printable Latin-1 stands for itself, the
 * other 68 bytes for U+0100 upwards (GPT-2's byte-level alphabet). */
uint32_t lt_tokenizer_symbol(unsigned char byte);

/* Where the pair is or would be; the table is never full. */
lt_merge *lt_tokenizer_slot(lt_merge *merges, size_t mask, int32_t left, int32_t right);
