/* Several pictures as one: where tiles go, what is drawn, and what is not drawn again. */
#include "tui/mosaic.h"

#include "support/check.h"

enum { SIDE = 8, MOST = 16 };

typedef struct set {
    lt_mosaic *m;
    lt_mosaic_tile tiles[MOST];
    lt_mosaic_ask ask;
} set;

/* A picture of one colour with a black dot in its corner. */
static lt_image *picture(int value)
{
    lt_image *image;
    unsigned char v = (unsigned char)value;
    CHECK_OK(lt_image_new(SIDE, SIDE, &image, err));
    lt_image_fill(image, (lt_rect){0, 0, SIDE, SIDE}, (lt_rgb){v, v, v});
    lt_image_fill(image, (lt_rect){0, 0, 1, 1}, (lt_rgb){0, 0, 0});
    return image;
}

static set set_of(int count, int width, int height)
{
    set s = {.m = lt_mosaic_new()};
    for (int i = 0; i < count; i++)
        s.tiles[i].image = picture(100 + i);
    s.ask = (lt_mosaic_ask){.width = width,
                            .height = height,
                            .tile_width = SIDE,
                            .tile_height = SIDE,
                            .frame = 2,
                            .count = count,
                            .chosen = -1};
    return s;
}

static lt_image *make(set *s)
{
    lt_image *whole;
    s->ask.tiles = s->tiles;
    CHECK_OK(lt_mosaic_make(s->m, &s->ask, &whole, err));
    return whole;
}

static void done(set *s)
{
    for (int i = 0; i < MOST; i++)
        lt_image_unref(s->tiles[i].image);
    lt_mosaic_free(s->m);
}

static int at(const lt_image *image, int x, int y)
{
    assert_true(x >= 0 && y >= 0 && x < image->width && y < image->height);
    return image->rgb[(y * image->width + x) * 3];
}

/* Every picture is where it is said to be, whole, enlarged in squares. */
static void assert_tiles(const set *s, const lt_image *whole)
{
    for (int i = 0; i < s->ask.count; i++) {
        lt_rect r = lt_mosaic_picture(s->m, i);
        int times = r.width / SIDE;
        assert_int_equal(r.width, times * SIDE);
        assert_int_equal(r.height, times * SIDE);
        assert_int_equal(at(whole, r.x + times - 1, r.y + times - 1), 0);
        assert_int_equal(at(whole, r.x + times, r.y), 100 + i);
        assert_int_equal(at(whole, r.x + r.width - 1, r.y + r.height - 1), 100 + i);
        assert_int_equal(lt_mosaic_tile_at(s->m, r.x, r.y), i);
        assert_int_equal(lt_mosaic_tile_at(s->m, r.x + r.width - 1, r.y + r.height - 1), i);
    }
}

static void test_plans(void **state)
{
    (void)state;
    static const struct {
        int count, width, height, columns, side;
    } rows[] = {
        {1, 40, 40, 1, 32},  {4, 160, 40, 4, 32},   {4, 90, 90, 2, 40},  {4, 40, 160, 1, 32},
        {8, 160, 80, 4, 32}, {16, 240, 240, 4, 56}, {3, 150, 45, 3, 40},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set s = set_of(rows[i].count, rows[i].width, rows[i].height);
        assert_int_equal(lt_mosaic_columns(s.m), 0);
        assert_int_equal(lt_mosaic_tile_at(s.m, 0, 0), -1);
        lt_image *whole = make(&s);
        assert_int_equal(whole->width, rows[i].width);
        assert_int_equal(whole->height, rows[i].height);
        assert_int_equal(lt_mosaic_columns(s.m), rows[i].columns);
        assert_int_equal(lt_mosaic_picture(s.m, 0).width, rows[i].side);
        assert_tiles(&s, whole);
        lt_image_unref(whole);
        done(&s);
    }
}

