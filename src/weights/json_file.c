/* json_file.c - see json_file.h. */
#include "weights/json_file.h"

#include <json-c/json_tokener.h>

#include "base/file.h"
#include "base/panic.h"

enum { DEPTH = 32 };

bool lt_json_file_read(const char *path, size_t limit, json_object **out, lt_error *err)
{
    lt_buf text = {0};
    LT_ASSERT(limit < INT32_MAX);
    if (!lt_file_read(path, limit, &text, err)) {
        lt_buf_done(&text);
        return false;
    }
    json_tokener *parser = json_tokener_new_ex(DEPTH);
    LT_ASSERT(parser);
    json_tokener_set_flags(parser, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    /* the terminating NUL tells the parser that the text is over */
    json_object *object =
        json_tokener_parse_ex(parser, text.len ? text.data : "", (int)text.len + 1);
    enum json_tokener_error problem = json_tokener_get_error(parser);
    size_t end = json_tokener_get_parse_end(parser);
    bool ok = true;
    if (problem != json_tokener_success || end < text.len)
        ok = lt_fail(err, LT_ERR_FORMAT, "the file is damaged; download it again",
                     "cannot load '%s': byte %zu: %s", path, end,
                     problem == json_tokener_success ? "text after the object"
                                                     : json_tokener_error_desc(problem));
    else if (!json_object_is_type(object, json_type_object))
        ok = lt_fail(err, LT_ERR_FORMAT, NULL, "cannot load '%s': expected a JSON object", path);
    json_tokener_free(parser);
    lt_buf_done(&text);
    if (ok)
        *out = object;
    else
        json_object_put(object);
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
