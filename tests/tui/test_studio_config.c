/* test_studio_config.c - the user's files and the line behind `:` on the screen. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "studio_rig.h"
#include "support/temp.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 2"

static const terminal_options wide = {
    .columns = 130, .rows = 30, .cell_width = 10, .cell_height = 20};

/* The studio with the model open, with these files of settings and keys; NULL: without. */
static rig open_rig(const char *settings, const char *keys, const char *arguments, const char *more)
{
    rig r = {.dir = temp_dir(), .arguments = arguments};
    char *dir = lt_path_join(r.dir, ".config/latentty");
    char *first = lt_path_join(dir, "latentty.conf"), *second = lt_path_join(dir, "keys.conf");
    CHECK_OK(lt_dir_make(dir, err));
    if (settings)
        CHECK_OK(lt_file_write(first, settings, strlen(settings), err));
    if (keys)
        CHECK_OK(lt_file_write(second, keys, strlen(keys), err));
    free(dir);
    free(first);
    free(second);
    rig_again(&r, &wide, more);
    rig_match(&r, "[0-9]/75");
    return r;
}

/* Leaves the line; what follows an ESC at once would be a key with Alt. */
static void leave_line(rig *r)
{
    rig_keys(r, "<esc>");
    rig_gone(r, "command:");
}

static void to_view(rig *r)
{
    rig_wait(r, "Esc watch");
    rig_keys(r, "<esc>");
    rig_wait(r, "i prompt");
}

/* Types a command into the line. */
static void command(rig *r, const char *text)
{
    rig_keys(r, ":");
    rig_wait(r, "command:");
    rig_keys(r, text);
}

/* ---- settings ---- */

static void test_settings(void **state)
{
    (void)state;
    rig r = open_rig("steps = 3\nguidance-scale = 4 # less\nscheduler = euler\nseed = 11\n"
                     "size = 32x32\n",
                     NULL, "-p a_red_fox", "--steps 2");
    rig_match(&r, " steps +- +2 "); /* the command line comes first */
    rig_match(&r, " guidance-scale +- +4 ");
    rig_match(&r, " scheduler +- +euler ");
    rig_match(&r, " seed +- +11 ");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 2/2");
    rig_wait(&r, "32x32  euler 2  seed 11");
    rig_sound(&r);
    rig_leave(&r);
    r = open_rig("steps = 3\nnonsense\n", "nonsense", "-p a_red_fox", "--no-config");
    rig_match(&r, " steps +- +30 ");
    assert_false(rig_shows(&r, "mistake"));
    rig_leave(&r);
}

/* Mistakes are counted and named by line; e shows all of them, and the rest holds. */
static void test_mistakes(void **state)
{
    (void)state;
    rig r = open_rig("steps = 3\nstesp = 4\nguidance-scale\ntheme = pink\n", "Ctrl+M run\nw fork\n",
                     "-p a_red_fox --size 64x64", "");
    rig_wait(&r, "4 mistakes (Esc, then e, shows all): latentty.conf:2: ");
    rig_match(&r, " steps +- +3 ");
    rig_wait(&r, "Esc watch");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "e details");
    rig_keys(&r, "e");
    rig_wait(&r, "latentty.conf:2: there is no setting 'stesp'; steps is one");
    rig_wait(&r, "latentty.conf:3: expected 'key = value', found 'guidance-scale'");
    rig_wait(&r, "latentty.conf:4: theme is 'pink', expected auto, dark, light or mono");
    rig_wait(&r, "keys.conf:1: 'Ctrl+M' cannot be told apart: a terminal sends Enter");
    rig_wait(&r, "Esc close");
    rig_keys(&r, "q");
    rig_wait(&r, "i prompt");
    assert_false(rig_shows(&r, "e details")); /* they were looked at */
    rig_leave(&r);
    r = open_rig("pace = fast\n", NULL, SETTINGS, ""); /* one is said as it is */
    rig_wait(&r, "latentty.conf:1: pace is 'fast', expected 0 to 60 seconds");
    assert_false(rig_shows(&r, "mistakes"));
    rig_leave(&r);
}

/* ---- keys ---- */

