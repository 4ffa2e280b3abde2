/* safetensors_writer.c - see safetensors_writer.h. */
#define _POSIX_C_SOURCE 200809L
#include "weights/safetensors_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

enum { HEADER_LIMIT = 100000000 };

typedef struct entry {
    char *name;   /* owned */
    int64_t *dim; /* owned */
    int ndim;
    lt_safetensors_dtype type;
    size_t index;         /* the number that add gave out */
    size_t offset, bytes; /* offset: from the start of the data */
    void *copy;           /* owned, or NULL */
    bool written;
} entry;

struct lt_safetensors_writer {
    entry *entries; /* owned: by index */
    size_t count, cap;
    lt_buf meta; /* the members of __metadata__, as JSON */
    lt_buf keys; /* their keys, each NUL-terminated */
    lt_writer file;
    size_t data; /* where the data start */
};

lt_safetensors_writer *lt_safetensors_writer_new(void)
{
    return lt_alloc(sizeof(lt_safetensors_writer));
}

void lt_safetensors_writer_free(lt_safetensors_writer *w)
{
    if (!w)
        return;
    lt_writer_abandon(&w->file);
    for (size_t i = 0; i < w->count; i++) {
        free(w->entries[i].name);
        free(w->entries[i].dim);
        free(w->entries[i].copy);
    }
    free(w->entries);
    lt_buf_done(&w->meta);
    lt_buf_done(&w->keys);
    free(w);
}

static bool check_text(const char *s, const char *what, lt_error *err)
{
    return lt_text_valid(s, strlen(s), NULL) ||
           lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot write %s '%.200s': not valid UTF-8", what,
                   s);
}

/* The bytes of a shape; false if they overflow or the type is narrower than a byte. */
static bool size_of(lt_safetensors_dtype type, int ndim, const int64_t *dim, size_t *out)
{
    size_t bytes = lt_safetensors_dtype_bits(type) / 8;
    if (lt_safetensors_dtype_bits(type) % 8 != 0)
        return false;
    for (int i = 0; i < ndim; i++) {
        if (dim[i] < 0 || !lt_mul(bytes, (size_t)dim[i], &bytes))
            return false;
    }
    *out = bytes;
    return bytes <= INT64_MAX;
}

bool lt_safetensors_writer_add(lt_safetensors_writer *w, const char *name,
                               lt_safetensors_dtype type, int ndim, const int64_t *dim,
                               size_t *index, lt_error *err)
{
    entry e = {.ndim = ndim, .type = type, .index = w->count};
    if (!check_text(name, "tensor", err))
        return false;
    if (strcmp(name, "__metadata__") == 0)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot write tensor '%s': the name is reserved",
                       name);
    if (!size_of(type, ndim, dim, &e.bytes))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "cannot write tensor '%.200s': its shape or dtype is out of range", name);
    if (w->count == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 64;
        w->entries = lt_grow(w->entries, w->cap, sizeof *w->entries);
    }
    e.name = lt_strdup(name);
    e.dim = lt_alloc_array((size_t)ndim, sizeof *e.dim);
    for (int i = 0; i < ndim; i++)
        e.dim[i] = dim[i];
    w->entries[w->count] = e;
    *index = w->count++;
    return true;
}

bool lt_safetensors_writer_meta(lt_safetensors_writer *w, const char *key, const char *value,
                                lt_error *err)
{
    if (!check_text(key, "metadata key", err) || !check_text(value, "metadata", err))
        return false;
    for (size_t at = 0; at < w->keys.len; at += strlen(w->keys.data + at) + 1) {
        if (strcmp(w->keys.data + at, key) == 0)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot write metadata '%.200s' twice", key);
    }
    lt_buf_add(&w->keys, key, strlen(key) + 1);
    if (w->meta.len)
        lt_buf_char(&w->meta, ',');
    lt_buf_json(&w->meta, key);
    lt_buf_char(&w->meta, ':');
    lt_buf_json(&w->meta, value);
    return true;
}

static int compare_layout(const void *a, const void *b)
{
    const entry *x = *(entry *const *)a, *y = *(entry *const *)b;
    unsigned wide = lt_safetensors_dtype_bits(x->type), other = lt_safetensors_dtype_bits(y->type);
    if (wide != other)
        return wide > other ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static int compare_name(const void *a, const void *b)
{
    return strcmp((*(entry *const *)a)->name, (*(entry *const *)b)->name);
}

static bool check_names(entry **sorted, size_t count, lt_error *err)
{
    if (count)
        qsort(sorted, count, sizeof(entry *), compare_name);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot write tensor '%.200s' twice",
                           sorted[i]->name);
    }
    return true;
}

/* Gives every tensor its place. */
static bool lay_out(entry **sorted, size_t count, lt_error *err)
{
    size_t at = 0;
    if (count)
        qsort(sorted, count, sizeof(entry *), compare_layout);
    for (size_t i = 0; i < count; i++) {
        sorted[i]->offset = at;
        if (__builtin_add_overflow(at, sorted[i]->bytes, &at) || at > INT64_MAX / 2)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL, "the tensors do not fit a file");
    }
    return true;
}

