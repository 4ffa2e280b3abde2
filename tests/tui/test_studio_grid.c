/* test_studio_grid.c - several seeds side by side: what is shown, chosen, stopped, varied, saved.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "image/resize.h"
#include "studio_rig.h"

/* Without a seed, where several are rendered. */
#define PROMPT   "-p a_red_fox --size 64x64"
#define SETTINGS PROMPT " --seed 7 --steps 4"
enum { STEPS = 4, SIDE = 64, SEEDS = 4, FIRST = 7 };

/* 80x24 with cells of 10x20: the picture has 780x300 pixels, four tiles in a row; each enlarged
 * twice, with a frame of 2 and 24 for its caption. */
enum { WIDTH = 780, HEIGHT = 300, CELL = WIDTH / SEEDS, TIMES = 2, FRAME = 2, CAPTION = 24 };

static lt_rect tile_rect(int i)
{
    int side = TIMES * SIDE;
    return (lt_rect){i * CELL + (CELL - side - 2 * FRAME) / 2 + FRAME,
                     (HEIGHT - side - 2 * FRAME - CAPTION) / 2 + FRAME, side, side};
}

/* What `latentty render` makes of these seeds, by place. */
typedef struct seeds {
    lt_image *at[SEEDS];
} seeds;

static seeds rendered(rig *r, const char *steps)
{
    seeds s = {{NULL}};
    char *line = lt_format("render -q %s --steps %s --seeds 7..10 -o t-{seed}.png", PROMPT, steps);
    assert_int_equal(rig_run(r, line), 0);
    free(line);
    for (int i = 0; i < SEEDS; i++) {
        char *name = lt_format("t-%d.png", FIRST + i);
        s.at[i] = rig_read_png(r, name, NULL);
        free(name);
    }
    return s;
}

static lt_image *render_seed(rig *r, const char *seed, int steps)
{
    char *line = lt_format("render -q %s --steps %d --seed %s -o one.png", PROMPT, steps, seed);
    assert_int_equal(rig_run(r, line), 0);
    free(line);
    return rig_read_png(r, "one.png", NULL);
}

static void seeds_done(seeds *s)
{
    for (int i = 0; i < SEEDS; i++)
        lt_image_unref(s->at[i]);
}

/* True if tile i of the picture on the screen is that picture, enlarged, within the palette's
 * error. */
static bool tile_is(const lt_image *screen, int i, const lt_image *want)
{
    lt_image *tile, *small;
    if (screen->width != WIDTH || screen->height < HEIGHT)
        return false;
    CHECK_OK(lt_image_crop(screen, tile_rect(i), &tile, err));
    CHECK_OK(lt_image_resize(tile, SIDE, SIDE, LT_NEAREST, &small, err));
    double distance = rig_distance(small, want);
    lt_image_unref(tile);
    lt_image_unref(small);
    return distance < RIG_PALETTE_ERROR;
}

static bool tiles_hold(terminal *t, void *user)
{
    const seeds *want = user;
    const terminal_picture *last = terminal_picture_last(t);
    const lt_image *screen = last ? terminal_picture_image(t, last->number) : NULL;
    if (!screen)
        return false;
    for (int i = 0; i < SEEDS; i++)
        if (want->at[i] && !tile_is(screen, i, want->at[i]))
            return false;
    return true;
}

static void wait_tiles(rig *r, seeds *want)
{
    CHECK_OK(terminal_wait(r->t, tiles_hold, want, "the tiles", err));
}

/* The picture on the screen has one tile with a bright frame, which is that. */
static bool frame_holds(terminal *t, void *user)
{
    const terminal_picture *last = terminal_picture_last(t);
    const lt_image *screen = last ? terminal_picture_image(t, last->number) : NULL;
    const int *want = user;
    if (!screen || screen->width != WIDTH)
        return false;
    for (int i = 0; i < SEEDS; i++) {
        lt_rect tile = tile_rect(i);
        const unsigned char *p = screen->rgb + 3 * ((size_t)tile.y * WIDTH + (size_t)tile.x - 1);
        bool bright = p[0] > 200 && p[1] > 140 && p[2] < 120;
        if (bright != (i == *want))
            return false;
    }
    return true;
}

static void wait_frame(rig *r, int tile)
{
    CHECK_OK(terminal_wait(r->t, frame_holds, &tile, "the frame of the chosen tile", err));
}

/* Out of the prompt, and to the question for the grid. */
static void ask_seeds(rig *r)
{
    rig_watch(r);
    rig_keys(r, "g");
    rig_wait(r, "how many seeds, 2 to 16: 4");
}

