/* The file of plans: kept, damaged, another's, written by two programs at once. */
#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cuda/plan_cache.h"
#include "support/check.h"
#include "support/temp.h"

static const char identity[] = "cuDNN 91900, sm_90";
static const char value[] = "bytes\0with a NUL";

typedef struct place {
    char *top, *dir, *path;
} place;

static int setup(void **state)
{
    place *p = lt_alloc(sizeof *p);
    p->top = temp_dir();
    p->dir = lt_path_join(p->top, "latentty");
    p->path = lt_path_join(p->dir, "plans");
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    place *p = *state;
    free(p->path);
    free(p->dir);
    temp_dir_remove(p->top);
    free(p);
    return 0;
}

static void write_one(const char *path, const char *key)
{
    lt_plan_cache *c = lt_plan_cache_open(path, identity);
    lt_plan_cache_put(c, key, value, sizeof value);
    lt_plan_cache_close(c);
}

/* True if the file gives the value of the key, whole. */
static bool knows_as(const char *path, const char *who, const char *key)
{
    lt_plan_cache *c = lt_plan_cache_open(path, who);
    size_t bytes = 0;
    const char *got = lt_plan_cache_find(c, key, &bytes);
    if (got) {
        assert_int_equal(bytes, sizeof value);
        assert_memory_equal(got, value, bytes);
        assert_int_equal(got[bytes], 0);
    }
    lt_plan_cache_close(c);
    return got != NULL;
}

static bool knows(const char *path, const char *key)
{
    return knows_as(path, identity, key);
}

static int mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (int)(st.st_mode & 0777);
}

static void test_kept(void **state)
{
    const place *p = *state;
    mode_t before = umask(0);
    assert_false(knows(p->path, "a"));
    assert_false(lt_dir_exists(p->dir)); /* reading makes nothing */
    write_one(p->path, "a");
    umask(before);
    assert_true(knows(p->path, "a"));
    assert_false(knows(p->path, "b"));
    assert_int_equal(mode_of(p->dir), 0700);
    assert_int_equal(mode_of(p->path), 0600);
    write_one(p->path, "b");
    assert_true(knows(p->path, "a") && knows(p->path, "b"));
    assert_false(knows_as(p->path, "cuDNN 91900, sm_80", "a"));
    assert_false(knows_as(p->path, "cuDNN 91900", "a"));
}

static void test_put_again(void **state)
{
    const place *p = *state;
    lt_plan_cache *c = lt_plan_cache_open(p->path, identity);
    size_t bytes;
    lt_plan_cache_put(c, "a", "old", 3);
    lt_plan_cache_put(c, "a", "newer", 5);
    lt_plan_cache_save(c);
    assert_string_equal(lt_plan_cache_find(c, "a", &bytes), "newer");
    assert_int_equal(bytes, 5);
    assert_int_equal(remove(p->path), 0);
    lt_plan_cache_close(c); /* nothing new: not written again */
    assert_false(lt_file_exists(p->path));
}

static void test_memory_only(void **state)
{
    size_t bytes;
    (void)state;
    lt_plan_cache *c = lt_plan_cache_open(NULL, identity);
    lt_plan_cache_put(c, "a", value, sizeof value);
    lt_plan_cache_save(c);
    assert_non_null(lt_plan_cache_find(c, "a", &bytes));
    lt_plan_cache_close(c);
    lt_plan_cache_close(NULL);
}

/* Cut anywhere, or any byte another one: as good as no file, and then whole again. */
static void test_damaged(void **state)
{
    const place *p = *state;
    lt_buf whole = {0};
    write_one(p->path, "a");
    CHECK_OK(lt_file_read(p->path, 1 << 20, &whole, err));
    for (size_t n = 0; n < whole.len; n++) {
        CHECK_OK(lt_file_write(p->path, whole.data, n, err));
        assert_false(knows(p->path, "a"));
        whole.data[n] ^= 1;
        CHECK_OK(lt_file_write(p->path, whole.data, whole.len, err));
        assert_false(knows(p->path, "a"));
        whole.data[n] ^= 1;
    }
    lt_buf_char(&whole, 'x');
    CHECK_OK(lt_file_write(p->path, whole.data, whole.len, err));
    assert_false(knows(p->path, "a"));
    write_one(p->path, "b");
    assert_true(knows(p->path, "b"));
    lt_buf_done(&whole);
}

/* A file or a directory that others may write is not read; the file is replaced by one of our own,
 * the directory is left alone. */
