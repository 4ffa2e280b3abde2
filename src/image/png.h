/*
 * png.h - PNG files to and from lt_image, with their text.  The only user of libpng.
 *
 * Reading takes every PNG (1 to 16 bits, grey, palette, alpha, interlaced) to RGB as Pillow's
 * convert("RGB") does, which is what diffusers feeds to its models: alpha and tRNS are dropped, not
 * composited; gAMA, cHRM, sRGB and iCCP are ignored; 16 bits keep their upper 8.  (Pillow clips
 * 16-bit grey at 255 instead, a known fault that is not followed.) Writing is deterministic: the
 * same picture, text and level give the same bytes with the same zlib; no time or program is
 * recorded.
 *
 * Whatever a file holds, reading ends in a picture or in LT_ERR_FORMAT (LT_ERR_IO if the system
 * refuses, LT_ERR_MEMORY if the pixels do not fit).  Thread-safe; nothing is printed.
 */
#pragma once

#include "base/buf.h"
#include "base/file.h"
#include "image/image.h"

enum {
    LT_PNG_MAX_TEXT = 1 << 20, /* bytes of one chunk, compressed or not; longer ones are left out */
    LT_PNG_MAX_CHUNKS = 64,    /* text chunks kept of one file */
    LT_PNG_LEVEL = 6,          /* zlib's usual compression */
};

typedef struct lt_png_text {
    char *key, *value; /* UTF-8; owned */
} lt_png_text;

/* Zero-initialise; release with lt_png_texts_done. */
typedef struct lt_png_texts {
    lt_png_text *items; /* in the file's order; owned */
    int count;
    char warning[160]; /* reading: the first complaint of libpng about something that it then left
                          out, such as text over the limit; empty if there was none */
} lt_png_texts;

void lt_png_texts_add(lt_png_texts *texts, const char *key, const char *value);
/* The value of the first text of that key, borrowed, or NULL. */
const char *lt_png_texts_get(const lt_png_texts *texts, const char *key);
void lt_png_texts_done(lt_png_texts *texts);

/*
 * texts may be NULL; otherwise what tEXt, zTXt and iTXt hold is appended, and on failure it is left
 * as it was.  Latin-1 becomes UTF-8 (also iTXt that is not valid UTF-8), a NUL inside U+FFFD. A
 * file of another kind is named in the message, with a command that converts it in the hint.
 */
bool lt_png_read(const char *path, lt_image **out, lt_png_texts *texts,
                 lt_error *err) LT_WARN_UNUSED;
bool lt_png_decode(const void *bytes, size_t n, lt_image **out, lt_png_texts *texts,
                   lt_error *err) LT_WARN_UNUSED;

/*
 * texts may be NULL; level is zlib's, 0..9.  A key is 1 to 79 printable Latin-1 characters without
 * leading, trailing or double spaces; a value is UTF-8 of at most LT_PNG_MAX_TEXT bytes, with
 * control characters or without; anything else is LT_ERR_ARGUMENT.  A value that Latin-1 can hold
 * is written as tEXt, as the web UIs do with `parameters`, every other as iTXt; both stand before
 * the pixels.
 */
bool lt_png_write(const char *path, const lt_image *image, const lt_png_texts *texts, int level,
                  lt_error *err) LT_WARN_UNUSED; /* the whole file or none */
/* Into an open writer, which the caller commits, or abandons on failure. */
bool lt_png_write_to(lt_writer *w, const lt_image *image, const lt_png_texts *texts, int level,
                     lt_error *err) LT_WARN_UNUSED;
/* Appends to *out, which is left as it was on failure. */
bool lt_png_encode(lt_buf *out, const lt_image *image, const lt_png_texts *texts, int level,
                   lt_error *err) LT_WARN_UNUSED;
