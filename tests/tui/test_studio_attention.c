/* test_studio_attention.c - lens 6: live, of steps that were taken without, of runs that were made
 * long ago and of forks; against the maps that `latentty render --attention` writes. */
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8 --scheduler euler --dtype f32"
enum { STEPS = 8, SIDE = 8 /* of the largest maps */, TOKENS = 77, WORDS = 3 };
static const char *const words[WORDS] = {"a", "red", "fox"};

static void render(rig *r)
{
    assert_int_equal(rig_run(r, "render -q " SETTINGS " --attention att -o whole.png"), 0);
}

/* The largest maps of a step as the file has them, [SIDE*SIDE,TOKENS]; the caller's. */
static float *maps_of(const rig *r, int step)
{
    char name[64];
    lt_buf file = {0};
    uint64_t header = 0;
    size_t bytes = (size_t)SIDE * SIDE * TOKENS * sizeof(float);
    snprintf(name, sizeof name, "att/000-%03d.safetensors", step);
    char *path = lt_path_join(r->dir, name);
    CHECK_OK(lt_file_read(path, 1 << 24, &file, err));
    free(path);
    for (int i = 7; i >= 0; i--)
        header = header << 8 | (unsigned char)file.data[i];
    assert_non_null(strstr(file.data + 8, "\"8x8\":{\"dtype\":\"F32\",\"shape\":[8,8,77],"
                                          "\"data_offsets\":[0,19712]"));
    float *maps = lt_alloc(bytes);
    memcpy(maps, file.data + 8 + header, bytes);
    lt_buf_done(&file);
    return maps;
}

/* Waits for a word's row with this share, in percent; one of its last digit is rounding's. */
static void wait_share(rig *r, const char *word, double percent)
{
    char row[160];
    double near = percent * 10, low = floor(near - 0.05) / 10, high = ceil(near + 0.05) / 10;
    snprintf(row, sizeof row, "[> ] %s +#* +(%.1f|%.1f|%.1f) %%", word, low, round(near) / 10,
             high);
    rig_match(r, row);
}

/* Of all words and sizes, from the list that render writes: means over all steps. */
static void wait_shares_of_all(rig *r)
{
    lt_buf file = {0};
    char *path = lt_path_join(r->dir, "att/000-words.txt");
    CHECK_OK(lt_file_read(path, 1 << 20, &file, err));
    for (int i = 0; i < WORDS; i++) {
        char mark[32];
        snprintf(mark, sizeof mark, "\t000-w%02d.png\t%s\t", i + 1, words[i]);
        const char *at = strstr(file.data, mark);
        assert_non_null(at);
        while (at > file.data && at[-1] != '\n')
            at--;
        wait_share(r, words[i], 100 * atof(at));
    }
    free(path);
    lt_buf_done(&file);
}

/* Of the largest layers in one step; words stand at positions 1, 2 and 3. */
static void wait_shares_of(rig *r, const float *maps)
{
    for (int i = 0; i < WORDS; i++) {
        double sum = 0;
        for (int k = 0; k < SIDE * SIDE; k++)
            sum += (double)maps[k * TOKENS + 1 + i];
        wait_share(r, words[i], 100 * sum / (SIDE * SIDE));
    }
}

/* The word with the most attention in a cell of the maps, each by its own mean. */
static int word_at(const float *maps, int x, int y)
{
    int best = 0;
    double most = 0;
    for (int i = 0; i < WORDS; i++) {
        double sum = 0;
        for (int k = 0; k < SIDE * SIDE; k++)
            sum += (double)maps[k * TOKENS + 1 + i];
        double value = (double)maps[(y * SIDE + x) * TOKENS + 1 + i] / sum;
        best = value > most ? i : best;
        most = value > most ? value : most;
    }
    return best;
}

static void go_to(rig *r, int step)
{
    char text[48];
    rig_keys(r, "<home>");
    for (int k = 0; k < step; k++)
        rig_keys(r, ".");
    snprintf(text, sizeof text, "Attention, step %d, ", step);
    rig_wait(r, text);
    rig_gone(r, "attention...");
    rig_gone(r, "computing");
}

/* Watched from the first step on: the picture is the one that render makes, its words are drawn and
 * counted as there. */
