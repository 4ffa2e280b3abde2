/* test_font.c - captions. */
#include "support/check.h"

#include <limits.h>

#include "fixture.h"
#include "image/font.h"

static const lt_rgb white = {255, 255, 255};

/* The picture as rows of '#' and '.'. */
static const char *show(const lt_image *image, char *to)
{
    char *p = to;
    for (int y = 0; y < image->height; y++, *p++ = '\n')
        for (int x = 0; x < image->width; x++)
            *p++ = image->rgb[3 * (y * image->width + x)] ? '#' : '.';
    *p = '\0';
    return to;
}

static void test_golden(void **state)
{
    (void)state;
    char text[1000];
    lt_image *image;
    CHECK_OK(lt_image_new(24, 10, &image, err));
    lt_font_draw(image, 0, 0, "A g\xC3\xA9", 1, white);
    assert_string_equal(show(image, text), "........................\n"
                                           "..#................###..\n"
                                           ".#.#..............#...#.\n"
                                           "#...#........####....#..\n"
                                           "#...#.......#...#...#...\n"
                                           "#####.......#...#...#...\n"
                                           "#...#........####.......\n"
                                           "#...#...........#...#...\n"
                                           "............#...#.......\n"
                                           ".............###........\n");
    lt_image_unref(image);
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(lt_font_width("", 1), 0);
    assert_int_equal(lt_font_width("t=250", 2), 60);
    assert_int_equal(lt_font_width("\xE7\x8C\xAB!", 1), 12); /* one character and '!' */
    assert_int_equal(lt_font_width("a\x01", 0), 12);         /* scale is clamped */
    assert_int_equal(lt_font_width("a", INT_MAX), 6 * 64);
}

static void test_scale(void **state)
{
    (void)state;
    lt_image *small, *large;
    CHECK_OK(lt_image_new(12, 10, &small, err));
    CHECK_OK(lt_image_new(36, 30, &large, err));
    lt_font_draw(small, 0, 0, "x8", 1, white);
    lt_font_draw(large, 0, 0, "x8", 3, white);
    for (int i = 0; i < 36 * 30; i++)
        assert_int_equal(large->rgb[i * 3], small->rgb[3 * (i / 36 / 3 * 12 + i % 36 / 3)]);
    lt_image_unref(small);
    lt_image_unref(large);
}

static void test_outside(void **state)
{
    (void)state;
    const int places[] = {INT_MIN, -400, 400, INT_MAX};
    lt_image *image;
    CHECK_OK(lt_image_new(8, 8, &image, err));
    for (int i = 0; i < 4; i++) {
        lt_font_draw(image, places[i], 0, "WWW", 5, white);
        lt_font_draw(image, 0, places[i], "WWW", 5, white);
    }
    for (int i = 0; i < 8 * 8 * 3; i++)
        assert_int_equal(image->rgb[i], 0);
    lt_font_draw(image, -2, -1, "W", 1, white); /* partly inside */
    assert_int_equal(image->rgb[3 * (8 * 0 + 2)], 255);
    lt_image_unref(image);
}

static void test_caption(void **state)
{
    (void)state;
    const lt_caption style = {1, white, {0, 0, 0}};
    char text[2000];
    lt_image *image = make_image(30, 4), *out, *want;
    CHECK_OK(lt_font_caption(image, "abc", &style, &out, err));
    assert_int_equal(out->width, 30);
    assert_int_equal(out->height, 4 + 14);
    assert_memory_equal(out->rgb, image->rgb, lt_image_bytes(image));
    CHECK_OK(lt_image_new(30, 14, &want, err));
    lt_font_draw(want, 6, 2, "abc", 1, white);
    show(want, text);
    assert_memory_equal(out->rgb + 4 * 90, want->rgb, lt_image_bytes(want));
    lt_image_unref(out);
    lt_image_unref(want);
    CHECK_OK(lt_font_caption(image, "t=\xC3\xA9x difference", &style, &out, err));
    CHECK_OK(lt_image_new(30, 14, &want, err));
    lt_font_draw(want, 0, 2, "t=?..", 1, white); /* cut to five characters */
    assert_memory_equal(out->rgb + 4 * 90, want->rgb, lt_image_bytes(want));
    lt_image_unref(out);
    lt_image_unref(want);
    lt_image_unref(image);
    image = make_image(256, 3);
    lt_caption usual = lt_caption_for(image);
    assert_int_equal(usual.scale, 2);
    CHECK_OK(lt_font_caption(image, "abc", &usual, &want, err));
    CHECK_OK(lt_font_caption(image, "abc", NULL, &out, err));
    assert_int_equal(out->height, 3 + 28);
    assert_memory_equal(out->rgb, want->rgb, lt_image_bytes(want));
    lt_image_unref(out);
    lt_image_unref(want);
    lt_image_unref(image);
    CHECK_OK(lt_image_new(1, 16384, &image, err));
    CHECK_FAILS(lt_font_caption(image, "a", &style, &out, err), LT_ERR_ARGUMENT, "1x16398");
    lt_image_unref(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),  cmocka_unit_test(test_width),
        cmocka_unit_test(test_scale),   cmocka_unit_test(test_outside),
        cmocka_unit_test(test_caption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
