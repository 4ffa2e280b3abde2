/*
 * replay.c - runs a fuzz target without libFuzzer: over files, then over changes of them.
 *
 *     fuzz_NAME [--seconds N] FILE|DIR ...
 *
 * Every file is tried, also in folders of folders; then, for N seconds (0), files that mutate.c has
 * changed, the same ones in every run.  An input that ends the program, or takes longer than a
 * minute, is written to fuzz_NAME.input beside it: `fuzz_NAME fuzz_NAME.input` does it again.
 */
#define _XOPEN_SOURCE 700
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/panic.h"
#include "fuzz.h"
#include "mutate.h"

/* What a target may bring to keep check sums right. */
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                                                     unsigned seed);

/* The sanitizers' own way to say that they end the program. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

enum { OPEN_FOLDERS = 16, LIMIT = 64 << 20, ROOM = 1 << 16, SEED = 1, PATIENCE = 60 };

/* The input at work, for a signal handler. */
static struct {
    char *path;
    const uint8_t *data;
    size_t size;
} at_work;

static void save_input(void)
{
    static const char told[] = "replay: the input is in ";
    int fd = at_work.data ? open(at_work.path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    if (fd < 0 || write(fd, at_work.data, at_work.size) != (ssize_t)at_work.size ||
        write(STDERR_FILENO, told, sizeof told - 1) < 0 ||
        write(STDERR_FILENO, at_work.path, strlen(at_work.path)) < 0 ||
        write(STDERR_FILENO, "\n", 1) < 0)
        return;
    close(fd);
    at_work.data = NULL;
}

static void die(int number)
{
    save_input();
    signal(number, SIG_DFL);
    raise(number);
}

static void watch(const char *program)
{
    static const int ends[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
    at_work.path = lt_format("%s.input", program);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(save_input);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends[i] == SIGALRM || !__sanitizer_set_death_callback)
            signal(ends[i], die);
}

/* nftw gives its callback no argument */
static lt_buf *seeds; /* [files] */
static size_t files;

/* A copy of just that size, so that the sanitizer sees the byte after it. */
static void try_one(const void *data, size_t size)
{
    uint8_t *copy = lt_alloc(size);
    uint8_t *exact = realloc(copy, size ? size : 1);
    LT_ASSERT(exact);
    if (size)
        memcpy(exact, data, size);
    at_work.data = exact;
    at_work.size = size;
    alarm(PATIENCE);
    LLVMFuzzerTestOneInput(exact, size);
    at_work.data = NULL;
    free(exact);
}

static int replay(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)walk;
    lt_error err = {0};
    if (kind != FTW_F)
        return 0;
    seeds = lt_grow(seeds, files + 1, sizeof *seeds);
    seeds[files] = (lt_buf){0};
    if (!lt_file_read(path, LIMIT, &seeds[files], &err)) {
        fprintf(stderr, "replay: %s\n", err.message);
        return 1;
    }
    files++;
    try_one(seeds[files - 1].data, seeds[files - 1].len);
    return 0;
}

static int by_bytes(const void *a, const void *b)
{
    const lt_buf *x = a, *y = b;
    int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The number of inputs that were tried. */
static unsigned long mutate(double seconds)
{
    static uint8_t data[ROOM];
    double end = seconds_now() + seconds;
    unsigned long runs = 0;
    mutate_seed(SEED);
    qsort(seeds, files, sizeof *seeds, by_bytes); /* folders have no order */
    for (; seconds_now() < end; runs++) {
        const lt_buf *seed = &seeds[mutate_random((uint32_t)files)],
                     *other = &seeds[mutate_random((uint32_t)files)];
        size_t size = seed->len < ROOM ? seed->len : ROOM;
        memcpy(data, seed->data, size);
        mutate_donor((const uint8_t *)other->data, other->len);
        size = LLVMFuzzerCustomMutator
                   ? LLVMFuzzerCustomMutator(data, size, ROOM, mutate_random(UINT32_MAX))
                   : LLVMFuzzerMutate(data, size, ROOM);
        try_one(data, size);
    }
    return runs;
}

/* Every file of a folder, whose path must stay right where a target changes its own folder. */
static bool replay_all(const char *name)
{
    size_t before = files;
    char *path = realpath(name, NULL);
    bool ok = path && nftw(path, replay, OPEN_FOLDERS, FTW_PHYS) == 0 && files > before;
    if (!ok)
        fprintf(stderr, "replay: no files in '%s'\n", name);
    free(path);
    return ok;
}

int main(int argc, char **argv)
{
    double seconds = 0;
    char *program = realpath(argv[0], NULL);
    watch(program ? program : argv[0]);
    free(program);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            seconds = atof(argv[++i]);
        else if (!replay_all(argv[i]))
            return 1;
    if (files == 0)
        return 1;
    unsigned long runs = mutate(seconds);
    fprintf(stderr, "%zu files, %lu changes of them\n", files, runs);
    for (size_t i = 0; i < files; i++)
        lt_buf_done(&seeds[i]);
    free(seeds);
    free(at_work.path);
    return 0;
}
