/*
 * gauge.h - small pictures of numbers in text: bars, rates, times, sizes, and the timeline of a
 * run. Pure; texts are NUL-terminated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bar of exactly `cells` columns, in eighths of a cell or in '#' and digits for tenths; a
 * fraction outside 0..1 counts as its end.  size: cells * 3 + 1 bytes hold any. */
void lt_gauge_bar(double fraction, int cells, bool utf8, char *to, size_t size);

enum { LT_GAUGE_TEXT = 24 };
void lt_gauge_rate(double seconds, char to[LT_GAUGE_TEXT]); /* of one: "1.6 it/s", "2.40 s/it" */
void lt_gauge_time(double seconds, char to[LT_GAUGE_TEXT]); /* "0.4 s", "5 s", "1:05", "1:02:05" */
void lt_gauge_eta(double seconds, char to[LT_GAUGE_TEXT]);  /* "eta 1:05"; "eta ?" below 0 */
void lt_gauge_size(uint64_t bytes, char to[LT_GAUGE_TEXT]); /* "512 B", "1.2 MiB" */

/*
 * A run as a line: positions 0 (the first noise) to `steps`, of which `made` steps are computed and
 * `at` is shown.
 *
 *     noise |o-o-o-[@]-.-.| image
 *
 * Where there is less room than positions, a cell stands for several.  In a width below 25 the
 * words are left out; the least width is LT_TIMELINE_LEAST, the largest LT_TIMELINE_MOST.
 */
enum { LT_TIMELINE_LEAST = 10, LT_TIMELINE_MOST = 512 };

typedef struct lt_timeline {
    int steps, made, at; /* steps >= 0; made and at are limited to it */
    int width;           /* cells of the whole, limited as above */
} lt_timeline;

/* Exactly `width` columns of ASCII. */
void lt_timeline_draw(const lt_timeline *t, char to[LT_TIMELINE_MOST + 1]);
/* The cell of a position. */
int lt_timeline_cell(const lt_timeline *t, int position);
/* The positions first..last that a cell stands for.  Between two positions it is the nearer one,
 * beside the line the end.  Every position is in some cell's range, and its own cell's. */
void lt_timeline_positions(const lt_timeline *t, int cell, int *first, int *last);
