/*
 * json_scan.h - a strict pull scanner for JSON whose structure is known in advance.
 *
 * The caller asks for the token it expects; anything else is an error.  Nothing recurses, so
 * nesting costs nothing and cannot be deeper than what the caller asks for.  Every string is seen,
 * so that repeated keys can be found (a DOM keeps only the last).  Source: RFC 8259, sections 2, 6
 * and 7. The input must be valid UTF-8 already.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct lt_json_scan {
    const char *start, *at, *end; /* borrowed: the text, the next byte, one past the last */
    char *text;          /* borrowed: decoded strings go here; as many bytes as the text suffice */
    const char *problem; /* after a failure: "expected ':'"; static */
} lt_json_scan;

/* Each skips white space first, and on failure sets problem and leaves `at` where the fault is. */
bool lt_json_scan_char(lt_json_scan *s, char c) LT_WARN_UNUSED;
/* True, and c consumed, if c comes next; false, nothing consumed and no problem otherwise. */
bool lt_json_scan_maybe(lt_json_scan *s, char c);
/* A string, unescaped and NUL-terminated, kept in s->text.  \u0000 and lone surrogates are refused.
 */
bool lt_json_scan_string(lt_json_scan *s, const char **out) LT_WARN_UNUSED;
/* A non-negative integer: digits only, no leading zero, no fraction, no exponent, <= UINT64_MAX. */
bool lt_json_scan_uint(lt_json_scan *s, uint64_t *out) LT_WARN_UNUSED;
/* Only white space is left. */
bool lt_json_scan_end(lt_json_scan *s) LT_WARN_UNUSED;
