/* test_terminal.c - the terminal itself: its screen, its keys, its ends. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"

static char *const subject[] = {TERM_SUBJECT, NULL};

static void check_row(const terminal *t, int row, const char *want)
{
    lt_buf line = {0};
    terminal_row(t, row, &line);
    assert_string_equal(line.data, want);
    lt_buf_done(&line);
}

static void test_screen(void **state)
{
    (void)state;
    int row, column;
    terminal_cell cell;
    terminal_options options = {.columns = 20, .rows = 4};
    terminal *t =
        after_shell(&options, "printf 'a\\033[1;38;2;1;2;3mbc\\033[m d\\r\\n"
                              "\\347\\214\\253x\\302\\240y\\r\\n\\033[7mr\\033[3b\\033[m'");
    check_row(t, 0, "abc d");
    check_row(t, 1, "\347\214\253x y");
    check_row(t, 2, "rrrr"); /* REP */
    char *screen = terminal_screen(t, true);
    assert_string_equal(screen, "a{bold,fg=#010203}bc{} d\n\347\214\253x y\n{reverse}rrrr{}\n\n");
    free(screen);
    assert_true(terminal_cell_at(t, 0, 1, &cell));
    assert_string_equal(cell.text, "b");
    assert_true(cell.bold && !cell.default_foreground && cell.default_background);
    assert_int_equal(cell.foreground.b, 3);
    assert_true(terminal_cell_at(t, 1, 0, &cell) && cell.width == 2);
    assert_true(terminal_cell_at(t, 1, 3, &cell));
    assert_string_equal(cell.text, "\302\240");
    assert_false(terminal_cell_at(t, 4, 0, &cell));
    assert_true(terminal_find(t, "y", &row, &column));
    assert_int_equal(row, 1);
    assert_int_equal(column, 4);
    assert_false(terminal_find(t, "z", &row, &column));
    terminal_cursor(t, &row, &column, NULL);
    assert_int_equal(row, 2);
    assert_int_equal(column, 4);
    terminal_close(t);
}

static void test_environment(void **state)
{
    (void)state;
    int status;
    terminal *t;
    char *argv[] = {"sh", "-c", "echo [$TERM] [$TMUX] [$A] [${HOME-none}] [$(pwd)]", NULL};
    char *env[] = {"A=b c", "HOME", NULL};
    terminal_options options = {.folder = "/", .term = "vt220"};
    setenv("TMUX", "outer", 1);
    CHECK_OK(terminal_open(&t, &options, argv, env, err));
    CHECK_OK(terminal_wait_exit(t, &status, err));
    check_row(t, 0, "[vt220] [] [b c] [none] [/]");
    terminal_close(t);
    unsetenv("TMUX");
}

static void test_no_program(void **state)
{
    (void)state;
    terminal *t;
    char *argv[] = {"there-is-no-such-program", NULL};
    terminal_options options = {.job = true}, elsewhere = {.folder = "/nowhere/at/all"};
    CHECK_FAILS(terminal_open(&t, NULL, argv, NULL, err), LT_ERR_IO, "cannot run");
    CHECK_FAILS(terminal_open(&t, &options, argv, NULL, err), LT_ERR_IO, "cannot run");
    argv[0] = "true";
    CHECK_FAILS(terminal_open(&t, &elsewhere, argv, NULL, err), LT_ERR_IO, "cannot run");
}

static void test_exit(void **state)
{
    (void)state;
    int status;
    static const struct {
        const char *script;
        int status;
    } cases[] = {{"exit 3", 3}, {"kill -TERM $$", -SIGTERM}, {"sleep 60 & exit 4", 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int job = 0; job < 2; job++) {
            terminal_options options = {.job = job};
            terminal *t = start_shell(&options, cases[i].script);
            CHECK_OK(terminal_wait_exit(t, &status, err));
            assert_int_equal(status, cases[i].status);
            terminal_close(t);
        }
}

/* What is written last, before the end, is there. */
static void test_last_words(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        terminal *t = after_shell(NULL, "i=0; while [ $i -lt 200 ]; do echo line $i; "
                                        "i=$((i + 1)); done; printf last");
        assert_true(terminal_find(t, "last", NULL, NULL));
        assert_int_equal(terminal_count(t, "line", 0), 200);
        terminal_close(t);
    }
}

