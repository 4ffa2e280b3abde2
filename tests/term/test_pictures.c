/* test_pictures.c - pictures of both kinds, their places, and what takes cells of them away. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "image/png.h"
#include "rig.h"
#include "support/temp.h"

/* In the alternate screen of 80x24 cells of 6x13, SIXEL at row 3, column 5: rows 3..8, columns
 * 5..24. */
#define SHOWN "\\033[?1049h\\033[4;6H" SIXEL

/* 12x30 pixels: red y, green 7, blue 200; zlib's bytes in base64. */
#define KITTY_ZLIB                                                                                 \
    "eNqNwgUVhFAAADD8424n9K9CLCKwvUXhjt7GMIEpzGAOCxhgCStYwwa2sIM9HOAIJzjDBa5wgzs84Ak/"             \
    "8At/8A8v+AD5kTeM"

static terminal *after_print(const terminal_options *options, const char *bytes)
{
    lt_buf script = {0};
    lt_buf_format(&script, "stty raw; printf '%s'; stty -raw", bytes);
    terminal *t = after_shell(options, script.data);
    lt_buf_done(&script);
    return t;
}

static void check_pixel(const lt_image *image, int x, int y, int r, int g, int b)
{
    assert_non_null(image);
    const unsigned char *p = image->rgb + ((size_t)y * (size_t)image->width + (size_t)x) * 3;
    if (p[0] != r || p[1] != g || p[2] != b)
        fail_msg("pixel %d,%d is %d,%d,%d, wanted %d,%d,%d", x, y, p[0], p[1], p[2], r, g, b);
}

static void test_sixel(void **state)
{
    (void)state;
    for (int lazy = 0; lazy < 2; lazy++) {
        terminal_options options = {.lazy = lazy};
        terminal *t = after_print(&options, SHOWN "\\033[?1049l");
        const terminal_picture *s = terminal_picture_last(t);
        assert_int_equal(terminal_pictures(t), 1);
        assert_int_equal(s->number, 1);
        assert_false(s->kitty || s->synchronized || s->shown); /* it went with its screen */
        assert_int_equal(terminal_damages(t), 0);
        assert_int_equal(s->row, 3);
        assert_int_equal(s->column, 5);
        assert_int_equal(s->width, 120);
        assert_int_equal(s->height, 72);
        assert_int_equal(s->rows, 6);
        assert_int_equal(s->columns, 20);
        assert_int_equal(s->registers, 4);
        const lt_image *image = terminal_picture_image(t, 1);
        assert_int_equal(image->height, 72);
        for (int band = 0; band < 4; band++) {
            int red = ((band + 1) * 10 * 255 + 50) / 100;
            check_pixel(image, 0, band * 18, red, 0, 128);
            check_pixel(image, 119, band * 18 + 17, red, 0, 128);
        }
        assert_null(terminal_picture_get(t, 0));
        assert_null(terminal_picture_get(t, 2));
        assert_int_equal(terminal_faults(t), 0);
        terminal_close(t);
    }
}

