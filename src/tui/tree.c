/* tree.c - see tree.h. */
#include "tui/tree.h"

#include <stdio.h>
#include <string.h>

typedef struct walk {
    const int *parents;
    int count, made;
    lt_tree_row *rows;
} walk;

static bool has_later_sibling(const walk *w, int item)
{
    for (int i = item + 1; i < w->count; i++)
        if (w->parents[i] == w->parents[item])
            return true;
    return false;
}

/* The item and what came of it. */
static void put(walk *w, int item, const lt_tree_row *above)
{
    lt_tree_row *row = &w->rows[w->made++];
    *row = (lt_tree_row){.item = item};
    if (above) {
        *row = *above;
        row->item = item;
        row->depth = above->depth < LT_TREE_DEEP ? above->depth + 1 : LT_TREE_DEEP;
        row->last[row->depth - 1] = !has_later_sibling(w, item);
    }
    for (int i = item + 1; i < w->count; i++)
        if (w->parents[i] == item)
            put(w, i, row);
}

void lt_tree_make(const int *parents, int count, lt_tree_row *rows)
{
    walk w = {parents, count, 0, rows};
    for (int i = 0; i < count; i++)
        if (parents[i] < 0)
            put(&w, i, NULL);
}

size_t lt_tree_guides(const lt_tree_row *row, bool utf8, char *to, size_t size)
{
    size_t n = 0;
    to[0] = '\0';
    for (int d = 1; d <= row->depth; d++) {
        bool last = row->last[d - 1], own = d == row->depth;
        const char *guide = own ? (last ? (utf8 ? "└ " : "` ") : (utf8 ? "├ " : "+ "))
                                : (last ? "  " : (utf8 ? "│ " : "| "));
        n += (size_t)snprintf(to + n, size - n, "%s", guide);
    }
    return n;
}
