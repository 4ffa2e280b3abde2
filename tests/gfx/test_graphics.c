/* test_graphics.c - which kind of picture, where and how large, and the bytes around it. */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "gfx/blocks.h"
#include "gfx/graphics.h"
#include "gfx/kitty.h"
#include "support/check.h"

static const lt_term xterm = {.answered = true,
                              .da1 = true,
                              .sixel = true,
                              .registers = 1024,
                              .max_width = 1000,
                              .max_height = 1000,
                              .cell_width = 6,
                              .cell_height = 13,
                              .colours = LT_COLOURS_TRUE,
                              .name = "XTerm(379)"};

static void test_names(void **state)
{
    (void)state;
    lt_graphics kind;
    for (int i = 0; i < LT_GRAPHICS_COUNT; i++) {
        assert_true(lt_graphics_find(lt_graphics_name((lt_graphics)i), &kind));
        assert_int_equal(kind, i);
    }
    assert_false(lt_graphics_find("sixels", &kind));
}

static void chosen(const lt_term *t, lt_graphics wanted, bool utf8, lt_graphics want,
                   const char *part)
{
    char why[256];
    lt_graphics kind = lt_graphics_choose(t, wanted, utf8, why, sizeof why);
    if (kind != want || !strstr(why, part))
        fail_msg("%s: '%s'; expected %s: '%s'", lt_graphics_name(kind), why, lt_graphics_name(want),
                 part);
}

static void test_choice(void **state)
{
    (void)state;
    lt_term t = xterm;
    chosen(&t, LT_GRAPHICS_AUTO, true, LT_GRAPHICS_SIXEL, "has sixel");
    chosen(&t, LT_GRAPHICS_TEXT, true, LT_GRAPHICS_TEXT, "asked for");
    t.kitty = true;
    chosen(&t, LT_GRAPHICS_AUTO, true, LT_GRAPHICS_SIXEL, "has sixel");
    t.registers = 8;
    chosen(&t, LT_GRAPHICS_AUTO, true, LT_GRAPHICS_KITTY, "kitty");
    t.mux = LT_MUX_TMUX;
    chosen(&t, LT_GRAPHICS_AUTO, true, LT_GRAPHICS_BLOCKS, "registers");
    t.sixel = t.kitty = false;
    chosen(&t, LT_GRAPHICS_AUTO, true, LT_GRAPHICS_BLOCKS, "tmux");
    t.mux = LT_MUX_NONE;
    chosen(&t, LT_GRAPHICS_AUTO, true, LT_GRAPHICS_BLOCKS, "no 4 in its DA1");
    chosen(&t, LT_GRAPHICS_AUTO, false, LT_GRAPHICS_TEXT, "not UTF-8");
    chosen(&t, LT_GRAPHICS_BLOCKS, false, LT_GRAPHICS_TEXT, "not UTF-8");
    chosen(&t, LT_GRAPHICS_SIXEL, true, LT_GRAPHICS_SIXEL, "asked for");
    t.answered = false;
    chosen(&t, LT_GRAPHICS_AUTO, true, LT_GRAPHICS_BLOCKS, "answered no question");
    t = (lt_term){.dumb = true};
    chosen(&t, LT_GRAPHICS_AUTO, true, LT_GRAPHICS_NONE, "dumb");
    chosen(&t, LT_GRAPHICS_BLOCKS, true, LT_GRAPHICS_NONE, "no colours");
}

static void fits(const lt_fit *f, int width, int height, int cols, int rows)
{
    if (f->width != width || f->height != height || f->cols != cols || f->rows != rows)
        fail_msg("%dx%d in %dx%d cells, expected %dx%d in %dx%d", f->width, f->height, f->cols,
                 f->rows, width, height, cols, rows);
}

