/* test_probe.c - what real terminals answered, in any pieces, and what is made of it. */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 600
#include "gfx/probe.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gfx/input.h"
#include "support/check.h"
#include "terminal.h"

/* sixel, registers, largest picture, CSI 16 t, CSI 14 t, sync, kitty, mux, colours */
static const struct {
    const char *file, *name;
    bool sixel;
    int registers, max_width, max_height, cell_width, cell_height, area_width;
    bool sync, kitty;
    lt_mux mux;
    lt_colours colours;
} cases[] = {
    {"xterm_vt340", "XTerm(379)", true, 1024, 1000, 1000, 0, 0, 0, false, false, LT_MUX_NONE,
     LT_COLOURS_TRUE},
    {"xterm_16_registers", "XTerm(379)", true, 16, 1000, 1000, 0, 0, 0, false, false, LT_MUX_NONE,
     LT_COLOURS_TRUE},
    {"xterm_window_ops", "XTerm(379)", true, 1024, 1000, 1000, 6, 13, 480, false, false,
     LT_MUX_NONE, LT_COLOURS_TRUE},
    {"xterm_default", "XTerm(379)", false, 0, 0, 0, 0, 0, 0, false, false, LT_MUX_NONE,
     LT_COLOURS_TRUE},
    {"mlterm", "", true, 1024, 0, 0, 8, 19, 1040, false, false, LT_MUX_NONE, LT_COLOURS_TRUE},
    {"foot", "foot(1.13.1)", true, 1024, 10000, 10000, 7, 14, 910, true, false, LT_MUX_NONE,
     LT_COLOURS_TRUE},
    {"konsole", "Konsole 22.12.3", true, 256, 16384, 16384, 8, 18, 880, false, true, LT_MUX_NONE,
     LT_COLOURS_TRUE},
    {"kitty", "kitty(0.26.5)", false, 0, 0, 0, 6, 15, 780, true, true, LT_MUX_NONE,
     LT_COLOURS_TRUE},
    {"tmux33", "tmux 3.3a", false, 0, 0, 0, 0, 0, 0, false, false, LT_MUX_TMUX, LT_COLOURS_256},
    {"tmux35", "tmux 3.5a", true, 1024, 0, 0, 6, 13, 780, false, false, LT_MUX_TMUX,
     LT_COLOURS_256},
};
enum { CASES = sizeof cases / sizeof *cases };

static lt_term term_of(const answers *a)
{
    lt_term t = {.size = a->size};
    lt_term_from_env(&t, &(lt_term_env){.term = a->term});
    return t;
}

static void check_facts(const lt_term *t, int i)
{
    assert_string_equal(t->name, cases[i].name);
    assert_true(t->da1);
    assert_int_equal(t->sixel, cases[i].sixel);
    assert_int_equal(t->registers, cases[i].registers);
    assert_int_equal(t->max_width, cases[i].max_width);
    assert_int_equal(t->max_height, cases[i].max_height);
    assert_int_equal(t->cell_width, cases[i].cell_width);
    assert_int_equal(t->cell_height, cases[i].cell_height);
    assert_int_equal(t->area_width, cases[i].area_width);
    assert_int_equal(t->sync, cases[i].sync);
    assert_int_equal(t->kitty, cases[i].kitty);
    assert_int_equal(t->mux, cases[i].mux);
    assert_int_equal(t->colours, cases[i].colours);
}

static void test_terminals(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        answers a = answers_read(cases[i].file, true);
        lt_buf typed = {0};
        lt_term t = term_of(&a);
        lt_replies r = {.term = &t};
        lt_replies_feed(&r, a.bytes.data, a.bytes.len, &typed);
        lt_replies_end(&r, &typed);
        assert_true(r.done);
        assert_int_equal(typed.len, 0);
        check_facts(&t, i);
        lt_replies_feed(&r, a.bytes.data, a.bytes.len, &typed); /* all of it again */
        lt_replies_end(&r, &typed);
        assert_int_equal(typed.len, 0);
        check_facts(&t, i);
        lt_buf_done(&typed);
        lt_buf_done(&a.bytes);
    }
}

