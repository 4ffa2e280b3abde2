/* live.c - see live.h. */
#define _DEFAULT_SOURCE /* flock */
#include "store/live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    TRIES = 100,
    LOCK_TRIES = 200, /* of 10 ms */
};

static char *mark_path(const char *history, const char *token)
{
    return lt_format("%s-live-%s", history, token);
}

/* True if the path still names the open file: who sweeps may have removed it before the lock. */
static bool is_named(const char *path, int fd)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

bool lt_live_take(const char *history, lt_live *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t id = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    id ^= (uint64_t)getpid() << 40;
    *out = (lt_live){.fd = -1};
    for (int i = 0; i < TRIES; i++, id += 7919) {
        char token[sizeof out->token];
        snprintf(token, sizeof token, "%016" PRIx64, id);
        char *path = mark_path(history, token);
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        bool again = fd < 0 && errno == EEXIST;
        if (fd >= 0) {
            bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
            again = locked ? !is_named(path, fd) : errno == EWOULDBLOCK; /* somebody sweeps */
            if (locked && !again) {
                *out = (lt_live){.fd = fd, .path = path};
                memcpy(out->token, token, sizeof token);
                return true;
            }
            if (!again)
                unlink(path);
            close(fd);
        }
        free(path);
        if (!again)
            break;
    }
    return false;
}

void lt_live_give(lt_live *mark)
{
    if (mark->path) {
        unlink(mark->path);
        close(mark->fd);
        free(mark->path);
    }
    *mark = (lt_live){.fd = -1};
}

static bool runs(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return errno != ENOENT;
    bool held = flock(fd, LOCK_EX | LOCK_NB) != 0;
    if (!held)
        unlink(path);
    close(fd);
    return held;
}

bool lt_live_runs(const char *history, const char *token)
{
    if (!*token || strspn(token, "0123456789abcdef") != strlen(token))
        return false;
    char *path = mark_path(history, token);
    bool held = runs(path);
    free(path);
    return held;
}

int lt_live_others(const char *history, const lt_live *own)
{
    char *dir_copy = lt_strdup(history), *name_copy = lt_strdup(history);
    const char *dir_name = dirname(dir_copy);
    char *prefix = mark_path(basename(name_copy), "");
    int count = 0;
    DIR *dir = opendir(dir_name);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const char *token = e->d_name + strlen(prefix);
        if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 && strcmp(token, own->token) != 0)
            count += lt_live_runs(history, token);
    }
    if (dir)
        closedir(dir);
    free(prefix);
    free(dir_copy);
    free(name_copy);
    return count;
}

int lt_live_lock(const char *history)
{
    char *path = lt_format("%s-lock", history);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0600);
    free(path);
    for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return fd;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    if (fd >= 0)
        close(fd);
    return -1;
}
