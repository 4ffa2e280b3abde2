/* test_studio_run.c - a run on the screen: its pictures are those of `latentty render`, in order
 * and whole, and what is saved does not depend on what was shown. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8"
enum { SIDE = 64, STEPS = 8 };

/* The step in the title of the picture's box; -1: none. */
static int step_told(const terminal *t)
{
    int row, column, step = -1;
    lt_buf text = {0};
    if (terminal_find(t, "1 current latents  step ", &row, &column)) {
        terminal_row(t, row, &text);
        sscanf(strstr(text.data, "  step ") + 7, "%d", &step);
    }
    lt_buf_done(&text);
    return step;
}

/* At every read: how many pictures the text is ahead. */
typedef struct watch {
    int behind;
} watch;

static bool watch_run(terminal *t, void *user)
{
    watch *w = user;
    int behind = step_told(t) - terminal_pictures(t);
    w->behind = behind > w->behind ? behind : w->behind;
    return terminal_find(t, "DONE 8/8", NULL, NULL);
}

static void check_place(const terminal *t, int number)
{
    int columns, rows;
    terminal_size(t, &columns, &rows);
    const terminal_picture *p = terminal_picture_get(t, number);
    int timeline, box;
    assert_true(terminal_find(t, "noise |", &timeline, NULL));
    assert_true(terminal_find(t, "1 current latents", &box, NULL));
    assert_true(p->row > box && p->row + p->rows < timeline - 1); /* a free row below */
    assert_true(p->column >= 1 && p->column + p->columns < columns);
}

/* Picture k + 1 is that of step k, and no other's. */
static void check_pictures(rig *r, const frames *f, double *worst)
{
    for (int k = 0; k < f->count; k++) {
        double distance;
        lt_image *seen = rig_shrunk(r, k + 1, SIDE, SIDE);
        assert_int_equal(rig_nearest(seen, f, &distance), k);
        *worst = distance > *worst ? distance : *worst;
        lt_image_unref(seen);
        check_place(r->t, k + 1);
    }
}

static void press_run(rig *r, bool slowly)
{
    if (slowly) {
        rig_keys(r, "<esc>");
        rig_wait(r, "i prompt");
        rig_keys(r, "[[");
        rig_wait(r, "each step is held 0.2 s");
    }
    rig_keys(r, "<enter>");
}

/* With time between the steps each picture is there before the next step is told. */
static void run_at(int columns, int rows)
{
    /* not decoded meanwhile: a terminal that is slow to answer gets fewer */
    terminal_options o = {
        .columns = columns, .rows = rows, .cell_width = 10, .cell_height = 20, .lazy = true};
    watch w = {0};
    frames f;
    double worst = 0;
    rig r = rig_ready(&o, SETTINGS, "");
    rig_frames(&r, "latents", &f);
    assert_int_equal(f.count, STEPS + 1);
    press_run(&r, true);
    CHECK_OK(terminal_wait(r.t, watch_run, &w, "the end of the run", err));
    rig_wait_step(&r, &f, STEPS);
    assert_int_equal(terminal_pictures(r.t), STEPS + 1);
    assert_int_equal(w.behind, 0);
    check_pictures(&r, &f, &worst);
    assert_true(worst < RIG_PALETTE_ERROR);
    print_message("%dx%d: palette error %.2f\n", columns, rows, worst);
    rig_sound(&r);
    frames_done(&f);
    rig_leave(&r);
}

static void test_80x24(void **state)
{
    (void)state;
    run_at(80, 24);
}

static void test_120x40(void **state)
{
    (void)state;
    run_at(120, 40);
}

static void test_170x60(void **state)
{
    (void)state;
    run_at(170, 60); /* from 180 columns on it is one of three pictures: test_studio_beside */
}

/* As fast as it goes, on a machine that may have other things to do: every picture is sent, in
 * order, or counted. */
static void test_at_full_speed(void **state)
{
    (void)state;
    terminal_options o = {.columns = 100, .rows = 40, .cell_width = 8, .cell_height = 16};
    watch w = {0};
    frames f;
    int before = -1, sent = 0;
    rig r = rig_ready(&o, SETTINGS, "");
    rig_frames(&r, "latents", &f);
    press_run(&r, false);
    CHECK_OK(terminal_wait(r.t, watch_run, &w, "the end of the run", err));
    rig_wait_step(&r, &f, STEPS);
    CHECK_OK(terminal_wait_quiet(r.t, 700, err)); /* a whole picture after a coarse one */
    for (int number = 1; number <= terminal_pictures(r.t); number++) {
        lt_image *seen = rig_shrunk(&r, number, SIDE, SIDE);
        int step = rig_nearest(seen, &f, NULL);
        assert_true(step >= before);
        sent += step > before;
        before = step;
        lt_image_unref(seen);
    }
    assert_int_equal(sent + rig_skipped(&r), STEPS + 1);
    print_message("%d sent, text ahead of %d\n", sent, w.behind);
    rig_sound(&r);
    frames_done(&f);
    rig_leave(&r);
}

