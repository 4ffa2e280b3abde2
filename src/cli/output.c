/* output.c - see output.h. */
#include "cli/output.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

LT_PRINTF(3, 0)
static void line(FILE *to, const char *before, const char *format, va_list args)
{
    lt_buf shown = {0};
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = lt_alloc((size_t)(n > 0 ? n : 0) + 1);
    vsnprintf(text, (size_t)(n > 0 ? n : 0) + 1, format, args);
    lt_buf_str(&shown, before);
    lt_buf_escape(&shown, text, strlen(text));
    lt_buf_char(&shown, '\n');
    fwrite(shown.data, 1, shown.len, to);
    free(text);
    lt_buf_done(&shown);
}

void lt_output_line(FILE *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line(to, "", format, args);
    va_end(args);
}

void lt_output_note(const lt_context *c, const char *format, ...)
{
    va_list args;
    if (c->quiet)
        return;
    va_start(args, format);
    line(stderr, "latentty: ", format, args);
    va_end(args);
}

void lt_output_notes(const lt_context *c, const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        lt_output_note(c, "%.*s", (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}

void lt_output_error(const lt_error *err)
{
    lt_output_line(stderr, "latentty: %s", err->message);
    if (*err->hint)
        lt_output_line(stderr, "hint: %s", err->hint);
}

void lt_output_json(json_object *o)
{
    const int style = JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;
    lt_buf shown = {0};
    lt_buf_json_shown(&shown, json_object_to_json_string_ext(o, style));
    lt_buf_char(&shown, '\n');
    fwrite(shown.data, 1, shown.len, stdout);
    lt_buf_done(&shown);
    json_object_put(o);
}

bool lt_output_done(lt_error *err)
{
    bool failed = ferror(stdout) != 0;
    errno = failed ? EIO : 0;
    if (fflush(stdout) == 0 && !failed)
        return true;
    return lt_fail(err, LT_ERR_IO, NULL, "cannot write to stdout: %s", strerror(errno));
}

json_object *lt_output_text(const char *s)
{
    if (!s)
        return NULL;
    if (lt_text_valid(s, strlen(s), NULL))
        return json_object_new_string(s);
    lt_buf shown = {0};
    lt_buf_escape(&shown, s, strlen(s));
    json_object *o = json_object_new_string(shown.data);
    lt_buf_done(&shown);
    return o;
}

json_object *lt_output_number(double x)
{
    char digits[32];
    if (!isfinite(x))
        return NULL;
    snprintf(digits, sizeof digits, "%.9g", x);
    return json_object_new_double_s(x, digits);
}

json_object *lt_output_floats(const float *x, size_t n)
{
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(list, lt_output_number((double)x[i]));
    return list;
}

json_object *lt_output_sizes(const int64_t *dim, int n)
{
    json_object *list = json_object_new_array();
    for (int i = 0; i < n; i++)
        json_object_array_add(list, json_object_new_int64(dim[i]));
    return list;
}

void lt_output_set(json_object *to, const char *key, json_object *value)
{
    json_object_object_add(to, key, value);
}
