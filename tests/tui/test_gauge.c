/* Bars, rates, times, sizes; the timeline for every size that is promised. */
#include "tui/gauge.h"

#include <math.h>

#include "support/check.h"
#include "tui/cells.h"

static void bar_is(double fraction, int cells, bool utf8, const char *want)
{
    char to[64];
    lt_gauge_bar(fraction, cells, utf8, to, sizeof to);
    assert_string_equal(to, want);
}

static void test_bar(void **state)
{
    (void)state;
    bar_is(0, 4, true, "    ");
    bar_is(1, 4, true, "\u2588\u2588\u2588\u2588");
    bar_is(0.5, 4, true, "\u2588\u2588  ");
    bar_is(0.53125, 4, true, "\u2588\u2588\u258F ");
    bar_is(0.999, 2, true, "\u2588\u2589");
    bar_is(0.5, 5, false, "##5  ");
    bar_is(1, 3, false, "###");
    bar_is(-3, 3, true, "   ");
    bar_is(7, 2, false, "##");
    bar_is(NAN, 2, true, "  ");
    bar_is(0.5, 0, true, "");
    char small[5];
    lt_gauge_bar(1, 4, true, small, sizeof small); /* never half a character */
    assert_string_equal(small, "\u2588");
}

static void test_bar_is_exact(void **state)
{
    (void)state;
    char to[40 * 3 + 1];
    for (int cells = 0; cells <= 40; cells++)
        for (int i = 0; i <= 1000; i++)
            for (int utf8 = 0; utf8 < 2; utf8++) {
                lt_gauge_bar(i / 1000.0, cells, utf8, to, sizeof to);
                assert_int_equal(lt_cells_width(to, strlen(to)), cells);
            }
}

static void rate_is(double seconds, const char *want)
{
    char to[LT_GAUGE_TEXT];
    lt_gauge_rate(seconds, to);
    assert_string_equal(to, want);
}

static void test_rate(void **state)
{
    (void)state;
    rate_is(0.625, "1.6 it/s");
    rate_is(1, "1.0 it/s");
    rate_is(2.4, "2.40 s/it");
    rate_is(1.05, "1.05 s/it");
    rate_is(9.999, "10.0 s/it");
    rate_is(123.4, "123 s/it");
    rate_is(0.01, "100 it/s");
    rate_is(0.05, "20.0 it/s");
    rate_is(0, "? it/s");
    rate_is(-1, "? it/s");
    rate_is(NAN, "? it/s");
    rate_is(INFINITY, "? it/s");
    rate_is(1e-300, "1000000000 it/s");
}

static void time_is(double seconds, const char *want)
{
    char to[LT_GAUGE_TEXT], eta[LT_GAUGE_TEXT], want_eta[LT_GAUGE_TEXT + 4] = "eta ";
    lt_gauge_time(seconds, to);
    assert_string_equal(to, want);
    lt_gauge_eta(seconds, eta);
    assert_string_equal(eta, strcat(want_eta, want));
}

static void test_time(void **state)
{
    (void)state;
    char to[LT_GAUGE_TEXT];
    time_is(0, "0.0 s");
    time_is(0.42, "0.4 s");
    time_is(0.96, "1 s");
    time_is(5.2, "5 s");
    time_is(59.4, "59 s");
    time_is(59.6, "1:00");
    time_is(65, "1:05");
    time_is(3725, "1:02:05");
    time_is(360000, "100:00:00");
    lt_gauge_eta(-1, to);
    assert_string_equal(to, "eta ?");
    lt_gauge_eta(NAN, to);
    assert_string_equal(to, "eta ?");
    lt_gauge_eta(INFINITY, to);
    assert_string_equal(to, "eta 277777:46:40");
}

static void size_is(uint64_t bytes, const char *want)
{
    char to[LT_GAUGE_TEXT];
    lt_gauge_size(bytes, to);
    assert_string_equal(to, want);
}

static void test_size(void **state)
{
    (void)state;
    size_is(0, "0 B");
    size_is(1023, "1023 B");
    size_is(1024, "1.0 KiB");
    size_is(1300000, "1.2 MiB");
    size_is(1048575, "1.0 MiB");
    size_is(512 << 20, "512 MiB");
    size_is(UINT64_MAX, "16.0 EiB");
}

static void line_is(lt_timeline t, const char *want)
{
    char to[LT_TIMELINE_MOST + 1];
    lt_timeline_draw(&t, to);
    assert_string_equal(to, want);
}

