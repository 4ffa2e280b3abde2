/*
 * panic.h - the end of the program for bugs, and for small allocations that fail.
 * No file, terminal or user input may lead to a bug: those are errors (error.h).
 *
 * Both ends give the terminal back and remove the temporary files of open writers (base/file.h)
 * before the last message.  They may be called from any thread.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

/* A function that gives the terminal back before the last message; set once at start by the
 * program's screen, NULL for none.  It must be async-signal-safe. */
void lt_panic_set_restore(void (*restore)(void));

/* A bug: says so and aborts. */
_Noreturn void lt_panic(const char *format, ...) LT_PRINTF(1, 2);

/* There is no memory for `what` ("an arena"), of that many bytes (0: not known): says so and exits
 * with 1, as for an error.  Allocates nothing. */
_Noreturn void lt_panic_memory(const char *what, size_t bytes);

#define LT_ASSERT(condition)                                                                       \
    ((condition) ? (void)0                                                                         \
                 : lt_panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition))
