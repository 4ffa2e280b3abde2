/*
 * wrap.h - text from anywhere into a width of cells.
 *
 * What base/text.h escapes is escaped, also bytes that are not UTF-8, and clusters are drawn as
 * cells.h says; utf8 false: in ASCII only.  Everything is appended to `out`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* One line of at most `width` cells; a longer one ends in an ellipsis.  Returns the cells used. */
int lt_wrap_fit(lt_buf *out, const char *s, size_t n, int width, bool utf8);
/* Likewise, but a longer one loses its beginning: for paths. */
int lt_wrap_fit_end(lt_buf *out, const char *s, size_t n, int width, bool utf8);
/* As lt_wrap_fit, filled up with blanks to exactly `width` cells. */
void lt_wrap_pad(lt_buf *out, const char *s, size_t n, int width, bool utf8);
/* Lines of at most `width` cells (at least 2), each with a newline behind it: broken at blanks, a
 * word longer than a line anywhere, and at the newlines of s.  Returns the number of lines. */
int lt_wrap_text(lt_buf *out, const char *s, size_t n, int width, bool utf8);
