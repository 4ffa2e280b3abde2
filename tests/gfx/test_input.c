/* test_input.c - bytes of terminals to events, in any pieces. */
#include "gfx/input.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "support/check.h"

static void put_key(lt_buf *out, const lt_input_event *e)
{
    const char *name = lt_input_key_name(e->code);
    lt_buf_format(out, "%s%s%s", e->mods & LT_KEY_CTRL ? "C-" : "",
                  e->mods & LT_KEY_ALT ? "A-" : "", e->mods & LT_KEY_SHIFT ? "S-" : "");
    if (name)
        lt_buf_str(out, name);
    else if (e->code < 0x80)
        lt_buf_char(out, (char)e->code);
    else
        lt_buf_format(out, "U+%04X", (unsigned)e->code);
}

static void put(lt_buf *out, const lt_input_event *e)
{
    static const char *const actions[] = {"press", "release", "drag", "up", "down"};
    if (out->len)
        lt_buf_char(out, ' ');
    switch (e->kind) {
    case LT_INPUT_KEY:
        lt_buf_char(out, '<');
        put_key(out, e);
        lt_buf_char(out, '>');
        break;
    case LT_INPUT_TEXT:
        assert_int_equal(e->mods, 0);
        put_key(out, e);
        break;
    case LT_INPUT_PASTE:
        assert_int_equal(strlen(e->text), e->length);
        lt_buf_char(out, '{');
        for (const char *c = e->text; *c; c++)
            lt_buf_char(out, *c == '\n' ? '|' : *c);
        lt_buf_str(out, e->cut ? "...}" : "}");
        break;
    case LT_INPUT_MOUSE:
        lt_buf_format(out, "%s%d@%d,%d", actions[e->action], e->button, e->x, e->y);
        if (e->mods)
            lt_buf_format(out, "+%u", e->mods);
        break;
    case LT_INPUT_FOCUS:
        lt_buf_str(out, e->focused ? "in" : "out");
        break;
    case LT_INPUT_ACK:
        lt_buf_str(out, "ACK");
        break;
    case LT_INPUT_REPLY:
        lt_buf_str(out, "REPLY");
        break;
    }
}

static void take(lt_input_reader *in, lt_buf *out)
{
    lt_input_event e;
    while (lt_input_next(in, &e))
        put(out, &e);
}

/* The events of n bytes that come in pieces of `piece` from `first` on; at the end time passes. */
static void events(const char *bytes, size_t n, size_t first, size_t piece, lt_buf *out)
{
    lt_input_reader *in = lt_input_new(true);
    double now = 5.0;
    lt_buf_clear(out);
    lt_buf_str(out, "");
    for (size_t at = 0, k = first; at < n; at += k, k = piece) {
        k = k < n - at ? k : n - at;
        lt_input_feed(in, bytes + at, k, now += 0.001);
        take(in, out);
    }
    for (int i = 0; i < 4 && lt_input_wait(in, now) >= 0; i++) {
        lt_input_tick(in, now += 5.0);
        take(in, out);
    }
    assert_true(lt_input_wait(in, now) < 0);
    lt_input_free(in);
}

static void check_bytes(const char *bytes, size_t n, const char *want)
{
    lt_buf out = {0}, other = {0};
    events(bytes, n, n, n, &out);
    if (want && strcmp(out.data, want) != 0)
        fail_msg("'%s': expected '%s', found '%s'", bytes, want, out.data);
    for (size_t first = 0; first < n && n < 200; first++) {
        events(bytes, n, first ? first : 1, first ? n : 1, &other);
        if (strcmp(out.data, other.data) != 0)
            fail_msg("'%s' in one piece: '%s'; cut at %zu: '%s'", bytes, out.data, first,
                     other.data);
    }
    lt_buf_done(&out);
    lt_buf_done(&other);
}

static void gives(const char *bytes, const char *want)
{
    check_bytes(bytes, strlen(bytes), want);
}

