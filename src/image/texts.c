/* texts.c - the key/value list of png.h, and Latin-1 both ways. */
#include "image/texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

void lt_png_texts_add(lt_png_texts *texts, const char *key, const char *value)
{
    texts->items = lt_grow(texts->items, (size_t)texts->count + 1, sizeof *texts->items);
    texts->items[texts->count++] = (lt_png_text){lt_strdup(key), lt_strdup(value)};
}

const char *lt_png_texts_get(const lt_png_texts *texts, const char *key)
{
    for (int i = 0; i < texts->count; i++)
        if (strcmp(texts->items[i].key, key) == 0)
            return texts->items[i].value;
    return NULL;
}

void lt_png_texts_done(lt_png_texts *texts)
{
    for (int i = 0; i < texts->count; i++) {
        free(texts->items[i].key);
        free(texts->items[i].value);
    }
    free(texts->items);
    *texts = (lt_png_texts){0};
}

static char *from_latin1(const char *s, size_t n)
{
    lt_buf out = {0};
    lt_buf_str(&out, "");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == 0) {
            lt_buf_str(&out, "\xEF\xBF\xBD");
        } else if (c < 0x80) {
            lt_buf_char(&out, (char)c);
        } else {
            lt_buf_char(&out, (char)(0xC0 | c >> 6));
            lt_buf_char(&out, (char)(0x80 | (c & 0x3F)));
        }
    }
    return out.data;
}

void lt_png_texts_add_raw(lt_png_texts *texts, const char *key, const char *value, size_t n,
                          bool utf8)
{
    char *k = from_latin1(key, strlen(key));
    bool plain = utf8 && !memchr(value, 0, n) && lt_text_valid(value, n, NULL);
    char *v = plain ? lt_strndup(value, n) : from_latin1(value, n);
    lt_png_texts_add(texts, k, v);
    free(k);
    free(v);
}

char *lt_png_latin1(const char *utf8)
{
    char *out = lt_alloc(strlen(utf8) + 1), *to = out;
    for (const unsigned char *s = (const unsigned char *)utf8; *s; s++) {
        if (*s < 0x80) {
            *to++ = (char)*s;
        } else if (*s == 0xC2 || *s == 0xC3) {
            *to++ = (char)((*s & 3) << 6 | (s[1] & 0x3F));
            s++;
        } else {
            free(out);
            return NULL;
        }
    }
    return out;
}

static bool key_ok(const char *latin1)
{
    size_t n = strlen(latin1);
    if (n < 1 || n > 79 || latin1[0] == ' ' || latin1[n - 1] == ' ' || strstr(latin1, "  "))
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)latin1[i];
        if (c < 32 || (c > 126 && c < 161))
            return false;
    }
    return true;
}

bool lt_png_texts_check(const lt_png_texts *texts, lt_error *err)
{
    for (int i = 0; i < texts->count; i++) {
        const char *key = texts->items[i].key, *value = texts->items[i].value;
        size_t n = strlen(value), bad;
        char *latin1 = lt_text_valid(key, strlen(key), NULL) ? lt_png_latin1(key) : NULL;
        bool ok = latin1 && key_ok(latin1);
        free(latin1);
        if (!ok)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                           "the text key '%s': expected 1 to 79 printable Latin-1 characters", key);
        if (!lt_text_valid(value, n, &bad))
            return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                           "the text '%s' is not UTF-8: byte %zu is wrong", key, bad);
        if (n > LT_PNG_MAX_TEXT)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                           "the text '%s' has %zu bytes, more than the %d that are read back", key,
                           n, LT_PNG_MAX_TEXT);
    }
    return texts->count <= LT_PNG_MAX_CHUNKS ||
           lt_fail(err, LT_ERR_ARGUMENT, NULL, "%d texts, more than the %d that are read back",
                   texts->count, LT_PNG_MAX_CHUNKS);
}
