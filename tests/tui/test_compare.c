/* What differs between two runs: steps, a bar, settings, and the sheet of pictures. */
#include "tui/compare.h"

#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "support/check.h"
#include "tui/cells.h"

enum { N = 16 };

/* A film of `done` steps whose latents are all `value(k)` in frame k, sigma undone. */
static lt_film *film(int steps, int done, float (*value)(int k))
{
    lt_film *f = lt_alloc(sizeof *f);
    lt_schedule_config config = lt_schedule_config_default();
    *f = (lt_film){.model = lt_strdup("demo"),
                   .backend = lt_strdup("ref"),
                   .images = 1,
                   .channels = 4,
                   .h = 2,
                   .w = 2,
                   .width = 16,
                   .height = 16,
                   .steps = steps,
                   .guidance_scale = 7.5,
                   .all = N,
                   .sampler = &lt_sampler_lms};
    lt_params_init(&f->params);
    lt_params_add_prompt(&f->params, "a red fox");
    f->params.seeds = lt_alloc(sizeof *f->params.seeds);
    f->params.seed_count = 1;
    f->noise = lt_alloc_array(N, sizeof *f->noise);
    f->at = lt_alloc_array((size_t)steps, sizeof *f->at);
    CHECK_OK(lt_schedule_init(&f->schedule, &config, steps, err));
    for (int k = 0; k <= done; k++) {
        float sigma = f->schedule.sigmas[k], *x = f->noise;
        if (k > 0) {
            lt_film_step step = {.block = lt_alloc_array(N, sizeof(float))};
            x = step.latents = step.block;
            lt_film_add(f, &step);
        }
        for (int i = 0; i < N; i++)
            x[i] = value(k) * sqrtf(sigma * sigma + 1);
    }
    return f;
}

static float flat(int k)
{
    (void)k;
    return 1;
}

/* As flat up to frame 3, and then further and further away. */
static float parting(int k)
{
    return k <= 3 ? 1 : 1 + 0.25f * (float)(k - 3);
}

static void test_steps(void **state)
{
    (void)state;
    lt_film *a = film(8, 8, flat), *b = film(8, 5, flat), *c = film(4, 4, flat);
    for (int k = 0; k <= 8; k++) {
        assert_int_equal(lt_compare_step(a, k, b), k < 5 ? k : 5);
        assert_int_equal(lt_compare_step(a, k, c), (k + 1) / 2);
    }
    for (int k = 0; k <= 4; k++)
        assert_int_equal(lt_compare_step(c, k, a), 2 * k);
    assert_int_equal(lt_compare_step(c, 4, b), 5);
    lt_film_free(a);
    lt_film_free(b);
    lt_film_free(c);
}

static void test_latents(void **state)
{
    (void)state;
    lt_film *a = film(8, 8, flat), *b = film(8, 8, parting);
    for (int k = 0; k <= 3; k++)
        assert_true(lt_compare_latents(a, k, b, k) == 0);
    for (int k = 4; k <= 8; k++)
        assert_true(fabs(lt_compare_latents(a, k, b, k) - 0.25 * (k - 3)) < 1e-6);
    assert_true(fabs(lt_compare_latents(a, 1, b, 8) - 1.25) < 1e-6); /* any frames */
    lt_film_free(a);
    lt_film_free(b);
}

/* Known as far as both are made; more comes with more steps; another film starts anew. */
static void test_growing(void **state)
{
    (void)state;
    lt_compare_steps s = {0};
    lt_film *a = film(8, 8, flat), *b = film(8, 8, parting), *half = film(8, 2, flat);
    lt_compare_steps_add(&s, half, b);
    assert_int_equal(s.count, 3);
    assert_int_equal(lt_compare_first(&s), 3); /* none */
    lt_compare_steps_add(&s, a, b);
    assert_int_equal(s.count, 9);
    assert_int_equal(lt_compare_first(&s), 4);
    lt_compare_steps_add(&s, b, half);
    assert_int_equal(s.count, 3);
    lt_film_step step = {.block = lt_alloc_array(N, sizeof(float))};
    step.latents = step.block;
    lt_film_add(half, &step);
    lt_compare_steps_add(&s, b, half);
    assert_int_equal(s.count, 4);
    assert_int_equal(lt_compare_first(&s), 3); /* zeros are not ones */
    half->w = 4;
    assert_false(lt_compare_fits(half, a));
    lt_compare_steps_add(&s, half, a);
    assert_int_equal(s.count, 0);
    lt_compare_steps_done(&s);
    lt_film_free(a);
    lt_film_free(b);
    lt_film_free(half);
}

