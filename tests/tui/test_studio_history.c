/* test_studio_history.c - runs that are kept: seen again, opened again, gone on with. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8"
enum { STEPS = 8 };

static void leave(rig *r)
{
    rig_keys(r, "q");
    rig_end(r, 0);
}

static void next_start(rig *r, const char *more)
{
    rig_again(r, NULL, more);
    rig_match(r, "[0-9]/75");
}

/* The acceptance test: closed, opened again, every step is there, and a fork that changes nothing
 * is its parent. */
static void test_again(void **state)
{
    (void)state;
    frames f;
    struct stat about;
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "p----------q"); /* for the next one, which changes */
    rig_keys(&r, "<home>...f");
    rig_wait(&r, "fork of 1 @ 3");
    rig_wait(&r, "DONE 8/8");
    leave(&r);
    char *path = rig_history_path(&r);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    free(path);

    next_start(&r, "");
    rig_frames(&r, "latents", &f);
    rig_watch(&r);
    rig_keys(&r, "H");
    rig_wait(&r, "History  1 of 2");
    rig_wait(&r, "2, fork of 1 @ 3");
    rig_keys(&r, "<right>");
    rig_wait(&r, "History  2 of 2");
    rig_wait(&r, "8 of 8, done");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_wait_step(&r, &f, STEPS);
    rig_keys(&r, "<home>..");
    rig_wait_step(&r, &f, 2);
    rig_keys(&r, "f");
    rig_wait(&r, "fork of 1 @ 2");
    rig_wait(&r, "DONE 8/8");
    lt_image *fork = rig_saved(&r, "latentty-7.png"), *whole = rig_render(&r, "whole", "", NULL);
    rig_same_pixels(fork, whole);
    lt_image_unref(fork);
    lt_image_unref(whole);
    frames_done(&f);
    leave(&r);
    rig_close(&r);
}

/* The history is made on a thread of its own, some moments later. */
static void wait_for_run(rig *r, const char *command)
{
    struct timespec moment = {.tv_nsec = 20 * 1000000};
    for (int tries = 0; rig_run(r, command) != 0; tries++) {
        assert_true(tries < 500);
        nanosleep(&moment, NULL);
    }
}

/* Killed in the middle: the next start offers it, and it ends as if nothing had been. */
static void test_killed(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox --size 64x64 --seed 7 --steps 300", "");
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN ([3-9]|[1-9][0-9]+)/300"); /* one before is kept, however slow the disk is */
    rig_keys(&r, "[");
    wait_for_run(&r, "history show 1");
    kill(terminal_pid(r.t), SIGKILL);
    int status;
    CHECK_OK(terminal_wait_exit(r.t, &status, err));
    next_start(&r, "");
    rig_match(&r, "\"a red fox\" was interrupted at step [1-9][0-9]* of 300: Ctrl\\+O");
    rig_keys(&r, "<c-o>");
    rig_wait(&r, "DONE 300/300");
    lt_image *rest = rig_saved(&r, "latentty-7.png"), *whole = rig_render(&r, "whole", "", NULL);
    rig_same_pixels(rest, whole);
    lt_image_unref(rest);
    lt_image_unref(whole);
    rig_keys(&r, "H");
    rig_wait(&r, "History  1 of 1"); /* one run, not two */
    rig_wait(&r, "300 of 300, done");
    rig_keys(&r, "<esc>");
    rig_gone(&r, "History");
    leave(&r);
    rig_close(&r);
}

/* A run that begins while the history is looked at comes into it. */
static void test_grows(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "H");
    rig_wait(&r, "History  1 of 1");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "Step 8 of 8");
    rig_keys(&r, "<enter>H");
    rig_wait(&r, "History  2 of 2"); /* the one that was chosen */
    rig_leave(&r);
}

/* Searching, starring, deleting and bringing back. */
static void test_gallery(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "i<c-a><c-k>a green tree<enter>");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "H");
    rig_wait(&r, "History  1 of 2");
    rig_wait(&r, "a green tree");
    rig_keys(&r, "/FOX");
    rig_wait(&r, "History  1 of 1");
    rig_keys(&r, "<enter>*");
    rig_wait(&r, "* starred");
    rig_keys(&r, "/<c-u><enter>o");
    rig_wait(&r, "History  1 of 1  starred");
    rig_keys(&r, "oD");
    rig_wait(&r, "History  1 of 1");
    rig_wait(&r, "deleted; u brings it back");
    rig_keys(&r, "u");
    rig_wait(&r, "History  1 of 2");
    rig_keys(&r, "R");
    rig_wait(&r, "a green tree");
    rig_keys(&r, "/nothing like it");
    rig_wait(&r, "no run is about that");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "History  1 of 2");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "Step 8 of 8");
    assert_int_equal(terminal_faults(r.t) + terminal_holes(r.t), 0);
    leave(&r);
    rig_close(&r);
}

