/* test_resize.c - resizing against Pillow's own results, byte for byte. */
#include "support/check.h"

#include <inttypes.h>

#include "fixture.h"
#include "image/png.h"
#include "image/resize.h"

static const char *const names[] = {[LT_NEAREST] = "NEAREST",
                                    [LT_BOX] = "BOX",
                                    [LT_BILINEAR] = "BILINEAR",
                                    [LT_LANCZOS] = "LANCZOS"};

static void test_pillow(void **state)
{
    (void)state;
    FILE *list = fopen(FIXTURE("resize.txt"), "r");
    lt_image *image, *out;
    char name[16];
    int width, height, n = 0;
    uint64_t hash;
    assert_non_null(list);
    CHECK_OK(lt_png_read(FIXTURE("good/filters.png"), &image, NULL, err));
    for (; fscanf(list, "%15s %d %d %" SCNx64, name, &width, &height, &hash) == 4; n++) {
        int filter = 0;
        while (strcmp(names[filter], name) != 0)
            filter++;
        CHECK_OK(lt_image_resize(image, width, height, (lt_filter)filter, &out, err));
        assert_int_equal(out->width, width);
        assert_int_equal(out->height, height);
        if (image_hash(out) != hash)
            fail_msg("%s to %dx%d differs from Pillow", name, width, height);
        lt_image_unref(out);
    }
    assert_int_equal(n, 32);
    lt_image_unref(image);
    fclose(list);
}

static void test_flat(void **state)
{
    (void)state;
    lt_image *image, *out;
    CHECK_OK(lt_image_new(13, 17, &image, err));
    lt_image_fill(image, (lt_rect){0, 0, 13, 17}, (lt_rgb){1, 128, 255});
    for (int filter = LT_NEAREST; filter <= LT_LANCZOS; filter++) {
        CHECK_OK(lt_image_resize(image, 29, 5, (lt_filter)filter, &out, err));
        for (int i = 0; i < 29 * 5; i++) {
            assert_int_equal(out->rgb[i * 3], 1);
            assert_int_equal(out->rgb[i * 3 + 1], 128);
            assert_int_equal(out->rgb[i * 3 + 2], 255);
        }
        lt_image_unref(out);
    }
    lt_image_unref(image);
}

static void test_long_sides(void **state)
{
    (void)state;
    lt_image *image = make_image(16384, 1), *out;
    for (int filter = LT_NEAREST; filter <= LT_LANCZOS; filter++) {
        CHECK_OK(lt_image_resize(image, 1, 16384, (lt_filter)filter, &out, err));
        assert_memory_equal(out->rgb, out->rgb + 3 * 16383, 3);
        lt_image_unref(out);
    }
    lt_image_unref(image);
}

static void test_refused(void **state)
{
    (void)state;
    lt_image *image = make_image(4, 4), *out;
    CHECK_FAILS(lt_image_resize(image, 0, 4, LT_BOX, &out, err), LT_ERR_ARGUMENT, "0x4");
    CHECK_FAILS(lt_image_resize(image, 4, -4, LT_NEAREST, &out, err), LT_ERR_ARGUMENT, "4x-4");
    CHECK_FAILS(lt_image_resize(image, 16384, 16384, LT_LANCZOS, &out, err), LT_ERR_ARGUMENT,
                "16384");
    lt_image_unref(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pillow),
        cmocka_unit_test(test_flat),
        cmocka_unit_test(test_long_sides),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
