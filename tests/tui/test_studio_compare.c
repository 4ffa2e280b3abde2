/* test_studio_compare.c - two runs side by side, as flicker and as a difference. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "image/compare.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8 --guidance-scale 7.5"
enum { STEPS = 8, SIDE = 64, CAPTION = 14, GAP = 8, TIMES = 3 };

/* Two runs of the same settings, at their ends. */
static rig twice(const terminal_options *options)
{
    rig r = rig_ready(options, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 8/8");
    return r;
}

/* A run, and its fork after step 3 with a guidance of 2.5. */
static rig forked(const terminal_options *options)
{
    rig r = rig_ready(options, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "<home>...");
    rig_wait(&r, "Step 3 of 8");
    rig_keys(&r, "p----------qf");
    rig_wait(&r, "fork of 1 @ 3");
    rig_wait(&r, "DONE 8/8");
    return r;
}

/* The i-th picture of a sheet whose pictures are `times` as large. */
static lt_image *part(const lt_image *sheet, int i, int times)
{
    lt_image *image, *small;
    int side = SIDE * times;
    CHECK_OK(lt_image_crop(sheet, (lt_rect){i * (side + GAP), 0, side, side}, &image, err));
    CHECK_OK(lt_image_new(SIDE, SIDE, &small, err));
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            memcpy(small->rgb + 3 * (y * SIDE + x),
                   image->rgb + 3 * ((y * times + times / 2) * side + x * times + times / 2), 3);
    lt_image_unref(image);
    return small;
}

static lt_image *sheet_saved(rig *r, const char *name)
{
    lt_image *sheet = rig_saved(r, name);
    assert_int_equal(sheet->width, 3 * SIDE + 2 * GAP);
    assert_int_equal(sheet->height, SIDE + CAPTION);
    return sheet;
}

static int brightest(const lt_image *image)
{
    int most = 0;
    for (size_t i = 0; i < lt_image_bytes(image); i++)
        most = image->rgb[i] > most ? image->rgb[i] : most;
    return most;
}

typedef struct sheet_wait {
    int width, seen;
} sheet_wait;

static bool is_sheet(terminal *t, void *user)
{
    sheet_wait *w = user;
    const terminal_picture *last = terminal_picture_last(t);
    const lt_image *image = last ? terminal_picture_image(t, last->number) : NULL;
    w->seen = image ? image->width : 0;
    return w->seen == w->width;
}

/* Waits until the picture on the screen has that many pictures in a row, and is it. */
static const lt_image *on_screen(rig *r, int count)
{
    sheet_wait w = {count * SIDE * TIMES + (count - 1) * GAP, 0};
    char *what = lt_format("a sheet %d pixels wide", w.width);
    CHECK_OK(terminal_wait(r->t, is_sheet, &w, what, err));
    free(what);
    CHECK_OK(terminal_wait_quiet(r->t, 200, err));
    return terminal_picture_image(r->t, terminal_picture_last(r->t)->number);
}

/* Identical runs: a black difference, and words that say so. */
static void test_identical(void **state)
{
    (void)state;
    frames f;
    rig r = twice(NULL);
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "c");
    rig_wait(&r, "A: run 1 step 8  B: run 2 step 8  |A-B| x4");
    rig_wait(&r, "mean |A-B| 0.00 of 255   max 0   PSNR inf: the same picture");
    rig_wait(&r, "equal in all steps");
    rig_wait(&r, "latents |.........|");
    rig_wait(&r, "nothing differs");
    rig_wait(&r, "the same: guidance-scale, prompt, avoid, steps, seed");
    assert_false(rig_shows(&r, "prompt>"));
    const lt_image *screen = on_screen(&r, 3);
    for (int i = 0; i < 3; i++) {
        lt_image *small = part(screen, i, TIMES);
        if (i < 2)
            assert_true(rig_distance(small, f.at[STEPS]) < RIG_PALETTE_ERROR);
        else
            assert_true(brightest(small) <= 4); /* of a palette with 1024 colours */
        lt_image_unref(small);
    }
    lt_image *sheet = sheet_saved(&r, "latentty-7-compare.png"), *small = part(sheet, 2, 1);
    assert_int_equal(brightest(small), 0);
    lt_image_unref(small);
    small = part(sheet, 1, 1);
    rig_same_pixels(small, f.at[STEPS]);
    lt_image_unref(small);
    lt_image_unref(sheet);
    frames_done(&f);
    rig_keys(&r, "<esc>");
    rig_wait(&r, "prompt>");
    rig_wait(&r, "Step 8 of 8");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* The file says of what it is, A before B, and is no picture that could be made again. */
static void check_texts(rig *r, const char *name)
{
    lt_png_texts texts = {0};
    lt_image_unref(rig_read_png(r, name, &texts));
    assert_null(lt_png_texts_get(&texts, "latentty"));
    assert_non_null(strstr(lt_png_texts_get(&texts, "parameters"), "CFG scale: 2.5, Seed: 7"));
    const char *pictures = lt_png_texts_get(&texts, "latentty-pictures");
    const char *a = strstr(pictures, "\"guidance_scale\":7.5,\"steps\":8");
    const char *b = strstr(pictures, "\"guidance_scale\":2.5,\"steps\":8");
    assert_true(*pictures == '[' && a && b && a < b);
    assert_non_null(strstr(b, "\"forked_at_step\":3"));
    lt_png_texts_done(&texts);
    assert_int_equal(rig_run(r, "reproduce latentty-7-compare.png"), 1);
    assert_int_equal(rig_run(r, "info latentty-7-compare.png"), 0);
}

/* A fork parts from its parent after the step that it went on from; both move together. */
static void test_fork(void **state)
{
    (void)state;
    frames f;
    rig r = forked(NULL);
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "c");
    rig_wait(&r, "A: run 1 step 8  B: run 2 step 8");
    rig_wait(&r, "differs from step 4 on, rms up to ");
    rig_match(&r, "latents \\|\\.\\.\\.\\.[^.]+\\|");
    rig_match(&r, "what differs +A: run 1 +B: run 2, fork of 1 @ 3");
    rig_match(&r, "guidance-scale +7\\.5 +2\\.5");
    rig_match(&r, "mean \\|A-B\\| [0-9.]+ of 255 +max [1-9][0-9]* +PSNR [0-9.]+ dB");
    lt_image *sheet = sheet_saved(&r, "latentty-7-compare.png"), *a = part(sheet, 0, 1);
    check_texts(&r, "latentty-7-compare.png");
    rig_saves_same(&r, "latentty-7-compare.png");
    lt_image *b = part(sheet, 1, 1), *d = part(sheet, 2, 1), *expected;
    rig_same_pixels(a, f.at[STEPS]);
    CHECK_OK(lt_image_difference(a, b, 4, &expected, err));
    rig_same_pixels(d, expected);
    assert_true(brightest(d) > 8);
    lt_image_unref(expected);
    rig_keys(&r, "+");
    rig_wait(&r, "|A-B| x8");
    rig_keys(&r, "----");
    rig_wait(&r, "|A-B| x1 ");
    rig_keys(&r, ",,,,");
    rig_wait(&r, "A: run 1 step 4  B: run 2 step 4");
    rig_match(&r, "PSNR [0-9.]+ dB");
    rig_keys(&r, ",");
    rig_wait(&r, "A: run 1 step 3  B: run 2 step 3");
    rig_wait(&r, "PSNR inf: the same picture");
    rig_keys(&r, "<end>");
    rig_wait(&r, "A: run 1 step 8  B: run 2 step 8");
    rig_keys(&r, "C");
    rig_wait(&r, "A: run 2 step 8  B: run 1 step 8");
    rig_match(&r, "guidance-scale +2\\.5 +7\\.5");
    rig_keys(&r, "<down>"); /* B is the fork as well */
    rig_wait(&r, "A: run 2 step 8  B: run 2 step 8");
    rig_wait(&r, "PSNR inf");
    lt_image_unref(sheet);
    lt_image_unref(a);
    lt_image_unref(b);
    lt_image_unref(d);
    frames_done(&f);
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* Two steps of one run: A stays where it was marked. */
static void test_marked(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "i prompt");
    rig_keys(&r, "m");
    rig_wait(&r, "there is no step to mark yet");
    rig_keys(&r, "c");
    rig_wait(&r, "there is no step to compare yet");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "c");
    rig_wait(&r, "m marks a step of it, c at another");
    rig_keys(&r, ",,,m");
    rig_wait(&r, "A is step 5 of run 1");
    rig_keys(&r, ".c");
    rig_wait(&r, "A: run 1 step 5  B: run 1 step 6");
    rig_match(&r, "PSNR [0-9.]+ dB");
    rig_keys(&r, ",,");
    rig_wait(&r, "A: run 1 step 5  B: run 1 step 4");
    rig_keys(&r, "2"); /* pictures that nobody decoded yet */
    rig_wait(&r, "2 predicted x0");
    rig_match(&r, "PSNR [0-9.]+ dB");
    rig_keys(&r, ".");
    rig_wait(&r, "PSNR inf");
    rig_keys(&r, "C.m");
    rig_wait(&r, "A: run 1 step 6  B: run 1 step 6");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* Flicker shows A and B in turn by itself, until it is held; then nothing wakes. */
