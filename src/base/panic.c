/* panic.c - see panic.h. */
#include "base/panic.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic(void (*)(void)) restore_terminal;

void lt_panic_set_restore(void (*restore)(void))
{
    atomic_store(&restore_terminal, restore);
}

_Noreturn void lt_panic(const char *format, ...)
{
    void (*restore)(void) = atomic_exchange(&restore_terminal, NULL);
    if (restore)
        restore();
    va_list args;
    va_start(args, format);
    fputs("latentty: bug: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}
