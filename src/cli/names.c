/* names.c - see names.h. */
#define _XOPEN_SOURCE 700
#include "cli/names.h"

#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* One field at `open`, which points behind its brace; false if there is no such field. */
static bool add_field(const char *open, size_t n, const lt_name_fields *f, lt_buf *out)
{
    if (n == 4 && strncmp(open, "seed", n) == 0)
        lt_buf_format(out, "%" PRIu64, f->seed);
    else if (n == 1 && *open == 'i')
        lt_buf_format(out, "%d", f->image);
    else if (n == 8 && strncmp(open, "prompt_i", n) == 0)
        lt_buf_format(out, "%d", f->prompt);
    else
        return false;
    return true;
}

bool lt_names_expand(const char *template, const lt_name_fields *fields, lt_buf *out, lt_error *err)
{
    for (const char *c = template; *c; c++) {
        if ((*c == '{' || *c == '}') && c[1] == *c) {
            lt_buf_char(out, *c++);
            continue;
        }
        if (*c != '{' && *c != '}') {
            lt_buf_char(out, *c);
            continue;
        }
        const char *end = strchr(c, '}');
        if (*c == '}' || !end || !add_field(c + 1, (size_t)(end - c - 1), fields, out))
            return lt_fail(err, LT_ERR_ARGUMENT, "{{ and }} stand for braces themselves",
                           "the name '%s' has a field that is not {seed}, {i} or {prompt_i}",
                           template);
        c = end;
    }
    return true;
}

bool lt_names_check_png(const char *path, lt_error *err)
{
    static const char *const others[] = {".jpg", ".jpeg", ".webp", ".gif",  ".bmp",
                                         ".tif", ".tiff", ".ppm",  ".avif", ".jxl"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof others / sizeof *others; i++)
        if (strcasecmp(dot, others[i]) == 0) {
            lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot write '%s': pictures are written as PNG",
                    path);
            return lt_fail_hint(err, "-o '%.*s.png'", (int)(dot - path), path);
        }
    return true;
}

/* What two names of one file have in common; owned. */
static char *key_of(const char *path)
{
    char *for_dir = lt_path_follow(path), *for_base = lt_strdup(for_dir);
    char *real = realpath(dirname(for_dir), NULL);
    char *key = lt_path_join(real ? real : for_dir, basename(for_base));
    free(real);
    free(for_dir);
    free(for_base);
    return key;
}

static void append(lt_names *names, char *key, const char *path)
{
    names->items = lt_grow(names->items, (size_t)names->count + 1, sizeof *names->items);
    names->items[names->count++] = (lt_name){.key = key, .path = lt_strdup(path)};
}

/* Writing goes through a temporary name that is longer than the final one (base/file.h). */
enum { TEMPORARY_SUFFIX = 12 };

static bool check_length(const char *path, const char *dir, lt_error *err)
{
    const char *slash = strrchr(path, '/');
    long name_max = pathconf(dir, _PC_NAME_MAX), path_max = pathconf(dir, _PC_PATH_MAX);
    size_t name = strlen(slash ? slash + 1 : path) + TEMPORARY_SUFFIX,
           whole = strlen(path) + TEMPORARY_SUFFIX;
    if ((name_max > 0 && name > (size_t)name_max) || (path_max > 0 && whole >= (size_t)path_max))
        return lt_fail(err, LT_ERR_ARGUMENT, "a shorter name",
                       "cannot write '%.60s...': the name is too long", path);
    return true;
}

bool lt_names_add(lt_names *names, const char *path, lt_error *err)
{
    if (strcmp(path, "-") == 0)
        return lt_fail(err, LT_ERR_ARGUMENT, "./- for a file of that name",
                       "cannot write '-': files are not written to stdout");
    char *target = lt_path_follow(path), *copy = lt_strdup(target);
    const char *dir = dirname(copy);
    bool ok = lt_file_can_write(path, err);
    if (!ok && !lt_dir_exists(dir))
        lt_fail_hint(err, "mkdir -p '%s'", dir);
    ok = ok && check_length(target, dir, err);
    free(target);
    free(copy);
    if (ok)
        append(names, key_of(path), path);
    else
        err->code = LT_ERR_ARGUMENT;
    return ok;
}

void lt_names_keep(lt_names *names, const char *path)
{
    char *real = realpath(path, NULL);
    if (real)
        append(names, real, path);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const lt_name *)a)->key, ((const lt_name *)b)->key);
}

bool lt_names_check(lt_names *names, lt_error *err)
{
    if (names->count > 1)
        qsort(names->items, (size_t)names->count, sizeof *names->items, compare);
    for (int i = 1; i < names->count; i++)
        if (compare(&names->items[i - 1], &names->items[i]) == 0)
            return lt_fail(err, LT_ERR_ARGUMENT, "give every file its own name",
                           "'%s' is named twice among the files to read and write",
                           names->items[i].path);
    return true;
}

void lt_names_done(lt_names *names)
{
    for (int i = 0; i < names->count; i++) {
        free(names->items[i].key);
        free(names->items[i].path);
    }
    free(names->items);
    *names = (lt_names){0};
}
