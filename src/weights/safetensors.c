/* safetensors.c - see safetensors.h. */
#include "weights/safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/foreign.h"
#include "base/map.h"
#include "base/mem.h"
#include "weights/safetensors_header.h"
#include "weights/torch_file.h"

enum { LENGTH_BYTES = 8, HEADER_LIMIT = 100000000 };

struct lt_safetensors {
    char *path; /* owned */
    lt_map map;
    lt_safetensors_header header;    /* entries are gone once tensors are made */
    lt_safetensors_tensor *tensors;  /* owned: in the order of the data */
    lt_safetensors_tensor **by_name; /* owned: the same, sorted */
    size_t count;
};

typedef struct dtype_info {
    const char *name;
    unsigned bits;
} dtype_info;

static const dtype_info dtypes[] = {
#define LT_SAFETENSORS_DTYPE(name, bits) {#name, bits},
#include "weights/safetensors_dtypes.def"
#undef LT_SAFETENSORS_DTYPE
};

const char *lt_safetensors_dtype_name(lt_safetensors_dtype t)
{
    return dtypes[t].name;
}

unsigned lt_safetensors_dtype_bits(lt_safetensors_dtype t)
{
    return dtypes[t].bits;
}

bool lt_safetensors_dtype_compute(lt_safetensors_dtype t, lt_dtype *out)
{
    switch (t) {
    case LT_ST_F32:
        *out = LT_F32;
        return true;
    case LT_ST_F16:
        *out = LT_F16;
        return true;
    case LT_ST_BF16:
        *out = LT_BF16;
        return true;
    case LT_ST_I32:
        *out = LT_I32;
        return true;
    default:
        return false;
    }
}

static int compare_name(const void *a, const void *b)
{
    return strcmp((*(lt_safetensors_tensor *const *)a)->name,
                  (*(lt_safetensors_tensor *const *)b)->name);
}

static int compare_key(const void *a, const void *b)
{
    return strcmp(((const lt_safetensors_pair *)a)->key, ((const lt_safetensors_pair *)b)->key);
}

/* Puts what the header says beside the data, which start at byte `data`. */
static bool adopt(lt_safetensors *f, size_t data, lt_error *err)
{
    const lt_safetensors_header *h = &f->header;
    void *tensors, *by_name;
    if (!lt_try_alloc(h->count * sizeof *f->tensors, "the header of a file", &tensors, err))
        return false;
    f->tensors = tensors;
    if (!lt_try_alloc(h->count * sizeof *f->by_name, "the header of a file", &by_name, err))
        return false;
    f->by_name = by_name;
    f->count = h->count;
    for (size_t i = 0; i < h->count; i++) {
        const lt_safetensors_entry *e = &h->entries[i];
        f->tensors[i] = (lt_safetensors_tensor){
            .name = e->name,
            .type = e->type,
            .ndim = (int)e->ndim, /* at most HEADER_LIMIT */
            .dim = e->ndim ? h->dims + e->first_dim : NULL,
            .offset = data + (size_t)e->begin,
            .bytes = (size_t)(e->end - e->begin),
            .data = f->map.data + data + e->begin,
        };
        f->by_name[i] = &f->tensors[i];
    }
    free(f->header.entries);
    f->header.entries = NULL;
    return true;
}

static bool sort_names(lt_safetensors *f, lt_error *err)
{
    if (f->count)
        qsort(f->by_name, f->count, sizeof(lt_safetensors_tensor *), compare_name);
    for (size_t i = 1; i < f->count; i++) {
        if (strcmp(f->by_name[i - 1]->name, f->by_name[i]->name) == 0)
            return lt_fail(err, LT_ERR_FORMAT, LT_SAFETENSORS_DAMAGED,
                           "cannot load '%s': tensor '%.200s' is named twice", f->path,
                           f->by_name[i]->name);
    }
    if (f->header.meta_count)
        qsort(f->header.meta, f->header.meta_count, sizeof *f->header.meta, compare_key);
    for (size_t i = 1; i < f->header.meta_count; i++) {
        if (strcmp(f->header.meta[i - 1].key, f->header.meta[i].key) == 0)
            return lt_fail(err, LT_ERR_FORMAT, LT_SAFETENSORS_DAMAGED,
                           "cannot load '%s': metadata '%.200s' is given twice", f->path,
                           f->header.meta[i].key);
    }
    return true;
}

static uint64_t read_length(const unsigned char *p)
{
    uint64_t n = 0;
    for (int i = LENGTH_BYTES; i-- > 0;)
        n = n << 8 | p[i];
    return n;
}

/* What people have instead of a .safetensors file, by its first bytes. */
static bool refuse_other(const lt_safetensors *f, lt_error *err)
{
    const unsigned char *bytes = f->map.data;
    const lt_foreign *foreign = lt_foreign_of(bytes, f->map.size);
    if (foreign)
        return lt_fail(err, LT_ERR_FORMAT, foreign->hint, "cannot load '%s': it is %s", f->path,
                       foreign->what);
    if (f->map.size >= 4 && memcmp(bytes, "GGUF", 4) == 0)
        return lt_fail(err, LT_ERR_FORMAT, "use the safetensors files of the model",
                       "cannot load '%s': it is a GGUF file, which latentty does not read",
                       f->path);
    return !lt_torch_file_starts(bytes, f->map.size) || lt_torch_file_refuse(f->path, err);
}

