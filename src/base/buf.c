/* buf.c - see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "base/text.h"

void lt_buf_done(lt_buf *b)
{
    free(b->data);
    *b = (lt_buf){0};
}

void lt_buf_clear(lt_buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

bool lt_buf_reserve(lt_buf *b, size_t more, const char *what, lt_error *err)
{
    if (b->cap - b->len > more)
        return true;
    size_t cap = more < SIZE_MAX / 2 - b->len ? b->len + more + 1 : SIZE_MAX;
    void *fresh;
    if (cap < 2 * b->cap)
        cap = 2 * b->cap; /* what grows by a little does so seldom */
    if (!lt_try_alloc(cap, what, &fresh, err))
        return false;
    if (b->len)
        memcpy(fresh, b->data, b->len);
    free(b->data);
    b->data = fresh;
    b->cap = cap;
    return true;
}

static void reserve(lt_buf *b, size_t more)
{
    if (b->cap - b->len > more)
        return;
    size_t cap = b->cap ? b->cap : 256;
    while (cap - b->len <= more) {
        LT_ASSERT(cap <= SIZE_MAX / 2);
        cap *= 2;
    }
    b->data = lt_grow(b->data, cap, 1);
    b->cap = cap;
}

void lt_buf_add(lt_buf *b, const void *bytes, size_t n)
{
    reserve(b, n);
    if (n)
        memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void lt_buf_str(lt_buf *b, const char *s)
{
    lt_buf_add(b, s, strlen(s));
}

void lt_buf_char(lt_buf *b, char c)
{
    lt_buf_add(b, &c, 1);
}

void lt_buf_format(lt_buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    LT_ASSERT(n >= 0);
    reserve(b, (size_t)n);
    vsnprintf(b->data + b->len, (size_t)n + 1, format, args);
    va_end(args);
    b->len += (size_t)n;
}

void lt_buf_json(lt_buf *b, const char *s)
{
    lt_buf_char(b, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            lt_buf_format(b, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            lt_buf_format(b, "\\u%04x", c);
        else
            lt_buf_char(b, *s);
    }
    lt_buf_char(b, '"');
}

/* One character of JSON as its escape, two of them above U+FFFF. */
static void json_escape(lt_buf *b, int32_t point)
{
    if (point >= 0x10000) {
        lt_buf_format(b, "\\u%04x", (unsigned)(0xD800 + ((point - 0x10000) >> 10)));
        point = 0xDC00 + ((point - 0x10000) & 0x3FF);
    }
    lt_buf_format(b, "\\u%04x", (unsigned)point);
}

void lt_buf_json_shown(lt_buf *b, const char *json)
{
    for (size_t left = strlen(json); left;) {
        int32_t point;
        size_t n = lt_text_next(json, left, &point);
        if (point < 0)
            json_escape(b, 0xFFFD);
        else if (lt_text_hostile(point))
            json_escape(b, point);
        else
            lt_buf_add(b, json, n);
        json += n;
        left -= n;
    }
}

void lt_buf_escape(lt_buf *b, const char *s, size_t n)
{
    reserve(b, n * 12 + 4); /* the longest escape of one byte is \u{10FFFF} */
    b->len += lt_text_escape(b->data + b->len, n * 12 + 4, s, n);
}