static void test_timeline(void **state)
{
    (void)state;
    line_is((lt_timeline){.steps = 6, .made = 4, .at = 3, .width = 27},
            "noise |o-o-o[@]o-.-.| image");
    line_is((lt_timeline){.steps = 5, .made = 3, .at = 3, .width = 25},
            "noise |o-o-o[@].-.| image");
}

static void test_timeline_ends(void **state)
{
    (void)state;
    line_is((lt_timeline){.steps = 4, .made = 2, .at = 0, .width = 11}, "[@]o-o-.-.|");
    line_is((lt_timeline){.steps = 4, .made = 4, .at = 4, .width = 11}, "|o-o-o-o[@]");
    line_is((lt_timeline){.steps = 0, .width = 10}, "[@]------|");
    line_is((lt_timeline){.steps = 1000, .made = 500, .at = 0, .width = 10}, "[@]oo....|");
    line_is((lt_timeline){.steps = 4, .made = 9, .at = 9, .width = 11}, "|o-o-o-o[@]");
    line_is((lt_timeline){.steps = -4, .made = -9, .at = -9, .width = -1}, "[@]------|");
}

/* Every number of steps up to 1000 in every width from 10 to 300. */
static void check_mapping(const lt_timeline *t)
{
    int expected = 0, before = -1, first, last;
    for (int p = 0; p <= t->steps; p++) {
        int cell = lt_timeline_cell(t, p);
        lt_timeline_positions(t, cell, &first, &last);
        if (cell < before || cell < 1 || cell > t->width - 2 || p < first || p > last)
            fail_msg("%d steps in %d cells: position %d is in cell %d, of %d to %d", t->steps,
                     t->width, p, cell, first, last);
        before = cell;
    }
    int side = t->width < 25 ? 1 : 7;
    bool dense = t->steps >= t->width - 2 * side;
    for (int x = 0, most = -1; x < t->width; x++) {
        bool inside = x >= side && x < t->width - side;
        lt_timeline_positions(t, x, &first, &last);
        if (first > last || first < 0 || last > t->steps || first < most || first > expected ||
            (dense && inside && first != expected))
            fail_msg("%d steps in %d cells: cell %d is %d to %d", t->steps, t->width, x, first,
                     last);
        most = first;
        if (inside)
            expected = last + 1;
    }
    assert_int_equal(expected, t->steps + 1); /* no position is left out */
}

static void test_every_timeline(void **state)
{
    (void)state;
    for (int width = LT_TIMELINE_LEAST; width <= 300; width++)
        for (int steps = 0; steps <= 1000; steps += steps < 320 ? 1 : 17) {
            lt_timeline t = {.steps = steps, .width = width};
            check_mapping(&t);
        }
}

static void test_cells_of_their_own(void **state)
{
    (void)state;
    for (int width = LT_TIMELINE_LEAST; width <= 300; width++) {
        int cells = width - (width < 25 ? 2 : 14);
        for (int steps = 0; steps < cells; steps++) { /* room for all: each has its own cell */
            lt_timeline t = {.steps = steps, .width = width};
            for (int p = 0; p <= steps; p++) {
                int first, last;
                lt_timeline_positions(&t, lt_timeline_cell(&t, p), &first, &last);
                assert_true(first == p && last == p);
            }
        }
    }
}

static void test_drawing_agrees(void **state)
{
    (void)state;
    char to[LT_TIMELINE_MOST + 1];
    for (int width = LT_TIMELINE_LEAST; width <= 300; width += 3)
        for (int steps = 1; steps <= 1000; steps = steps * 3 / 2 + 1)
            for (int at = 0; at <= steps; at += 1 + steps / 7) {
                lt_timeline t = {.steps = steps, .made = steps / 2, .at = at, .width = width};
                int cell = lt_timeline_cell(&t, at);
                lt_timeline_draw(&t, to);
                assert_int_equal(strlen(to), width);
                assert_memory_equal(to + cell - 1, "[@]", 3);
                int made = lt_timeline_cell(&t, t.made), edge = made > cell ? made : cell + 2;
                for (int x = edge + 1; x < width - (width < 25 ? 1 : 7); x++)
                    assert_true(to[x] == '.' || to[x] == '-'); /* nothing planned looks computed */
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bar),
        cmocka_unit_test(test_bar_is_exact),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_timeline),
        cmocka_unit_test(test_timeline_ends),
        cmocka_unit_test(test_every_timeline),
        cmocka_unit_test(test_cells_of_their_own),
        cmocka_unit_test(test_drawing_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
