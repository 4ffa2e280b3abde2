/* Files of settings: lines, comments, quotes, and what is wrong with a line. */
#define _POSIX_C_SOURCE 200809L
#include "base/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "support/temp.h"

/* The lines of a text as "1:text|3:text", and how many faults there were. */
static void reads(const char *text, size_t n, const char *want, int faults)
{
    lt_conf c;
    lt_conf_faults f = {0};
    lt_buf found = {0};
    lt_buf_str(&found, "");
    lt_conf_parse(text, n, "dir/x.conf", &c, &f);
    for (int i = 0; i < c.count; i++)
        lt_buf_format(&found, "%s%d:%s", i ? "|" : "", c.lines[i].number, c.lines[i].text);
    assert_string_equal(found.data, want);
    assert_int_equal(f.count, faults);
    lt_buf_done(&found);
    lt_conf_done(&c);
    lt_conf_faults_done(&f);
}

static void lines(const char *text, const char *want)
{
    reads(text, strlen(text), want, 0);
}

static void test_lines(void **state)
{
    (void)state;
    lines("", "");
    lines("\n \n\t\n", "");
    lines("a = 1\n\n  b=2\t\nc", "1:a = 1|3:b=2|4:c");
    lines("a\r\nb\r\n", "1:a|2:b");
    lines("\xEF\xBB\xBFsteps = 3\n", "1:steps = 3");
    lines("caf\xC3\xA9 = \xE7\x8C\xAB", "1:caf\xC3\xA9 = \xE7\x8C\xAB");
}

static void test_comments(void **state)
{
    (void)state;
    lines("# a\n  # b\nc # d\ne#f\ng=#h", "3:c|4:e#f|5:g=#h");
    lines("a = \"b # c\" # d", "1:a = \"b # c\"");
    lines("a=\"b # c\"", "1:a=\"b # c\"");
    lines("\"#\" save # the key", "1:\"#\" save");
    lines("a = \"b # c", "1:a = \"b"); /* not closed: a character like others */
    lines("a = b\"c # d\"", "1:a = b\"c");
}

static void test_pairs(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"a=b", "a", "b"},           {"a = b c ", "a", "b c "},       {"a =", "a", ""},
        {"a = \"b\"", "a", "b"},     {"a = \" b \"", "a", " b "},     {"a = \"\"", "a", ""},
        {"a = b = c", "a", "b = c"}, {"a = \"b\" c", "a", "\"b\" c"}, {"= b", "", "b"},
        {"a = \"", "a", "\""},       {"a=\"b=c\"", "a", "b=c"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = lt_strdup(rows[i][0]), *key, *value;
        assert_true(lt_conf_pair(text, &key, &value));
        assert_string_equal(key, rows[i][1]);
        assert_string_equal(value, rows[i][2]);
        free(text);
    }
    char none[] = "a b", *key, *value;
    assert_false(lt_conf_pair(none, &key, &value));
}

static void test_words(void **state)
{
    (void)state;
    char text[] = " q  \"a b\"\tc\" \"", *at = text;
    assert_string_equal(lt_conf_word(&at), "q");
    assert_string_equal(lt_conf_word(&at), "a b");
    assert_string_equal(lt_conf_word(&at), "c\"");
    assert_string_equal(lt_conf_word(&at), "\"");
    assert_null(lt_conf_word(&at));
    assert_null(lt_conf_word(&at));
}

static void test_wrong_lines(void **state)
{
    (void)state;
    char *text = lt_alloc(2 * LT_CONF_LINE);
    reads("a\0b\nc", 5, "2:c", 1);
    reads("a\n\xFF\nb\xC3\nc", 8, "1:a|4:c", 2);
    memset(text, 'x', 2 * LT_CONF_LINE);
    text[LT_CONF_LINE] = '\n';
    text[LT_CONF_LINE + 2] = '\n';
    lt_conf c;
    lt_conf_faults f = {0};
    lt_conf_parse(text, LT_CONF_LINE + 3, "x", &c, &f);
    assert_int_equal(c.count, 2); /* just as long as may be */
    assert_int_equal(f.count, 0);
    lt_conf_done(&c);
    text[LT_CONF_LINE] = 'x';
    lt_conf_parse(text, LT_CONF_LINE + 3, "x", &c, &f);
    assert_int_equal(c.count, 0);
    assert_int_equal(f.count, 1);
    lt_conf_done(&c);
    lt_conf_faults_done(&f);
    free(text);
}

static void test_many_lines(void **state)
{
    (void)state;
    lt_buf text = {0};
    lt_conf c;
    lt_conf_faults f = {0};
    for (int i = 0; i < LT_CONF_LINES + 5; i++)
        lt_buf_str(&text, "a\n\n");
    lt_conf_parse(text.data, text.len, "x", &c, &f);
    assert_int_equal(c.count, LT_CONF_LINES);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.first, "x:20001: more than 10000 lines: the rest is not read");
    lt_conf_done(&c);
    lt_conf_faults_done(&f);
    lt_buf_done(&text);
}

