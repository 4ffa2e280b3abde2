/*
 * json_file.h - reads the small JSON files of a model: configs, vocabularies, indices of shards.
 * Parsing is json-c's.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct json_object;

/* The file must be one JSON object in UTF-8, at most `limit` bytes (< 2 GiB) and 32 levels deep.
 * *out is released with json_object_put. */
bool lt_json_file_read(const char *path, size_t limit, struct json_object **out,
                       lt_error *err) LT_WARN_UNUSED;
/* The string member `key` of `object`, borrowed; NULL if it is not there or not a string. */
const char *lt_json_file_string(const struct json_object *object, const char *key);