/* Four seeds, at their end. */
static rig four(const char *more)
{
    rig r = rig_ready(NULL, SETTINGS, more);
    ask_seeds(&r);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 4/4");
    return r;
}

/* The tiles are what `render --seeds` makes, at the end and at every step. */
static void test_tiles(void **state)
{
    (void)state;
    rig r = four("");
    seeds end = rendered(&r, "4");
    frames f;
    rig_wait(&r, "1 of 4  seed 7  step 4");
    wait_tiles(&r, &end);
    wait_frame(&r, 0);
    rig_frames(&r, "latents", &f); /* of the first seed alone */
    rig_keys(&r, ",,");
    rig_wait(&r, "step 2");
    seeds first = {{f.at[2]}};
    wait_tiles(&r, &first);
    rig_keys(&r, "<home>");
    rig_wait(&r, "step 0");
    first.at[0] = f.at[0];
    wait_tiles(&r, &first);
    rig_keys(&r, "<end>");
    wait_tiles(&r, &end);
    rig_keys(&r, "2");
    rig_wait(&r, "2 predicted x0");
    rig_keys(&r, "1");
    wait_tiles(&r, &end);
    rig_sound(&r);
    frames_done(&f);
    seeds_done(&end);
    rig_leave(&r);
}

/* Out of the grid, to the end, and the program once more. */
static void again(rig *r)
{
    rig_keys(r, "q");
    rig_gone(r, " of 4  seed");
    rig_restart(r, "");
    rig_watch(r);
}

/* Kept as one run, a star on one keeps all; opened again they are the grid, and it has its star. */
static void test_kept(void **state)
{
    (void)state;
    rig r = four("");
    seeds end = rendered(&r, "4");
    wait_tiles(&r, &end);
    rig_keys(&r, "<right>*");
    rig_wait(&r, "2 of 4  seed 8  step 4  starred");
    rig_wait(&r, "starred: it stays");
    again(&r);
    rig_keys(&r, "H");
    rig_wait(&r, "* starred");
    rig_match(&r, "pictures +4, \\* 2");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "1 of 4  seed 7  step 4  1 current");
    wait_tiles(&r, &end);
    rig_keys(&r, "<right>");
    rig_wait(&r, "2 of 4  seed 8  step 4  starred");
    rig_keys(&r, "*<right>*");
    rig_wait(&r, "3 of 4  seed 9  step 4  starred");
    again(&r);
    rig_keys(&r, "H");
    rig_match(&r, "pictures +4, \\* 3");
    rig_keys(&r, "*");
    rig_gone(&r, "* starred");
    rig_keys(&r, "<enter><right><right>");
    rig_wait(&r, "3 of 4  seed 9  step 4  1 current");
    seeds_done(&end);
    rig_leave(&r);
}

/* A picture that was opened as a run of its own has its star from the grid, and gives it back. */
static void test_star_of_one(void **state)
{
    (void)state;
    rig r = four("");
    rig_keys(&r, "<right>*");
    rig_wait(&r, "2 of 4  seed 8  step 4  starred");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "seed 8  run 2/2");
    rig_keys(&r, "T");
    rig_match(&r, "2\\* s8 ");
    rig_match(&r, "1\\* s7 ");
    rig_keys(&r, "*");
    rig_match(&r, "2 s8 ");
    rig_match(&r, "1 s7 ");
    rig_keys(&r, "*");
    rig_match(&r, "2\\* s8 ");
    rig_keys(&r, "Tg");
    rig_wait(&r, "2 of 4  seed 8  step 4  starred");
    rig_keys(&r, "<right><enter>");
    rig_wait(&r, "seed 9  run 3/3");
    rig_keys(&r, "g");
    rig_wait(&r, "3 of 4  seed 9");
    rig_keys(&r, "*");
    rig_wait(&r, "3 of 4  seed 9  step 4  starred");
    again(&r);
    rig_keys(&r, "H");
    rig_match(&r, "pictures +4, \\* 2 3");
    rig_leave(&r);
}

/* Until the history has it that a picture of run 1 was stopped: it is written by another thread. */
static void wait_stopped(rig *r)
{
    struct timespec moment = {.tv_nsec = 20 * 1000000};
    bool stopped = false;
    for (int tries = 0; !stopped; tries++) {
        lt_store_run run;
        lt_store *s = rig_history(r);
        CHECK_OK(lt_store_read(s, 1, &run, err));
        for (size_t i = 0; i < run.picture_count; i++)
            stopped |= run.pictures[i].dropped;
        lt_store_run_done(&run);
        lt_store_close(s);
        assert_true(tries < 500);
        nanosleep(&moment, NULL);
    }
}

