/*
 * mem.h - memory that cannot fail quietly.
 *
 * Small host allocations end the program through lt_panic_memory when the system has none left;
 * callers do not test them.  Anything whose size comes from a file, or that is larger than a few
 * MiB, is taken with lt_try_alloc, which reports LT_ERR_MEMORY with the bytes wanted. An arena is
 * memory with one lifetime: many allocations, one release.  Not thread-safe.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

void *lt_alloc(size_t bytes);                       /* zeroed; free with free() */
void *lt_alloc_array(size_t count, size_t bytes);   /* zeroed; panics on overflow */
void *lt_grow(void *p, size_t count, size_t bytes); /* realloc of an array; new part not zeroed */
char *lt_strdup(const char *s);
char *lt_strndup(const char *s, size_t n);
char *lt_format(const char *format, ...) LT_PRINTF(1, 2);

/* 64-byte aligned, zeroed; free with free().  `what` names the thing in the message. */
bool lt_try_alloc(size_t bytes, const char *what, void **out, lt_error *err) LT_WARN_UNUSED;

/* *out = a * b, or false if that does not fit. */
bool lt_mul(size_t a, size_t b, size_t *out) LT_WARN_UNUSED;

typedef struct lt_arena lt_arena;
lt_arena *lt_arena_new(void);
void lt_arena_free(lt_arena *arena);                 /* NULL is fine */
void *lt_arena_alloc(lt_arena *arena, size_t bytes); /* zeroed, 16-byte aligned */
char *lt_arena_strdup(lt_arena *arena, const char *s);
char *lt_arena_format(lt_arena *arena, const char *format, ...) LT_PRINTF(2, 3);
