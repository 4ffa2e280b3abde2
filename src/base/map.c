/* map.c - see map.h.  The table is global because a signal handler must reach it. */
#define _DEFAULT_SOURCE
#include "base/map.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

typedef struct slot {
    atomic_uintptr_t from; /* 0: free */
    atomic_size_t bytes;
    atomic_bool torn; /* the handler put zeros in */
} slot;

static slot slots[LT_MAP_MAX];
static struct sigaction before; /* of SIGBUS, set once */

/* The mapping that holds an address, or NULL.  Async-signal-safe. */
static slot *slot_of(uintptr_t at)
{
    for (int i = 0; i < LT_MAP_MAX; i++) {
        uintptr_t from = atomic_load(&slots[i].from);
        if (from && at >= from && at - from < atomic_load(&slots[i].bytes))
            return &slots[i];
    }
    return NULL;
}

static uintptr_t page_size(void)
{
    return (uintptr_t)sysconf(_SC_PAGESIZE);
}

/* Zeros from the page of the fault to the end of its mapping: what follows is gone as well, or will
 * not be used.  mmap is a plain system call on Linux. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t)info->si_addr;
    slot *s = slot_of(at);
    int saved = errno;
    (void)context;
    if (s) {
        uintptr_t page = at & ~(page_size() - 1);
        uintptr_t end = atomic_load(&s->from) + atomic_load(&s->bytes);
        atomic_store(&s->torn, true);
        if (mmap((void *)page, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                 0) != MAP_FAILED) {
            errno = saved;
            return;
        }
    }
    sigaction(number, &before, NULL); /* the fault is repeated, and handled as it was before */
}

void lt_map_guard(void)
{
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO}, now;
    if (sigaction(SIGBUS, NULL, &now) == 0 && now.sa_sigaction == on_bus_error)
        return; /* or it would pass on to itself */
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &before);
}

/* The place in the table that is now this mapping's, or -1. */
static int claim(uintptr_t from, size_t bytes)
{
    for (int i = 0; i < LT_MAP_MAX; i++) {
        uintptr_t none = 0;
        if (!atomic_compare_exchange_strong(&slots[i].from, &none, from))
            continue;
        atomic_store(&slots[i].torn, false);
        atomic_store(&slots[i].bytes, bytes);
        return i;
    }
    return -1;
}

static bool map_pages(const char *path, lt_map *map, lt_error *err)
{
    void *p = mmap(NULL, map->size, PROT_READ, MAP_PRIVATE, map->fd, 0);
    if (p == MAP_FAILED)
        return lt_fail(err, errno == ENOMEM ? LT_ERR_MEMORY : LT_ERR_IO, NULL,
                       "cannot map '%s', %zu bytes: %s", path, map->size, strerror(errno));
    map->slot = claim((uintptr_t)p, map->size);
    if (map->slot < 0) {
        munmap(p, map->size);
        return lt_fail(err, LT_ERR_IO, NULL, "cannot map '%s': %d files are mapped already", path,
                       LT_MAP_MAX);
    }
    map->data = p;
    return true;
}

/* Size and time of the last change. */
static bool look(int fd, const char *path, size_t *size, int64_t *stamp, lt_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return lt_fail(err, LT_ERR_IO, NULL, "cannot read '%s': %s", path, strerror(errno));
    *size = (size_t)st.st_size;
    *stamp = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return true;
}

bool lt_map_open(const char *path, lt_map *out, lt_error *err)
{
    lt_map map = {0};
    if (!lt_file_open(path, &map.fd, err))
        return false;
    if (!look(map.fd, path, &map.size, &map.stamp, err) ||
        (map.size && !map_pages(path, &map, err))) {
        close(map.fd);
        return false;
    }
    if (map.size == 0) { /* nothing that could change under a reader */
        close(map.fd);
        map = (lt_map){0};
    }
    *out = map;
    return true;
}

void lt_map_close(lt_map *map)
{
    if (map->data) {
        atomic_store(&slots[map->slot].from, 0);
        munmap((void *)(uintptr_t)map->data, map->size);
        close(map->fd);
    }
    *map = (lt_map){0};
}

bool lt_map_check(const lt_map *map, const char *path, lt_error *err)
{
    static const char hint[] = "let what writes the file finish, then start again";
    size_t size = 0;
    int64_t stamp = 0;
    if (!map->data)
        return true;
    if (!look(map->fd, path, &size, &stamp, err))
        return false;
    if (size != map->size)
        return lt_fail(err, LT_ERR_IO, hint,
                       "cannot read '%s': it has %zu bytes now, %zu when it was opened", path, size,
                       map->size);
    if (stamp != map->stamp)
        return lt_fail(err, LT_ERR_IO, hint, "cannot read '%s': it was changed meanwhile", path);
    return !atomic_load(&slots[map->slot].torn) ||
           lt_fail(err, LT_ERR_IO, "look at the disk", "cannot read '%s': a part of it is missing",
                   path);
}

void lt_map_release(const void *from, size_t bytes)
{
    uintptr_t page = page_size(), at = (uintptr_t)from;
    uintptr_t first = (at + page - 1) & ~(page - 1), end = (at + bytes) & ~(page - 1);
    if (first < end && slot_of(at) && slot_of(at + bytes - 1) == slot_of(at))
        madvise((void *)first, end - first, MADV_DONTNEED);
}