static void test_sizes(void **state)
{
    (void)state;
    lt_fit f =
        lt_fit_make(&xterm, LT_GRAPHICS_SIXEL, &(lt_frame_room){100, 45, LT_ZOOM_AUTO}, 512, 512);
    fits(&f, 512, 512, 86, 40); /* 516 rows are declared */
    assert_true(f.nearest);
    f = lt_fit_make(&xterm, LT_GRAPHICS_SIXEL, &(lt_frame_room){100, 45, LT_ZOOM_AUTO}, 128, 128);
    fits(&f, 512, 512, 86, 40); /* 4 times */
    assert_true(f.nearest);
    f = lt_fit_make(&xterm, LT_GRAPHICS_SIXEL, &(lt_frame_room){50, 45, LT_ZOOM_AUTO}, 128, 128);
    fits(&f, 256, 256, 43, 20); /* twice */
    f = lt_fit_make(&xterm, LT_GRAPHICS_SIXEL, &(lt_frame_room){100, 45, LT_ZOOM_ONE}, 128, 128);
    fits(&f, 128, 128, 22, 11); /* 132 rows are declared */
    f = lt_fit_make(&xterm, LT_GRAPHICS_SIXEL, &(lt_frame_room){40, 24, LT_ZOOM_AUTO}, 512, 512);
    fits(&f, 240, 240, 40, 19); /* smaller: whole columns */
    assert_false(f.nearest);
    f = lt_fit_make(&xterm, LT_GRAPHICS_SIXEL, &(lt_frame_room){300, 200, LT_ZOOM_FILL}, 512, 512);
    fits(&f, 996, 996, 166, 77); /* 1000 is the terminal's most, 996 a multiple of 6 */
    f = lt_fit_make(&xterm, LT_GRAPHICS_KITTY, &(lt_frame_room){300, 100, LT_ZOOM_FILL}, 512, 512);
    fits(&f, 1296, 1296, 216, 100);
    f = lt_fit_make(&xterm, LT_GRAPHICS_BLOCKS, &(lt_frame_room){40, 24, LT_ZOOM_AUTO}, 512, 512);
    fits(&f, 40, 37, 40, 19); /* 240 pixels of the screen: 40 columns, 18.5 rows */
    f = lt_fit_make(&xterm, LT_GRAPHICS_TEXT, &(lt_frame_room){40, 24, LT_ZOOM_AUTO}, 512, 512);
    fits(&f, 40, 18, 40, 18);
    f = lt_fit_make(&xterm, LT_GRAPHICS_NONE, &(lt_frame_room){40, 24, LT_ZOOM_AUTO}, 512, 512);
    fits(&f, 0, 0, 0, 0);
    f = lt_fit_make(&xterm, LT_GRAPHICS_SIXEL, &(lt_frame_room){0, 24, LT_ZOOM_AUTO}, 512, 512);
    fits(&f, 0, 0, 0, 0);
}

/* Never outside the room or the terminal's largest picture, and of the right proportions. */
static void test_bounds(void **state)
{
    (void)state;
    static const int sides[] = {1, 7, 64, 128, 200, 512, 513, 1024, 3000};
    lt_term t = xterm;
    for (int kind = LT_GRAPHICS_SIXEL; kind <= LT_GRAPHICS_TEXT; kind++)
        for (int n = 0; n < 9 * 9 * 12; n++) {
            int width = sides[n % 9], height = sides[n / 9 % 9];
            t.max_width = t.max_height = n % 2 ? 1000 : 0;
            t.cell_width = n % 3 ? 6 : 10;
            t.cell_height = n % 3 ? 13 : 20;
            lt_frame_room room = {1 + n * 7 % 150, 1 + n * 5 % 60, (lt_zoom)(n % 3)};
            lt_fit f = lt_fit_make(&t, (lt_graphics)kind, &room, width, height);
            bool pixels = kind <= LT_GRAPHICS_KITTY;
            int rows = kind == LT_GRAPHICS_BLOCKS ? 2 : 1;
            assert_true(f.cols >= 1 && f.cols <= room.cols && f.rows >= 1 && f.rows <= room.rows);
            assert_true(f.width >= 1 && f.height >= 1);
            assert_true(f.width <= f.cols * (pixels ? t.cell_width : 1));
            assert_true(f.height <= f.rows * (pixels ? t.cell_height : rows));
            if (kind == LT_GRAPHICS_SIXEL) {
                int declared = (f.height + 5) / 6 * 6;
                assert_true(declared <= room.rows * t.cell_height);
                assert_true(!t.max_width || (f.width <= 1000 && declared <= 1000));
            }
            if (pixels && f.width > 50 && f.height > 50) {
                double want = (double)width / height, found = (double)f.width / f.height;
                assert_true(found / want < 1.03 && found / want > 0.97);
            }
        }
}

