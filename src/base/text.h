/*
 * text.h - UTF-8 from strangers: checking it and showing it.
 * Thread-safe; nothing allocates.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* True if the n bytes are well-formed UTF-8 (no surrogates, no overlong forms, <= U+10FFFF).
 * Otherwise false, with the offset of the first wrong byte in *bad (may be NULL). */
bool lt_text_valid(const char *s, size_t n, size_t *bad);

/* Copies n bytes of s to `to` (size bytes, always terminated), with control characters, invalid
 * UTF-8 and line or direction marks written as \n, \t, \xNN or \u{...}.  Never cuts a character in
 * two; text that does not fit ends in "...".  Returns the length written. */
size_t lt_text_escape(char *to, size_t size, const char *s, size_t n);
