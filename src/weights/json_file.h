/*
 * json_file.h - reads the small JSON files beside the weights: model_index.json, *.index.json.
 */
#pragma once

#include <json-c/json_object.h>
#include <stddef.h>

#include "base/error.h"

/* The file must be one JSON object, at most `limit` bytes (< 2 GiB) and 32 levels deep.
 * *out is released with json_object_put. */
bool lt_json_file_read(const char *path, size_t limit, json_object **out,
                       lt_error *err) LT_WARN_UNUSED;
/* The string member `key` of `object`, borrowed; NULL if it is not there or not a string. */
const char *lt_json_file_string(const json_object *object, const char *key);