static void test_waits_in_vain(void **state)
{
    (void)state;
    terminal_options options = {.guard_seconds = 1};
    terminal *t = start_shell(&options, "printf here; read x");
    CHECK_OK(terminal_wait_text(t, "here", err));
    CHECK_FAILS(terminal_wait_text(t, "there", err), LT_ERR_IO, "waited in vain: text \"there\"");
    terminal_keys(t, "\r", &(lt_error){0});
    CHECK_FAILS(terminal_wait_picture(t, 1, err), LT_ERR_IO, "the program ended: picture 1");
    CHECK_FAILS(terminal_wait_match(t, "(", err), LT_ERR_ARGUMENT, "not a regular expression");
    terminal_close(t);
}

static void test_waits(void **state)
{
    (void)state;
    terminal *t =
        start_shell(NULL, "printf 'step 12/20'; read x; printf '\\033[2Jdone\\033]0;t\\007'");
    CHECK_OK(terminal_wait_match(t, "^step [0-9]+/20$", err));
    terminal_keys(t, "<enter>", &(lt_error){0});
    CHECK_OK(terminal_wait_gone(t, "step", err));
    CHECK_OK(terminal_wait_bytes(t, "\033]0;t\007", 0, err));
    size_t end = terminal_written(t);
    assert_int_equal(terminal_count(t, "\033]0;t\007", end), 0);
    assert_true(terminal_time_of(t, 0) > 0 && terminal_time_of(t, 0) <= terminal_time_of(t, end));
    CHECK_OK(terminal_wait_quiet(t, 10, err));
    terminal_close(t);
}

static void check_key(const char *modes, const char *keys, const char *want)
{
    lt_buf script = {0};
    lt_buf_format(&script, "printf '%s'; " LISTEN, modes);
    terminal *t = start_shell(NULL, script.data);
    CHECK_OK(terminal_wait_text(t, "ready", err));
    CHECK_OK(terminal_keys(t, keys, err));
    CHECK_OK(terminal_wait_text(t, want, err));
    lt_buf_done(&script);
    terminal_close(t);
}

static void test_keys(void **state)
{
    (void)state;
    check_key("", "ab<lt>c<up><f1><f5><pgdn><s-tab><bs><esc>", "ab<c^[[A^[OP^[[15~^[[6~^[[Z^?^[");
    check_key("\\033[?1h", "<up><home><c-left><s-f1>", "^[OA^[OH^[[1;5D^[[1;2P");
    check_key("", "<c-c><c-space><m-x><enter><tab>.", "^C^@^[x^M");
    check_key("\\033[?1000h", "<click 2,3>", "^[[M $#^[[M#$#");
    check_key("\\033[?1002;1006h", "<click 2,3><wheel-down 0,0>",
              "^[[<0;4;3M^[[<0;4;3m^[[<65;1;1M");
    terminal *t = start_shell(NULL, LISTEN);
    CHECK_FAILS(terminal_keys(t, "<nonesuch>", err), LT_ERR_ARGUMENT, "<nonesuch>");
    CHECK_FAILS(terminal_keys(t, "<up", err), LT_ERR_ARGUMENT, "<up");
    CHECK_FAILS(terminal_keys(t, "<click 1,1>", err), LT_ERR_ARGUMENT, "mouse");
    assert_false(terminal_mouse(t, 0, 1, 1, TERMINAL_PRESS));
    terminal_close(t);
}

static void test_paste_and_mouse(void **state)
{
    (void)state;
    terminal *t = start_shell(NULL, "printf '\\033[?2004h\\033[?1002h\\033[?1006h'; " LISTEN);
    CHECK_OK(terminal_wait_text(t, "ready", err));
    terminal_paste(t, "two words");
    CHECK_OK(terminal_wait_text(t, "^[[200~two words^[[201~", err));
    assert_true(terminal_mouse(t, 2, 0, 9, TERMINAL_PRESS));
    assert_true(terminal_mouse(t, 2, 1, 9, TERMINAL_DRAG));
    assert_true(terminal_mouse(t, 2, 1, 9, TERMINAL_RELEASE));
    CHECK_OK(terminal_wait_text(t, "^[[<2;10;1M^[[<34;10;2M^[[<2;10;2m", err));
    terminal_close(t);
    t = start_shell(NULL, LISTEN);
    CHECK_OK(terminal_wait_text(t, "ready", err));
    terminal_paste(t, "plain");
    CHECK_OK(terminal_wait_match(t, "^plain$", err));
    terminal_close(t);
}

