/* nearest.c - see nearest.h. */
#include "base/nearest.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { LONGEST_NAME = 48 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours between two words of at most
 * LONGEST_NAME bytes. */
static int distance(const char *a, const char *b)
{
    int rows[3][LONGEST_NAME + 1];
    int n = (int)strlen(a), m = (int)strlen(b);
    for (int j = 0; j <= m; j++)
        rows[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= m; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *lt_nearest(const char *wrong, const char *(*next)(const void *context, int i),
                       const void *context)
{
    const char *best = NULL, *name;
    if (strlen(wrong) > LONGEST_NAME)
        return NULL;
    int best_distance = 1 + (int)strlen(wrong) / 3;
    for (int i = 0; (name = next(context, i)) != NULL; i++) {
        bool begins = strlen(wrong) >= 3 && strncmp(name, wrong, strlen(wrong)) == 0;
        int d = begins ? 0 : strlen(name) > LONGEST_NAME ? INT_MAX : distance(wrong, name);
        if (d < best_distance || (d == best_distance && !best)) {
            best = name;
            best_distance = d;
        }
    }
    return best;
}