/* Beside the tiles there is none. */
static void test_outside(void **state)
{
    (void)state;
    set s = set_of(3, 90, 90);
    lt_image_unref(make(&s));
    assert_int_equal(lt_mosaic_columns(s.m), 2);
    assert_int_equal(lt_mosaic_tile_at(s.m, 80, 80), -1); /* the fourth place */
    assert_int_equal(lt_mosaic_tile_at(s.m, -1, 0), -1);
    assert_int_equal(lt_mosaic_tile_at(s.m, 0, 90), -1);
    assert_int_equal(lt_mosaic_tile_at(s.m, 90, 0), -1);
    done(&s);
}

/* Only the chosen one has a frame, and the frame leaves the picture as it is. */
static void test_chosen(void **state)
{
    (void)state;
    set s = set_of(4, 160, 40);
    for (int chosen = 0; chosen < 4; chosen++) {
        s.ask.chosen = chosen;
        lt_image *whole = make(&s);
        assert_tiles(&s, whole);
        for (int i = 0; i < 4; i++) {
            lt_rect r = lt_mosaic_picture(s.m, i);
            int before = at(whole, r.x - 1, r.y), behind = at(whole, r.x, r.y + r.height);
            assert_true((before == 255) == (i == chosen));
            assert_true((behind == 255) == (i == chosen));
        }
        lt_image_unref(whole);
    }
    done(&s);
}

/* The same is the same picture; another choice is another one, and what was handed out stays. */
static void test_again(void **state)
{
    (void)state;
    set s = set_of(4, 160, 40);
    s.ask.chosen = 1;
    lt_image *first = make(&s), *second = make(&s);
    assert_ptr_equal(first, second);
    s.ask.chosen = 2;
    lt_image *third = make(&s);
    assert_ptr_not_equal(third, first);
    lt_rect r = lt_mosaic_picture(s.m, 1);
    assert_int_equal(at(first, r.x - 1, r.y), 255);
    assert_int_not_equal(at(third, r.x - 1, r.y), 255);
    lt_image_unref(s.tiles[3].image);
    s.tiles[3].image = picture(103 + 50);
    lt_image *fourth = make(&s);
    r = lt_mosaic_picture(s.m, 3);
    assert_int_equal(at(third, r.x + r.width - 1, r.y), 103);
    assert_int_equal(at(fourth, r.x + r.width - 1, r.y), 153);
    lt_image_unref(s.tiles[0].image);
    s.tiles[0].image = NULL; /* gone: an empty tile */
    lt_image *fifth = make(&s);
    r = lt_mosaic_picture(s.m, 0);
    assert_int_equal(at(fifth, r.x + r.width - 1, r.y), 44);
    lt_image_unref(first);
    lt_image_unref(second);
    lt_image_unref(third);
    lt_image_unref(fourth);
    lt_image_unref(fifth);
    done(&s);
}

/* Pixels of the caption's colour in the cell of a tile, below its picture. */
static int written(const set *s, const lt_image *whole, int i)
{
    lt_rect r = lt_mosaic_picture(s->m, i);
    int n = 0, cell = whole->width / lt_mosaic_columns(s->m), left = i * cell;
    for (int y = r.y + r.height + s->ask.frame; y < whole->height; y++)
        for (int x = left; x < left + cell; x++)
            n += at(whole, x, y) == 214;
    return n;
}

static void test_captions(void **state)
{
    (void)state;
    set s = set_of(3, 150, 60);
    s.ask.scale = 1;
    s.tiles[0].caption = "1 s7";
    s.tiles[1].caption = "a caption that is much too wide";
    lt_image *whole = make(&s);
    assert_tiles(&s, whole);
    assert_true(written(&s, whole, 0) > 10);
    assert_true(written(&s, whole, 1) > 10);
    assert_int_equal(written(&s, whole, 2), 0);
    s.tiles[1].caption = "1 s7"; /* what was there is gone */
    lt_image *next = make(&s);
    assert_ptr_not_equal(whole, next);
    assert_int_equal(written(&s, next, 1), written(&s, next, 0));
    s.tiles[0].caption = NULL;
    lt_image *last = make(&s);
    assert_int_equal(written(&s, last, 0), 0);
    lt_image_unref(whole);
    lt_image_unref(next);
    lt_image_unref(last);
    done(&s);
}

/* Neighbours have a gap between their captions; what is too wide has its brief words, or is cut and
 * says so. */
