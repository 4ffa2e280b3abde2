/*
 * png.c - see png.h.  The only file that includes libpng and uses setjmp.
 *
 * libpng leaves a function by longjmp.  Everything that a failed job must release is therefore in a
 * struct that outlives the jump; the one setjmp (guarded) has no local that changes after it.
 */
#include "image/png.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "image/sniff.h"
#include "image/texts.h"

enum {
    SIGNATURE = 8,
    HEADER = SIGNATURE + 25,      /* with the IHDR chunk */
    MAX_FILE = 512 * 1024 * 1024, /* 64 megapixels of 16-bit RGBA fill it uncompressed */
};

typedef struct job job;
struct job {
    png_structp png;
    png_infop info;
    void (*work)(job *j);
    lt_error *err;
    char warning[160];

    /* reading */
    const unsigned char *bytes; /* borrowed */
    size_t size, at;
    lt_image *image; /* owned until handed out; NULL while writing */
    lt_png_texts *texts;

    /* writing */
    const lt_image *source;
    FILE *stream; /* one of these two */
    lt_buf *out;
    png_text *chunks; /* owned, with their text where it is Latin-1 */
    int count, level;
};

static void on_error(png_structp png, png_const_charp message)
{
    job *j = png_get_error_ptr(png);
    if (j->err->code == LT_ERR_NONE)
        lt_fail(j->err, LT_ERR_FORMAT, NULL, "%s%s%s%s", message, *j->warning ? " (" : "",
                j->warning, *j->warning ? ")" : "");
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    job *j = png_get_error_ptr(png);
    if (!*j->warning)
        lt_text_escape(j->warning, sizeof j->warning, message, strlen(message));
}

/* Runs j->work; false if libpng gave up, with *j->err filled. */
static bool guarded(job *j)
{
    if (setjmp(png_jmpbuf(j->png)))
        return false;
    j->work(j);
    return true;
}

/* Leaves the work with an error that is already in *j->err. */
static void give_up(job *j)
{
    png_error(j->png, "given up");
}

static void pull(png_structp png, png_bytep to, size_t n)
{
    job *j = png_get_io_ptr(png);
    if (n > j->size - j->at)
        png_error(png, "the file ends too early");
    memcpy(to, j->bytes + j->at, n);
    j->at += n;
}

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* What can be said better than libpng does, and before it allocates anything. */
static bool check_header(const unsigned char *bytes, size_t n, lt_error *err)
{
    static const unsigned char signature[SIGNATURE] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    if (n == 0)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "the file is empty, expected a PNG picture");
    if (n < SIGNATURE || memcmp(bytes, signature, SIGNATURE) != 0) {
        const lt_kind *kind = lt_sniff(bytes, n);
        return lt_fail(err, LT_ERR_FORMAT, kind ? kind->hint : NULL,
                       "it is %s, expected a PNG picture",
                       kind ? kind->what : "not a picture that is known here");
    }
    if (n < HEADER)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "the file ends too early: it has %zu bytes", n);
    uint32_t width = big_endian(bytes + 16), height = big_endian(bytes + 20);
    if (memcmp(bytes + 12, "IHDR", 4) != 0 || width == 0 || height == 0)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "the PNG header is damaged");
    if (width > INT32_MAX || height > INT32_MAX || !lt_image_size_ok((int)width, (int)height))
        return lt_fail(err, LT_ERR_FORMAT, NULL,
                       "the picture has %ux%u pixels, expected at most %d a side and %d in all",
                       (unsigned)width, (unsigned)height, LT_IMAGE_MAX_SIDE, LT_IMAGE_MAX_PIXELS);
    return true;
}

/* libpng 1.6 warns of a chunk over png_set_chunk_malloc_max, then allocates and clears its declared
 * length all the same, up to 2 GiB.  Refused here, the chunk is left out. */
static png_voidp allocate(png_structp png, png_alloc_size_t n)
{
    (void)png;
    return n <= LT_PNG_MAX_TEXT + 65536 ? malloc(n) : NULL;
}