static void bar_is(const lt_compare_steps *s, int steps, int cells, bool utf8, const char *want)
{
    char text[3 * 64 + 1];
    int used = lt_compare_bar(s, steps, cells, utf8, text, sizeof text);
    assert_string_equal(text, want);
    assert_int_equal(used, lt_cells_width(text, strlen(text)));
}

static void test_bar(void **state)
{
    (void)state;
    float rms[] = {0, 0, 0, 0.001f, 0.5f, 1, 2, 4};
    lt_compare_steps s = {.count = 8, .rms = rms};
    bar_is(&s, 9, 40, false, "...::-+@  ");
    bar_is(&s, 7, 40, true, "...\u2581\u2581\u2582\u2584\u2588");
    bar_is(&s, 7, 4, false, ".:-@"); /* the largest of two */
    bar_is(&(lt_compare_steps){.count = 0}, 3, 40, true, "    ");
    float none[3] = {0};
    bar_is(&(lt_compare_steps){.count = 3, .rms = none}, 2, 40, true, "...");
    assert_int_equal(lt_compare_cell(5, 9, 40), 5);
    assert_int_equal(lt_compare_cell(9, 9, 5), 4);
}

static void test_settings(void **state)
{
    (void)state;
    int differ;
    static lt_compare_setting s[LT_COMPARE_SETTINGS];
    lt_film *a = film(8, 1, flat), *b = film(8, 1, flat);
    int n = lt_compare_settings(a, b, s, &differ);
    assert_int_equal(differ, 0);
    assert_string_equal(s[0].label, "guidance-scale");
    assert_string_equal(s[1].label, "prompt");
    b->guidance_scale = 4;
    b->sampler = &lt_sampler_euler;
    char longer[400];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    a->params.negative_prompt = lt_strdup(longer);
    longer[sizeof longer - 2] = 'y'; /* behind what is shown */
    b->params.negative_prompt = lt_strdup(longer);
    assert_int_equal(lt_compare_settings(a, b, s, &differ), n);
    assert_int_equal(differ, 3);
    assert_string_equal(s[0].label, "guidance-scale");
    assert_true(strcmp(s[0].a, "7.5") == 0 && strcmp(s[0].b, "4") == 0 && !s[0].same);
    assert_string_equal(s[1].label, "avoid");
    assert_string_equal(s[2].label, "scheduler");
    assert_true(strcmp(s[2].a, "lms") == 0 && strcmp(s[2].b, "euler") == 0);
    for (int i = 0; i < n; i++) { /* each once */
        assert_int_equal(s[i].same, i >= 3);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(s[i].label, s[j].label);
    }
    lt_film_free(a);
    lt_film_free(b);
}

/* ---- sheets ---- */

static lt_image *picture(int width, int height, lt_rgb colour)
{
    lt_image *image;
    CHECK_OK(lt_image_new(width, height, &image, err));
    lt_image_fill(image, (lt_rect){0, 0, width, height}, colour);
    return image;
}

static bool is_colour(const lt_image *image, int x, int y, lt_rgb c)
{
    const unsigned char *p = image->rgb + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
    return p[0] == c.r && p[1] == c.g && p[2] == c.b;
}

