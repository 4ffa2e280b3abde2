/* checkpoint.c - see checkpoint.h. */
#define _POSIX_C_SOURCE 200809L
#include "weights/checkpoint.h"

#include <ctype.h>
#include <inttypes.h>
#include <json-c/json_object.h>
#include <json-c/linkhash.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json_file.h"
#include "base/mem.h"
#include "weights/hub.h"
#include "weights/torch_file.h"

enum { INDEX_LIMIT = 16 << 20, SHOWN = 3 };

typedef struct slot {
    const lt_safetensors_tensor *tensor; /* borrowed from its file */
    const lt_safetensors *file;
    bool used;
} slot;

struct lt_checkpoint {
    char *path;             /* owned */
    lt_safetensors **files; /* owned, each and all */
    size_t file_count;
    slot *slots; /* owned: sorted by name */
    size_t count;
};

static bool is_variant(const char *s)
{
    for (const char *p = s; *p; p++) {
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-')
            return false;
    }
    return *s != '\0';
}

/* dir/format, owned, if it is a file; NULL otherwise. */
static char *try_file(const char *dir, const char *format, const char *stem, const char *variant)
{
    lt_buf name = {0};
    for (const char *p = format; *p; p++) {
        if (*p == '#')
            lt_buf_str(&name, stem);
        else if (*p == '%')
            lt_buf_str(&name, variant);
        else
            lt_buf_char(&name, *p);
    }
    char *path = lt_path_join(dir, name.data);
    lt_buf_done(&name);
    if (lt_file_exists(path))
        return path;
    free(path);
    return NULL;
}

/* The spellings of one choice: # is the stem, % the variant. */
static char *try_variant(const char *dir, const char *stem, const char *variant)
{
    static const char *const with[] = {"#.%.safetensors", "#.safetensors.index.%.json",
                                       "#.safetensors.%.index.json", "#.%.safetensors.index.json",
                                       NULL};
    static const char *const plain[] = {"#.safetensors", "#.safetensors.index.json", NULL};
    char *path = NULL;
    for (const char *const *f = variant ? with : plain; *f && !path; f++)
        path = try_file(dir, *f, stem, variant);
    return path;
}

static bool fail_torch(const char *found, const char *stem, lt_error *err)
{
    const char *name = strrchr(found, '/') ? strrchr(found, '/') + 1 : found;
    lt_torch_file_refuse(found, err);
    if (strstr(name, ".index."))
        return lt_fail_hint(err, "load the model with diffusers and save it: "
                                 "pipe.save_pretrained('DIR', safe_serialization=True)");
    return lt_fail_hint(
        err,
        "convert it, in its directory: python3 -c \"import torch, safetensors.torch as s; "
        "d = torch.load('%s', weights_only=True); s.save_file({k: v.contiguous() for k, v in "
        "d.get('state_dict', d).items()}, '%s.safetensors')\"",
        name, stem);
}

static bool fail_none(const char *dir, const lt_component_info *info, const char *variant,
                      lt_error *err)
{
    static const char *const torch[] = {"#.bin", "#.bin.index.json", "#.ckpt", "#.%.bin", NULL};
    char *found = NULL;
    for (const char *const *f = torch; *f && !found; f++)
        found = try_file(dir, *f, info->torch_stem, variant ? variant : "fp16");
    if (found) {
        fail_torch(found, info->stem, err);
        free(found);
        return false;
    }
    char *name = lt_format("%s.safetensors", info->stem);
    lt_hub_fail_missing(dir, name, err);
    free(name);
    return false;
}

bool lt_checkpoint_locate(const char *dir, lt_component component, const char *variant, char **path,
                          lt_error *err)
{
    const lt_component_info *info = lt_component_get(component);
    if (variant && !is_variant(variant))
        return lt_fail(err, LT_ERR_ARGUMENT, "fp16 is the usual one",
                       "'%s' cannot be a variant: expected letters and digits", variant);
    char *found = variant ? try_variant(dir, info->stem, variant) : NULL;
    if (!found)
        found = try_variant(dir, info->stem, NULL);
    if (!found && !variant)
        found = try_variant(dir, info->stem, "fp16");
    if (!found)
        return fail_none(dir, info, variant, err);
    *path = found;
    return true;
}

