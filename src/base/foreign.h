/*
 * foreign.h - what people have in the place of a file that they meant to download, told by its
 * first bytes.
 */
#pragma once

#include <stddef.h>

typedef struct lt_foreign {
    const char *what; /* as in "it is ..." */
    const char *hint;
} lt_foreign;

/* A Git LFS pointer or a web page; NULL if it is neither.  Static. */
const lt_foreign *lt_foreign_of(const void *bytes, size_t n);
