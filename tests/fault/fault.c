/*
 * fault.c - a library for LD_PRELOAD that lets one call of a program fail, the n-th of its kind.
 *
 *     LT_FAULT=alloc:7            the 7th allocation finds no memory; alloc:7+ that and all later
 *     LT_FAULT=read:7             the 7th call that opens, maps or reads a file fails
 *     LT_FAULT=write:7            the 7th call that creates, writes, syncs or renames one fails
 *     LT_FAULT_SIGNALS=15,2       the call does not fail: these signals arrive before it
 *     LT_FAULT_CALLS=FILE         at exit, how many calls of each kind there were
 *     LT_FAULT_PROGRAM=1          only calls from the program itself are counted, none of libraries
 *
 * What is written to stderr never fails, or there would be nothing to look at.  Only for glibc:
 * stdio's own calls of write cannot be seen from here, so a stream whose fwrite is to fail gets
 * /dev/full for its file, and fails as on a full disk from then on.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_SIGNALS = 2 };
enum kind { ALLOC, READ, WRITE, KINDS };

static const char *const names[KINDS] = {"alloc", "read", "write"};
static atomic_ulong calls[KINDS];
static unsigned long fails_at[KINDS]; /* counted from 1; 0: none */
static bool and_later, started, only_program;
static int signals[MOST_SIGNALS]; /* 0: no more */
static uintptr_t program_from, program_to;

static int find_program(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
            continue;
        program_from = info->dlpi_addr + p->p_vaddr;
        program_to = program_from + p->p_memsz;
    }
    return 1; /* the first is the program */
}

__attribute__((constructor)) static void start(void)
{
    const char *what = getenv("LT_FAULT");
    for (int k = 0; what && k < KINDS; k++) {
        size_t n = strlen(names[k]);
        char *end;
        if (strncmp(what, names[k], n) != 0 || what[n] != ':')
            continue;
        fails_at[k] = strtoul(what + n + 1, &end, 10);
        and_later = *end == '+';
    }
    const char *list = getenv("LT_FAULT_SIGNALS");
    for (int i = 0; list && *list && i < MOST_SIGNALS; i++) {
        char *end;
        signals[i] = (int)strtol(list, &end, 10);
        list = end + (*end == ',');
    }
    only_program = getenv("LT_FAULT_PROGRAM") != NULL;
    dl_iterate_phdr(find_program, NULL);
    started = true;
}

__attribute__((destructor)) static void finish(void)
{
    const char *path = getenv("LT_FAULT_CALLS");
    FILE *f = path ? fopen(path, "w") : NULL;
    for (int k = 0; f && k < KINDS; k++)
        fprintf(f, "%s %lu\n", names[k], atomic_load(&calls[k]));
    if (f)
        fclose(f);
}

static void raise_all(void)
{
    for (int i = 0; i < MOST_SIGNALS && signals[i]; i++)
        raise(signals[i]);
}

/* At exit, before what the compiler adds for coverage writes its files. */
static void stop(void)
{
    started = false;
}

/* It runs that early only if it is registered after main has begun, as with the first file. */
static void stop_at_exit(void)
{
    static atomic_flag once = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&once) && atexit(stop) != 0)
        abort();
}

/* True if this call is to fail, with errno set to `why`. */
static bool fails(enum kind kind, const void *caller, int why)
{
    uintptr_t from = (uintptr_t)caller;
    if (!started || (only_program && (from < program_from || from >= program_to)))
        return false;
    if (kind != ALLOC)
        stop_at_exit();
    unsigned long n = atomic_fetch_add(&calls[kind], 1) + 1;
    if (!fails_at[kind] || n < fails_at[kind] || (n > fails_at[kind] && !and_later))
        return false;
    if (*signals) {
        raise_all();
        return false;
    }
    errno = why;
    return true;
}

#define CALLER __builtin_return_address(0)

