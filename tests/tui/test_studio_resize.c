/* test_studio_resize.c - the window changes at any moment: nothing is damaged, the picture comes
 * again in its new place, the run goes on. */
#include <stdio.h>
#include <stdlib.h>

#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8"
#define LONG     "-p a_red_fox --size 64x64 --seed 7 --steps 900"

/* The screen is drawn for this size: the box and the title end in the last columns. */
static bool has_size(terminal *t, void *user)
{
    int columns = *(int *)user;
    terminal_cell corner, title;
    return terminal_cell_at(t, 1, columns - 1, &corner) &&
           terminal_cell_at(t, 0, columns - 2, &title) &&
           strcmp(corner.text, "\342\224\220") == 0 && title.text[0] && title.text[0] != ' ';
}

static void wait_size(rig *r, int columns)
{
    CHECK_OK(terminal_wait(r->t, has_size, &columns, "the screen in its new size", err));
}

/* The picture on the screen is inside its box, and whole. */
static void check_picture(rig *r)
{
    int box, right, timeline, columns, rows;
    const terminal_picture *p = terminal_picture_last(r->t);
    terminal_size(r->t, &columns, &rows);
    assert_true(terminal_find(r->t, "\342\224\220", &box, &right)); /* ┐ */
    timeline = rows - 5;
    assert_true(p->shown);
    assert_int_equal(p->damaged, 0);
    assert_true(p->row > box && p->row + p->rows < timeline - 1);
    assert_true(p->column > 0 && p->column + p->columns <= right);
    assert_true(p->width >= 64);
}

static bool again(terminal *t, void *user)
{
    const terminal_picture *last = terminal_picture_last(t);
    return last && last->number > *(int *)user && last->shown && last->damaged == 0;
}

static void resize(rig *r, int columns, int rows)
{
    int before = terminal_pictures(r->t);
    terminal_resize(r->t, columns, rows);
    wait_size(r, columns);
    CHECK_OK(terminal_wait(r->t, again, &before, "the picture once more", err));
}

/* A frame that was on its way when the window shrank may be anywhere, also in a real terminal; what
 * counts is that nothing of it stays. */
static void check_healed(rig *r)
{
    CHECK_OK(terminal_wait_quiet(r->t, 500, err));
    char *before = terminal_screen(r->t, true);
    terminal_damage_forget(r->t);
    terminal_faults_forget(r->t);
    check_picture(r);
    assert_int_equal(terminal_holes(r->t), 0);
    int number = terminal_pictures(r->t);
    rig_keys(r, "<c-l>");
    CHECK_OK(terminal_wait(r->t, again, &number, "the picture once more", err));
    char *after = terminal_screen(r->t, true);
    assert_string_equal(before, after);
    assert_int_equal(terminal_faults(r->t), 0);
    free(before);
    free(after);
}

static const int sizes[][2] = {{120, 40}, {80, 24}, {300, 80}, {81, 25}, {100, 24}, {80, 60}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void test_after_a_run(void **state)
{
    (void)state;
    frames f;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_wait_step(&r, &f, 8);
    for (int i = 0; i < SIZES; i++) {
        resize(&r, sizes[i][0], sizes[i][1]);
        if (sizes[i][0] < 180)
            rig_wait_step(&r, &f, 8);
        else /* it is one of three there */
            rig_wait(&r, "2 predicted x0  step 8");
        rig_gone(&r, "decoding");
        CHECK_OK(terminal_wait_quiet(r.t, 100, err));
        check_picture(&r);
        rig_sound(&r);
    }
    rig_keys(&r, ",");
    rig_wait_step(&r, &f, 7);
    check_picture(&r);
    frames_done(&f);
    rig_leave(&r);
}

static void test_during_a_run(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, LONG, "");
    rig_keys(&r, "<enter>");
    rig_match(&r, "latents  step [1-9]");
    for (int i = 0; i < 2 * SIZES; i++)
        resize(&r, sizes[i % SIZES][0], sizes[i % SIZES][1]);
    rig_match(&r, "RUN [0-9]+/900");
    rig_keys(&r, "x");
    rig_match(&r, "STOPPED [0-9]+/900");
    check_healed(&r);
    rig_leave(&r);
}