static void test_pieces(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        answers a = answers_read(cases[i].file, true);
        lt_buf typed = {0};
        for (size_t cut = 0; cut <= a.bytes.len; cut++) {
            lt_term t = term_of(&a);
            lt_replies r = {.term = &t};
            if (cut == 0) /* byte by byte */
                for (size_t k = 0; k < a.bytes.len; k++)
                    lt_replies_feed(&r, a.bytes.data + k, 1, &typed);
            lt_replies_feed(&r, a.bytes.data, cut, &typed);
            if (cut)
                lt_replies_feed(&r, a.bytes.data + cut, a.bytes.len - cut, &typed);
            assert_true(r.done);
            check_facts(&t, i);
        }
        assert_int_equal(typed.len, 0);
        lt_buf_done(&typed);
        lt_buf_done(&a.bytes);
    }
}

/* Time was over in the middle: the rest comes to lt_input_reader, and none of it becomes text. */
static void test_late(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        answers a = answers_read(cases[i].file, true);
        for (size_t cut = 0; cut < a.bytes.len; cut++) {
            lt_buf typed = {0};
            lt_term t = term_of(&a);
            lt_replies r = {.term = &t};
            lt_input_reader *in = lt_input_new(true);
            lt_input_event e;
            lt_buf_str(&typed, "");
            lt_replies_feed(&r, a.bytes.data, cut, &typed);
            assert_false(r.done);
            lt_replies_end(&r, &typed);
            lt_input_feed(in, typed.data, typed.len, 0.0);
            lt_input_feed(in, a.bytes.data + cut, a.bytes.len - cut, 0.01);
            lt_input_tick(in, 10.0);
            while (lt_input_next(in, &e))
                if (e.kind != LT_INPUT_REPLY)
                    fail_msg("%s cut at %zu: event %d, code %x", cases[i].file, cut, (int)e.kind,
                             (unsigned)e.code);
            lt_input_free(in);
            lt_buf_done(&typed);
        }
        lt_buf_done(&a.bytes);
    }
}

/* Keys between the answers come out as they went in. */
static void test_typed(void **state)
{
    (void)state;
    static const char *const keys[] = {"a",       "\033[A", "\xC3\xA9", "\033[200~a fox\033[201~",
                                       "\033Oa",  "\r",     "\033x",    "\033\033[B",
                                       "\033[[A", "\033[I"};
    answers a = answers_read("foot", true);
    lt_buf typed = {0}, mixed = {0}, want = {0};
    lt_term t = term_of(&a);
    lt_replies r = {.term = &t};
    size_t k = 0;
    for (size_t i = 0; i < a.bytes.len; i++) {
        if (a.bytes.data[i] == '\033' && a.bytes.data[i + 1] != '\\') {
            lt_buf_str(&mixed, keys[k % 10]);
            lt_buf_str(&want, keys[k++ % 10]);
        }
        lt_buf_char(&mixed, a.bytes.data[i]);
    }
    lt_buf_str(&mixed, "\033"); /* perhaps Escape */
    lt_buf_str(&want, "\033");
    lt_replies_feed(&r, mixed.data, mixed.len, &typed);
    lt_replies_end(&r, &typed);
    assert_true(k > 5 && r.done);
    assert_string_equal(typed.data, want.data);
    lt_buf_done(&typed);
    lt_buf_done(&mixed);
    lt_buf_done(&want);
    lt_buf_done(&a.bytes);
}

static void test_strange_answers(void **state)
{
    (void)state;
    static const char *const strange[] = {"\033[?c",
                                          "\033[c",
                                          "\033[?1;0;99999999999999999S",
                                          "\033[?2;0;5S",
                                          "\033[6;0;0t",
                                          "\033[6;99999;99999t",
                                          "\033[6;-1;5t",
                                          "\033[?2026;4$y",
                                          "\033[?2026$y",
                                          "\033[?;;;;;;;S",
                                          "\033[?1;2;3;4;5;6;7;8;9;1;2;3;4;5;6;7;8;4c",
                                          "\033_Gi=4242;ENOENT\033\\",
                                          "\033P>|\033\\",
                                          "\033[4;1t",
                                          "\033[?1;3;0S",
                                          "\033[?2;3;0S"};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        lt_buf typed = {0};
        lt_term t = {0};
        lt_replies r = {.term = &t};
        lt_replies_feed(&r, strange[i], strlen(strange[i]), &typed);
        lt_replies_end(&r, &typed);
        assert_int_equal(t.registers, 0);
        assert_int_equal(t.max_width, 0);
        assert_int_equal(t.cell_width, 0);
        assert_false(t.sync || t.kitty || t.sixel);
        lt_buf_done(&typed);
    }
    lt_term t = {0};
    lt_replies r = {.term = &t};
    lt_buf typed = {0};
    static const char evil[] = "\033P>|evil\x9B name\033\\\033P>|b\xC2\x9B"
                               "31m\033\\";
    lt_replies_feed(&r, evil, sizeof evil - 1, &typed);
    assert_string_equal(t.name, "b\\u{9B}31m");
    for (const char *c = t.name; *c; c++)
        assert_true(*c >= 0x20 && *c < 0x7F);
    lt_buf_done(&typed);
}

