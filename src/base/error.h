/*
 * error.h - how every fallible function of latentty reports failure.
 *
 * A function that can fail returns bool and takes `lt_error *err` as its last parameter, never
 * NULL. On success *err is untouched; on failure it is filled once, where the fault was seen, and
 * callers may put context in front with lt_fail_in().  The struct is plain data on the caller's
 * stack: no globals, no thread-local slots, copyable through a queue.
 *
 * A message is lower case without a full stop: what failed, the thing's name in quotes, what was
 * expected, what was found.  A hint is a command or a setting that the user can try.
 * Bytes that came from outside (paths, names in files, prompts) are escaped: a message never holds
 * a control character.
 */
#pragma once

#include <stdbool.h>

typedef enum lt_error_code {
    LT_ERR_NONE = 0,
    LT_ERR_IO,        /* the operating system refused: open, read, write, map */
    LT_ERR_FORMAT,    /* a file is not what it says it is */
    LT_ERR_MODEL,     /* well-formed, but not a model (or a value) that latentty can run */
    LT_ERR_MEMORY,    /* a large allocation failed; the message says how many bytes */
    LT_ERR_DEVICE,    /* a backend or its library failed */
    LT_ERR_RANGE,     /* numbers leave their type's range: a wider one may do */
    LT_ERR_ARGUMENT,  /* the caller's or the user's value is out of range: exit code 2 */
    LT_ERR_CANCELLED, /* asked to stop; not a fault */
} lt_error_code;

typedef struct lt_error {
    lt_error_code code;
    char message[1024]; /* NUL-terminated, printable UTF-8 */
    char hint[512];     /* empty, or one line to try */
} lt_error;

#define LT_WARN_UNUSED         __attribute__((warn_unused_result))
#define LT_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* Fills *err and returns false, so that `return lt_fail(...)` reads well.  hint may be NULL. */
bool lt_fail(lt_error *err, lt_error_code code, const char *hint, const char *format, ...)
    LT_PRINTF(4, 5);

/* Puts "<formatted>: " in front of the message of a failed *err, in at most half of its room;
 * returns false. */
bool lt_fail_in(lt_error *err, const char *format, ...) LT_PRINTF(2, 3);

/* Replaces the hint of a failed *err; returns false. */
bool lt_fail_hint(lt_error *err, const char *format, ...) LT_PRINTF(2, 3);

/* The code as one lower-case word, for --json: "io", "format", ... */
const char *lt_error_name(lt_error_code code);