static void test_faults(void **state)
{
    (void)state;
    lt_conf_faults f = {0};
    lt_error a = {0}, b = {0};
    lt_fail(&a, LT_ERR_FORMAT, NULL, "there is no '%s'", "x\033y");
    lt_fail(&b, LT_ERR_IO, "a hint", "cannot open it");
    lt_conf_fault(&f, "/home/u/x.conf", 3, &a);
    lt_conf_fault(&f, "/home/u/x.conf", 0, &b);
    assert_string_equal(f.first, "x.conf:3: there is no 'x\\u{1B}y'");
    assert_string_equal(f.all.data, "/home/u/x.conf:3: there is no 'x\\u{1B}y'\n"
                                    "cannot open it (a hint)\n");
    for (int i = 0; i < 2 * LT_CONF_FAULTS_MOST; i++)
        lt_conf_fault(&f, "x", i + 1, &b);
    assert_int_equal(f.count, 2 + 2 * LT_CONF_FAULTS_MOST);
    int kept = 0;
    for (const char *c = f.all.data; *c; c++)
        kept += *c == '\n';
    assert_int_equal(kept, LT_CONF_FAULTS_MOST + 1);
    assert_string_equal(f.all.data + f.all.len - 10, "\nand more\n");
    lt_conf_faults_done(&f);
}

/* One that is not there says nothing, one that cannot be read is told. */
static void test_files(void **state)
{
    (void)state;
    lt_conf c;
    lt_conf_faults f = {0};
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.conf");
    char *below = lt_path_join(path, "y");
    lt_conf_read(path, &c, &f);
    assert_true(c.count == 0 && f.count == 0);
    CHECK_OK(lt_file_write(path, "a = 1\n", 6, err));
    lt_conf_read(path, &c, &f);
    assert_true(c.count == 1 && f.count == 0);
    lt_conf_done(&c);
    lt_conf_read(below, &c, &f); /* below a file: not there either */
    assert_true(c.count == 0 && f.count == 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("nowhere", path), 0); /* it is there, and leads nowhere */
    lt_conf_read(path, &c, &f);
    assert_int_equal(f.count, 1);
    assert_non_null(strstr(f.first, "cannot open"));
    assert_non_null(strstr(f.first, path));
    lt_conf_read(dir, &c, &f);
    assert_int_equal(f.count, 2);
    assert_non_null(strstr(f.all.data, "it is a directory"));
    assert_int_equal(unlink(path), 0);
    lt_conf_faults_done(&f);
    char *large = lt_alloc(LT_CONF_FILE + 1);
    memset(large, '\n', LT_CONF_FILE + 1);
    CHECK_OK(lt_file_write(path, large, LT_CONF_FILE + 1, err));
    lt_conf_read(path, &c, &f);
    assert_int_equal(f.count, 1);
    CHECK_OK(lt_file_write(path, large, LT_CONF_FILE, err));
    lt_conf_read(path, &c, &f);
    assert_int_equal(f.count, 1);
    lt_conf_faults_done(&f);
    free(large);
    free(below);
    free(path);
    temp_dir_remove(dir);
}

static void path_is(const char *config, const char *home, const char *want)
{
    config ? setenv("XDG_CONFIG_HOME", config, 1) : unsetenv("XDG_CONFIG_HOME");
    home ? setenv("HOME", home, 1) : unsetenv("HOME");
    char *path = lt_conf_path("x.conf");
    if (want)
        assert_string_equal(path, want);
    else
        assert_null(path);
    free(path);
}

static void test_paths(void **state)
{
    (void)state;
    path_is("/c", "/h", "/c/latentty/x.conf");
    path_is(NULL, "/h", "/h/.config/latentty/x.conf");
    path_is("c", "/h", "/h/.config/latentty/x.conf"); /* only absolute ones count */
    path_is("", "/h", "/h/.config/latentty/x.conf");
    path_is("c", "h", NULL);
    path_is(NULL, NULL, NULL);
    setenv("HOME", "/h", 1);
    static const char *const rows[][2] = {
        {"~/a", "/h/a"}, {"~a", "~a"}, {"a/~/b", "a/~/b"}, {"~", "~"}, {"/a", "/a"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *path = lt_conf_home(rows[i][0]);
        assert_string_equal(path, rows[i][1]);
        free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),       cmocka_unit_test(test_comments),
        cmocka_unit_test(test_pairs),       cmocka_unit_test(test_words),
        cmocka_unit_test(test_wrong_lines), cmocka_unit_test(test_many_lines),
        cmocka_unit_test(test_faults),      cmocka_unit_test(test_files),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
