/* test_studio_steps.c - pausing, stepping, going back, lenses, the timeline, replay, pace,
 * stopping, and the runs of a session. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8"
#define LONG     "-p a_red_fox --size 64x64 --seed 7 --steps 900"
enum { STEPS = 8 };

/* Waits until the run pauses, and says after which step. */
static int paused_at(rig *r)
{
    int row, column, step = -1;
    lt_buf text = {0};
    rig_match(r, "PAUSED [0-9]+/");
    assert_true(terminal_find(r->t, "PAUSED ", &row, &column));
    terminal_row(r->t, row, &text);
    sscanf(strstr(text.data, "PAUSED "), "PAUSED %d/", &step);
    lt_buf_done(&text);
    return step;
}

static void wait_paused(rig *r, int step)
{
    char text[32];
    snprintf(text, sizeof text, "PAUSED %d/", step);
    rig_wait(r, text);
}

/* A run that is paused after its noise, or soon after. */
static rig open_paused(frames *f, int *step)
{
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_frames(&r, "latents", f);
    rig_keys(&r, "<esc>");
    rig_wait(&r, "i prompt");
    rig_keys(&r, "[[[[<enter>"); /* 0.8 s a step */
    rig_wait(&r, "RUN 0/8");
    rig_keys(&r, "<space>");
    *step = paused_at(&r);
    return r;
}

static void test_pause_and_steps(void **state)
{
    (void)state;
    frames f;
    int step;
    rig r = open_paused(&f, &step);
    rig_wait_step(&r, &f, step);
    for (int k = step + 1; k <= step + 3; k++) {
        rig_keys(&r, k % 2 ? "." : "<right>");
        wait_paused(&r, k);
        rig_wait_step(&r, &f, k);
    }
    rig_keys(&r, ",");
    rig_wait_step(&r, &f, step + 2);
    rig_keys(&r, "<left>");
    rig_wait_step(&r, &f, step + 1);
    rig_keys(&r, "<home>");
    rig_wait_step(&r, &f, 0);
    rig_wait(&r, "Step 0 of 8: noise");
    rig_keys(&r, ",");
    rig_wait_step(&r, &f, 0);
    rig_keys(&r, ".");
    rig_wait_step(&r, &f, 1);
    wait_paused(&r, step + 3); /* looking computes nothing */
    rig_keys(&r, "<end>");
    rig_wait_step(&r, &f, step + 3);
    rig_keys(&r, "]]]]"); /* as fast as it goes */
    rig_wait(&r, "as fast as they are made");
    rig_keys(&r, "<space>");
    rig_wait(&r, "DONE 8/8");
    rig_wait_step(&r, &f, STEPS);
    rig_keys(&r, ".");
    rig_wait(&r, "this is the last step that was computed");
    rig_sound(&r);
    frames_done(&f);
    rig_leave(&r);
}

static void test_lens(void **state)
{
    (void)state;
    frames f, x0;
    int step;
    rig r = open_paused(&f, &step);
    rig_frames(&r, "x0", &x0);
    assert_int_equal(x0.count, STEPS + 1);
    rig_keys(&r, "..");
    wait_paused(&r, step + 2);
    rig_wait_step(&r, &f, step + 2);
    rig_keys(&r, "2");
    rig_wait_step(&r, &x0, step + 2);
    rig_wait(&r, "2 predicted x0  step");
    rig_keys(&r, ","); /* not watched when it was made: the VAE makes it now */
    rig_wait_step(&r, &x0, step + 1);
    rig_keys(&r, "<end>.");
    wait_paused(&r, step + 3);
    rig_wait_step(&r, &x0, step + 3);
    rig_keys(&r, "1");
    rig_wait_step(&r, &f, step + 3);
    rig_keys(&r, "2<home>");
    rig_wait_step(&r, &f, 0); /* the noise predicts nothing */
    rig_keys(&r, "<end>s");
    char name[64];
    snprintf(name, sizeof name, "latentty-7-step%d-x0.png", step + 3);
    rig_wait(&r, name);
    lt_image *saved = rig_read_png(&r, name, NULL);
    rig_same_pixels(saved, x0.at[step + 3]);
    lt_image_unref(saved);
    frames_done(&f);
    frames_done(&x0);
    rig_sound(&r);
    rig_leave(&r);
}

