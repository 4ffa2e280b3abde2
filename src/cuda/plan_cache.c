/*
 * plan_cache.c - see plan_cache.h.
 *
 * The file: a line that says what it is, the identity and a line feed; for each entry two lengths
 * (32 bits, lowest byte first), key and value; at the end the FNV-1a of all before (64 bits).
 */
#define _DEFAULT_SOURCE /* flock */
#include "cuda/plan_cache.h"

#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

#define HEAD "latentty plans 1\n"

enum {
    LENGTH = 4, /* bytes of a length */
    SUM = 8,    /* bytes of the checksum */
    LIMIT = 64 << 20,
    LOCK_TRIES = 50, /* of 10 ms: as long as writing takes on a slow disk, and never for ever */
};

typedef struct entry {
    char *key, *value; /* owned */
    size_t bytes;
} entry;

struct lt_plan_cache {
    char *path, *identity; /* owned */
    entry *entries;        /* owned */
    int count;
    bool changed;
};

static entry *find(const lt_plan_cache *c, const char *key)
{
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->entries[i].key, key) == 0)
            return &c->entries[i];
    return NULL;
}

static void put(lt_plan_cache *c, char *key, const void *value, size_t bytes)
{
    entry *e = find(c, key);
    if (e) {
        free(e->value);
        free(key);
    } else {
        c->entries = lt_grow(c->entries, (size_t)c->count + 1, sizeof *c->entries);
        e = &c->entries[c->count++];
        e->key = key;
    }
    e->value = lt_strndup(value, bytes);
    e->bytes = bytes;
}

/* ---- bytes ---- */

static void add_number(lt_buf *b, uint64_t x, int bytes)
{
    for (int i = 0; i < bytes; i++)
        lt_buf_char(b, (char)(x >> 8 * i));
}

static uint64_t number_at(const char *p, int bytes)
{
    uint64_t x = 0;
    for (int i = 0; i < bytes; i++)
        x |= (uint64_t)(unsigned char)p[i] << 8 * i;
    return x;
}

static void write_entries(const lt_plan_cache *c, lt_buf *b)
{
    lt_buf_format(b, HEAD "%s\n", c->identity);
    for (int i = 0; i < c->count; i++) {
        const entry *e = &c->entries[i];
        add_number(b, strlen(e->key), LENGTH);
        add_number(b, e->bytes, LENGTH);
        lt_buf_str(b, e->key);
        lt_buf_add(b, e->value, e->bytes);
    }
    add_number(b, lt_hash_bytes(b->data, b->len), SUM);
}

/* Adds the entries of a file that c does not have; none of a file that is not whole. */
static void read_entries(lt_plan_cache *c, const char *data, size_t n)
{
    size_t head = strlen(HEAD), identity = strlen(c->identity), at = head + identity + 1;
    if (n < at + SUM || memcmp(data, HEAD, head) != 0 ||
        memcmp(data + head, c->identity, identity) != 0 || data[at - 1] != '\n' ||
        number_at(data + n - SUM, SUM) != lt_hash_bytes(data, n - SUM))
        return;
    for (n -= SUM; n - at >= 2 * LENGTH;) {
        size_t key = number_at(data + at, LENGTH), value = number_at(data + at + LENGTH, LENGTH);
        at += 2 * LENGTH;
        if (key > n - at || value > n - at - key)
            return;
        char *name = lt_strndup(data + at, key);
        if (find(c, name))
            free(name);
        else
            put(c, name, data + at + key, value);
        at += key + value;
    }
}

/* ---- the file ---- */

static bool private(const char *path, mode_t kind)
{
    struct stat st;
    return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind && st.st_uid == geteuid() &&
           !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* The directory of the file; owned by the caller. */
static char *directory_of(const lt_plan_cache *c)
{
    char *copy = lt_strdup(c->path), *dir = lt_strdup(dirname(copy));
    free(copy);
    return dir;
}

static void read_file(lt_plan_cache *c, const char *dir)
{
    lt_buf bytes = {0};
    lt_error unused;
    if (private(dir, S_IFDIR) && private(c->path, S_IFREG) &&
        lt_file_read(c->path, LIMIT, &bytes, &unused))
        read_entries(c, bytes.data, bytes.len);
    lt_buf_done(&bytes);
}

static void write_file(const lt_plan_cache *c)
{
    lt_writer w = {0};
    lt_error unused;
    struct stat st;
    if ((lstat(c->path, &st) == 0 && !S_ISREG(st.st_mode)) || !lt_writer_open(&w, c->path, &unused))
        return;
    lt_buf bytes = {0};
    write_entries(c, &bytes);
    fchmod(fileno(w.stream), 0600);
    fwrite(bytes.data, 1, bytes.len, w.stream);
    (void)!lt_writer_commit(&w, &unused);
    lt_buf_done(&bytes);
}

/* -1 if the directory is not there.  Without the lock (a file system that has none) two programs
 * that save at once may lose each other's entries, no more. */
static int lock(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) != 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return fd;
}

void lt_plan_cache_save(lt_plan_cache *c)
{
    if (!c->changed || !c->path)
        return;
    char *dir = directory_of(c);
    lt_dir_make_above(c->path);
    int fd = lock(dir);
    if (fd >= 0 && private(dir, S_IFDIR)) {
        read_file(c, dir);
        write_file(c);
    }
    if (fd >= 0)
        close(fd);
    free(dir);
    c->changed = false;
}

lt_plan_cache *lt_plan_cache_open(const char *path, const char *identity)
{
    lt_plan_cache *c = lt_alloc(sizeof *c);
    c->identity = lt_strdup(identity);
    if (path) {
        c->path = lt_strdup(path);
        char *dir = directory_of(c);
        read_file(c, dir);
        free(dir);
    }
    return c;
}

void lt_plan_cache_close(lt_plan_cache *c)
{
    if (!c)
        return;
    lt_plan_cache_save(c);
    for (int i = 0; i < c->count; i++) {
        free(c->entries[i].key);
        free(c->entries[i].value);
    }
    free(c->entries);
    free(c->path);
    free(c->identity);
    free(c);
}

const char *lt_plan_cache_find(const lt_plan_cache *c, const char *key, size_t *bytes)
{
    const entry *e = find(c, key);
    if (!e)
        return NULL;
    *bytes = e->bytes;
    return e->value;
}

void lt_plan_cache_put(lt_plan_cache *c, const char *key, const void *value, size_t bytes)
{
    put(c, lt_strdup(key), value, bytes);
    c->changed = true;
}

char *lt_plan_cache_path(const char *identity)
{
    char *name = lt_format("plans-%016" PRIx64, lt_hash_bytes(identity, strlen(identity)));
    char *path = lt_path_user("XDG_CACHE_HOME", ".cache", name);
    free(name);
    return path;
}
