/* error.c - filling in lt_error; see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

LT_PRINTF(3, 0)
static void set(char *to, size_t size, const char *format, va_list args)
{
    char raw[2048]; /* twice a message: text cut here never fits, so it ends in "..." */
    vsnprintf(raw, sizeof raw, format, args);
    lt_text_escape(to, size, raw, strlen(raw));
}

bool lt_fail(lt_error *err, lt_error_code code, const char *hint, const char *format, ...)
{
    va_list args;
    err->code = code;
    va_start(args, format);
    set(err->message, sizeof err->message, format, args);
    va_end(args);
    lt_text_escape(err->hint, sizeof err->hint, hint ? hint : "", hint ? strlen(hint) : 0);
    return false;
}

bool lt_fail_in(lt_error *err, const char *format, ...)
{
    char context[sizeof err->message / 2]; /* the other half is for the cause */
    char all[sizeof context + sizeof err->message + 2];
    va_list args;
    va_start(args, format);
    set(context, sizeof context, format, args);
    va_end(args);
    snprintf(all, sizeof all, "%s: %s", context, err->message);
    lt_text_escape(err->message, sizeof err->message, all, strlen(all));
    return false;
}

bool lt_fail_hint(lt_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(err->hint, sizeof err->hint, format, args);
    va_end(args);
    return false;
}

const char *lt_error_name(lt_error_code code)
{
    static const char *const names[] = {
        [LT_ERR_NONE] = "none",           [LT_ERR_IO] = "io",
        [LT_ERR_FORMAT] = "format",       [LT_ERR_MODEL] = "model",
        [LT_ERR_MEMORY] = "memory",       [LT_ERR_DEVICE] = "device",
        [LT_ERR_RANGE] = "range",         [LT_ERR_ARGUMENT] = "argument",
        [LT_ERR_CANCELLED] = "cancelled",
    };
    return names[code];
}