/* ---- the timeline ---- */

/* The cell of a step: " noise |o-o-[@]| image", where the brackets may stand on the bars. */
static void timeline_cell(const rig *r, int step, int steps, int *row, int *column)
{
    int columns, rows;
    lt_buf text = {0};
    terminal_size(r->t, &columns, &rows);
    *row = rows - 5; /* below: the prompts, a message, the keys */
    terminal_row(r->t, *row, &text);
    const char *left = strstr(text.data, "noise "), *right = strstr(text.data, " image");
    assert_true(left && right);
    int first = (int)(left - text.data) + 7, last = (int)(right - text.data) - 2;
    *column = first + ((last - first) * step + steps / 2) / steps;
    lt_buf_done(&text);
}

static void mouse(rig *r, int step, terminal_mouse_kind kind)
{
    int row, column;
    timeline_cell(r, step, STEPS, &row, &column);
    assert_true(terminal_mouse(r->t, 0, row, column, kind));
}

static void test_timeline(void **state)
{
    (void)state;
    frames f;
    terminal_options o = {.columns = 120, .rows = 40, .cell_width = 10, .cell_height = 20};
    rig r = rig_ready(&o, SETTINGS, "");
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    for (int step = 0; step <= STEPS; step += 4) {
        mouse(&r, step, TERMINAL_CLICK);
        rig_wait_step(&r, &f, step);
    }
    rig_keys(&r, "2"); /* the pictures of this lens are not there */
    rig_wait(&r, "2 predicted x0  step 8");
    mouse(&r, 8, TERMINAL_PRESS);
    mouse(&r, 5, TERMINAL_DRAG);
    rig_wait(&r, "2 predicted x0  step 5  linear preview");
    mouse(&r, 3, TERMINAL_DRAG);
    rig_wait(&r, "2 predicted x0  step 3  linear preview");
    mouse(&r, 3, TERMINAL_RELEASE);
    rig_gone(&r, "linear preview");
    frames_done(&f);
    rig_frames(&r, "x0", &f);
    rig_wait_step(&r, &f, 3);
    assert_true(terminal_mouse(r.t, 65, 8, 8, TERMINAL_PRESS)); /* the wheel, over the picture */
    rig_wait_step(&r, &f, 4);
    assert_true(terminal_mouse(r.t, 64, 8, 8, TERMINAL_PRESS));
    rig_wait_step(&r, &f, 3);
    frames_done(&f);
    rig_sound(&r);
    rig_leave(&r);
}

/* In 80 columns: what does not fit is seen to be cut, and a preview is still marked. */
static void test_narrow(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, LONG, "");
    rig_keys(&r, "<enter>");
    rig_match(&r, "^ latentty.*(lms 900|\342\200\246) .*RUN [1-9][0-9]*/900");
    rig_keys(&r, "2x");
    rig_match(&r, "STOPPED [0-9]+/900");
    rig_gone(&r, "decoding");
    rig_keys(&r, ":set steps 8<enter>");
    rig_match(&r, " steps +900 +8 ");
    rig_keys(&r, "1<c-g>");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "2");
    rig_gone(&r, "decoding");
    mouse(&r, 8, TERMINAL_PRESS);
    mouse(&r, 5, TERMINAL_DRAG);
    rig_wait(&r, " step 5  linear preview ");
    mouse(&r, 5, TERMINAL_RELEASE);
    rig_wait(&r, " 2 predicted x0  step 5 ");
    rig_sound(&r);
    rig_leave(&r);
}

/* ---- replay and pace ---- */

typedef struct shown {
    int last;
    bool order;
} shown;

