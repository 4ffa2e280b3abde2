/* text.c - checking and escaping UTF-8; see text.h.  Decoding is utf8proc's. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

bool lt_text_valid(const char *s, size_t n, size_t *bad)
{
    for (size_t i = 0; i < n;) {
        utf8proc_int32_t point;
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(n - i), &point);
        if (used <= 0) {
            if (bad)
                *bad = i;
            return false;
        }
        i += (size_t)used;
    }
    return true;
}

size_t lt_text_next(const char *s, size_t n, int32_t *point)
{
    utf8proc_ssize_t used =
        utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, point);
    return used > 0 ? (size_t)used : 1;
}

size_t lt_text_put(char to[4], uint32_t point)
{
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)point, (utf8proc_uint8_t *)to);
}

bool lt_text_hostile(int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return point != 0x200D; /* the joiner inside emoji is harmless */
    default:
        return false;
    }
}

static size_t write_one(char out[16], const char *s, size_t n, size_t *used)
{
    int32_t point;
    *used = lt_text_next(s, n, &point);
    if (point < 0)
        return (size_t)snprintf(out, 16, "\\x%02X", (unsigned char)*s);
    if (point == '\n')
        return (size_t)snprintf(out, 16, "\\n");
    if (point == '\t')
        return (size_t)snprintf(out, 16, "\\t");
    if (lt_text_hostile(point))
        return (size_t)snprintf(out, 16, "\\u{%X}", (unsigned)point);
    memcpy(out, s, *used);
    return *used;
}

size_t lt_text_escape(char *to, size_t size, const char *s, size_t n)
{
    size_t len = 0, mark = 0; /* mark: the longest prefix that leaves room for "..." */
    if (size == 0)
        return 0;
    for (size_t i = 0, used; i < n; i += used) {
        char one[16];
        size_t k = write_one(one, s + i, n - i, &used);
        if (len + k >= size) {
            len = mark;
            size_t dots = size - 1 - len < 3 ? size - 1 - len : 3;
            memset(to + len, '.', dots);
            len += dots;
            break;
        }
        memcpy(to + len, one, k);
        len += k;
        if (len + 3 < size)
            mark = len;
    }
    to[len] = '\0';
    return len;
}
