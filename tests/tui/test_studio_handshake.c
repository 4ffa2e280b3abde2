/* test_studio_handshake.c - whatever a terminal answers, and whenever, the studio opens with the
 * pictures that it can show, keeps what was typed meanwhile, and types nothing by itself. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 2"

static void check_kind(rig *r, const char *kind)
{
    char text[32];
    rig_keys(r, "I");
    snprintf(text, sizeof text, "Frames: %s", kind);
    rig_wait(r, text);
    const terminal_picture *last = terminal_picture_last(r->t);
    if (strcmp(kind, "sixel") == 0 || strcmp(kind, "kitty") == 0) {
        assert_non_null(last);
        assert_int_equal(last->kitty, kind[0] == 'k');
    } else {
        assert_null(last);
        assert_int_equal(rig_shows(r, "\342\226\200\342\226\200"), strcmp(kind, "blocks") == 0);
    }
}

static void run_shows(rig *r, const char *kind)
{
    rig_keys(r, "<enter>");
    rig_wait(r, "DONE 2/2");
    check_kind(r, kind);
    rig_sound(r);
}

static const struct {
    terminal_profile profile;
    const char *kind;
} cases[] = {{TERMINAL_XTERM_VT340, "sixel"},  {TERMINAL_XTERM_16, "sixel"},
             {TERMINAL_XTERM_PLAIN, "blocks"}, {TERMINAL_FOOT, "sixel"},
             {TERMINAL_KONSOLE, "sixel"},      {TERMINAL_KITTY, "kitty"},
             {TERMINAL_MLTERM, "sixel"},       {TERMINAL_TMUX_PLAIN, "blocks"},
             {TERMINAL_TMUX_SIXEL, "sixel"},   {TERMINAL_SILENT, "blocks"}};

static void test_profiles(void **state)
{
    (void)state;
    assert_int_equal(sizeof cases / sizeof *cases, TERMINAL_PROFILES);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        terminal_options o = {.profile = cases[i].profile, .columns = 100, .rows = 30};
        print_message("%s\n", terminal_profile_name(o.profile));
        rig r = rig_ready(&o, SETTINGS, "");
        run_shows(&r, cases[i].kind);
        rig_leave(&r);
    }
}

static void test_asked_for(void **state)
{
    (void)state;
    static const char *const kinds[] = {"sixel", "kitty", "blocks", "text", "none"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        terminal_options o = {.profile = TERMINAL_KONSOLE}; /* it knows all */
        char more[32];
        snprintf(more, sizeof more, "--graphics %s", kinds[i]);
        rig r = rig_ready(&o, SETTINGS, more);
        run_shows(&r, kinds[i]);
        rig_leave(&r);
    }
}

static void test_without_utf8(void **state)
{
    (void)state;
    terminal_options o = {.profile = TERMINAL_XTERM_PLAIN};
    rig r = rig_open_with("LC_ALL=C", &o, SETTINGS, "");
    rig_match(&r, "[0-9]/75");
    run_shows(&r, "text");
    size_t n;
    const char *record = terminal_record(r.t, &n);
    for (size_t i = 0; i < n; i++)
        assert_true((unsigned char)record[i] < 0x80);
    rig_leave(&r);
}

/* ---- manners ---- */

#define TYPED "z\303\251\347\214\253" /* zé猫 */
static const char prompt[] = "prompt> a red fox" TYPED;

/* Bytes that this terminal answers to the handshake. */
static size_t answers_of(terminal_profile profile)
{
    terminal_options o = {.profile = profile};
    rig r = rig_ready(&o, SETTINGS, "");
    size_t n = terminal_typed(r.t);
    rig_leave(&r);
    return n;
}

static bool all_typed(terminal *t, void *user)
{
    return terminal_typed(t) >= *(size_t *)user;
}

static void check_prompt(rig *r)
{
    int row, column;
    lt_buf text = {0};
    rig_wait(r, prompt);
    assert_true(terminal_find(r->t, "prompt> ", &row, &column));
    terminal_row(r->t, row, &text);
    text.data[strlen(prompt) + 1] = '\0'; /* then blanks, and the tokens */
    assert_string_equal(text.data + 1, prompt);
    assert_int_equal(strspn(text.data + strlen(prompt) + 2, " 0123456789/"),
                     strlen(text.data + strlen(prompt) + 2));
    lt_buf_done(&text);
}

/* least: that reach the program, beside what is typed. */
static void opens_with(terminal_profile profile, terminal_timing answers, size_t least,
                       const char *kind)
{
    terminal_options o = {.profile = profile, .answers = answers};
    size_t bytes = least + strlen(TYPED);
    rig r = rig_open(&o, SETTINGS, "");
    CHECK_OK(terminal_wait_bytes(r.t, "\033[c", 0, err)); /* the questions */
    rig_keys(&r, TYPED);
    rig_match(&r, "[0-9]/75");
    CHECK_OK(terminal_wait(r.t, all_typed, &bytes, "all answers", err));
    CHECK_OK(terminal_wait_quiet(r.t, 300, err));
    check_prompt(&r);
    if (kind)
        run_shows(&r, kind);
    else
        rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 2/2");
    check_prompt(&r);
    rig_leave(&r);
}