static void test_acknowledgement(void **state)
{
    (void)state;
    lt_term t = {0};
    lt_replies r = {.term = &t};
    lt_buf typed = {0};
    lt_replies_feed(&r, "\033[0n\033[3n\033[0;0n\033[?0n\033[0n", 23, &typed);
    assert_int_equal(r.acks, 2);
    assert_int_equal(typed.len, 0);
    lt_buf_done(&typed);
}

static void test_environment(void **state)
{
    (void)state;
    static const struct {
        lt_term_env env;
        bool dumb, console;
        lt_mux mux;
        lt_colours colours;
    } envs[] = {
        {{"xterm-256color", "truecolor", NULL}, false, false, LT_MUX_NONE, LT_COLOURS_TRUE},
        {{"xterm-256color", "24bit", NULL}, false, false, LT_MUX_NONE, LT_COLOURS_TRUE},
        {{"xterm-256color", NULL, NULL}, false, false, LT_MUX_NONE, LT_COLOURS_256},
        {{"xterm", "yes", NULL}, false, false, LT_MUX_NONE, LT_COLOURS_16},
        {{"xterm-direct", NULL, NULL}, false, false, LT_MUX_NONE, LT_COLOURS_TRUE},
        {{"foot", NULL, NULL}, false, false, LT_MUX_NONE, LT_COLOURS_TRUE},
        {{"linux", NULL, NULL}, false, true, LT_MUX_NONE, LT_COLOURS_16},
        {{"screen", NULL, NULL}, false, false, LT_MUX_SCREEN, LT_COLOURS_16},
        {{"screen-256color", NULL, "/tmp/tmux,1,0"}, false, false, LT_MUX_TMUX, LT_COLOURS_256},
        {{"tmux-256color", NULL, NULL}, false, false, LT_MUX_TMUX, LT_COLOURS_256},
        {{"dumb", "truecolor", NULL}, true, false, LT_MUX_NONE, LT_COLOURS_NONE},
        {{"", NULL, NULL}, true, false, LT_MUX_NONE, LT_COLOURS_NONE},
        {{NULL, NULL, ""}, true, false, LT_MUX_NONE, LT_COLOURS_NONE},
    };
    for (size_t i = 0; i < sizeof envs / sizeof *envs; i++) {
        lt_term t = {0};
        lt_buf questions = {0};
        lt_term_from_env(&t, &envs[i].env);
        assert_int_equal(t.dumb, envs[i].dumb);
        assert_int_equal(t.console, envs[i].console);
        assert_int_equal(t.mux, envs[i].mux);
        assert_int_equal(t.colours, envs[i].colours);
        lt_buf_str(&questions, "");
        lt_probe_questions(&t, &questions);
        assert_int_equal(questions.len == 0, t.dumb);
        assert_int_equal(strstr(questions.data, "\033_G") != NULL,
                         !t.dumb && !t.console && t.mux == LT_MUX_NONE);
        if (!t.dumb)
            assert_string_equal(questions.data + questions.len - 3, "\033[c");
        lt_buf_done(&questions);
    }
}

static void test_resize(void **state)
{
    (void)state;
    /* told by CSI 16 t, the window has a border of 4 pixels as xterm's */
    lt_term t = {.cell_width = 6,
                 .cell_height = 13,
                 .cell_source = LT_CELL_REPLY,
                 .size = {80, 24, 484, 316}};
    lt_term_resize(&t, &(lt_tty_size){100, 30, 604, 394});
    assert_int_equal(t.cell_width, 6);
    assert_int_equal(t.cell_source, LT_CELL_REPLY);
    lt_term_resize(&t, &(lt_tty_size){100, 30, 0, 0}); /* says nothing now */
    assert_int_equal(t.cell_width, 6);
    lt_term_resize(&t, &(lt_tty_size){100, 30, 604, 394});
    lt_term_resize(&t, &(lt_tty_size){60, 20, 604, 404}); /* another font */
    assert_int_equal(t.cell_width, 10);
    assert_int_equal(t.cell_height, 20);
    lt_term guess = {.cell_width = 10, .cell_height = 20, .size = {80, 24, 0, 0}};
    lt_term_resize(&guess, &(lt_tty_size){80, 24, 640, 384});
    assert_int_equal(guess.cell_width, 8);
    assert_int_equal(guess.cell_height, 16);
    lt_term_cell(&guess, 9, 18);
    lt_term_resize(&guess, &(lt_tty_size){80, 24, 800, 480});
    assert_int_equal(guess.cell_width, 9);
    assert_int_equal(guess.cell_source, LT_CELL_GIVEN);
}

