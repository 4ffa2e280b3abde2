/* find.c - see find.h. */
#include "tui/find.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"

typedef struct folded {
    int32_t point;
    size_t start, end; /* of the character that it came from */
} folded;

enum { MOST_OF_ONE = 8 }; /* characters that one becomes: 4 at most */

/* Owned by the caller. */
static folded *fold(const char *s, size_t n, size_t *count)
{
    size_t room = n + MOST_OF_ONE;
    folded *all = lt_alloc_array(room, sizeof *all);
    *count = 0;
    for (size_t i = 0, used; i < n; i += used) {
        int32_t point, parts[MOST_OF_ONE];
        int last_class = 0;
        used = lt_text_next(s + i, n - i, &point);
        if (point < 0)
            continue;
        utf8proc_ssize_t found = utf8proc_decompose_char(
            point, parts, MOST_OF_ONE, UTF8PROC_CASEFOLD | UTF8PROC_DECOMPOSE, &last_class);
        if (*count + MOST_OF_ONE > room)
            all = lt_grow(all, room = room * 2 + MOST_OF_ONE, sizeof *all);
        for (utf8proc_ssize_t k = 0; k < found && k < MOST_OF_ONE; k++)
            all[(*count)++] = (folded){parts[k], i, i + used};
    }
    return all;
}

static bool matches(const folded *at, const folded *needle, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (at[i].point != needle[i].point)
            return false;
    return true;
}

bool lt_find(const char *text, size_t n, size_t from, const char *needle, size_t *start,
             size_t *end)
{
    size_t have, want;
    if (!*needle || from >= n)
        return false;
    folded *t = fold(text, n, &have), *w = fold(needle, strlen(needle), &want);
    bool found = false;
    for (size_t i = 0; want && i + want <= have && !found; i++)
        if (t[i].start >= from && matches(t + i, w, want)) {
            *start = t[i].start;
            *end = t[i + want - 1].end;
            found = true;
        }
    free(t);
    free(w);
    return found;
}