static void test_none(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--run --no-history");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "H");
    rig_wait(&r, "there is no history");
    leave(&r);
    char *path = rig_history_path(&r);
    assert_int_not_equal(access(path, F_OK), 0);
    free(path);
    rig_close(&r);
}

/* All pictures of a run of which none is decoded: the step that is looked at stays, and one that is
 * asked for meanwhile is shown, too. */
static void test_save_all(void **state)
{
    (void)state;
    frames f;
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_frames(&r, "latents", &f);
    rig_restart(&r, "");
    rig_watch(&r);
    rig_keys(&r, "H");
    rig_wait(&r, "History  1 of 1");
    rig_keys(&r, "<enter>");
    rig_wait_step(&r, &f, STEPS);
    int pictures = terminal_pictures(r.t);
    rig_keys(&r, "S");
    rig_wait(&r, "saved 9 pictures in latentty-7-steps");
    assert_true(rig_shows(&r, "Step 8 of 8"));
    assert_int_equal(terminal_pictures(r.t), pictures);
    for (int k = 0; k < f.count; k++) {
        char *name = lt_format("latentty-7-steps/%03d.png", k);
        lt_image *saved = rig_read_png(&r, name, NULL);
        rig_same_pixels(saved, f.at[k]);
        lt_image_unref(saved);
        free(name);
    }
    rig_restart(&r, "");
    rig_watch(&r);
    rig_keys(&r, "H");
    rig_wait(&r, "History  1 of 1");
    rig_keys(&r, "<enter>S<home>");
    rig_wait(&r, "saved 9 pictures in latentty-7-steps-2");
    rig_wait_step(&r, &f, 0);
    frames_done(&f);
    leave(&r);
    rig_close(&r);
}

/* The same history without a screen. */
static void test_command(void **state)
{
    (void)state;
    lt_png_texts texts = {0};
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    leave(&r);
    assert_int_equal(rig_run(&r, "history list --json"), 0);
    assert_int_equal(rig_run(&r, "history show 1"), 0);
    assert_int_equal(rig_run(&r, "history show 2"), 2);
    assert_int_equal(rig_run(&r, "history show first"), 2);
    assert_int_equal(rig_run(&r, "history show"), 2);
    assert_int_equal(rig_run(&r, "history shw 1"), 2);
    assert_int_equal(rig_run(&r, "history list 1"), 2);
    assert_int_equal(rig_run(&r, "history export 1 -o out --animation"), 0);
    lt_image *last = rig_read_png(&r, "out/008.png", &texts),
             *whole = rig_render(&r, "whole", "", NULL);
    rig_same_pixels(last, whole);
    char *trace = lt_format("%s/out/trace.safetensors", r.dir);
    assert_true(lt_file_exists(trace));
    lt_png_texts_done(&texts);
    lt_image *noise = rig_read_png(&r, "out/000.png", NULL),
             *still = rig_read_png(&r, "out/animation.png", &texts);
    assert_non_null(strstr(lt_png_texts_get(&texts, "parameters"), "Steps: 8,"));
    assert_non_null(lt_png_texts_get(&texts, "latentty-pictures"));
    assert_int_equal(rig_run(&r, "reproduce out/animation.png"), 1);
    rig_same_pixels(noise, still); /* as a reader sees it that knows no animation */
    lt_image_unref(noise);
    lt_image_unref(still);
    assert_int_equal(rig_run(&r, "history export 1 -o out"), 2); /* it is there already */
    assert_int_equal(rig_run(&r, "history prune --max-size 0"), 2);
    assert_int_equal(rig_run(&r, "history prune --max-size 1K"), 0);
    assert_int_equal(rig_run(&r, "history show 1"), 2);
    free(trace);
    lt_png_texts_done(&texts);
    lt_image_unref(last);
    lt_image_unref(whole);
    rig_close(&r);
}

/* A history that cannot be used is said, and everything else works. */
static void test_unusable(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--no-history");
    rig_watch(&r);
    leave(&r);
    char *path = rig_history_path(&r);
    lt_dir_make_above(path);
    CHECK_OK(lt_file_write(path, "this is no database, and never was one", 38, err));
    next_start(&r, "");
    rig_wait(&r, "damaged");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "H");
    rig_wait(&r, "History  1 of 1"); /* in a new file */
    rig_keys(&r, "<esc>");
    rig_gone(&r, "History");
    leave(&r);
    CHECK_OK(lt_file_write(path, "", 0, err));
    unlink(path);
    CHECK_OK(lt_dir_make(path, err));
    next_start(&r, "");
    rig_wait(&r, "cannot open the history");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    leave(&r);
    free(path);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_again),   cmocka_unit_test(test_killed),
        cmocka_unit_test(test_grows),   cmocka_unit_test(test_gallery),
        cmocka_unit_test(test_none),    cmocka_unit_test(test_unusable),
        cmocka_unit_test(test_command), cmocka_unit_test(test_save_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