static void test_cursor_after(void **state)
{
    (void)state;
    static const struct {
        terminal_profile profile;
        int row;
    } cases[] = {{TERMINAL_XTERM_VT340, 3 + 5}, {TERMINAL_FOOT, 3 + 6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int row, column;
        terminal_options options = {
            .profile = cases[i].profile, .cell_width = 6, .cell_height = 13};
        terminal *t = after_print(&options, SHOWN);
        terminal_cursor(t, &row, &column, NULL);
        assert_int_equal(row, cases[i].row);
        assert_int_equal(column, 5);
        terminal_close(t);
    }
}

static void test_synchronized(void **state)
{
    (void)state;
    terminal_options options = {.profile = TERMINAL_FOOT};
    terminal *t = after_print(&options, SHOWN "\\033[?2026h\\033[4;6H" SIXEL "\\033[?2026l");
    assert_int_equal(terminal_pictures(t), 2);
    assert_false(terminal_picture_get(t, 1)->synchronized);
    assert_true(terminal_picture_get(t, 2)->synchronized);
    assert_false(terminal_picture_get(t, 1)->shown);
    assert_true(terminal_picture_get(t, 2)->shown);
    terminal_close(t);
}

/* What each sequence does to the picture of SHOWN. */
static void test_damage(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int cells;         /* missing afterwards; all: the picture is gone */
        int row, column;   /* of the first damage */
        const char *named; /* in its bytes */
    } cases[] = {
        {"\\033[4;1Hab\\033[1;1Hcd\\033[24;80Hx", 0, 0, 0, NULL},
        {"\\033[4;6Hab", 2, 3, 5, "ab"},
        {"\\033[9;25Hxy", 1, 8, 24, "xy"},
        {"\\033[4;5H\\347\\214\\253", 1, 3, 5, "\347\214\253"},
        {"\\033[5;10H   ", 3, 4, 9, "   "},
        {"\\033[5;10H\\033[K", 16, 4, 9, "[K"},
        {"\\033[5;10H\\033[1K", 5, 4, 5, "[1K"},
        {"\\033[5;70H\\033[K", 0, 0, 0, NULL},
        {"\\033[8;1H\\033[J", 40, 7, 5, "[J"},
        {"\\033[5;8H\\033[4X", 4, 4, 7, "[4X"},
        {"\\033[5;3H\\033[2@", 20, 4, 5, "[2@"},
        {"\\033[5;3H\\033[2P", 20, 4, 5, "[2P"},
        {"\\033[5;1H\\033[L", 100, 4, 5, "[L"},
        {"\\033[5;1H\\033[M", 100, 4, 5, "[M"},
        {"\\033[12;1H\\033[L\\033[M", 0, 0, 0, NULL},
        {"\\033[2J", 120, 3, 5, "[2J"},
        {"\\033[24;1H\\r\\n", 120, 3, 5, "\\n"},
        {"\\033[4;1Hz\\033[30b", 20, 3, 5, "[30b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lt_buf bytes = {0};
        lt_buf_format(&bytes, SHOWN "%s", cases[i].bytes);
        terminal *t = after_print(NULL, bytes.data);
        const terminal_damage *first = terminal_damage_get(t, 0);
        int cells = terminal_picture_last(t)->damaged;
        if (cells != cases[i].cells)
            fail_msg("%s: %d cells are missing, wanted %d", cases[i].bytes, cells, cases[i].cells);
        assert_int_equal(terminal_picture_last(t)->shown, cells < 120);
        assert_int_equal(terminal_holes(t), cells < 120 ? cells : 0);
        assert_int_equal(terminal_damages(t) > 0, cells > 0);
        if (cells > 0) {
            if (!strstr(first->bytes, cases[i].named))
                fail_msg("%s: damaged by '%s'", cases[i].bytes, first->bytes);
            assert_int_equal(first->picture, 1);
            assert_int_equal(first->row, cases[i].row);
            assert_int_equal(first->column, cases[i].column);
        }
        lt_buf_done(&bytes);
        terminal_close(t);
    }
}

static void test_healed(void **state)
{
    (void)state;
    terminal *t = after_print(NULL, SHOWN "\\033[4;6Hab\\033[4;6H" SIXEL);
    assert_int_equal(terminal_damages(t), 1);
    assert_int_equal(terminal_damage_get(t, 0)->columns, 2);
    assert_int_equal(terminal_holes(t), 0);
    terminal_damage_forget(t);
    assert_int_equal(terminal_damages(t), 0);
    terminal_close(t);
}

static void test_row_rules(void **state)
{
    (void)state;
    /* left of the picture: nothing for xterm, the end of it in tmux */
    terminal *t = after_print(NULL, SHOWN "\\033[5;1H\\033[2X");
    assert_int_equal(terminal_damages(t), 0);
    terminal_close(t);
    terminal_options options = {.profile = TERMINAL_TMUX_SIXEL};
    t = after_print(&options, SHOWN "\\033[5;1H\\033[2X");
    assert_int_equal(terminal_damages(t), 1);
    assert_true(terminal_damage_get(t, 0)->row_only);
    assert_false(terminal_picture_last(t)->shown);
    terminal_close(t);
    t = after_print(&options, SHOWN "\\033[12;1H\\033[2X\\033[5;1Hab");
    assert_int_equal(terminal_damages(t), 0);
    assert_true(terminal_picture_last(t)->shown);
    terminal_close(t);
    t = after_print(&options, SHOWN "\\033[5;7Hx"); /* one cell takes all of it */
    assert_int_equal(terminal_damages(t), 1);
    assert_false(terminal_damage_get(t, 0)->row_only);
    assert_false(terminal_picture_last(t)->shown);
    terminal_close(t);
}

/* What is drawn inside a synchronized update is there at its end. */
static void test_update_is_one(void **state)
{
    (void)state;
    terminal_options options = {.profile = TERMINAL_FOOT};
    terminal *t =
        start_shell(&options, "stty raw -echo; printf '\\033[?2026hearly\\033[2;1H" SIXEL "';"
                              "head -c 1 >/dev/null; printf '\\033[?2026llate'");
    CHECK_OK(terminal_wait_bytes(t, "~\033\\", 0, err));
    CHECK_OK(terminal_keys(t, "x", err));
    CHECK_OK(terminal_wait_picture(t, 1, err));
    assert_false(terminal_mode(t, 2026));
    CHECK_OK(terminal_wait_text(t, "early", err));
    terminal_close(t);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        terminal_profile profile;
        const char *bytes, *part; /* NULL: none */
    } cases[] = {
        {TERMINAL_XTERM_VT340, SHOWN, NULL},
        {TERMINAL_XTERM_VT340, "\\033[18;1H" SIXEL, NULL},
        {TERMINAL_XTERM_VT340, "\\033[19;1H" SIXEL, "touches the last row"},
        {TERMINAL_FOOT, "\\033[?1049h\\033[20;1H" SIXEL, "touches the last row"},
        {TERMINAL_XTERM_VT340, "\\033[22;1H" SIXEL, "scrolled the screen by 3 rows"},
        {TERMINAL_XTERM_VT340, "\\033[1;61H" SIXEL, NULL},
        {TERMINAL_XTERM_VT340, "\\033[1;62H" SIXEL, "beyond the right edge"},
        {TERMINAL_XTERM_VT340, "\\033Pq\"1;1;1002;6#0!1002~\\033\\\\", "beyond the right edge"},
        {TERMINAL_XTERM_16, "\\033Pq\"1;1;6;6#15;2;1;1;1!6~\\033\\\\", NULL},
        {TERMINAL_XTERM_16, "\\033Pq\"1;1;6;6#16;2;1;1;1!6~\\033\\\\", "uses 17 registers"},
        {TERMINAL_XTERM_16, "\\033[?1;3;256S\\033Pq\"1;1;6;6#16;2;1;1;1!6~\\033\\\\", NULL},
        {TERMINAL_XTERM_PLAIN, SHOWN, "for a terminal that has none"},
        {TERMINAL_KITTY, SHOWN, "for a terminal that has none"},
        {TERMINAL_TMUX_PLAIN, "\\033_Gi=1,a=q;AAAA\\033\\\\", "becomes the pane"},
        {TERMINAL_XTERM_VT340, "\\033[?1049h\\033[24;1H\\n", "were scrolled"},
        {TERMINAL_XTERM_VT340, "\\033[24;1H\\n", NULL}, /* the normal screen may */
        {TERMINAL_XTERM_VT340, "\\033Pq#0~\\033[c", "broken off"},
        {TERMINAL_KITTY, "\\033_Ga=T,f=24,s=1,v=1;AAA\\033\\\\", "2 bytes for 1x1"},
        {TERMINAL_KITTY, "\\033_Ga=T,f=24,s=1,v=1,o=z;AAAA\\033\\\\", "zlib"},
        {TERMINAL_KITTY, "\\033_Ga=T,f=24,s=1,v=1;A*AA\\033\\\\", "base64"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        terminal_options options = {
            .profile = cases[i].profile, .cell_width = 6, .cell_height = 13};
        terminal *t = after_print(&options, cases[i].bytes);
        bool found = !cases[i].part && terminal_faults(t) == 0;
        for (int k = 0; cases[i].part && k < terminal_faults(t); k++)
            found = found || strstr(terminal_fault(t, k), cases[i].part);
        if (!found) {
            terminal_explain(t, cases[i].bytes);
            fail_msg("case %zu: wanted the fault '%s'", i, cases[i].part ? cases[i].part : "none");
        }
        terminal_faults_forget(t);
        assert_int_equal(terminal_faults(t), 0);
        terminal_close(t);
    }
}

static void test_too_large(void **state)
{
    (void)state;
    terminal_options options = {.columns = 200, .rows = 100};
    terminal *t = after_print(&options, "\\033Pq\"1;1;1000;6#0!1000~\\033\\\\");
    assert_int_equal(terminal_faults(t), 0);
    terminal_close(t);
    t = after_print(&options, "\\033Pq\"1;1;1001;6#0!1001~\\033\\\\");
    assert_int_equal(terminal_faults(t), 1);
    assert_non_null(strstr(terminal_fault(t, 0), "larger than 1000x1000"));
    terminal_close(t);
}

static void test_kitty(void **state)
{
    (void)state;
    terminal_options options = {.profile = TERMINAL_KITTY};
    terminal *t =
        after_print(&options, "\\033[3;4H\\033_Ga=T,f=24,s=12,v=30,i=7,p=1,C=1,o=z,q=2;" KITTY_ZLIB
                              "\\033\\\\\\033[3;4Htext");
    const terminal_picture *s = terminal_picture_last(t);
    assert_non_null(s);
    assert_true(s->kitty && s->shown);
    assert_int_equal(s->row, 2);
    assert_int_equal(s->column, 3);
    assert_int_equal(s->rows, 2); /* cells of 6x15 */
    assert_int_equal(s->columns, 2);
    check_pixel(s->image, 11, 0, 0, 7, 200);
    check_pixel(s->image, 3, 29, 29, 7, 200);
    assert_int_equal(terminal_damages(t), 0); /* text does not take it away */
    assert_int_equal(terminal_faults(t), 0);
    terminal_close(t);
}

static void test_kitty_in_pieces(void **state)
{
    (void)state;
    terminal_options options = {.profile = TERMINAL_KITTY};
    /* 1x2 pixels, "ABCDEF"; then another in its place; then it is deleted */
    terminal *t = after_print(&options, "\\033_Ga=T,f=24,s=1,v=2,i=3,p=1,q=2,m=1;QUJD\\033\\\\"
                                        "\\033_Gm=0;REVG\\033\\\\");
    check_pixel(terminal_picture_image(t, 1), 0, 0, 'A', 'B', 'C');
    check_pixel(terminal_picture_image(t, 1), 0, 1, 'D', 'E', 'F');
    terminal_close(t);
    t = after_print(&options, "\\033_Ga=T,f=24,s=1,v=1,i=3,p=1,q=2;QUJD\\033\\\\"
                              "\\033_Ga=T,f=32,s=1,v=1,i=3,p=1,q=2;REVGAA==\\033\\\\");
    assert_false(terminal_picture_get(t, 1)->shown);
    assert_true(terminal_picture_get(t, 2)->shown);
    check_pixel(terminal_picture_image(t, 2), 0, 0, 'D', 'E', 'F');
    terminal_close(t);
    t = after_print(&options, "\\033_Ga=T,f=24,s=1,v=1,i=3,p=1,q=2;QUJD\\033\\\\"
                              "\\033_Ga=T,f=24,s=1,v=1,i=4,p=1,q=2;QUJD\\033\\\\"
                              "\\033_Ga=d,d=I,i=3\\033\\\\");
    assert_false(terminal_picture_get(t, 1)->shown);
    assert_true(terminal_picture_get(t, 2)->shown);
    terminal_close(t);
}

static void test_kept(void **state)
{
    (void)state;
    terminal_options options = {.keep_pictures = 2};
    terminal *t =
        after_print(&options, SHOWN "\\033[4;6H" SIXEL "\\033[4;6H" SIXEL "\\033[4;6H" SIXEL);
    assert_int_equal(terminal_pictures(t), 4);
    assert_null(terminal_picture_image(t, 1));
    assert_non_null(terminal_picture_image(t, 3));
    assert_non_null(terminal_picture_image(t, 4));
    terminal_close(t);
}

/* The layout of the studio keeps its picture, the naive one loses it to curses' erases. */
static void test_layouts(void **state)
{
    (void)state;
    int status;
    for (int naive = 0; naive < 2; naive++) {
        char *argv[] = {TERM_SUBJECT, "--sync", naive ? "--naive" : NULL, NULL};
        terminal_options options = {.columns = 60,
                                    .rows = 14,
                                    .profile = TERMINAL_FOOT,
                                    .cell_width = 6,
                                    .cell_height = 13};
        terminal *t = start(&options, argv);
        CHECK_OK(terminal_wait_text(t, "event: none", err));
        CHECK_OK(terminal_keys(t, "p", err));
        CHECK_OK(terminal_wait_text(t, "acks: 1", err));
        CHECK_OK(terminal_keys(t, "t", err));
        CHECK_OK(terminal_wait_text(t, "event: text", err));
        CHECK_OK(terminal_keys(t, "x", err));
        CHECK_OK(terminal_wait_text(t, "typed: x", err));
        assert_true(terminal_picture_last(t)->synchronized);
        assert_int_equal(terminal_damages(t) > 0, naive);
        assert_int_equal(terminal_picture_last(t)->damaged > 0, naive);
        CHECK_OK(terminal_keys(t, "q", err));
        CHECK_OK(terminal_wait_exit(t, &status, err));
        CHECK_OK(terminal_end_clean(t, err));
        terminal_close(t);
    }
}

/* Letters with marks are drawn bare, lines of boxes meet at the cells' edges. */
static void test_drawn_text(void **state)
{
    (void)state;
    lt_image *plain, *marked;
    terminal *t = after_print(NULL, "\\033[?25leo"), *u;
    u = after_print(NULL, "\\033[?25l\\303\\251\\303\\266\\342\\224\\200\\342\\224\\274");
    CHECK_OK(terminal_draw(t, &plain, err));
    CHECK_OK(terminal_draw(u, &marked, err));
    int ink = 0;
    for (int y = 0; y < 13; y++) {
        size_t row = (size_t)y * 480 * 3;
        assert_memory_equal(plain->rgb + row, marked->rgb + row, 12 * 3);
        ink += plain->rgb[row + 3] > 0 || plain->rgb[row + 6] > 0;
    }
    assert_true(ink > 0);
    for (int x = 12; x < 24; x++)
        check_pixel(marked, x, 6, 240, 240, 240);
    check_pixel(marked, 15, 5, 0, 0, 0);
    check_pixel(marked, 21, 0, 240, 240, 240);
    check_pixel(marked, 21, 12, 240, 240, 240);
    lt_image_unref(plain);
    lt_image_unref(marked);
    terminal_close(t);
    terminal_close(u);
}

static void test_dump(void **state)
{
    (void)state;
    char *folder = temp_dir();
    lt_buf path = {0}, head = {0};
    lt_image *image;
    terminal *t =
        after_print(NULL, SHOWN "\\033[5;6H \\033[1;1H\\033[7mA\\033[m\\033[2;1H\\342\\226\\210"
                                "\\033[?25l");
    lt_buf_format(&path, "%s/a.png", folder);
    CHECK_OK(terminal_dump(t, path.data, err));
    CHECK_OK(lt_png_read(path.data, &image, NULL, err));
    assert_int_equal(image->width, 80 * 6);
    assert_int_equal(image->height, 24 * 13);
    check_pixel(image, 5 * 6, 3 * 13, 26, 0, 128);
    check_pixel(image, 5 * 6 + 119, 3 * 13 + 71, 102, 0, 128);
    check_pixel(image, 5 * 6 + 119, 3 * 13 + 72, 0, 0, 0);
    check_pixel(image, 5 * 6, 4 * 13, 0, 0, 0); /* the hole */
    check_pixel(image, 6 * 6, 4 * 13, 26, 0, 128);
    check_pixel(image, 0, 0, 240, 240, 240); /* reversed */
    check_pixel(image, 5, 13 + 12, 240, 240, 240);
    lt_image_unref(image);
    lt_buf_clear(&path);
    lt_buf_format(&path, "%s/a.ppm", folder);
    CHECK_OK(terminal_dump(t, path.data, err));
    CHECK_OK(lt_file_read(path.data, 1 << 20, &head, err));
    assert_int_equal(head.len, 15 + 480 * 312 * 3);
    assert_memory_equal(head.data, "P6\n480 312\n255\n", 15);
    lt_buf_done(&head);
    lt_buf_done(&path);
    temp_dir_remove(folder);
    terminal_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sixel),           cmocka_unit_test(test_cursor_after),
        cmocka_unit_test(test_synchronized),    cmocka_unit_test(test_damage),
        cmocka_unit_test(test_healed),          cmocka_unit_test(test_row_rules),
        cmocka_unit_test(test_update_is_one),   cmocka_unit_test(test_faults),
        cmocka_unit_test(test_too_large),       cmocka_unit_test(test_kitty),
        cmocka_unit_test(test_kitty_in_pieces), cmocka_unit_test(test_kept),
        cmocka_unit_test(test_layouts),         cmocka_unit_test(test_dump),
        cmocka_unit_test(test_drawn_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
