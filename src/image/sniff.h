/* sniff.h - what kind of file somebody gave instead of a PNG.  Pure. */
#pragma once

#include <stddef.h>

typedef struct lt_kind {
    const char *what; /* "a JPEG picture", "a web page", ... */
    const char *hint; /* what to do about it */
} lt_kind;

/* By the first bytes; NULL if they say nothing.  The result is static. */
const lt_kind *lt_sniff(const void *bytes, size_t n);
