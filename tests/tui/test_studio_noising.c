/* test_studio_noising.c - the forward process with its slider: the numbers worked out here, and a
 * run that begins there, which is what `latentty render` makes of the same settings. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "image/compare.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8 --guidance-scale 7.5"
enum { SIDE = 64, GAP = 8, ROWS = 24, SLIDER = ROWS - 3, FIRST = 9, LAST = 71 };

/* The view, of the last step of a run, with what the UNet says. */
static rig open_view(const terminal_options *options, const char *more)
{
    rig r = rig_ready(options, SETTINGS, more);
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "o");
    rig_wait(&r, "noising  run 1 step 8 64x64  4x8x8  t = 400 of 999");
    rig_wait(&r, "the UNet's noise: rms error ");
    return r;
}

/* abar of the demo model's betas: scaled linear from 0.00085 to 0.012. */
static double abar_of(int t)
{
    double abar = 1, from = sqrt(0.00085), to = sqrt(0.012);
    for (int i = 0; i <= t; i++) {
        double root = from + (to - from) * i / 999;
        abar *= 1 - root * root;
    }
    return abar;
}

static void check_numbers(rig *r, int t)
{
    char text[128];
    double abar = abar_of(t);
    snprintf(text, sizeof text, "t = %d of 999", t);
    rig_wait(r, text);
    snprintf(text, sizeof text, "x_t = %.4f x0 + %.4f noise", sqrt(abar), sqrt(1 - abar));
    rig_wait(r, text);
    snprintf(text, sizeof text, "signal %.4g %% of the variance   SNR %.1f dB", 100 * abar,
             10 * log10(abar / (1 - abar)));
    rig_wait(r, text);
}

static void check_slider(const terminal_options *options)
{
    static const struct {
        const char *keys;
        int t;
    } moves[] = {{"<right>", 410},      {".", 411},     {",,", 409},
                 {"<left><left>", 389}, {"<end>", 999}, {".", 999},
                 {"<left>", 989},       {"<home>", 0},  {"<left>", 0}};
    rig r = open_view(options, "--run");
    check_numbers(&r, 400);
    rig_match(&r, "kept +\\|@+.*\\.\\| noise");
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        rig_keys(&r, moves[i].keys);
        check_numbers(&r, moves[i].t);
    }
    rig_match(&r, "the UNet's noise: rms error [0-9.]+, cosine [0-9.]+ +its x0: PSNR [0-9.]+ dB");
    rig_gone(&r, "linear preview");
    rig_sound_cleared(&r);
    rig_keys(&r, "O");
    rig_wait(&r, "autoencoder  run 1 step 8  64x64");
    rig_keys(&r, "o");
    rig_wait(&r, "t = 0 of 999");
    rig_keys(&r, "q");
    rig_wait(&r, "prompt>");
    rig_wait(&r, "Step 8 of 8");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

static void test_slider(void **state)
{
    (void)state;
    check_slider(NULL);
    check_slider(&rig_large);
}

/* What is said of the noise, as numbers. */
static void said(rig *r, double *rms, double *cosine)
{
    int row, column;
    lt_buf text = {0};
    CHECK_OK(terminal_wait_quiet(r->t, 400, err)); /* what was said before is gone */
    rig_wait(r, "the UNet's noise: rms error ");
    assert_true(terminal_find(r->t, "rms error ", &row, &column));
    terminal_row(r->t, row, &text);
    assert_int_equal(
        sscanf(strstr(text.data, "rms error "), "rms error %lf, cosine %lf", rms, cosine), 2);
    lt_buf_done(&text);
}

/* Other noise, another prompt: another prediction.  With more noise the UNet is nearer to it. */
static void test_prediction(void **state)
{
    (void)state;
    double rms[4], cosine[4];
    rig r = open_view(NULL, "--run");
    rig_wait(&r, "noise of seed 7");
    said(&r, &rms[0], &cosine[0]);
    assert_true(rms[0] > 0 && rms[0] < 1 && cosine[0] > 0.5 && cosine[0] < 1);
    rig_keys(&r, "n");
    rig_wait(&r, "noise of seed 8");
    said(&r, &rms[1], &cosine[1]);
    assert_true(rms[1] != rms[0]);
    rig_keys(&r, "i<c-u>prompt a house<enter>");
    rig_wait(&r, "prompt> a house");
    said(&r, &rms[2], &cosine[2]);
    assert_true(rms[2] != rms[1]);
    rig_keys(&r, "<end>");
    rig_wait(&r, "t = 999");
    said(&r, &rms[3], &cosine[3]);
    assert_true(rms[3] < rms[2] && cosine[3] > cosine[2]);
    rig_leave(&r);
}

