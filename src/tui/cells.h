/*
 * cells.h - text as a terminal shows it: clusters (what a reader calls a character) and the cells
 * that they take.
 *
 * Terminals do not agree on clusters of several visible characters: some draw a family of emoji in
 * two cells, others, and ncurses, draw its members side by side.  So lt_cells_shown leaves out what
 * they see differently, and what it gives takes the same cells everywhere.  Move the cursor to each
 * cluster's column rather than relying on where the last one ended: a terminal may still know
 * another Unicode version.  Thread-safe; nothing allocates.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { LT_CELLS_SHOWN = 32 };

/* The first cluster of n > 0 bytes of valid UTF-8 that start at a cluster's border: its bytes, and
 * its cells (1 or 2) in *cells, which may be NULL.  A newline is a cluster of one cell. */
size_t lt_cells_next(const char *s, size_t n, int *cells);

/* Cells of n bytes of valid UTF-8. */
int lt_cells_width(const char *s, size_t n);

/* What to draw for one cluster, NUL-terminated, exactly as wide as its cells: an emoji sequence is
 * its first emoji, a lone mark stands on a dotted circle, a newline is an arrow, and what cannot
 * stand alone, would move the cursor or hide text is U+FFFD.  utf8 false: ASCII only.  Returns the
 * length. */
size_t lt_cells_shown(const char *s, size_t n, bool utf8, char to[LT_CELLS_SHOWN]);
