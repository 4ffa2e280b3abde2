/*
 * find.h - looking for a piece of text without regard to case.
 *
 * Both texts are folded and decomposed character by character, so a composed letter is found by its
 * letter and mark, and "ss" finds a German sharp s.  Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The first place at or after byte `from` of `text` (n bytes of valid UTF-8) that reads as
 * `needle`; *start and *end are byte offsets of whole characters.  An empty needle is found
 * nowhere. */
bool lt_find(const char *text, size_t n, size_t from, const char *needle, size_t *start,
             size_t *end);