static lt_image *gradient(int width, int height)
{
    lt_image *image;
    CHECK_OK(lt_image_new(width, height, &image, err));
    for (int i = 0; i < width * height; i++) {
        image->rgb[i * 3] = (unsigned char)(i % width * 255 / width);
        image->rgb[i * 3 + 1] = (unsigned char)(i / width * 255 / height);
        image->rgb[i * 3 + 2] = (unsigned char)(i * 7);
    }
    return image;
}

static void begins(const lt_buf *b, const char *start)
{
    if (strncmp(b->data, start, strlen(start)) != 0)
        fail_msg("begins with '%.40s', expected '%s'", b->data + 1, start + 1);
}

static void ends(const lt_buf *b, const char *end)
{
    assert_true(b->len > strlen(end));
    assert_string_equal(b->data + b->len - strlen(end), end);
}

static void test_frames(void **state)
{
    (void)state;
    lt_image *image = gradient(64, 48);
    lt_place place = {2, 30, 10, 4, true};
    lt_buf b = {0};
    for (int kind = LT_GRAPHICS_SIXEL; kind <= LT_GRAPHICS_TEXT; kind++)
        for (int sync = 0; sync < 2; sync++)
            for (int scale = 1; scale <= LT_SCALE_COARSEST; scale++) {
                lt_term t = xterm;
                t.sync = sync;
                lt_encoder *e = lt_encoder_new(&t, (lt_graphics)kind);
                lt_fit f = lt_fit_make(&t, (lt_graphics)kind,
                                       &(lt_frame_room){40, 20, LT_ZOOM_AUTO}, 64, 48);
                place.cursor_visible = scale == 1;
                CHECK_OK(
                    lt_frame_encode(e, image, &f, &place, (lt_quality){scale, scale % 2}, &b, err));
                begins(&b, sync ? "\033[?2026h\033[?25l\033[3;31H" : "\033[?25l\033[3;31H");
                ends(&b, place.cursor_visible ? sync ? "\033[11;5H\033[?25h\033[?2026l\033[5n"
                                                     : "\033[11;5H\033[?25h\033[5n"
                         : sync               ? "\033[11;5H\033[?25l\033[?2026l\033[5n"
                                              : "\033[11;5H\033[?25l\033[5n");
                assert_int_equal(strstr(b.data, "\033P") != NULL, kind == LT_GRAPHICS_SIXEL);
                assert_int_equal(strstr(b.data, "\033_G") != NULL, kind == LT_GRAPHICS_KITTY);
                lt_encoder_free(e);
            }
    lt_buf_done(&b);
    lt_image_unref(image);
}

/* Coarse or not, a picture covers the same pixels. */
static void test_same_size(void **state)
{
    (void)state;
    lt_image *image = gradient(100, 70);
    for (int kind = LT_GRAPHICS_SIXEL; kind <= LT_GRAPHICS_KITTY; kind++)
        for (int zoom = LT_ZOOM_AUTO; zoom <= LT_ZOOM_ONE; zoom++)
            for (int scale = 1; scale <= LT_SCALE_COARSEST; scale++) {
                lt_buf b = {0};
                char want[64];
                lt_encoder *e = lt_encoder_new(&xterm, (lt_graphics)kind);
                lt_frame_room room = {61, 31, (lt_zoom)zoom};
                lt_fit f = lt_fit_make(&xterm, (lt_graphics)kind, &room, 100, 70);
                CHECK_OK(lt_frame_encode(e, image, &f, &(lt_place){0},
                                         (lt_quality){scale, scale % 2}, &b, err));
                snprintf(want, sizeof want,
                         kind == LT_GRAPHICS_SIXEL ? "q\"1;1;%d;%d" : ",s=%d,v=%d,", f.width,
                         kind == LT_GRAPHICS_SIXEL ? (f.height + 5) / 6 * 6 : f.height);
                if (!strstr(b.data, want))
                    fail_msg("scale %d: no '%s' in '%.60s'", scale, want, b.data + 1);
                lt_buf_done(&b);
                lt_encoder_free(e);
            }
    lt_image_unref(image);
}

