/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target is one file that defines LLVMFuzzerTestOneInput.  With LT_FUZZ (clang) libFuzzer calls
 * it; otherwise replay.c does, with the files of its folders and changes of them, as a test.  A
 * target must not depend on earlier inputs, and ends the program through LT_ASSERT where an answer
 * is wrong.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A folder in $TMPDIR, made at the first call and removed at the end of the program.  Borrowed. */
const char *fuzz_dir(void);
/* fuzz_dir()/name; owned by the caller. */
char *fuzz_path(const char *name);
/* The file fuzz_dir()/name holds these n bytes from now on; folders in `name` are made. */
void fuzz_write(const char *name, const void *bytes, size_t n);
/* fuzz_dir()/name is another name of the file `to`, which is seen from its folder. */
void fuzz_link(const char *name, const char *to);

/* The rest of an input that holds several texts, put one after the other with a byte 0x1E. */
typedef struct fuzz_input {
    const uint8_t *data; /* borrowed */
    size_t size;
    bool over;
} fuzz_input;

/* The next text, NUL-terminated (and cut at a NUL of its own), owned by the caller; its bytes in
 * *n, if that is not NULL.  NULL when there are no more; the first text is always there. */
char *fuzz_next(fuzz_input *in, size_t *n);
