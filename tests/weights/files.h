/*
 * files.h - builds files and directories for the tests of weights/.
 */
#pragma once

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "weights/safetensors_writer.h"

/* dir/name, with the directories above it made; owned by the caller. */
static inline char *make_path(const char *dir, const char *name)
{
    char *path = lt_path_join(dir, name), *slash = strrchr(path, '/');
    *slash = '\0';
    CHECK_OK(lt_dir_make(path, err));
    *slash = '/';
    return path;
}

static inline void put_bytes(const char *dir, const char *name, const void *bytes, size_t n)
{
    char *path = make_path(dir, name);
    CHECK_OK(lt_file_write(path, bytes, n, err));
    free(path);
}

static inline void put_text(const char *dir, const char *name, const char *text)
{
    put_bytes(dir, name, text, strlen(text));
}

/* A file of F32 tensors of shape [1], one a name; names ends with NULL. */
static inline void put_tensors(const char *dir, const char *name, const char *const *names)
{
    char *path = make_path(dir, name);
    const float zero = 0;
    const int64_t one = 1;
    lt_safetensors_writer *w = lt_safetensors_writer_new();
    for (; *names; names++)
        CHECK_OK(lt_safetensors_writer_collect(w, *names, LT_ST_F32, 1, &one, &zero, err));
    CHECK_OK(lt_safetensors_writer_save(w, path, err));
    lt_safetensors_writer_free(w);
    free(path);
}

/* The safetensors file that a header and data make; owned by *out. */
static inline void make_file(lt_buf *out, const char *header, size_t header_len, size_t data)
{
    for (int i = 0; i < 8; i++)
        lt_buf_char(out, (char)(unsigned char)((uint64_t)header_len >> (8 * i)));
    lt_buf_add(out, header, header_len);
    for (size_t i = 0; i < data; i++)
        lt_buf_char(out, (char)(i & 127));
}
