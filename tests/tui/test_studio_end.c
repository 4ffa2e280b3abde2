/* test_studio_end.c - however the studio ends, the terminal is as it was: the line, the modes, the
 * screen, the cursor. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "studio_rig.h"

#define LONG "-p a_red_fox --size 64x64 --seed 7 --steps 900"

typedef void moment(rig *r);

static void while_loading(rig *r)
{
    CHECK_OK(terminal_wait_bytes(r->t, "\033[?1049h", 0, err));
}

static void while_ready(rig *r)
{
    rig_match(r, "[0-9]/75");
}

static void while_running(rig *r)
{
    while_ready(r);
    rig_keys(r, "<enter>");
    rig_match(r, "RUN [1-9][0-9]*/900");
}

static void while_paused(rig *r)
{
    while_running(r);
    rig_keys(r, "<space>");
    rig_match(r, "PAUSED [0-9]+/900");
}

static moment *const moments[] = {while_loading, while_ready, while_running, while_paused};
enum { MOMENTS = sizeof moments / sizeof *moments };

/* The end, of what may have crashed within a picture, which then is cut. */
static void crashed(rig *r, int status)
{
    int ended;
    CHECK_OK(terminal_wait_exit(r->t, &ended, err));
    assert_int_equal(ended, status);
    if (terminal_faults(r->t) == 1 &&
        strstr(terminal_fault(r->t, 0), "picture that cannot be read"))
        terminal_faults_forget(r->t);
    CHECK_OK(terminal_end_clean(r->t, err));
}

static void ends_by(int number, int status, terminal_profile profile)
{
    for (int i = 0; i < MOMENTS; i++) {
        terminal_options o = {.profile = profile, .cell_width = 10, .cell_height = 20};
        rig r = rig_open(&o, LONG, "");
        moments[i](&r);
        terminal_signal(r.t, number);
        if (status < 0)
            crashed(&r, status);
        else
            rig_end(&r, status);
        assert_true(terminal_count(r.t, "\033[?1049l", 0) > 0);
        rig_close(&r);
    }
}

static void test_terminated(void **state)
{
    (void)state;
    ends_by(SIGTERM, 128 + SIGTERM, TERMINAL_XTERM_VT340);
}

static void test_interrupted(void **state)
{
    (void)state;
    ends_by(SIGINT, 128 + SIGINT, TERMINAL_FOOT);
}

static void test_hung_up(void **state)
{
    (void)state;
    ends_by(SIGHUP, 128 + SIGHUP, TERMINAL_KITTY);
}

static void test_fault(void **state)
{
    (void)state;
    ends_by(SIGSEGV, -SIGSEGV, TERMINAL_XTERM_VT340);
}

static void test_abort(void **state)
{
    (void)state;
    ends_by(SIGABRT, -SIGABRT, TERMINAL_KITTY);
}

/* In the middle of a picture that the line takes slowly. */
static void cut_short(int number, int status)
{
    rig r = rig_open(NULL, LONG, "");
    while_ready(&r);
    terminal_throttle(r.t, 20000);
    size_t from = terminal_written(r.t);
    rig_keys(&r, "<enter>");
    CHECK_OK(terminal_wait_bytes(r.t, "\033P0;0;0q", from, err));
    terminal_signal(r.t, number);
    terminal_throttle(r.t, 0);
    int ended;
    CHECK_OK(terminal_wait_exit(r.t, &ended, err));
    assert_int_equal(ended, status);
    terminal_faults_forget(r.t); /* a picture without its end */
    CHECK_OK(terminal_end_clean(r.t, err));
    rig_close(&r);
}

static void test_fault_inside_a_picture(void **state)
{
    (void)state;
    cut_short(SIGSEGV, -SIGSEGV);
}

static void test_terminated_inside_a_picture(void **state)
{
    (void)state;
    cut_short(SIGTERM, 128 + SIGTERM);
}

/* Two signals: the second ends at once what does not end by itself. */
static void test_twice(void **state)
{
    (void)state;
    int ended;
    rig r = rig_open(NULL, LONG, "");
    while_running(&r);
    terminal_signal(r.t, SIGTERM);
    terminal_signal(r.t, SIGTERM);
    CHECK_OK(terminal_wait_exit(r.t, &ended, err));
    assert_int_equal(ended, 128 + SIGTERM);
    CHECK_OK(terminal_end_clean(r.t, err));
    rig_close(&r);
}

/* The window is closed: the kernel hangs up. */
static void test_unplugged(void **state)
{
    (void)state;
    for (int i = 0; i < MOMENTS; i++) {
        int ended;
        rig r = rig_open(NULL, LONG, "");
        moments[i](&r);
        terminal_unplug(r.t);
        CHECK_OK(terminal_wait_exit(r.t, &ended, err));
        if (ended != 128 + SIGHUP && ended != 1)
            fail_msg("exit code %d after the terminal was closed", ended);
        rig_close(&r);
    }
}

