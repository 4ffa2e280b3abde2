/* test_studio_whatif.c - the slider for the guidance of one step: what it shows is what a fork
 * makes. */
#include <stdlib.h>

#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8 --guidance-scale 7.5"
enum { STEPS = 8, SIDE = 64 };

static rig at_step(int step)
{
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "<home>");
    for (int k = 0; k < step; k++)
        rig_keys(&r, ".");
    char text[32];
    snprintf(text, sizeof text, "Step %d of 8", step);
    rig_wait(&r, text);
    return r;
}

/* At the run's own scale it is the kept frame; back there it is the same again. */
static void test_own(void **state)
{
    (void)state;
    frames f;
    rig r = at_step(4);
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "w");
    rig_wait(&r, "What if: step 4 of 8");
    rig_wait(&r, "eps = u + 7.5 (c - u)");
    rig_wait(&r, "7.5, the run has 7.5");
    rig_match(&r, "changed +0 %");
    rig_wait_step(&r, &f, 4);
    size_t from = terminal_written(r.t);
    rig_keys(&r, "<right><right>");
    CHECK_OK(terminal_wait_bytes(r.t, "linear preview", from, err));
    rig_wait(&r, "eps = u + 8.5 (c - u)");
    rig_match(&r, "changed +[0-9.]+ %");
    rig_keys(&r, "d");
    rig_match(&r, "changed +0 %");
    rig_wait_step(&r, &f, 4);
    rig_keys(&r, "<esc>");
    rig_gone(&r, "What if");
    rig_wait(&r, "Step 4 of 8");
    frames_done(&f);
    rig_sound(&r);
    rig_leave(&r);
}

/* What is shown at 3.0 is the first new step of the run that Enter makes of it. */
static void test_fork(void **state)
{
    (void)state;
    rig r = at_step(5);
    rig_keys(&r, "2");
    rig_wait(&r, "2 predicted x0  step 5");
    lt_image *kept = rig_saved(&r, "latentty-7-step5-x0.png");
    rig_keys(&r, "w---------");
    rig_wait(&r, "eps = u + 3 (c - u)");
    lt_image *shown = rig_at_rest(&r, SIDE, SIDE);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "fork of 1 @ 4");
    rig_wait(&r, "DONE 8/8");
    rig_match(&r, "guidance-scale +3 ");
    rig_keys(&r, "<home>.....");
    rig_wait(&r, "Step 5 of 8");
    rig_gone(&r, "decoding");
    lt_image *fork = rig_saved(&r, "latentty-7-step5-x0-2.png");
    double same = rig_distance(shown, fork);
    if (same >= RIG_PALETTE_ERROR || same >= rig_distance(shown, kept))
        fail_msg("%g from the fork's step, %g from the kept one", same, rig_distance(shown, kept));
    assert_true(rig_distance(fork, kept) > 1);
    /* a step of before the fork is the parent's, also here */
    rig_keys(&r, ",w");
    rig_wait(&r, "What if: step 4 of 8");
    rig_wait(&r, "7.5, the run has 7.5");
    rig_keys(&r, "q.w");
    rig_wait(&r, "3, the run has 3");
    lt_image_unref(kept);
    lt_image_unref(shown);
    lt_image_unref(fork);
    rig_sound(&r);
    rig_leave(&r);
}

static void test_first_step(void **state)
{
    (void)state;
    rig r = at_step(1);
    rig_keys(&r, "w<right><enter>");
    rig_wait(&r, "run 2/2, fork of 1 @ 0"); /* they have the noise in common */
    rig_wait(&r, "DONE 8/8");
    rig_match(&r, "guidance-scale +8 ");
    rig_sound(&r);
    rig_leave(&r);
}

