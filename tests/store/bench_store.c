/*
 * bench_store.c - what the history costs: opening and browsing many runs, and writing steps.
 *
 * usage: store_bench [FOLDER [RUNS [FLOATS]]]
 *
 * RUNS (10000) runs of 20 small steps are made in FOLDER/history.db (which may be there from
 * before), then opened, listed, searched and counted; then 100 steps of four arrays of FLOATS
 * (16384: 512x512) are appended.  Milliseconds of the wall clock: the median and the longest.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/writer.h"

enum { TIMES = 21, PAGE = 24, THUMBNAIL = 12000, SMALL_STEPS = 20 };

static void must(bool ok, const lt_error *err)
{
    if (!ok) {
        fprintf(stderr, "%s\n", err->message);
        exit(1);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, double *seconds, int n)
{
    qsort(seconds, (size_t)n, sizeof *seconds, by_size);
    printf("%-34s %8.2f ms   longest %8.2f ms\n", what, seconds[n / 2] * 1e3, seconds[n - 1] * 1e3);
}

static lt_store *open_store(const char *path)
{
    lt_error note = {0};
    lt_store *s = lt_store_open(path, &note);
    must(note.code == LT_ERR_NONE, &note);
    return s;
}

static void append(lt_store *s, int64_t id, int k, float *numbers, size_t n)
{
    lt_error err = {0};
    lt_store_step step = {.k = k,
                          .seconds = 1,
                          .latents = {numbers, n},
                          .x0 = {numbers + n, n},
                          .eps_text = {numbers + 2 * n, n},
                          .eps_uncond = {numbers + 3 * n, n}};
    must(lt_store_append(s, id, &step, &err), &err);
}

static int64_t begin(lt_store *s, int i)
{
    lt_error err = {0};
    int64_t id = 0;
    char *prompt = lt_format("a photograph of an astronaut riding a horse, highly detailed, number "
                             "%d, in the style of somebody with a long name",
                             i);
    char settings[600];
    memset(settings, 'x', sizeof settings);
    settings[sizeof settings - 1] = '\0';
    lt_store_run run = {.prompt = prompt,
                        .negative = "blurry, ugly",
                        .settings = settings,
                        .sampler = "lms",
                        .model = "CompVis/stable-diffusion-v1-4",
                        .model_hash = "0123456789abcdef",
                        .seed = (uint64_t)i,
                        .steps = SMALL_STEPS,
                        .width = 512,
                        .height = 512};
    must(lt_store_begin(s, &run, &id, &err), &err);
    free(prompt);
    return id;
}

static void make(lt_store *s, int from, int to)
{
    lt_error err = {0};
    float few[4 * 16];
    char *picture = lt_alloc(THUMBNAIL);
    for (size_t i = 0; i < sizeof few / sizeof *few; i++)
        few[i] = (float)i / 3;
    for (int i = from; i < to; i++) {
        int64_t id = begin(s, i);
        for (int k = 0; k <= SMALL_STEPS; k++)
            append(s, id, k, few, 16);
        must(lt_store_set_thumbnail(s, id, picture, THUMBNAIL, &err) &&
                 lt_store_finish(s, id, LT_STORE_DONE, &err),
             &err);
    }
    free(picture);
}

static void measure_opening(const char *path)
{
    double all[TIMES];
    for (int i = 0; i < TIMES; i++) {
        double start = lt_clock();
        lt_store *s = open_store(path);
        all[i] = lt_clock() - start;
        lt_store_close(s);
    }
    report("opening", all, TIMES);
}

static void measure_pages(lt_store *s, const char *what, lt_store_query q)
{
    double all[TIMES];
    lt_error err = {0};
    lt_store_page page;
    for (int i = 0; i < TIMES; i++) {
        double start = lt_clock();
        must(lt_store_list(s, &q, &page, &err), &err);
        all[i] = lt_clock() - start;
        if (page.count)
            q.before = page.runs[page.count - 1].id;
        lt_store_page_done(&page);
    }
    report(what, all, TIMES);
}

static void measure_count(lt_store *s, const char *what, lt_store_query q)
{
    double all[TIMES];
    lt_error err = {0};
    int64_t n;
    for (int i = 0; i < TIMES; i++) {
        double start = lt_clock();
        must(lt_store_count(s, &q, &n, &err), &err);
        all[i] = lt_clock() - start;
    }
    report(what, all, TIMES);
}

static void measure_steps(lt_store *s, size_t n)
{
    enum { STEPS = 100 };
    double all[STEPS];
    lt_error err = {0};
    lt_store_step *steps;
    size_t count;
    float *numbers = lt_alloc_array(4 * n, sizeof *numbers);
    for (size_t i = 0; i < 4 * n; i++)
        numbers[i] = (float)rand() / 7;
    int64_t id = begin(s, 0);
    for (int k = 0; k < STEPS; k++) {
        double start = lt_clock();
        append(s, id, k, numbers, n);
        all[k] = lt_clock() - start;
    }
    report("appending a step", all, STEPS);
    for (int k = 0; k < STEPS; k++) {
        double start = lt_clock();
        must(lt_store_read_steps(s, id, k, k, &steps, &count, &err), &err);
        all[k] = lt_clock() - start;
        lt_store_steps_free(steps, count);
    }
    report("reading a step", all, STEPS);
    must(lt_store_finish(s, id, LT_STORE_DONE, &err), &err);
    double start = lt_clock();
    must(lt_store_purge(s, id, &err), &err);
    printf("%-34s %8.2f ms\n", "purging those 100 steps", (lt_clock() - start) * 1e3);
    free(numbers);
}

/* What the thread that computes waits for. */
static void measure_putting(const char *path, size_t n)
{
    enum { STEPS = 100 };
    double all[STEPS];
    lt_error err = {0};
    lt_store_writer *w;
    float *numbers = lt_alloc_array(n, sizeof *numbers);
    must(lt_store_writer_open(&(lt_store_writer_options){.path = path}, &w, &err), &err);
    uint64_t t = lt_store_writer_begin(w, &(lt_store_run){.prompt = "x"}, 0);
    for (int k = 0; k < STEPS; k++) {
        lt_store_step step = {.k = k,
                              .latents = {numbers, n},
                              .x0 = {numbers, n},
                              .eps_text = {numbers, n},
                              .eps_uncond = {numbers, n}};
        double start = lt_clock();
        lt_store_writer_step(w, t, &step);
        all[k] = lt_clock() - start;
    }
    report("giving a step to the writer", all, STEPS);
    lt_store_writer_close(w);
    free(numbers);
}

