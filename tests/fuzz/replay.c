/*
 * replay.c - runs a fuzz target over files instead of under libFuzzer.
 *
 *     fuzz_NAME FILE|DIR ...     every file, in folders of folders too; says how many there were
 */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fuzz.h"

enum { OPEN_FOLDERS = 16, LIMIT = 64 << 20 };

static int files; /* nftw gives its callback no argument */

static int replay(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)walk;
    if (kind != FTW_F)
        return 0;
    lt_buf bytes = {0};
    lt_error err = {0};
    if (!lt_file_read(path, LIMIT, &bytes, &err)) {
        fprintf(stderr, "replay: %s\n", err.message);
        return 1;
    }
    /* a copy of just that size, so that the sanitizer sees the byte after it */
    unsigned char *copy = malloc(bytes.len ? bytes.len : 1);
    if (!copy)
        return 1;
    if (bytes.len)
        memcpy(copy, bytes.data, bytes.len);
    LLVMFuzzerTestOneInput(copy, bytes.len);
    free(copy);
    lt_buf_done(&bytes);
    files++;
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int before = files;
        if (nftw(argv[i], replay, OPEN_FOLDERS, FTW_PHYS) != 0 || files == before) {
            fprintf(stderr, "replay: no files in '%s'\n", argv[i]);
            return 1;
        }
    }
    printf("%d files\n", files);
    return files == 0;
}
