/* fuzz_png.c - input: a PNG file.  What can be read is written and read again. */
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "base/text.h"
#include "fuzz.h"
#include "image/png.h"

enum { MOST_PIXELS = 1 << 16 };

static void check_texts(const lt_png_texts *texts)
{
    LT_ASSERT(texts->count <= LT_PNG_MAX_CHUNKS);
    for (int i = 0; i < texts->count; i++) {
        const lt_png_text *t = &texts->items[i];
        LT_ASSERT(lt_text_valid(t->key, strlen(t->key), NULL));
        LT_ASSERT(lt_text_valid(t->value, strlen(t->value), NULL));
    }
}

static void write_again(const lt_image *image, const lt_png_texts *texts)
{
    lt_buf bytes = {0};
    lt_image *again = NULL;
    lt_png_texts found = {0};
    lt_error err = {0};
    if (lt_png_encode(&bytes, image, texts, 1, &err)) {
        LT_ASSERT(lt_png_decode(bytes.data, bytes.len, &again, &found, &err));
        LT_ASSERT(again->width == image->width && again->height == image->height);
        LT_ASSERT(memcmp(again->rgb, image->rgb, lt_image_bytes(image)) == 0);
        LT_ASSERT(found.count == texts->count);
        for (int i = 0; i < found.count; i++)
            LT_ASSERT(strcmp(found.items[i].value, texts->items[i].value) == 0);
    } else {
        LT_ASSERT(err.code == LT_ERR_ARGUMENT); /* a key or value that may be read, not written */
    }
    lt_image_unref(again);
    lt_png_texts_done(&found);
    lt_buf_done(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_image *image = NULL;
    lt_png_texts texts = {0};
    lt_error err = {0};
    if (lt_png_decode(data, size, &image, &texts, &err)) {
        LT_ASSERT(lt_image_size_ok(image->width, image->height));
        check_texts(&texts);
        if (lt_image_bytes(image) <= 3 * MOST_PIXELS)
            write_again(image, &texts);
    } else {
        LT_ASSERT(*err.message && texts.count == 0);
    }
    lt_image_unref(image);
    lt_png_texts_done(&texts);
    return 0;
}
