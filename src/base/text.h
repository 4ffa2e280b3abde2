/*
 * text.h - UTF-8 from strangers: checking it and showing it.
 * Thread-safe; nothing allocates.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if the n bytes are well-formed UTF-8 (no surrogates, no overlong forms, <= U+10FFFF).
 * Otherwise false, with the offset of the first wrong byte in *bad (may be NULL). */
bool lt_text_valid(const char *s, size_t n, size_t *bad);

/* The character at s, of at most n > 0 bytes, and how many it takes; -1 and 1 for a wrong byte. */
size_t lt_text_next(const char *s, size_t n, int32_t *point);

/* The UTF-8 of a Unicode scalar value: its length, 1 to 4. */
size_t lt_text_put(char to[4], uint32_t point);

/* True for characters that would move the cursor, hide or reorder what follows, or that have no
 * look of their own: controls, C1 too, format and direction marks, private and unassigned ones. */
bool lt_text_hostile(int32_t point);

/* Copies n bytes of s to `to` (size bytes, always terminated), with invalid UTF-8 and what
 * lt_text_hostile tells written as \n, \t, \xNN or \u{...}.  Never cuts a character in
 * two; text that does not fit ends in "...".  Returns the length written. */
size_t lt_text_escape(char *to, size_t size, const char *s, size_t n);
