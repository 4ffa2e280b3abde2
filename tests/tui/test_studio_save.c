/* test_studio_save.c - pictures that are saved while the screen goes on, and at the end. */
#include <signal.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8"
enum { STEPS = 8 };

static rig made(const char *more)
{
    rig r = rig_ready(NULL, SETTINGS, more);
    rig_wait(&r, "DONE 8/8");
    return r;
}

static bool exists(const rig *r, const char *name)
{
    char *path = lt_path_join(r->dir, name);
    bool there = lt_file_exists(path);
    free(path);
    return there;
}

static void check_picture(const rig *r, const char *name, const lt_image *want)
{
    lt_image *got = rig_read_png(r, name, NULL);
    rig_same_pixels(got, want);
    lt_image_unref(got);
}

/* Names that wait to be written are taken: quick keys make several files. */
static void test_quick(void **state)
{
    (void)state;
    frames f;
    rig r = made("--run");
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "sss");
    rig_wait(&r, "saved latentty-7-3.png");
    rig_keys(&r, ",");
    rig_wait(&r, "Step 7 of 8");
    rig_gone(&r, "decoding...");
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-7-step7.png");
    check_picture(&r, "latentty-7.png", f.at[STEPS]);
    check_picture(&r, "latentty-7-2.png", f.at[STEPS]);
    check_picture(&r, "latentty-7-3.png", f.at[STEPS]);
    check_picture(&r, "latentty-7-step7.png", f.at[STEPS - 1]);
    rig_keys(&r, ":save fox.png<enter>:save fox.png<enter>");
    rig_wait(&r, "'fox.png' is there already (another name)");
    rig_keys(&r, ":save ./latentty-7.png<enter>");
    rig_wait(&r, "'./latentty-7.png' is there already");
    rig_keys(&r, ":save none/fox.png<enter>");
    rig_wait(&r, "cannot write 'none/fox.png'");
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-7-step7-2.png");
    check_picture(&r, "fox.png", f.at[STEPS - 1]);
    assert_false(exists(&r, "fox-2.png"));
    frames_done(&f);
    rig_leave(&r);
}

/* Leaving writes what waits, and says what it could not. */
static void test_quit(void **state)
{
    (void)state;
    rig r = made("--run");
    rig_keys(&r, "ss:save fox.png<enter>q");
    rig_end(&r, 0);
    lt_image *want = rig_render(&r, "whole", "", NULL);
    check_picture(&r, "latentty-7.png", want);
    check_picture(&r, "latentty-7-2.png", want);
    check_picture(&r, "fox.png", want);
    lt_image_unref(want);
    rig_again(&r, NULL, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, ":save none/fox.png<enter>sq");
    rig_end(&r, 1);
    assert_true(rig_shows(&r, "cannot write 'none/fox.png'"));
    assert_true(exists(&r, "latentty-7-3.png"));
    rig_close(&r);
}

static void test_signals(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
    rig r = made("--run");
    rig_leave(&r);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        r = made("--run");
        rig_keys(&r, "ss");
        rig_wait(&r, "sav"); /* it has the keys */
        terminal_signal(r.t, signals[i]);
        rig_end(&r, 128 + signals[i]);
        lt_image *want = rig_render(&r, "whole", "", NULL);
        check_picture(&r, "latentty-7.png", want);
        check_picture(&r, "latentty-7-2.png", want);
        lt_image_unref(want);
        rig_close(&r);
    }
}

/* All steps, with other pictures saved in between; then a series that meets a name that is taken.
 */
static void test_series(void **state)
{
    (void)state;
    frames f;
    rig r = made("--run");
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "Ss");
    rig_wait(&r, "saved 9 pictures in latentty-7-steps");
    for (int k = 0; k <= STEPS; k++) {
        char *name = lt_format("latentty-7-steps/%03d.png", k);
        check_picture(&r, name, f.at[k]);
        free(name);
    }
    check_picture(&r, "latentty-7.png", f.at[STEPS]);
    rig_keys(&r, "SS"); /* the first is given up */
    rig_wait(&r, "saved 9 pictures in latentty-7-steps-3");
    frames_done(&f);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quick),
        cmocka_unit_test(test_quit),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