static void test_sheet(void **state)
{
    (void)state;
    const lt_rgb red = {255, 0, 0}, blue = {0, 0, 255}, green = {0, 255, 0}, black = {0, 0, 0};
    lt_image *a = picture(64, 64, red), *b = picture(64, 64, blue), *c = picture(64, 64, green);
    lt_compare_panel p[3] = {{.image = a, .caption = "A"},
                             {.image = b, .caption = "B"},
                             {.image = c, .caption = "|A-B|"}};
    lt_image *sheet;
    CHECK_OK(lt_compare_sheet(p, 3, 780, 216, &sheet, err)); /* 3 times: 192, and captions */
    assert_true(sheet->width == 3 * 192 + 16 && sheet->height == 192 + 14);
    assert_true(is_colour(sheet, 0, 0, red) && is_colour(sheet, 191, 191, red));
    assert_true(is_colour(sheet, 192, 0, black) && is_colour(sheet, 199, 100, black));
    assert_true(is_colour(sheet, 200, 0, blue) && is_colour(sheet, 391, 191, blue));
    assert_true(is_colour(sheet, 400, 0, green) && is_colour(sheet, 591, 191, green));
    bool written = false;
    for (int y = 192; y < 206; y++)
        for (int x = 80; x < 110; x++)
            written |= !is_colour(sheet, x, y, black);
    assert_true(written);
    lt_image_unref(sheet);
    CHECK_OK(lt_compare_sheet(p, 2, 0, 0, &sheet, err)); /* as they are */
    assert_true(sheet->width == 2 * 64 + 8 && sheet->height == 64 + 14);
    lt_image_unref(sheet);
    p[0].caption = NULL;
    CHECK_OK(lt_compare_sheet(p, 1, 100, 100, &sheet, err)); /* 1.56 times */
    assert_true(sheet->width == 100 && sheet->height == 100 && is_colour(sheet, 99, 99, red));
    lt_image_unref(sheet);
    CHECK_OK(lt_compare_sheet(p, 1, 40, 30, &sheet, err)); /* smaller */
    assert_true(sheet->width == 30 && sheet->height == 30 && is_colour(sheet, 0, 29, red));
    lt_image_unref(sheet);
    for (int width = 1; width < 40; width++) /* however small, something */
        for (int height = 1; height < 40; height += 3) {
            CHECK_OK(lt_compare_sheet(p, 3, width, height, &sheet, err));
            lt_image_unref(sheet);
        }
    lt_image_unref(a);
    lt_image_unref(b);
    lt_image_unref(c);
}

/* A caption that is too wide has shorter words, and else is cut. */
static void test_brief(void **state)
{
    (void)state;
    lt_image *a = picture(64, 64, (lt_rgb){255, 0, 0}), *got, *want; /* room for ten characters */
    static const struct {
        const char *caption, *brief, *said;
    } rows[] = {{"0123456789", "brief", "0123456789"},
                {"0123456789a", "brief", "brief"},
                {"0123456789a", NULL, "01234567.."}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lt_compare_panel p = {.image = a, .caption = rows[i].caption, .brief = rows[i].brief};
        lt_compare_panel q = {.image = a, .caption = rows[i].said};
        CHECK_OK(lt_compare_sheet(&p, 1, 0, 0, &got, err));
        CHECK_OK(lt_compare_sheet(&q, 1, 0, 0, &want, err));
        assert_memory_equal(got->rgb, want->rgb, lt_image_bytes(want));
        lt_image_unref(got);
        lt_image_unref(want);
    }
    lt_image_unref(a);
}

/* A place that did not change has the picture that it had. */
static void test_kept(void **state)
{
    (void)state;
    const lt_rgb red = {255, 0, 0}, blue = {0, 0, 255};
    lt_compare_kept kept[2] = {{0}, {0}};
    lt_image *a = picture(64, 64, red), *b = picture(64, 64, blue), *sheet, *was[2] = {NULL};
    lt_compare_panel p[2] = {{.image = a, .caption = "A", .kept = &kept[0]},
                             {.image = b, .kept = &kept[1]}};
    static const struct {
        int width;
        const char *caption;
        bool swapped, same[2];
    } then[] = {{300, "A", false, {false, false}}, {300, "A", false, {true, true}},
                {300, "B", false, {false, true}},  {300, NULL, false, {false, true}},
                {300, NULL, true, {true, false}},  {200, NULL, true, {false, false}}};
    for (size_t i = 0; i < sizeof then / sizeof *then; i++) {
        p[0].caption = then[i].caption;
        p[1].image = then[i].swapped ? a : b;
        CHECK_OK(lt_compare_sheet(p, 2, then[i].width, 100, &sheet, err));
        assert_true(is_colour(sheet, 0, 0, red));
        assert_true(is_colour(sheet, sheet->width - 1, 0, then[i].swapped ? red : blue));
        for (int k = 0; k < 2; k++) {
            assert_int_equal(kept[k].made == was[k], then[i].same[k]);
            lt_image_unref(was[k]);
            was[k] = lt_image_ref(kept[k].made);
        }
        lt_image_unref(sheet);
    }
    for (int k = 0; k < 2; k++) {
        lt_image_unref(was[k]);
        lt_compare_kept_done(&kept[k]);
    }
    lt_image_unref(a);
    lt_image_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),    cmocka_unit_test(test_latents),
        cmocka_unit_test(test_growing),  cmocka_unit_test(test_bar),
        cmocka_unit_test(test_settings), cmocka_unit_test(test_sheet),
        cmocka_unit_test(test_kept),     cmocka_unit_test(test_brief)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
