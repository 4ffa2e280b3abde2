/* test_studio_damage.c - text beside the picture comes, goes and moves by rows; the picture stays. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_that_move),
                                       cmocka_unit_test(test_scrolling_panel)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
