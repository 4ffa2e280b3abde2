/*
 * wake.h - waiting for keys, events and signals at once, without losing a signal in between.
 * The signals that matter are blocked but while waiting; threads started meanwhile inherit that, so
 * that signals reach the screen's thread alone.
 */
#pragma once

#include <stdbool.h>

/* Installs handlers for a change of the window, and for stopping by another than the keyboard. */
void lt_wake_open(void);
void lt_wake_close(void); /* as before */

/* Until one of the descriptors is readable, a signal came, or `seconds` have passed; negative: no
 * end.  writable: also until the first one takes bytes. */
void lt_wake_wait(const int *descriptors, int count, bool writable, double seconds);

/* From now to a moment, both of lt_clock; 0 if it is over. */
double lt_wake_until(double moment, double now);
/* The shorter of two waits as lt_wake_wait takes them. */
double lt_wake_sooner(double a, double b);

bool lt_wake_resized(void); /* since the last call */
bool lt_wake_stopped(void); /* SIGTSTP came since the last call */
/* Stops the program as Ctrl+Z would; returns when it goes on, and the window may have another size:
 * lt_wake_resized does not tell that again. */
void lt_wake_stop(void);
