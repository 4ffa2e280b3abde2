/* test_sniff.c - naming files by their first bytes. */
#include "support/check.h"

#include "image/sniff.h"

static void check(const char *bytes, size_t n, const char *what)
{
    const lt_kind *kind = lt_sniff(bytes, n);
    assert_non_null(kind);
    assert_string_equal(kind->what, what);
    assert_true(*kind->hint);
}

static void test_kinds(void **state)
{
    (void)state;
    check("\xFF\xD8\xFF\xE0", 4, "a JPEG picture");
    check("RIFF\1\2\3\4WEBPVP8 ", 16, "a WebP picture");
    check("\0\0\0\x1C"
          "ftypavif",
          12, "an AVIF picture");
    check("\n\t <HTML lang=en>", 17, "a web page");
    check("<svg xmlns", 10, "an SVG picture");
    check("\x89PNG\n\x1a\n", 7, "a PNG picture damaged by a transfer as text");
}

static void test_nothing(void **state)
{
    (void)state;
    assert_null(lt_sniff("", 0));
    assert_null(lt_sniff(NULL, 0));
    assert_null(lt_sniff("\xFF\xD8", 2));
    assert_null(lt_sniff("RIFF\1\2\3\4WEB", 11));
    assert_null(lt_sniff("    \n\n", 6));
    assert_null(lt_sniff("hello, world", 12));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
