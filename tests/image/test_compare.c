/* test_compare.c - distances between pictures. */
#include "support/check.h"

#include <math.h>

#include "fixture.h"
#include "image/compare.h"

static void check_text(const lt_image_distance *d, const char *want)
{
    char text[LT_IMAGE_PSNR_TEXT];
    lt_image_psnr_text(d, text);
    assert_string_equal(text, want);
}

static void test_equal(void **state)
{
    (void)state;
    lt_image *a = make_image(9, 4);
    lt_image_distance d;
    CHECK_OK(lt_image_compare(a, a, &d, err));
    assert_true(d.mae == 0.0 && d.mse == 0.0 && d.max == 0);
    assert_true(isinf(d.psnr) && d.psnr > 0);
    check_text(&d, "inf");
    lt_image_unref(a);
}

static void test_numbers(void **state)
{
    (void)state;
    lt_image *a, *b;
    lt_image_distance d;
    CHECK_OK(lt_image_new(5, 2, &a, err));
    CHECK_OK(lt_image_new(5, 2, &b, err));
    a->rgb[0] = 10; /* differences 10, -20 and 30 of 30 values */
    b->rgb[7] = 20;
    a->rgb[29] = 30;
    CHECK_OK(lt_image_compare(a, b, &d, err));
    assert_true(d.mae == 2.0);
    assert_true(fabs(d.mse - 1400.0 / 30.0) < 1e-12); /* measured error 0 */
    assert_true(fabs(d.psnr - 31.44073579909335) <
                1e-9); /* 10 log10(255^2 / mse); measured error 0 */
    check_text(&d, "31.44 dB");
    assert_int_equal(d.max, 30);
    memset(a->rgb, 0, 30);
    memset(b->rgb, 255, 30);
    CHECK_OK(lt_image_compare(a, b, &d, err));
    assert_true(d.mse == 65025.0 && d.psnr == 0.0 && d.max == 255);
    check_text(&d, "0.00 dB");
    lt_image_unref(a);
    lt_image_unref(b);
}

static void test_difference(void **state)
{
    (void)state;
    const unsigned char x[] = {0, 10, 200, 255, 100, 50}, y[] = {5, 0, 168, 0, 100, 82};
    const unsigned char want[] = {40, 80, 255, 255, 0, 255};
    lt_image *a, *b, *out;
    CHECK_OK(lt_image_new(2, 1, &a, err));
    CHECK_OK(lt_image_new(2, 1, &b, err));
    memcpy(a->rgb, x, 6);
    memcpy(b->rgb, y, 6);
    CHECK_OK(lt_image_difference(a, b, 8, &out, err));
    assert_memory_equal(out->rgb, want, 6);
    lt_image_unref(out);
    CHECK_FAILS(lt_image_difference(a, b, 0, &out, err), LT_ERR_ARGUMENT, "gain of 0");
    CHECK_FAILS(lt_image_difference(a, b, 256, &out, err), LT_ERR_ARGUMENT, "gain of 256");
    lt_image_unref(a);
    lt_image_unref(b);
}

static void test_sizes(void **state)
{
    (void)state;
    lt_image *a = make_image(3, 2), *b = make_image(2, 3), *out;
    lt_image_distance d;
    CHECK_FAILS(lt_image_compare(a, b, &d, err), LT_ERR_ARGUMENT, "3x2 and 2x3");
    CHECK_FAILS(lt_image_difference(a, b, 1, &out, err), LT_ERR_ARGUMENT, "3x2 and 2x3");
    lt_image_unref(a);
    lt_image_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_difference),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
