/* test_studio_form.c - what is typed, pasted, recalled and set on the screen reaches the run. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 2"

/* The first row of the prompt, up to the tokens. */
static void prompt_is(rig *r, const char *text)
{
    char *expression = lt_format("^ prompt> %s +([0-9?]+/75|[0-9]+.[0-9]+ cut)$", text);
    rig_match(r, expression);
    free(expression);
}

/* A row of the settings: "steps  2  5", of the last run and of the next. */
static void setting_is(rig *r, const char *label, const char *this_run, const char *next)
{
    char *expression = lt_format(" %s +%s +%s *│$", label, this_run, next);
    rig_match(r, expression);
    free(expression);
}

/* Types a text into the line that was asked for, in place of what stands there. */
static void answer_line(rig *r, const char *question, const char *text)
{
    rig_wait(r, question);
    rig_keys(r, "<c-a><c-k>");
    rig_keys(r, text);
    rig_keys(r, "<enter>");
}

static void to_view(rig *r)
{
    rig_wait(r, "Esc watch"); /* the footer before may be on the screen yet */
    rig_keys(r, "<esc>");
    rig_wait(r, "i prompt");
}

static rig open_params(void)
{
    rig r = rig_ready(NULL, SETTINGS, "");
    to_view(&r);
    rig_keys(&r, "p");
    rig_wait(&r, "Enter type");
    return r;
}

/* The first screen is whole on the smallest one, and so is what a setting means. */
static void test_whole(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_match(&r, "Type what the picture +│");
    rig_match(&r, "shows, then Enter. +│");
    rig_match(&r, "Every step of the way +│");
    rig_match(&r, "from noise is drawn here +│");
    rig_match(&r, "and kept. +│");
    rig_match(&r, "Esc leaves the text; \\? +│");
    rig_match(&r, "shows the keys, F2 the +│");
    rig_match(&r, "lessons. +│");
    to_view(&r);
    rig_keys(&r, "p");
    rig_match(&r, "│ how strongly the prompt pulls; at 1 or below +│");
    rig_match(&r, "│ only the prompt's half runs +│");
    rig_leave(&r);
    r = rig_ready(&rig_large, SETTINGS, "");
    rig_match(&r, "Type what the picture shows, then Enter. +│");
    rig_leave(&r);
}

/* ---- typing ---- */

static bool cursor_at_end(terminal *t, void *user)
{
    int row, column, at, cells = *(int *)user;
    bool visible;
    terminal_cursor(t, &row, &column, &visible);
    return terminal_find(t, "prompt>", &at, NULL) && visible && row == at && column == 9 + cells;
}

static void wait_cursor(rig *r, int cells)
{
    CHECK_OK(terminal_wait(r->t, cursor_at_end, &cells, "the cursor behind the text", err));
}

static void test_typing(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "--size 64x64 --seed 7 --steps 2", "");
    rig_keys(&r, "caf\303\251 \347\214\253");
    prompt_is(&r, "caf\303\251 \347\214\253");
    wait_cursor(&r, 7);
    rig_keys(&r, "\360\237\246\212x"); /* a fox */
    prompt_is(&r, "caf\303\251 \347\214\253\360\237\246\212x");
    wait_cursor(&r, 10);
    rig_keys(&r, "<bs><bs>");
    prompt_is(&r, "caf\303\251 \347\214\253");
    wait_cursor(&r, 7);
    rig_keys(&r, "<left><left><left>e\314\201"); /* a mark of its own */
    prompt_is(&r, "cafe\314\201\303\251 \347\214\253");
    rig_keys(&r, "<c-_>");
    prompt_is(&r, "caf\303\251 \347\214\253");
    rig_keys(&r, "<c-u>");
    prompt_is(&r, "\303\251 \347\214\253");
    rig_keys(&r, "<c-y><c-e>!<enter>");
    rig_wait(&r, "DONE 2/2");
    prompt_is(&r, "caf\303\251 \347\214\253!");
    rig_sound(&r);
    rig_leave(&r);
}

