/* panic.c - see panic.h. */
#define _POSIX_C_SOURCE 200809L
#include "base/panic.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

static _Atomic(void (*)(void)) restore_terminal;

void lt_panic_set_restore(void (*restore)(void))
{
    atomic_store(&restore_terminal, restore);
}

static void clean_up(void)
{
    void (*restore)(void) = atomic_exchange(&restore_terminal, NULL);
    if (restore)
        restore();
    lt_writer_abandon_all();
}

_Noreturn void lt_panic(const char *format, ...)
{
    clean_up();
    va_list args;
    va_start(args, format);
    fputs("latentty: bug: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

_Noreturn void lt_panic_memory(const char *what, size_t bytes)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    char text[256], size[40] = "";
    while (atomic_flag_test_and_set(&said))
        pause(); /* another thread came first and is about to end the program */
    clean_up();
    if (bytes)
        snprintf(size, sizeof size, " of %zu bytes", bytes);
    int n = snprintf(text, sizeof text,
                     "latentty: out of memory: %s%s\n"
                     "hint: a smaller --size or --batch needs less\n",
                     what, size);
    ssize_t told = write(STDERR_FILENO, text, (size_t)n);
    (void)told; /* there is nowhere else to tell */
    _exit(EXIT_FAILURE);
}
