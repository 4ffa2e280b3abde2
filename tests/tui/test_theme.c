/* Names of themes, both ways. */
#include "tui/theme.h"

#include "support/check.h"

static void test_names(void **state)
{
    (void)state;
    lt_theme found = LT_THEME_LIGHT;
    for (int i = 0; i < LT_THEME_COUNT; i++) {
        assert_true(lt_theme_find(lt_theme_name((lt_theme)i), &found));
        assert_int_equal(found, i);
    }
    assert_false(lt_theme_find("Dark", &found));
    assert_false(lt_theme_find("", &found));
    assert_int_equal(found, LT_THEME_MONO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