static void test_unplug(void **state)
{
    (void)state;
    int status;
    for (int job = 0; job < 2; job++) {
        terminal_options options = {.job = job};
        terminal *t = start_shell(&options, "trap 'exit 7' HUP; printf ready; "
                                            "while :; do sleep 0.01; done");
        CHECK_OK(terminal_wait_text(t, "ready", err));
        terminal_unplug(t);
        CHECK_OK(terminal_wait_exit(t, &status, err));
        assert_int_equal(status, 7);
        terminal_close(t);
    }
}

static void test_throttle(void **state)
{
    (void)state;
    /* the lower bound holds on any machine: the line is never read faster */
    terminal_options options = {.bytes_per_second = 100000};
    terminal *t = after_shell(&options, "head -c 30000 /dev/zero | tr '\\0' x");
    assert_int_equal(terminal_written(t), 30000);
    double took = terminal_time_of(t, 29999) - terminal_time_of(t, 0);
    if (took < 0.25)
        fail_msg("30000 bytes at 100000 a second took %.3f s", took);
    terminal_close(t);
}

static void test_latency(void **state)
{
    (void)state;
    double seconds;
    /* the key shows at once in row 0; row 5 follows after the ack, which takes 200 ms */
    terminal_options options = {.acks = {TERMINAL_DELAYED, 200}};
    terminal *t = start_shell(&options, "stty raw -echo; printf ready; while :; do "
                                        "k=$(head -c 1); printf '\\033[1;1H%s\\033[5n' $k; "
                                        "head -c 4 >/dev/null; printf '\\033[6;1H%s' $k; done");
    CHECK_OK(terminal_wait_text(t, "ready", err));
    CHECK_OK(terminal_latency(t, "a", (terminal_part){5, 0, 1, 80}, &seconds, err));
    assert_true(seconds >= 0.2);
    CHECK_OK(terminal_latency(t, "b", (terminal_part){0}, NULL, err));
    CHECK_OK(terminal_latency(t, "c", (terminal_part){5, 0, 1, 80}, NULL, err));
    assert_int_equal(terminal_latencies(t), 3);
    assert_true(terminal_percentile(t, 0) > 0);
    assert_true(terminal_percentile(t, 0) <= terminal_percentile(t, 50));
    assert_true(terminal_percentile(t, 100) >= seconds);
    terminal_close(t);
}

static void test_resize(void **state)
{
    (void)state;
    int status;
    terminal *t = start(NULL, subject);
    CHECK_OK(terminal_wait_text(t, "subject 80x24", err));
    CHECK_OK(terminal_wait_text(t, "pixels: 484x316", err)); /* xterm's border of 4 is in it */
    CHECK_OK(terminal_keys(t, "p", err));
    CHECK_OK(terminal_wait_picture(t, 1, err));
    terminal_resize(t, 60, 20);
    assert_false(terminal_picture_last(t)->shown);
    CHECK_OK(terminal_wait_text(t, "subject 60x20", err));
    CHECK_OK(terminal_wait_text(t, "pixels: 364x264", err));
    CHECK_OK(terminal_keys(t, "q", err));
    CHECK_OK(terminal_wait_exit(t, &status, err));
    CHECK_OK(terminal_end_clean(t, err));
    terminal_close(t);
    terminal_options options = {.no_pixels = true};
    t = start(&options, subject);
    CHECK_OK(terminal_wait_text(t, "pixels: 0x0", err));
    terminal_close(t);
}

static void test_job(void **state)
{
    (void)state;
    int status;
    terminal_options options = {.job = true};
    terminal *t = start(&options, subject);
    CHECK_OK(terminal_wait_text(t, "event: none", err));
    CHECK_OK(terminal_keys(t, "hr", err));
    CHECK_OK(terminal_wait_stop(t, err));
    CHECK_OK(terminal_wait_gone(t, "typed", err)); /* the normal screen */
    CHECK_OK(terminal_end_clean(t, err));
    terminal_continue(t);
    CHECK_OK(terminal_wait_text(t, "on again", err));
    assert_true(terminal_find(t, "typed: h", NULL, NULL));
    assert_true(terminal_mode(t, 1049) && terminal_mode(t, 2004));
    CHECK_OK(terminal_keys(t, "q", err));
    CHECK_OK(terminal_wait_exit(t, &status, err));
    assert_int_equal(status, 0);
    CHECK_OK(terminal_end_clean(t, err));
    terminal_close(t);
}

/* Who stops in raw mode is seen to, and finds the line of a shell when it goes on. */
static void test_job_line(void **state)
{
    (void)state;
    terminal_options options = {.job = true};
    terminal *t = start_shell(&options, "stty raw; kill -TSTP $$; stty -a | grep -c -- -icanon");
    CHECK_OK(terminal_wait_stop(t, err));
    CHECK_FAILS(terminal_line_restored(t, err), LT_ERR_FORMAT, "raw");
    terminal_continue(t);
    CHECK_OK(terminal_wait_match(t, "^0$", err));
    CHECK_OK(terminal_line_restored(t, err));
    terminal_close(t);
}

