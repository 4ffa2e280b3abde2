/* Help: wrapping, and the tables that it is made from. */
#include "cli/cli.h"
#include "cli/help.h"
#include "support/check.h"

#include <stdlib.h>

static void wraps(int columns, int column, int indent, const char *text, const char *want)
{
    lt_buf b = {0};
    lt_help_wrap(&b, &(lt_help_shape){columns, column, indent}, text);
    assert_string_equal(b.data, want);
    lt_buf_done(&b);
}

static void test_wrap(void **state)
{
    (void)state;
    wraps(10, 0, 0, "one two three", "one two\nthree\n");
    wraps(10, 0, 0, "one two th", "one two th\n");
    wraps(10, 6, 2, "one two", "one\n  two\n");
    wraps(5, 0, 0, "a very-long-word b", "a\nvery-long-word\nb\n");
    wraps(80, 0, 2, "one\ntwo", "one\n  two\n");
    wraps(80, 0, 0, "", "\n");
}

/* No line of any help is wider than asked for, but for examples and usage, which are not cut. */
static void test_width(void **state)
{
    (void)state;
    for (int i = 0; lt_cli_command(i); i++) {
        lt_buf b = {0};
        lt_help_command(lt_cli_command(i), 60, &b);
        char *options = strstr(b.data, "\noptions:\n"), *example = strstr(b.data, "\nexample:\n");
        assert_non_null(options);
        if (example)
            *example = '\0';
        for (char *line = strtok(options, "\n"); line; line = strtok(NULL, "\n"))
            if (strlen(line) > 60)
                fail_msg("%s: '%s'", lt_cli_command(i)->name, line);
        lt_buf_done(&b);
    }
}

/* Within one command no name and no letter stands for two options. */
static void test_tables(void **state)
{
    (void)state;
    for (int i = 0; lt_cli_command(i); i++) {
        int count;
        lt_option *o = lt_help_options(lt_cli_command(i), &count);
        for (int a = 0; a < count; a++)
            for (int b = 0; b < a; b++)
                if (strcmp(o[a].name, o[b].name) == 0 ||
                    (o[a].letter && o[a].letter == o[b].letter))
                    fail_msg("%s: --%s and --%s", lt_cli_command(i)->name, o[a].name, o[b].name);
        free(o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