static void test_flicker(void **state)
{
    (void)state;
    rig r = forked(NULL);
    rig_keys(&r, "c");
    on_screen(&r, 3);
    rig_keys(&r, "c");
    rig_wait(&r, "flicker: A: run 1 step 8");
    int before = terminal_pictures(r.t);
    for (int i = 0; i < 2; i++) {
        rig_wait(&r, "flicker: B: run 2 step 8");
        rig_wait(&r, "flicker: A: run 1 step 8");
    }
    assert_true(terminal_pictures(r.t) - before >= 4);
    rig_keys(&r, "<space>");
    rig_match(&r, "held: [AB]: run");
    CHECK_OK(terminal_wait_quiet(r.t, 300, err));
    size_t written = terminal_written(r.t);
    terminal_run(r.t, 1.2);
    assert_int_equal(terminal_written(r.t), written);
    rig_keys(&r, "<space>");
    rig_wait(&r, "flicker: ");
    rig_keys(&r, "c");
    rig_wait(&r, "|A-B| x4  A: run 1 step 8  B: run 2 step 8");
    const lt_image *screen = on_screen(&r, 1);
    lt_image *small = part(screen, 0, TIMES);
    assert_true(brightest(small) > 8);
    lt_image_unref(small);
    rig_keys(&r, "<space>");
    rig_wait(&r, "Space holds the flicker");
    rig_keys(&r, "c");
    on_screen(&r, 3);
    rig_keys(&r, "q");
    rig_wait(&r, "prompt>");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* A run that is still being made: B is its newest step, and A goes along. */
static void test_at_work(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "[[[<enter>"); /* 0.4 s a step */
    rig_wait(&r, "run 2/2");
    rig_match(&r, "(RUN|PAUSED) [1-3]/8");
    rig_keys(&r, "c");
    rig_match(&r, "A: run 1 step ([1-7])  B: run 2 step \\1");
    rig_match(&r, "latents \\|\\.+ +\\|  equal up to step [1-7]");
    rig_wait(&r, "A: run 1 step 8  B: run 2 step 8");
    rig_wait(&r, "DONE 8/8");
    rig_wait(&r, "PSNR inf");
    rig_wait(&r, "equal in all steps");
    rig_keys(&r, "<home>");
    rig_wait(&r, "A: run 1 step 0  B: run 2 step 0");
    rig_keys(&r, ":prompt<enter>"); /* what needs the fields closes it */
    rig_wait(&r, "prompt>");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* Two steps of one run: what lies between them, and no settings. */
static void test_one_run(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, ",,m..c");
    rig_wait(&r, "A: run 1 step 6  B: run 1 step 8");
    rig_match(&r, "one run: the latents of its steps 6 and 8 differ by an rms of 0\\.[0-9]*[1-9]");
    rig_match(&r, "mean .A-B. [0-9.]*[1-9]");
    assert_false(rig_shows(&r, "nothing differs"));
    rig_keys(&r, ",");
    rig_wait(&r, "its steps 6 and 7 differ");
    rig_leave(&r);
}

