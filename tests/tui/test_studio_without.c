/* test_studio_without.c - a run once more without a word: the run that `render` makes of the text
 * that is left, beside the one with it. */
#include <stdlib.h>

#include "base/mem.h"
#include "studio_rig.h"

#define SETTINGS "--size 64x64 --seed 7 --steps 4"

static rig done_run(const char *arguments, const char *done)
{
    rig r = rig_ready(NULL, arguments, "--run");
    rig_wait(&r, done);
    rig_keys(&r, "t");
    rig_wait(&r, "Tokens: the prompt of run 1");
    return r;
}

static void test_same_as_render(void **state)
{
    (void)state;
    rig r = done_run("-p a_red_fox,_in_the_snow --guidance-scale 6 --scheduler euler " SETTINGS,
                     "DONE 4/4");
    rig_keys(&r, "ll");
    rig_wait(&r, "'fox', a word");
    rig_keys(&r, "-");
    rig_wait(&r, "A with 'fox', B without");
    rig_wait(&r, "DONE 4/4");
    rig_wait(&r, "A: run 1 step 4  B: run 2 step 4");
    rig_match(&r, "prompt +a red fox, in the snow +a red, in the snow");
    rig_wait(&r, "the same: guidance-scale, avoid, steps, seed, size, scheduler");
    rig_wait(&r, "differs from step 1 on");
    rig_sound_scrolled(&r);
    rig_keys(&r, "q");
    rig_wait(&r, "Step 4 of 4");
    rig_wait(&r, "run 2/2, fork of 1 @ 0");
    lt_image *mine = rig_saved(&r, "latentty-7.png");
    assert_int_equal(rig_run(&r, "render -q -p a_red,_in_the_snow --guidance-scale 6 --scheduler "
                                 "euler --size 64x64 --seed 7 --steps 4 -o without.png"),
                     0);
    lt_image *want = rig_read_png(&r, "without.png", NULL);
    rig_same_pixels(mine, want);
    lt_image_unref(mine);
    lt_image_unref(want);
    rig_leave(&r);
}

/* Both move on together while the second run is at work. */
static void test_live(void **state)
{
    (void)state;
    rig r = done_run("-p a_red_fox --pace 0.3 " SETTINGS, "DONE 4/4");
    rig_keys(&r, "l-");
    rig_wait(&r, "A with 'red', B without");
    for (int k = 1; k < 4; k++) {
        char *text = lt_format("A: run 1 step %d  B: run 2 step %d", k, k);
        rig_wait(&r, text);
        free(text);
    }
    rig_wait(&r, "DONE 4/4");
    rig_leave(&r);
}

/* What was said of one view is not said in the next. */
static void test_note(void **state)
{
    (void)state;
    rig r = done_run("-p a_red_fox " SETTINGS, "DONE 4/4");
    rig_keys(&r, "l-");
    rig_wait(&r, "A with 'red', B without");
    rig_keys(&r, "q");
    rig_gone(&r, "A: run 1");
    CHECK_OK(terminal_wait_quiet(r.t, 150, err));
    assert_false(rig_shows(&r, "A with 'red'"));
    rig_leave(&r);
}

/* What is at work is not stopped for it. */
static void test_queued(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox --size 64x64 --seed 7 --steps 60", "--run");
    rig_match(&r, "RUN [1-9]");
    rig_keys(&r, "t");
    rig_wait(&r, "Tokens: the prompt of run 1");
    rig_keys(&r, "l-");
    rig_wait(&r, "queued: 1 wait");
    rig_wait(&r, "A with 'red', B without");
    rig_wait(&r, "A: run 1 step 60  B: run 2 step 60");
    rig_wait(&r, "DONE 60/60");
    rig_match(&r, "prompt +a red fox +a fox");
    rig_keys(&r, "qT");
    rig_wait(&r, ">└ 2 @0, prompt a fox");
    rig_leave(&r);
}

