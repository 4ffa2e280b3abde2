/*
 * devices.h - the backends of the program and what they compute on, for people and for scripts.
 */
#pragma once

#include <json-c/json.h>

#include "base/buf.h"
#include "tensor/backend.h"

/* Appends "f32, bf16 by default here". */
void lt_devices_types(const lt_backend_ops *backend, lt_buf *out);
/* Appends for every backend a line, "backend     cuda: not used: ...", and lines about what it
 * computes on. */
void lt_devices_text(const lt_backend_ops *const *backends, lt_buf *out);
/* An array of {"name", "usable", "why", "dtypes", "default", "devices"}; the caller's. */
json_object *lt_devices_json(const lt_backend_ops *const *backends);
