/* test_studio_damage.c - text beside the picture comes, goes and moves by rows; the picture stays.
 */
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 3"

static rig done(const terminal_options *options)
{
    rig r = rig_ready(options, SETTINGS, "--run");
    rig_wait(&r, "DONE 3/3");
    return r;
}

/* The row that explains a setting pushes the numbers below it one row down: curses would scroll
 * them, and the picture beside them. */
static void test_rows_that_move(void **state)
{
    (void)state;
    static const terminal_options sizes[] = {
        {.columns = 80, .rows = 24, .cell_width = 9, .cell_height = 18},
        {.columns = 120, .rows = 40, .cell_width = 9, .cell_height = 18},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        rig r = done(&sizes[i]);
        for (int turn = 0; turn < 2; turn++) {
            rig_keys(&r, "p");
            rig_wait(&r, "how strongly the prompt pulls");
            rig_keys(&r, "<esc>");
            rig_gone(&r, "how strongly the prompt pulls");
            rig_keys(&r, "I");
            rig_wait(&r, "Frames: sixel");
            rig_keys(&r, "I");
            rig_wait(&r, "rms of latents");
        }
        rig_sound(&r);
        rig_leave(&r);
    }
}

/* Many rows of settings scroll through the panel. */
static void test_scrolling_panel(void **state)
{
    (void)state;
    rig r = done(NULL);
    rig_keys(&r, "p");
    for (int i = 0; i < 20; i++)
        rig_keys(&r, "j");
    rig_keys(&r, "kkkkk");
    rig_keys(&r, "q");
    rig_wait(&r, "i prompt");
    rig_sound(&r);
    rig_leave(&r);
}

/* What a person sees now, and after all was drawn anew. */
static void check_as_drawn_anew(rig *r)
{
    lt_image *before, *after;
    CHECK_OK(terminal_wait_quiet(r->t, 500, err)); /* a whole picture may follow a coarse one */
    CHECK_OK(terminal_draw(r->t, &before, err));
    int number = terminal_pictures(r->t);
    rig_keys(r, "<c-l>");
    CHECK_OK(terminal_wait_picture(r->t, number + 1, err));
    CHECK_OK(terminal_wait_quiet(r->t, 200, err));
    CHECK_OK(terminal_draw(r->t, &after, err));
    rig_same_pixels(before, after);
    lt_image_unref(before);
    lt_image_unref(after);
}

/* A prompt that grows takes rows from the picture, which moves; nothing of the old one stays. */
static void test_prompt_that_grows(void **state)
{
    (void)state;
    terminal_options o = {.columns = 120, .rows = 40, .cell_width = 10, .cell_height = 20};
    rig r = done(&o);
    rig_keys(&r, "i");
    for (int i = 0; i < 4; i++) {
        rig_keys(&r, "<c-j>x");
        check_as_drawn_anew(&r);
    }
    rig_keys(&r, "<bs><bs>");
    check_as_drawn_anew(&r);
    rig_keys(&r, "<m-k>");
    check_as_drawn_anew(&r);
    rig_leave(&r);
}

/* Another run, whose picture is smaller, in the same place. */
static void test_smaller_picture(void **state)
{
    (void)state;
    static const char *const sizes[] = {"96x32", "64x64", "32x96", "128x128"};
    rig r = done(NULL);
    for (int i = 0; i < 4; i++) {
        rig_keys(&r, ":set size ");
        rig_keys(&r, sizes[i]);
        rig_keys(&r, "<enter><enter>");
        rig_wait(&r, sizes[i]);
        rig_wait(&r, "DONE 3/3");
        check_as_drawn_anew(&r);
    }
    rig_keys(&r, "<up>");
    rig_wait(&r, "32x96  lms");
    check_as_drawn_anew(&r);
    rig_keys(&r, "<up><up>");
    rig_wait(&r, "96x32  lms");
    check_as_drawn_anew(&r);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_that_move), cmocka_unit_test(test_scrolling_panel),
        cmocka_unit_test(test_prompt_that_grows), cmocka_unit_test(test_smaller_picture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
