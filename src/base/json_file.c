/* json_file.c - see json_file.h. */
#include "base/json_file.h"

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "base/foreign.h"
#include "base/panic.h"
#include "base/text.h"

enum { DEPTH = 32 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/*
 * Whole numbers of more than 64 bits become the largest one, in their place and filled up with
 * blanks.  So json-c 0.16 reads them; 0.18 refuses them in strict mode, and transformers writes
 * 10^30 for "no limit".
 */
static void limit_numbers(lt_buf *text)
{
    static const char largest[] = "9223372036854775807"; /* INT64_MAX */
    bool quoted = false;
    for (size_t i = 0; i < text->len; i++) {
        char *at = text->data + i;
        if (*at == '"')
            quoted = !quoted;
        else if (quoted)
            i += *at == '\\';
        else if (is_digit(*at)) {
            size_t digits = 1, all;
            while (is_digit(at[digits])) /* the buffer ends with NUL */
                digits++;
            for (all = digits; at[all] && strchr(".0123456789eE+-", at[all]);)
                all++;
            if (digits == all && digits >= sizeof largest && *at != '0') {
                memset(at, ' ', digits);
                memcpy(at, largest, sizeof largest - 1);
            }
            i += all - 1;
        }
    }
}

static bool parse(const char *path, lt_buf *text, json_object **out, lt_error *err)
{
    static const char hint[] = "the file is damaged; download it again";
    const lt_foreign *foreign = lt_foreign_of(text->data, text->len);
    if (foreign)
        return lt_fail(err, LT_ERR_FORMAT, foreign->hint, "cannot read '%s': it is %s", path,
                       foreign->what);
    size_t bad; /* json-c's own check lets surrogates and overlong forms pass */
    if (text->len && !lt_text_valid(text->data, text->len, &bad))
        return lt_fail(err, LT_ERR_FORMAT, hint, "cannot read '%s': not UTF-8 at byte %zu", path,
                       bad);
    limit_numbers(text);
    json_tokener *parser = json_tokener_new_ex(DEPTH);
    if (!parser)
        lt_panic_memory("a JSON parser", 0);
    json_tokener_set_flags(parser, JSON_TOKENER_STRICT);
    /* the terminating NUL tells the parser that the text is over */
    json_object *object =
        json_tokener_parse_ex(parser, text->len ? text->data : "", (int)text->len + 1);
    enum json_tokener_error problem = json_tokener_get_error(parser);
    size_t end = json_tokener_get_parse_end(parser);
    json_tokener_free(parser);
    bool ends_early = problem == json_tokener_continue || problem == json_tokener_error_parse_eof;
    bool ok = false;
    if (ends_early && end >= text->len)
        lt_fail(err, LT_ERR_FORMAT, hint, "cannot read '%s': the JSON ends in the middle", path);
    else if (problem != json_tokener_success || end < text->len)
        lt_fail(err, LT_ERR_FORMAT, hint, "cannot read '%s': not JSON at byte %zu: %s", path, end,
                problem == json_tokener_success ? "text after the end"
                                                : json_tokener_error_desc(problem));
    else if (!json_object_is_type(object, json_type_object))
        lt_fail(err, LT_ERR_FORMAT, NULL, "cannot read '%s': expected a JSON object", path);
    else
        ok = true;
    if (ok)
        *out = object;
    else
        json_object_put(object);
    return ok;
}

bool lt_json_file_read(const char *path, size_t limit, json_object **out, lt_error *err)
{
    lt_buf text = {0};
    LT_ASSERT(limit < INT32_MAX);
    bool ok = lt_file_read(path, limit, &text, err) && parse(path, &text, out, err);
    lt_buf_done(&text);
    return ok;
}

const char *lt_json_file_string(const json_object *object, const char *key)
{
    json_object *value;
    if (!json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}