/* A coarse frame has fewer bytes: a third at scale 2, a fifth at 4. */
static void test_quality(void **state)
{
    (void)state;
    lt_image *image = gradient(256, 256);
    size_t bytes[LT_SCALE_COARSEST + 1] = {0};
    for (int kind = LT_GRAPHICS_SIXEL; kind <= LT_GRAPHICS_KITTY; kind++) {
        lt_encoder *e = lt_encoder_new(&xterm, (lt_graphics)kind);
        lt_fit f =
            lt_fit_make(&xterm, (lt_graphics)kind, &(lt_frame_room){80, 40, LT_ZOOM_ONE}, 256, 256);
        for (int scale = 1; scale <= LT_SCALE_COARSEST; scale++) {
            lt_buf b = {0};
            CHECK_OK(
                lt_frame_encode(e, image, &f, &(lt_place){0}, (lt_quality){scale, true}, &b, err));
            bytes[scale] = b.len;
            lt_buf_done(&b);
        }
        if (bytes[2] * 2 > bytes[1] || bytes[4] * 4 > bytes[1])
            fail_msg("%zu, %zu, %zu, %zu bytes", bytes[1], bytes[2], bytes[3], bytes[4]);
        lt_encoder_free(e);
    }
    lt_image_unref(image);
}

/* tmux drops what is longer than 1 MiB: the frame becomes coarser by itself. */
static void test_tmux_limit(void **state)
{
    (void)state;
    lt_term t = xterm;
    lt_image *image;
    lt_buf b = {0};
    unsigned seed = 1;
    t.mux = LT_MUX_TMUX;
    CHECK_OK(lt_image_new(900, 900, &image, err));
    for (int i = 0; i < 900 * 900 * 3; i++)
        image->rgb[i] = (unsigned char)((seed = seed * 1664525u + 1013904223u) >> 24);
    lt_encoder *e = lt_encoder_new(&t, LT_GRAPHICS_SIXEL);
    lt_fit f =
        lt_fit_make(&t, LT_GRAPHICS_SIXEL, &(lt_frame_room){200, 100, LT_ZOOM_ONE}, 900, 900);
    CHECK_OK(lt_frame_encode(e, image, &f, &(lt_place){0}, (lt_quality){1, false}, &b, err));
    assert_true(b.len > 10000 && b.len < 1048576);
    lt_buf_done(&b);
    lt_encoder_free(e);
    lt_image_unref(image);
}

static void test_nothing(void **state)
{
    (void)state;
    lt_image *image = gradient(8, 8);
    lt_buf b = {0};
    lt_encoder *e = lt_encoder_new(&xterm, LT_GRAPHICS_NONE);
    lt_fit f = lt_fit_make(&xterm, LT_GRAPHICS_NONE, &(lt_frame_room){80, 20, LT_ZOOM_AUTO}, 8, 8);
    CHECK_OK(lt_frame_encode(e, image, &f, &(lt_place){0}, (lt_quality){1, false}, &b, err));
    assert_int_equal(b.len, 0);
    assert_false(lt_frame_hide(e, &b));
    assert_int_equal(b.len, 0);
    lt_encoder_free(e);
    lt_encoder_free(NULL);
    lt_buf_done(&b);
    lt_image_unref(image);
}

static void test_hide(void **state)
{
    (void)state;
    lt_buf b = {0};
    lt_term t = xterm;
    lt_encoder *e = lt_encoder_new(&t, LT_GRAPHICS_SIXEL);
    assert_false(lt_frame_hide(e, &b));
    lt_encoder_free(e);
    strcpy(t.name, "Konsole 22.12.3");
    e = lt_encoder_new(&t, LT_GRAPHICS_SIXEL);
    assert_true(lt_frame_hide(e, &b));
    lt_encoder_free(e);
    assert_int_equal(b.len, 0);
    e = lt_encoder_new(&t, LT_GRAPHICS_KITTY);
    assert_false(lt_frame_hide(e, &b));
    begins(&b, "\033_Ga=d,d=I,i=");
    ends(&b, "\033\\");
    lt_encoder_free(e);
    lt_buf_done(&b);
}

