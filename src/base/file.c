/* file.c - see file.h. */
#define _XOPEN_SOURCE 700
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

/* Why a file that is not regular cannot be read or replaced. */
static const char *kind_of(const struct stat *st)
{
    return S_ISDIR(st->st_mode) ? "it is a directory" : "not a regular file";
}

bool lt_file_open(const char *path, int *out, lt_error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return lt_fail(err, LT_ERR_IO, NULL, "cannot open '%s': %s", path, strerror(errno));
    if (fstat(fd, &st) != 0)
        lt_fail(err, LT_ERR_IO, NULL, "cannot read '%s': %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        lt_fail(err, LT_ERR_IO, NULL, "cannot read '%s': %s", path, kind_of(&st));
    else {
        *out = fd;
        return true;
    }
    close(fd);
    return false;
}

bool lt_file_can_read(const char *path, lt_error *err)
{
    int fd;
    if (!lt_file_open(path, &fd, err))
        return false;
    close(fd);
    return true;
}

static bool make_room(size_t bytes, const char *path, lt_buf *out, lt_error *err)
{
    if (lt_buf_reserve(out, bytes, "the file", err))
        return true;
    lt_fail_hint(err, "ulimit -v shows what a program may use");
    return lt_fail_in(err, "cannot read '%s'", path);
}

/* Reads to the end of the file; out has room for what the file had when it was opened. */
static bool read_on(int fd, size_t limit, const char *path, lt_buf *out, lt_error *err)
{
    for (size_t total = 0;;) {
        if (!make_room(1, path, out, err)) /* beyond that: it grows */
            return false;
        ssize_t n = read(fd, out->data + out->len, out->cap - out->len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lt_fail(err, LT_ERR_IO, NULL, "cannot read '%s': %s", path, strerror(errno));
        if ((size_t)n > limit - total)
            return lt_fail(err, LT_ERR_FORMAT, NULL,
                           "cannot read '%s': larger than the %zu bytes that such a file may have",
                           path, limit);
        out->len += (size_t)n;
        out->data[out->len] = '\0';
        total += (size_t)n;
        if (n == 0)
            return true;
    }
}

bool lt_file_read(const char *path, size_t limit, lt_buf *out, lt_error *err)
{
    struct stat st;
    int fd;
    if (!lt_file_open(path, &fd, err))
        return false;
    size_t size = fstat(fd, &st) == 0 ? (size_t)st.st_size : 0;
    if (size > limit)
        size = limit;
    bool ok = make_room(size + 1, path, out, err) && read_on(fd, limit, path, out, err);
    close(fd);
    return ok;
}

/* Temporary names now on disk, for lt_writer_abandon_all: a slot is claimed and given back
 * atomically so that a signal handler may read it at any moment. */
enum { OPEN_WRITERS = 64 };
static _Atomic(char *) open_names[OPEN_WRITERS];

static void remember(char *name)
{
    for (int i = 0; i < OPEN_WRITERS; i++) {
        char *empty = NULL;
        if (atomic_compare_exchange_strong(&open_names[i], &empty, name))
            return;
    }
}

static void forget(const char *name)
{
    for (int i = 0; i < OPEN_WRITERS; i++) {
        char *expected = atomic_load(&open_names[i]);
        if (expected == name)
            atomic_store(&open_names[i], NULL);
    }
}

void lt_writer_abandon_all(void)
{
    for (int i = 0; i < OPEN_WRITERS; i++) {
        char *name = atomic_load(&open_names[i]);
        if (name)
            unlink(name);
    }
}

enum { LINKS = 40 }; /* as many as Linux follows */

char *lt_path_follow(const char *path)
{
    char *now = lt_strdup(path), target[PATH_MAX];
    for (int i = 0; i < LINKS; i++) {
        ssize_t n = readlink(now, target, sizeof target);
        if (n < 0 || (size_t)n == sizeof target)
            break; /* not a link */
        target[n] = '\0';
        char *next = *target == '/' ? lt_strdup(target) : lt_path_join(dirname(now), target);
        free(now);
        now = next;
    }
    return now;
}

/* Creates a file beside `target` that nothing else has, with the mode that open gives it; -1 if it
 * cannot.  The name is remembered before it exists, so that no signal finds a file without. */
static int create_temporary(const char *target, char **name)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    unsigned id = (unsigned)getpid() * 2654435761u + (unsigned)now.tv_nsec;
    for (int tries = 0; tries < 100; tries++, id += 40503u) {
        *name = lt_format("%s.part-%06x", target, id & 0xFFFFFFu);
        remember(*name);
        int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            return fd;
        int why = errno;
        forget(*name);
        free(*name);
        *name = NULL;
        errno = why;
        if (why != EEXIST)
            break;
    }
    return -1;
}

const char *lt_file_hint(int why)
{
    return why == ENOSPC ? "free some space, or write elsewhere" : NULL;
}

static void close_writer(lt_writer *w)
{
    if (w->temporary)
        forget(w->temporary);
    free(w->path);
    free(w->target);
    free(w->temporary);
    *w = (lt_writer){0};
}

bool lt_writer_open(lt_writer *w, const char *path, lt_error *err)
{
    struct stat st;
    bool replaces = stat(path, &st) == 0;
    if (replaces && !S_ISREG(st.st_mode)) /* the rename would replace a device */
        return lt_fail(err, LT_ERR_IO, NULL, "cannot write '%s': %s", path, kind_of(&st));
    if (!replaces && errno != ENOENT)
        return lt_fail(err, LT_ERR_IO, NULL, "cannot write '%s': %s", path, strerror(errno));
    *w = (lt_writer){.path = lt_strdup(path), .target = lt_path_follow(path)};
    int fd = create_temporary(w->target, &w->temporary);
    if (fd >= 0 && replaces)
        fchmod(fd, st.st_mode & 0777); /* what was private stays so; not fatal where it cannot */
    w->stream = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (w->stream)
        return true;
    lt_fail(err, LT_ERR_IO, lt_file_hint(errno), "cannot write '%s': %s", path, strerror(errno));
    if (fd >= 0) {
        close(fd);
        unlink(w->temporary);
    }
    close_writer(w);
    return false;
}

bool lt_writer_commit(lt_writer *w, lt_error *err)
{
    int fd = fileno(w->stream);
    bool bad = ferror(w->stream) != 0;
    int why = EIO;
    if (fflush(w->stream) != 0 || fsync(fd) != 0) {
        bad = true;
        why = errno;
    } else if (bad && write(fd, "", 1) < 0) { /* stdio forgot the reason; the file is lost anyway */
        why = errno;
    }
    if (fclose(w->stream) != 0 && !bad) {
        bad = true;
        why = errno;
    }
    w->stream = NULL;
    if (!bad && rename(w->temporary, w->target) != 0) {
        bad = true;
        why = errno;
    }
    if (bad) {
        lt_fail(err, LT_ERR_IO, lt_file_hint(why), "cannot write '%s': %s", w->path, strerror(why));
        unlink(w->temporary);
    }
    close_writer(w);
    return !bad;
}

void lt_writer_abandon(lt_writer *w)
{
    if (!w->path)
        return;
    if (w->stream)
        fclose(w->stream);
    unlink(w->temporary);
    close_writer(w);
}

bool lt_file_write(const char *path, const void *bytes, size_t n, lt_error *err)
{
    lt_writer w = {0};
    if (!lt_writer_open(&w, path, err))
        return false;
    if (n)
        fwrite(bytes, 1, n, w.stream);
    return lt_writer_commit(&w, err);
}

bool lt_file_can_write(const char *path, lt_error *err)
{
    char *copy = lt_path_follow(path);
    const char *dir = dirname(copy);
    struct stat st;
    bool ok = true;
    if (*path == '\0' || path[strlen(path) - 1] == '/' || lt_dir_exists(path))
        ok = lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot write '%s': it names a directory", path);
    else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        ok = lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot write '%s': %s", path, kind_of(&st));
    else if (stat(path, &st) != 0 && errno == ELOOP)
        ok = lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot write '%s': %s", path, strerror(errno));
    else if (!lt_dir_exists(dir))
        ok = lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot write '%s': no directory '%s'", path, dir);
    else if (access(dir, W_OK | X_OK) != 0)
        ok = lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot write '%s': directory '%s': %s", path, dir,
                     strerror(errno));
    free(copy);
    return ok;
}