static void test_text(void **state)
{
    (void)state;
    gives("a fox", "a   f o x");
    gives("\xC3\xA9\xE7\x8C\xAB\xF0\x9F\x98\x80", "U+00E9 U+732B U+1F600");
    gives("\xFF", "U+FFFD");
    gives("\xC3z", "U+FFFD z");
    gives("\xC3", "U+FFFD");
    gives("\xE0\x80\x80", "U+FFFD U+FFFD U+FFFD"); /* overlong */
    gives("\xED\xA0\x80", "U+FFFD U+FFFD U+FFFD"); /* a surrogate */
    gives("\xF4\x90\x80\x80", "U+FFFD U+FFFD U+FFFD U+FFFD");
    gives("\xF4\x8F\xBF\xBFz", "U+10FFFF z");
    gives("\xE7\x8C\033[A", "U+FFFD <Up>");
    gives("\xC2\x9B", "U+FFFD"); /* a control of Latin-1, as two bytes */
    gives("\xE7\x8C\r", "U+FFFD <Enter>");
}

static void test_controls(void **state)
{
    (void)state;
    gives("\r\n\t\b\x7F", "<Enter> <C-j> <Tab> <Backspace> <Backspace>");
    gives("\001\003\032\034\035\036\037", "<C-a> <C-c> <C-z> <C-\\> <C-]> <C-^> <C-_>");
    check_bytes("\0", 1, "<C- >");
    gives("\033", "<Escape>");
    gives("\033\033", "<Escape> <Escape>");
    gives("\033\033\033", "<Escape> <Escape> <Escape>");
    gives("\033a\033\r\033\x7F\033\t", "<A-a> <A-Enter> <A-Backspace> <A-Tab>");
    gives("\033\001", "<C-A-a>");
    gives("\033\xC3\xA9z", "<A-U+00E9> z");
    gives("\033\xC3\033[A", "<A-U+FFFD> <Up>");
}

static void test_keys(void **state)
{
    (void)state;
    gives("\033[A\033[B\033[C\033[D\033[H\033[F", "<Up> <Down> <Right> <Left> <Home> <End>");
    gives("\033OA\033OB\033OC\033OD\033OH\033OF", "<Up> <Down> <Right> <Left> <Home> <End>");
    gives("\033[1;2A\033[1;3B\033[1;5C\033[1;8D", "<S-Up> <A-Down> <C-Right> <C-A-S-Left>");
    gives("\033[1~\033[2~\033[3~\033[4~\033[5~\033[6~\033[7~\033[8~",
          "<Home> <Insert> <Delete> <End> <PageUp> <PageDown> <Home> <End>");
    gives("\033[3;5~\033[5;2~", "<C-Delete> <S-PageUp>");
    gives("\033OP\033OQ\033OR\033OS\033[15~\033[24~", "<F1> <F2> <F3> <F4> <F5> <F12>");
    gives("\033[1;5P\033[1;2R\033[1;5R\033[R", "<C-F1> <S-F3> <C-F3> <F3>");
    gives("\033O5P", "<C-F1>"); /* an old Konsole */
    gives("\033[Z", "<S-Tab>");
    gives("\033[[A\033[[E", "<F1> <F5>"); /* the console of Linux */
    gives("\033[[Z", "");
    gives("\033OM\033Oj\033Oy\033OX", "<Enter> * 9 ="); /* the keypad */
    gives("\033[99~\033[5;5X", "");                     /* not known: nothing */
}

static void test_rxvt(void **state)
{
    (void)state;
    gives("\033[a\033[b\033[c\033[d", "<S-Up> <S-Down> <S-Right> <S-Left>");
    gives("\033Oa\033Ob\033Oc\033Od", "<C-Up> <C-Down> <C-Right> <C-Left>");
    gives("\033[5$\033[5^\033[5@", "<S-PageUp> <C-PageUp> <C-S-PageUp>");
    gives("\033\033[A\033\033Oa\033\033[5~", "<A-Up> <C-A-Up> <A-PageUp>");
}