/* Many at once, as when a window is dragged. */
static void test_dragged(void **state)
{
    (void)state;
    frames f;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "<enter>");
    for (int i = 0; i < 60; i++) {
        terminal_resize(r.t, 70 + i, 20 + i / 2);
        terminal_run(r.t, 0.01);
    }
    rig_wait(&r, "DONE 8/8");
    wait_size(&r, 129);
    rig_wait_step(&r, &f, 8);
    check_healed(&r);
    frames_done(&f);
    rig_leave(&r);
}

static void test_too_small(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, LONG, "");
    rig_keys(&r, "<enter>");
    rig_match(&r, "latents  step [1-9]");
    for (int i = 0; i < 3; i++) {
        static const int small[][2] = {{60, 20}, {80, 23}, {10, 3}};
        terminal_resize(r.t, small[i][0], small[i][1]);
        if (i < 2) {
            rig_match(&r, "^latentty needs 80x24, this is (60x20|80x23)");
            rig_match(&r, "^RUN [0-9]+/900, it goes on");
            rig_match(&r, "^ .*x stop");
        } else {
            rig_match(&r, "^latentty n");
        }
        int before = terminal_pictures(r.t);
        rig_gone(&r, "\342\224\220");
        CHECK_OK(terminal_wait_quiet(r.t, 0, err));
        assert_true(terminal_pictures(r.t) <= before + 1); /* one may have been on its way */
        resize(&r, 80, 24);
        rig_match(&r, "RUN [0-9]+/900");
    }
    rig_keys(&r, "x");
    rig_match(&r, "STOPPED [0-9]+/900");
    check_healed(&r);
    rig_leave(&r);
}

static void test_quit_too_small(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    CHECK_OK(terminal_wait_quiet(r.t, 500, err));
    terminal_resize(r.t, 60, 20);
    rig_match(&r, "^DONE 8/8");
    rig_keys(&r, "q");
    rig_end(&r, 0);
    rig_close(&r);
}

/* What is asked is seen, and what is typed; the keys are those that work. */
static void test_asked_too_small(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, LONG, "");
    terminal_resize(r.t, 60, 20);
    rig_match(&r, "^ .*Enter run");
    rig_keys(&r, "<enter>");
    rig_match(&r, "^RUN [0-9]+/900, it goes on");
    rig_keys(&r, "q");
    rig_wait(&r, "a run is at work: leave? y or n:");
    rig_keys(&r, "n");
    rig_gone(&r, "leave? y or n");
    rig_keys(&r, "q");
    rig_wait(&r, "a run is at work: leave? y or n:");
    terminal_resize(r.t, 10, 4); /* and nothing breaks where it has no room */
    rig_match(&r, "^latentty n");
    terminal_resize(r.t, 60, 20);
    rig_wait(&r, "a run is at work: leave? y or n:");
    rig_keys(&r, "y");
    rig_end(&r, 0);
    rig_close(&r);
}

/* Opened in a window that is too small. */
static void test_opened_too_small(void **state)
{
    (void)state;
    terminal_options o = {.columns = 40, .rows = 10, .cell_width = 10, .cell_height = 20};
    rig r = rig_open(&o, SETTINGS, "");
    rig_wait(&r, "latentty needs 80x24, this is 40x10");
    terminal_resize(r.t, 80, 24);
    rig_match(&r, "[0-9]/75");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_sound(&r);
    rig_leave(&r);
}

