/* test_png_bad.c - broken and lying files: each is refused with a reason, none crashes or leaks. */
#include "support/check.h"

#include <stdlib.h>

#include "base/mem.h"
#include "fixture.h"
#include "image/png.h"

static const struct {
    const char *file, *part;
} cases[] = {
    {"empty", "the file is empty"},
    {"signature-only.png", "ends too early"},
    {"cut-header.png", "ends too early"},
    {"cut-before-pixels.png", "ends too early"},
    {"cut-in-pixels.png", "ends too early"},
    {"cut-before-end.png", "ends too early"},
    {"cut-last-byte.png", "ends too early"},
    {"crc-header.png", "IHDR: CRC error"},
    {"crc-pixels.png", "IDAT: CRC error"},
    {"zlib-damaged.png", "IDAT: "},
    {"zlib-short.png", "Not enough image data"},
    {"not-zlib.png", "IDAT: "},
    {"filter-9.png", "bad adaptive filter value"},
    {"no-pixels.png", "IEND: out of place"},
    {"no-palette.png", "IDAT: Missing PLTE"},
    {"depth-3.png", "Invalid IHDR data"},
    {"colour-5.png", "Invalid IHDR data"},
    {"interlace-2.png", "Invalid IHDR data"},
    {"width-0.png", "header is damaged"},
    {"negative.png", "2147483653x11 pixels"},
    {"wide.png", "16385x1 pixels"},
    {"huge.png", "16384x16384 pixels"},
    {"too-short.png", "too short for its number of pixels"},
    {"chunk-length.png", "'"},
    {"unknown-critical.png", "ABCD: unhandled critical chunk"},
    {"jpeg.png", "it is a JPEG picture, expected a PNG picture"},
    {"webp.png", "it is a WebP picture"},
    {"gif.png", "it is a GIF picture"},
    {"bmp.png", "it is a BMP picture"},
    {"tiff.png", "it is a TIFF picture"},
    {"page.png", "it is a web page"},
    {"lfs.png", "it is a Git LFS pointer"},
    {"as-text.png", "damaged by a transfer as text"},
    {"random.png", "not a picture that is known"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = lt_format("%s/image/bad/%s", LT_TEST_DATA, cases[i].file);
        lt_image *image = NULL;
        lt_png_texts texts = {0};
        CHECK_FAILS(lt_png_read(path, &image, &texts, err), LT_ERR_FORMAT, cases[i].part);
        CHECK_FAILS(lt_png_read(path, &image, &texts, err), LT_ERR_FORMAT, cases[i].file);
        assert_null(image);
        assert_int_equal(texts.count, 0);
        free(path);
    }
}

static void test_hint(void **state)
{
    (void)state;
    lt_image *image;
    lt_error err = {0};
    assert_false(lt_png_read(FIXTURE("bad/jpeg.png"), &image, NULL, &err));
    assert_string_equal(err.hint, "convert it first: magick FILE picture.png");
}

/* Every prefix of a file is refused. */
static void test_prefixes(void **state)
{
    (void)state;
    lt_buf file = {0};
    lt_image *image;
    CHECK_OK(lt_file_read(FIXTURE("good/palette4-adam7.png"), 10000, &file, err));
    for (size_t n = 0; n < file.len; n++) {
        char *copy = lt_strndup(file.data, n); /* exact size: reading beyond it is seen */
        CHECK_FAILS(lt_png_decode(copy, n, &image, NULL, err), LT_ERR_FORMAT, "");
        free(copy);
    }
    lt_buf_done(&file);
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static uint32_t crc(const unsigned char *p, size_t n)
{
    uint32_t c = 0xFFFFFFFF;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++)
            c = c >> 1 ^ (c & 1 ? 0xEDB88320 : 0);
    }
    return ~c;
}

/* Makes the checksums right again, so that mutations reach the decoder behind them. */
static void repair(unsigned char *p, size_t n)
{
    for (size_t at = 8; at + 12 <= n;) {
        size_t length =
            (size_t)p[at] << 24 | (size_t)p[at + 1] << 16 | (size_t)p[at + 2] << 8 | p[at + 3];
        if (length > n - at - 12)
            return;
        uint32_t c = crc(p + at + 4, length + 4);
        for (int k = 0; k < 4; k++)
            p[at + 8 + length + k] = (unsigned char)(c >> (24 - 8 * k));
        at += length + 12;
    }
}

static void mutate(unsigned char *p, size_t n, uint32_t *seed)
{
    for (uint32_t k = next(seed) % 4 + 1; k; k--) {
        size_t at = next(seed) % n;
        switch (next(seed) % 4) {
        case 0:
            p[at] = (unsigned char)next(seed);
            break;
        case 1:
            p[at] ^= (unsigned char)(1u << next(seed) % 8);
            break;
        case 2:
            p[at] = next(seed) % 2 ? 0xFF : 0;
            break;
        default: /* up to 16 bytes from elsewhere */
            memmove(p + at, p + next(seed) % (at + 1), n - at < 16 ? n - at : 16);
        }
    }
}

/* 3000 damaged files, half with right checksums: a picture or LT_ERR_FORMAT, nothing else. */
static void test_mutations(void **state)
{
    (void)state;
    static const char *const seeds[] = {"good/grey1-adam7.png",  "good/palette8.png",
                                        "good/trns-palette.png", "good/rgb-alpha16-adam7.png",
                                        "text-pillow.png",       "text-odd.png"};
    enum { SEEDS = sizeof seeds / sizeof *seeds };
    lt_buf file[SEEDS] = {{0}};
    uint32_t seed = 42;
    int read = 0, refused = 0;
    for (int i = 0; i < SEEDS; i++) {
        char *path = lt_format("%s/image/%s", LT_TEST_DATA, seeds[i]);
        CHECK_OK(lt_file_read(path, 10000, &file[i], err));
        free(path);
    }
    for (int i = 0; i < 3000; i++) {
        size_t n = file[i % SEEDS].len;
        unsigned char *copy = (unsigned char *)lt_strndup(file[i % SEEDS].data, n);
        lt_image *image = NULL;
        lt_png_texts texts = {0};
        lt_error err = {0};
        mutate(copy, n, &seed);
        if (i / SEEDS % 2)
            repair(copy, n);
        if (lt_png_decode(copy, n, &image, &texts, &err)) {
            read++;
            assert_true(lt_image_size_ok(image->width, image->height));
            lt_image_unref(image);
        } else {
            refused++;
            assert_null(image);
            assert_int_equal(err.code, LT_ERR_FORMAT);
            assert_true(*err.message);
            assert_int_equal(texts.count, 0);
        }
        lt_png_texts_done(&texts);
        free(copy);
    }
    assert_true(read > 300 && refused > 1000); /* measured 334 and 2666 */
    for (int i = 0; i < SEEDS; i++)
        lt_buf_done(&file[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hint),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
