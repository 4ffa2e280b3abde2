/*
 * panic.h - the end of the program for bugs and for small allocations that fail.
 * No file, terminal or user input may lead here: those are errors (error.h).
 */
#pragma once

#include "base/error.h"

/* A function that gives the terminal back before the last message; set once at start by the
 * program's screen, NULL for none.  It must be async-signal-safe. */
void lt_panic_set_restore(void (*restore)(void));

_Noreturn void lt_panic(const char *format, ...) LT_PRINTF(1, 2);

#define LT_ASSERT(condition)                                                                       \
    ((condition) ? (void)0                                                                         \
                 : lt_panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition))
