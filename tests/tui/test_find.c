/* Finding text without regard to case. */
#include "tui/find.h"

#include "support/check.h"

static void finds(const char *text, const char *needle, size_t from, size_t want_start,
                  size_t want_end)
{
    size_t start = 999, end = 999;
    if (!lt_find(text, strlen(text), from, needle, &start, &end))
        fail_msg("'%s' was not found in '%s'", needle, text);
    assert_int_equal(start, want_start);
    assert_int_equal(end, want_end);
}

static void finds_not(const char *text, const char *needle, size_t from)
{
    size_t start, end;
    assert_false(lt_find(text, strlen(text), from, needle, &start, &end));
}

static void test_case(void **state)
{
    (void)state;
    finds("A red FOX", "fox", 0, 6, 9);
    finds("a red fox", "RED", 0, 2, 5);
    finds("aaa", "aa", 1, 1, 3);
    finds_not("aaa", "aa", 2);
    finds_not("fox", "foxy", 0);
    finds_not("fox", "", 0);
    finds_not("", "a", 0);
    finds_not("fox", "f", 99);
}

static void test_unicode(void **state)
{
    (void)state;
    finds("caf\xC3\x89!", "caf\xC3\xA9", 0, 0, 5);  /* E and e with an accent */
    finds("caf\xC3\xA9!", "cafe\xCC\x81", 0, 0, 5); /* the accent as a mark */
    finds("xe\xCC\x81y", "\xC3\xA9", 0, 1, 4);      /* and the other way round */
    finds("Stra\xC3\x9F"
          "e",
          "STRASSE", 0, 0, 7); /* offsets are of the text, not of its fold */
    finds("\xCE\xA3\xCE\xAF\xCF\x83\xCF\x85\xCF\x86\xCE\xBF\xCF\x82", "\xCF\x83", 1, 4, 6);
    finds("\xE7\x8C\xAB\xE7\x8B\x90", "\xE7\x8B\x90", 0, 3, 6);
    /* two bytes that become three characters, many times */
    char many[2 * 200 + 2];
    for (int i = 0; i < 200; i++)
        memcpy(many + i * 2, "\xCE\x90", 2);
    strcpy(many + 400, "z");
    finds(many, "Z", 0, 400, 401);
    finds_not("fox", "\xFF", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_case),
        cmocka_unit_test(test_unicode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