static bool add_file(lt_checkpoint *c, const char *path, lt_error *err)
{
    lt_safetensors *f;
    if (!lt_safetensors_open(path, &f, err))
        return false;
    c->files = lt_grow(c->files, c->file_count + 1, sizeof *c->files);
    c->files[c->file_count++] = f;
    return true;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The shards that weight_map names, borrowed from it, sorted; *count of them differ. */
static bool list_shards(const lt_checkpoint *c, json_object *map, const char ***out, size_t *count,
                        lt_error *err)
{
    size_t n = 0, kept = 0;
    const char **names = lt_alloc_array((size_t)json_object_object_length(map) + 1, sizeof *names);
    json_object_object_foreach(map, key, value)
    {
        const char *name =
            json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
        if (!name || !*name || *name == '.' || strpbrk(name, "/\\") || strstr(name, "..")) {
            free(names);
            return lt_fail(
                err, LT_ERR_FORMAT, NULL,
                "cannot load '%s': weight_map: '%.200s' is in '%.200s', expected the name of a "
                "file beside the index",
                c->path, key, name ? name : "(not a string)");
        }
        names[n++] = name;
    }
    if (n)
        qsort(names, n, sizeof *names, compare_text);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(names[i], names[kept - 1]) != 0)
            names[kept++] = names[i];
    }
    *out = names;
    *count = kept;
    return true;
}

static bool open_shards(lt_checkpoint *c, json_object *map, lt_error *err)
{
    const char **names = NULL;
    size_t count = 0;
    if (!list_shards(c, map, &names, &count, err))
        return false;
    const char *slash = strrchr(c->path, '/');
    char *dir = slash ? lt_strndup(c->path, (size_t)(slash - c->path) + 1) : lt_strdup("./");
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        char *path = lt_path_join(dir, names[i]);
        ok =
            lt_file_exists(path) ? add_file(c, path, err) : lt_hub_fail_missing(dir, names[i], err);
        free(path);
    }
    free(dir);
    free(names);
    return ok;
}

static int compare_slot(const void *a, const void *b)
{
    return strcmp(((const slot *)a)->tensor->name, ((const slot *)b)->tensor->name);
}

/* One sorted list of the tensors of all files. */
static bool merge(lt_checkpoint *c, lt_error *err)
{
    void *slots;
    size_t total = 0;
    for (size_t i = 0; i < c->file_count; i++)
        total += lt_safetensors_count(c->files[i]);
    if (!lt_try_alloc(total * sizeof(slot), "the list of tensors", &slots, err))
        return false;
    c->slots = slots;
    for (size_t i = 0; i < c->file_count; i++) {
        for (size_t k = 0; k < lt_safetensors_count(c->files[i]); k++)
            c->slots[c->count++] =
                (slot){.tensor = lt_safetensors_at(c->files[i], k), .file = c->files[i]};
    }
    if (c->count)
        qsort(c->slots, c->count, sizeof *c->slots, compare_slot);
    for (size_t i = 1; i < c->count; i++) {
        if (compare_slot(&c->slots[i - 1], &c->slots[i]) == 0)
            return lt_fail(err, LT_ERR_FORMAT, NULL,
                           "cannot load '%s': tensor '%.200s' is in both '%s' and '%s'", c->path,
                           c->slots[i].tensor->name, lt_safetensors_path(c->slots[i - 1].file),
                           lt_safetensors_path(c->slots[i].file));
    }
    return true;
}

static bool open_index(lt_checkpoint *c, lt_error *err)
{
    json_object *index, *map;
    if (!lt_json_file_read(c->path, INDEX_LIMIT, &index, err))
        return false;
    bool ok =
        json_object_object_get_ex(index, "weight_map", &map) &&
                json_object_is_type(map, json_type_object) && json_object_object_length(map) > 0
            ? open_shards(c, map, err) && merge(c, err)
            : lt_fail(err, LT_ERR_FORMAT, NULL,
                      "cannot load '%s': expected a weight_map of tensor names and files", c->path);
    if (ok) {
        json_object_object_foreach(map, key, value)
        {
            if (ok && !lt_checkpoint_find(c, key))
                ok = lt_fail(err, LT_ERR_FORMAT,
                             "the shards do not belong together; download them again",
                             "cannot load '%s': tensor '%.200s' is not in '%.200s'", c->path, key,
                             json_object_get_string(value));
        }
    }
    json_object_put(index);
    return ok;
}

bool lt_checkpoint_open(const char *path, lt_checkpoint **out, lt_error *err)
{
    lt_checkpoint *c = lt_alloc(sizeof *c);
    size_t n = strlen(path);
    c->path = lt_strdup(path);
    bool ok = n > 5 && strcmp(path + n - 5, ".json") == 0 ? open_index(c, err)
                                                          : add_file(c, path, err) && merge(c, err);
    if (ok)
        *out = c;
    else
        lt_checkpoint_close(c);
    return ok;
}