static void test_codes(void **state)
{
    (void)state;
    gives("\033[97;5u\033[106;5u\033[13;2u", "<C-a> <C-j> <S-Enter>");
    gives("\033[97u\033[97:65;2u\033[97;2u", "a A A");
    gives("\033[97;5:3u", ""); /* let go */
    gives("\033[27u\033[9;5u\033[127;3u", "<Escape> <C-Tab> <A-Backspace>");
    gives("\033[65;6u", "<C-S-a>");
    gives("\033[233;3u", "<A-U+00E9>");
    gives("\033[57414;1u\033[57400u\033[1114112u\033[55296u\033[7u", "<Enter>");
    gives("\033[27;5;13~\033[27;2;9~", "<C-Enter> <S-Tab>"); /* xterm's modifyOtherKeys */
}

static void test_half_sequences(void **state)
{
    (void)state;
    gives("\033[", "<A-[>");
    gives("\033O", "<A-O>");
    gives("\033P", "<A-P>");
    gives("\033]\r", "<A-]> <Enter>");
    gives("\033[1;", "");
    gives("\033[1;\r", "<Enter>");
    gives("\033[1;\xC3\xA9", "U+00E9");
    gives("\033[1\033[A", "<Up>");
    gives("\033O\033[A", "<A-O> <Up>");
    gives("\033[[", "");
    gives("\033\033[", "<Escape> <A-[>");
}

static void test_mouse(void **state)
{
    (void)state;
    gives("\033[<0;1;1M\033[<0;80;24m", "press1@0,0 release1@79,23");
    gives("\033[<2;5;6M\033[<32;5;6M\033[<35;7;8M", "press3@4,5 drag1@4,5 drag0@6,7");
    gives("\033[<64;1;2M\033[<65;1;2M", "up0@0,1 down0@0,1");
    gives("\033[<4;1;1M\033[<24;1;1M", "press1@0,0+1 press1@0,0+6");
    gives("\033[<0;0;1M\033[<0;1M\033[<66;1;1M\033[<;;M", "");
    gives("\033[<0;99999999999;1M", "press1@9999998,0");
    gives("\033[M !!\033[M#!!", "press1@0,0 release0@0,0"); /* the old form */
}

static void test_answers(void **state)
{
    (void)state;
    gives("\033[0n", "ACK");
    gives("a\033[0nb", "a ACK b");
    gives("\033[3n", "REPLY");
    gives("\033\033[0n", "<Escape> ACK"); /* the key, and an answer that came just then */
    gives("\033\033[<0;1;1M", "<Escape> press1@0,0");
    gives("\033\033[M !!", "<Escape> press1@0,0");
    gives("\033\033[200~a\033[201~", "<Escape> {a}");
    gives("\033\033P>|XTerm(379)\033\\x", "<Escape> REPLY x");
    gives("\033\033_Gi=31;OK\033\\x", "<Escape> REPLY x");
    gives("\033[?62;4;22c\033[?2026;2$y\033[6;14;7t\033[24;80R\033[?1;0;256S",
          "REPLY REPLY REPLY REPLY REPLY");
    gives("\033P>|XTerm(379)\033\\x", "REPLY x");
    gives("\033]11;rgb:0/0/0\ax", "REPLY x");
    gives("\033_Gi=31;OK\033\\x", "REPLY x");
    gives("\033P>|XTerm\033[A", "REPLY <Up>"); /* its end was lost */
    gives("\033P>|XTerm\033\033[A", "REPLY <A-Up>");
    gives("\033P>|XTerm\rx", "<Enter> x");
    gives("\033[I\033[O", "in out");
}

