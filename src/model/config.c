/* config.c - see config.h. */
#include "model/config.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "base/mem.h"

enum { CONFIG_BYTES = 4 << 20 };

struct lt_config {
    json_object *root; /* owned */
    json_object *at;   /* borrowed from root */
    char *path;        /* owned */
    lt_error error;
};

bool lt_config_open(const char *path, lt_config **out, lt_error *err)
{
    json_object *root;
    if (!lt_json_file_read(path, CONFIG_BYTES, &root, err))
        return false;
    lt_config *c = lt_alloc(sizeof *c);
    c->root = c->at = root;
    c->path = lt_strdup(path);
    *out = c;
    return true;
}

bool lt_config_close(lt_config *c, lt_error *err)
{
    bool ok = c->error.code == LT_ERR_NONE;
    if (!ok)
        *err = c->error;
    json_object_put(c->root);
    free(c->path);
    free(c);
    return ok;
}

void lt_config_fail(lt_config *c, const char *format, ...)
{
    char text[512];
    if (c->error.code != LT_ERR_NONE)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lt_fail(&c->error, LT_ERR_MODEL, NULL, "cannot use '%s': %s", c->path, text);
}

static json_object *get(const lt_config *c, const char *key)
{
    return json_object_object_get(c->at, key); /* NULL for null as well as for missing */
}

static void wrong(lt_config *c, const char *key, const json_object *value, const char *expected)
{
    const char *text =
        json_object_to_json_string_ext((json_object *)(uintptr_t)value, JSON_C_TO_STRING_PLAIN);
    lt_config_fail(c, "'%s' is %.100s, expected %s", key, text, expected);
}

bool lt_config_has(const lt_config *c, const char *key)
{
    return json_object_object_get_ex(c->at, key, NULL);
}

bool lt_config_is_null(const lt_config *c, const char *key)
{
    return lt_config_has(c, key) && !get(c, key);
}

void lt_config_descend(lt_config *c, const char *key)
{
    json_object *value = get(c, key);
    if (json_object_is_type(value, json_type_object))
        c->at = value;
}

/* An integer, or a float without a fraction (some configs hold 1.0). */
static bool as_int(json_object *value, int least, int most, int *out)
{
    double d = json_object_get_double(value);
    if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
        return false;
    if (!(d >= least && d <= most) || d != (double)(int)d)
        return false;
    *out = (int)d;
    return true;
}

static int checked_int(lt_config *c, const char *key, json_object *value, int least, int most)
{
    int out = least;
    char expected[80];
    if (!as_int(value, least, most, &out)) {
        snprintf(expected, sizeof expected, "a whole number from %d to %d", least, most);
        wrong(c, key, value, expected);
    }
    return out;
}

int lt_config_int(lt_config *c, const char *key, int missing, int least, int most)
{
    json_object *value = get(c, key);
    return value ? checked_int(c, key, value, least, most) : missing;
}

double lt_config_number(lt_config *c, const char *key, double missing, double least, double most)
{
    json_object *value = get(c, key);
    char expected[80];
    if (!value)
        return missing;
    double d = json_object_get_double(value);
    bool number =
        json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
    if (number && d >= least && d <= most)
        return d;
    snprintf(expected, sizeof expected, "a number from %g to %g", least, most);
    wrong(c, key, value, expected);
    return missing;
}

bool lt_config_bool(lt_config *c, const char *key, bool missing)
{
    json_object *value = get(c, key);
    if (!value)
        return missing;
    if (!json_object_is_type(value, json_type_boolean))
        wrong(c, key, value, "true or false");
    return json_object_get_boolean(value);
}

const char *lt_config_string(lt_config *c, const char *key, const char *missing)
{
    json_object *value = get(c, key);
    if (!value)
        return missing;
    if (json_object_is_type(value, json_type_string))
        return json_object_get_string(value);
    wrong(c, key, value, "a string");
    return missing;
}

void lt_config_ints(lt_config *c, const char *key, int missing, int least, int most, int count,
                    int *out)
{
    json_object *value = get(c, key);
    bool list = json_object_is_type(value, json_type_array);
    if (list && json_object_array_length(value) != (size_t)count) {
        char expected[80];
        snprintf(expected, sizeof expected, "a number or a list of %d", count);
        wrong(c, key, value, expected);
        list = false;
        value = NULL;
    }
    for (int i = 0; i < count; i++) {
        json_object *one = list ? json_object_array_get_idx(value, (size_t)i) : value;
        out[i] = one || list ? checked_int(c, key, one, least, most) : missing;
    }
}

int lt_config_length(lt_config *c, const char *key)
{
    json_object *value = get(c, key);
    if (!value)
        return 0;
    if (json_object_is_type(value, json_type_array))
        return (int)json_object_array_length(value);
    wrong(c, key, value, "a list");
    return 0;
}

const char *lt_config_item(lt_config *c, const char *key, int i)
{
    json_object *one = json_object_array_get_idx(get(c, key), (size_t)i);
    if (json_object_is_type(one, json_type_string))
        return json_object_get_string(one);
    wrong(c, key, one, "strings");
    return "";
}

int lt_config_int_item(lt_config *c, const char *key, int i, int least, int most)
{
    return checked_int(c, key, json_object_array_get_idx(get(c, key), (size_t)i), least, most);
}

void lt_config_refuse(lt_config *c, const char *key, const char *hint)
{
    bool first = c->error.code == LT_ERR_NONE;
    lt_config_fail(c, "'%s' is %.100s, which latentty does not support", key,
                   json_object_to_json_string_ext(get(c, key), JSON_C_TO_STRING_PLAIN));
    if (first && hint)
        lt_fail_hint(&c->error, "%s", hint);
}

void lt_config_only_string(lt_config *c, const char *key, const char *value)
{
    json_object *found = get(c, key);
    if (found && (!json_object_is_type(found, json_type_string) ||
                  strcmp(json_object_get_string(found), value) != 0))
        lt_config_refuse(c, key, NULL);
}

void lt_config_only_bool(lt_config *c, const char *key, bool value)
{
    json_object *found = get(c, key);
    if (found && (!json_object_is_type(found, json_type_boolean) ||
                  (bool)json_object_get_boolean(found) != value))
        lt_config_refuse(c, key, NULL);
}

void lt_config_only_int(lt_config *c, const char *key, int value, const char *hint)
{
    json_object *found = get(c, key);
    int number;
    if (found && !as_int(found, value, value, &number))
        lt_config_refuse(c, key, hint);
}

void lt_config_only_null(lt_config *c, const char *key, const char *hint)
{
    if (get(c, key))
        lt_config_refuse(c, key, hint);
}
