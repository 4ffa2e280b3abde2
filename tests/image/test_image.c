/* test_image.c - pictures in memory and their floats. */
#include "support/check.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "fixture.h"

static const lt_rgb red = {255, 0, 0}, blue = {0, 0, 255};

static int at(const lt_image *image, int x, int y)
{
    const unsigned char *p = image->rgb + 3 * (y * image->width + x);
    return p[0] << 16 | p[1] << 8 | p[2];
}

static void test_sizes(void **state)
{
    (void)state;
    lt_image *image;
    CHECK_FAILS(lt_image_new(0, 5, &image, err), LT_ERR_ARGUMENT, "0x5");
    CHECK_FAILS(lt_image_new(5, -1, &image, err), LT_ERR_ARGUMENT, "5x-1");
    CHECK_FAILS(lt_image_new(16385, 1, &image, err), LT_ERR_ARGUMENT, "16385x1");
    CHECK_FAILS(lt_image_new(16384, 4097, &image, err), LT_ERR_ARGUMENT, "67108864");
    CHECK_FAILS(lt_image_new(INT_MAX, INT_MAX, &image, err), LT_ERR_ARGUMENT, "pixels");
    assert_true(lt_image_size_ok(16384, 4096));
    CHECK_OK(lt_image_new(3, 2, &image, err));
    assert_int_equal(lt_image_bytes(image), 18);
    assert_int_equal(at(image, 2, 1), 0);
    assert_ptr_equal(lt_image_ref(image), image);
    lt_image_unref(image);
    assert_int_equal(image->width, 3); /* still alive; the sanitizer sees the second one free it */
    lt_image_unref(image);
    lt_image_unref(NULL);
}

static void check_rect(lt_rect got, int x, int y, int w, int h)
{
    assert_int_equal(got.x, x);
    assert_int_equal(got.y, y);
    assert_int_equal(got.width, w);
    assert_int_equal(got.height, h);
}

static void test_centre(void **state)
{
    (void)state;
    check_rect(lt_rect_centre(640, 480, 1, 1), 80, 0, 480, 480);
    check_rect(lt_rect_centre(480, 640, 512, 512), 0, 80, 480, 480);
    check_rect(lt_rect_centre(101, 100, 1, 1), 0, 0, 100, 100);
    check_rect(lt_rect_centre(100, 100, 3, 2), 0, 17, 100, 66);
    check_rect(lt_rect_centre(16384, 1, 1, 16384), 8191, 0, 1, 1);
    check_rect(lt_rect_centre(7, 5, INT_MAX, INT_MAX), 1, 0, 5, 5);
}

static void test_crop(void **state)
{
    (void)state;
    lt_image *image = make_image(7, 5), *part;
    CHECK_OK(lt_image_crop(image, (lt_rect){2, 1, 5, 4}, &part, err));
    assert_int_equal(part->width, 5);
    assert_int_equal(part->height, 4);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 5; x++)
            assert_int_equal(at(part, x, y), at(image, x + 2, y + 1));
    lt_image_unref(part);
    CHECK_FAILS(lt_image_crop(image, (lt_rect){3, 1, 5, 4}, &part, err), LT_ERR_ARGUMENT, "5x4");
    CHECK_FAILS(lt_image_crop(image, (lt_rect){-1, 0, 1, 1}, &part, err), LT_ERR_ARGUMENT,
                "(-1,0)");
    CHECK_FAILS(lt_image_crop(image, (lt_rect){0, 0, 0, 1}, &part, err), LT_ERR_ARGUMENT, "0x1");
    CHECK_FAILS(lt_image_crop(image, (lt_rect){INT_MAX, INT_MAX, INT_MAX, INT_MAX}, &part, err),
                LT_ERR_ARGUMENT, "cut");
    lt_image_unref(image);
}

static void test_place(void **state)
{
    (void)state;
    const int far[] = {INT_MIN, -3, 4, INT_MAX};
    lt_image *to, *from = make_image(3, 3);
    CHECK_OK(lt_image_new(4, 4, &to, err));
    for (int i = 0; i < 4; i++) {
        lt_image_place(to, from, far[i], 1);
        lt_image_place(to, from, 1, far[i]);
        lt_image_fill(to, (lt_rect){far[i], far[i], 3, 3}, red);
    }
    lt_image_fill(to, (lt_rect){1, 1, -1, INT_MIN}, red);
    for (int i = 0; i < 16; i++)
        assert_int_equal(at(to, i % 4, i / 4), 0);
    lt_image_place(to, from, -1, 2);
    assert_int_equal(at(to, 0, 2), at(from, 1, 0));
    assert_int_equal(at(to, 1, 3), at(from, 2, 1));
    assert_int_equal(at(to, 2, 2), 0);
    lt_image_fill(to, (lt_rect){3, -5, 100, INT_MAX}, blue);
    assert_int_equal(at(to, 3, 0), 0x0000FF);
    assert_int_equal(at(to, 3, 3), 0x0000FF);
    lt_image_unref(to);
    lt_image_unref(from);
}

