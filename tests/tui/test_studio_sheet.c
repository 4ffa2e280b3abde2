/* test_studio_sheet.c - lens 0: all lenses on one sheet, against what each of them shows alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/compare.h"
#include "image/resize.h"
#include "lens_rig.h"

enum { COLUMNS = 3, ROWS = 3, NAME = 64 };

/* A tile of a sheet with captions, without its own; the caller's. */
static lt_image *tile(const lt_image *sheet, int i)
{
    lt_image *part = NULL;
    assert_int_equal(sheet->width, COLUMNS * SIDE + (COLUMNS - 1) * GAP);
    assert_int_equal(sheet->height, ROWS * TILE + (ROWS - 1) * GAP);
    lt_rect at = {i % COLUMNS * (SIDE + GAP), i / COLUMNS * (TILE + GAP), SIDE, SIDE};
    CHECK_OK(lt_image_crop(sheet, at, &part, err));
    return part;
}

static void check_tile(const lt_image *sheet, int i, const lt_image *want)
{
    lt_image *got = tile(sheet, i);
    rig_same_pixels(got, want);
    lt_image_unref(got);
}

/* One colour but for what is written on it. */
static void check_blank(const lt_image *sheet, int i)
{
    lt_image *got = tile(sheet, i);
    size_t other = 0;
    for (size_t p = 0; p < SIDE * SIDE; p++)
        other += memcmp(got->rgb + 3 * p, got->rgb, 3) != 0;
    assert_true(other > 20 && other < SIDE * 10);
    lt_image_unref(got);
}

static void check_difference(const lt_image *sheet, int i, const lt_image *a, const lt_image *b,
                             int gain)
{
    lt_image *want;
    CHECK_OK(lt_image_difference(a, b, gain, &want, err));
    check_tile(sheet, i, want);
    lt_image_unref(want);
}

/* The middle of each latent's square in each of the four small pictures. */
static void check_channels(rig *r, const lt_image *sheet, int k)
{
    enum { HALF = (SIDE - GAP) / 2 };
    size_t all;
    float *x = lens_latents(r, k, &all);
    lt_image *got = tile(sheet, 3);
    int n = (int)all / 4, side = (int)lrint(sqrt(n));
    for (int c = 0; c < 4; c++) {
        const float *v = x + c * n;
        double min = (double)v[0], max = min;
        for (int i = 0; i < n; i++) {
            min = fmin(min, (double)v[i]);
            max = fmax(max, (double)v[i]);
        }
        for (int i = 0; i < n; i++) {
            int px = c % 2 * (HALF + GAP) + (2 * (i % side) + 1) * HALF / (2 * side);
            int py = c / 2 * (HALF + GAP) + (2 * (i / side) + 1) * HALF / (2 * side);
            double want = ((double)v[i] - min) / (max - min) * 255;
            assert_true(fabs(got->rgb[3 * (py * SIDE + px)] - want) <= 0.5 + 1e-9);
        }
    }
    lt_image_unref(got);
    free(x);
}

/* Sigmas in grey, from the first in the top left to 0 in the bottom right, t in blue from there,
 * and step 5 as a square around its sigma. */
static void check_schedule(const lt_image *sheet)
{
    static const unsigned char grey[] = {214, 214, 214}, blue[] = {110, 150, 210},
                               bright[] = {255, 190, 40};
    static const double first = 7.371847, fifth = 0.698399; /* by diffusers: test_studio_lenses */
    enum { MARGIN = SIDE / 16 + 1, ROOM = SIDE - 2 * MARGIN - 1 };
    lt_image *got = tile(sheet, 7);
    int count[3] = {0}, x = 0, y = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        const unsigned char *at = got->rgb + (size_t)3 * (size_t)i;
        count[0] += memcmp(at, grey, 3) == 0;
        count[1] += memcmp(at, blue, 3) == 0;
        if (memcmp(at, bright, 3) == 0) {
            count[2]++;
            x += i % SIDE;
            y += i / SIDE;
        }
    }
    assert_true(count[0] > SIDE && count[1] > SIDE / 2);
    assert_int_equal(count[2], MARGIN * MARGIN);
    assert_int_equal(x, count[2] * (MARGIN + lrint(5.0 / STEPS * ROOM)));
    assert_int_equal(y, count[2] * (MARGIN + lrint((1 - fifth / first) * ROOM)));
    const unsigned char *end = got->rgb + 3 * ((SIDE - 1 - MARGIN) * SIDE + SIDE - 1 - MARGIN);
    assert_memory_equal(end, grey, 3);
    lt_image_unref(got);
}

/* What is on the screen is this sheet: both made small, as a busy machine may get coarse frames;
 * 6.6 was measured. */
