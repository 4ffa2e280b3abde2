/* panics.h - checks that a piece of code ends the program through lt_panic, in a process of its
 * own. */
#pragma once

/* Runs f in a child; fails the test unless it aborts after saying `part` on stderr. */
void check_panics(void (*f)(void), const char *part);
/* The same for lt_panic_memory: it exits with 1. */
void check_panics_memory(void (*f)(void), const char *part);