bool lt_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool lt_dir_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool make_dirs(const char *path, mode_t mode, lt_error *err)
{
    char *copy = lt_strdup(path);
    bool ok = true;
    for (char *p = copy + (*copy == '/'); ok; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        int why = mkdir(copy, mode) == 0 ? 0 : errno;
        if (why && !lt_dir_exists(copy))
            ok = lt_fail(err, LT_ERR_IO, NULL, "cannot make directory '%s': %s", copy,
                         strerror(why));
        *p = end;
        if (end == '\0')
            break;
    }
    free(copy);
    return ok;
}

bool lt_dir_make(const char *path, lt_error *err)
{
    return make_dirs(path, 0777, err);
}

void lt_dir_make_above(const char *path)
{
    char *copy = lt_strdup(path), *end = strrchr(copy, '/');
    lt_error seen_later;
    if (end && end != copy) {
        *end = '\0';
        (void)!make_dirs(copy, 0700, &seen_later);
    }
    free(copy);
}

char *lt_path_join(const char *dir, const char *name)
{
    size_t n = strlen(dir);
    return lt_format("%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name);
}

char *lt_path_user(const char *variable, const char *fallback, const char *name)
{
    const char *base = getenv(variable), *home = getenv("HOME");
    if (base && *base == '/')
        return lt_format("%s/latentty/%s", base, name);
    return home && *home == '/' ? lt_format("%s/%s/latentty/%s", home, fallback, name) : NULL;
}