static void test_keys(void **state)
{
    (void)state;
    rig r = open_rig(NULL, "w quit\nq none viewing\nF7 run\n\"#\" params\n", SETTINGS, "");
    rig_keys(&r, "<f7>");
    rig_wait(&r, "DONE 2/2");
    rig_wait(&r, "F7 run");
    rig_wait(&r, "w quit");
    rig_keys(&r, "#");
    rig_wait(&r, "Enter type");
    rig_keys(&r, "#");
    rig_wait(&r, "w quit");
    rig_keys(&r, "?/");
    rig_wait(&r, "find:");
    rig_keys(&r, "leave the program<enter>");
    rig_match(&r, "  w  leave the program; asks while a run is on");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "i prompt");
    rig_keys(&r, "q"); /* nothing */
    command(&r, "map q statistics<enter>");
    rig_wait(&r, "mapped q statistics");
    rig_keys(&r, "w");
    rig_end(&r, 0);
    rig_close(&r);
}

/* The user's keys for the line, and Ctrl+C whatever a file says. */
static void test_keys_of_the_line(void **state)
{
    (void)state;
    rig r = open_rig(NULL, "Ctrl+C none\nq none\nF8 accept\nF9 complete\n", SETTINGS, "");
    rig_wait(&r, "keys.conf:1: Ctrl+C always stops or leaves");
    to_view(&r);
    command(&r, "steps 5<f8>");
    rig_wait(&r, "steps is 5");
    command(&r, "timestep-spacing le<f9><f8>");
    rig_wait(&r, "timestep-spacing is leading");
    rig_keys(&r, "q<c-c>");
    rig_end(&r, 0);
    rig_close(&r);
}

/* ---- theme ---- */

/* How the key in the footer is to look; red < 0: in the terminal's own colour, bold. */
typedef struct look {
    int red, green, blue;
} look;

static bool looks(terminal *t, void *user)
{
    const look *want = user;
    int row, column;
    terminal_cell cell;
    if (!terminal_find(t, "? keys", &row, &column) || !terminal_cell_at(t, row, column, &cell))
        return false;
    if (want->red < 0)
        return cell.default_foreground && cell.bold;
    return !cell.default_foreground && cell.foreground.r == want->red &&
           cell.foreground.g == want->green && cell.foreground.b == want->blue;
}

static void wait_look(rig *r, int red, int green, int blue)
{
    look want = {red, green, blue};
    CHECK_OK(terminal_wait(r->t, looks, &want, "the key's colour", err));
}

static void wait_plain(rig *r)
{
    wait_look(r, -1, -1, -1);
}

static void test_theme(void **state)
{
    (void)state;
    rig r = open_rig("theme = dark\n", NULL, SETTINGS, "");
    to_view(&r);
    wait_look(&r, 102, 204, 255); /* 117 of the 256, as libvterm has it */
    command(&r, "theme light<enter>");
    wait_look(&r, 0, 51, 153); /* 25 */
    command(&r, "theme mono<enter>");
    wait_plain(&r);
    command(&r, "theme pink<enter>");
    rig_wait(&r, "there is no theme 'pink', expected auto, dark, light or mono");
    rig_leave(&r);
    r = rig_open_with("NO_COLOR=1", NULL, SETTINGS, "--theme dark");
    rig_match(&r, "[0-9]/75");
    to_view(&r);
    wait_plain(&r);
    command(&r, "theme dark<enter>");
    rig_wait(&r, "NO_COLOR is set");
    wait_plain(&r);
    rig_leave(&r);
}

/* ---- commands ---- */

static void says(rig *r, const char *text, const char *answer)
{
    command(r, text);
    rig_keys(r, "<enter>");
    rig_wait(r, answer);
}