static void test_signal(void **state)
{
    (void)state;
    int status;
    terminal *t = start(NULL, subject);
    CHECK_OK(terminal_wait_text(t, "event: none", err));
    CHECK_OK(terminal_keys(t, "k", err));
    CHECK_OK(terminal_wait_exit(t, &status, err));
    assert_int_equal(status, -SIGSEGV);
    CHECK_OK(terminal_modes_balanced(t, err));
    CHECK_OK(terminal_left_clean(t, err));
    /* the subject's handler leaves the line as it is, which has to be seen */
    CHECK_FAILS(terminal_line_restored(t, err), LT_ERR_FORMAT, "line settings");
    terminal_close(t);
    t = start_shell(NULL, "trap 'printf caught; exit 5' TERM; printf ready; "
                          "while :; do sleep 0.01; done");
    CHECK_OK(terminal_wait_text(t, "ready", err));
    terminal_signal(t, SIGTERM);
    CHECK_OK(terminal_wait_exit(t, &status, err));
    assert_int_equal(status, 5);
    terminal_close(t);
}

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        const char *script, *part; /* of the message; NULL: it ends clean */
    } cases[] = {
        {"printf '\\033[?1049h\\033[?2004h\\033[?25lx\\033[?25h\\033[?2004l\\033[?1049l\\r\\033[?1l"
         "\\033>bye\\r\\n'",
         NULL},
        {"printf '\\033[?2004h'", "mode 2004 is set"},
        {"printf '\\033[?25l'", "mode 25 is reset"},
        {"printf '\\033[?1006;1002h\\033[?1002l'", "mode 1006 is set"},
        {"printf '\\033[?1049h'", "mode 1049 is set"},
        {"printf '\\033[?2026h\\033[?2026h\\033[?2026l'", "2026 was set twice"},
        {"printf '\\033='", "the keypad"},
        {"stty -echo", "no-echo"},
        {"stty raw", "raw"},
        {"stty intr ^A", "character 0"},
        {"printf '\\033[?1049h\\033[?1049l\\033[2J'", "after the alternate screen: \\u{1B}[2J"},
        {"printf '\\033[?1049h\\033[?1049l\\033[c'", NULL}, /* a query, taken before */
        {"printf '\\033[?1049h\\033[?1049lx\\033[5;5Hy'", "\\u{1B}[5;5H"},
        {"printf '\\033[?1049h\\033[?1049lx\\033Pq#0~'", "a sequence is still open"},
        {"printf '\\033Pq#0\\033[m'", "broken off"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        terminal *t = after_shell(NULL, cases[i].script);
        if (cases[i].part)
            CHECK_FAILS(terminal_end_clean(t, err), LT_ERR_FORMAT, cases[i].part);
        else
            CHECK_OK(terminal_end_clean(t, err));
        terminal_close(t);
    }
}

static void test_play(void **state)
{
    (void)state;
    int status;
    char *argv[] = {TERM_PLAY,  "--size", "60x14",  "--do",       "wait event: none",
                    "--do",     "keys p", "--do",   "picture 1",  "--do",
                    "pictures", "--do",   "keys q", "--do",       "exit",
                    "--do",     "clean",  "--",     TERM_SUBJECT, NULL};
    terminal *t = start(NULL, argv);
    CHECK_OK(terminal_wait_exit(t, &status, err));
    check_row(t, 0, "picture 1: sixel 120x72 pixels at row 2, column 21 (20x6 cells), 274 bytes");
    assert_int_equal(status, 0);
    terminal_close(t);
    char *vain[] = {TERM_PLAY, "--guard", "1", "--do", "wait nonesuch", TERM_SUBJECT, NULL};
    t = start(NULL, vain);
    CHECK_OK(terminal_wait_exit(t, &status, err));
    assert_int_equal(status, 1);
    terminal_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_screen),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_no_program),
        cmocka_unit_test(test_exit),
        cmocka_unit_test(test_last_words),
        cmocka_unit_test(test_waits_in_vain),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_paste_and_mouse),
        cmocka_unit_test(test_unplug),
        cmocka_unit_test(test_throttle),
        cmocka_unit_test(test_latency),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_job),
        cmocka_unit_test(test_job_line),
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_play),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
