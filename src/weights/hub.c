/* hub.c - see hub.h. */
#define _POSIX_C_SOURCE 200809L
#include "weights/hub.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"

enum { REF_LIMIT = 4096 };

/* n characters that are safe as one part of a path. */
static bool is_part(const char *s, size_t n)
{
    if (n == 0 || *s == '.' || *s == '-')
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)s[i]) && !strchr("._-", s[i]))
            return false;
    }
    return true;
}

/* Parts between slashes, at most `most`. */
static bool is_path(const char *s, size_t n, int most)
{
    while (most-- > 0) {
        const char *slash = memchr(s, '/', n);
        size_t part = slash ? (size_t)(slash - s) : n;
        if (!is_part(s, part))
            return false;
        if (!slash)
            return true;
        n -= part + 1;
        s = slash + 1;
    }
    return false;
}

bool lt_hub_is_id(const char *s)
{
    size_t n = strcspn(s, "@");
    return is_path(s, n, 2) && (s[n] == '\0' || is_path(s + n + 1, strlen(s + n + 1), 8));
}

static const char *env(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* The folder above `hub` and `diffusers`. */
static char *hub_home(void)
{
    if (env("HF_HOME"))
        return lt_strdup(env("HF_HOME"));
    if (env("XDG_CACHE_HOME"))
        return lt_path_join(env("XDG_CACHE_HOME"), "huggingface");
    return lt_path_join(env("HOME") ? env("HOME") : "/", ".cache/huggingface");
}

static char *hub_root(void)
{
    const char *set = env("HF_HUB_CACHE") ? env("HF_HUB_CACHE") : env("HUGGINGFACE_HUB_CACHE");
    if (set)
        return lt_strdup(set);
    char *home = hub_home(), *root = lt_path_join(home, "hub");
    free(home);
    return root;
}

static char *old_root(void)
{
    char *home = hub_home(), *root = lt_path_join(home, "diffusers");
    free(home);
    return root;
}

/* "ORG/NAME" -> "models--ORG--NAME" */
static char *repository_folder(const char *id, size_t n)
{
    lt_buf b = {0};
    lt_buf_str(&b, "models--");
    for (size_t i = 0; i < n; i++) {
        if (id[i] == '/')
            lt_buf_str(&b, "--");
        else
            lt_buf_char(&b, id[i]);
    }
    return b.data;
}

/* The commit in refs/REVISION, owned; NULL if there is no such file or it does not hold one. */
static char *read_ref(const char *repository, const char *revision)
{
    char *path = lt_format("%s/refs/%s", repository, revision), *commit = NULL;
    lt_buf text = {0};
    lt_error ignored;
    if (lt_file_exists(path) && lt_file_read(path, REF_LIMIT, &text, &ignored) && text.len) {
        while (text.len && isspace((unsigned char)text.data[text.len - 1]))
            text.data[--text.len] = '\0';
        if (is_part(text.data, text.len) && strlen(text.data) == text.len)
            commit = lt_strdup(text.data);
    }
    lt_buf_done(&text);
    free(path);
    return commit;
}

/* The name of the only entry of a directory, owned; NULL if there are more or none. */
static char *only_entry(const char *path)
{
    DIR *d = opendir(path);
    char *found = NULL;
    int count = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (*e->d_name == '.')
            continue;
        free(found);
        found = lt_strdup(e->d_name);
        count++;
    }
    if (d)
        closedir(d);
    if (count == 1)
        return found;
    free(found);
    return NULL;
}

static void download_hint(lt_error *err, const char *id, size_t n, const char *revision)
{
    if (revision)
        lt_fail_hint(err, "hf download %.*s --revision %s", (int)n, id, revision);
    else
        lt_fail_hint(err, "hf download %.*s", (int)n, id);
}

