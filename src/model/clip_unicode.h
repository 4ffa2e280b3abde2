/*
 * clip_unicode.h - text as CLIP's tokenizer sees it: composed, spaces collapsed, lowercase,
 * classed.
 *
 * The steps are those of the `tokenizers` library that diffusers runs: canonical composition (NFC),
 * every run of white space to one space, then the full lowercase mapping of each code point alone
 * (no final-sigma rule).  The tables are that library's, not utf8proc's: another Unicode version
 * gives other tokens.  Thread-safe: no state.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum lt_clip_class {
    LT_CLIP_OTHER = 0,
    LT_CLIP_LETTER, /* \p{L} */
    LT_CLIP_NUMBER, /* \p{N} */
    LT_CLIP_SPACE,  /* \s */
} lt_clip_class;

/* One code point of normalised text and the bytes [start, end) of the source it was made from; the
 * ranges of neighbours may be equal (one source character became two) or, for reordered combining
 * marks, run backwards. */
typedef struct lt_clip_char {
    uint32_t point;
    uint32_t start, end;
    uint32_t order; /* used while normalising; see clip_unicode.c */
} lt_clip_char;

/* Zero-initialise, reuse for any number of texts, release with lt_clip_text_done. */
typedef struct lt_clip_text {
    lt_clip_char *chars; /* owned */
    size_t len, cap;
} lt_clip_text;

void lt_clip_text_done(lt_clip_text *text);

lt_clip_class lt_clip_unicode_class(uint32_t point);

/* Replaces *out by the normal form of s[from, to), well-formed UTF-8; start and end count from s.
 * `to` is below 2^22. */
void lt_clip_unicode_normalise(const char *s, size_t from, size_t to, lt_clip_text *out);