/* Opened again with another prompt: what was said for the old one is not the new one's. */
static void test_again(void **state)
{
    (void)state;
    double rms[2], cosine[2];
    lt_png_texts texts = {0};
    rig r = open_view(NULL, "--run");
    said(&r, &rms[0], &cosine[0]);
    rig_keys(&r, "q");
    rig_wait(&r, "Step 8 of 8");
    rig_keys(&r, ":prompt a house<enter>os");
    rig_wait(&r, "there is nothing to save yet");
    said(&r, &rms[1], &cosine[1]);
    assert_true(rms[1] != rms[0]);
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-noising.png");
    lt_image_unref(rig_read_png(&r, "latentty-noising.png", &texts));
    assert_non_null(strstr(lt_png_texts_get(&texts, "Description"), "for 'a house'"));
    lt_png_texts_done(&texts);
    rig_leave(&r);
}

/* A run that is begun from here is looked at. */
static void test_run(void **state)
{
    (void)state;
    rig r = open_view(NULL, "--run");
    rig_keys(&r, ":run<enter>");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 8/8");
    rig_wait(&r, "Step 8 of 8");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* The saved sheet begins with the picture itself, and is no picture of a run. */
static void test_save(void **state)
{
    (void)state;
    lt_png_texts texts = {0};
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    lt_image *original = rig_saved(&r, "latentty-7.png"), *first;
    rig_keys(&r, "o");
    rig_wait(&r, "the UNet's noise");
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-noising.png");
    rig_saves_same(&r, "latentty-noising.png");
    lt_image *sheet = rig_read_png(&r, "latentty-noising.png", &texts);
    assert_true(sheet->width > 3 * SIDE + 3 * GAP);
    CHECK_OK(lt_image_crop(sheet, (lt_rect){0, 0, SIDE, SIDE}, &first, err));
    rig_same_pixels(first, original);
    assert_null(lt_png_texts_get(&texts, "latentty"));
    assert_non_null(
        strstr(lt_png_texts_get(&texts, "Description"), "run 1 step 8 noised to t 400"));
    lt_image_unref(original);
    lt_image_unref(first);
    lt_image_unref(sheet);
    lt_png_texts_done(&texts);
    rig_leave(&r);
}

/* Strength and steps that the screen offers. */
static double offered(rig *r, int *taken)
{
    int row, column;
    double strength;
    lt_buf text = {0};
    CHECK_OK(terminal_wait_quiet(r->t, 300, err)); /* the title comes before this row */
    assert_true(terminal_find(r->t, "strength ", &row, &column));
    terminal_row(r->t, row, &text);
    assert_int_equal(
        sscanf(strstr(text.data, "strength "), "strength %lf: %d of 8 steps", &strength, taken), 2);
    assert_int_equal((int)(8 * strength), *taken);
    lt_buf_done(&text);
    return strength;
}

/* The one file in the folder beside the history; the caller's. */
static char *kept_picture(const rig *r)
{
    char *dir = lt_format("%s/.local/share/latentty/init", r->dir), *path = NULL;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        if (strstr(e->d_name, ".png")) {
            assert_null(path);
            path = lt_path_join(dir, e->d_name);
        }
    closedir(d);
    free(dir);
    assert_non_null(path);
    return path;
}

/* Enter: the run, saved, is what render makes of the file that was kept, and reproduce of it. */
static void check_run(rig *r, const char *file, const char *name, double strength, int taken)
{
    char text[64];
    snprintf(text, sizeof text, "DONE %d/%d", taken, taken);
    rig_wait(r, text);
    rig_wait(r, "prompt>");
    lt_image *ours = rig_saved(r, name);
    char *more = lt_format("--init-image %s --strength %.17g", file, strength);
    lt_image *want = rig_render(r, "want.png", more, NULL);
    rig_same_pixels(ours, want);
    free(more);
    more = lt_format("reproduce %s", name);
    assert_int_equal(rig_run(r, more), 0);
    free(more);
    lt_image_unref(ours);
    lt_image_unref(want);
}

static void test_enter(void **state)
{
    (void)state;
    int taken;
    rig r = open_view(NULL, "--run");
    rig_keys(&r, "<right><right>");
    rig_wait(&r, "t = 420");
    double strength = offered(&r, &taken);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "run 2/2");
    char *file = kept_picture(&r);
    check_run(&r, file, "latentty-7.png", strength, taken);
    lt_image *began = NULL;
    CHECK_OK(lt_png_read(file, &began, NULL, err));
    lt_image *first = rig_render(&r, "first.png", "", NULL);
    rig_same_pixels(began, first);
    /* the same picture again: no second file; and out of the history */
    rig_keys(&r, "k");
    rig_wait(&r, "run 1/2");
    rig_keys(&r, "o");
    rig_wait(&r, "the UNet's noise");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "run 3/3");
    free(kept_picture(&r));
    rig_match(&r, "DONE [0-9]/[0-9]");
    rig_restart(&r, "");
    rig_watch(&r);
    rig_keys(&r, "H");
    rig_wait(&r, "Enter open");
    rig_keys(&r, "<enter>");
    rig_match(&r, "DONE [0-9]/[0-9]");
    lt_image_unref(began);
    lt_image_unref(first);
    free(file);
    rig_leave(&r);
}

