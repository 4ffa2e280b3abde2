/* fuzz.c - see fuzz.h. */
#define _XOPEN_SOURCE 700
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/panic.h"
#include "support/temp.h"

static char *dir;

static void remove_dir(void)
{
    temp_dir_remove(dir);
    dir = NULL;
}

const char *fuzz_dir(void)
{
    if (!dir) {
        dir = temp_dir();
        LT_ASSERT(atexit(remove_dir) == 0);
    }
    return dir;
}

char *fuzz_path(const char *name)
{
    return lt_path_join(fuzz_dir(), name);
}

static char *prepare(const char *name)
{
    char *path = fuzz_path(name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    lt_error err = {0};
    LT_ASSERT(lt_dir_make(path, &err));
    *slash = '/';
    return path;
}

/* In place: lt_file_write would sync to the disk each time. */
void fuzz_write(const char *name, const void *bytes, size_t n)
{
    char *path = prepare(name);
    FILE *f = fopen(path, "wb");
    LT_ASSERT(f);
    LT_ASSERT(n == 0 || fwrite(bytes, 1, n, f) == n);
    LT_ASSERT(fclose(f) == 0);
    free(path);
}

void fuzz_link(const char *name, const char *to)
{
    char *path = prepare(name);
    LT_ASSERT(symlink(to, path) == 0);
    free(path);
}

char *fuzz_next(fuzz_input *in, size_t *n)
{
    if (in->over)
        return NULL;
    const uint8_t *end = in->size ? memchr(in->data, 0x1E, in->size) : NULL;
    size_t length = end ? (size_t)(end - in->data) : in->size;
    char *text = lt_alloc(length + 1);
    if (length)
        memcpy(text, in->data, length);
    if (end) {
        in->data = end + 1;
        in->size -= length + 1;
    }
    in->over = !end;
    if (n)
        *n = length;
    return text;
}
