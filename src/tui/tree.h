/*
 * tree.h - which run came of which, as lines of a tree.  Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { LT_TREE_DEEP = 12 }; /* guides that are drawn; what is deeper is drawn at this depth */

/* A line: an item, and what stands before it. */
typedef struct lt_tree_row {
    int item, depth;
    bool last[LT_TREE_DEEP]; /* at each depth above 0: no sibling comes below */
} lt_tree_row;

/* parents [count]: the item that each came of, always an earlier one, or -1.  rows [count] get all
 * items, each below its parent and its elder siblings' descendants. */
void lt_tree_make(const int *parents, int count, lt_tree_row *rows);

/* The guides of a row, two cells a depth: lines in UTF-8, or ASCII.  Returns the length; size:
 * LT_TREE_DEEP * 8 bytes hold any. */
size_t lt_tree_guides(const lt_tree_row *row, bool utf8, char *to, size_t size);
