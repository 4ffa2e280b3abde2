/*
 * buf.h - growable bytes: built up by appending, written out once.
 * Zero-initialise (`lt_buf b = {0}`), release with lt_buf_done.  Always NUL-terminated once
 * appended to, so b.data can be used as a string.  Not thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct lt_buf {
    char *data; /* owned */
    size_t len, cap;
} lt_buf;

void lt_buf_done(lt_buf *b);
void lt_buf_clear(lt_buf *b);
/* Room for `more` bytes and a NUL, for what a file makes large: the functions below end the program
 * where there is no memory, this one reports it.  `what` names the thing in the message. */
bool lt_buf_reserve(lt_buf *b, size_t more, const char *what, lt_error *err) LT_WARN_UNUSED;
void lt_buf_add(lt_buf *b, const void *bytes, size_t n);
void lt_buf_str(lt_buf *b, const char *s);
void lt_buf_char(lt_buf *b, char c);
void lt_buf_format(lt_buf *b, const char *format, ...) LT_PRINTF(2, 3);
/* As a JSON string with its quotes; s: valid UTF-8. */
void lt_buf_json(lt_buf *b, const char *s);
/* Whole JSON text for a terminal: what lt_text_hostile tells becomes \uXXXX, which reads back as
 * the same character. */
void lt_buf_json_shown(lt_buf *b, const char *json);
/* As lt_text_escape, without a limit. */
void lt_buf_escape(lt_buf *b, const char *s, size_t n);