/* Steps 0 to 8 in turn. */
static bool watch_replay(terminal *t, void *user)
{
    shown *s = user;
    for (int k = s->last + 1; k <= STEPS; k++) {
        char text[32];
        snprintf(text, sizeof text, "latents  step %d ", k);
        if (terminal_find(t, text, NULL, NULL)) {
            s->order = s->order && k == s->last + 1;
            s->last = k;
        }
    }
    return s->last == STEPS;
}

static void test_replay(void **state)
{
    (void)state;
    frames f;
    shown s = {.last = -1, .order = true};
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_wait_step(&r, &f, STEPS);
    rig_keys(&r, "[[");
    rig_wait(&r, "each step is held 0.2 s");
    int before = terminal_pictures(r.t);
    rig_keys(&r, "<space>");
    rig_wait(&r, "latents  step 0 ");
    CHECK_OK(terminal_wait(r.t, watch_replay, &s, "the replay", err));
    assert_true(s.order);
    rig_wait_step(&r, &f, STEPS);
    assert_int_equal(terminal_pictures(r.t) - before, STEPS + 1);
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "<space>"); /* once more, and held */
    rig_wait(&r, "latents  step 2 ");
    rig_keys(&r, "<space>,");
    CHECK_OK(terminal_wait_quiet(r.t, 500, err));
    assert_true(rig_shows(&r, "latents  step 1 ") || rig_shows(&r, "latents  step 2 "));
    frames_done(&f);
    rig_sound(&r);
    rig_leave(&r);
}

static void test_pace(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, LONG, "");
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9][0-9]*/900");
    rig_keys(&r, "[[[[[[[[[");
    rig_wait(&r, "each step is held 3 s");
    rig_match(&r, "RUN [0-9]+/900  held 3 s .* eta [34][0-9]:[0-9][0-9]"); /* it goes on */
    rig_match(&r, "Space pause +x stop");
    assert_false(rig_shows(&r, "PAUSED"));
    rig_keys(&r, "<space>"); /* held by the pace; now by the user */
    paused_at(&r);
    rig_match(&r, "Space go on +x stop");
    rig_wait(&r, "paused");
    rig_keys(&r, "]]]]]]]]]");
    rig_wait(&r, "as fast as they are made");
    paused_at(&r);
    rig_keys(&r, "<space>");
    rig_match(&r, "RUN [0-9]+/900");
    rig_sound(&r);
    rig_leave(&r);
}

/* A run with a pace goes on by itself while another one is looked at, and replayed. */
static void test_pace_behind(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "[[[<enter>"); /* 0.4 s */
    rig_match(&r, "RUN [0-9]/8  held 0.4 s");
    rig_keys(&r, "<up>");
    rig_wait(&r, "run 1/2");
    rig_keys(&r, "<space>T");
    rig_match(&r, " 2 s7  a red fox +run");
    rig_match(&r, " 2 s7  a red fox +done");
    rig_wait(&r, "run 1/2");
    rig_sound(&r);
    rig_leave(&r);
}

/* Guidance that is changed while the pace holds the run needs no Space. */
static void test_pace_steered(void **state)
{
    (void)state;
    rig r = rig_ready(&rig_large, LONG, "--pace 1");
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9][0-9]*/900  held 1 s");
    rig_keys(&r, "+");
    rig_wait(&r, "guidance 8 from the next step on, as a fork");
    rig_match(&r, "run 2/2, fork of 1 @ [1-9]");
    rig_match(&r, "RUN [1-9][0-9]*/900  held 1 s");
    rig_leave(&r);
}

/* ---- stopping ---- */

static rig open_long(void)
{
    rig r = rig_ready(NULL, LONG, "");
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9][0-9]*/900");
    return r;
}