/* Nothing that is typed into a text is a command, and no key of the view a text. */
static void test_fields(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    rig_keys(&r, " qxsprRSNL:?1[2]");
    prompt_is(&r, "a red fox qxsprRSNL:\\?1\\[2\\]");
    rig_keys(&r, "<tab>dark");
    rig_wait(&r, "avoid > dark");
    rig_keys(&r, "<s-tab>!");
    prompt_is(&r, "a red fox qxsprRSNL:\\?1\\[2\\]!");
    to_view(&r);
    rig_keys(&r, "n, blurry");
    rig_wait(&r, "avoid > dark, blurry");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 2/2");
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-7.png");
    lt_png_texts texts = {0};
    lt_image_unref(rig_read_png(&r, "latentty-7.png", &texts));
    const char *parameters = lt_png_texts_get(&texts, "parameters");
    assert_non_null(
        strstr(parameters, "a red fox qxsprRSNL:?1[2]!\nNegative prompt: dark, blurry\n"));
    lt_png_texts_done(&texts);
    rig_leave(&r);
}

/* ---- pasting ---- */

static void test_paste(void **state)
{
    (void)state;
    terminal_options o = {.columns = 100, .rows = 40};
    rig r = rig_ready(&o, "--size 64x64 --seed 7 --steps 2", "");
    terminal_paste(r.t, "one q\r\ntwo\033[31m\001\tx\nthree");
    prompt_is(&r, "one q");
    rig_match(&r, "^ +two\\[31m x$");
    rig_match(&r, "^ +three$");
    assert_false(rig_shows(&r, "run 1/1")); /* a newline in a paste is no Enter */
    rig_keys(&r, "<c-_>");
    prompt_is(&r, "");
    to_view(&r);
    terminal_paste(r.t, "q"); /* a paste in the view is a text, not a key */
    prompt_is(&r, "q");
    to_view(&r);
    rig_keys(&r, "?");
    rig_wait(&r, "\342\224\200 Keys \342\224\200");
    terminal_paste(r.t, "r"); /* and closes a page */
    prompt_is(&r, "qr");
    rig_gone(&r, "\342\224\200 Keys \342\224\200");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 2/2");
    terminal_faults_forget(r.t); /* rows were scrolled when there was no picture */
    rig_leave(&r);
}

static void test_paste_settings(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    terminal_paste(r.t, "a lighthouse, sunset\nNegative prompt: blurry\nSteps: 3, Sampler: Euler, "
                        "CFG scale: 4, Seed: 123, Size: 32x32");
    prompt_is(&r, "a lighthouse, sunset");
    rig_wait(&r, "avoid > blurry");
    rig_wait(&r, "settings taken");
    setting_is(&r, "guidance-scale", "-", "4");
    setting_is(&r, "steps", "-", "3");
    setting_is(&r, "seed", "-", "123");
    setting_is(&r, "size", "-", "32x32");
    setting_is(&r, "scheduler", "-", "euler");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 3/3");
    setting_is(&r, "seed", "123", "123");
    rig_wait(&r, "32x32  euler 3  seed 123");
    rig_leave(&r);
}

/* ---- history ---- */

static void run_prompt(rig *r, const char *prompt, const char *run)
{
    rig_keys(r, "i<m-k>");
    rig_keys(r, prompt);
    rig_keys(r, "<enter>");
    rig_wait(r, run);
    rig_wait(r, "DONE 2/2");
}

static void test_history(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    to_view(&r);
    run_prompt(&r, "first fox", "run 1/1");
    run_prompt(&r, "second owl", "run 2/2");
    run_prompt(&r, "third fox", "run 3/3");
    rig_keys(&r, "i<m-k>");
    rig_keys(&r, "draft<up>");
    prompt_is(&r, "third fox");
    rig_keys(&r, "<up><up>");
    prompt_is(&r, "first fox");
    rig_keys(&r, "<up>"); /* there is none before it */
    rig_keys(&r, "<down>");
    prompt_is(&r, "second owl");
    rig_keys(&r, "<down><down>");
    prompt_is(&r, "draft");
    rig_keys(&r, "<c-r>");
    rig_wait(&r, "search the prompts:");
    rig_keys(&r, "FOX");
    prompt_is(&r, "third fox");
    rig_keys(&r, "<c-r>");
    prompt_is(&r, "first fox");
    rig_keys(&r, "<enter>");
    rig_gone(&r, "search the prompts:");
    prompt_is(&r, "first fox");
    rig_keys(&r, "<c-c>");
    rig_end(&r, 0);
    rig_again(&r, NULL, ""); /* kept in a file */
    rig_match(&r, "[0-9]/75");
    rig_keys(&r, "<up>");
    prompt_is(&r, "third fox");
    rig_leave(&r);
}

