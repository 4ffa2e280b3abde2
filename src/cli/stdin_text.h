/* stdin_text.h - a text that a command is given, as an operand or on stdin. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* Appends the operand itself, or for "-" all of stdin up to LT_TOKENIZER_MAX_TEXT bytes, without
 * its last newline; out->data is never NULL then. */
bool lt_stdin_text(const char *operand, lt_buf *out, lt_error *err) LT_WARN_UNUSED;
