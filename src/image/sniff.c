/* sniff.c - see sniff.h.  Signatures: the formats' own specifications. */
#define _POSIX_C_SOURCE 200809L
#include "image/sniff.h"

#include <string.h>
#include <strings.h>

typedef struct magic {
    size_t at;
    const char *bytes;
    size_t n;
    lt_kind kind;
} magic;

#define MAGIC(at, bytes, ...)                                                                      \
    {                                                                                              \
        at, bytes, sizeof(bytes) - 1,                                                              \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define CONVERT "convert it first: magick FILE picture.png"
#define FETCH   "fetch the picture itself, not a page about it"

static const magic magics[] = {
    MAGIC(0, "\xFF\xD8\xFF", "a JPEG picture", CONVERT),
    MAGIC(8, "WEBP", "a WebP picture", CONVERT),
    MAGIC(0, "GIF8", "a GIF picture", CONVERT),
    MAGIC(4, "ftypavif", "an AVIF picture", CONVERT),
    MAGIC(4, "ftypheic", "an HEIC picture", CONVERT),
    MAGIC(4, "ftypmif1", "an HEIC picture", CONVERT),
    MAGIC(0, "\xFF\x0A", "a JPEG XL picture", CONVERT),
    MAGIC(0, "\0\0\0\x0CJXL ", "a JPEG XL picture", CONVERT),
    MAGIC(0, "II*\0", "a TIFF picture", CONVERT),
    MAGIC(0, "MM\0*", "a TIFF picture", CONVERT),
    MAGIC(0, "BM", "a BMP picture", CONVERT),
    MAGIC(0, "8BPS", "a Photoshop picture", CONVERT),
    MAGIC(0, "%PDF", "a PDF document", CONVERT),
    MAGIC(0, "PK\x03\x04", "a ZIP archive", "unpack it first"),
    MAGIC(0, "\x1F\x8B", "a gzip archive", "unpack it first"),
    MAGIC(0, "version https://git-lfs", "a Git LFS pointer", "git lfs pull"),
    MAGIC(0, "\x89PNG", "a PNG picture damaged by a transfer as text", "copy it again as binary"),
};

/* Text formats may begin with white space and use either case. */
static const magic texts[] = {
    MAGIC(0, "<!doctype html", "a web page", FETCH),
    MAGIC(0, "<html", "a web page", FETCH),
    MAGIC(0, "<svg", "an SVG picture", CONVERT),
    MAGIC(0, "<?xml", "an XML document", FETCH),
};

const lt_kind *lt_sniff(const void *bytes, size_t n)
{
    const char *s = bytes;
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        const magic *m = &magics[i];
        if (n >= m->at + m->n && memcmp(s + m->at, m->bytes, m->n) == 0)
            return &m->kind;
    }
    while (n && *s && strchr(" \t\r\n", *s))
        s++, n--;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (n >= texts[i].n && strncasecmp(s, texts[i].bytes, texts[i].n) == 0)
            return &texts[i].kind;
    return NULL;
}