static void test_search_left(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    to_view(&r);
    run_prompt(&r, "first fox", "run 1/1");
    rig_keys(&r, "i<m-k>draft<c-r>");
    rig_wait(&r, "search the prompts:");
    rig_keys(&r, "zebra");
    rig_wait(&r, "search the prompts: zebra");
    rig_keys(&r, "<esc>");
    rig_gone(&r, "search the prompts:");
    prompt_is(&r, "draft");
    rig_leave(&r);
}

/* ---- tokens ---- */

static void test_tokens(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "--size 64x64 --seed 7 --steps 2", "");
    rig_match(&r, " 0/75$");
    for (int i = 0; i < 75; i++)
        rig_keys(&r, "fox ");
    rig_match(&r, "75/75$");
    rig_keys(&r, "owl fox");
    rig_match(&r, "75\\+2 cut$");
    int row, column;
    terminal_cell seen, cut;
    rig_keys(&r, "<c-e>");
    CHECK_OK(terminal_wait_quiet(r.t, 200, err));
    assert_true(terminal_find(r.t, "owl", &row, &column));
    assert_true(terminal_cell_at(r.t, row, column, &cut));
    assert_true(terminal_cell_at(r.t, row, column - 3, &seen));
    assert_memory_not_equal(&cut.foreground, &seen.foreground, sizeof seen.foreground);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 2/2");
    rig_leave(&r);
}

/* ---- settings ---- */

static void test_settings(void **state)
{
    (void)state;
    rig r = open_params();
    rig_wait_chosen(&r, "guidance-scale");
    rig_keys(&r, "++-");
    setting_is(&r, "guidance-scale", "-", "8");
    rig_keys(&r, "j");
    rig_wait_chosen(&r, "steps");
    rig_keys(&r, "+=<right>-<left>");
    setting_is(&r, "steps", "-", "3");
    rig_keys(&r, "<down>");
    rig_wait_chosen(&r, "seed");
    rig_keys(&r, "k");
    rig_wait_chosen(&r, "steps");
    rig_keys(&r, "<enter>");
    answer_line(&r, "steps:", "4");
    setting_is(&r, "steps", "-", "4");
    rig_keys(&r, "kd");
    setting_is(&r, "guidance-scale", "-", "7.5");
    rig_keys(&r, "k"); /* round to the last */
    rig_wait_chosen(&r, "threads");
    rig_keys(&r, "j<c-g>");
    rig_wait(&r, "DONE 4/4");
    setting_is(&r, "steps", "4", "4");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "i prompt");
    rig_sound(&r);
    rig_leave(&r);
}

static void test_wrong_values(void **state)
{
    (void)state;
    rig r = open_params();
    rig_keys(&r, "j<enter>");
    answer_line(&r, "steps:", "many");
    rig_wait(&r, "'many'");
    rig_wait(&r, "e details");
    rig_keys(&r, "e");
    rig_wait(&r, "\342\224\200 Error \342\224\200");
    rig_keys(&r, "q");
    rig_gone(&r, "\342\224\200 Error \342\224\200");
    setting_is(&r, "steps", "-", "2"); /* as it was */
    rig_keys(&r, "<enter>");
    answer_line(&r, "steps:", "5000");
    rig_wait(&r, "5000");
    rig_keys(&r, "p");
    rig_gone(&r, "Enter type");
    rig_keys(&r, ":");
    answer_line(&r, "command:", "set scheduler magic");
    rig_wait(&r, "magic");
    rig_keys(&r, ":");
    answer_line(&r, "command:", "set nothing 1");
    rig_wait(&r, "there is no setting 'nothing'");
    rig_keys(&r, ":");
    answer_line(&r, "command:", "dance");
    rig_wait(&r, "no command 'dance'");
    rig_keys(&r, ":set ste<tab> 3<enter>");
    setting_is(&r, "steps", "-", "3");
    rig_keys(&r, ":run<enter>");
    rig_wait(&r, "DONE 3/3");
    rig_leave(&r);
}

