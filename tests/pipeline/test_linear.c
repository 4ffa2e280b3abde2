/* The linear preview against a map that is linear, and one that is nearly so. */
#include "pipeline/linear.h"

#include <stdlib.h>

#include "base/mem.h"
#include "support/check.h"

enum { C = 4, H = 6, W = 5, SIDE = 8 };

static double next(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return (double)(*seed >> 16 & 0x7fff) / 0x7fff;
}

/* Colour of a position: 128 plus a sum of its channels. */
static int colour(const float *latents, size_t at, int c)
{
    static const float weight[3][C] = {{30, -20, 5, 0}, {10, 25, -15, 5}, {-5, 10, 20, 30}};
    float sum = 128;
    for (int k = 0; k < C; k++)
        sum += weight[c][k] * latents[(size_t)k * H * W + at];
    return (int)(sum + 0.5f);
}

static void draw(unsigned *seed, float *latents, lt_image **picture)
{
    CHECK_OK(lt_image_new(W * SIDE, H * SIDE, picture, err));
    for (int i = 0; i < C * H * W; i++)
        latents[i] = (float)(2 * next(seed) - 1);
    for (int y = 0; y < H * SIDE; y++)
        for (int x = 0; x < W * SIDE; x++)
            for (int c = 0; c < 3; c++)
                (*picture)->rgb[3 * (y * W * SIDE + x) + c] =
                    (unsigned char)colour(latents, (size_t)(y / SIDE * W + x / SIDE), c);
}

static void test_learns(void **state)
{
    (void)state;
    lt_linear_map map = {0};
    lt_image *picture, *out;
    float latents[C * H * W] = {0};
    unsigned seed = 1;
    assert_false(lt_linear_picture(&map, latents, C, H, W, &out));
    for (int i = 0; i < 5; i++) {
        draw(&seed, latents, &picture);
        lt_linear_learn(&map, latents, C, H, W, picture);
        lt_image_unref(picture);
    }
    draw(&seed, latents, &picture);
    assert_true(lt_linear_picture(&map, latents, C, H, W, &out));
    assert_int_equal(out->width, W);
    assert_int_equal(out->height, H);
    for (size_t p = 0; p < H * W; p++) /* the little on the diagonal pulls by 0.3 % */
        for (int c = 0; c < 3; c++)
            assert_in_range(out->rgb[3 * p + (size_t)c] + 2, colour(latents, p, c),
                            colour(latents, p, c) + 4);
    lt_image_unref(out);
    lt_image_unref(picture);
}

/* What cannot be is left alone: other sizes, other channels. */
static void test_other_shapes(void **state)
{
    (void)state;
    lt_linear_map map = {0};
    lt_image *picture, *out;
    float latents[C * H * W] = {0};
    unsigned seed = 2;
    draw(&seed, latents, &picture);
    lt_linear_learn(&map, latents, C, H, W + 1, picture);
    lt_linear_learn(&map, latents, LT_LINEAR_CHANNELS + 1, H, W, picture);
    assert_int_equal(map.channels, 0);
    lt_linear_learn(&map, latents, C, H, W, picture);
    assert_false(lt_linear_picture(&map, latents, C - 1, H, W, &out));
    lt_linear_learn(&map, latents, C - 1, H, W, picture);
    assert_int_equal(map.channels, C - 1);
    assert_true(map.samples == H * W);
    lt_image_unref(picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_learns),
                                       cmocka_unit_test(test_other_shapes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