/* The history has the noise that both have in common once, and gives it to both. */
static void test_reopened(void **state)
{
    (void)state;
    rig r = done_run("-p a_red_fox " SETTINGS, "DONE 4/4");
    rig_keys(&r, "l-");
    rig_wait(&r, "A: run 1 step 4  B: run 2 step 4");
    rig_wait(&r, "DONE 4/4");
    rig_keys(&r, "q");
    rig_gone(&r, "A: run 1");
    rig_restart(&r, "");
    rig_watch(&r);
    rig_keys(&r, "H");
    rig_wait(&r, "2, fork of 1 @ 0");
    rig_keys(&r, "<right><enter>");
    rig_wait(&r, "DONE 4/4");
    rig_keys(&r, "H<left><enter>");
    rig_wait(&r, "run 2/2, fork of 1 @ 0");
    rig_keys(&r, "c");
    rig_wait(&r, "A: run 1 step 4  B: run 2 step 4");
    rig_wait(&r, "differs from step 1 on");
    rig_leave(&r);
}

/* Another picture stands where the first run began with one: nothing is shared. */
static void test_other_picture(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox " SETTINGS, "");
    lt_image_unref(rig_render(&r, "first.png", "", NULL));
    rig_watch(&r);
    rig_keys(&r, ":set init-image first.png<enter>");
    rig_wait(&r, "init-image is first.png");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 3/3");
    lt_image_unref(rig_render(&r, "first.png", "--negative-prompt snow", NULL));
    rig_watch(&r);
    rig_keys(&r, "tl-");
    rig_wait(&r, "A: run 1 step 3  B: run 2 step 3");
    rig_wait(&r, "differs from the noise on");
    rig_keys(&r, "qT");
    rig_wait(&r, ">2 s7  a fox");
    assert_false(rig_shows(&r, "fork of"));
    rig_leave(&r);
}

/* A fork goes on from the same frame of the same run. */
static void test_fork(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox " SETTINGS, "--run");
    rig_wait(&r, "DONE 4/4");
    rig_keys(&r, ",,f");
    rig_wait(&r, "fork of 1 @ 2");
    rig_wait(&r, "DONE 4/4");
    rig_keys(&r, "t");
    rig_wait(&r, "Tokens: the prompt of run 2");
    rig_keys(&r, "l-");
    rig_wait(&r, "run 3/3, fork of 1 @ 2");
    rig_wait(&r, "A: run 2 step 4  B: run 3 step 4");
    rig_wait(&r, "differs from step 3 on");
    rig_leave(&r);
}

/* A word of what to avoid, and what is refused. */
static void test_avoid(void **state)
{
    (void)state;
    rig r = done_run("-p a_fox --negative-prompt blurry,_dark " SETTINGS, "DONE 4/4");
    rig_keys(&r, "<home>-");
    rig_wait(&r, "choose a word: h and l go from one to the next");
    rig_keys(&r, "<tab><tab>-");
    rig_wait(&r, "this is the text of the next run: Tab goes to that of the run");
    rig_keys(&r, "<tab><tab><tab>");
    rig_wait(&r, "Tokens: what run 1 avoids");
    rig_keys(&r, "-");
    rig_wait(&r, "A with 'blurry', B without");
    rig_match(&r, "avoid +blurry, dark +dark");
    rig_leave(&r);
}

static void test_unguided(void **state)
{
    (void)state;
    rig r = done_run("-p a_fox --negative-prompt dark --guidance-scale 1 " SETTINGS, "DONE 4/4");
    rig_keys(&r, "<tab>-");
    rig_wait(&r, "guidance is off: the run did not read this text");
    rig_leave(&r);
}

static void test_cut(void **state)
{
    (void)state;
    lt_buf line = {0};
    for (int i = 0; i < 76; i++)
        lt_buf_format(&line, "%s", i ? "_cat" : "-p cat");
    lt_buf_str(&line, " " SETTINGS);
    rig r = done_run(line.data, "DONE 4/4");
    rig_keys(&r, "<end>-");
    rig_wait(&r, "this word is cut off: the model does not see it");
    lt_buf_done(&line);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_render), cmocka_unit_test(test_live),
        cmocka_unit_test(test_note),           cmocka_unit_test(test_queued),
        cmocka_unit_test(test_fork),           cmocka_unit_test(test_avoid),
        cmocka_unit_test(test_unguided),       cmocka_unit_test(test_cut),
        cmocka_unit_test(test_reopened),       cmocka_unit_test(test_other_picture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