static void manners(terminal_profile profile, const char *kind)
{
    size_t n = answers_of(profile);
    opens_with(profile, (terminal_timing){TERMINAL_NOW, 0}, n, kind);
    opens_with(profile, (terminal_timing){TERMINAL_DELAYED, 300}, n, kind);
    opens_with(profile, (terminal_timing){TERMINAL_DELAYED, 1500}, n, "blocks");
    opens_with(profile, (terminal_timing){TERMINAL_TRICKLE, 2}, n, kind);
    opens_with(profile, (terminal_timing){TERMINAL_TRICKLE, 45}, n, NULL); /* some come too late */
    opens_with(profile, (terminal_timing){TERMINAL_TWICE, 50}, 2 * n, kind);
    opens_with(profile, (terminal_timing){TERMINAL_TWICE, 1500}, 2 * n, kind);
    opens_with(profile, (terminal_timing){TERMINAL_WRONG, 0}, 0, NULL);
    opens_with(profile, (terminal_timing){TERMINAL_NEVER, 0}, 0, "blocks");
}

static void test_sixel_manners(void **state)
{
    (void)state;
    manners(TERMINAL_XTERM_VT340, "sixel");
}

static void test_kitty_manners(void **state)
{
    (void)state;
    manners(TERMINAL_KITTY, "kitty");
}

/* Bytes that mean nothing are as good as keys; the studio must only be usable after them. */
static void test_garbage(void **state)
{
    (void)state;
    static const terminal_profile profiles[] = {TERMINAL_XTERM_VT340, TERMINAL_KITTY,
                                                TERMINAL_MLTERM};
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
        terminal_options o = {.profile = profiles[i], .answers = {TERMINAL_GARBAGE, 0}};
        rig r = rig_open(&o, SETTINGS, "");
        rig_match(&r, "[0-9]/75|cut");
        CHECK_OK(terminal_wait_quiet(r.t, 1200, err)); /* the rest of a sequence is given up */
        rig_keys(&r, "<m-k>");
        rig_keys(&r, "a red fox");
        rig_wait(&r, "prompt> a red fox ");
        rig_keys(&r, "<enter>");
        rig_wait(&r, "DONE 2/2");
        rig_leave(&r);
    }
}

/* Over a line without pixels in its window size, and with a cell that the user gives. */
static void test_cells(void **state)
{
    (void)state;
    terminal_options o = {.cell_width = 10, .cell_height = 20, .no_pixels = true};
    rig r = rig_ready(&o, SETTINGS, ""); /* this xterm says nothing: 10x20 is the guess */
    run_shows(&r, "sixel");
    rig_leave(&r);
    terminal_options other = {.cell_width = 7, .cell_height = 15, .no_pixels = true};
    r = rig_ready(&other, SETTINGS, "--cell 7x15");
    run_shows(&r, "sixel");
    rig_leave(&r);
}

/* ---- doctor ---- */

static void doctor(terminal_profile profile, terminal_timing answers, const char *kind)
{
    terminal_options o = {.profile = profile, .answers = answers, .columns = 200, .rows = 60};
    char *text = lt_format("pictures    %s: ", kind);
    rig r = rig_open(&o, "doctor", "");
    rig_end(&r, 0);
    bool in_time = answers.manner != TERMINAL_NEVER && answers.manner != TERMINAL_DELAYED;
    if (in_time && rig_shows(&r, "answered    not in"))
        print_message("a busy machine: the answers took longer than a second\n");
    else if (!rig_shows(&r, text)) {
        terminal_explain(r.t, text);
        fail_msg("doctor does not say %s", text);
    }
    assert_int_equal(terminal_pictures(r.t), 0);
    rig_close(&r);
    free(text);
}

static void test_doctor(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        doctor(cases[i].profile, (terminal_timing){TERMINAL_NOW, 0}, cases[i].kind);
    doctor(TERMINAL_FOOT, (terminal_timing){TERMINAL_TRICKLE, 2}, "sixel");
    doctor(TERMINAL_KITTY, (terminal_timing){TERMINAL_TWICE, 0}, "kitty");
    doctor(TERMINAL_FOOT, (terminal_timing){TERMINAL_NEVER, 0}, "blocks");
    doctor(TERMINAL_XTERM_VT340, (terminal_timing){TERMINAL_DELAYED, 2500}, "blocks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profiles),      cmocka_unit_test(test_asked_for),
        cmocka_unit_test(test_without_utf8),  cmocka_unit_test(test_sixel_manners),
        cmocka_unit_test(test_kitty_manners), cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_cells),         cmocka_unit_test(test_doctor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
