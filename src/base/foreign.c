/* foreign.c - see foreign.h. */
#define _POSIX_C_SOURCE 200809L
#include "base/foreign.h"

#include <string.h>
#include <strings.h>

#define PAGE                                                                                       \
    {                                                                                              \
        "a web page, not the file itself",                                                         \
            "the download was refused, perhaps for want of a login; open the file to see why"      \
    }

static const struct {
    const char *start;
    lt_foreign is;
} starts[] = {
    {"version https://git-lfs",
     {"a Git LFS pointer, not the file itself",
      "git lfs pull, in the repository that it came from"}},
    {"<!doctype", PAGE},
    {"<html", PAGE},
};

const lt_foreign *lt_foreign_of(const void *bytes, size_t n)
{
    const char *s = bytes;
    while (n && *s && strchr(" \t\r\n", *s))
        s++, n--;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t length = strlen(starts[i].start);
        if (n >= length && strncasecmp(s, starts[i].start, length) == 0)
            return &starts[i].is;
    }
    return NULL;
}
