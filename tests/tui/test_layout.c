/* Every size of screen: all inside, nothing twice, and never a blank beside the picture. */
#include "tui/layout.h"

#include "support/check.h"

static lt_layout_ask ask_of(int cols, int rows)
{
    return (lt_layout_ask){.cols = cols,
                           .rows = rows,
                           .cell_width = 10,
                           .cell_height = 20,
                           .picture_width = 1,
                           .picture_height = 1,
                           .prompt_rows = 1,
                           .negative_rows = 1};
}

static void mark(unsigned char *cells, int cols, int rows, lt_rect r)
{
    assert_true(r.x >= 0 && r.y >= 0 && r.width >= 0 && r.height >= 0);
    assert_true(r.x + r.width <= cols && r.y + r.height <= rows);
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++) {
            assert_int_equal(cells[y * cols + x], 0);
            cells[y * cols + x] = 1;
        }
}

static bool within(lt_rect in, lt_rect out)
{
    return in.x > out.x && in.y > out.y && in.x + in.width < out.x + out.width &&
           in.y + in.height < out.y + out.height;
}

static void check(const lt_layout_ask *a)
{
    static unsigned char cells[400 * 120];
    lt_layout l;
    lt_layout_make(a, &l);
    assert_int_equal(l.too_small, a->cols < 80 || a->rows < 24);
    if (l.too_small)
        return;
    memset(cells, 0, sizeof cells);
    const lt_rect all[] = {l.title,  l.picture_box, l.panel_box, l.text,  l.timeline,
                           l.prompt, l.negative,    l.message,   l.footer};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mark(cells, a->cols, a->rows, all[i]);
    assert_null(memchr(cells, 0, (size_t)(a->cols * a->rows)));
    /* a border in the first and the last column of the picture's rows, and a row to spare */
    assert_int_equal(l.picture_box.x, 0);
    assert_int_equal(l.picture_box.width + l.panel_box.width, a->cols);
    assert_true(within(l.picture, l.picture_box));
    assert_int_equal(l.picture.y + l.picture.height + 2, l.picture_box.y + l.picture_box.height);
    assert_true(l.picture.width >= 18 && l.picture.height >= 8);
    if (l.panel.width)
        assert_true(within(l.panel, l.panel_box) && l.panel.width >= 38);
    else
        assert_int_equal(a->zoom, LT_LAYOUT_ONLY);
    if (l.side.width) {
        assert_true(a->sides && a->cols >= LT_LAYOUT_WIDE && a->zoom == LT_LAYOUT_NORMAL);
        assert_true(within(l.side, l.picture_box) && l.side.width >= 20 && l.picture.width >= 38);
        assert_true(l.side.x > l.picture.x + l.picture.width);
        assert_int_equal(l.side.y, l.picture.y);
        assert_int_equal(l.side.height, l.picture.height);
        if (a->most_cols)
            assert_true(l.side.x + l.side.width - l.picture.x <= a->most_cols);
    }
    if (a->text_rows)
        assert_true(l.text.height >= 6 && l.text.height <= a->text_rows && !l.prompt.width);
    else
        assert_true(l.prompt.height >= 1 && l.negative.height >= 1 && l.prompt.width == a->cols);
}

static void test_all_sizes(void **state)
{
    (void)state;
    for (int rows = 1; rows <= 110; rows += rows < 30 ? 1 : 7)
        for (int cols = 1; cols <= 320; cols += cols < 90 ? 1 : 11)
            for (int zoom = LT_LAYOUT_NORMAL; zoom <= LT_LAYOUT_ONLY; zoom++)
                for (int shape = 0; shape < 3; shape++)
                    for (int text = 1; text <= 9; text += 4) {
                        lt_layout_ask a = ask_of(cols, rows);
                        a.zoom = (lt_layout_zoom)zoom;
                        a.picture_width = shape == 1 ? 4 : 1;
                        a.picture_height = shape == 2 ? 4 : 1;
                        a.prompt_rows = text;
                        a.negative_rows = text;
                        check(&a);
                        a.sides = true;
                        check(&a);
                        a.most_cols = 100; /* xterm takes 1000 pixels */
                        check(&a);
                        a.sides = false;
                        a.most_cols = 0;
                        a.text_rows = 5 + text;
                        check(&a);
                    }
}

/* A square picture gets a square of pixels where the screen allows it. */
static void test_shape(void **state)
{
    (void)state;
    lt_layout l;
    lt_layout_ask a = ask_of(200, 60);
    lt_layout_make(&a, &l);
    int width = l.picture.width * a.cell_width, height = l.picture.height * a.cell_height;
    assert_true(width >= height);
    assert_true(l.panel_box.width <= 100);
    a = ask_of(80, 24);
    lt_layout_make(&a, &l);
    assert_int_equal(l.prompt.height, 1);
    assert_true(l.picture.width * a.cell_width >= 300 && l.picture.height * a.cell_height >= 280);
    a.zoom = LT_LAYOUT_ONLY;
    lt_layout_make(&a, &l);
    assert_int_equal(l.picture.width, 78);
}

/* As in the sketch: about 92 columns for the picture, 44 for those beside it, 60 for the panel. */
static void test_sides(void **state)
{
    (void)state;
    lt_layout l, without;
    lt_layout_ask a = ask_of(200, 60);
    lt_layout_make(&a, &without);
    a.sides = true;
    lt_layout_make(&a, &l);
    assert_in_range(l.picture.width, 86, 98);
    assert_in_range(l.side.width, 40, 50);
    assert_in_range(l.panel_box.width, 50, 60);
    for (int cols = 80; cols < LT_LAYOUT_WIDE; cols++) { /* nothing changes */
        a = ask_of(cols, 60);
        lt_layout_make(&a, &without);
        a.sides = true;
        lt_layout_make(&a, &l);
        assert_memory_equal(&l, &without, sizeof l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_sizes),
                                       cmocka_unit_test(test_shape), cmocka_unit_test(test_sides)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