/* ---- job control ---- */

/* The line and the modes are the shell's while the program is stopped. */
static void check_given_back(rig *r)
{
    CHECK_OK(terminal_wait_stop(r->t, err));
    CHECK_OK(terminal_wait_quiet(r->t, 100, err));
    CHECK_OK(terminal_line_restored(r->t, err));
    CHECK_OK(terminal_modes_balanced(r->t, err));
    CHECK_OK(terminal_left_clean(r->t, err));
}

static void suspended(const char *keys)
{
    terminal_options o = {.job = true, .cell_width = 10, .cell_height = 20};
    rig r = rig_open(&o, LONG, "");
    while_paused(&r);
    for (int i = 0; i < 2; i++) {
        if (keys)
            rig_keys(&r, keys);
        else
            terminal_signal(r.t, SIGTSTP);
        check_given_back(&r);
        int before = terminal_pictures(r.t);
        terminal_continue(r.t);
        rig_match(&r, "PAUSED [0-9]+/900");
        CHECK_OK(terminal_wait_picture(r.t, before + 1, err));
        assert_int_equal(terminal_holes(r.t), 0);
    }
    rig_keys(&r, ".");
    rig_match(&r, "PAUSED [0-9]+/900");
    rig_keys(&r, "<space>");
    rig_match(&r, "RUN [0-9]+/900");
    rig_sound(&r);
    rig_leave(&r);
}

static void test_suspended_by_key(void **state)
{
    (void)state;
    suspended("<c-z>");
}

static void test_suspended_by_signal(void **state)
{
    (void)state;
    suspended(NULL);
}

static void test_suspended_while_running(void **state)
{
    (void)state;
    terminal_options o = {.job = true, .cell_width = 10, .cell_height = 20};
    rig r = rig_open(&o, LONG, "");
    while_running(&r);
    rig_keys(&r, "<c-z>");
    check_given_back(&r);
    terminal_continue(r.t);
    rig_match(&r, "RUN [0-9]+/900");
    rig_keys(&r, "x");
    rig_match(&r, "STOPPED [0-9]+/900");
    rig_keys(&r, "<enter>"); /* raw again: 13, not 10 */
    rig_match(&r, "RUN [0-9]+/900");
    rig_sound(&r);
    rig_leave(&r);
}

/* The window has another size when the program goes on. */
static void test_resized_while_stopped(void **state)
{
    (void)state;
    terminal_options o = {.job = true, .cell_width = 10, .cell_height = 20};
    rig r = rig_open(&o, LONG, "");
    while_paused(&r);
    rig_keys(&r, "<c-z>");
    check_given_back(&r);
    terminal_resize(r.t, 120, 40);
    int before = terminal_pictures(r.t);
    terminal_continue(r.t);
    rig_match(&r, "PAUSED [0-9]+/900$");
    CHECK_OK(terminal_wait_picture(r.t, before + 1, err));
    CHECK_OK(terminal_wait_quiet(r.t, 200, err));
    int row, column;
    assert_true(terminal_find(r.t, "PAUSED", &row, &column));
    assert_int_equal(row, 0);
    assert_true(column > 80);
    assert_true(terminal_picture_last(r.t)->height > 300); /* more room */
    rig_sound(&r);
    rig_leave(&r);
}

/* ---- what is no terminal ---- */

static void test_no_terminal(void **state)
{
    (void)state;
    rig r = rig_open(NULL, LONG, "");
    assert_int_equal(rig_run(&r, "-p x"), 1);
    assert_int_equal(rig_run(&r, "studio --graphics xml"), 2);
    assert_int_equal(rig_run(&r, "studio --steps 0"), 2);
    while_ready(&r);
    rig_leave(&r);
}

static void test_dumb(void **state)
{
    (void)state;
    terminal_options o = {.term = "dumb"};
    rig r = rig_open(&o, LONG, "");
    int ended;
    CHECK_OK(terminal_wait_exit(r.t, &ended, err));
    assert_int_equal(ended, 1);
    assert_true(rig_shows(&r, "TERM='dumb'"));
    CHECK_OK(terminal_end_clean(r.t, err));
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terminated),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_hung_up),
        cmocka_unit_test(test_fault),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_fault_inside_a_picture),
        cmocka_unit_test(test_terminated_inside_a_picture),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_unplugged),
        cmocka_unit_test(test_suspended_by_key),
        cmocka_unit_test(test_suspended_by_signal),
        cmocka_unit_test(test_suspended_while_running),
        cmocka_unit_test(test_resized_while_stopped),
        cmocka_unit_test(test_no_terminal),
        cmocka_unit_test(test_dumb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