static void check_screen(rig *r, const lt_image *sheet)
{
    lt_image *want, *got;
    CHECK_OK(terminal_wait_quiet(r->t, 300, err));
    const lt_image *shown = terminal_picture_image(r->t, terminal_picture_last(r->t)->number);
    assert_non_null(shown);
    CHECK_OK(lt_image_resize(sheet, 50, 40, LT_BOX, &want, err));
    CHECK_OK(lt_image_resize(shown, 50, 40, LT_BOX, &got, err));
    double error = rig_distance(got, want);
    if (error >= RIG_PALETTE_ERROR)
        fail_msg("the screen is %g from the file", error);
    lt_image_unref(want);
    lt_image_unref(got);
}

static void sheet(const terminal_options *options)
{
    frames latents, x0, noise;
    lt_png_texts texts = {0};
    rig r = lens_at_step(options, 5);
    rig_frames(&r, "latents", &latents);
    rig_frames(&r, "x0", &x0);
    rig_frames(&r, "noise", &noise);
    rig_keys(&r, "0");
    rig_wait(&r, "0 all of them  step 5");
    rig_wait(&r, "Step 5 of 8: all lenses");
    rig_wait(&r, "x4; > < change it"); /* once all are there */
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-7-step5-all.png");
    lt_image *all = rig_read_png(&r, "latentty-7-step5-all.png", &texts);
    const char *parts = lt_png_texts_get(&texts, "latentty-pictures");
    assert_non_null(strstr(parts, "\"screen\":\"all\""));
    assert_non_null(strstr(parts, "\"x0-text\""));
    check_screen(&r, all);
    rig_keys(&r, ">");
    rig_wait(&r, "x8; > < change it");
    lt_image *bright = rig_saved(&r, "latentty-7-step5-all-2.png");
    rig_keys(&r, "<lt>5");
    rig_wait(&r, "difference        x4");
    lt_image *split = rig_saved(&r, "latentty-7-step5-split.png"), *alone;
    CHECK_OK(lt_image_crop(split, (lt_rect){SIDE + GAP, TILE + GAP, SIDE, SIDE}, &alone, err));
    check_tile(all, 0, latents.at[5]);
    check_tile(all, 1, x0.at[5]);
    check_tile(all, 2, noise.at[5]);
    check_channels(&r, all, 5);
    check_tile(all, 4, alone);
    check_blank(all, 5); /* nobody asked for maps */
    check_difference(all, 6, latents.at[5], latents.at[4], 4);
    check_difference(bright, 6, latents.at[5], latents.at[4], 8);
    check_schedule(all);
    lt_image *images[] = {all, bright, split, alone};
    for (size_t i = 0; i < sizeof images / sizeof *images; i++)
        lt_image_unref(images[i]);
    frames *films[] = {&latents, &x0, &noise};
    for (size_t i = 0; i < sizeof films / sizeof *films; i++)
        frames_done(films[i]);
    lt_png_texts_done(&texts);
    rig_sound_cleared(&r);
    rig_leave(&r);
}

static void test_sheet(void **state)
{
    (void)state;
    sheet(NULL);
    sheet(&rig_large);
}