static void test_paste(void **state)
{
    (void)state;
    gives("\033[200~a fox\033[201~z", "{a fox} z");
    gives("\033[200~\033[201~", "{}");
    gives("\033[200~a\r\nb\rc\nd\te\001\x7F\033[31mf\xC2\x9Bg\033[201~", "{a|b|c|d e[31mfg}");
    gives("\033[200~\xC3\xA9\xFF\033[201~", "{\xC3\xA9\xEF\xBF\xBD}");
    gives("\033[200~a\033[0nb\033[201~", "ACK {ab}");
    gives("\033[200~a\033[2\033[20\033[201~", "{a[2[20}");
    gives("\033[200~a\033\033[201~", "{a}");
    gives("\033[200~no end", "{no end}");
    gives("\033[201~", "");
    check_bytes("\033[200~a\0b\033[201~", 15, "{ab}");
}

static void test_paste_is_bounded(void **state)
{
    (void)state;
    lt_input_reader *in = lt_input_new(true);
    lt_input_event e;
    char many[4096];
    memset(many, 'x', sizeof many);
    lt_input_feed(in, "\033[200~", 6, 0);
    for (int i = 0; i < 300; i++)
        lt_input_feed(in, many, sizeof many, 0);
    assert_false(lt_input_next(in, &e));
    lt_input_feed(in, "\033[201~q", 7, 0);
    assert_true(lt_input_next(in, &e));
    assert_int_equal(e.kind, LT_INPUT_PASTE);
    assert_true(e.cut);
    assert_int_equal(e.length, LT_INPUT_PASTE_MAX);
    assert_true(lt_input_next(in, &e));
    assert_int_equal(e.code, 'q');
    assert_false(lt_input_next(in, &e));
    lt_input_feed(in, "\033[200~free me\033[201~", 19, 0); /* never taken */
    lt_input_free(in);
}

static size_t count(lt_input_reader *in)
{
    lt_input_event e;
    size_t n = 0;
    while (lt_input_next(in, &e))
        n++;
    return n;
}

/* How long is waited for the rest depends on what it can be. */
static void test_time(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        double wait;
    } cases[] = {{"\033", 0.040},  {"\033\033", 0.040},   {"\033[", 0.150},   {"\033[1;5", 0.150},
                 {"\033O", 0.150}, {"\033[?6", 1.0},      {"\033P>|XT", 1.0}, {"\033P", 0.150},
                 {"\xC3", 0.150},  {"\033[200~abc", 2.0}, {"a", -1},          {"", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lt_input_reader *in = lt_input_new(true);
        lt_input_feed(in, cases[i].bytes, strlen(cases[i].bytes), 100.0);
        count(in);
        double wait = lt_input_wait(in, 100.0);
        assert_true(wait > cases[i].wait - 1e-9 && wait < cases[i].wait + 1e-9);
        if (wait > 0) {
            lt_input_tick(in, 100.0 + wait * 0.9);
            assert_int_equal(count(in), 0);
            assert_true(lt_input_wait(in, 100.0 + wait * 0.9) > 0);
            lt_input_tick(in, 100.0 + wait * 1.1);
            assert_true(lt_input_wait(in, 100.0 + wait * 1.1) < 0);
        }
        lt_input_free(in);
    }
}

/* An answer that comes in two halves, each late, never becomes text. */
static void test_slow_answer(void **state)
{
    (void)state;
    static const char answer[] = "\033[?62;1;2;4c";
    for (size_t cut = 4; cut < sizeof answer - 1; cut++) {
        lt_input_reader *in = lt_input_new(true);
        lt_input_event e;
        lt_input_feed(in, answer, cut, 0.0);
        lt_input_tick(in, 0.5);
        lt_input_feed(in, answer + cut, sizeof answer - 1 - cut, 0.9);
        assert_true(lt_input_next(in, &e));
        assert_int_equal(e.kind, LT_INPUT_REPLY);
        assert_false(lt_input_next(in, &e));
        lt_input_free(in);
    }
}