/* One that was stopped is so after opening it again, also where the program was killed. */
static void test_stopped_kept(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, PROMPT " --seed 7 --steps 24", "");
    ask_seeds(&r);
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9]/24");
    rig_keys(&r, " ");
    rig_wait(&r, "PAUSED");
    rig_keys(&r, "<right>*x");
    rig_match(&r, "2 of 4  seed 8  step [0-9]+  starred  stopped");
    wait_stopped(&r);
    kill(terminal_pid(r.t), SIGKILL);
    int status;
    CHECK_OK(terminal_wait_exit(r.t, &status, err));
    rig_again(&r, NULL, "");
    rig_match(&r, "[0-9]/75");
    rig_match(&r, "was interrupted at step [1-9][0-9]* of 24");
    rig_keys(&r, "<c-o>");
    rig_wait(&r, "DONE 24/24");
    rig_restart(&r, "");
    rig_watch(&r);
    rig_keys(&r, "H");
    rig_match(&r, "pictures +4, \\* 2");
    rig_keys(&r, "<enter><right>");
    rig_match(&r, "2 of 4  seed 8  step [0-9]  starred  stopped");
    char *whole = lt_format("%s/out/000-024.png", r.dir),
         *rest = lt_format("%s/out/001-024.png", r.dir),
         *noise = lt_format("%s/out/001-000.png", r.dir);
    assert_int_equal(rig_run(&r, "history export 1 -o out"), 0);
    assert_true(lt_file_exists(whole) && lt_file_exists(noise) && !lt_file_exists(rest));
    free(whole);
    free(rest);
    free(noise);
    rig_leave(&r);
}

/* Any two of them against each other: what differs is the seed. */
static void test_compare(void **state)
{
    (void)state;
    rig r = four("");
    rig_wait(&r, "1 of 4  seed 7  step 4");
    rig_keys(&r, "m");
    rig_wait(&r, "A is step 4 of run 2");
    rig_keys(&r, "<right><right>");
    rig_wait(&r, "3 of 4  seed 9");
    rig_keys(&r, "c");
    rig_wait(&r, "A: run 2 step 4  B: run 3 step 4");
    rig_match(&r, "seed +7 +9");
    rig_wait(&r, "differs from the noise on");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "run 3/3");
    rig_leave(&r);
}

/* Arrows and clicks choose; what is opened is a run of its own with all its steps. */
static void test_choose_and_open(void **state)
{
    (void)state;
    rig r = four("");
    seeds end = rendered(&r, "4");
    lt_png_texts texts = {0};
    rig_keys(&r, "<right><right>");
    rig_wait(&r, "3 of 4  seed 9");
    rig_keys(&r, "h");
    rig_wait(&r, "2 of 4  seed 8");
    rig_keys(&r, "<up><down>"); /* there is one row */
    rig_keys(&r, "*");
    rig_wait(&r, "step 4  starred");
    wait_tiles(&r, &end);
    wait_frame(&r, 1);
    rig_keys(&r, "<click 8,70>");
    rig_wait(&r, "4 of 4  seed 10");
    rig_keys(&r, "<click 8,30>");
    rig_wait(&r, "2 of 4  seed 8  step 4  starred");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "seed 8  run 2/2");
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-8.png");
    lt_image *saved = rig_read_png(&r, "latentty-8.png", &texts);
    rig_same_pixels(saved, end.at[1]);
    assert_non_null(strstr(lt_png_texts_get(&texts, "parameters"), "Seed: 8,"));
    lt_png_texts_done(&texts);
    lt_image_unref(saved);
    rig_keys(&r, ",");
    rig_wait(&r, "Step 3 of 4");
    rig_keys(&r, "f");
    rig_wait(&r, "fork of 2 @ 3");
    rig_wait(&r, "DONE 4/4");
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-8-2.png");
    saved = rig_read_png(&r, "latentty-8-2.png", NULL);
    rig_same_pixels(saved, end.at[1]);
    lt_image_unref(saved);
    rig_keys(&r, "g");
    rig_wait(&r, "2 of 4  seed 8  step 4  starred");
    wait_tiles(&r, &end);
    rig_keys(&r, "q");
    rig_wait(&r, "Step 4 of 4");
    seeds_done(&end);
    rig_leave(&r);
}

