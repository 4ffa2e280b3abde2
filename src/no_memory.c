/*
 * no_memory.c - malloc and its like, for the whole program, which do not come back without memory.
 *
 * The libraries below us do not survive a small allocation that fails: json-c 0.16 follows the
 * NULL, or leaves members out of what it read; oneDNN throws a C++ exception through C, builds
 * objects at NULL, and writes machine code to where a refused mmap did not put it.  So what
 * lt_alloc promises (base/mem.h) holds for them, too: these functions hide the C library's, also
 * from libraries, and end the program with a message and exit code 1.  What may be refused is asked
 * for with aligned_alloc (lt_try_alloc) or with mmap of a file (lt_map_open), which report it.
 *
 * Left out of builds with sanitizers, which bring their own.  tests/fault lets each call fail.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/panic.h"

/* The function of that name which ours hides; finding it allocates nothing. */
static void *hidden(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    LT_ASSERT(f);
    return f;
}

static void *must(void *p, size_t bytes)
{
    if (!p && bytes)
        lt_panic_memory("an allocation", bytes);
    return p;
}

void *malloc(size_t bytes)
{
    static void *(*_Atomic next)(size_t);
    if (!next)
        next = (void *(*)(size_t))hidden("malloc");
    return must(next(bytes), bytes);
}

void *calloc(size_t count, size_t bytes)
{
    static void *(*_Atomic next)(size_t, size_t);
    if (!next)
        next = (void *(*)(size_t, size_t))hidden("calloc");
    size_t all = count && bytes > SIZE_MAX / count ? SIZE_MAX : count * bytes;
    return must(next(count, bytes), all);
}

void *realloc(void *old, size_t bytes)
{
    static void *(*_Atomic next)(void *, size_t);
    if (!next)
        next = (void *(*)(void *, size_t))hidden("realloc");
    return must(next(old, bytes), bytes);
}

int posix_memalign(void **out, size_t align, size_t bytes)
{
    static int (*_Atomic next)(void **, size_t, size_t);
    if (!next)
        next = (int (*)(void **, size_t, size_t))hidden("posix_memalign");
    int why = next(out, align, bytes);
    if (why == ENOMEM)
        lt_panic_memory("an allocation", bytes);
    return why;
}

void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    static void *(*_Atomic next)(void *, size_t, int, int, int, off_t);
    if (!next)
        next = (void *(*)(void *, size_t, int, int, int, off_t))hidden("mmap");
    void *p = next(at, bytes, protection, flags, fd, offset);
    if (p == MAP_FAILED && flags & MAP_ANONYMOUS)
        lt_panic_memory("compiled code", bytes);
    return p;
}