/* Kinds of their own: kitty's picture is deleted, blocks are text. */
static void test_other_kinds(void **state)
{
    (void)state;
    static const terminal_profile profiles[] = {TERMINAL_KITTY, TERMINAL_FOOT, TERMINAL_KONSOLE};
    for (int k = 0; k < 3; k++) {
        terminal_options o = {.profile = profiles[k], .cell_width = 10, .cell_height = 20};
        rig r = rig_ready(&o, SETTINGS, "");
        rig_keys(&r, "<enter>");
        rig_wait(&r, "DONE 8/8");
        CHECK_OK(terminal_wait_quiet(r.t, 500, err)); /* a whole one may follow a coarse one */
        for (int i = 0; i < 3; i++) {
            resize(&r, sizes[i][0], sizes[i][1]);
            check_picture(&r);
        }
        rig_sound(&r);
        rig_leave(&r);
    }
    terminal_options o = {.profile = TERMINAL_XTERM_PLAIN};
    rig r = rig_ready(&o, SETTINGS, "");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    terminal_resize(r.t, 120, 40);
    wait_size(&r, 120);
    rig_wait(&r, "\342\226\200\342\226\200");
    rig_sound(&r);
    rig_leave(&r);
}

/* The picture in the zooms, and behind the pages of text. */
static void test_zoom_and_pages(void **state)
{
    (void)state;
    frames f;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_wait_step(&r, &f, 8);
    int narrow = terminal_picture_last(r.t)->column;
    for (int i = 0; i < 3; i++) {
        int before = terminal_pictures(r.t);
        rig_keys(&r, "z");
        CHECK_OK(terminal_wait(r.t, again, &before, "the picture once more", err));
        check_picture(&r); /* as high as it can be, with a free row below */
    }
    assert_int_equal(terminal_picture_last(r.t)->column, narrow);
    static const char *const pages[] = {"?", "e"};
    static const char *const shown[] = {"Keys", "there was no error"};
    for (int i = 0; i < 2; i++) {
        int before = terminal_pictures(r.t);
        rig_keys(&r, pages[i]);
        rig_wait(&r, shown[i]);
        CHECK_OK(terminal_wait_quiet(r.t, 100, err));
        assert_int_equal(terminal_pictures(r.t), before);
        rig_keys(&r, "q");
        CHECK_OK(terminal_wait(r.t, again, &before, "the picture once more", err));
        rig_wait_step(&r, &f, 8);
    }
    int before = terminal_pictures(r.t);
    rig_keys(&r, "<c-l>");
    CHECK_OK(terminal_wait(r.t, again, &before, "the picture once more", err));
    assert_int_equal(terminal_holes(r.t), 0);
    assert_int_equal(terminal_faults(r.t), 0);
    frames_done(&f);
    rig_leave(&r);
}

/* The cursor stands behind the text, visible. */
static bool cursor_behind(terminal *t, void *user)
{
    const char *text = user;
    int row, column, at_row, at_column;
    bool visible;
    terminal_cursor(t, &row, &column, &visible);
    return terminal_find(t, text, &at_row, &at_column) && visible && row == at_row &&
           column == at_column + (int)strlen(text);
}

/* What is typed after a redraw lands in the prompt, and the cursor is there. */
static void test_cursor_after_redraw(void **state)
{
    (void)state;
    char typed[] = "a red foxabcd";
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    CHECK_OK(terminal_wait_quiet(r.t, 500, err));
    rig_keys(&r, "iabc");
    rig_wait(&r, "a red foxabc");
    int before = terminal_pictures(r.t);
    rig_keys(&r, "<c-l>");
    CHECK_OK(terminal_wait(r.t, again, &before, "the picture once more", err));
    rig_keys(&r, "d");
    CHECK_OK(terminal_wait(r.t, cursor_behind, typed, "the cursor behind the text", err));
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_a_run),      cmocka_unit_test(test_during_a_run),
        cmocka_unit_test(test_dragged),          cmocka_unit_test(test_too_small),
        cmocka_unit_test(test_quit_too_small),   cmocka_unit_test(test_asked_too_small),
        cmocka_unit_test(test_opened_too_small), cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_zoom_and_pages),   cmocka_unit_test(test_cursor_after_redraw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