static void test_interrupt(void **state)
{
    (void)state;
    rig r = open_long();
    rig_keys(&r, "<c-c>");
    rig_match(&r, "STOPPED [0-9]+/900");
    rig_wait(&r, "its steps are kept");
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9][0-9]*/900");
    rig_keys(&r, "<c-c><c-c>");
    rig_end(&r, 0);
    rig_close(&r);
}

static void test_quit_asks(void **state)
{
    (void)state;
    rig r = open_long();
    rig_keys(&r, "q");
    rig_wait(&r, "leave? y or n");
    rig_keys(&r, "n");
    rig_gone(&r, "leave? y or n");
    rig_match(&r, "RUN [1-9][0-9]*/900");
    rig_keys(&r, "q");
    rig_wait(&r, "leave? y or n");
    rig_keys(&r, "<esc>");
    rig_gone(&r, "leave? y or n");
    rig_keys(&r, "<space>");
    paused_at(&r);
    rig_keys(&r, "q");
    rig_wait(&r, "leave? y or n");
    rig_keys(&r, "y");
    rig_end(&r, 0);
    rig_close(&r);
}

static void test_quit(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "q");
    rig_end(&r, 0);
    rig_close(&r);
}

static void test_stop(void **state)
{
    (void)state;
    rig r = open_long();
    rig_keys(&r, "x");
    rig_match(&r, "STOPPED [0-9]+/900");
    rig_wait(&r, "its steps are kept");
    rig_keys(&r, "<home>");
    rig_wait(&r, "latents  step 0 ");
    rig_keys(&r, "<end>");
    rig_match(&r, "latents  step [1-9]");
    rig_sound(&r);
    rig_leave(&r);
}

/* ---- several runs ---- */

static void type_seed(rig *r, const char *seed)
{
    rig_keys(r, "N");
    rig_wait(r, "seed:");
    rig_keys(r, "<c-u>");
    rig_keys(r, seed);
    rig_keys(r, "<enter>");
    rig_gone(r, "seed:");
}

static void test_runs(void **state)
{
    (void)state;
    frames seven, nine;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_frames(&r, "latents", &seven);
    r.arguments = "-p a_red_fox --size 64x64 --seed 9 --steps 8";
    rig_frames(&r, "latents", &nine);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    type_seed(&r, "9");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "seed 9  run 2/2");
    rig_wait(&r, "DONE 8/8");
    rig_wait_step(&r, &nine, STEPS);
    rig_keys(&r, "<up>");
    rig_wait(&r, "seed 7  run 1/2");
    rig_wait_step(&r, &seven, STEPS);
    rig_keys(&r, "<up>,,");
    rig_wait_step(&r, &seven, STEPS - 2);
    rig_keys(&r, "<down>");
    rig_wait(&r, "seed 9  run 2/2");
    rig_wait_step(&r, &nine, STEPS);
    frames_done(&seven);
    frames_done(&nine);
    rig_sound(&r);
    rig_leave(&r);
}

/* Another run takes the place of the one at work, whose steps are kept. */
static void test_replaced(void **state)
{
    (void)state;
    frames f;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "<esc>");
    rig_wait(&r, "i prompt");
    rig_keys(&r, ":");
    rig_wait(&r, "command:");
    rig_keys(&r, "set steps 900<enter>");
    rig_match(&r, "steps +- +900");
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9][0-9]*/900");
    rig_keys(&r, ":");
    rig_wait(&r, "command:");
    rig_keys(&r, "set steps 8<enter>");
    rig_match(&r, "steps +900 +8");
    rig_keys(&r, "<c-g>");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 8/8");
    rig_wait_step(&r, &f, STEPS);
    rig_keys(&r, "<up>");
    rig_match(&r, "STOPPED [0-9]+/900");
    frames_done(&f);
    rig_sound(&r);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pause_and_steps),
        cmocka_unit_test(test_lens),
        cmocka_unit_test(test_timeline),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_pace),
        cmocka_unit_test(test_pace_behind),
        cmocka_unit_test(test_pace_steered),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_quit_asks),
        cmocka_unit_test(test_quit),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