/* Of a larger picture that ends in the same cells, 28x14, nothing is left beside a smaller one. */
static void test_smaller(void **state)
{
    (void)state;
    int shown = 0;
    rig r = rig_ready(NULL, "-p a_red_fox --size 280x272 --seed 7 --steps 2", "");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 2/2");
    rig_keys(&r, ":set size 272x264<enter>");
    rig_match(&r, "size +280x272 +272x264");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "272x264  lms 2");
    rig_wait(&r, "DONE 2/2");
    rig_keys(&r, "<up>");
    rig_wait(&r, "280x272  lms 2");
    rig_gone(&r, "decoding");
    CHECK_OK(terminal_wait_quiet(r.t, 700, err));
    rig_keys(&r, "<down>");
    rig_wait(&r, "272x264  lms 2");
    rig_gone(&r, "decoding");
    CHECK_OK(terminal_wait_quiet(r.t, 700, err));
    assert_int_equal(terminal_picture_last(r.t)->width, 272);
    for (int n = 1; n <= terminal_pictures(r.t); n++)
        shown += terminal_picture_get(r.t, n)->shown;
    assert_int_equal(shown, 1);
    rig_leave(&r);
}

/* ---- what is saved ---- */

static void check_saved(rig *r)
{
    lt_png_texts want = {0}, got = {0};
    lt_image *rendered = rig_render(r, "want.png", "", &want);
    rig_keys(r, "s");
    rig_wait(r, "saved latentty-7.png");
    lt_image *saved = rig_read_png(r, "latentty-7.png", &got);
    rig_same_pixels(saved, rendered);
    assert_int_equal(got.count, want.count);
    for (int i = 0; i < want.count; i++) {
        assert_string_equal(got.items[i].key, want.items[i].key);
        assert_string_equal(got.items[i].value, want.items[i].value);
    }
    lt_image_unref(saved);
    lt_image_unref(rendered);
    lt_png_texts_done(&want);
    lt_png_texts_done(&got);
}

static void saved_with(const char *more)
{
    rig r = rig_open(NULL, SETTINGS, more);
    rig_wait(&r, "DONE 8/8");
    check_saved(&r);
    rig_sound(&r);
    rig_leave(&r);
}

static void test_saved(void **state)
{
    (void)state;
    saved_with("--run");
}

/* A run that could not begin does not show the picture of the one before. */
static void check_failed(terminal_profile profile)
{
    terminal_options o = {.profile = profile, .cell_width = 10, .cell_height = 20};
    rig r = rig_ready(&o, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    char *path = lt_path_join(r.dir, "none.png");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    free(path);
    rig_keys(&r, ":set init-image none.png<enter>");
    rig_wait(&r, "init-image is none.png");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "FAILED");
    rig_wait(&r, "no picture; Up: others");
    CHECK_OK(terminal_wait_quiet(r.t, 200, err));
    rig_keys(&r, "<up>");
    rig_wait(&r, "Step 8 of 8");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

static void test_failed(void **state)
{
    (void)state;
    static const terminal_profile profiles[] = {TERMINAL_XTERM_VT340, TERMINAL_KITTY,
                                                TERMINAL_KONSOLE};
    for (int i = 0; i < 3; i++)
        check_failed(profiles[i]);
}

static void test_saved_without_previews(void **state)
{
    (void)state;
    saved_with("--run --preview-budget 0");
}

static void test_saved_without_pictures(void **state)
{
    (void)state;
    saved_with("--run --graphics none");
}

static void test_saved_after_looking_around(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "latents  step 1");
    rig_keys(&r, "<space>");
    rig_match(&r, "PAUSED [1-7]/8");
    rig_keys(&r, "2<left>,<home><end>.,,1<space>");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "2");
    rig_wait(&r, "2 predicted x0  step 8");
    rig_keys(&r, "<home><end>1<end>");
    rig_wait(&r, "1 current latents  step 8");
    rig_gone(&r, "decoding");
    check_saved(&r);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_80x24),
        cmocka_unit_test(test_120x40),
        cmocka_unit_test(test_170x60),
        cmocka_unit_test(test_at_full_speed),
        cmocka_unit_test(test_smaller),
        cmocka_unit_test(test_saved),
        cmocka_unit_test(test_failed),
        cmocka_unit_test(test_saved_without_previews),
        cmocka_unit_test(test_saved_without_pictures),
        cmocka_unit_test(test_saved_after_looking_around),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
