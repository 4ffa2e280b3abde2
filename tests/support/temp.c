/* temp.c - see temp.h. */
#define _XOPEN_SOURCE 700
#include "support/temp.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/panic.h"

char *temp_dir(void)
{
    const char *base = getenv("TMPDIR");
    char *dir = lt_format("%s/latentty-test-XXXXXX", base ? base : "/tmp");
    LT_ASSERT(mkdtemp(dir));
    return dir;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)kind, (void)walk;
    return remove(path);
}

void temp_dir_remove(char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(dir);
}
