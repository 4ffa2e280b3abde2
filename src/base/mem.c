/* mem.c - see mem.h. */
#include "base/mem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

static void *must(void *p, size_t bytes)
{
    if (!p && bytes)
        lt_panic_memory("an allocation", bytes);
    return p;
}

void *lt_alloc(size_t bytes)
{
    return must(calloc(1, bytes ? bytes : 1), bytes);
}

void *lt_alloc_array(size_t count, size_t bytes)
{
    size_t total;
    if (!lt_mul(count, bytes, &total))
        lt_panic("allocation of %zu x %zu bytes overflows", count, bytes);
    return lt_alloc(total);
}

void *lt_grow(void *p, size_t count, size_t bytes)
{
    size_t total;
    if (!lt_mul(count, bytes, &total))
        lt_panic("allocation of %zu x %zu bytes overflows", count, bytes);
    return must(realloc(p, total ? total : 1), total);
}

char *lt_strdup(const char *s)
{
    return lt_strndup(s, strlen(s));
}

char *lt_strndup(const char *s, size_t n)
{
    char *copy = lt_alloc(n + 1);
    memcpy(copy, s, n);
    return copy;
}

LT_PRINTF(1, 0)
static char *format_list(const char *format, va_list args, void *(*get)(lt_arena *, size_t),
                         lt_arena *arena)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    LT_ASSERT(n >= 0);
    char *out = arena ? get(arena, (size_t)n + 1) : lt_alloc((size_t)n + 1);
    vsnprintf(out, (size_t)n + 1, format, args);
    return out;
}

char *lt_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *out = format_list(format, args, NULL, NULL);
    va_end(args);
    return out;
}

bool lt_try_alloc(size_t bytes, const char *what, void **out, lt_error *err)
{
    size_t rounded = (bytes + 63) & ~(size_t)63;
    void *p =
        rounded >= bytes && bytes <= PTRDIFF_MAX ? aligned_alloc(64, rounded ? rounded : 64) : NULL;
    if (!p)
        return lt_fail(err, LT_ERR_MEMORY, "a smaller --size or --batch needs less",
                       "not enough memory for %s: %.1f MiB wanted", what,
                       (double)bytes / (1024.0 * 1024.0));
    memset(p, 0, rounded);
    *out = p;
    return true;
}

bool lt_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

/* A list of blocks; the newest is first. */
typedef struct block {
    struct block *next;
    size_t size, used;
    _Alignas(16) unsigned char data[];
} block;

struct lt_arena {
    block *blocks;
};

enum { BLOCK = 1 << 16 };

lt_arena *lt_arena_new(void)
{
    return lt_alloc(sizeof(lt_arena));
}

void lt_arena_free(lt_arena *arena)
{
    if (!arena)
        return;
    for (block *b = arena->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(arena);
}

void *lt_arena_alloc(lt_arena *arena, size_t bytes)
{
    if (bytes > PTRDIFF_MAX)
        lt_panic_memory("an arena", bytes);
    size_t need = (bytes + 15) & ~(size_t)15;
    if (!arena->blocks || arena->blocks->size - arena->blocks->used < need) {
        size_t size = need > BLOCK ? need : BLOCK;
        block *b = lt_alloc(sizeof *b + size);
        b->size = size;
        b->next = arena->blocks;
        arena->blocks = b;
    }
    void *p = arena->blocks->data + arena->blocks->used;
    arena->blocks->used += need;
    return p;
}

char *lt_arena_strdup(lt_arena *arena, const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(lt_arena_alloc(arena, n), s, n);
}

char *lt_arena_format(lt_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *out = format_list(format, args, lt_arena_alloc, arena);
    va_end(args);
    return out;
}
