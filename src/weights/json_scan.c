/* json_scan.c - see json_scan.h. */
#include "weights/json_scan.h"

#include <string.h>

static bool refuse(lt_json_scan *s, const char *problem)
{
    s->problem = problem;
    return false;
}

static void skip_space(lt_json_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

bool lt_json_scan_maybe(lt_json_scan *s, char c)
{
    skip_space(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

bool lt_json_scan_char(lt_json_scan *s, char c)
{
    if (lt_json_scan_maybe(s, c))
        return true;
    switch (c) {
    case '{':
        return refuse(s, "expected '{'");
    case '}':
        return refuse(s, "expected ',' or '}'");
    case '[':
        return refuse(s, "expected '['");
    case ']':
        return refuse(s, "expected ',' or ']'");
    case ':':
        return refuse(s, "expected ':'");
    default:
        return refuse(s, "expected ','");
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The four digits after \u; at stands on the first one. */
static bool scan_hex4(lt_json_scan *s, uint32_t *out)
{
    uint32_t value = 0;
    if (s->end - s->at < 4)
        return refuse(s, "a \\u escape is cut off");
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(s->at[i]);
        if (digit < 0)
            return refuse(s, "a \\u escape needs four hexadecimal digits");
        value = value * 16 + (uint32_t)digit;
    }
    s->at += 4;
    *out = value;
    return true;
}

/* An escape of 6 or 12 bytes becomes at most 3 or 4. */
static void put_utf8(lt_json_scan *s, uint32_t point)
{
    if (point < 0x80) {
        *s->text++ = (char)point;
    } else if (point < 0x800) {
        *s->text++ = (char)(0xC0 | point >> 6);
        *s->text++ = (char)(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        *s->text++ = (char)(0xE0 | point >> 12);
        *s->text++ = (char)(0x80 | (point >> 6 & 0x3F));
        *s->text++ = (char)(0x80 | (point & 0x3F));
    } else {
        *s->text++ = (char)(0xF0 | point >> 18);
        *s->text++ = (char)(0x80 | (point >> 12 & 0x3F));
        *s->text++ = (char)(0x80 | (point >> 6 & 0x3F));
        *s->text++ = (char)(0x80 | (point & 0x3F));
    }
}

static bool scan_unicode(lt_json_scan *s)
{
    uint32_t point, low;
    if (!scan_hex4(s, &point))
        return false;
    if (point == 0)
        return refuse(s, "a string contains a NUL character");
    if (point >= 0xDC00 && point <= 0xDFFF)
        return refuse(s, "a \\u escape is half a surrogate pair");
    if (point >= 0xD800 && point <= 0xDBFF) {
        if (s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
            return refuse(s, "a \\u escape is half a surrogate pair");
        s->at += 2;
        if (!scan_hex4(s, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return refuse(s, "a \\u escape is half a surrogate pair");
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    put_utf8(s, point);
    return true;
}

/* After the backslash. */
static bool scan_escape(lt_json_scan *s)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (s->at == s->end)
        return refuse(s, "a string does not end");
    char c = *s->at++;
    if (c == 'u')
        return scan_unicode(s);
    const char *found = c ? strchr(from, c) : NULL;
    if (!found)
        return refuse(s, "an unknown escape in a string");
    *s->text++ = to[found - from];
    return true;
}

bool lt_json_scan_string(lt_json_scan *s, const char **out)
{
    if (!lt_json_scan_maybe(s, '"'))
        return refuse(s, "expected a string");
    *out = s->text;
    while (s->at < s->end) {
        char c = *s->at++;
        if (c == '"') {
            *s->text++ = '\0';
            return true;
        }
        if ((unsigned char)c < 0x20)
            return refuse(s, "a control character in a string");
        if (c != '\\')
            *s->text++ = c;
        else if (!scan_escape(s))
            return false;
    }
    return refuse(s, "a string does not end");
}

bool lt_json_scan_uint(lt_json_scan *s, uint64_t *out)
{
    uint64_t value = 0;
    skip_space(s);
    if (s->at < s->end && *s->at == '-')
        return refuse(s, "a negative number");
    if (s->at == s->end || *s->at < '0' || *s->at > '9')
        return refuse(s, "expected a non-negative integer");
    if (*s->at == '0' && s->end - s->at > 1 && s->at[1] >= '0' && s->at[1] <= '9')
        return refuse(s, "a number with a leading zero");
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++) {
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*s->at - '0'), &value))
            return refuse(s, "a number that does not fit 64 bits");
    }
    if (s->at < s->end && (*s->at == '.' || *s->at == 'e' || *s->at == 'E'))
        return refuse(s, "a number that is not an integer");
    *out = value;
    return true;
}

bool lt_json_scan_end(lt_json_scan *s)
{
    skip_space(s);
    return s->at == s->end || refuse(s, "text after the object");
}