/* The length of the header, if the file can hold one. */
static bool check_length(const lt_safetensors *f, size_t *out, lt_error *err)
{
    size_t size = f->map.size;
    uint64_t n = size >= LENGTH_BYTES ? read_length(f->map.data) : 0;
    bool fits = size >= LENGTH_BYTES && n > 0 && n <= HEADER_LIMIT && n <= size - LENGTH_BYTES;
    if (fits && f->map.data[LENGTH_BYTES] == '{') {
        *out = (size_t)n;
        return true;
    }
    if (!refuse_other(f, err))
        return false;
    if (size < LENGTH_BYTES)
        return lt_fail(err, LT_ERR_FORMAT, "the download did not finish; download it again",
                       "cannot load '%s': %zu bytes, too short for a safetensors file", f->path,
                       size);
    if (!fits)
        return lt_fail(err, LT_ERR_FORMAT, LT_SAFETENSORS_DAMAGED,
                       "cannot load '%s': header length %" PRIu64 " in a file of %zu bytes",
                       f->path, n, size);
    return lt_fail(err, LT_ERR_FORMAT, LT_SAFETENSORS_DAMAGED,
                   "cannot load '%s': header, byte 0: expected '{'; not a safetensors file",
                   f->path);
}

static bool read_header(lt_safetensors *f, lt_error *err)
{
    size_t n = 0;
    if (!check_length(f, &n, err))
        return false;
    size_t data = LENGTH_BYTES + n;
    return lt_safetensors_header_read(f->path, (const char *)f->map.data + LENGTH_BYTES, n,
                                      f->map.size - data, &f->header, err) &&
           adopt(f, data, err) && sort_names(f, err);
}

/* A header that changed while it was read is told as that, whatever was found in it. */
static bool load(lt_safetensors *f, lt_error *err)
{
    if (!lt_map_open(f->path, &f->map, err))
        return false;
    bool ok = read_header(f, err);
    return lt_map_check(&f->map, f->path, err) && ok;
}

bool lt_safetensors_open(const char *path, lt_safetensors **out, lt_error *err)
{
    lt_safetensors *f = lt_alloc(sizeof *f);
    f->path = lt_strdup(path);
    if (!load(f, err)) {
        lt_safetensors_close(f);
        return false;
    }
    *out = f;
    return true;
}

void lt_safetensors_close(lt_safetensors *f)
{
    if (!f)
        return;
    lt_map_close(&f->map);
    free(f->by_name);
    free(f->tensors);
    lt_safetensors_header_done(&f->header);
    free(f->path);
    free(f);
}

const char *lt_safetensors_path(const lt_safetensors *f)
{
    return f->path;
}

bool lt_safetensors_unchanged(const lt_safetensors *f, lt_error *err)
{
    return lt_map_check(&f->map, f->path, err);
}

const void *lt_safetensors_range(const lt_safetensors *f, size_t *bytes)
{
    *bytes = f->map.size;
    return f->map.data;
}

size_t lt_safetensors_count(const lt_safetensors *f)
{
    return f->count;
}

const lt_safetensors_tensor *lt_safetensors_at(const lt_safetensors *f, size_t index)
{
    return &f->tensors[index];
}

const lt_safetensors_tensor *lt_safetensors_find(const lt_safetensors *f, const char *name)
{
    lt_safetensors_tensor key = {.name = name}, *p = &key;
    if (!f->count)
        return NULL;
    lt_safetensors_tensor **found =
        bsearch(&p, f->by_name, f->count, sizeof(lt_safetensors_tensor *), compare_name);
    return found ? *found : NULL;
}

size_t lt_safetensors_meta_count(const lt_safetensors *f)
{
    return f->header.meta_count;
}

const char *lt_safetensors_meta_key(const lt_safetensors *f, size_t index)
{
    return f->header.meta[index].key;
}

const char *lt_safetensors_meta_value(const lt_safetensors *f, size_t index)
{
    return f->header.meta[index].value;
}

const char *lt_safetensors_meta(const lt_safetensors *f, const char *key)
{
    lt_safetensors_pair want = {.key = key};
    const lt_safetensors_pair *found = f->header.meta_count
                                           ? bsearch(&want, f->header.meta, f->header.meta_count,
                                                     sizeof *f->header.meta, compare_key)
                                           : NULL;
    return found ? found->value : NULL;
}

int64_t lt_safetensors_elements(const lt_safetensors_tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->ndim; i++) /* where a side is 0 the others may be anything */
        if (t->dim[i] == 0)
            return 0;
    for (int i = 0; i < t->ndim; i++)
        n *= t->dim[i];
    return n;
}

char *lt_safetensors_shape_text(const lt_safetensors_tensor *t, char buffer[96])
{
    size_t len = 0;
    buffer[len++] = '[';
    for (int i = 0; i < t->ndim; i++) {
        if (len > 96 - 28) { /* a comma, 19 digits, "...]" and the end must fit */
            len += (size_t)snprintf(buffer + len, 96 - len, ",...");
            break;
        }
        len += (size_t)snprintf(buffer + len, 96 - len, "%s%" PRId64, i ? "," : "", t->dim[i]);
    }
    snprintf(buffer + len, 96 - len, "]");
    return buffer;
}
