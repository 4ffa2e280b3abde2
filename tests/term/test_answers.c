/* test_answers.c - what the terminal answers, against what the real ones did. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "rig.h"

/* Asks, and shows the answer as cat -v does. */
static terminal *ask(const terminal_options *options, const char *query)
{
    lt_buf script = {0};
    lt_buf_format(&script, "stty raw -echo; printf '%s'; printf 'ready\\r\\n'; exec cat -v", query);
    terminal *t = start_shell(options, script.data);
    lt_buf_done(&script);
    CHECK_OK(terminal_wait_text(t, "ready", err));
    return t;
}

/* The whole line of answers; the Q typed after them shows that there was no more. */
static void check(const terminal_options *options, const char *query, const char *want)
{
    terminal *t = ask(options, query);
    lt_buf line = {0};
    CHECK_OK(terminal_keys(t, "Q", err));
    CHECK_OK(terminal_wait_text(t, "Q", err));
    terminal_row(t, 1, &line);
    line.data[--line.len] = '\0';
    if (strcmp(line.data, want) != 0)
        fail_msg("%s to %s: '%s', wanted '%s'", terminal_profile_name(options->profile), query,
                 line.data, want);
    lt_buf_done(&line);
    terminal_close(t);
}

static void test_profiles(void **state)
{
    (void)state;
    static const char *const queries[] = {"\\033[c",
                                          "\\033[>q",
                                          "\\033[?1;1;0S",
                                          "\\033[?2;1;0S",
                                          "\\033[?2;4;0S",
                                          "\\033[16t",
                                          "\\033[14t",
                                          "\\033[?2026$p",
                                          "\\033[5n",
                                          "\\033[6n",
                                          "\\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\\033\\\\"};
    static const struct {
        terminal_profile profile;
        const char *answers[sizeof queries / sizeof *queries];
    } cases[] = {
        {TERMINAL_XTERM_VT340,
         {"^[[?63;1;2;4;6;9;15;16;22;28c", "^[P>|XTerm(379)^[\\", "^[[?1;0;1024S",
          "^[[?2;0;480;312S", "^[[?2;0;1000;1000S", "", "", "^[[?2026;0$y", "^[[0n", "^[[1;1R",
          ""}},
        {TERMINAL_XTERM_16,
         {"^[[?64;1;2;4;6;9;15;16;17;18;21;22;28c", "^[P>|XTerm(379)^[\\", "^[[?1;0;16S",
          "^[[?2;0;480;312S", "^[[?2;0;1000;1000S", "", "", "^[[?2026;0$y", "^[[0n", "^[[1;1R",
          ""}},
        {TERMINAL_XTERM_PLAIN,
         {"^[[?64;1;2;6;9;15;16;17;18;21;22;28c", "^[P>|XTerm(379)^[\\", "^[[?1;3S", "^[[?2;3S",
          "^[[?2;3S", "", "", "^[[?2026;0$y", "^[[0n", "^[[1;1R", ""}},
        {TERMINAL_FOOT,
         {"^[[?62;4;22c", "^[P>|foot(1.13.1)^[\\", "^[[?1;0;1024S", "^[[?2;0;560;336S",
          "^[[?2;0;10000;10000S", "^[[6;14;7t", "^[[4;336;560t", "^[[?2026;2$y", "^[[0n", "^[[1;1R",
          ""}},
        {TERMINAL_KONSOLE,
         {"^[[?62;1;4c", "^[P>|Konsole 22.12.3^[\\", "^[[?1;0;256S", "^[[?2;0;16384;16384S",
          "^[[?2;0;16384;16384S", "^[[6;18;8t", "^[[4;432;640t", "", "^[[0n", "^[[1;1R",
          "^[_Gi=31;OK^[\\"}},
        {TERMINAL_KITTY,
         {"^[[?62;c", "^[P>|kitty(0.26.5)^[\\", "", "", "", "^[[6;15;6t", "^[[4;360;480t",
          "^[[?2026;2$y", "^[[0n", "^[[1;1R", "^[_Gi=31;OK^[\\"}},
        {TERMINAL_MLTERM,
         {"^[[?63;1;2;3;4;6;7;15;18;22;29c", "", "^[[?1;0;1024S", "^[[?1;3;0S", "^[[?1;3;0S",
          "^[[6;19;8t", "^[[4;456;640t", "^[[?2026;0$y", "^[[0n", "^[[1;1R", ""}},
        {TERMINAL_TMUX_PLAIN,
         {"^[[?1;2c", "^[P>|tmux 3.3a^[\\", "", "", "", "", "", "", "^[[0n", "^[[1;1R", ""}},
        {TERMINAL_TMUX_SIXEL,
         {"^[[?1;2;4c", "^[P>|tmux 3.5a^[\\", "^[[?1;0;1024S", "^[[?2;3;0S", "^[[?2;3;0S",
          "^[[6;13;6t", "^[[4;312;480t", "", "^[[0n", "^[[1;1R", ""}},
        {TERMINAL_SILENT, {"", "", "", "", "", "", "", "", "", "", ""}},
    };
    assert_int_equal(sizeof cases / sizeof *cases, TERMINAL_PROFILES);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < sizeof queries / sizeof *queries; k++) {
            terminal_options options = {.profile = cases[i].profile};
            check(&options, queries[k], cases[i].answers[k]);
        }
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < TERMINAL_PROFILES; i++)
        assert_int_equal(terminal_profile_named(terminal_profile_name((terminal_profile)i)), i);
    assert_int_equal(terminal_profile_named("nonesuch"), TERMINAL_PROFILES);
}

