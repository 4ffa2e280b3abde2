/*
 * soak_studio.c - a user who presses everything: random keys, texts, pastes, clicks, drags and
 * changes of the window, from a seed; then the end, which must be a clean one.
 *
 * usage: soak_studio [SECONDS [SEED [ROUNDS]]]      (20 seconds, seed 1, one round)
 *
 * A round is a program of its own, with another terminal; the seed of each is printed before it, so
 * that one that fails can be had again.  Exit code 1 and the screen on stderr if a round failed.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "studio_rig.h"

static uint64_t state;

static uint32_t random_below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) % n);
}

#define PICK(table) table[random_below(sizeof table / sizeof *table)]

static void press_some(rig *r)
{
    static const char *const keys[] = {
        "<enter>", "<space>",  ".",       ",",         "<left>",   "<right>", "<up>",  "<down>",
        "<home>",  "<end>",    "<esc>",   "<tab>",     "<s-tab>",  "1",       "2",     "[",
        "]",       "x",        "r",       "N",         "L",        "i",       "n",     "p",
        "+",       "-",        "d",       "j",         "k",        "s",       "S",     "R",
        "e",       "z",        "I",       ":",         "?",        "<f1>",    "/",     "<pgdn>",
        "<pgup>",  "<c-l>",    "<c-r>",   "<c-g>",     "<c-u>",    "<c-k>",   "<c-y>", "<c-_>",
        "<c-w>",   "<c-t>",    "<m-b>",   "<m-d>",     "<m-left>", "<m-k>",   "<c-j>", "<bs>",
        "<del>",   "<c-home>", "<c-end>", "<m-enter>", "y",        "G",       "b",     "m",
        "c",       "C",        "w",       "t",         "f"};
    rig_keys(r, random_below(200) ? PICK(keys) : "<c-c>"); /* which may be the end */
}

static void type_some(rig *r)
{
    static const char *const texts[] = {"fox ",
                                        "\303\251\347\214\253",
                                        "\360\237\246\212\360\237\221\215\360\237\217\275",
                                        "e\314\201",
                                        "a, b, c",
                                        "set steps 3",
                                        "set size 64x64",
                                        "set scheduler euler",
                                        "42",
                                        "9999999999999999999999"};
    rig_keys(r, PICK(texts));
}

static void paste_some(rig *r)
{
    static const char *const texts[] = {
        "pasted fox", "two\nlines\r\nthree", "a\033[31mb\001c\177",
        "owl\nNegative prompt: fog\nSteps: 2, Sampler: Euler a, CFG scale: 5, Seed: 3, Size: 64x64",
        "bad\377\300utf8\355\240\200"};
    if (random_below(8) == 0) {
        char *large = lt_alloc(20001);
        memset(large, 'a' + (int)random_below(26), 20000);
        terminal_paste(r->t, large);
        free(large);
    } else {
        terminal_paste(r->t, PICK(texts));
    }
}

static void point_somewhere(rig *r)
{
    static const int buttons[] = {0, 0, 0, 0, 1, 2, 64, 65};
    static const terminal_mouse_kind kinds[] = {TERMINAL_PRESS,   TERMINAL_DRAG,  TERMINAL_DRAG,
                                                TERMINAL_RELEASE, TERMINAL_CLICK, TERMINAL_CLICK};
    int columns, rows;
    terminal_size(r->t, &columns, &rows);
    int row = (int)random_below((uint32_t)rows + 2), column = (int)random_below((uint32_t)columns);
    if (random_below(3) == 0)
        row = rows - 5; /* the timeline */
    (void)terminal_mouse(r->t, PICK(buttons), row, column, PICK(kinds));
}

/* Not smaller: libvterm itself may end with SIGSEGV then. */
enum { LEAST_COLUMNS = 20, LEAST_ROWS = 5 };

