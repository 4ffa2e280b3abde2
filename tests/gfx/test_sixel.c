/* test_sixel.c - palettes and sixels, read back by libsixel's decoder. */
#include "gfx/sixel.h"

#include <math.h>
#include <sixel.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

static unsigned seed = 3;

static int random_below(int n)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)((seed >> 8) % (unsigned)n);
}

typedef struct decoded {
    unsigned char *pixels, *palette;
    int width, height, colours;
} decoded;

static decoded decode(const lt_buf *six)
{
    decoded d;
    SIXELSTATUS status = sixel_decode_raw((unsigned char *)six->data, (int)six->len, &d.pixels,
                                          &d.width, &d.height, &d.palette, &d.colours, NULL);
    assert_true(SIXEL_SUCCEEDED(status));
    return d;
}

static void done(decoded *d)
{
    free(d->pixels);
    free(d->palette);
}

/* A channel as sixel tells it, in whole percent. */
static int through_percent(int v)
{
    int percent = (v * 100 + 127) / 255;
    return (percent * 255 + 50) / 100;
}

static lt_image *picture(int width, int height, int kind)
{
    lt_image *image;
    CHECK_OK(lt_image_new(width, height, &image, err));
    unsigned char *p = image->rgb;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                *p++ = (unsigned char)(kind == 0   ? random_below(256)
                                       : kind == 1 ? (x * (c + 1) + y * 2) * 255 /
                                                         (width * (c + 1) + height * 2)
                                                   : 200 - 60 * c);
    return image;
}

static void check_frame(const lt_buf *six, int width, int height)
{
    char start[64];
    snprintf(start, sizeof start, "\033P0;0;0q\"1;1;%d;%d", width, height);
    if (strncmp(six->data, start, strlen(start)) != 0)
        fail_msg("starts with '%.30s', expected '%s'", six->data + 1, start + 1);
    assert_string_equal(six->data + six->len - 2, "\033\\");
    assert_true(six->data[six->len - 3] != '-'); /* no line feed below the picture */
    for (size_t i = 1; i + 2 < six->len; i++)
        assert_true(six->data[i] >= 0x20 && six->data[i] < 0x7F);
}

/* Every pixel has the colour of its index; the rows below repeat the last. */
static void check_pixels(const lt_buf *six, const lt_indexed *p)
{
    int width = p->full_width ? p->full_width : p->width * p->times;
    int full = p->full_height ? p->full_height : p->height * p->times;
    int height = (full + 5) / 6 * 6;
    check_frame(six, width, height);
    decoded d = decode(six);
    assert_int_equal(d.width, width);
    assert_int_equal(d.height, height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int row = (y < full ? y : full - 1) / p->times;
            int index = p->indices[row * p->width + x / p->times];
            const unsigned char *found = d.palette + d.pixels[y * width + x] * 3;
            for (int c = 0; c < 3; c++)
                if (abs(found[c] - through_percent(p->palette->rgb[index][c])) > 1)
                    fail_msg("%dx%d at %d,%d: channel %d is %d, expected %d", width, height, x, y,
                             c, found[c], p->palette->rgb[index][c]);
        }
    done(&d);
}

static void test_round_trip(void **state)
{
    (void)state;
    static const int registers[] = {256, 100, 16};
    for (int round = 0; round < 300; round++) {
        int width = 1 + random_below(round % 10 ? 60 : 300);
        int height = 1 + random_below(round % 10 ? 60 : 300);
        lt_image *image = picture(width, height, round % 3);
        lt_paletter *p = lt_paletter_new(registers[round / 3 % 3]);
        unsigned char *indices = malloc((size_t)width * (size_t)height);
        lt_palette palette;
        lt_buf six = {0};
        (round % 2 ? lt_palette_fixed : lt_palette_adaptive)(p, image, indices, &palette);
        int times = 1 + random_below(4);
        lt_indexed picture = {indices, width, height, times, 0, 0, &palette};
        if (round % 4 == 1) {
            picture.full_width = width * times - random_below(times);
            picture.full_height = height * times - random_below(times);
        }
        CHECK_OK(lt_sixel_encode(&picture, &six, err));
        check_pixels(&six, &picture);
        lt_buf_done(&six);
        free(indices);
        lt_paletter_free(p);
        lt_image_unref(image);
    }
}

/* A palette of one colour, all of 256, and one where only the last is used. */
static void test_palettes(void **state)
{
    (void)state;
    lt_palette palette = {.count = 256};
    unsigned char indices[256];
    for (int i = 0; i < 256; i++) {
        indices[i] = (unsigned char)i;
        for (int c = 0; c < 3; c++)
            palette.rgb[i][c] = (unsigned char)(i * (c + 3));
    }
    for (int round = 0; round < 3; round++) {
        lt_buf six = {0};
        if (round == 1)
            memset(indices, 255, sizeof indices);
        if (round == 2) {
            memset(indices, 0, sizeof indices);
            palette.count = 1;
        }
        lt_indexed picture = {indices, 16, 16, 1, 0, 0, &palette};
        CHECK_OK(lt_sixel_encode(&picture, &six, err));
        check_pixels(&six, &picture);
        lt_buf_done(&six);
    }
}

