/* The tree of runs as lines. */
#include "tui/tree.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "support/check.h"

static void check(const int *parents, int count, bool utf8, const char *expected)
{
    lt_tree_row rows[64];
    char guides[LT_TREE_DEEP * 8];
    lt_buf all = {0};
    lt_tree_make(parents, count, rows);
    for (int i = 0; i < count; i++) {
        size_t n = lt_tree_guides(&rows[i], utf8, guides, sizeof guides);
        assert_int_equal(n, strlen(guides));
        lt_buf_format(&all, "%s%d\n", guides, rows[i].item);
    }
    assert_string_equal(all.len ? all.data : "", expected);
    lt_buf_done(&all);
}

static void test_shapes(void **state)
{
    (void)state;
    check(NULL, 0, true, "");
    check((const int[]){-1, -1}, 2, true, "0\n1\n");
    check((const int[]){-1, 0, 0, 1, -1, 2, 1}, 7, true, "0\n├ 1\n│ ├ 3\n│ └ 6\n└ 2\n  └ 5\n4\n");
    check((const int[]){-1, 0, 0, 1, -1, 2, 1}, 7, false, "0\n+ 1\n| + 3\n| ` 6\n` 2\n  ` 5\n4\n");
}

/* Deeper than can be drawn: everything is there, at the last depth. */
static void test_deep(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    int parents[COUNT];
    lt_tree_row rows[COUNT];
    char guides[LT_TREE_DEEP * 8];
    for (int i = 0; i < COUNT; i++)
        parents[i] = i - 1;
    lt_tree_make(parents, COUNT, rows);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(rows[i].item, i);
        assert_int_equal(rows[i].depth, i < LT_TREE_DEEP ? i : LT_TREE_DEEP);
        assert_true(lt_tree_guides(&rows[i], true, guides, sizeof guides) < sizeof guides);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes), cmocka_unit_test(test_deep)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
