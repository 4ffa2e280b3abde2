/* How progress looks. */
#include "cli/bar.h"
#include "support/check.h"

static void draws(const lt_bar_state *s, int width, bool utf8, const char *want)
{
    char line[512];
    lt_bar_draw(s, width, utf8, line, sizeof line);
    assert_string_equal(line, want);
}

static void test_draw(void **state)
{
    (void)state;
    lt_bar_state s = {.label = "steps", .done = 12, .total = 25, .elapsed = 3.07, .pace = 0.256};
    draws(&s, 63, false, "steps:  48%|#########6          | 12/25 [00:03<00:03, 3.91it/s]");
}

static void test_widths(void **state)
{
    (void)state;
    lt_bar_state s = {.label = "steps", .done = 1, .total = 2, .elapsed = 61, .pace = 61};
    char line[1024];
    for (int width = 1; width < 600; width++) {
        lt_bar_draw(&s, width, false, line, sizeof line);
        assert_true((int)strlen(line) <= width);
    }
    draws(&s, 46, false, "steps:  50%|##  | 1/2 [01:01<01:01, 61.00s/it]");
    draws(&s, 10, false, "steps:  50");
    draws(&s, 0, false, "");
}

static void test_blocks(void **state)
{
    (void)state;
    lt_bar_state s = {.label = "x", .done = 0, .total = 16};
    draws(&s, 41, true, "x:   0%|          | 0/16 [00:00<?, ?it/s]");
    s = (lt_bar_state){.label = "x", .done = 9, .total = 16, .elapsed = 9, .pace = 1};
    draws(&s, 40, true, "x:  56%|\u2588\u258F| 9/16 [00:09<00:07, 1.00it/s]");
    s.done = 16;
    draws(&s, 41, true, "x: 100%|\u2588\u2588| 16/16 [00:09<00:00, 1.00it/s]");
}

static void test_long_times(void **state)
{
    (void)state;
    lt_bar_state s = {.label = "x", .done = 1, .total = 1000, .elapsed = 3723, .pace = 1e9};
    char line[512];
    lt_bar_draw(&s, 200, false, line, sizeof line);
    assert_non_null(strstr(line, "[1:02:03<1000000:00:00, 1000000000.00s/it]"));
}

static void says(const lt_bar_state *s, const char *want)
{
    char line[256];
    lt_bar_sentence(s, line, sizeof line);
    assert_string_equal(line, want);
}

static void test_sentence(void **state)
{
    (void)state;
    lt_bar_state s = {.label = "steps", .total = 30};
    says(&s, "steps: 30 to do");
    s.done = 19;
    s.elapsed = 6.2;
    s.pace = 0.8;
    says(&s, "steps: 19 of 30 (63 %), 6 s gone, about 9 s left, 1.25it/s");
    s.done = 30;
    s.elapsed = 11.44;
    says(&s, "steps: 30 of 30 done in 11.4 s, 1.25it/s");
}

/* Lines of a log for `total` steps of `seconds` each. */
static int lines(int total, double seconds)
{
    lt_bar_mark last = {0};
    int n = 0;
    for (int done = 0; done <= total; done++) {
        lt_bar_state s = {.done = done, .total = total, .elapsed = done * seconds};
        if (lt_bar_due(&s, &last)) {
            last = (lt_bar_mark){.done = done, .elapsed = s.elapsed};
            n++;
        }
    }
    return n;
}

static void test_due(void **state)
{
    (void)state;
    assert_int_equal(lines(25, 0.04), 2);  /* a second: the start and the end */
    assert_int_equal(lines(30, 1), 7);     /* half a minute: every five seconds */
    assert_int_equal(lines(1000, 10), 11); /* hours: every tenth */
    assert_int_equal(lines(1, 100), 2);
}

static void test_pace(void **state)
{
    (void)state;
    lt_bar_pace p = {0};
    assert_float_equal(lt_bar_pace_add(&p, 2), 2, 1e-12); /* unbiased from the first */
    assert_float_equal(lt_bar_pace_add(&p, 2), 2, 1e-12);
    double after = 0;
    for (int i = 0; i < 40; i++)
        after = lt_bar_pace_add(&p, 1);
    assert_float_equal(after, 1, 1e-5); /* 0.7^40 = 6e-7 of the old is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draw),     cmocka_unit_test(test_widths),
        cmocka_unit_test(test_blocks),   cmocka_unit_test(test_long_times),
        cmocka_unit_test(test_sentence), cmocka_unit_test(test_due),
        cmocka_unit_test(test_pace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
