/* safetensors_header.c - see safetensors_header.h. */
#include "weights/safetensors_header.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "weights/json_scan.h"

/* The header while it is read.  Arrays grow with what is there, never with what is announced. */
typedef struct header {
    const char *path;
    lt_json_scan scan;
    lt_safetensors_entry *entries;
    int64_t *dims;
    lt_safetensors_pair *meta;
    size_t count, cap, dim_count, dim_cap, meta_count, meta_cap;
    bool has_meta;
} header;

static bool bad_tensor(const header *h, const lt_safetensors_entry *e, lt_error *err,
                       const char *problem)
{
    return lt_fail(err, LT_ERR_FORMAT, LT_SAFETENSORS_DAMAGED,
                   "cannot load '%s': tensor '%.200s': %s", h->path, e->name, problem);
}

/* The scanner's complaint, with its place in the file. */
static bool bad_header(const header *h, lt_error *err)
{
    return lt_fail(err, LT_ERR_FORMAT, LT_SAFETENSORS_DAMAGED,
                   "cannot load '%s': header, byte %td: %s", h->path, h->scan.at - h->scan.start,
                   h->scan.problem);
}

/* Room for one more; unlike lt_grow, running out is an error: a file decides how many there are. */
static bool reserve(void **array, size_t count, size_t *cap, size_t size, lt_error *err)
{
    if (count < *cap)
        return true;
    size_t want = *cap ? *cap * 2 : 256, bytes;
    void *p = lt_mul(want, size, &bytes) ? realloc(*array, bytes) : NULL;
    if (!p)
        return lt_fail(err, LT_ERR_MEMORY, NULL,
                       "not enough memory for the header of a file: %zu entries", want);
    *array = p;
    *cap = want;
    return true;
}

static bool read_dtype(header *h, lt_safetensors_entry *e, lt_error *err)
{
    const char *name;
    if (!lt_json_scan_string(&h->scan, &name))
        return bad_header(h, err);
    for (int i = 0; i < LT_ST_DTYPE_COUNT; i++) {
        if (strcmp(name, lt_safetensors_dtype_name((lt_safetensors_dtype)i)) == 0) {
            e->type = (lt_safetensors_dtype)i;
            return true;
        }
    }
    return lt_fail(err, LT_ERR_FORMAT, NULL,
                   "cannot load '%s': tensor '%.200s': unknown dtype '%.40s'", h->path, e->name,
                   name);
}

static bool read_shape(header *h, lt_safetensors_entry *e, lt_error *err)
{
    uint64_t dim;
    e->first_dim = h->dim_count;
    if (!lt_json_scan_char(&h->scan, '['))
        return bad_header(h, err);
    if (lt_json_scan_maybe(&h->scan, ']'))
        return true;
    do {
        if (!lt_json_scan_uint(&h->scan, &dim))
            return bad_header(h, err);
        if (dim > INT64_MAX)
            return bad_tensor(h, e, err, "a dimension does not fit 63 bits");
        if (!reserve((void **)&h->dims, h->dim_count, &h->dim_cap, sizeof *h->dims, err))
            return false;
        h->dims[h->dim_count++] = (int64_t)dim;
        e->ndim++;
    } while (lt_json_scan_maybe(&h->scan, ','));
    return lt_json_scan_char(&h->scan, ']') || bad_header(h, err);
}

static bool read_offsets(header *h, lt_safetensors_entry *e, lt_error *err)
{
    lt_json_scan *s = &h->scan;
    return (lt_json_scan_char(s, '[') && lt_json_scan_uint(s, &e->begin) &&
            lt_json_scan_char(s, ',') && lt_json_scan_uint(s, &e->end) &&
            lt_json_scan_char(s, ']')) ||
           bad_header(h, err);
}

/* {"dtype": ..., "shape": ..., "data_offsets": ...}: each exactly once, in any order, nothing else.
 */
static bool read_tensor(header *h, lt_safetensors_entry *e, lt_error *err)
{
    static const char *const fields[] = {"dtype", "shape", "data_offsets"};
    static bool (*const readers[])(header *, lt_safetensors_entry *,
                                   lt_error *) = {read_dtype, read_shape, read_offsets};
    unsigned seen = 0;
    if (!lt_json_scan_char(&h->scan, '{'))
        return bad_header(h, err);
    do {
        const char *key;
        unsigned i = 0;
        if (!lt_json_scan_string(&h->scan, &key) || !lt_json_scan_char(&h->scan, ':'))
            return bad_header(h, err);
        while (i < 3 && strcmp(key, fields[i]) != 0)
            i++;
        if (i == 3)
            return bad_tensor(h, e, err, "a field that is none of dtype, shape and data_offsets");
        if (seen & 1u << i)
            return bad_tensor(h, e, err, "a field is given twice");
        seen |= 1u << i;
        if (!readers[i](h, e, err))
            return false;
    } while (lt_json_scan_maybe(&h->scan, ','));
    if (!lt_json_scan_char(&h->scan, '}'))
        return bad_header(h, err);
    return seen == 7 || bad_tensor(h, e, err, "dtype, shape or data_offsets is missing");
}