static void release(png_structp png, png_voidp p)
{
    (void)png;
    free(p);
}

static void limit(png_structp png)
{
    static const png_byte unread[] = "iCCP\0sPLT\0eXIf\0hIST"; /* not needed, so not parsed */
    png_set_user_limits(png, LT_IMAGE_MAX_SIDE, LT_IMAGE_MAX_SIDE);
    png_set_chunk_malloc_max(png, LT_PNG_MAX_TEXT + 1024); /* and key, language, terminators */
    png_set_chunk_cache_max(png, LT_PNG_MAX_CHUNKS + 2);   /* libpng stops two before */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unread, (int)sizeof unread / 5);
}

/* Deflate shrinks by 1032 at best: a file that is too short for its size is found out before the
 * pixels are allocated. */
static void check_plausible(const job *j, uint32_t height)
{
    uint64_t raw = (uint64_t)png_get_rowbytes(j->png, j->info) * height;
    if (raw / 1032 > j->size)
        png_error(j->png, "the file is too short for its number of pixels");
}

static void to_rgb8(png_structp png)
{
    png_set_strip_16(png);
    png_set_palette_to_rgb(png);
    png_set_expand_gray_1_2_4_to_8(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
}

static void take_texts(job *j)
{
    png_textp text;
    int n = png_get_text(j->png, j->info, &text, NULL);
    for (int i = 0; i < n; i++) {
        bool utf8 = text[i].compression >= PNG_ITXT_COMPRESSION_NONE;
        size_t length = utf8 ? text[i].itxt_length : text[i].text_length;
        lt_png_texts_add_raw(j->texts, text[i].key, text[i].text ? text[i].text : "",
                             text[i].text ? length : 0, utf8);
    }
}

static void read_all(job *j)
{
    png_structp png = j->png;
    png_set_read_fn(png, j, pull);
    limit(png);
    png_read_info(png, j->info);
    uint32_t width = png_get_image_width(png, j->info);
    uint32_t height = png_get_image_height(png, j->info);
    check_plausible(j, height);
    to_rgb8(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, j->info);
    if (png_get_rowbytes(png, j->info) != (size_t)width * 3)
        png_error(png, "the pixels do not become 8-bit RGB");
    if (!lt_image_new((int)width, (int)height, &j->image, j->err))
        give_up(j);
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < height; y++)
            png_read_row(png, j->image->rgb + (size_t)y * width * 3, NULL);
    png_read_end(png, j->info);
    if (j->texts)
        take_texts(j);
}

bool lt_png_decode(const void *bytes, size_t n, lt_image **out, lt_png_texts *texts, lt_error *err)
{
    lt_error why = {0};
    job j = {.work = read_all, .err = &why, .bytes = bytes, .size = n, .texts = texts};
    if (!check_header(bytes, n, err))
        return false;
    j.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning, NULL,
                                     allocate, release);
    j.info = j.png ? png_create_info_struct(j.png) : NULL;
    bool ok = j.info ? guarded(&j) : lt_fail(&why, LT_ERR_MEMORY, NULL, "libpng cannot start");
    png_destroy_read_struct(&j.png, &j.info, NULL);
    if (!ok) {
        lt_image_unref(j.image);
        *err = why;
        return false;
    }
    if (texts && !*texts->warning)
        memcpy(texts->warning, j.warning, sizeof texts->warning);
    *out = j.image;
    return true;
}

bool lt_png_read(const char *path, lt_image **out, lt_png_texts *texts, lt_error *err)
{
    lt_buf bytes = {0};
    if (!lt_file_read(path, MAX_FILE, &bytes, err)) {
        lt_buf_done(&bytes);
        return false;
    }
    bool ok = lt_png_decode(bytes.data, bytes.len, out, texts, err);
    if (!ok)
        lt_fail_in(err, "cannot read '%s'", path);
    lt_buf_done(&bytes);
    return ok;
}

