/* What a plot looks like, to the character. */
#include "tui/plot.h"

#include <math.h>

#include "support/check.h"

static void check(lt_plot *p, const char *want)
{
    lt_buf text = {0};
    lt_plot_text(p, &text);
    assert_string_equal(text.data, want);
    lt_buf_done(&text);
    lt_plot_done(p);
}

static void test_line(void **state)
{
    (void)state;
    lt_plot p;
    assert_true(lt_plot_init(&p, LT_PLOT_LEFT + 9, 5 + LT_PLOT_BELOW, 0, 8, 0, 2));
    for (int column = 0; column < 9; column++)
        lt_plot_mark(&p, lt_plot_x(&p, column), column / 4.0, '*');
    check(&p, "     2|       **\n" /* halves go to the even row */
              "      |      *  \n"
              "     1|   ***   \n"
              "      |  *      \n"
              "     0|**       \n"
              "      +---------\n"
              "       0       8\n");
}

/* 16, 4, 1: equal ratios, equal rows; what is outside is at the edge. */
static void test_logarithm(void **state)
{
    (void)state;
    lt_plot p;
    assert_true(lt_plot_init(&p, LT_PLOT_LEFT + 11, 5 + LT_PLOT_BELOW, 0, 100, 1, 16));
    p.logarithmic = true;
    lt_plot_mark(&p, 0, 16, 'a');
    lt_plot_mark(&p, 50, 4, 'b');
    lt_plot_mark(&p, 70, 2, 'c');
    lt_plot_mark(&p, 100, 0, 'd');
    lt_plot_mark(&p, 120, 100, 'e');
    check(&p, "    16|a         e\n"
              "      |           \n"
              "     4|     b     \n"
              "      |       c   \n"
              "     1|          d\n"
              "      +-----------\n"
              "       0       100\n");
}

/* Less than that is no plot. */
static void test_room(void **state)
{
    (void)state;
    lt_plot p;
    assert_false(lt_plot_init(&p, LT_PLOT_LEFT + 7, 20, 0, 1, 0, 1));
    assert_false(lt_plot_init(&p, 40, LT_PLOT_BELOW + 1, 0, 1, 0, 1));
    assert_false(lt_plot_init(&p, 40, 20, 1, 1, 0, 1));
    assert_false(lt_plot_init(&p, 40, 20, 0, 1, 1, 1));
    for (int width = 15; width < 700; width += 17) {
        assert_true(lt_plot_init(&p, width, width / 4 + 4, 0, 1, 0, 1));
        lt_plot_mark(&p, 1, 1, '*');
        lt_plot_done(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line), cmocka_unit_test(test_logarithm), cmocka_unit_test(test_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