static void test_ends(void **state)
{
    (void)state;
    rig r = at_step(3);
    rig_keys(&r, "w<home>");
    rig_wait(&r, "eps = u ");
    rig_match(&r, "guidance push +0 of the noise");
    rig_match(&r, "guidance 0 \\[?@\\]");
    rig_keys(&r, ",");
    rig_wait(&r, "eps = u ");
    rig_keys(&r, "<right><enter>");
    rig_wait(&r, "choose 1 or more");
    rig_keys(&r, "<right>");
    rig_wait(&r, "eps = c ");
    rig_keys(&r, ".");
    rig_wait(&r, "eps = u + 1.1 (c - u)");
    rig_keys(&r, "t");
    rig_wait(&r, "guidance of this step: 1.1");
    rig_keys(&r, "<c-u>x<enter>");
    rig_wait(&r, "guidance is 'x', expected a number from 0 to 1000");
    rig_keys(&r, "t40<enter>");
    rig_wait(&r, "eps = u + 40 (c - u)");
    rig_wait(&r, "[@] 40");
    rig_keys(&r, "w");
    rig_gone(&r, "What if");
    rig_keys(&r, "<home>w");
    rig_wait(&r, "what if: noise has no prediction; . goes to a step");
    rig_sound(&r);
    rig_leave(&r);
}

static void test_mouse(void **state)
{
    (void)state;
    rig r = at_step(3);
    rig_keys(&r, "w");
    rig_wait(&r, "guidance 0 |");
    assert_true(terminal_mouse(r.t, 0, 24 - 5, 12, TERMINAL_PRESS)); /* the slider's first cell */
    rig_wait(&r, "eps = u ");
    assert_true(terminal_mouse(r.t, 0, 24 - 5, 71, TERMINAL_DRAG)); /* and its last */
    rig_wait(&r, "eps = u + 20 (c - u)");
    assert_true(terminal_mouse(r.t, 0, 24 - 5, 71, TERMINAL_RELEASE));
    rig_gone(&r, "linear preview");
    assert_true(terminal_mouse(r.t, 65, 8, 8, TERMINAL_PRESS)); /* the wheel */
    rig_wait(&r, "eps = u + 19.5 (c - u)");
    rig_sound(&r);
    rig_leave(&r);
}

/* A fork that comes out of the history: its own steps have all that is needed, those of before it
 * are of a run that is not open. */
static void test_from_history(void **state)
{
    (void)state;
    rig r = at_step(3);
    rig_keys(&r, "f");
    rig_wait(&r, "fork of 1 @ 3");
    rig_wait(&r, "DONE 8/8");
    rig_restart(&r, "");
    rig_watch(&r);
    rig_keys(&r, "H");
    rig_wait(&r, "2, fork of 1 @ 3");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, ",,,w");
    rig_wait(&r, "What if: step 5 of 8");
    rig_match(&r, "changed +0 %");
    rig_keys(&r, "<right>");
    rig_wait(&r, "eps = u + 8 (c - u)");
    lt_image_unref(rig_at_rest(&r, SIDE, SIDE));
    rig_keys(&r, "q,,w");
    rig_wait(&r, "of the run that was forked, which is not open");
    rig_leave(&r);
}

/* The worker keeps the newest question alone: the screen does not wait for the one before it. */
static void test_asked_twice(void **state)
{
    (void)state;
    rig r = at_step(4);
    rig_keys(&r, "32ww");
    rig_wait(&r, "2 predicted x0  step 4");
    rig_gone(&r, "What if");
    rig_gone(&r, "decoding...");
    lt_image_unref(rig_saved(&r, "latentty-7-step4-x0.png"));
    rig_keys(&r, "13Sw"); /* nor does saving */
    rig_wait(&r, "saved 9 pictures in latentty-7-steps-noise");
    rig_leave(&r);
}

static void test_unguided(void **state)
{
    (void)state;
    rig r =
        rig_ready(NULL, "-p a_red_fox --size 64x64 --seed 7 --steps 8 --guidance-scale 1", "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "w");
    rig_wait(&r, "made without guidance");
    assert_false(rig_shows(&r, "What if:"));
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own),         cmocka_unit_test(test_fork),
        cmocka_unit_test(test_first_step),  cmocka_unit_test(test_ends),
        cmocka_unit_test(test_mouse),       cmocka_unit_test(test_unguided),
        cmocka_unit_test(test_asked_twice), cmocka_unit_test(test_from_history)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
