/*
 * bench_keys.c - how long a program takes to show a key, while it is busy.
 *
 * usage: bench_keys [OPTION]... [--] PROGRAM [ARGUMENT]...
 *
 *   --size, --cell, --profile, --answers, --acks, --throttle, --guard: see options.h
 *   --wait TEXT           begin once this is on the screen
 *   --start KEYS          typed then, to set it to work
 *   --started TEXT        and wait for this; both may be given several times, in turns
 *   --key KEYS            what is pressed (x); may be given several times, they take turns
 *   --presses N           how often (100)
 *   --pause MIN:MAX       milliseconds between presses, drawn evenly (50:250)
 *   --part ROW,COLUMN,ROWS,COLUMNS   where the key shows; without, any change of the screen counts,
 *                         also one that the key did not make: where a program draws by itself, say
 *                         where
 *   --stop KEYS           typed at the end
 *   --seed N              of the pauses (1)
 *   --json                one line of JSON
 *
 * A latency is from just before the key is written to the read of the bytes that changed the part.
 * Pictures are not decoded, so that the reader keeps up.
 *
 * The choice in a grid of four seeds, seen in the title of its box:
 *   bench_keys --size 80x24 --cell 10x20 --wait /75 --start '<esc>' --started '? keys' \
 *     --start g --started '2 to 16: 4' --start '<enter>' --started 'step 2' \
 *     --key '<right>' --key '<left>' --part 1,0,1,40 -- \
 *     latentty -p 'a red fox' --size 128x128 --steps 1000
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "options.h"

enum { MOST_KEYS = 16, MOST_STARTS = 8 };

typedef struct bench {
    terminal_options options;
    terminal_part part;
    const char *wait, *stop;
    const char *start[MOST_STARTS], *started[MOST_STARTS];
    int start_count, started_count;
    const char *keys[MOST_KEYS];
    int key_count, presses;
    double least, most; /* pause, ms */
    uint64_t seed;
    bool json;
} bench;

static bool take_option(bench *b, const char *name, const char *value)
{
    terminal_part *p = &b->part;
    if (strcmp(name, "--wait") == 0)
        return (b->wait = value) != NULL;
    if (strcmp(name, "--start") == 0 && b->start_count < MOST_STARTS)
        return (b->start[b->start_count++] = value) != NULL;
    if (strcmp(name, "--started") == 0 && b->started_count < MOST_STARTS)
        return (b->started[b->started_count++] = value) != NULL;
    if (strcmp(name, "--stop") == 0)
        return (b->stop = value) != NULL;
    if (strcmp(name, "--presses") == 0)
        return (b->presses = atoi(value)) > 0;
    if (strcmp(name, "--seed") == 0)
        return (b->seed = strtoull(value, NULL, 10)) > 0;
    if (strcmp(name, "--pause") == 0)
        return sscanf(value, "%lf:%lf", &b->least, &b->most) == 2 && b->least >= 0 &&
               b->most >= b->least;
    if (strcmp(name, "--part") == 0)
        return sscanf(value, "%d,%d,%d,%d", &p->row, &p->column, &p->rows, &p->columns) == 4 &&
               p->rows > 0 && p->columns > 0;
    if (strcmp(name, "--key") == 0 && b->key_count < MOST_KEYS)
        return (b->keys[b->key_count++] = value) != NULL;
    return terminal_option(&b->options, name, value);
}

/* The index of the program's name in argv, or 0. */
static int read_options(bench *b, int argc, char **argv)
{
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (!argv[i][2])
            return i + 1 < argc ? i + 1 : 0;
        if (strcmp(argv[i], "--json") == 0) {
            b->json = true;
        } else if (i + 1 == argc || !take_option(b, argv[i], argv[i + 1])) {
            fprintf(stderr, "bench_keys: '%s' is not understood\n", argv[i]);
            return 0;
        } else {
            i++;
        }
    }
    return i < argc ? i : 0;
}

/* splitmix64, as a fraction of 1. */
static double draw(uint64_t *seed)
{
    uint64_t z = *seed += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static bool set_to_work(const bench *b, terminal *t, lt_error *err)
{
    bool ok = !b->wait || terminal_wait_text(t, b->wait, err);
    for (int i = 0; ok && (i < b->start_count || i < b->started_count); i++)
        ok = (i >= b->start_count || terminal_keys(t, b->start[i], err)) &&
             (i >= b->started_count || terminal_wait_text(t, b->started[i], err));
    return ok;
}

static bool press_all(bench *b, terminal *t, lt_error *err)
{
    for (int i = 0; i < b->presses; i++) {
        double pause = b->least + (b->most - b->least) * draw(&b->seed);
        terminal_run(t, pause * 1e-3);
        if (!terminal_latency(t, b->keys[i % b->key_count], b->part, NULL, err))
            return false;
    }
    return true;
}

static void report(const bench *b, const terminal *t, double seconds, int pictures, size_t bytes)
{
    static const double percents[] = {0, 50, 90, 95, 99, 100};
    static const char *const names[] = {"min", "p50", "p90", "p95", "p99", "max"};
    size_t n = sizeof percents / sizeof *percents;
    printf(
        b->json ? "{\"presses\":%d,\"seconds\":%.3f,\"pictures\":%d,\"bytes\":%zu,"
                  "\"damages\":%d,\"faults\":%d,\"ms\":{"
                : "%d presses in %.1f s, meanwhile %d pictures, %zu bytes; %d damages, %d faults\n",
        terminal_latencies(t), seconds, pictures, bytes, terminal_damages(t), terminal_faults(t));
    for (size_t i = 0; i < n; i++)
        printf(b->json ? "\"%s\":%.3f%s" : "%s %.3f ms%s", names[i],
               terminal_percentile(t, percents[i]) * 1e3,
               i + 1 < n ? (b->json ? "," : "   ") : (b->json ? "}}\n" : "\n"));
}

static bool measure(bench *b, terminal *t, lt_error *err)
{
    if (!set_to_work(b, t, err))
        return false;
    double begin = lt_clock();
    int pictures = terminal_pictures(t);
    size_t bytes = terminal_written(t);
    bool ok = press_all(b, t, err);
    report(b, t, lt_clock() - begin, terminal_pictures(t) - pictures, terminal_written(t) - bytes);
    return ok && (!b->stop || terminal_keys(t, b->stop, err));
}

int main(int argc, char **argv)
{
    bench b = {.presses = 100, .least = 50, .most = 250, .seed = 1};
    lt_error err = {0};
    terminal *t;
    int program = read_options(&b, argc, argv);
    if (!program) {
        fprintf(stderr,
                "usage: bench_keys [OPTION]... [--] PROGRAM [ARGUMENT]...  (bench_keys.c)\n");
        return 2;
    }
    if (b.key_count == 0)
        b.keys[b.key_count++] = "x";
    b.options.lazy = true;
    b.options.keep_pictures = 1;
    b.options.most_record = 1 << 20;
    bool ok = terminal_open(&t, &b.options, argv + program, NULL, &err);
    if (ok) {
        ok = measure(&b, t, &err);
        terminal_close(t);
    }
    if (!ok)
        fprintf(stderr, "bench_keys: %s\n", err.message);
    return ok ? 0 : 1;
}
