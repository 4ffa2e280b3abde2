/* lesson_files.c - the lessons that come with the program, and the reading of one. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
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
    return ours ? atoi(name) : 0;
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

bool lt_lessons_list(lt_lessons *out, lt_error *err)
{
    char *path;
    struct dirent *entry;
    *out = (lt_lessons){0};
    if (!lt_assets_find("lessons", &path, err))
        return false;
    DIR *dir = opendir(path);
    while (dir && (entry = readdir(dir)))
        if (number_of(entry->d_name))
            add(out, path, entry->d_name);
    if (dir)
        closedir(dir);
    if (out->count)
        qsort(out->all, (size_t)out->count, sizeof *out->all, by_number);
    free(path);
    return true;
}

bool lt_lesson_find(const char *word, char **path, int *number, lt_error *err)
{
    lt_lessons all;
    bool digits = *word && strspn(word, "0123456789") == strlen(word), ok = false;
    *number = 0;
    *path = NULL;
    if (!digits) {
        *path = lt_conf_home(word);
        return true;
    }
    if (!lt_lessons_list(&all, err))
        return false;
    for (int i = 0; i < all.count && !ok; i++) {
        ok = all.all[i].number == atoi(word);
        if (ok) {
            *number = all.all[i].number;
            *path = lt_strdup(all.all[i].path);
        }
    }
    if (!ok)
        lt_fail(err, LT_ERR_ARGUMENT, "latentty lesson --list",
                "there is no lesson %s, expected 1 to %d", word,
                all.count ? all.all[all.count - 1].number : 0);
    lt_lessons_done(&all);
    return ok;
}
