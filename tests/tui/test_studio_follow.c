/* test_studio_follow.c - the form is that of the run that is shown, where the user changed nothing.
 */
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8"
#define OTHER    "-s euler_a --guidance-scale 4 --run"

/* The next start has other settings, or none. */
static void open_from_history(rig *r, const char *arguments, const char *keys)
{
    r->arguments = arguments;
    rig_restart(r, "");
    rig_keys(r, keys);
    rig_watch(r);
    rig_keys(r, "H");
    rig_wait(r, "History  1 of 1");
    rig_keys(r, "<enter>");
    rig_wait(r, "DONE 8/8");
    rig_wait(r, "Step 8 of 8");
}

/* Another day, and nothing is changed: a fork is its parent to the last bit, also with a sampler
 * whose noise is of the run's seed and not of the one that this start has. */
static void test_history(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, OTHER);
    rig_wait(&r, "DONE 8/8");
    lt_image *whole = rig_saved(&r, "latentty-7.png");
    open_from_history(&r, "--seed 5", "");
    rig_match(&r, "prompt> +a red fox");
    rig_keys(&r, "<home>..");
    rig_wait(&r, "Step 2 of 8");
    rig_keys(&r, "f");
    rig_wait(&r, "run 2/2, fork of 1");
    rig_wait(&r, "DONE 8/8");
    lt_image *fork = rig_saved(&r, "latentty-7-2.png");
    rig_same_pixels(fork, whole);
    rig_keys(&r, "T");
    rig_match(&r, "2 @2 +done"); /* it changed nothing */
    lt_image_unref(whole);
    lt_image_unref(fork);
    rig_leave(&r);
}

/* What was typed before the run was opened stays, and everything else is the run's. */
static void test_typed(void **state)
{
    (void)state;
    rig r = rig_ready(&rig_large, SETTINGS, OTHER);
    rig_wait(&r, "DONE 8/8");
    r.arguments = "";
    rig_keys(&r, "q");
    rig_end(&r, 0);
    rig_again(&r, &rig_large, "");
    rig_match(&r, "[0-9]/75");
    rig_keys(&r, "a tree");
    rig_watch(&r);
    rig_keys(&r, "H");
    rig_wait(&r, "History  1 of 1");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "Step 8 of 8");
    rig_match(&r, "prompt> +a tree");
    rig_match(&r, "scheduler +euler_a +euler_a");
    rig_match(&r, "guidance-scale +4 +4");
    rig_match(&r, "steps +8 +8");
    rig_match(&r, "size +64x64 +64x64");
    rig_match(&r, "seed +7 +random"); /* of every run another one, as before */
    rig_leave(&r);
}

/* Up and Down: the sampler is the shown run's, and a guidance that was changed stays, as a prompt
 * does that was typed. */
static void test_up_and_down(void **state)
{
    (void)state;
    rig r = rig_ready(&rig_large, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, ":scheduler euler<enter>");
    rig_match(&r, "scheduler +lms +euler");
    rig_keys(&r, "i<c-a><c-k>a tree<enter>");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "<up>");
    rig_wait(&r, "run 1/2");
    rig_match(&r, "scheduler +lms +lms");
    rig_match(&r, "prompt> +a red fox");
    rig_keys(&r, "<down>");
    rig_wait(&r, "run 2/2");
    rig_match(&r, "scheduler +euler +euler");
    rig_match(&r, "prompt> +a tree");
    rig_keys(&r, ":guidance-scale 3<enter>");
    rig_match(&r, "guidance-scale +7.5 +3");
    rig_keys(&r, "<up>");
    rig_wait(&r, "run 1/2");
    rig_match(&r, "scheduler +lms +lms");
    rig_match(&r, "guidance-scale +7.5 +3");
    rig_leave(&r);
}

/* Settings that were taken with R are the user's as a whole, until a run is made of them. */
static void test_taken(void **state)
{
    (void)state;
    rig r = rig_ready(&rig_large, SETTINGS, OTHER);
    rig_wait(&r, "DONE 8/8");
    lt_image_unref(rig_saved(&r, "latentty-7.png"));
    rig_keys(&r, "i<c-a><c-k>a tree<enter>");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, ":scheduler lms<enter><enter>");
    rig_wait(&r, "run 3/3");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "Rlatentty-7.png<enter>");
    rig_wait(&r, "settings taken");
    rig_match(&r, "scheduler +lms +euler_a");
    rig_keys(&r, "<up><up><down>");
    rig_wait(&r, "run 2/3");
    rig_match(&r, "prompt> +a red fox");
    rig_match(&r, "scheduler +euler_a +euler_a");
    rig_leave(&r);
}

/* A lesson gives back the form as it was, and what was not the user's then follows again. */
static void test_lesson(void **state)
{
    (void)state;
    rig r = rig_ready(&rig_large, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, ":scheduler euler<enter><enter>");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, ":lesson 1<enter>");
    rig_wait(&r, "lesson 1: Tokens");
    rig_keys(&r, ":scheduler lms-blog<enter>");
    rig_wait(&r, "scheduler is lms-blog");
    rig_keys(&r, ":guidance-scale 2<enter>");
    rig_wait(&r, "guidance-scale is 2");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "lesson left");
    rig_match(&r, "scheduler +[a-z]+ +euler");
    rig_keys(&r, "<up><up><up>");
    rig_wait(&r, "run 1/");
    rig_match(&r, "scheduler +lms +lms");
    rig_leave(&r);
}

/* The settings scroll to the chosen one, say so, and are as before behind it. */
static void test_rows(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_watch(&r);
    rig_match(&r, "Settings 1-[0-9]/[12][0-9] ");
    rig_keys(&r, "pjjjjjjjjjjjjjj");
    rig_match(&r, "Settings [1-9][0-9]?-15/[12][0-9] ");
    rig_gone(&r, "guidance-scale");
    rig_watch(&r);
    rig_match(&r, "Settings 1-[0-9]/[12][0-9] ");
    rig_wait(&r, "guidance-scale");
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),  cmocka_unit_test(test_history),
        cmocka_unit_test(test_typed), cmocka_unit_test(test_up_and_down),
        cmocka_unit_test(test_taken), cmocka_unit_test(test_lesson)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