static void make_header(const lt_safetensors_writer *w, entry *const *sorted, lt_buf *out)
{
    const char *comma = "";
    lt_buf_char(out, '{');
    if (w->meta.len) {
        lt_buf_str(out, "\"__metadata__\":{");
        lt_buf_add(out, w->meta.data, w->meta.len);
        lt_buf_char(out, '}');
        comma = ",";
    }
    for (size_t i = 0; i < w->count; i++) {
        const entry *e = sorted[i];
        lt_buf_str(out, comma);
        lt_buf_json(out, e->name);
        lt_buf_format(out, ":{\"dtype\":\"%s\",\"shape\":[", lt_safetensors_dtype_name(e->type));
        for (int k = 0; k < e->ndim; k++)
            lt_buf_format(out, "%s%" PRId64, k ? "," : "", e->dim[k]);
        lt_buf_format(out, "],\"data_offsets\":[%zu,%zu]}", e->offset, e->offset + e->bytes);
        comma = ",";
    }
    lt_buf_char(out, '}');
    while (out->len % 8 != 0)
        lt_buf_char(out, ' ');
}

bool lt_safetensors_writer_begin(lt_safetensors_writer *w, const char *path, lt_error *err)
{
    lt_buf header = {0};
    entry **sorted = lt_alloc_array(w->count + 1, sizeof(entry *));
    for (size_t i = 0; i < w->count; i++)
        sorted[i] = &w->entries[i];
    bool ok = check_names(sorted, w->count, err) && lay_out(sorted, w->count, err);
    if (ok) {
        make_header(w, sorted, &header);
        ok = header.len <= HEADER_LIMIT ||
             lt_fail(err, LT_ERR_ARGUMENT, NULL,
                     "cannot write '%s': a header of %zu bytes, at most %d", path, header.len,
                     HEADER_LIMIT);
    }
    if (ok && lt_writer_open(&w->file, path, err)) {
        unsigned char length[8];
        for (int i = 0; i < 8; i++)
            length[i] = (unsigned char)((uint64_t)header.len >> (8 * i));
        fwrite(length, 1, sizeof length, w->file.stream);
        fwrite(header.data, 1, header.len, w->file.stream);
        w->data = sizeof length + header.len;
    } else {
        ok = false;
    }
    lt_buf_done(&header);
    free(sorted);
    return ok;
}

bool lt_safetensors_writer_put(lt_safetensors_writer *w, size_t index, const void *data,
                               size_t bytes, lt_error *err)
{
    entry *e = &w->entries[index];
    off_t place = (off_t)(w->data + e->offset);
    if (bytes != e->bytes)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "cannot write tensor '%.200s': %zu bytes given, expected %zu", e->name,
                       bytes, e->bytes);
    if (bytes && ftello(w->file.stream) != place && fseeko(w->file.stream, place, SEEK_SET) != 0)
        return lt_fail(err, LT_ERR_IO, NULL, "cannot write '%s': %s", w->file.path,
                       strerror(errno));
    if (bytes && fwrite(data, 1, bytes, w->file.stream) != bytes)
        return lt_fail(err, LT_ERR_IO,
                       errno == ENOSPC ? "free some space, or write elsewhere" : NULL,
                       "cannot write '%s': %s", w->file.path, strerror(errno));
    e->written = true;
    return true;
}

bool lt_safetensors_writer_commit(lt_safetensors_writer *w, lt_error *err)
{
    for (size_t i = 0; i < w->count; i++) {
        if (!w->entries[i].written) {
            lt_fail(err, LT_ERR_ARGUMENT, NULL,
                    "cannot write '%s': the data of tensor '%.200s' were never given", w->file.path,
                    w->entries[i].name);
            lt_writer_abandon(&w->file);
            return false;
        }
    }
    return lt_writer_commit(&w->file, err);
}

bool lt_safetensors_writer_collect(lt_safetensors_writer *w, const char *name,
                                   lt_safetensors_dtype type, int ndim, const int64_t *dim,
                                   const void *data, lt_error *err)
{
    size_t index;
    void *copy;
    if (!lt_safetensors_writer_add(w, name, type, ndim, dim, &index, err))
        return false;
    entry *e = &w->entries[index];
    if (!lt_try_alloc(e->bytes, "a tensor of a trace", &copy, err)) {
        free(e->name);
        free(e->dim);
        w->count--;
        return false;
    }
    if (e->bytes)
        memcpy(copy, data, e->bytes);
    e->copy = copy;
    return true;
}

bool lt_safetensors_writer_save(lt_safetensors_writer *w, const char *path, lt_error *err)
{
    if (!lt_safetensors_writer_begin(w, path, err))
        return false;
    for (size_t i = 0; i < w->count; i++) {
        const entry *e = &w->entries[i];
        if (e->copy && !lt_safetensors_writer_put(w, i, e->copy, e->bytes, err)) {
            lt_writer_abandon(&w->file);
            return false;
        }
    }
    return lt_safetensors_writer_commit(w, err);
}
