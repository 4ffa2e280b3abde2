/* test_studio_disk.c - the disk of the history is slow, or full: the run goes on, and it is said
 * what is not kept. */
#define _GNU_SOURCE /* unshare */
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "studio_rig.h"

#define STEPS    "40"
#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps " STEPS

static void check_history(const rig *r, int last)
{
    lt_store *s = rig_history(r);
    assert_int_equal(rig_kept(s, 1), last);
    lt_store_close(s);
}

/* ---- a slow disk ---- */

/* Another program holds the lock: the first picture waits for its step's place in the history, but
 * not for ever, and those after it do not wait. */
static void test_slow_disk(void **state)
{
    (void)state;
    enum { LATER = 3 }; /* in all below the 2 s that the history waits for others */
    sqlite3 *db;
    rig r = rig_ready(NULL, SETTINGS, "");
    char *path = rig_history_path(&r);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(db, 20000), SQLITE_OK); /* the studio has it, too */
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    int before = terminal_pictures(r.t);
    double start = lt_clock();
    rig_keys(&r, "<enter>");
    CHECK_OK(terminal_wait_picture(r.t, before + 1, err));
    double first = terminal_picture_get(r.t, before + 1)->at - start;
    CHECK_OK(terminal_wait_picture(r.t, before + 1 + LATER, err));
    double later = terminal_picture_get(r.t, before + 1 + LATER)->at - start - first;
    print_message("the first picture after %.3f s, %d more after %.3f s\n", first, LATER, later);
    assert_true(first >= 1);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    rig_wait(&r, "DONE " STEPS "/" STEPS);
    assert_true(later < LATER * 0.5);
    rig_keys(&r, "q");
    rig_end(&r, 0);
    check_history(&r, atoi(STEPS));
    free(path);
    rig_close(&r);
}

/* ---- a full disk ---- */

/* A disk of 1 MB for the history alone, which goes with this process; false: only root can have
 * one. */
static bool mount_little(const char *dir)
{
    lt_error ignored;
    return lt_dir_make(dir, &ignored) && unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", dir, "tmpfs", 0, "size=1m") == 0;
}

/* Nothing fits any more. */
static void fill_rest(const char *dir)
{
    enum { PIECE = 4096 };
    static const char zeros[PIECE];
    lt_error full = {0};
    for (int i = 0; i < 300 && full.code == LT_ERR_NONE; i++) {
        char *path = lt_format("%s/filler-%d", dir, i);
        if (!lt_file_write(path, zeros, PIECE, &full))
            assert_non_null(strstr(full.message, "No space left"));
        free(path);
    }
    assert_int_equal(full.code, LT_ERR_IO);
}

static void check_picture(rig *r, const char *name)
{
    lt_image *got = rig_read_png(r, name, NULL), *want = rig_render(r, "whole", "", NULL);
    rig_same_pixels(got, want);
    lt_image_unref(got);
    lt_image_unref(want);
}

/* The run goes on in memory; what the history has is said, and returned. */
static int fills_up(rig *r, const char *why)
{
    int row, column, last = 0;
    lt_buf text = {0};
    rig_keys(r, "<enter>");
    rig_match(r, "the history has this run up to step [0-9]+ only");
    assert_true(terminal_find(r->t, "up to step ", &row, &column));
    terminal_row(r->t, row, &text);
    sscanf(strstr(text.data, "up to step "), "up to step %d", &last);
    rig_keys(r, "e");
    rig_wait(r, why);
    rig_keys(r, "<esc>");
    rig_gone(r, "hint:");
    rig_wait(r, "DONE " STEPS "/" STEPS);
    rig_keys(r, "<home>");
    rig_wait(r, "Step 0 of " STEPS);
    rig_keys(r, "<end>");
    rig_wait(r, "Step " STEPS " of " STEPS);
    rig_gone(r, "decoding...");
    lt_buf_done(&text);
    print_message("the history has %d steps of " STEPS "\n", last);
    assert_true(last > 0 && last < atoi(STEPS));
    return last;
}

/* The picture is saved elsewhere, and the history has exactly what was said. */
static void leaves(rig *r, int last)
{
    rig_keys(r, "s");
    rig_wait(r, "saved latentty-7.png");
    rig_keys(r, "q");
    rig_end(r, 0);
    check_picture(r, "latentty-7.png");
    check_history(r, last);
}

static void test_full_disk(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--no-history");
    char *place = lt_format("%s/.local/share/latentty", r.dir);
    rig_watch(&r);
    rig_keys(&r, "q");
    rig_end(&r, 0);
    if (!mount_little(place)) {
        free(place);
        rig_close(&r);
        skip();
    }
    rig_again(&r, NULL, "");
    rig_match(&r, "[0-9]/75");
    int last = fills_up(&r, "full");
    fill_rest(place);
    rig_keys(&r, ":save .local/share/latentty/fox.png<enter>");
    rig_wait(&r, "fox.png': No space left on device (free s"); /* and so on */
    leaves(&r, last);
    assert_int_equal(umount(place), 0);
    free(place);
    rig_close(&r);
}

/* The same where no file may grow beyond a limit. */
static void test_file_limit(void **state)
{
    (void)state;
    struct rlimit before, little;
    rig r = rig_ready(NULL, SETTINGS, "--no-history");
    rig_watch(&r);
    rig_keys(&r, "q");
    rig_end(&r, 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = before;
    little.rlim_cur = 1 << 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    rig_again(&r, NULL, "");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    rig_match(&r, "[0-9]/75");
    leaves(&r, fills_up(&r, "history"));
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_disk),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_file_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