void lt_checkpoint_close(lt_checkpoint *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->file_count; i++)
        lt_safetensors_close(c->files[i]);
    free(c->files);
    free(c->slots);
    free(c->path);
    free(c);
}

const char *lt_checkpoint_path(const lt_checkpoint *c)
{
    return c->path;
}

size_t lt_checkpoint_files(const lt_checkpoint *c)
{
    return c->file_count;
}

const lt_safetensors *lt_checkpoint_file(const lt_checkpoint *c, size_t index)
{
    return c->files[index];
}

bool lt_checkpoint_unchanged(const lt_checkpoint *c, lt_error *err)
{
    bool ok = true;
    for (size_t i = 0; i < c->file_count && ok; i++)
        ok = lt_safetensors_unchanged(c->files[i], err);
    return ok;
}

size_t lt_checkpoint_count(const lt_checkpoint *c)
{
    return c->count;
}

const lt_safetensors_tensor *lt_checkpoint_at(const lt_checkpoint *c, size_t index)
{
    return c->slots[index].tensor;
}

/* The first slot whose name is not less than `name`. */
static size_t lower_bound(const lt_checkpoint *c, const char *name)
{
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(c->slots[middle].tensor->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static slot *find_slot(const lt_checkpoint *c, const char *name)
{
    size_t i = lower_bound(c, name);
    return i < c->count && strcmp(c->slots[i].tensor->name, name) == 0 ? &c->slots[i] : NULL;
}

const lt_safetensors_tensor *lt_checkpoint_find(const lt_checkpoint *c, const char *name)
{
    const slot *s = find_slot(c, name);
    return s ? s->tensor : NULL;
}

bool lt_checkpoint_has_prefix(const lt_checkpoint *c, const char *prefix)
{
    size_t i = lower_bound(c, prefix);
    return i < c->count && strncmp(c->slots[i].tensor->name, prefix, strlen(prefix)) == 0;
}

const lt_safetensors_tensor *lt_checkpoint_use(lt_checkpoint *c, const char *name)
{
    slot *s = find_slot(c, name);
    if (!s)
        return NULL;
    s->used = true;
    return s->tensor;
}

uint64_t lt_checkpoint_fingerprint(const lt_checkpoint *c)
{
    enum { ENDS = 32 };
    lt_buf all = {0};
    for (size_t i = 0; i < c->count; i++) {
        const lt_safetensors_tensor *t = c->slots[i].tensor;
        size_t n = t->bytes < ENDS ? t->bytes : ENDS;
        lt_buf_format(&all, "%s:%d", t->name, (int)t->type);
        for (int d = 0; d < t->ndim; d++)
            lt_buf_format(&all, ",%" PRId64, t->dim[d]);
        lt_buf_char(&all, ':');
        if (n) {
            lt_buf_add(&all, t->data, n);
            lt_buf_add(&all, (const char *)t->data + t->bytes - n, n);
        }
    }
    uint64_t hash = lt_hash_bytes(all.data, all.len);
    lt_buf_done(&all);
    return hash;
}

static bool is_position_ids(const char *name)
{
    static const char ids[] = "position_ids";
    size_t n = strlen(name), k = sizeof ids - 1;
    return n >= k && strcmp(name + n - k, ids) == 0 && (n == k || name[n - k - 1] == '.');
}

size_t lt_checkpoint_unused(const lt_checkpoint *c, lt_buf *text)
{
    size_t count = 0;
    lt_buf names = {0};
    for (size_t i = 0; i < c->count; i++) {
        const char *name = c->slots[i].tensor->name;
        if (c->slots[i].used || is_position_ids(name))
            continue;
        if (count < SHOWN) {
            lt_buf_str(&names, count ? ", '" : "'");
            lt_buf_escape(&names, name, strnlen(name, 200));
            lt_buf_char(&names, '\'');
        }
        count++;
    }
    if (count) {
        lt_buf_char(text, '\'');
        lt_buf_escape(text, c->path, strlen(c->path));
        lt_buf_format(text, "': %zu tensor%s not used: %s%s", count, count == 1 ? " is" : "s are",
                      names.data, count > SHOWN ? ", ..." : "");
    }
    lt_buf_done(&names);
    return count;
}