static void push(png_structp png, png_bytep from, size_t n)
{
    job *j = png_get_io_ptr(png);
    if (j->out) {
        lt_buf_add(j->out, from, n);
    } else if (fwrite(from, 1, n, j->stream) != n) {
        lt_fail(j->err, LT_ERR_IO, lt_file_hint(errno), "%s", strerror(errno));
        give_up(j);
    }
}

static void flush(png_structp png)
{
    (void)png; /* the writer's commit does it */
}

static void write_all(job *j)
{
    png_structp png = j->png;
    const lt_image *image = j->source;
    png_set_write_fn(png, j, push, flush);
    png_set_compression_level(png, j->level);
    png_set_IHDR(png, j->info, (uint32_t)image->width, (uint32_t)image->height, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (j->count)
        png_set_text(png, j->info, j->chunks, j->count);
    png_write_info(png, j->info);
    for (int y = 0; y < image->height; y++)
        png_write_row(png, image->rgb + (size_t)y * (size_t)image->width * 3);
    png_write_end(png, j->info);
}

/* Texts as libpng wants them; every string is owned by the chunks. */
static void make_chunks(job *j, const lt_png_texts *texts)
{
    j->count = texts ? texts->count : 0;
    j->chunks = lt_alloc_array((size_t)j->count, sizeof *j->chunks);
    for (int i = 0; i < j->count; i++) {
        const char *value = texts->items[i].value;
        char *latin1 = lt_png_latin1(value);
        png_text *c = &j->chunks[i];
        c->compression = latin1 ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
        c->key = lt_png_latin1(texts->items[i].key);
        c->text = latin1 ? latin1 : lt_strdup(value);
        c->text_length = latin1 ? strlen(c->text) : 0;
        c->itxt_length = latin1 ? 0 : strlen(c->text);
    }
}

static void free_chunks(job *j)
{
    for (int i = 0; i < j->count; i++) {
        free(j->chunks[i].key);
        free(j->chunks[i].text);
    }
    free(j->chunks);
}

/* Writes to out, or to stream if out is NULL. */
static bool write_png(lt_buf *out, FILE *stream, const lt_image *image, const lt_png_texts *texts,
                      int level, lt_error *err)
{
    lt_error why = {0};
    job j = {.work = write_all, .err = &why, .source = image, .stream = stream, .out = out};
    if (level < 0 || level > 9)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "a compression level of %d: expected 0 to 9",
                       level);
    if (texts && !lt_png_texts_check(texts, err))
        return false;
    j.level = level;
    make_chunks(&j, texts);
    j.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning);
    j.info = j.png ? png_create_info_struct(j.png) : NULL;
    bool ok = j.info ? guarded(&j) : lt_fail(&why, LT_ERR_MEMORY, NULL, "libpng cannot start");
    png_destroy_write_struct(&j.png, &j.info);
    free_chunks(&j);
    if (!ok)
        *err = why;
    return ok;
}

bool lt_png_encode(lt_buf *out, const lt_image *image, const lt_png_texts *texts, int level,
                   lt_error *err)
{
    lt_buf bytes = {0};
    bool ok = write_png(&bytes, NULL, image, texts, level, err);
    if (ok)
        lt_buf_add(out, bytes.data, bytes.len);
    lt_buf_done(&bytes);
    return ok;
}

bool lt_png_write_to(lt_writer *w, const lt_image *image, const lt_png_texts *texts, int level,
                     lt_error *err)
{
    return write_png(NULL, w->stream, image, texts, level, err) ||
           lt_fail_in(err, "cannot write '%s'", w->path);
}

bool lt_png_write(const char *path, const lt_image *image, const lt_png_texts *texts, int level,
                  lt_error *err)
{
    lt_writer w = {0};
    if (!lt_writer_open(&w, path, err))
        return false;
    if (!lt_png_write_to(&w, image, texts, level, err)) {
        lt_writer_abandon(&w);
        return false;
    }
    return lt_writer_commit(&w, err);
}