/* ---- kitty ---- */

static int letter(char c)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = strchr(all, c);
    assert_true(c && at);
    return (int)(at - all);
}

static void from_base64(const char *s, size_t n, lt_buf *out)
{
    assert_int_equal(n % 4, 0);
    for (size_t i = 0; i < n; i += 4) {
        int pad = (s[i + 3] == '=') + (s[i + 2] == '=');
        unsigned v = (unsigned)letter(s[i]) << 18 | (unsigned)letter(s[i + 1]) << 12 |
                     (pad < 2 ? (unsigned)letter(s[i + 2]) << 6 : 0u) |
                     (pad < 1 ? (unsigned)letter(s[i + 3]) : 0u);
        char three[3] = {(char)(v >> 16), (char)(v >> 8), (char)v};
        lt_buf_add(out, three, (size_t)(3 - pad));
    }
}

static void test_kitty(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {2, 1}, {7, 5}, {64, 48}, {300, 200}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        lt_image *image = gradient(sizes[i][0], sizes[i][1]);
        lt_buf b = {0}, packed = {0};
        char start[128];
        bool more = true;
        CHECK_OK(lt_kitty_encode(image, &(lt_kitty){.id = 5, .cols = 3, .rows = 2}, &b, err));
        snprintf(start, sizeof start,
                 "\033_Ga=T,f=24,o=z,s=%d,v=%d,i=5,p=1,q=2,C=1,c=3,r=2,m=", image->width,
                 image->height);
        begins(&b, start);
        const char *at = b.data;
        for (; *at; at = strstr(at, "\033\\") + 2) {
            assert_true(more);
            assert_int_equal(strncmp(at, "\033_G", 3), 0);
            if (strcmp(at, LT_KITTY_CLOSE) == 0) {
                more = false;
                continue;
            }
            const char *body = strchr(at, ';') + 1;
            assert_int_equal(body[-2], '1');
            size_t n = (size_t)(strstr(body, "\033\\") - body);
            assert_true(n <= 4096);
            from_base64(body, n, &packed);
        }
        assert_false(more);
        uLongf size = (uLongf)lt_image_bytes(image);
        unsigned char *pixels = malloc(size);
        assert_int_equal(uncompress(pixels, &size, (unsigned char *)packed.data, packed.len), Z_OK);
        assert_int_equal(size, lt_image_bytes(image));
        assert_memory_equal(pixels, image->rgb, size);
        free(pixels);
        lt_buf_done(&b);
        lt_buf_done(&packed);
        lt_image_unref(image);
    }
}

/* ---- blocks ---- */

static void test_blocks(void **state)
{
    (void)state;
    lt_image *image;
    lt_buf b = {0};
    CHECK_OK(lt_image_new(2, 3, &image, err));
    lt_image_fill(image, (lt_rect){0, 0, 2, 3}, (lt_rgb){255, 0, 0});
    lt_image_fill(image, (lt_rect){1, 1, 1, 1}, (lt_rgb){0, 0, 255});
    lt_blocks_encode(image, LT_COLOURS_TRUE, 4, 9, &b);
    assert_string_equal(b.data, "\033[0m\033[5;10H\033[48;2;255;0;0m "
                                "\033[38;2;255;0;0m\033[48;2;0;0;255m\xE2\x96\x80"
                                "\033[6;10H\033[49m\xE2\x96\x80\xE2\x96\x80\033[0m");
    lt_buf_clear(&b);
    lt_blocks_encode(image, LT_COLOURS_256, 0, 0, &b);
    assert_non_null(strstr(b.data, "\033[38;5;"));
    assert_null(strstr(b.data, "38;2"));
    lt_buf_clear(&b);
    lt_blocks_encode(image, LT_COLOURS_16, 0, 0, &b);
    assert_non_null(strstr(b.data, "\033[31m"));
    assert_non_null(strstr(b.data, "\033[44m"));
    lt_image_unref(image);
    lt_buf_done(&b);
}