/* After a handshake that was not answered in time: anywhere, until the last answer. */
static void test_expected_answer(void **state)
{
    (void)state;
    static const char answer[] = "\033[?62;1;2;4c";
    for (size_t cut = 1; cut < sizeof answer - 1; cut++) {
        lt_input_reader *in = lt_input_new(true);
        lt_input_event e;
        lt_input_expect(in, 10.0);
        lt_input_feed(in, answer, cut, 0.0);
        lt_input_tick(in, 0.4);
        lt_input_feed(in, answer + cut, sizeof answer - 1 - cut, 0.45);
        assert_true(lt_input_next(in, &e));
        assert_int_equal(e.kind, LT_INPUT_REPLY);
        assert_false(lt_input_next(in, &e));
        lt_input_feed(in, "\033", 1, 1.0); /* nothing is expected any more */
        lt_input_tick(in, 1.05);
        assert_true(lt_input_next(in, &e));
        assert_int_equal(e.code, LT_KEY_ESCAPE);
        lt_input_free(in);
    }
}

static void test_long_sequences(void **state)
{
    (void)state;
    char bytes[70000];
    lt_buf out = {0};
    memset(bytes, '1', sizeof bytes);
    memcpy(bytes, "\033[", 2);
    bytes[1000] = 'A';
    events(bytes, 1001, 1001, 1, &out);
    assert_string_equal(out.data, "");
    memcpy(bytes, "\033P", 2);
    memcpy(bytes + 1000, "\033\\q", 3);
    events(bytes, 1003, 1003, 1, &out);
    assert_string_equal(out.data, "REPLY q");
    bytes[1000] = bytes[1001] = bytes[1002] = '1'; /* no end within 64 KiB: keys are read again */
    bytes[sizeof bytes - 1] = 'q';
    events(bytes, sizeof bytes, sizeof bytes, 1, &out);
    assert_true(out.len > 100 && out.data[out.len - 1] == 'q');
    lt_buf_done(&out);
}

/* Any bytes at all: the same events however they come, and nothing that breaks the promises. */
static void test_random(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "\033", "[",    "O", "200~", "201~", "?", ";", "1", "5",  "A", "~",  "M",    "<",
        "\xC3", "\xA9", "P", "\\",   "\a",   "u", "$", "y", "\r", "a", "0n", "\xFF", "c"};
    unsigned seed = 7;
    for (int round = 0; round < 3000; round++) {
        char bytes[64] = "";
        for (int i = 0; i < 12; i++) {
            seed = seed * 1664525u + 1013904223u;
            strcat(bytes, parts[(seed >> 16) % (sizeof parts / sizeof *parts)]);
        }
        gives(bytes, NULL);
    }
}

/* Latin-1, if the system has such a locale; the C locale is tested anyway. */
static void test_locale(void **state)
{
    (void)state;
    lt_buf out = {0};
    lt_input_reader *in = lt_input_new(false);
    assert_non_null(setlocale(LC_ALL, "C"));
    lt_input_feed(in, "a\033b\r", 4, 0);
    take(in, &out);
    assert_string_equal(out.data, "a <A-b> <Enter>");
    lt_input_free(in);
    lt_buf_clear(&out);
    if (setlocale(LC_ALL, "en_US.ISO-8859-1") || setlocale(LC_ALL, "de_DE.ISO-8859-1")) {
        in = lt_input_new(false);
        lt_input_feed(in, "\xE9\033\xE9\033[200~\xE9\033[201~", 15, 0);
        take(in, &out);
        assert_string_equal(out.data, "U+00E9 <A-U+00E9> {\xC3\xA9}");
        lt_input_free(in);
        setlocale(LC_ALL, "C");
    }
    lt_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_rxvt),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_half_sequences),
        cmocka_unit_test(test_mouse),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_paste),
        cmocka_unit_test(test_paste_is_bounded),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_slow_answer),
        cmocka_unit_test(test_expected_answer),
        cmocka_unit_test(test_long_sequences),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