static void live(const terminal_options *options)
{
    rig r = rig_ready(options, SETTINGS, "");
    rig_watch(&r);
    rig_keys(&r, "6<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_wait(&r, "Attention, step 8, all sizes");
    rig_match(&r, "dark [0-9.e-]+ to bright [0-9.]+");
    rig_match(&r, "<padding> +[0-9.]+ %");
    rig_keys(&r, "a");
    rig_wait(&r, "Attention, mean of 8 steps, all sizes");
    render(&r);
    wait_shares_of_all(&r);
    rig_keys(&r, ","); /* the mean is that of every step */
    rig_wait(&r, "  step 7");
    rig_wait(&r, "Attention, mean of 8 steps, all sizes");
    wait_shares_of_all(&r);
    rig_keys(&r, ".");
    rig_wait(&r, "  step 8");
    for (int i = 0; i < WORDS; i++) {
        char text[64], name[64];
        snprintf(text, sizeof text, "> %s  ", words[i]);
        for (int tries = 0; tries < 8 && !rig_shows(&r, text); tries++) {
            rig_keys(&r, "l");
            CHECK_OK(terminal_wait_quiet(r.t, 200, err));
        }
        rig_wait(&r, text);
        snprintf(text, sizeof text, "%s  step 8", words[i]); /* in the title */
        rig_wait(&r, text);
        snprintf(name, sizeof name, i ? "latentty-7-words-%d.png" : "latentty-7-words.png", i + 1);
        lt_image *shown = rig_saved(&r, name);
        snprintf(name, sizeof name, "att/000-w%02d.png", i + 1);
        lt_image *want = rig_read_png(&r, name, NULL);
        /* over x0 here, over the latents there: Euler's last step makes them equal but for
         * rounding, which 8 bits hide mostly: 0.01 was measured */
        assert_true(rig_distance(shown, want) < 0.1);
        lt_image_unref(shown);
        lt_image_unref(want);
    }
    rig_keys(&r, "1");
    lt_image *plain = rig_saved(&r, "latentty-7.png"), *whole = rig_read_png(&r, "whole.png", NULL);
    rig_same_pixels(plain, whole);
    lt_image_unref(plain);
    lt_image_unref(whole);
    rig_leave(&r);
}

static double share(rig *r, const char *name)
{
    char text[64];
    int row, column;
    lt_buf line = {0};
    snprintf(text, sizeof text, " %s ", name);
    rig_wait(r, text);
    assert_true(terminal_find(r->t, text, &row, &column));
    terminal_row(r->t, row, &line);
    const char *at = strstr(line.data, text) + strlen(text);
    double percent = strtod(at + strspn(at, " #"), NULL);
    lt_buf_done(&line);
    return percent;
}

/* A word of several tokens, and each of them: their shares are its own, and what was chosen stays
 * chosen. */
static void test_tokens(void **state)
{
    (void)state;
    rig r = rig_ready(&rig_large, "-p zorkaneez_fox --seed 7 --steps 4", "");
    rig_watch(&r);
    rig_keys(&r, "6<enter>");
    rig_wait(&r, "DONE 4/4");
    rig_wait(&r, "Attention, step 4, all sizes");
    CHECK_OK(terminal_wait_quiet(r.t, 200, err)); /* all of the screen */
    double word = share(&r, "zorkaneez"), fox = share(&r, "fox"), rest = share(&r, "<padding>");
    rig_keys(&r, "A");
    rig_wait(&r, "Attention by token, step 4, all sizes");
    CHECK_OK(terminal_wait_quiet(r.t, 200, err));
    double sum = share(&r, "zor") + share(&r, "kan") + share(&r, "eez");
    assert_true(fabs(sum - word) < 0.2); /* four numbers of one digit */
    assert_true(fabs(share(&r, "fox") - fox) < 1e-9);
    assert_true(fabs(share(&r, "<padding>") - rest) < 1e-9);
    for (int tries = 0; tries < 8 && !rig_shows(&r, "> kan "); tries++) {
        rig_keys(&r, "l");
        CHECK_OK(terminal_wait_quiet(r.t, 200, err));
    }
    rig_wait(&r, "> kan ");
    rig_wait(&r, "kan  step 4"); /* in the title */
    rig_keys(&r, "A");
    rig_wait(&r, "> zorkaneez ");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

static void test_live(void **state)
{
    (void)state;
    live(NULL);
    live(&rig_large);
}

/* Steps that were taken before the lens was on; sizes, words, clicks. */
static void afterwards(const terminal_options *options)
{
    rig r = rig_ready(options, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    render(&r);
    float *maps = maps_of(&r, 3);
    rig_keys(&r, "h"); /* not without the lens */
    rig_wait(&r, "words are those of lens 6");
    rig_keys(&r, "6");
    rig_wait(&r, "Attention, step 8, all sizes");
    rig_match(&r, "fox +#+ +[0-9.]+ %");
    go_to(&r, 3);
    rig_keys(&r, "6");
    rig_wait(&r, "Attention, step 3, 8x8");
    wait_shares_of(&r, maps);
    rig_keys(&r, "666");
    rig_wait(&r, "Attention, step 3, all sizes"); /* after 4x4 and 2x2 */
    rig_keys(&r, "6");
    rig_wait(&r, "Attention, step 3, 8x8");
    const terminal_picture *p = terminal_picture_last(r.t);
    int y = p->row + p->rows / 4, x = p->column + p->columns / 2;
    for (int i = 0; i < 3; i++, y += p->rows / 4) {
        char keys[32], text[64];
        int cell = (int)((y - p->row + 0.5) / p->rows * SIDE),
            across = (int)((x - p->column + 0.5) / p->columns * SIDE);
        snprintf(keys, sizeof keys, "<click %d,%d>", y, x);
        rig_keys(&r, keys);
        snprintf(text, sizeof text, "> %s  ", words[word_at(maps, across, cell)]);
        rig_wait(&r, text);
    }
    int row, column;
    char keys[32];
    assert_true(terminal_find(r.t, "<start>", &row, &column));
    snprintf(keys, sizeof keys, "<click %d,%d>", row, column);
    rig_keys(&r, keys);
    rig_match(&r, "> <start> +[0-9.]+ %");
    rig_keys(&r, "l"); /* from the start to the first word, and back over the start to the end */
    rig_match(&r, "> a +#* +[0-9.]+ %");
    rig_keys(&r, "hh");
    rig_match(&r, "> <padding> +[0-9.]+ %");
    rig_keys(&r, "a");
    rig_match(&r, "Attention, mean of [2-8] steps, 8x8"); /* those that were looked at */
    rig_keys(&r, "a<home>");
    rig_wait(&r, "noise: no step has looked yet");
    rig_gone(&r, "l word"); /* the footer's */
    rig_keys(&r, "S");
    rig_wait(&r, "latentty render --attention");
    free(maps);
    rig_leave(&r);
}

static void test_afterwards(void **state)
{
    (void)state;
    afterwards(NULL);
    afterwards(&rig_large);
}

/* A run of the history, and of a fork the steps of its parent with the parent's prompt. */
static void test_others(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    render(&r);
    rig_restart(&r, "");
    rig_watch(&r);
    rig_keys(&r, "H");
    rig_wait(&r, "History  1 of 1");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "6");
    go_to(&r, 5);
    float *maps = maps_of(&r, 5);
    rig_keys(&r, "6");
    rig_wait(&r, "Attention, step 5, 8x8");
    wait_shares_of(&r, maps);
    free(maps);
    rig_keys(&r, "i<c-a><c-k>blue house");
    rig_wait(&r, "2/75");
    rig_watch(&r);
    rig_keys(&r, "f");
    rig_wait(&r, "fork of 1 @ 5");
    rig_wait(&r, "DONE 8/8");
    rig_match(&r, "house +#* +[0-9.]+ %");
    go_to(&r, 4);
    rig_match(&r, "fox +#* +[0-9.]+ %");
    assert_false(rig_shows(&r, "house           #"));
    rig_leave(&r);
}

/* While a run goes on the lens comes and goes: what is made does not change. */
static void test_while_it_runs(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox --size 64x64 --seed 7 --steps 60", "");
    rig_watch(&r);
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9][0-9]*/60");
    rig_keys(&r, "6");
    rig_match(&r, "[> ] fox +#* +[0-9.]+ %");
    rig_keys(&r, "16");
    rig_wait(&r, "DONE 60/60");
    rig_wait(&r, "Attention, step 60");
    rig_keys(&r, "1");
    lt_image *end = rig_saved(&r, "latentty-7.png"), *whole = rig_render(&r, "whole", "", NULL);
    rig_same_pixels(end, whole);
    lt_image_unref(end);
    lt_image_unref(whole);
    rig_leave(&r);
}

/* Half blocks, a prompt without words, and one of many. */
static void test_blocks(void **state)
{
    (void)state;
    terminal_options o = {.profile = TERMINAL_XTERM_PLAIN,
                          .columns = 100,
                          .rows = 30,
                          .cell_width = 8,
                          .cell_height = 16};
    rig r = rig_ready(&o, "-p _ --size 64x64 --seed 7 --steps 3", "--run");
    rig_wait(&r, "DONE 3/3");
    rig_keys(&r, "6");
    rig_match(&r, "> <start> +[0-9.]+ %");
    rig_wait(&r, "\342\226\200"); /* upper half blocks */
    rig_keys(&r, "<click 6,6>");
    rig_wait(&r, "the prompt has no words");
    rig_keys(&r, "i<c-a><c-k>one two three four five six seven eight nine ten eleven twelve "
                 "thirteen fourteen fifteen<enter>");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 3/3");
    rig_match(&r, "<padding> +[0-9.]+ %"); /* though not all words fit */
    rig_keys(&r, "<esc>hhhhhhhhhhhhhhhhhhh");
    rig_match(&r, "> ");
    rig_leave(&r);
}

/* Words of steps whose pictures are left out. */
static void test_without_pictures(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox --size 64x64 --seed 7 --steps 300", "--preview-budget 0");
    rig_watch(&r);
    rig_keys(&r, "6<enter>");
    rig_match(&r, "Attention, step [1-9]");
    rig_match(&r, "dark [0-9.e-]+ to bright");
    assert_false(rig_shows(&r, "300/300"));
    rig_match(&r, "> fox +#* +[0-9.]+ %");
    rig_keys(&r, "x");
    rig_wait(&r, "stopped after step");
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_afterwards),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_while_it_runs),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_without_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