static void change_window(rig *r)
{
    static const int sizes[][2] = {{80, 24}, {120, 40}, {60, 20},
                                   {81, 25}, {200, 60}, {LEAST_COLUMNS, LEAST_ROWS}};
    uint32_t i = random_below(8);
    if (i < 6)
        terminal_resize(r->t, sizes[i][0], sizes[i][1]);
    else
        terminal_resize(r->t, LEAST_COLUMNS + (int)random_below(160),
                        LEAST_ROWS + (int)random_below(55));
}

static void send_noise(rig *r)
{
    static const char *const noise[] = {
        "\033[0n", "\033[?62;4c", "\033P>|late(1)\033\\", "\033[6;20;10t",
        "\033[I",  "\033[O",      "\033[<0;999;1M",       "\033",
        "\302",    "\033[200~",   "\033]11;rgb:0/0/0\a"};
    const char *bytes = PICK(noise);
    terminal_bytes(r->t, bytes, strlen(bytes));
}

static void do_something(rig *r)
{
    uint32_t what = random_below(100);
    if (what < 60)
        press_some(r);
    else if (what < 72)
        type_some(r);
    else if (what < 78)
        paste_some(r);
    else if (what < 90)
        point_somewhere(r);
    else if (what < 94)
        change_window(r);
    else if (what < 96)
        terminal_signal(r->t, SIGWINCH);
    else
        send_noise(r);
    terminal_run(r->t, random_below(4) ? 0.002 : random_below(100) * 1e-3);
}

static terminal_options some_terminal(void)
{
    static const terminal_profile profiles[] = {TERMINAL_XTERM_VT340, TERMINAL_FOOT, TERMINAL_KITTY,
                                                TERMINAL_KONSOLE, TERMINAL_XTERM_PLAIN};
    static const int speeds[] = {0, 0, 0, 200000, 1000000};
    terminal_options o = {.profile = PICK(profiles), .lazy = true, .most_record = 16 << 20};
    o.bytes_per_second = PICK(speeds);
    o.acks.manner = random_below(4) ? TERMINAL_NOW : TERMINAL_NEVER;
    return o;
}

/* Until it has ended: Ctrl-C may be needed for a line, a run, and the program. */
static void leave(rig *r)
{
    int status;
    terminal_throttle(r->t, 0);
    terminal_resize(r->t, 100, 30);
    terminal_bytes(r->t, "\033[201~", 6); /* of a paste whose end was lost */
    for (int i = 0; i < 20 && !terminal_ended(r->t); i++) {
        terminal_bytes(r->t, "\003", 1);
        CHECK_OK(terminal_wait_quiet(r->t, 600, err));
    }
    CHECK_OK(terminal_wait_exit(r->t, &status, err));
    if (status != 0)
        terminal_explain(r->t, "another exit code");
    assert_int_equal(status, 0);
    terminal_faults_forget(r->t); /* frames on their way into a window that shrank */
    CHECK_OK(terminal_end_clean(r->t, err));
}

static void soak(double seconds)
{
    terminal_options o = some_terminal();
    double end = lt_clock() + seconds;
    int done = 0;
    rig r = rig_open(&o, "-p a_red_fox --size 64x64 --steps 6", random_below(2) ? "--run" : "");
    CHECK_OK(terminal_wait_bytes(r.t, "\033[?1049h", 0, err));
    while (lt_clock() < end && !terminal_ended(r.t)) {
        do_something(&r);
        done++;
    }
    leave(&r); /* it may have left by itself: q, or Ctrl-C without a run */
    print_message("%d events\n", done);
    rig_close(&r);
}

static double seconds = 20;
static uint64_t seed = 1;
static int rounds;

static void test_soak(void **unused)
{
    (void)unused;
    double end = lt_clock() + seconds;
    for (int i = 0; rounds ? i < rounds : lt_clock() < end; i++) {
        state = (seed + (uint64_t)i) * 0x9E3779B97F4A7C15u + 1;
        double left = end - lt_clock();
        print_message("seed %llu\n", (unsigned long long)(seed + (uint64_t)i));
        soak(rounds ? seconds : left > 1 ? left : 1);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_soak)};
    if (argc > 1)
        seconds = strtod(argv[1], NULL);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10);
    if (argc > 3)
        rounds = atoi(argv[3]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
