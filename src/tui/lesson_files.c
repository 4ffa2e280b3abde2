/* lesson_files.c - the lessons that come with the program, and the reading of one. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "pipeline/assets.h"
#include "tui/command.h"
#include "tui/tour.h"

bool lt_lesson_read(const char *path, lt_lesson *out, lt_conf_faults *faults, lt_error *err)
{
    static const lt_lesson_vocabulary studio = {lt_command_check, lt_command_check_setting};
    lt_buf bytes = {0};
    *out = (lt_lesson){0};
    bool ok = lt_file_read(path, LT_LESSON_FILE, &bytes, err);
    if (ok)
        lt_lesson_parse(bytes.len ? bytes.data : "", bytes.len, path, &studio, out, faults);
    lt_buf_done(&bytes);
    return ok;
}

/* The number at the start of "3-noising.txt"; 0: it is no lesson. */
static int number_of(const char *name)
{
    size_t digits = strspn(name, "0123456789"), n = strlen(name);
    bool ours = digits > 0 && digits < 4 && name[digits] == '-' && n > digits + 5 &&
                strcmp(name + n - 4, ".txt") == 0;
    return ours ? (int)strtol(name, NULL, 10) : 0; /* of three digits at most */
}

static int by_number(const void *a, const void *b)
{
    const lt_lesson_entry *x = a, *y = b;
    return x->number != y->number ? (x->number > y->number ? 1 : -1) : strcmp(x->path, y->path);
}

void lt_lessons_done(lt_lessons *l)
{
    for (int i = 0; i < l->count; i++) {
        free(l->all[i].path);
        free(l->all[i].title);
        free(l->all[i].about);
    }
    free(l->all);
    *l = (lt_lessons){0};
}

static void add(lt_lessons *l, const char *dir, const char *name)
{
    lt_lesson lesson;
    lt_error ignored = {0};
    lt_conf_faults faults = {0};
    lt_lesson_entry e = {.number = number_of(name), .path = lt_path_join(dir, name)};
    bool ok = lt_lesson_read(e.path, &lesson, &faults, &ignored);
    e.title = lt_strdup(ok ? lesson.title : "");
    e.about = lt_strdup(ok && !faults.count ? lesson.about : ok ? faults.first : ignored.message);
    l->all = lt_grow(l->all, (size_t)l->count + 1, sizeof *l->all);
    l->all[l->count++] = e;
    lt_lesson_done(&lesson);
    lt_conf_faults_done(&faults);
}

static bool list(const char *path, lt_lessons *out, lt_error *err)
{
    struct dirent *entry;
    DIR *dir = opendir(path);
    if (!dir)
        return lt_fail(err, LT_ERR_IO, NULL, "cannot read '%s': %s", path, strerror(errno));
    while ((entry = readdir(dir)))
        if (number_of(entry->d_name))
            add(out, path, entry->d_name);
    closedir(dir);
    if (!out->count)
        return lt_fail(err, LT_ERR_IO, NULL, "'%s' has no lesson, expected files as 1-name.txt",
                       path);
    qsort(out->all, (size_t)out->count, sizeof *out->all, by_number);
    return true;
}

bool lt_lessons_list(lt_lessons *out, lt_error *err)
{
    char *path;
    *out = (lt_lessons){0};
    bool ok = lt_assets_find("lessons", &path, err);
    if (ok) {
        ok = list(path, out, err);
        free(path);
    }
    return ok;
}

/* Of ".8" behind a lesson's number. */
static size_t page_length(const char *text)
{
    size_t digits = *text == '.' ? strspn(text + 1, "0123456789") : 0;
    return digits ? digits + 1 : 0;
}

/* The path of a lesson, by its number or its own path; the caller's. */
static bool find(const char *word, char **path, int *number, long *page, lt_error *err)
{
    lt_lessons all;
    size_t digits = strspn(word, "0123456789");
    bool ok = false;
    *number = 0;
    *page = 0;
    *path = NULL;
    if (digits && word[digits] == ' ')
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "'%s' is left over: a lesson is a number or a file", word + digits + 1);
    if (!digits || word[digits + page_length(word + digits)]) {
        *path = lt_conf_home(word);
        return true;
    }
    *page = word[digits] ? strtol(word + digits + 1, NULL, 10) - 1 : 0;
    if (!lt_lessons_list(&all, err)) {
        lt_lessons_done(&all);
        return false;
    }
    long wanted = strtol(word, NULL, 10); /* of too many digits: none that there is */
    for (int i = 0; i < all.count && !ok; i++) {
        ok = all.all[i].number == wanted;
        if (ok) {
            *number = all.all[i].number;
            *path = lt_strdup(all.all[i].path);
        }
    }
    if (!ok)
        lt_fail(err, LT_ERR_ARGUMENT, "latentty lesson --list",
                "there is no lesson %.*s, expected 1 to %d", (int)digits, word,
                all.all[all.count - 1].number);
    lt_lessons_done(&all);
    return ok;
}

bool lt_lesson_load(const char *word, lt_lesson *out, int *number, int *page, lt_error *err)
{
    char *path;
    long at;
    lt_conf_faults faults = {0};
    *out = (lt_lesson){0};
    bool ok = find(word, &path, number, &at, err) && lt_lesson_read(path, out, &faults, err);
    if (ok && faults.count) {
        ok = lt_fail(err, LT_ERR_FORMAT, NULL, "%s", faults.first);
        lt_fail_hint(err, "latentty lesson --check %s", path);
    }
    if (ok && (at < 0 || at >= out->count))
        ok = lt_fail(err, LT_ERR_ARGUMENT, NULL, "lesson %d has no page %ld, expected 1 to %d",
                     *number, at + 1, out->count);
    *page = (int)at;
    if (!ok)
        lt_lesson_done(out);
    lt_conf_faults_done(&faults);
    free(path);
    return ok;
}