static void test_registers(void **state)
{
    (void)state;
    terminal_options options = {.profile = TERMINAL_XTERM_16};
    check(&options, "\\033[?1;3;256S\\033[?1;1;0S\\033[?1;2;0S\\033[?1;4;0S",
          "^[[?1;0;256S^[[?1;0;256S^[[?1;0;16S^[[?1;0;1024S");
}

static void test_modes(void **state)
{
    (void)state;
    terminal_options options = {.profile = TERMINAL_FOOT};
    check(&options, "\\033[?2004$p\\033[?2004h\\033[?2004$p\\033[?80$p\\033[?4711$p",
          "^[[?2004;2$y^[[?2004;1$y^[[?80;2$y^[[?4711;0$y");
    check(&options, "\\033[18t\\033]11;?\\007", "^[[8;24;80t^[]11;rgb:0000/0000/0000^[\\");
    options = (terminal_options){.profile = TERMINAL_TMUX_PLAIN, .columns = 100};
    check(&options, "\\033[18t", "^[[8;100;24t");
    options = (terminal_options){.profile = TERMINAL_FOOT, .cell_width = 11, .cell_height = 23};
    check(&options, "\\033[16t\\033[14t", "^[[6;23;11t^[[4;552;880t");
}

static bool has_begun(terminal *t, void *unused)
{
    (void)unused;
    return terminal_typed(t) > 0;
}

/* What is typed meanwhile comes before a late answer and is not mixed into one that trickles. */
static void test_late(void **state)
{
    (void)state;
    terminal_options options = {.answers = {TERMINAL_DELAYED, 200}};
    terminal *t = ask(&options, "\\033[c");
    CHECK_OK(terminal_keys(t, "x", err));
    CHECK_OK(terminal_wait_text(t, "x^[[?63;1;2;4;6;9;15;16;22;28c", err));
    terminal_close(t);
    options = (terminal_options){.answers = {TERMINAL_TRICKLE, 20}};
    t = start_shell(&options, "stty raw -echo; printf '\\033[c'; exec cat -v");
    CHECK_OK(terminal_wait(t, has_begun, NULL, "the answer's first byte", err));
    CHECK_OK(terminal_keys(t, "x", err));
    CHECK_OK(terminal_wait_text(t, "^[[?63;1;2;4;6;9;15;16;22;28cx", err));
    terminal_close(t);
}

static void test_manners(void **state)
{
    (void)state;
    static const struct {
        terminal_manner manner;
        const char *query, *answers;
    } cases[] = {
        {TERMINAL_NEVER, "\\033[c\\033[5n", "^[[0n"},
        {TERMINAL_TWICE, "\\033[>q", "^[P>|XTerm(379)^[\\^[P>|XTerm(379)^[\\"},
        {TERMINAL_WRONG, "\\033[?2;4;0S\\033[c",
         "^[[?2;0;99999999999;0S^[[?63;1;2;4;6;9;15;16;22;28c"},
        {TERMINAL_GARBAGE, "\\033[?1;1;0S", "^[[?1;0^[[;;;;^AM-^?^[[?yM-B"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        terminal_options options = {.answers = {cases[i].manner, 0}};
        check(&options, cases[i].query, cases[i].answers);
    }
}

static void test_acks(void **state)
{
    (void)state;
    terminal_options options = {.acks = {TERMINAL_NEVER, 0}};
    check(&options, "\\033[5n\\033[6n", "^[[1;1R");
    options.acks = (terminal_timing){TERMINAL_DELAYED, 100};
    terminal *t = ask(&options, "\\033[5n\\033[6n");
    CHECK_OK(terminal_wait_text(t, "^[[1;1R^[[0n", err));
    terminal_close(t);
}

/* A program that reads late: what the line cannot hold waits, and none of it is lost. */
static void test_full_line(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    terminal *t = start_shell(NULL, "stty raw -echo; trap 'go=1' USR1; printf ready; "
                                    "while [ -z \"$go\" ]; do sleep 0.01; done; "
                                    "head -c 200000 | wc -c");
    CHECK_OK(terminal_wait_text(t, "ready", err));
    char *many = lt_alloc(MANY);
    memset(many, 'x', MANY);
    terminal_bytes(t, many, MANY);
    free(many);
    assert_true(terminal_typed(t) < MANY);
    terminal_signal(t, SIGUSR1);
    CHECK_OK(terminal_wait_text(t, "200000", err));
    assert_int_equal(terminal_typed(t), MANY);
    terminal_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profiles),  cmocka_unit_test(test_names),
        cmocka_unit_test(test_registers), cmocka_unit_test(test_modes),
        cmocka_unit_test(test_late),      cmocka_unit_test(test_manners),
        cmocka_unit_test(test_acks),      cmocka_unit_test(test_full_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