/* The tree of runs stands beside one picture. */
static void test_tree(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, PROMPT " --seed 7 --steps 4", "");
    ask_seeds(&r);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 4/4");
    rig_keys(&r, "T");
    rig_wait(&r, ">1 s7");
    rig_wait(&r, "1 current latents");
    rig_leave(&r);
}

/* While they are made: one of them alone, another lens, and back. */
static void test_while_it_runs(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, PROMPT " --seed 7 --steps 40", "");
    ask_seeds(&r);
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9][0-9]*/40");
    rig_keys(&r, " ");
    rig_wait(&r, "PAUSED");
    rig_keys(&r, "2");
    rig_wait(&r, "2 predicted x0");
    rig_gone(&r, "decoding...");
    rig_keys(&r, "<right><enter>");
    rig_wait(&r, "seed 8  run 1/1");
    rig_keys(&r, ".");
    rig_match(&r, "Step [0-9]+ of 40");
    rig_keys(&r, " ");
    rig_match(&r, "RUN [1-9][0-9]*/40");
    rig_keys(&r, "g");
    rig_match(&r, "2 of 4  seed 8  step [0-9]+");
    rig_wait(&r, "DONE 40/40");
    rig_keys(&r, "1");
    seeds end = rendered(&r, "40");
    wait_tiles(&r, &end);
    seeds_done(&end);
    rig_leave(&r);
}

/* A click on the chosen one opens it, too. */
static void test_double_click(void **state)
{
    (void)state;
    rig r = four("");
    rig_keys(&r, "<click 8,50><click 8,50>");
    rig_wait(&r, "seed 9  run 2/2");
    rig_leave(&r);
}

/* All in one file, with captions, at their own size. */
static void test_sheet(void **state)
{
    (void)state;
    rig r = four("");
    seeds end = rendered(&r, "4");
    lt_png_texts texts = {0};
    rig_keys(&r, "S");
    rig_wait(&r, "saved latentty-7-sheet.png");
    lt_image *sheet = rig_read_png(&r, "latentty-7-sheet.png", &texts);
    assert_int_equal(sheet->width, SEEDS * SIDE + (SEEDS - 1) * 4);
    assert_true(sheet->height > SIDE + 10);
    for (int i = 0; i < SEEDS; i++) {
        lt_image *tile;
        CHECK_OK(lt_image_crop(sheet, (lt_rect){i * (SIDE + 4), 0, SIDE, SIDE}, &tile, err));
        rig_same_pixels(tile, end.at[i]);
        lt_image_unref(tile);
    }
    assert_non_null(strstr(lt_png_texts_get(&texts, "parameters"), "Seed: 7,"));
    const char *pictures = lt_png_texts_get(&texts, "latentty-pictures");
    for (int i = 0; i < SEEDS; i++) {
        char *seed = lt_format("\"seed\":%d,", 7 + i);
        assert_non_null(pictures = strstr(pictures, seed)); /* in their order */
        free(seed);
    }
    lt_png_texts_done(&texts);
    lt_image_unref(sheet);
    seeds_done(&end);
    rig_leave(&r);
}

/* One is stopped, the others end as they would have; its place is filled with the next seed. */
static void test_stop_and_refill(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, PROMPT " --seed 7 --steps 24", "");
    ask_seeds(&r);
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9]/24");
    rig_keys(&r, " ");
    rig_wait(&r, "PAUSED");
    rig_keys(&r, "<right>n");
    rig_wait(&r, "x stops this picture first");
    rig_keys(&r, "x");
    rig_match(&r, "2 of 4  seed 8  step [0-9]+  stopped");
    rig_keys(&r, " ");
    rig_wait(&r, "DONE 24/24");
    seeds end = rendered(&r, "24");
    lt_image *stopped = end.at[1];
    end.at[1] = NULL;
    wait_tiles(&r, &end);
    rig_keys(&r, "n");
    rig_wait(&r, "2 of 4  seed 11");
    rig_wait(&r, "2 of 4  seed 11  step 24");
    rig_wait(&r, "DONE 24/24");
    lt_image *next = render_seed(&r, "11", 24);
    seeds with_next = end;
    with_next.at[1] = next;
    wait_tiles(&r, &with_next);
    lt_image_unref(stopped);
    lt_image_unref(next);
    seeds_done(&end);
    rig_leave(&r);
}