static void test_grid(void **state)
{
    (void)state;
    lt_image *a = make_image(3, 2), *b = make_image(2, 4), *out;
    const lt_image *cells[] = {a, b, NULL, a};
    lt_grid layout = {.columns = 2, .gap = 1, .background = red};
    CHECK_OK(lt_image_grid(cells, 4, &layout, &out, err));
    assert_int_equal(out->width, 3 + 1 + 3);
    assert_int_equal(out->height, 4 + 1 + 2);
    assert_int_equal(at(out, 2, 1), at(a, 2, 1));
    assert_int_equal(at(out, 0, 2), 0xFF0000);
    assert_int_equal(at(out, 3, 0), 0xFF0000);
    assert_int_equal(at(out, 5, 3), at(b, 1, 3));
    assert_int_equal(at(out, 6, 3), 0xFF0000);
    assert_int_equal(at(out, 1, 6), 0xFF0000);
    assert_int_equal(at(out, 4, 5), at(a, 0, 0));
    lt_image_unref(out);
    layout.columns = 100;
    CHECK_OK(lt_image_grid(cells, 4, &layout, &out, err)); /* one strip */
    assert_int_equal(out->width, 3 + 1 + 2 + 1 + 0 + 1 + 3);
    assert_int_equal(out->height, 4);
    lt_image_unref(out);
    CHECK_FAILS(lt_image_grid(cells + 2, 1, &layout, &out, err), LT_ERR_ARGUMENT, "0x0");
    CHECK_FAILS(lt_image_grid(cells, 0, &layout, &out, err), LT_ERR_ARGUMENT, "0 pictures");
    layout.gap = 1025;
    CHECK_FAILS(lt_image_grid(cells, 4, &layout, &out, err), LT_ERR_ARGUMENT, "1025");
    layout = (lt_grid){.columns = 0};
    CHECK_FAILS(lt_image_grid(cells, 4, &layout, &out, err), LT_ERR_ARGUMENT, "0 columns");
    const lt_image **many = calloc(9000, sizeof *many);
    for (int i = 0; i < 9000; i++)
        many[i] = a;
    layout = (lt_grid){.columns = 9000};
    CHECK_FAILS(lt_image_grid(many, 9000, &layout, &out, err), LT_ERR_ARGUMENT, "27000x2");
    free(many);
    lt_image_unref(a);
    lt_image_unref(b);
}

/* The golden formula over ordinary values, halves and the ends: equal byte for byte. */
static void test_from_float(void **state)
{
    (void)state;
    enum { N = 3 * 9 * 7 };
    lt_buf file = {0};
    float chw[N], hwc[N];
    lt_image *image;
    CHECK_OK(lt_file_read(FIXTURE("floats.bin"), 10000, &file, err));
    assert_int_equal(file.len, N * 5);
    memcpy(chw, file.data, sizeof chw);
    CHECK_OK(lt_image_from_chw(chw, 7, 9, &image, err));
    assert_memory_equal(image->rgb, file.data + sizeof chw, N);
    lt_image_unref(image);
    for (int i = 0; i < N; i++)
        hwc[i] = chw[i % 3 * 63 + i / 3];
    CHECK_OK(lt_image_from_hwc(hwc, 7, 9, &image, err));
    assert_memory_equal(image->rgb, file.data + sizeof chw, N);
    lt_image_unref(image);
    lt_buf_done(&file);
    CHECK_FAILS(lt_image_from_chw(chw, 0, 9, &image, err), LT_ERR_ARGUMENT, "0x9");
    CHECK_FAILS(lt_image_from_hwc(chw, 0, 9, &image, err), LT_ERR_ARGUMENT, "0x9");
}

static void test_half_even(void **state)
{
    (void)state;
    /* x = 0: 127.5 goes to the even 128; 1/255 steps around it; NaN is 0. */
    const float x[] = {0.0f,      -1.0f / 255, 1.0f / 255, NAN,    -NAN,    INFINITY,
                       -INFINITY, -2.0f,       2.0f,       1e-30f, -1e-30f, 0.99999f};
    const unsigned char want[] = {128, 127, 128, 0, 0, 255, 0, 0, 255, 128, 128, 255};
    lt_image *image;
    CHECK_OK(lt_image_from_hwc(x, 4, 1, &image, err));
    assert_memory_equal(image->rgb, want, sizeof want);
    lt_image_unref(image);
}

static void test_to_float(void **state)
{
    (void)state;
    lt_buf file = {0};
    float want[256], got[768];
    lt_image *image, *again;
    CHECK_OK(lt_file_read(FIXTURE("to_float.bin"), 10000, &file, err));
    assert_int_equal(file.len, sizeof want);
    memcpy(want, file.data, sizeof want);
    CHECK_OK(lt_image_new(16, 16, &image, err));
    for (int i = 0; i < 256; i++) {
        image->rgb[i * 3] = image->rgb[i * 3 + 1] = (unsigned char)i;
        image->rgb[i * 3 + 2] = (unsigned char)(255 - i);
    }
    lt_image_to_chw(image, got);
    assert_memory_equal(got, want, sizeof want);
    assert_memory_equal(got + 256, want, sizeof want);
    assert_memory_equal(&got[512], &want[255], sizeof *want);
    CHECK_OK(lt_image_from_chw(got, 16, 16, &again, err)); /* there and back is exact */
    assert_memory_equal(again->rgb, image->rgb, 768);
    lt_image_unref(again);
    lt_image_to_hwc(image, got);
    assert_memory_equal(&got[3 * 200 + 1], &want[200], sizeof *want);
    CHECK_OK(lt_image_from_hwc(got, 16, 16, &again, err));
    assert_memory_equal(again->rgb, image->rgb, 768);
    lt_image_unref(again);
    lt_image_unref(image);
    lt_buf_done(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),     cmocka_unit_test(test_centre),
        cmocka_unit_test(test_crop),      cmocka_unit_test(test_place),
        cmocka_unit_test(test_grid),      cmocka_unit_test(test_from_float),
        cmocka_unit_test(test_half_even), cmocka_unit_test(test_to_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