static double psnr(const lt_image *image, const unsigned char *indices, const lt_palette *palette)
{
    double sum = 0;
    int n = image->width * image->height;
    for (int i = 0; i < n; i++)
        for (int c = 0; c < 3; c++) {
            double d = image->rgb[i * 3 + c] - palette->rgb[indices[i]][c];
            sum += d * d;
        }
    return 10 * log10(255.0 * 255.0 * 3 * n / (sum > 0 ? sum : 1));
}

static void test_adaptive(void **state)
{
    (void)state;
    enum { SIDE = 128 };
    static unsigned char indices[SIDE * SIDE], again[SIDE * SIDE];
    lt_palette palette, second;
    lt_image *image = picture(SIDE, SIDE, 1);
    lt_paletter *p = lt_paletter_new(256);
    lt_palette_adaptive(p, image, indices, &palette);
    assert_true(palette.count > 200 && palette.count <= 256);
    assert_true(psnr(image, indices, &palette) > 36); /* 38.2 was measured */
    lt_palette_fixed(p, image, again, &second);
    assert_true(psnr(image, again, &second) > 18); /* 21.5 */
    lt_palette_adaptive(p, image, again, &second); /* deterministic */
    assert_memory_equal(indices, again, sizeof indices);
    assert_int_equal(palette.count, second.count);
    assert_memory_equal(palette.rgb, second.rgb, (size_t)palette.count * 3);
    lt_paletter_free(p);
    lt_image_unref(image);
}

/* White is white and few colours are exact: nothing is rounded to 5 bits. */
static void test_few_colours(void **state)
{
    (void)state;
    static const unsigned char colours[4][3] = {
        {255, 255, 255}, {0, 0, 0}, {130, 7, 61}, {9, 200, 77}};
    static unsigned char indices[64 * 64];
    lt_palette palette;
    lt_image *image = picture(64, 64, 2);
    lt_paletter *p = lt_paletter_new(256);
    for (int i = 0; i < 64 * 64; i++)
        memcpy(image->rgb + (size_t)i * 3, colours[i / 16 % 4], 3);
    lt_palette_adaptive(p, image, indices, &palette);
    assert_int_equal(palette.count, 4);
    for (int i = 0; i < 64 * 64; i++)
        assert_memory_equal(palette.rgb[indices[i]], colours[i / 16 % 4], 3);
    lt_paletter_free(p);
    lt_image_unref(image);
}

/* The mean over the pattern is the colour: no shift to dark or light. */
static void test_fixed_mean(void **state)
{
    (void)state;
    static const int registers[] = {256, 60, 16};
    static unsigned char indices[64 * 64];
    lt_image *image = picture(64, 64, 2);
    for (int round = 0; round < 30; round++) {
        unsigned char want[3] = {(unsigned char)random_below(256), (unsigned char)random_below(256),
                                 (unsigned char)random_below(256)};
        lt_palette palette;
        lt_paletter *p = lt_paletter_new(registers[round % 3]);
        for (int i = 0; i < 64 * 64; i++)
            memcpy(image->rgb + (size_t)i * 3, want, 3);
        lt_palette_fixed(p, image, indices, &palette);
        assert_int_equal(palette.count, lt_palette_fixed_count(registers[round % 3]));
        for (int c = 0; c < 3; c++) {
            double mean = 0;
            for (int i = 0; i < 64 * 64; i++)
                mean += palette.rgb[indices[i]][c] / 4096.0;
            assert_true(fabs(mean - want[c]) < 2.5); /* half of a 64th of 255, and rounding */
        }
        lt_paletter_free(p);
    }
    lt_image_unref(image);
}

/* The same pixels at the same place: the same indices, whatever is around them. */
static void test_stable(void **state)
{
    (void)state;
    static unsigned char before[48 * 48], after[48 * 48];
    lt_palette palette;
    lt_image *image = picture(48, 48, 1);
    lt_paletter *p = lt_paletter_new(256);
    lt_palette_fixed(p, image, before, &palette);
    for (int i = 0; i < 48 * 10 * 3; i++)
        image->rgb[i] = (unsigned char)random_below(256);
    lt_palette_fixed(p, image, after, &palette);
    assert_memory_equal(before + 480, after + 480, 48 * 38);
    assert_memory_not_equal(before, after, 480);
    lt_paletter_free(p);
    lt_image_unref(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_palettes),
        cmocka_unit_test(test_adaptive),   cmocka_unit_test(test_few_colours),
        cmocka_unit_test(test_fixed_mean), cmocka_unit_test(test_stable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
