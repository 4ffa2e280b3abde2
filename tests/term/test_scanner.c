/* test_scanner.c - a stream of bytes, cut in every way, gives the same pieces. */
#include "support/check.h"

#include "scanner.h"

/* One line a piece, so that whole streams can be compared as text. */
static void list(void *user, const scan_piece *piece)
{
    static const char *const kinds[] = {"text", "control", "escape", "csi",   "dcs",
                                        "osc",  "apc",     "string", "broken"};
    lt_buf *out = user;
    if (piece->kind == SCAN_TEXT) { /* which may come in pieces */
        lt_buf_escape(out, piece->bytes, piece->len);
        return;
    }
    lt_buf_format(out, "|%s ", kinds[piece->kind]);
    if (piece->kind == SCAN_CSI) {
        lt_buf_format(out, "%c%c%c", piece->leader ? piece->leader : '.',
                      piece->middle ? piece->middle : '.', piece->final);
        for (int i = 0; i < piece->count; i++)
            lt_buf_format(out, " %d", piece->parameters[i]);
    } else {
        bool string = piece->kind >= SCAN_DCS && piece->kind <= SCAN_STRING;
        lt_buf_escape(out, string ? piece->body : piece->bytes,
                      string ? piece->body_len : piece->len);
    }
    lt_buf_char(out, '|');
}

static void scan(const char *bytes, size_t n, size_t step, lt_buf *out)
{
    scanner s;
    scanner_init(&s, list, out);
    for (size_t i = 0; i < n; i += step)
        scanner_feed(&s, bytes + i, n - i < step ? n - i : step);
    lt_buf_format(out, scanner_inside(&s) ? "<open>" : "");
    scanner_done(&s);
}

static void expect(const char *bytes, const char *want)
{
    for (size_t step = 1; step <= strlen(bytes) + 1; step++) {
        lt_buf out = {0};
        scan(bytes, strlen(bytes), step, &out);
        assert_string_equal(out.data, want);
        lt_buf_done(&out);
    }
}

static void test_text_and_controls(void **state)
{
    (void)state;
    expect("ab c", "ab c");
    expect("a\r\nb", "a|control \\u{D}||control \\n|b");
    expect("\033M\033(B\0337", "|escape \\u{1B}M||escape \\u{1B}(B||escape \\u{1B}7|");
}

static void test_csi(void **state)
{
    (void)state;
    expect("\033[c", "|csi ..c|");
    expect("\033[H\033[12;34H", "|csi ..H||csi ..H 12 34|");
    expect("\033[;5H", "|csi ..H -1 5|");
    expect("\033[38:2::1:2:3m", "|csi ..m 38 2 -1 1 2 3|");
    expect("\033[?2026$p\033[>q\033[?25l", "|csi ?$p 2026||csi >.q||csi ?.l 25|");
    expect("\033[2 q", "|csi . q 2|");
    expect("\033[99999999999999A", "|csi ..A 999999999|");
    expect("\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18m",
           "|csi ..m 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16|");
    expect("\033[1\nA", "|control \\n||csi ..A 1|");
}

static void test_strings(void **state)
{
    (void)state;
    expect("\033P0;0;0q#0~\033\\x", "|dcs 0;0;0q#0~|x");
    expect("\033_Gi=1;AAAA\033\\", "|apc Gi=1;AAAA|");
    expect("\033]0;title\007y", "|osc 0;title|y");
    expect("\033]0;title\033\\y", "|osc 0;title|y");
    expect("\033^pm\033\\\033Xsos\033\\", "|string pm||string sos|");
    expect("\033P\033\\", "|dcs |");
}

static void test_broken(void **state)
{
    (void)state;
    expect("\033[12\033[c", "|broken \\u{1B}[12||csi ..c|");
    expect("\033Pq#0\033[c", "|broken \\u{1B}Pq#0\\u{1B}||csi ..c|");
    expect("\033Pq#0\030z", "|broken \\u{1B}Pq#0|z");
    expect("\033[1\030z", "|broken \\u{1B}[1|z");
    expect("\033[1", "<open>");
    expect("\033P1", "<open>");
    expect("\033\033M", "|broken \\u{1B}||escape \\u{1B}M|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_and_controls),
        cmocka_unit_test(test_csi),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