/* ---- with a terminal on the other end ---- */

/* Answers once it has read DA1's question, byte by byte; then reads until the end. */
static void play(const pty *p, const char *bytes, size_t n)
{
    char got[512];
    size_t have = 0;
    while (have < sizeof got - 1) {
        ssize_t k = read(p->master, got + have, sizeof got - 1 - have);
        if (k <= 0)
            break;
        have += (size_t)k;
        got[have] = '\0';
        if (strstr(got, "\033[c"))
            break;
    }
    for (size_t i = 0; i < n; i++)
        if (write(p->master, bytes + i, 1) != 1)
            break;
    while (read(p->master, got, sizeof got) > 0)
        ;
    _exit(0);
}

static void probe_against(const answers *a, const char *bytes, double seconds, lt_term *out,
                          lt_buf *typed, lt_buf *raw)
{
    lt_tty *tty;
    pty p = pty_open(&a->size);
    setenv("TERM", a->term, 1);
    unsetenv("COLORTERM");
    unsetenv("TMUX");
    CHECK_OK(lt_tty_open_path(p.path, &tty, err));
    pid_t pid = fork();
    if (pid == 0)
        play(&p, bytes, strlen(bytes));
    CHECK_OK(lt_probe_raw(tty, seconds, out, typed, raw, err));
    assert_false(lt_tty_is_raw(tty));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    lt_tty_close(tty);
    pty_close(&p);
}

static void test_handshake(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        answers a = answers_read(cases[i].file, cases[i].mux == LT_MUX_NONE);
        lt_buf typed = {0}, raw = {0}, sent = {0};
        lt_term t;
        lt_buf_format(&sent, "hi%s", a.bytes.data);
        probe_against(&a, sent.data, 60.0, &t, &typed, &raw);
        assert_true(t.answered && t.da1 && !t.dumb);
        assert_int_equal(t.sixel, cases[i].sixel);
        assert_string_equal(t.name, cases[i].name);
        assert_string_equal(typed.data, "hi");
        assert_string_equal(raw.data, sent.data);
        assert_true(t.ms >= 0 && t.ms < 60000);
        assert_true(t.cell_width >= 5 && t.cell_width <= 8);
        assert_true(t.cell_height >= 13 && t.cell_height <= 19);
        assert_int_equal(t.cell_source, cases[i].cell_width ? LT_CELL_REPLY : LT_CELL_WINDOW);
        lt_buf_done(&typed);
        lt_buf_done(&raw);
        lt_buf_done(&sent);
        lt_buf_done(&a.bytes);
    }
}

static void test_silence(void **state)
{
    (void)state;
    answers a = {.term = "xterm", .size = {80, 24, 0, 0}};
    lt_buf typed = {0};
    lt_term t;
    probe_against(&a, "abc", 0.2, &t, &typed, NULL);
    assert_false(t.answered || t.da1 || t.sixel);
    assert_true(t.ms >= 200);
    assert_int_equal(t.cell_width, 10);
    assert_int_equal(t.cell_height, 20);
    assert_int_equal(t.cell_source, LT_CELL_GUESS);
    assert_string_equal(typed.data, "abc");
    lt_buf_done(&typed);
}

static void test_dumb(void **state)
{
    (void)state;
    lt_tty *tty;
    lt_term t;
    lt_buf typed = {0};
    char got[8];
    pty p = pty_open(&(lt_tty_size){80, 24, 0, 0});
    setenv("TERM", "dumb", 1);
    CHECK_OK(lt_tty_open_path(p.path, &tty, err));
    CHECK_OK(lt_probe(tty, 60.0, &t, &typed, err));
    assert_true(t.dumb);
    assert_false(t.answered);
    fcntl(p.master, F_SETFL, O_NONBLOCK);
    assert_int_equal(read(p.master, got, sizeof got), -1); /* nothing was written */
    lt_tty_close(tty);
    pty_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terminals),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_typed),
        cmocka_unit_test(test_strange_answers),
        cmocka_unit_test(test_acknowledgement),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_handshake),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_dumb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