/* What lens 6 shows, where it was: the word that was chosen, in that step. */
static void test_words(void **state)
{
    (void)state;
    rig r = lens_at_step(NULL, 5);
    rig_keys(&r, "6");
    rig_match(&r, "fox +#+ +[0-9.]+ %");
    for (int i = 0; i < 2; i++) {
        char name[NAME];
        if (i)
            rig_keys(&r, "6h");
        CHECK_OK(terminal_wait_quiet(r.t, 200, err));
        snprintf(name, sizeof name,
                 i ? "latentty-7-step5-words-2.png" : "latentty-7-step5-words.png");
        lt_image *words = rig_saved(&r, name);
        rig_keys(&r, "0");
        rig_wait(&r, "x4; > < change it");
        snprintf(name, sizeof name, i ? "latentty-7-step5-all-2.png" : "latentty-7-step5-all.png");
        lt_image *all = rig_saved(&r, name);
        check_tile(all, 5, words);
        lt_image_unref(words);
        lt_image_unref(all);
    }
    assert_false(rig_shows(&r, "6 computes them"));
    rig_keys(&r, ",");
    rig_wait(&r, "Step 4 of 8: all lenses");
    rig_wait(&r, "maps of words     6 computes them");
    rig_wait(&r, "x4; > < change it");
    lt_image *all = rig_saved(&r, "latentty-7-step4-all.png");
    check_blank(all, 5);
    lt_image_unref(all);
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* The noise has been predicted by nobody; and a run without guidance has one prediction. */
static void test_blank(void **state)
{
    (void)state;
    frames f;
    rig r = rig_ready(NULL, "-p a_fox --size 64x64 --seed 7 --steps 4 --guidance-scale 1", "--run");
    rig_wait(&r, "DONE 4/4");
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "0");
    rig_wait(&r, "Step 4 of 4: all lenses");
    rig_wait(&r, "x4; > < change it");
    lt_image *last = rig_saved(&r, "latentty-7-all.png");
    check_tile(last, 0, f.at[4]);
    check_blank(last, 4);
    check_difference(last, 6, f.at[4], f.at[3], 4);
    rig_keys(&r, "<home>");
    rig_wait(&r, "Step 0 of 4: all lenses");
    rig_gone(&r, "decoding");
    lt_image *noise = rig_saved(&r, "latentty-7-step0-all.png");
    check_tile(noise, 0, f.at[0]);
    for (int i = 1; i < 7; i++)
        if (i != 3)
            check_blank(noise, i);
    check_channels(&r, noise, 0);
    lt_image_unref(last);
    lt_image_unref(noise);
    frames_done(&f);
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* Names are twice as large on a sheet that is made smaller. */
static void test_letters(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_fox --size 128x128 --seed 7 --steps 1", "--run");
    rig_wait(&r, "DONE 1/1");
    rig_keys(&r, "0");
    rig_wait(&r, "x4; > < change it");
    lt_image *all = rig_saved(&r, "latentty-7-all.png");
    assert_int_equal(all->width, COLUMNS * 128 + (COLUMNS - 1) * GAP);
    assert_int_equal(all->height, ROWS * (128 + 2 * 14) + (ROWS - 1) * GAP);
    check_screen(&r, all);
    lt_image_unref(all);
    rig_leave(&r);
}

/* A slow VAE: tiles come one by one, no key waits for them, and the newest step comes first. */
static void test_coming(void **state)
{
    (void)state;
    rig r = rig_ready(&rig_large, "-p a_fox --size 512x512 --seed 7 --steps 3", "--run");
    rig_wait(&r, "DONE 3/3");
    int before = terminal_pictures(r.t);
    rig_keys(&r, "0");
    rig_match(&r, "decoding\\.\\.\\. +[1-5] of 6 are there");
    CHECK_OK(terminal_wait_picture(r.t, before + 1, err));
    rig_keys(&r, "s");
    rig_wait(&r, "there is no picture to save yet");
    rig_keys(&r, ",,");
    rig_wait(&r, "Step 1 of 3: all lenses");
    rig_wait(&r, "x4; > < change it");
    lt_image *all = rig_saved(&r, "latentty-7-step1-all.png");
    assert_true(terminal_pictures(r.t) > before + 2);
    assert_int_equal(rig_skipped(&r), 0);
    check_screen(&r, all);
    lt_image_unref(all);
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* Chosen before the run; all steps in files; and without pixels. */
static void test_live(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, LENS_SETTINGS, "");
    rig_watch(&r);
    rig_keys(&r, "0<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_wait(&r, "Step 8 of 8: all lenses");
    rig_wait(&r, "x4; > < change it");
    assert_true(terminal_pictures(r.t) > STEPS);
    rig_keys(&r, "S");
    rig_wait(&r, "saved 9 pictures in latentty-7-steps-all");
    rig_sound_cleared(&r);
    rig_leave(&r);
    r = rig_ready(NULL, LENS_SETTINGS, "--graphics blocks --run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "0");
    rig_wait(&r, "1 latents   2 x0        3 noise");
    rig_wait(&r, "4 channels  5 |c-u|     6 words");
    rig_wait(&r, "7 change    8 schedule");
    rig_wait(&r, "maps of words     6 computes them");
    rig_wait(&r, "x4; > < change it");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* In the middle of a cell. */
static void click(rig *r, int i)
{
    CHECK_OK(terminal_wait_quiet(r->t, 200, err));
    const terminal_picture *p = terminal_picture_last(r->t);
    int row = p->row + p->rows * (2 * (i / COLUMNS) + 1) / (2 * ROWS);
    int column = p->column + p->columns * (2 * (i % COLUMNS) + 1) / (2 * COLUMNS);
    assert_true(terminal_mouse(r->t, 0, row, column, TERMINAL_CLICK));
}

/* A tile is its lens, and the cell behind the last is none. */
static void test_mouse(void **state)
{
    (void)state;
    static const char *const names[] = {
        "1 current latents", "2 predicted x0",   "3 predicted noise", "4 latent channels",
        "5 guidance split",  "6 word attention", "7 change per step", "8 schedule"};
    rig r = lens_at_step(&rig_large, 3);
    for (int i = 0; i < 8; i++) {
        rig_keys(&r, "0");
        rig_wait(&r, "x4; > < change it");
        click(&r, i);
        char title[NAME];
        snprintf(title, sizeof title, "%s  step 3", names[i]);
        rig_wait(&r, title);
        rig_gone(&r, "decoding");
    }
    rig_keys(&r, "0");
    rig_wait(&r, "x4; > < change it");
    click(&r, 8);
    rig_keys(&r, ",");
    rig_wait(&r, "0 all of them  step 2");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sheet),   cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_letters), cmocka_unit_test(test_blank),
                                       cmocka_unit_test(test_coming),  cmocka_unit_test(test_live),
                                       cmocka_unit_test(test_mouse)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