/* What a model cannot do is refused by the run; the form stays. */
static void test_refused_run(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    to_view(&r);
    rig_keys(&r, ":set size 60x61<enter>");
    rig_wait(&r, "size is 60x61, expected multiples of 8 pixels");
    rig_wait(&r, "e details");
    setting_is(&r, "size", "[-0-9x]+", "64x64");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 2/2");
    rig_keys(&r, ":set model /nowhere<enter>");
    setting_is(&r, "size", "64x64", "64x64");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "FAILED");
    rig_keys(&r, "e");
    rig_wait(&r, "\342\224\200 Error \342\224\200");
    rig_keys(&r, "<esc>");
    rig_gone(&r, "\342\224\200 Error \342\224\200");
    rig_keys(&r, "<up>");
    rig_wait(&r, "DONE 2/2");
    rig_leave(&r);
}

static void test_seeds(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox --size 64x64 --steps 2", "");
    setting_is(&r, "seed", "-", "random");
    to_view(&r);
    rig_keys(&r, "L");
    rig_wait(&r, "no run has a seed yet");
    rig_keys(&r, "N");
    answer_line(&r, "seed:", "99");
    setting_is(&r, "seed", "-", "99");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "seed 99  run 1/1");
    rig_wait(&r, "DONE 2/2");
    rig_keys(&r, "r");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 2/2");
    assert_false(rig_shows(&r, "seed 99"));
    setting_is(&r, "seed", "[0-9]+", "random");
    rig_keys(&r, "L");
    rig_wait(&r, "the next runs keep this seed");
    rig_match(&r, " seed +([0-9]+) +\\1 *│$");
    rig_keys(&r, "L");
    rig_wait(&r, "every run draws a new seed");
    setting_is(&r, "seed", "[0-9]+", "random");
    rig_leave(&r);
}

/* ---- settings from a picture ---- */

static void test_read_picture(void **state)
{
    (void)state;
    rig r =
        rig_ready(NULL, SETTINGS, "--scheduler euler --negative-prompt dark --guidance-scale 3");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 2/2");
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-7.png");
    rig_keys(&r, "<c-c>");
    rig_end(&r, 0);
    lt_image *first = rig_read_png(&r, "latentty-7.png", NULL);
    r.arguments = "--steps 5";
    rig_again(&r, NULL, "");
    rig_match(&r, "[0-9]/75");
    to_view(&r);
    rig_keys(&r, "R");
    answer_line(&r, "PNG file:", "nowhere.png");
    rig_wait(&r, "nowhere.png");
    rig_keys(&r, "R");
    answer_line(&r, "PNG file:", "latentty-7.png");
    rig_wait(&r, "settings taken");
    prompt_is(&r, "a red fox");
    rig_wait(&r, "avoid > dark");
    setting_is(&r, "guidance-scale", "-", "3");
    setting_is(&r, "steps", "-", "2");
    setting_is(&r, "seed", "-", "7");
    setting_is(&r, "size", "-", "64x64");
    setting_is(&r, "scheduler", "-", "euler");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 2/2");
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-7-2.png"); /* the other one is not replaced */
    lt_image *second = rig_read_png(&r, "latentty-7-2.png", NULL);
    rig_same_pixels(first, second);
    lt_image_unref(first);
    lt_image_unref(second);
    rig_leave(&r);
}

static void test_save_all(void **state)
{
    (void)state;
    frames f;
    rig r = rig_ready(NULL, SETTINGS, "--preview-budget 0");
    r.arguments = SETTINGS;
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 2/2");
    rig_keys(&r, "S");
    rig_wait(&r, "saved 3 pictures in latentty-7-steps");
    for (int k = 0; k < f.count; k++) {
        char name[64];
        snprintf(name, sizeof name, "latentty-7-steps/%03d.png", k);
        lt_image *saved = rig_read_png(&r, name, NULL);
        rig_same_pixels(saved, f.at[k]);
        lt_image_unref(saved);
    }
    frames_done(&f);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),          cmocka_unit_test(test_typing),
        cmocka_unit_test(test_fields),         cmocka_unit_test(test_paste),
        cmocka_unit_test(test_paste_settings), cmocka_unit_test(test_history),
        cmocka_unit_test(test_search_left),    cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_settings),       cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_refused_run),    cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_read_picture),   cmocka_unit_test(test_save_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