static void test_setting_commands(void **state)
{
    (void)state;
    rig r = open_rig(NULL, NULL, SETTINGS, "");
    to_view(&r);
    says(&r, "set guidance-scale 3.5", "guidance-scale is 3.5");
    rig_match(&r, " guidance-scale +- +3.5 ");
    says(&r, "set guidance-scale", "guidance-scale is 3.5");
    says(&r, "default guidance-scale", "guidance-scale is 7.5 (the default)");
    says(&r, "steps 3", "steps is 3");
    says(&r, "steps", "steps is 3");
    says(&r, "seed 123", "seed is 123");
    rig_match(&r, " seed +- +123 ");
    says(&r, "size 32x32", "size is 32x32");
    says(&r, "set negative-prompt blurry, dark", "avoid > blurry, dark");
    says(&r, "  prompt an owl  ", "prompt> an owl ");
    says(&r, "avoid dull", "avoid > dull");
    says(&r, "steps 0", "steps is '0', expected a whole number of at least 1");
    says(&r, "set stesp 4", "there is no setting 'stesp'; steps is one");
    says(&r, "scheduler dpm", "'dpm'");
    says(&r, "pace 0.3", "each step is held 0.3 s");
    says(&r, "pace x", "pace is 'x', expected 0 to 60 seconds");
    says(&r, "mouse x", "mouse is 'x', expected on or off");
    rig_leave(&r);
}

static void test_run_commands(void **state)
{
    (void)state;
    rig r = open_rig(NULL, NULL, SETTINGS, "");
    to_view(&r);
    says(&r, "goto 1", "there are no steps to go to yet");
    says(&r, "save x.png", "there is no picture to save yet");
    says(&r, "run", "DONE 2/2");
    says(&r, "goto 1", "step 1");
    says(&r, "goto 3", "there is no step '3', expected 0 to 2");
    says(&r, "goto 1x", "there is no step '1x'");
    says(&r, "save my fox.png", "saved my fox.png");
    says(&r, "save my fox.png", "'my fox.png' is there already");
    says(&r, "save ~/x.png", "saved /");
    lt_image_unref(rig_read_png(&r, "my fox.png", NULL));
    lt_image_unref(rig_read_png(&r, "x.png", NULL));
    says(&r, "last", "step 2 ");
    says(&r, "save", "saved latentty-7.png");
    says(&r, "steps 9", "steps is 9");
    says(&r, "open my fox.png", "settings taken");
    rig_match(&r, " steps +2 +2 ");
    says(&r, "open nothing.png", "nothing.png");
    says(&r, "fork x", "'x' is left over: fork takes nothing");
    says(&r, "frok", "there is no command 'frok'; fork is one");
    says(&r, "stepps", "there is no command 'stepps'; steps is one");
    says(&r, "xyzzy", "there is no command 'xyzzy'; Tab shows all");
    says(&r, "goto", "goto needs STEP");
    says(&r, "accept", "accept does nothing here");
    command(&r, "quit<enter>");
    rig_end(&r, 0);
    rig_close(&r);
}

