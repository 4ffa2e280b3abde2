/*
 * fuzz_png_text.c - input: the text chunks of a PNG with a byte 0x1E between, put into a picture of
 * one pixel.  The first byte of each says what it is: 't' tEXt, 'z' zTXt, 'i' iTXt as they stand in
 * the file; 'Z' and 'I' the same with what is after the last NUL compressed here.  What is read is
 * taken as settings, shown, written and read again.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/panic.h"
#include "base/text.h"
#include "fuzz.h"
#include "image/png.h"
#include "pipeline/a1111.h"
#include "pipeline/recall.h"

static void put_u32(lt_buf *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        lt_buf_char(out, (char)(value >> shift));
}

static void put_chunk(lt_buf *out, const char *kind, const void *data, size_t n)
{
    put_u32(out, (uint32_t)n);
    size_t from = out->len;
    lt_buf_str(out, kind);
    lt_buf_add(out, data, n);
    put_u32(out, (uint32_t)crc32(0, (const Bytef *)out->data + from, (uInt)(out->len - from)));
}

static void put_compressed(lt_buf *out, const char *kind, const char *data, size_t n)
{
    const char *nul = memrchr(data, 0, n);
    size_t head = nul ? (size_t)(nul - data) + 1 : 0;
    uLongf size = compressBound(n - head);
    Bytef *packed = lt_alloc(size);
    lt_buf whole = {0};
    LT_ASSERT(compress(packed, &size, (const Bytef *)data + head, n - head) == Z_OK);
    lt_buf_add(&whole, data, head);
    lt_buf_add(&whole, packed, size);
    put_chunk(out, kind, whole.data, whole.len);
    lt_buf_done(&whole);
    free(packed);
}

static void put_text(lt_buf *out, const char *text, size_t n)
{
    static const char *const kinds[] = {"tEXt", "zTXt", "iTXt"};
    char letter = n ? *text : 't';
    const char *kind = kinds[letter == 'z' || letter == 'Z'   ? 1
                             : letter == 'i' || letter == 'I' ? 2
                                                              : 0];
    size_t skip = n ? 1 : 0;
    if (letter == 'Z' || letter == 'I')
        put_compressed(out, kind, text + skip, n - skip);
    else
        put_chunk(out, kind, text + skip, n - skip);
}

static void make_picture(fuzz_input in, lt_buf *out)
{
    static const unsigned char signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    static const unsigned char header[] = {0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0};
    static const unsigned char pixel[] = {0, 1, 2, 3};
    Bytef packed[64];
    uLongf size = sizeof packed;
    LT_ASSERT(compress(packed, &size, pixel, sizeof pixel) == Z_OK);
    lt_buf_add(out, signature, sizeof signature);
    put_chunk(out, "IHDR", header, sizeof header);
    size_t n;
    for (char *text = fuzz_next(&in, &n); text; text = fuzz_next(&in, &n)) {
        put_text(out, text, n);
        free(text);
    }
    put_chunk(out, "IDAT", packed, size);
    put_chunk(out, "IEND", "", 0);
}

/* What `info` does with a text: nothing of it may reach a terminal as it is. */
static void show(const lt_png_text *t)
{
    lt_buf shown = {0}, json = {0};
    lt_a1111 a = {0};
    LT_ASSERT(lt_text_valid(t->key, strlen(t->key), NULL));
    LT_ASSERT(lt_text_valid(t->value, strlen(t->value), NULL));
    lt_a1111_parse(t->value, &a);
    lt_a1111_done(&a);
    lt_buf_escape(&shown, t->value, strlen(t->value));
    lt_buf_json(&json, t->value);
    lt_buf_json_shown(&shown, json.data);
    for (size_t i = 0, n; i < shown.len; i += n) {
        int32_t point;
        n = lt_text_next(shown.data + i, shown.len - i, &point);
        LT_ASSERT(point >= 0 && !lt_text_hostile(point));
    }
    lt_buf_done(&shown);
    lt_buf_done(&json);
}

/* What the studio and `reproduce` do with all of them. */
static void recall(const lt_png_texts *texts)
{
    lt_params p;
    lt_origin o;
    lt_buf notes = {0};
    lt_error err = {0};
    if (lt_recall_origin(texts, &p, &o, &notes, &err)) {
        LT_ASSERT(p.prompt_count == 1 && p.seed_count <= 1);
        LT_ASSERT(o.place >= 0 && o.place < o.of && o.image >= 0 && o.shown >= -1);
    } else {
        LT_ASSERT(err.code == LT_ERR_FORMAT && !o.ours);
    }
    LT_ASSERT(notes.len < 2048);
    LT_ASSERT(!notes.len || lt_text_valid(notes.data, notes.len, NULL));
    lt_params_done(&p);
    lt_origin_done(&o);
    lt_buf_done(&notes);
}

static void write_again(const lt_image *image, const lt_png_texts *texts)
{
    lt_buf bytes = {0};
    lt_image *again = NULL;
    lt_png_texts found = {0};
    lt_error err = {0};
    if (lt_png_encode(&bytes, image, texts, 1, &err)) {
        LT_ASSERT(lt_png_decode(bytes.data, bytes.len, &again, &found, &err));
        LT_ASSERT(found.count == texts->count);
        for (int i = 0; i < found.count; i++) {
            LT_ASSERT(strcmp(found.items[i].key, texts->items[i].key) == 0);
            LT_ASSERT(strcmp(found.items[i].value, texts->items[i].value) == 0);
        }
    } else {
        LT_ASSERT(err.code == LT_ERR_ARGUMENT); /* a key or value that may be read, not written */
    }
    lt_image_unref(again);
    lt_png_texts_done(&found);
    lt_buf_done(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_buf file = {0};
    lt_image *image = NULL;
    lt_png_texts texts = {0};
    lt_error err = {0};
    make_picture((fuzz_input){.data = data, .size = size}, &file);
    LT_ASSERT(lt_png_decode(file.data, file.len, &image, &texts, &err)); /* text never spoils it */
    LT_ASSERT(image->width == 1 && image->height == 1 && image->rgb[2] == 3);
    LT_ASSERT(texts.count <= LT_PNG_MAX_CHUNKS);
    for (int i = 0; i < texts.count; i++)
        show(&texts.items[i]);
    recall(&texts);
    write_again(image, &texts);
    lt_image_unref(image);
    lt_png_texts_done(&texts);
    lt_buf_done(&file);
    return 0;
}