/* Runs of other sizes and step counts. */
static void test_unlike(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, ":set steps 4<enter>");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 4/4");
    rig_keys(&r, "c");
    rig_wait(&r, "A: run 1 step 8  B: run 2 step 4");
    rig_match(&r, "steps +8 +4");
    rig_wait(&r, "on, rms up to");
    rig_keys(&r, ",");
    rig_wait(&r, "A: run 1 step 6  B: run 2 step 3");
    rig_keys(&r, ":set size 128x64<enter>");
    rig_keys(&r, "q");
    rig_wait(&r, "prompt>");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "run 3/3");
    rig_wait(&r, "DONE 4/4");
    rig_keys(&r, "c");
    rig_wait(&r, "A: run 2 step 4  B: run 3 step 4");
    rig_wait(&r, "no difference: A has 64x64 pixels, B 128x64");
    rig_wait(&r, "latents of another size");
    rig_match(&r, "size +64x64 +128x64");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* With half blocks, on a larger screen, and what leaves it. */
static void test_blocks(void **state)
{
    (void)state;
    terminal_options o = {.profile = TERMINAL_XTERM_PLAIN,
                          .columns = 100,
                          .rows = 40,
                          .cell_width = 8,
                          .cell_height = 16};
    rig r = twice(&o);
    rig_keys(&r, "c");
    rig_wait(&r, "PSNR inf");
    rig_wait(&r, "\342\226\200"); /* upper half blocks */
    rig_keys(&r, "?");
    rig_wait(&r, "Keys");
    rig_keys(&r, "q");
    rig_wait(&r, "PSNR inf");
    terminal_paste(r.t, "fox"); /* goes to the prompt, which is there again */
    rig_wait(&r, "a red foxfox");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identical), cmocka_unit_test(test_fork),
        cmocka_unit_test(test_marked),    cmocka_unit_test(test_flicker),
        cmocka_unit_test(test_at_work),   cmocka_unit_test(test_one_run),
        cmocka_unit_test(test_unlike),    cmocka_unit_test(test_blocks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
