/* Names of files: templates, collisions, places that cannot be written. */
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/names.h"
#include "support/check.h"
#include "support/temp.h"

static const lt_name_fields fields = {
    .seed = UINT64_C(18446744073709551615), .image = 12, .prompt = 3};

static void expands(const char *template, const char *want)
{
    lt_buf b = {0};
    CHECK_OK(lt_names_expand(template, &fields, &b, err));
    assert_string_equal(b.data, want);
    lt_buf_done(&b);
}

static void test_expand(void **state)
{
    (void)state;
    expands("out.png", "out.png");
    expands("{i}-{prompt_i}-{seed}.png", "12-3-18446744073709551615.png");
    expands("{{{i}}}.png", "{12}.png");
    expands("{{seed}}", "{seed}");
}

static void test_expand_refused(void **state)
{
    (void)state;
    const char *bad[] = {"{}", "{I}", "{seed", "seed}", "{ i}", "{i:3}", "{prompt}", "a{{{"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        lt_buf b = {0};
        CHECK_FAILS(lt_names_expand(bad[i], &fields, &b, err), LT_ERR_ARGUMENT, bad[i]);
        lt_buf_done(&b);
    }
}

static void test_png_only(void **state)
{
    (void)state;
    CHECK_OK(lt_names_check_png("a.png", err));
    CHECK_OK(lt_names_check_png("a", err));
    CHECK_OK(lt_names_check_png("a.v2", err));
    CHECK_FAILS(lt_names_check_png("a.jpg", err), LT_ERR_ARGUMENT, "'a.jpg'");
    CHECK_FAILS(lt_names_check_png("a.b.WebP", err), LT_ERR_ARGUMENT, "PNG");
}

/* The test works inside a directory of its own. */
static int enter(void **state)
{
    char *dir = temp_dir();
    *state = dir;
    return chdir(dir);
}

static int leave(void **state)
{
    if (chdir("/") != 0)
        return -1;
    temp_dir_remove(*state);
    return 0;
}

static void test_collisions(void **state)
{
    (void)state;
    lt_names n = {0};
    CHECK_OK(lt_dir_make("d", err));
    assert_int_equal(symlink("d", "same"), 0);
    CHECK_OK(lt_names_add(&n, "d/a.png", err));
    CHECK_OK(lt_names_add(&n, "d/b.png", err));
    CHECK_OK(lt_names_check(&n, err));
    CHECK_OK(lt_names_add(&n, "./same/../d/b.png", err));
    CHECK_FAILS(lt_names_check(&n, err), LT_ERR_ARGUMENT, "b.png' is named twice");
    lt_names_done(&n);
    CHECK_OK(lt_names_add(&n, "d/a.png", err));
    CHECK_OK(lt_names_add(&n, "same/a.png", err));
    CHECK_FAILS(lt_names_check(&n, err), LT_ERR_ARGUMENT, "a.png' is named twice");
    lt_names_done(&n);
}

static void test_inputs_stay(void **state)
{
    (void)state;
    lt_names n = {0};
    CHECK_OK(lt_file_write("in.png", "x", 1, err));
    lt_names_keep(&n, "not-there.png");
    assert_int_equal(n.count, 0);
    lt_names_keep(&n, "in.png");
    CHECK_OK(lt_names_add(&n, "./in.png", err));
    CHECK_FAILS(lt_names_check(&n, err), LT_ERR_ARGUMENT, "in.png' is named twice");
    lt_names_done(&n);
}

static void test_cannot_write(void **state)
{
    (void)state;
    lt_names n = {0};
    lt_error e = {0};
    assert_false(lt_names_add(&n, "no/such/a.png", &e));
    assert_int_equal(e.code, LT_ERR_ARGUMENT);
    assert_string_equal(e.hint, "mkdir -p 'no/such'");
    CHECK_FAILS(lt_names_add(&n, "", err), LT_ERR_ARGUMENT, "cannot write");
    CHECK_FAILS(lt_names_add(&n, ".", err), LT_ERR_ARGUMENT, "directory");
    CHECK_FAILS(lt_names_add(&n, "a/", err), LT_ERR_ARGUMENT, "directory");
    CHECK_FAILS(lt_names_add(&n, "/dev/null", err), LT_ERR_ARGUMENT, "not a regular file");
    char name[300];
    memset(name, 'x', sizeof name - 1);
    name[243] = '\0'; /* 255 with the temporary suffix */
    CHECK_OK(lt_names_add(&n, name, err));
    name[243] = 'x';
    name[244] = '\0';
    CHECK_FAILS(lt_names_add(&n, name, err), LT_ERR_ARGUMENT, "too long");
    assert_int_equal(n.count, 1);
    lt_names_done(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expand),
        cmocka_unit_test(test_expand_refused),
        cmocka_unit_test(test_png_only),
        cmocka_unit_test_setup_teardown(test_collisions, enter, leave),
        cmocka_unit_test_setup_teardown(test_inputs_stay, enter, leave),
        cmocka_unit_test_setup_teardown(test_cannot_write, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