static bool find_snapshot(const char *repository, const char *id, char **dir, lt_error *err)
{
    size_t n = strcspn(id, "@");
    const char *revision = id[n] ? id + n + 1 : NULL;
    char *commit = read_ref(repository, revision ? revision : "main");
    char *snapshots = lt_path_join(repository, "snapshots");
    if (!commit)
        commit = revision ? lt_strdup(revision) : only_entry(snapshots);
    char *found = commit ? lt_path_join(snapshots, commit) : NULL;
    bool ok = found && lt_dir_exists(found);
    if (ok) {
        *dir = found;
        found = NULL;
    } else {
        lt_fail(err, LT_ERR_IO, NULL, "cannot find revision '%s' of '%.*s' in '%s'",
                revision ? revision : "main", (int)n, id, repository);
        download_hint(err, id, n, revision);
    }
    free(found);
    free(snapshots);
    free(commit);
    return ok;
}

bool lt_hub_find(const char *id, char **dir, lt_error *err)
{
    size_t n = strcspn(id, "@");
    char *roots[] = {hub_root(), old_root()};
    char *folder = repository_folder(id, n);
    bool found = false, ok = false;
    for (int i = 0; i < 2 && !found; i++) {
        char *repository = lt_path_join(roots[i], folder);
        found = lt_dir_exists(repository);
        if (found)
            ok = find_snapshot(repository, id, dir, err);
        free(repository);
    }
    if (!found) {
        lt_fail(err, LT_ERR_IO, NULL,
                "cannot find model '%s': no such directory, and '%s' is not in the Hugging Face "
                "cache '%s'",
                id, folder, roots[0]);
        download_hint(err, id, n, id[n] ? id + n + 1 : NULL);
    }
    free(folder);
    free(roots[0]);
    free(roots[1]);
    return ok;
}

/* The repository of a path .../models--ORG--NAME/snapshots/...: its length in dir, or 0. */
static size_t repository_length(const char *dir)
{
    const char *at = strstr(dir, "/snapshots/");
    if (!at)
        return 0;
    const char *start = at;
    while (start > dir && start[-1] != '/')
        start--;
    return strncmp(start, "models--", 8) == 0 ? (size_t)(at - dir) : 0;
}

/* "models--ORG--NAME" -> "ORG/NAME", owned. */
static char *repository_id(const char *dir, size_t length)
{
    size_t start = length;
    while (start > 0 && dir[start - 1] != '/')
        start--;
    char *id = lt_strndup(dir + start + 8, length - start - 8);
    char *dashes = strstr(id, "--");
    if (dashes) {
        *dashes = '/';
        memmove(dashes + 1, dashes + 2, strlen(dashes + 2) + 1);
    }
    return id;
}

static bool has_incomplete(const char *repository)
{
    static const char suffix[] = ".incomplete";
    char *blobs = lt_path_join(repository, "blobs");
    DIR *d = opendir(blobs);
    bool found = false;
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        found = n > sizeof suffix - 1 && strcmp(e->d_name + n - (sizeof suffix - 1), suffix) == 0;
    }
    if (d)
        closedir(d);
    free(blobs);
    return found;
}

static bool is_dangling(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && stat(path, &st) != 0;
}

bool lt_hub_fail_missing(const char *dir, const char *file, lt_error *err)
{
    char *path = file ? lt_path_join(dir, file) : lt_strdup(dir);
    size_t length = repository_length(dir);
    char *repository = lt_strndup(dir, length);
    if (is_dangling(path))
        lt_fail(err, LT_ERR_IO, NULL,
                "cannot find '%s': the link is there, the file behind it is not", path);
    else if (length && has_incomplete(repository))
        lt_fail(
            err, LT_ERR_IO, NULL,
            "cannot find '%s': the download did not finish ('%s/blobs' holds .incomplete files)",
            path, repository);
    else
        lt_fail(err, LT_ERR_IO, NULL, "cannot find '%s'", path);
    if (length) {
        char *id = repository_id(dir, length);
        lt_fail_hint(err, "hf download %s", id);
        free(id);
    }
    free(repository);
    free(path);
    return false;
}