/* The function that this one hides, as a pointer of its type. */
#define NEXT(name)                                                                                 \
    static _Atomic(__typeof__(&name)) next;                                                        \
    if (!next)                                                                                     \
    next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* ---- memory ---- */

void *malloc(size_t n)
{
    NEXT(malloc);
    return fails(ALLOC, CALLER, ENOMEM) ? NULL : next(n);
}

void *calloc(size_t count, size_t n)
{
    NEXT(calloc);
    return fails(ALLOC, CALLER, ENOMEM) ? NULL : next(count, n);
}

void *realloc(void *p, size_t n)
{
    NEXT(realloc);
    return fails(ALLOC, CALLER, ENOMEM) ? NULL : next(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    NEXT(aligned_alloc);
    return fails(ALLOC, CALLER, ENOMEM) ? NULL : next(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
    NEXT(posix_memalign);
    return fails(ALLOC, CALLER, ENOMEM) ? ENOMEM : next(out, align, n);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    NEXT(mmap);
    enum kind kind = flags & MAP_ANONYMOUS ? ALLOC : READ;
    return fails(kind, CALLER, ENOMEM) ? MAP_FAILED : next(at, n, protection, flags, fd, offset);
}

/* ---- files ---- */

int open(const char *path, int flags, ...)
{
    NEXT(open);
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    bool writes = flags & O_CREAT;
    return fails(writes ? WRITE : READ, CALLER, writes ? ENOSPC : EIO) ? -1
                                                                       : next(path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    NEXT(fopen);
    return fails(READ, CALLER, EMFILE) ? NULL : next(path, mode);
}

DIR *opendir(const char *path)
{
    NEXT(opendir);
    return fails(READ, CALLER, EMFILE) ? NULL : next(path);
}

int fstat(int fd, struct stat *st)
{
    NEXT(fstat);
    return fails(READ, CALLER, EIO) ? -1 : next(fd, st);
}

ssize_t read(int fd, void *to, size_t n)
{
    NEXT(read);
    return fails(READ, CALLER, EIO) ? -1 : next(fd, to, n);
}

ssize_t write(int fd, const void *from, size_t n)
{
    NEXT(write);
    return fd != STDERR_FILENO && fails(WRITE, CALLER, ENOSPC) ? -1 : next(fd, from, n);
}

FILE *fdopen(int fd, const char *mode)
{
    NEXT(fdopen);
    return fails(WRITE, CALLER, ENOMEM) ? NULL : next(fd, mode);
}

static void fill_disk(FILE *f)
{
    int full = openat(AT_FDCWD, "/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0 || dup2(full, fileno(f)) < 0)
        abort();
    close(full);
}

size_t fwrite(const void *from, size_t size, size_t count, FILE *f)
{
    NEXT(fwrite);
    if (f != stderr && fails(WRITE, CALLER, ENOSPC))
        fill_disk(f);
    return next(from, size, count, f);
}

int puts(const char *text)
{
    NEXT(puts);
    if (fails(WRITE, CALLER, ENOSPC))
        fill_disk(stdout);
    return next(text);
}

int fflush(FILE *f)
{
    NEXT(fflush);
    return f != stderr && fails(WRITE, CALLER, EIO) ? EOF : next(f);
}

int fsync(int fd)
{
    NEXT(fsync);
    return fails(WRITE, CALLER, EIO) ? -1 : next(fd);
}

int fclose(FILE *f)
{
    NEXT(fclose);
    bool failed = fails(WRITE, CALLER, EIO);
    int result = next(f); /* the stream is gone in both cases */
    if (!failed)
        return result;
    errno = EIO;
    return EOF;
}

int rename(const char *from, const char *to)
{
    NEXT(rename);
    return fails(WRITE, CALLER, EIO) ? -1 : next(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    NEXT(mkdir);
    return fails(WRITE, CALLER, ENOSPC) ? -1 : next(path, mode);
}