static void test_text(void **state)
{
    (void)state;
    lt_image *image;
    lt_buf b = {0};
    CHECK_OK(lt_image_new(3, 2, &image, err));
    lt_image_fill(image, (lt_rect){1, 0, 1, 1}, (lt_rgb){255, 255, 255});
    lt_image_fill(image, (lt_rect){2, 1, 1, 1}, (lt_rgb){128, 128, 128});
    lt_blocks_text(image, 1, 2, &b);
    assert_string_equal(b.data, "\033[0m\033[2;3H @ \033[3;3H  +");
    lt_image_unref(image);
    lt_buf_done(&b);
}

static void test_nearest(void **state)
{
    (void)state;
    assert_int_equal(lt_blocks_256((lt_rgb){0, 0, 0}), 16);
    assert_int_equal(lt_blocks_256((lt_rgb){255, 255, 255}), 231);
    assert_int_equal(lt_blocks_256((lt_rgb){255, 0, 0}), 196);
    assert_int_equal(lt_blocks_256((lt_rgb){128, 128, 128}), 244);
    assert_int_equal(lt_blocks_256((lt_rgb){95, 135, 175}), 67);
    assert_int_equal(lt_blocks_16((lt_rgb){250, 10, 10}), 9);
    assert_int_equal(lt_blocks_16((lt_rgb){0, 0, 0}), 0);
    assert_int_equal(lt_blocks_16((lt_rgb){255, 255, 255}), 15);
}

/* Whether data is still to come behind these bytes, as kitty counts: a piece that has no m, or
 * m=0, is the last one of its picture. */
static bool is_open(const lt_buf *b)
{
    bool open = false;
    for (const char *at = b->data; (at = strstr(at, "\033_G")); at++) {
        const char *end = strstr(at, "\033\\"), *m = strstr(at, "m=1");
        assert_non_null(end);
        open = m && m < end && memchr(m, ';', (size_t)(end - m));
    }
    return open;
}

/* A frame without its middle leaves nothing open: else the next picture would be taken for more of
 * this one. */
static void test_cut(void **state)
{
    (void)state;
    lt_term t = xterm;
    t.kitty = t.sync = true;
    const lt_place place = {.row = 1, .col = 2};
    lt_encoder *e = lt_encoder_new(&t, LT_GRAPHICS_KITTY);
    lt_image *image = gradient(60, 40);
    lt_buf whole = {0}, part = {0};
    uint32_t noise = 1;
    for (size_t i = 0; i < lt_image_bytes(image); i++) { /* nothing that zlib makes small */
        noise = noise * 1664525u + 1013904223u;
        image->rgb[i] = (unsigned char)(noise >> 24);
    }
    lt_fit fit = lt_fit_make(&t, LT_GRAPHICS_KITTY, &(lt_frame_room){40, 20, LT_ZOOM_ONE}, 60, 40);
    CHECK_OK(lt_frame_encode(e, image, &fit, &place, (lt_quality){.scale = 1}, &whole, err));
    size_t tail = lt_frame_tail(e);
    assert_true(tail > 2 * 4096);
    for (size_t at = 0; at <= tail; at++) {
        lt_buf_clear(&part);
        lt_buf_add(&part, whole.data, at);
        lt_buf_str(&part, whole.data + tail);
        assert_false(is_open(&part));
    }
    lt_encoder_free(e);
    lt_image_unref(image);
    lt_buf_done(&whole);
    lt_buf_done(&part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),   cmocka_unit_test(test_choice),
        cmocka_unit_test(test_sizes),   cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_frames),  cmocka_unit_test(test_same_size),
        cmocka_unit_test(test_quality), cmocka_unit_test(test_tmux_limit),
        cmocka_unit_test(test_nothing), cmocka_unit_test(test_hide),
        cmocka_unit_test(test_kitty),   cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_text),    cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