static void test_wide_captions(void **state)
{
    (void)state;
    static const struct {
        const char *caption, *brief, *said;
    } rows[] = {{"0123456", NULL, "0123456"}, /* 50 pixels: 8 characters, one of them the gap */
                {"01234567", NULL, "01234.."},
                {"\303\244\303\244\303\244\303\244\303\244\303\244\303\244", NULL, "???????"},
                {"01234567", "5 v..22", "5 v..22"},
                {"0123456", "5 v..22", "0123456"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set got = set_of(3, 150, 60), want = set_of(3, 150, 60);
        got.ask.scale = want.ask.scale = 1;
        got.tiles[1] = (lt_mosaic_tile){got.tiles[1].image, rows[i].caption, rows[i].brief};
        want.tiles[1].caption = rows[i].said;
        lt_image *a = make(&got), *b = make(&want);
        assert_memory_equal(a->rgb, b->rgb, lt_image_bytes(b));
        lt_image_unref(a);
        lt_image_unref(b);
        done(&got);
        done(&want);
    }
}

/* Smaller than the pictures, and as large as there is room. */
static void test_sizes(void **state)
{
    (void)state;
    set s = set_of(4, 36, 9);
    lt_image *small = make(&s);
    assert_int_equal(lt_mosaic_picture(s.m, 3).width, 5);
    lt_image_unref(small);
    s.ask.width = 200;
    s.ask.height = 50;
    s.ask.fill = true;
    lt_image *large = make(&s);
    assert_int_equal(lt_mosaic_picture(s.m, 3).width, 46);
    lt_image_unref(large);
    done(&s);
}

/* A whole multiple that would leave more than a third of the room empty is not taken. */
static void test_two_thirds(void **state)
{
    (void)state;
    static const struct {
        int room, width;
    } cases[] = {{SIDE, SIDE},
                 {SIDE * 3 / 2, SIDE},
                 {SIDE * 3 / 2 + 1, SIDE * 3 / 2 + 1},
                 {2 * SIDE, 2 * SIDE},
                 {3 * SIDE - 1, 2 * SIDE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set s = set_of(1, cases[i].room + 4, cases[i].room + 4);
        lt_image_unref(make(&s));
        assert_int_equal(lt_mosaic_picture(s.m, 0).width, cases[i].width);
        done(&s);
    }
}

/* A picture of other proportions is not stretched. */
static void test_proportions(void **state)
{
    (void)state;
    set s = set_of(1, 44, 44);
    lt_image *wide;
    CHECK_OK(lt_image_new(2 * SIDE, SIDE, &wide, err));
    lt_image_fill(wide, (lt_rect){0, 0, 2 * SIDE, SIDE}, (lt_rgb){200, 200, 200});
    lt_image_unref(s.tiles[0].image);
    s.tiles[0].image = wide;
    lt_image *whole = make(&s);
    lt_rect r = lt_mosaic_picture(s.m, 0);
    assert_int_equal(r.width, 40);
    for (int y = 0; y < 40; y++) {
        int here = at(whole, r.x + 20, r.y + y);
        assert_int_equal(here == 200, y >= 10 && y < 30);
    }
    assert_int_equal(at(whole, r.x, r.y + 20), 200);
    assert_int_equal(at(whole, r.x + 39, r.y + 20), 200);
    lt_image_unref(whole);
    done(&s);
}

static void test_no_room(void **state)
{
    (void)state;
    lt_image *whole = NULL;
    set s = set_of(4, 6, 6);
    s.ask.tiles = s.tiles;
    CHECK_FAILS(lt_mosaic_make(s.m, &s.ask, &whole, err), LT_ERR_ARGUMENT, "4 tiles");
    s.ask.width = 160; /* and afterwards there is */
    s.ask.height = 40;
    whole = make(&s);
    assert_tiles(&s, whole);
    lt_image_unref(whole);
    done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans),       cmocka_unit_test(test_outside),
        cmocka_unit_test(test_chosen),      cmocka_unit_test(test_again),
        cmocka_unit_test(test_captions),    cmocka_unit_test(test_wide_captions),
        cmocka_unit_test(test_sizes),       cmocka_unit_test(test_two_thirds),
        cmocka_unit_test(test_proportions), cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
