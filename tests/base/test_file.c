/* Files: whole or not at all, and an error for everything that is not a regular file. */
#define _XOPEN_SOURCE 700
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/check.h"
#include "support/temp.h"

struct places {
    char *dir, *file, *missing, *pipe;
};

static int set_up(void **state)
{
    struct places *p = lt_alloc(sizeof *p);
    p->dir = temp_dir();
    p->file = lt_path_join(p->dir, "file");
    p->missing = lt_path_join(p->dir, "missing/file");
    p->pipe = lt_path_join(p->dir, "pipe");
    assert_int_equal(mkfifo(p->pipe, 0600), 0);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct places *p = *state;
    temp_dir_remove(p->dir);
    free(p->file);
    free(p->missing);
    free(p->pipe);
    free(p);
    return 0;
}

static void contains(const char *path, const char *want)
{
    lt_buf b = {0};
    CHECK_OK(lt_file_read(path, 1 << 20, &b, err));
    assert_int_equal(b.len, strlen(want));
    if (b.len)
        assert_memory_equal(b.data, want, b.len);
    lt_buf_done(&b);
}

/* How many names the directory holds. */
static int names_in(const char *path)
{
    int count = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void test_write_and_read(void **state)
{
    struct places *p = *state;
    CHECK_OK(lt_file_write(p->file, "first", 5, err));
    contains(p->file, "first");
    CHECK_OK(lt_file_write(p->file, "2nd", 3, err));
    contains(p->file, "2nd");
    CHECK_OK(lt_file_write(p->file, NULL, 0, err));
    contains(p->file, "");
    assert_int_equal(names_in(p->dir), 2); /* the file and the pipe: nothing temporary stays */
}

static void test_read_appends(void **state)
{
    struct places *p = *state;
    lt_buf b = {0};
    CHECK_OK(lt_file_write(p->file, "tail", 4, err));
    lt_buf_str(&b, "head ");
    CHECK_OK(lt_file_read(p->file, 4, &b, err));
    assert_string_equal(b.data, "head tail");
    lt_buf_done(&b);
}

static void test_read_limit(void **state)
{
    struct places *p = *state;
    lt_buf b = {0};
    size_t n = 100000;
    char *bytes = lt_alloc(n);
    CHECK_OK(lt_file_write(p->file, bytes, n, err));
    CHECK_OK(lt_file_read(p->file, n, &b, err));
    assert_int_equal(b.len, n);
    lt_buf_clear(&b);
    CHECK_FAILS(lt_file_read(p->file, n - 1, &b, err), LT_ERR_FORMAT,
                "larger than the 99999 bytes");
    lt_buf_clear(&b);
    CHECK_FAILS(lt_file_read(p->file, 0, &b, err), LT_ERR_FORMAT, "larger than the 0 bytes");
    lt_buf_done(&b);
    free(bytes);
}

/* A file that is larger than memory is an error: nobody chose its size. */
static void test_read_larger_than_memory(void **state)
{
    struct places *p = *state;
    CHECK_OK(lt_file_write(p->file, NULL, 0, err));
    assert_int_equal(truncate(p->file, (off_t)3 << 30), 0); /* has no blocks on the disk */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {.rlim_cur = (rlim_t)2 << 30, .rlim_max = (rlim_t)2 << 30};
        lt_error err = {0};
        lt_buf b = {0};
        setrlimit(RLIMIT_DATA, &limit);
        bool failed = !lt_file_read(p->file, SIZE_MAX, &b, &err) && err.code == LT_ERR_MEMORY;
        _exit(failed && strstr(err.message, p->file) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_read_what_is_no_file(void **state)
{
    struct places *p = *state;
    lt_buf b = {0};
    CHECK_FAILS(lt_file_read(p->dir, 10, &b, err), LT_ERR_IO, "it is a directory");
    CHECK_FAILS(lt_file_read(p->missing, 10, &b, err), LT_ERR_IO, "No such file");
    CHECK_FAILS(lt_file_read(p->pipe, 10, &b, err), LT_ERR_IO, "not a regular file"); /* no wait */
    CHECK_FAILS(lt_file_read("/dev/zero", 10, &b, err), LT_ERR_IO, "not a regular file");
    CHECK_FAILS(lt_file_read("", 10, &b, err), LT_ERR_IO, "cannot open ''");
    lt_buf_done(&b);
}

static void test_writer_appears_at_commit(void **state)
{
    struct places *p = *state;
    lt_writer w = {0};
    CHECK_OK(lt_writer_open(&w, p->file, err));
    fputs("whole", w.stream);
    assert_false(lt_file_exists(p->file));
    CHECK_OK(lt_writer_commit(&w, err));
    assert_null(w.stream);
    assert_null(w.path);
    contains(p->file, "whole");
    struct stat st;
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(stat(p->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666 & ~mask);
}

/* As other programs do: the link stays, what it leads to is written, there already or not. */
static void test_writer_through_links(void **state)
{
    struct places *p = *state;
    char *link = lt_path_join(p->dir, "link"), *chain = lt_path_join(p->dir, "chain");
    struct stat st;
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(symlink(link, chain), 0);
    CHECK_OK(lt_file_can_write(chain, err));
    CHECK_OK(lt_file_write(chain, "new", 3, err)); /* it dangled */
    contains(p->file, "new");
    CHECK_OK(lt_file_write(link, "again", 5, err));
    contains(p->file, "again");
    assert_true(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    assert_true(lstat(chain, &st) == 0 && S_ISLNK(st.st_mode));
    assert_int_equal(names_in(p->dir), 4); /* the file, the pipe and the links */

    lt_writer w = {0};
    unlink(link);
    assert_int_equal(symlink("missing/file", link), 0);
    CHECK_FAILS(lt_file_can_write(link, err), LT_ERR_ARGUMENT, "no directory");
    CHECK_FAILS(lt_writer_open(&w, link, err), LT_ERR_IO, "No such file");
    unlink(link);
    assert_int_equal(symlink("chain", link), 0); /* in a circle */
    CHECK_FAILS(lt_writer_open(&w, link, err), LT_ERR_IO, "symbolic links");
    CHECK_FAILS(lt_file_can_write(link, err), LT_ERR_ARGUMENT, "symbolic links");
    assert_int_equal(names_in(p->dir), 4);
    free(link);
    free(chain);
}

static void test_writer_keeps_the_mode(void **state)
{
    struct places *p = *state;
    struct stat st;
    CHECK_OK(lt_file_write(p->file, "secret", 6, err));
    assert_int_equal(chmod(p->file, 0640), 0);
    CHECK_OK(lt_file_write(p->file, "other", 5, err));
    assert_int_equal(stat(p->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void test_writer_abandon(void **state)
{
    struct places *p = *state;
    lt_writer w = {0};
    CHECK_OK(lt_file_write(p->file, "old", 3, err));
    CHECK_OK(lt_writer_open(&w, p->file, err));
    fputs("new", w.stream);
    lt_writer_abandon(&w);
    assert_null(w.path);
    lt_writer_abandon(&w);
    contains(p->file, "old");
    assert_int_equal(names_in(p->dir), 2);
}

static void test_writer_abandon_all(void **state)
{
    struct places *p = *state;
    char *other = lt_path_join(p->dir, "other");
    lt_writer a = {0}, b = {0};
    CHECK_OK(lt_writer_open(&a, p->file, err));
    CHECK_OK(lt_writer_open(&b, other, err));
    assert_int_equal(names_in(p->dir), 3);
    lt_writer_abandon(&b); /* this name is forgotten */
    CHECK_OK(lt_file_write(other, "kept", 4, err));
    lt_writer_abandon_all();
    assert_int_equal(names_in(p->dir), 2); /* the pipe and `other` */
    contains(other, "kept");
    fputs("x", a.stream);
    CHECK_FAILS(lt_writer_commit(&a, err), LT_ERR_IO, "No such file");
    free(other);
}

/* More writers than slots for their names: only the signal handler's clean-up is lost. */
static void test_many_writers(void **state)
{
    struct places *p = *state;
    lt_writer w[80] = {0};
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 80; i++)
            CHECK_OK(lt_writer_open(&w[i], p->file, err));
        for (size_t i = 0; i < 80; i++)
            lt_writer_abandon(&w[i]);
        assert_int_equal(names_in(p->dir), 1);
    }
}

static void test_writer_where_nothing_can_be_written(void **state)
{
    struct places *p = *state;
    lt_writer w = {0};
    CHECK_FAILS(lt_writer_open(&w, p->missing, err), LT_ERR_IO, "cannot write");
    CHECK_FAILS(lt_writer_open(&w, p->dir, err), LT_ERR_IO, "it is a directory");
    /* a device or a pipe is not replaced by a file of its name */
    CHECK_FAILS(lt_writer_open(&w, p->pipe, err), LT_ERR_IO, "not a regular file");
    CHECK_FAILS(lt_writer_open(&w, "/proc/latentty", err), LT_ERR_IO, "cannot write");
    assert_null(w.path);
    assert_int_equal(names_in(p->dir), 1);
}

/* What a full disk does, by a limit on the size of files: the reason is named and nothing stays. */
static void test_write_that_does_not_fit(void **state)
{
    struct places *p = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {.rlim_cur = 8192, .rlim_max = 8192};
        lt_error err = {0};
        char *bytes = lt_alloc(1 << 16);
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        int wrong = lt_file_write(p->file, bytes, 1 << 16, &err) ? 1 : 0;
        wrong += err.code != LT_ERR_IO || !strstr(err.message, "File too large") ? 2 : 0;
        lt_writer w = {0};
        lt_error small = {0};
        wrong += !lt_writer_open(&w, p->file, &small) ? 4 : 0;
        for (int i = 0; i < 1 << 16; i++) /* a byte at a time: stdio's own buffer */
            fputc('x', w.stream);
        wrong += lt_writer_commit(&w, &small) || !strstr(small.message, "File too large") ? 8 : 0;
        free(bytes);
        _exit(wrong);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(names_in(p->dir), 1);
}

static void test_can_write(void **state)
{
    struct places *p = *state;
    char *slash = lt_format("%s/", p->dir), *under = lt_format("%s/x", p->file);
    CHECK_OK(lt_file_can_write(p->file, err));
    assert_int_equal(chdir(p->dir), 0);
    CHECK_OK(lt_file_can_write("no-directory-in-the-name", err));
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(names_in(p->dir), 1);
    CHECK_OK(lt_file_write(p->file, "x", 1, err));
    CHECK_OK(lt_file_can_write(p->file, err));
    CHECK_FAILS(lt_file_can_write(p->dir, err), LT_ERR_ARGUMENT, "names a directory");
    CHECK_FAILS(lt_file_can_write(slash, err), LT_ERR_ARGUMENT, "names a directory");
    CHECK_FAILS(lt_file_can_write("", err), LT_ERR_ARGUMENT, "cannot write ''");
    CHECK_FAILS(lt_file_can_write(p->missing, err), LT_ERR_ARGUMENT, "no directory");
    CHECK_FAILS(lt_file_can_write(under, err), LT_ERR_ARGUMENT, "no directory");
    CHECK_FAILS(lt_file_can_write(p->pipe, err), LT_ERR_ARGUMENT, "not a regular file");
    CHECK_FAILS(lt_file_can_write("/dev/null", err), LT_ERR_ARGUMENT, "not a regular file");
    free(slash);
    free(under);
}

/* A directory without write permission stops everyone but root. */
static void test_read_only_directory(void **state)
{
    struct places *p = *state;
    if (geteuid() == 0)
        skip();
    lt_writer w = {0};
    assert_int_equal(chmod(p->dir, 0500), 0);
    CHECK_FAILS(lt_file_can_write(p->file, err), LT_ERR_ARGUMENT, "Permission denied");
    CHECK_FAILS(lt_writer_open(&w, p->file, err), LT_ERR_IO, "Permission denied");
    assert_int_equal(chmod(p->dir, 0700), 0);
}

static void test_names_are_escaped(void **state)
{
    (void)state;
    lt_buf b = {0};
    CHECK_FAILS(lt_file_read("/no\x1B[2J\n", 10, &b, err), LT_ERR_IO, "'/no\\u{1B}[2J\\n'");
}

static void test_private_directories(void **state)
{
    struct places *p = *state;
    struct stat st;
    char *shared = lt_path_join(p->dir, "shared"), *inside = lt_path_join(shared, "own/deep"),
         *file = lt_path_join(inside, "file");
    assert_int_equal(mkdir(shared, 0755), 0);
    lt_dir_make_above(file);
    assert_true(lt_dir_exists(inside) && !lt_dir_exists(file));
    assert_int_equal(stat(inside, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(shared, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0755); /* it was there */
    lt_dir_make_above("/file");
    lt_dir_make_above("file");
    lt_dir_make_above("/proc/nowhere/file"); /* cannot be made: seen when the file is opened */
    free(shared);
    free(inside);
    free(file);
}

static void test_directories(void **state)
{
    struct places *p = *state;
    char *deep = lt_format("%s/a//b/c/", p->dir), *under = lt_format("%s/x", p->file);
    CHECK_OK(lt_dir_make(deep, err));
    assert_true(lt_dir_exists(deep));
    CHECK_OK(lt_dir_make(deep, err));
    CHECK_OK(lt_dir_make("/", err));
    CHECK_OK(lt_file_write(p->file, "x", 1, err));
    CHECK_FAILS(lt_dir_make(p->file, err), LT_ERR_IO, "cannot make directory");
    CHECK_FAILS(lt_dir_make(under, err), LT_ERR_IO, "cannot make directory");
    CHECK_FAILS(lt_dir_make("", err), LT_ERR_IO, "cannot make directory ''");
    char *dangling = lt_path_join(p->dir, "dangling");
    assert_int_equal(symlink("nowhere", dangling), 0);
    CHECK_FAILS(lt_dir_make(dangling, err), LT_ERR_IO, "File exists"); /* why mkdir failed */
    free(dangling);
    assert_true(lt_file_exists(p->file) && !lt_dir_exists(p->file));
    assert_true(lt_dir_exists(p->dir) && !lt_file_exists(p->dir));
    assert_false(lt_file_exists(p->missing) || lt_dir_exists(p->missing));
    assert_false(lt_file_exists(p->pipe));
    free(deep);
    free(under);
}

static void test_join(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {".", "b/c", "./b/c"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = lt_path_join(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
        free(path);
    }
}

#define FILE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* Only absolute paths count, as the specification says. */
static void test_user(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *home, *path;
    } cases[] = {
        {"/data", "/home/a", "/data/latentty/x"},
        {"data", "/home/a", "/home/a/.local/latentty/x"},
        {"", "/home/a", "/home/a/.local/latentty/x"},
        {"/data", "", "/data/latentty/x"},
        {"", "home", NULL},
    };
    char *before = lt_strdup(getenv("HOME") ? getenv("HOME") : "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(setenv("LT_TEST_FOLDER", cases[i].variable, 1), 0);
        assert_int_equal(setenv("HOME", cases[i].home, 1), 0);
        char *path = lt_path_user("LT_TEST_FOLDER", ".local", "x");
        if (cases[i].path)
            assert_string_equal(path, cases[i].path);
        else
            assert_null(path);
        free(path);
    }
    assert_int_equal(setenv("HOME", before, 1), 0);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user),
        FILE_TEST(test_write_and_read),
        FILE_TEST(test_read_appends),
        FILE_TEST(test_read_limit),
        FILE_TEST(test_read_larger_than_memory),
        FILE_TEST(test_read_what_is_no_file),
        FILE_TEST(test_writer_appears_at_commit),
        FILE_TEST(test_writer_through_links),
        FILE_TEST(test_writer_keeps_the_mode),
        FILE_TEST(test_writer_abandon),
        FILE_TEST(test_writer_abandon_all),
        FILE_TEST(test_many_writers),
        FILE_TEST(test_writer_where_nothing_can_be_written),
        FILE_TEST(test_write_that_does_not_fit),
        FILE_TEST(test_can_write),
        FILE_TEST(test_read_only_directory),
        FILE_TEST(test_names_are_escaped),
        FILE_TEST(test_private_directories),
        FILE_TEST(test_directories),
        cmocka_unit_test(test_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