/* What a view alone can do is a command there, and there only. */
static void test_commands_of_views(void **state)
{
    (void)state;
    rig r = open_rig(NULL, NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 2/2");
    says(&r, "tile-left", "tile-left does nothing here");
    says(&r, "history", "Enter open");
    says(&r, "steps 4", "steps is 4");
    command(&r, "tile<tab>");
    rig_wait(&r, "tile-down  tile-left");
    rig_keys(&r, "<tab><enter>");
    rig_gone(&r, "command:");
    assert_false(rig_shows(&r, "does nothing here"));
    command(&r, "quit<enter>");
    rig_end(&r, 0);
    rig_close(&r);
    r = open_rig("history = off\n", NULL, SETTINGS, "");
    to_view(&r);
    says(&r, "history", "there is no history");
    rig_leave(&r);
}

/* ---- completion ---- */

static void line_is(rig *r, const char *text)
{
    char *expression = lt_format("^ command: %s *(  .*)?$", text);
    rig_match(r, expression);
    free(expression);
}

static void test_completion(void **state)
{
    (void)state;
    rig r = open_rig(NULL, NULL, SETTINGS, "");
    to_view(&r);
    command(&r, "gui<tab>"); /* one: whole, and a blank for its value */
    line_is(&r, "guidance-scale");
    rig_keys(&r, "5<enter>");
    rig_wait(&r, "guidance-scale is 5");
    command(&r, "set t<tab>");
    rig_wait(&r, "text-encoder   threads   timestep-spacing   tokenizer");
    rig_keys(&r, "i<tab>le<tab><enter>");
    rig_wait(&r, "timestep-spacing is leading");
    command(&r, "scheduler <tab>"); /* several: all of them, and one after the other */
    rig_wait(&r, "euler  euler_a  lms  lms-blog");
    rig_keys(&r, "<tab>");
    line_is(&r, "scheduler euler");
    rig_keys(&r, "<tab>");
    line_is(&r, "scheduler euler_a");
    rig_keys(&r, "<tab><tab><tab>"); /* round */
    line_is(&r, "scheduler euler");
    rig_keys(&r, "<tab><enter>");
    rig_wait(&r, "scheduler is euler_a");
    command(&r, "scheduler l<tab>"); /* what they have in common */
    line_is(&r, "scheduler lms");
    rig_wait(&r, "lms  lms-blog");
    rig_keys(&r, "-"); /* typing ends the choice */
    rig_gone(&r, "lms  lms-blog");
    rig_keys(&r, "<tab><enter>");
    rig_wait(&r, "scheduler is lms-blog");
    rig_leave(&r);
}

static void test_completion_of_others(void **state)
{
    (void)state;
    rig r = open_rig(NULL, NULL, SETTINGS, "");
    to_view(&r);
    command(&r, "theme <tab>");
    rig_wait(&r, "auto  dark  light  mono");
    leave_line(&r);
    command(&r, "map F6 edit-und<tab> ty<tab>");
    line_is(&r, "map F6 edit-undo typing");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "mapped F6 edit-undo typing");
    command(&r, "mouse o<tab>");
    rig_wait(&r, "off  on");
    leave_line(&r);
    command(&r, "fo<tab>"); /* an action */
    line_is(&r, "fork");
    leave_line(&r);
    command(&r, "backend r<tab>");
    line_is(&r, "backend ref");
    leave_line(&r);
    command(&r, "zzz<tab>"); /* nothing */
    line_is(&r, "zzz");
    leave_line(&r);
    command(&r, "<tab>"); /* all, as many as fit */
    rig_wait(&r, "avoid");
    rig_sound(&r);
    rig_leave(&r);
}

static void test_completion_of_files(void **state)
{
    (void)state;
    rig r = open_rig(NULL, NULL, SETTINGS, "");
    char *deep = lt_path_join(r.dir, "pictures/deep"),
         *text = lt_path_join(r.dir, "pictures/a.txt");
    char *png = lt_path_join(r.dir, "pictures/a b.png");
    CHECK_OK(lt_dir_make(deep, err));
    CHECK_OK(lt_file_write(text, "", 0, err));
    CHECK_OK(lt_file_write(png, "", 0, err));
    to_view(&r);
    command(&r, "open p<tab>");
    line_is(&r, "open pictures/");
    rig_keys(&r, "<tab>");
    rig_wait(&r, "pictures/a b.png  pictures/deep/"); /* PNG files and folders */
    leave_line(&r);
    command(&r, "save ~/pictures/a<tab>");
    line_is(&r, "save ~/pictures/a");
    rig_wait(&r, "~/pictures/a b.png  ~/pictures/a.txt");
    leave_line(&r);
    command(&r, "model pictures/d<tab>");
    line_is(&r, "model pictures/deep/");
    leave_line(&r);
    rig_leave(&r);
    free(deep);
    free(text);
    free(png);
}

static void test_earlier_commands(void **state)
{
    (void)state;
    rig r = open_rig(NULL, NULL, SETTINGS, "");
    to_view(&r);
    says(&r, "steps 3", "steps is 3");
    says(&r, "steps 4", "steps is 4");
    command(&r, "dra<up>");
    line_is(&r, "steps 4");
    rig_keys(&r, "<up>");
    line_is(&r, "steps 3");
    rig_keys(&r, "<down><down>");
    line_is(&r, "dra");
    rig_keys(&r, "<up><up><enter>");
    rig_wait(&r, "steps is 3");
    command(&r, "<up>");
    line_is(&r, "steps 3");
    leave_line(&r);
    rig_match(&r, "prompt> a red fox "); /* not one of the commands */
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_keys_of_the_line),
        cmocka_unit_test(test_theme),
        cmocka_unit_test(test_setting_commands),
        cmocka_unit_test(test_run_commands),
        cmocka_unit_test(test_commands_of_views),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_completion_of_others),
        cmocka_unit_test(test_completion_of_files),
        cmocka_unit_test(test_earlier_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