/* From a file, and with the settings of the form by :set. */
static void test_file(void **state)
{
    (void)state;
    int taken;
    rig r = rig_ready(NULL, SETTINGS, "");
    assert_int_equal(rig_run(&r, "render -q -p house --seed 3 --steps 4 --size 64x64 -o house.png"),
                     0);
    rig_watch(&r);
    rig_keys(&r, ":noising none.png<enter>");
    rig_wait(&r, "cannot open 'none.png'");
    rig_wait(&r, ">1 latents"); /* what was seen stays */
    rig_keys(&r, ":noising h<tab><enter>");
    rig_wait(&r, "noising  house.png 64x64");
    rig_wait(&r, "the UNet's noise");
    rig_keys(&r, "<end>");
    rig_wait(&r, "t = 999");
    double strength = offered(&r, &taken);
    assert_true(taken == 8 && strength == 1);
    rig_keys(&r, "<left><left><left><left><left><left><left><left><left><left>");
    rig_wait(&r, "t = 899");
    strength = offered(&r, &taken);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "run 1/1");
    check_run(&r, "house.png", "latentty-7.png", strength, taken);
    rig_keys(&r, ":set init-image h<tab><enter>");
    rig_wait(&r, "init-image is house.png");
    rig_keys(&r, ":set strength 0.5<enter>");
    rig_wait(&r, "strength is 0.5");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "run 2/2");
    check_run(&r, "house.png", "latentty-7-2.png", 0.5, 4);
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* Without a history there is no place for the picture. */
static void test_no_history(void **state)
{
    (void)state;
    rig r = open_view(NULL, "--run --no-history");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "no history is kept: save the picture, then :noising FILE.png");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

static void test_mouse(void **state)
{
    (void)state;
    rig r = open_view(NULL, "--run");
    assert_true(terminal_mouse(r.t, 0, SLIDER, FIRST, TERMINAL_PRESS));
    rig_wait(&r, "t = 0 of 999");
    assert_true(terminal_mouse(r.t, 0, SLIDER, (FIRST + LAST) / 2, TERMINAL_DRAG));
    rig_match(&r, "t = (49|50)[0-9] of 999");
    assert_true(terminal_mouse(r.t, 0, SLIDER, LAST, TERMINAL_DRAG));
    rig_wait(&r, "t = 999 of 999");
    assert_true(terminal_mouse(r.t, 0, SLIDER, LAST, TERMINAL_RELEASE));
    assert_true(terminal_mouse(r.t, 64, 8, 8, TERMINAL_PRESS)); /* the wheel */
    rig_wait(&r, "t = 989 of 999");
    rig_wait(&r, "the UNet's noise");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* Keys are answered while the worker computes, with a linear preview. */
static void test_keys_wait_for_nothing(void **state)
{
    (void)state;
    const terminal_part numbers = {.row = 30, .rows = 2, .columns = 100};
    double seconds;
    rig r = rig_ready(&rig_large, "-p a_red_fox --seed 7 --steps 4", "--run"); /* 128x128 */
    rig_wait(&r, "DONE 4/4");
    rig_keys(&r, "o");
    rig_wait(&r, "the UNet's noise");
    size_t from = terminal_written(r.t);
    for (int i = 1; i <= 20; i++) {
        CHECK_OK(terminal_latency(r.t, "<right>", numbers, &seconds, err));
        if (seconds > 10) /* it waits for nothing; docs/SPEED.md has the times */
            fail_msg("t came after %g s", seconds);
    }
    printf("slider: p50 %.1f ms, p95 %.1f ms\n", 1e3 * terminal_percentile(r.t, 50),
           1e3 * terminal_percentile(r.t, 95));
    check_numbers(&r, 600);
    CHECK_OK(terminal_wait_bytes(r.t, "linear preview", from, err));
    rig_wait(&r, "the UNet's noise");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slider), cmocka_unit_test(test_prediction),
        cmocka_unit_test(test_again),  cmocka_unit_test(test_run),
        cmocka_unit_test(test_save),   cmocka_unit_test(test_enter),
        cmocka_unit_test(test_file),   cmocka_unit_test(test_no_history),
        cmocka_unit_test(test_mouse),  cmocka_unit_test(test_keys_wait_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