static void test_written_by_others(void **state)
{
    const place *p = *state;
    static const mode_t open_to[] = {0620, 0602, 0666};
    for (size_t i = 0; i < sizeof open_to / sizeof *open_to; i++) {
        write_one(p->path, "a");
        assert_int_equal(chmod(p->path, open_to[i]), 0);
        assert_false(knows(p->path, "a"));
        write_one(p->path, "b");
        assert_true(knows(p->path, "b"));
        assert_false(knows(p->path, "a"));
        assert_int_equal(mode_of(p->path), 0600);
    }
    assert_int_equal(chmod(p->dir, 0770), 0);
    assert_false(knows(p->path, "b"));
    write_one(p->path, "c");
    assert_int_equal(chmod(p->dir, 0700), 0);
    assert_true(knows(p->path, "b"));
    assert_false(knows(p->path, "c"));
}

static void test_link(void **state)
{
    const place *p = *state;
    char *real = lt_path_join(p->dir, "real");
    write_one(real, "a");
    assert_int_equal(symlink("real", p->path), 0);
    assert_false(knows(p->path, "a"));
    write_one(p->path, "b"); /* not through the link */
    assert_false(knows(real, "b"));
    free(real);
}

static void test_other_owner(void **state)
{
    const place *p = *state;
    write_one(p->path, "a");
    if (chown(p->path, 12345, 12345) != 0)
        skip(); /* only root may give files away */
    assert_false(knows(p->path, "a"));
    write_one(p->path, "b");
    assert_true(knows(p->path, "b"));
    assert_int_equal(chown(p->dir, 12345, 12345), 0);
    assert_false(knows(p->path, "b"));
}

static void test_unwritable(void **state)
{
    const place *p = *state;
    char *below = lt_path_join(p->path, "plans");
    lt_error unused;
    write_one(p->path, "a");
    write_one(below, "a"); /* a directory that is a file */
    assert_false(knows(below, "a"));
    free(below);
    assert_int_equal(remove(p->path), 0);
    assert_int_equal(mkdir(p->path, 0700), 0);
    write_one(p->path, "a"); /* a file that is a directory */
    assert_false(knows(p->path, "a"));
    write_one("/proc/latentty/plans", "a");
    assert_false(lt_file_can_write("/proc/latentty/plans", &unused));
}

/* Both programs read the file before either writes. */
static void test_two_programs(void **state)
{
    const place *p = *state;
    write_one(p->path, "old");
    lt_plan_cache *one = lt_plan_cache_open(p->path, identity);
    lt_plan_cache *two = lt_plan_cache_open(p->path, identity);
    lt_plan_cache_put(one, "one", value, sizeof value);
    lt_plan_cache_put(two, "two", value, sizeof value);
    lt_plan_cache_close(one);
    lt_plan_cache_close(two);
    assert_true(knows(p->path, "old") && knows(p->path, "one") && knows(p->path, "two"));
}

enum { PROGRAMS = 4, TIMES = 20 };

static void test_at_once(void **state)
{
    const place *p = *state;
    pid_t child[PROGRAMS];
    char key[32];
    lt_dir_make_above(p->path);
    for (int i = 0; i < PROGRAMS; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        for (int k = 0; child[i] == 0 && k < TIMES; k++) {
            snprintf(key, sizeof key, "%d.%d", i, k);
            write_one(p->path, key);
        }
        if (child[i] == 0)
            _exit(0);
    }
    for (int i = 0; i < PROGRAMS; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    for (int i = 0; i < PROGRAMS * TIMES; i++) {
        snprintf(key, sizeof key, "%d.%d", i / TIMES, i % TIMES);
        if (!knows(p->path, key))
            fail_msg("what a program put as '%s' is lost", key);
    }
}

static void test_path(void **state)
{
    const place *p = *state;
    assert_int_equal(setenv("XDG_CACHE_HOME", p->top, 1), 0);
    char *a = lt_plan_cache_path("a"), *b = lt_plan_cache_path("b");
    assert_memory_equal(a, p->dir, strlen(p->dir));
    assert_string_not_equal(a, b);
    free(a);
    free(b);
    assert_int_equal(unsetenv("XDG_CACHE_HOME"), 0);
    assert_int_equal(setenv("HOME", p->top, 1), 0);
    a = lt_plan_cache_path("a");
    assert_non_null(strstr(a, "/.cache/latentty/plans-"));
    free(a);
    assert_int_equal(unsetenv("HOME"), 0);
    assert_null(lt_plan_cache_path("a"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kept),
        TEST(test_put_again),
        TEST(test_memory_only),
        TEST(test_damaged),
        TEST(test_written_by_others),
        TEST(test_link),
        TEST(test_other_owner),
        TEST(test_unwritable),
        TEST(test_two_programs),
        TEST(test_at_once),
        TEST(test_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