static bool read_meta(header *h, lt_error *err)
{
    lt_json_scan *s = &h->scan;
    if (h->has_meta) {
        s->problem = "'__metadata__' is given twice";
        return bad_header(h, err);
    }
    h->has_meta = true;
    if (!lt_json_scan_char(s, '{'))
        return bad_header(h, err);
    if (lt_json_scan_maybe(s, '}'))
        return true;
    do {
        lt_safetensors_pair p;
        if (!lt_json_scan_string(s, &p.key) || !lt_json_scan_char(s, ':') ||
            !lt_json_scan_string(s, &p.value))
            return bad_header(h, err);
        if (!reserve((void **)&h->meta, h->meta_count, &h->meta_cap, sizeof *h->meta, err))
            return false;
        h->meta[h->meta_count++] = p;
    } while (lt_json_scan_maybe(s, ','));
    return lt_json_scan_char(s, '}') || bad_header(h, err);
}

static bool read_entries(header *h, lt_error *err)
{
    do {
        lt_safetensors_entry e = {0};
        if (!lt_json_scan_string(&h->scan, &e.name) || !lt_json_scan_char(&h->scan, ':'))
            return bad_header(h, err);
        if (strcmp(e.name, "__metadata__") == 0) {
            if (!read_meta(h, err))
                return false;
            continue;
        }
        if (!read_tensor(h, &e, err) ||
            !reserve((void **)&h->entries, h->count, &h->cap, sizeof *h->entries, err))
            return false;
        h->entries[h->count++] = e;
    } while (lt_json_scan_maybe(&h->scan, ','));
    return lt_json_scan_char(&h->scan, '}') || bad_header(h, err);
}

static bool read_header(header *h, lt_error *err)
{
    size_t bad;
    if (!lt_text_valid(h->scan.start, (size_t)(h->scan.end - h->scan.start), &bad)) {
        h->scan.at = h->scan.start + bad;
        h->scan.problem = "not valid UTF-8";
        return bad_header(h, err);
    }
    if (!lt_json_scan_char(&h->scan, '{'))
        return bad_header(h, err);
    if (!lt_json_scan_maybe(&h->scan, '}') && !read_entries(h, err))
        return false;
    return lt_json_scan_end(&h->scan) || bad_header(h, err);
}

static int compare_place(const void *a, const void *b)
{
    const lt_safetensors_entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) /* an empty tensor comes before the one that starts at the same byte */
        return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The shape and the dtype must fill the range exactly. */
static bool check_size(const header *h, const lt_safetensors_entry *e, lt_error *err)
{
    uint64_t bits = 1;
    bool fits = true;
    for (size_t i = 0; i < e->ndim && fits; i++)
        fits = !__builtin_mul_overflow(bits, (uint64_t)h->dims[e->first_dim + i], &bits);
    if (!fits || bits > INT64_MAX ||
        __builtin_mul_overflow(bits, lt_safetensors_dtype_bits(e->type), &bits))
        return bad_tensor(h, e, err, "the product of the shape does not fit 63 bits");
    if (bits % 8 != 0)
        return bad_tensor(h, e, err, "not a whole number of bytes");
    if (e->end < e->begin)
        return bad_tensor(h, e, err, "data_offsets end before they begin");
    if (bits / 8 != e->end - e->begin)
        return lt_fail(err, LT_ERR_FORMAT, LT_SAFETENSORS_DAMAGED,
                       "cannot load '%s': tensor '%.200s': %" PRIu64
                       " bytes in the file, expected %" PRIu64 " for its shape and dtype",
                       h->path, e->name, e->end - e->begin, bits / 8);
    return true;
}

/* Sorts by place; the data section must be covered without holes and overlaps. */
static bool check_places(header *h, uint64_t room, lt_error *err)
{
    uint64_t next = 0;
    if (h->count)
        qsort(h->entries, h->count, sizeof *h->entries, compare_place);
    for (size_t i = 0; i < h->count; i++) {
        const lt_safetensors_entry *e = &h->entries[i];
        if (!check_size(h, e, err))
            return false;
        if (e->begin > next)
            return bad_tensor(h, e, err, "unused bytes before its data");
        if (e->begin < next)
            return bad_tensor(h, e, err, "its data overlap another tensor's");
        next = e->end;
    }
    if (next > room)
        return lt_fail(err, LT_ERR_FORMAT, "the download did not finish; download it again",
                       "cannot load '%s': the data end after %" PRIu64 " bytes, expected %" PRIu64,
                       h->path, room, next);
    if (next < room)
        return lt_fail(err, LT_ERR_FORMAT, LT_SAFETENSORS_DAMAGED,
                       "cannot load '%s': %" PRIu64 " bytes after the last tensor", h->path,
                       room - next);
    return true;
}

bool lt_safetensors_header_read(const char *path, const char *json, size_t n, uint64_t room,
                                lt_safetensors_header *out, lt_error *err)
{
    void *text;
    if (!lt_try_alloc(n + 1, "the header of a file", &text, err))
        return false;
    header h = {.path = path, .scan = {.start = json, .at = json, .end = json + n, .text = text}};
    bool ok = read_header(&h, err) && check_places(&h, room, err);
    *out = (lt_safetensors_header){.entries = h.entries,
                                   .count = h.count,
                                   .dims = h.dims,
                                   .meta = h.meta,
                                   .meta_count = h.meta_count,
                                   .text = text};
    if (!ok)
        lt_safetensors_header_done(out);
    return ok;
}

void lt_safetensors_header_done(lt_safetensors_header *h)
{
    free(h->entries);
    free(h->dims);
    free(h->meta);
    free(h->text);
    *h = (lt_safetensors_header){0};
}
