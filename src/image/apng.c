/* apng.c - see apng.h. */
#include "image/apng.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "base/panic.h"

enum { SIGNATURE = 8, AROUND = 12 }; /* bytes; a chunk's length, kind and checksum */

static void put_u32(lt_buf *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        lt_buf_char(out, (char)(value >> shift));
}

static void put_u16(lt_buf *out, unsigned value)
{
    lt_buf_char(out, (char)(value >> 8));
    lt_buf_char(out, (char)value);
}

static uint32_t get_u32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* What is written is kept by stdio, and a failure reported by the writer's commit. */
static void write_bytes(const lt_apng *a, const void *bytes, size_t n)
{
    fwrite(bytes, 1, n, a->writer->stream);
}

/* head and then body, as one chunk. */
static void write_chunk(const lt_apng *a, const char *kind, const lt_buf *head, const void *body,
                        size_t n)
{
    lt_buf out = {0};
    put_u32(&out, (uint32_t)((head ? head->len : 0) + n));
    lt_buf_str(&out, kind);
    if (head)
        lt_buf_add(&out, head->data, head->len);
    lt_buf_add(&out, body, n);
    put_u32(&out, (uint32_t)crc32(0, (const Bytef *)out.data + 4, (uInt)(out.len - 4)));
    write_bytes(a, out.data, out.len);
    lt_buf_done(&out);
}

static void write_actl(const lt_apng *a)
{
    lt_buf data = {0};
    put_u32(&data, (uint32_t)a->frames);
    put_u32(&data, 0);
    write_chunk(a, "acTL", &data, "", 0);
    lt_buf_done(&data);
}

static void write_fctl(lt_apng *a, int milliseconds)
{
    lt_buf data = {0};
    put_u32(&data, a->sequence++);
    put_u32(&data, (uint32_t)a->width);
    put_u32(&data, (uint32_t)a->height);
    put_u32(&data, 0);
    put_u32(&data, 0);
    put_u16(&data, (unsigned)milliseconds);
    put_u16(&data, 1000);
    lt_buf_char(&data, 0); /* dispose: none */
    lt_buf_char(&data, 0); /* blend: source */
    write_chunk(a, "fcTL", &data, "", 0);
    lt_buf_done(&data);
}

static void write_fdat(lt_apng *a, const unsigned char *body, size_t n)
{
    lt_buf sequence = {0};
    put_u32(&sequence, a->sequence++);
    write_chunk(a, "fdAT", &sequence, body, n);
    lt_buf_done(&sequence);
}

/* Takes a whole PNG apart. */
static void write_frame(lt_apng *a, const lt_buf *png, int milliseconds)
{
    const unsigned char *bytes = (const unsigned char *)png->data;
    bool first = a->written == 0, begun = false;
    if (first)
        write_bytes(a, bytes, SIGNATURE);
    for (size_t at = SIGNATURE; at < png->len;) {
        const unsigned char *chunk = bytes + at, *kind = chunk + 4;
        size_t n = get_u32(chunk);
        bool pixels = memcmp(kind, "IDAT", 4) == 0, end = memcmp(kind, "IEND", 4) == 0;
        LT_ASSERT(n + AROUND <= png->len - at);
        if (pixels && !begun)
            write_fctl(a, milliseconds);
        begun |= pixels;
        if (pixels && !first)
            write_fdat(a, kind + 4, n);
        else if (first && !end)
            write_bytes(a, chunk, n + AROUND);
        if (first && memcmp(kind, "IHDR", 4) == 0)
            write_actl(a);
        at += n + AROUND;
    }
}

void lt_apng_begin(lt_apng *a, lt_writer *w, int frames, int level)
{
    LT_ASSERT(frames >= 1);
    *a = (lt_apng){.writer = w, .frames = frames, .level = level};
}

bool lt_apng_add(lt_apng *a, const lt_image *image, int milliseconds, const lt_png_texts *texts,
                 lt_error *err)
{
    lt_buf png = {0};
    LT_ASSERT(!texts || a->written == 0);
    if (milliseconds < 0 || milliseconds > LT_APNG_MAX_DELAY)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "a frame of %d ms: expected 0 to %d",
                       milliseconds, LT_APNG_MAX_DELAY);
    if (a->written == a->frames)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "more than the %d frames of the animation",
                       a->frames);
    if (a->written && (image->width != a->width || image->height != a->height))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "a frame of %dx%d in an animation of %dx%d",
                       image->width, image->height, a->width, a->height);
    if (!lt_png_encode(&png, image, texts, a->level, err))
        return false;
    a->width = image->width;
    a->height = image->height;
    write_frame(a, &png, milliseconds);
    a->written++;
    lt_buf_done(&png);
    return true;
}

bool lt_apng_end(lt_apng *a, lt_error *err)
{
    if (a->written != a->frames)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "%d of the %d frames of the animation",
                       a->written, a->frames);
    write_chunk(a, "IEND", NULL, "", 0);
    return true;
}
