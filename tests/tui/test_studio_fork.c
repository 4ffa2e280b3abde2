/* test_studio_fork.c - going on from a step with other settings: nothing is overwritten. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8"
enum { STEPS = 8 };

static rig at_step_3(void)
{
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "<home>...");
    rig_wait(&r, "Step 3 of 8");
    return r;
}

/* Nothing was changed: the same picture. */
static void test_same(void **state)
{
    (void)state;
    rig r = at_step_3();
    rig_keys(&r, "f");
    rig_wait(&r, "fork of 1 @ 3");
    rig_wait(&r, "DONE 8/8");
    lt_image *fork = rig_saved(&r, "latentty-7.png"), *whole = rig_render(&r, "whole", "", NULL);
    rig_same_pixels(fork, whole);
    lt_image_unref(fork);
    lt_image_unref(whole);
    rig_leave(&r);
}

/* Another guidance: the first steps are the parent's, the end is not; and the parent is still
 * there, as it was. */
static void test_other_guidance(void **state)
{
    (void)state;
    frames f;
    rig r = at_step_3();
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "p----------qf");
    rig_wait(&r, "fork of 1 @ 3");
    rig_wait(&r, "DONE 8/8");
    lt_image *fork = rig_saved(&r, "latentty-7.png");
    assert_true(rig_distance(fork, f.at[STEPS]) > 0.5);
    rig_keys(&r, "<home>..");
    rig_wait_step(&r, &f, 2);
    rig_keys(&r, "<up>");
    rig_wait(&r, "run 1/2");
    rig_wait_step(&r, &f, STEPS);
    lt_image_unref(fork);
    frames_done(&f);
    rig_leave(&r);
}

/* A run that begins with a picture, and a fork of it, which needs the picture no more. */
static void test_init_image(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    lt_image *first = rig_render(&r, "first.png", "", NULL),
             *want = rig_render(&r, "want.png", "--init-image first.png --strength 0.5", NULL);
    rig_watch(&r);
    rig_keys(&r, ":set init-image first.png<enter>");
    rig_wait(&r, "init-image is first.png");
    rig_keys(&r, ":set strength 0.5<enter>");
    rig_wait(&r, "strength is 0.5");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 4/4");
    rig_match(&r, "steps +4 of 8 +8");
    rig_wait(&r, "Step 4 of 4 from a picture");
    lt_image *whole = rig_saved(&r, "latentty-7.png");
    rig_same_pixels(whole, want);
    assert_true(rig_distance(whole, first) > 0.1);
    rig_keys(&r, "<home>");
    rig_wait(&r, "Step 0 of 4: picture with noise");
    char *path = lt_path_join(r.dir, "first.png");
    unlink(path);
    free(path);
    rig_keys(&r, "..f");
    rig_wait(&r, "fork of 1 @ 2");
    rig_wait(&r, "DONE 4/4");
    lt_image *fork = rig_saved(&r, "latentty-7-2.png");
    rig_same_pixels(fork, want);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "FAILED");
    lt_image_unref(first);
    lt_image_unref(want);
    lt_image_unref(whole);
    lt_image_unref(fork);
    rig_leave(&r);
}

/* There is nothing to go on to after the last step, and nothing to keep before the first. */
static void test_ends(void **state)
{
    (void)state;
    rig r = at_step_3();
    rig_keys(&r, "<end>f");
    rig_wait(&r, "a fork begins at a step between the first and the last: , and . go there");
    rig_keys(&r, "<home>");
    rig_wait(&r, "Step 0 of 8");
    rig_keys(&r, "f");
    rig_wait(&r, "a fork begins at a step between the first and the last: , and . go there");
    assert_false(rig_shows(&r, "run 2/2"));
    rig_leave(&r);
}

/* Guidance that is changed while a run is paused: Space goes on with it, and the run that was at
 * work is kept as it was. */
static void test_steered_paused(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox --size 64x64 --seed 7 --steps 300", "");
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9][0-9]*/300");
    rig_keys(&r, "<space>");
    rig_match(&r, "PAUSED [1-9][0-9]*/300");
    rig_keys(&r, "++-");
    rig_wait(&r, "guidance 8: Space goes on with it, as a fork");
    rig_keys(&r, "<space>");
    rig_wait(&r, "run 2/2, fork");
    rig_wait(&r, "DONE 300/300");
    rig_keys(&r, "T");
    rig_match(&r, "1 s7  a red fox +stopped");
    rig_match(&r, "2 @[0-9]+, guidance-scale 8 +done");
    rig_leave(&r);
}

/* While it runs: from the next step on. */
static void test_steered_running(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox --size 64x64 --seed 7 --steps 900", "");
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9][0-9]*/900");
    rig_keys(&r, "---");
    rig_wait(&r, "run 2/2, fork");
    rig_keys(&r, "T");
    rig_match(&r, "2 @[0-9]+, guidance-scale 6");
    rig_leave(&r);
}

/* A sampler that adds noise in its steps: of another seed, from the fork on. */
static void test_other_noise(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_watch(&r);
    rig_keys(&r, ":scheduler euler_a<enter><enter>");
    rig_wait(&r, "DONE 8/8");
    lt_image *whole = rig_saved(&r, "latentty-7.png");
    rig_keys(&r, "<home>...");
    rig_wait(&r, "Step 3 of 8");
    rig_keys(&r, "N<c-u>9<enter>f");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 8/8");
    lt_image *fork = rig_saved(&r, "latentty-9.png");
    assert_true(rig_distance(fork, whole) > 0.5);
    rig_keys(&r, "T");
    rig_wait(&r, "2 @3, seed 9");
    lt_image_unref(fork);
    lt_image_unref(whole);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),           cmocka_unit_test(test_other_guidance),
        cmocka_unit_test(test_init_image),     cmocka_unit_test(test_ends),
        cmocka_unit_test(test_steered_paused), cmocka_unit_test(test_steered_running),
        cmocka_unit_test(test_other_noise)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