int main(int argc, char **argv)
{
    char *path = lt_path_join(argc > 1 ? argv[1] : "/tmp", "history.db");
    int runs = argc > 2 ? atoi(argv[2]) : 10000;
    int64_t there;
    struct stat st;
    lt_error err = {0};
    lt_store *s = open_store(path);
    must(lt_store_count(s, &(lt_store_query){0}, &there, &err), &err);
    make(s, (int)there, runs);
    lt_store_close(s);
    if (stat(path, &st) == 0)
        printf("%d runs, %.1f MB\n", runs, (double)st.st_size / 1e6);
    measure_opening(path);
    s = open_store(path);
    measure_pages(s, "a page of 24", (lt_store_query){.limit = PAGE});
    measure_pages(s, "a page of 24 with pictures",
                  (lt_store_query){.limit = PAGE, .thumbnails = true});
    measure_pages(s, "a page of a search that hits",
                  (lt_store_query){.limit = PAGE, .search = "HORSE detailed"});
    measure_pages(s, "a search that finds nothing", (lt_store_query){.search = "zebra"});
    measure_count(s, "counting", (lt_store_query){0});
    measure_count(s, "counting a search", (lt_store_query){.search = "number 77"});
    measure_steps(s, argc > 3 ? (size_t)atol(argv[3]) : 16384);
    lt_store_close(s);
    measure_putting(path, argc > 3 ? (size_t)atol(argv[3]) : 16384);
    free(path);
    return 0;
}
