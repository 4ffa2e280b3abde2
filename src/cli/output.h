/*
 * output.h - what the program says.  Facts go to stdout, everything else to stderr; text from
 * outside is escaped, line by line.
 */
#pragma once

#include <json-c/json.h>
#include <stdio.h>

#include "cli/command.h"

/* One line, escaped as lt_text_escape does. */
void lt_output_line(FILE *to, const char *format, ...) LT_PRINTF(2, 3);
/* "latentty: ..." on stderr, unless --quiet. */
void lt_output_note(const lt_context *c, const char *format, ...) LT_PRINTF(2, 3);
/* The same for each of several lines. */
void lt_output_notes(const lt_context *c, const char *lines);
/* "latentty: MESSAGE" and "hint: ..." on stderr. */
void lt_output_error(const lt_error *err);

/* One JSON object on one line of stdout, as lt_buf_json_shown writes it; takes o over. */
void lt_output_json(json_object *o);

/* False if something that was printed did not arrive. */
bool lt_output_done(lt_error *err) LT_WARN_UNUSED;

/* A string; text that is not UTF-8 is escaped. NULL is null. */
json_object *lt_output_text(const char *s);
/* A number with as many digits as float32 has; null unless finite. */
json_object *lt_output_number(double x);
json_object *lt_output_floats(const float *x, size_t n);
json_object *lt_output_sizes(const int64_t *dim, int n);
/* to[key] = value, which is taken over. */
void lt_output_set(json_object *to, const char *key, json_object *value);
