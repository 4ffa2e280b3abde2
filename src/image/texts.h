/* texts.h - between png.c and texts.c: the encodings of PNG text.  Others include png.h. */
#pragma once

#include "image/png.h"

/* Appends a text as a file has it: key in Latin-1, n bytes of value in UTF-8 (if it is) or Latin-1.
 */
void lt_png_texts_add_raw(lt_png_texts *texts, const char *key, const char *value, size_t n,
                          bool utf8);

/* Valid UTF-8 as Latin-1, owned by the caller, or NULL if it has characters above U+00FF. */
char *lt_png_latin1(const char *utf8);

/* LT_ERR_ARGUMENT for what png.h does not let be written. */
bool lt_png_texts_check(const lt_png_texts *texts, lt_error *err) LT_WARN_UNUSED;