/* As many of the seeds that follow. */
static void test_next_page(void **state)
{
    (void)state;
    rig r = four("");
    rig_keys(&r, "<right>r");
    rig_wait(&r, "1 of 4  seed 11");
    rig_wait(&r, "DONE 4/4");
    lt_image *next = render_seed(&r, "11", STEPS);
    seeds want = {{next}};
    wait_tiles(&r, &want);
    rig_keys(&r, "g");
    rig_wait(&r, "how many seeds");
    rig_keys(&r, "<bs>1<enter>");
    rig_wait(&r, "'1' seeds: expected 2 to 16");
    lt_image_unref(next);
    rig_leave(&r);
}

/* Eight around one seed; what a variation's file says makes it again. */
static void test_vary(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--run");
    lt_png_texts texts = {0};
    uint64_t seed;
    rig_wait(&r, "DONE 4/4");
    rig_keys(&r, "v");
    rig_wait(&r, "how strong are the variations, up to 1: 0.1");
    rig_keys(&r, "<bs>2<enter>");
    rig_match(&r, "1 of 8  seed 7, variation [0-9]+ at 0.2");
    rig_wait(&r, "DONE 4/4");
    rig_keys(&r, "<right>s");
    rig_wait(&r, "saved latentty-7.png");
    lt_image *saved = rig_read_png(&r, "latentty-7.png", &texts);
    const char *at = strstr(lt_png_texts_get(&texts, "parameters"), "Variation seed: ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "Variation seed: %" SCNu64 ", Variation seed strength: 0.2", &seed),
                     1);
    char *more = lt_format("--variation-seed %" PRIu64 " --variation-strength 0.2", seed);
    lt_image *again = rig_render(&r, "again.png", more, NULL);
    rig_same_pixels(saved, again);
    rig_keys(&r, "v<bs><bs><bs>0<enter>");
    rig_wait(&r, "varies nothing");
    free(more);
    lt_png_texts_done(&texts);
    lt_image_unref(saved);
    lt_image_unref(again);
    rig_leave(&r);
}

/* What the program may have beyond what it has. */
static void leave_memory(const rig *r, size_t bytes)
{
    char *path = lt_format("/proc/%d/statm", terminal_pid(r->t));
    FILE *f = fopen(path, "r");
    unsigned long pages;
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu", &pages), 1);
    fclose(f);
    free(path);
    struct rlimit limit = {pages * 4096 + bytes, pages * 4096 + bytes};
    assert_int_equal(prlimit(terminal_pid(r->t), RLIMIT_AS, &limit, NULL), 0);
}

/* Sixteen films of a thousand steps are too much at once: one after another, and it is said. */
static void test_in_turns(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox --size 128x128 --seed 7 --steps 1000", "--run");
    rig_match(&r, "RUN [1-9]/1000");
    rig_keys(&r, "x");
    rig_wait(&r, "stopped after step");
    leave_memory(&r, (size_t)300 << 20);
    rig_keys(&r, "g<bs>16<enter>");
    rig_wait(&r, "no memory for 16 at once, so they are made in turns");
    rig_match(&r, "1 of 16  seed 7  step [1-9]");
    rig_keys(&r, "<right>");
    rig_wait(&r, "2 of 16  seed 8  waits for its turn");
    rig_keys(&r, "<left>x");
    rig_match(&r, "1 of 16  seed 7  step [0-9]+  stopped");
    rig_keys(&r, "<right>");
    rig_match(&r, "2 of 16  seed 8  step [1-9]");
    rig_keys(&r, "<right>x");
    rig_wait(&r, "3 of 16  seed 9  stopped");
    rig_keys(&r, "<c-c>"); /* all of them */
    rig_wait(&r, "stopped after step");
    rig_keys(&r, "<right>");
    rig_wait(&r, "4 of 16  seed 10  stopped");
    rig_leave(&r);
}

/* Where captions cannot be read in the picture they are text. */
static void test_blocks(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--graphics blocks");
    ask_seeds(&r);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 4/4");
    rig_wait(&r, "1 s7");
    rig_wait(&r, "4 s10");
    rig_keys(&r, "*<right>");
    rig_wait(&r, "1 s7 *");
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_star_of_one),
        cmocka_unit_test(test_stopped_kept),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_choose_and_open),
        cmocka_unit_test(test_double_click),
        cmocka_unit_test(test_sheet),
        cmocka_unit_test(test_stop_and_refill),
        cmocka_unit_test(test_next_page),
        cmocka_unit_test(test_vary),
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_while_it_runs),
        cmocka_unit_test(test_in_turns),
        cmocka_unit_test(test_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
