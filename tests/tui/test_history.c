/* The prompts of earlier runs: walking, searching, and the file that several programs share. */
#define _DEFAULT_SOURCE
#include "tui/history.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "support/temp.h"
#include "tui/edit.h"

static lt_prompts *open_quietly(const char *path)
{
    lt_error note = {0};
    lt_prompts *p = lt_prompts_open(path, &note);
    if (note.code)
        fail_msg("%s", note.message);
    return p;
}

static void add(lt_prompts *p, const char *text)
{
    CHECK_OK(lt_prompts_add(p, text, err));
}

static lt_prompts *in_memory(void)
{
    lt_error note = {0};
    lt_prompts *p = lt_prompts_open(NULL, &note);
    assert_int_equal(note.code, LT_ERR_IO);
    assert_non_null(strstr(note.message, "no home directory"));
    return p;
}

/* The list as "newest|...|oldest". */
static void holds(const lt_prompts *p, const char *want)
{
    lt_buf all = {0};
    lt_buf_str(&all, "");
    for (size_t i = 0; i < lt_prompts_count(p); i++)
        lt_buf_format(&all, "%s%s", i ? "|" : "", lt_prompts_get(p, i));
    assert_string_equal(all.data, want);
    lt_buf_done(&all);
}

static void file_holds(const char *path, const char *want)
{
    lt_buf b = {0};
    CHECK_OK(lt_file_read(path, 1 << 20, &b, err));
    assert_string_equal(b.data, want);
    lt_buf_done(&b);
}

static void test_newest_first_once(void **state)
{
    (void)state;
    lt_prompts *p = in_memory();
    add(p, "a");
    add(p, "b");
    add(p, "c");
    add(p, "b");
    holds(p, "b|c|a");
    add(p, lt_prompts_get(p, 2));
    holds(p, "a|b|c");
    add(p, "");
    add(p, " \n ");
    add(p, "not UTF-8 \xFF");
    holds(p, "a|b|c");
    lt_prompts_close(p);
    lt_prompts_close(NULL);
}

static void test_limits(void **state)
{
    (void)state;
    lt_prompts *p = in_memory();
    char text[16];
    for (int i = 0; i < LT_PROMPTS_MOST + 5; i++) {
        snprintf(text, sizeof text, "p%d", i);
        add(p, text);
    }
    assert_int_equal(lt_prompts_count(p), LT_PROMPTS_MOST);
    assert_string_equal(lt_prompts_get(p, 0), "p1004");
    assert_string_equal(lt_prompts_get(p, LT_PROMPTS_MOST - 1), "p5");
    add(p, "p5"); /* in a full list, too */
    assert_int_equal(lt_prompts_count(p), LT_PROMPTS_MOST);
    assert_string_equal(lt_prompts_get(p, LT_PROMPTS_MOST - 1), "p6");
    char *large = lt_alloc(LT_EDIT_LIMIT + 2);
    memset(large, 'x', LT_EDIT_LIMIT + 1);
    add(p, large);
    assert_string_equal(lt_prompts_get(p, 0), "p5");
    large[LT_EDIT_LIMIT] = '\0';
    add(p, large);
    assert_string_equal(lt_prompts_get(p, 0), large);
    free(large);
    lt_prompts_close(p);
}

static void test_walk(void **state)
{
    (void)state;
    lt_prompts *p = in_memory();
    assert_null(lt_prompts_up(p, "x"));
    assert_null(lt_prompts_down(p));
    add(p, "a");
    add(p, "b");
    assert_string_equal(lt_prompts_up(p, "unfinished"), "b");
    assert_string_equal(lt_prompts_up(p, "b"), "a");
    assert_null(lt_prompts_up(p, "a"));
    assert_string_equal(lt_prompts_down(p), "b");
    assert_string_equal(lt_prompts_down(p), "unfinished");
    assert_null(lt_prompts_down(p));
    assert_string_equal(lt_prompts_up(p, "another"), "b");
    assert_string_equal(lt_prompts_down(p), "unfinished"); /* still the same walk ... */
    lt_prompts_rest(p);
    assert_string_equal(lt_prompts_up(p, "another"), "b"); /* ... until it ends */
    assert_string_equal(lt_prompts_down(p), "another");
    lt_prompts_close(p);
}

/* After a run the field holds the newest prompt: Up must not seem to do nothing. */
static void test_walk_over_equals(void **state)
{
    (void)state;
    lt_prompts *p = in_memory();
    add(p, "a");
    add(p, "b");
    assert_string_equal(lt_prompts_up(p, "b"), "a");
    assert_string_equal(lt_prompts_down(p), "b");
    assert_null(lt_prompts_down(p));
    add(p, "c");
    assert_string_equal(lt_prompts_up(p, "b"), "c");
    assert_string_equal(lt_prompts_up(p, "c"), "a");
    assert_string_equal(lt_prompts_down(p), "c");
    assert_string_equal(lt_prompts_down(p), "b");
    lt_prompts_close(p);
}

static void test_search(void **state)
{
    (void)state;
    size_t i, start, end;
    lt_prompts *p = in_memory();
    add(p, "a RED fox");
    add(p, "a cat");
    add(p, "some red wine");
    assert_true(lt_prompts_search(p, "red", 0, &i, &start, &end));
    assert_true(i == 0 && start == 5 && end == 8);
    assert_true(lt_prompts_search(p, "Red", 1, &i, &start, &end));
    assert_true(i == 2 && start == 2 && end == 5);
    assert_false(lt_prompts_search(p, "red", 3, &i, &start, &end));
    assert_false(lt_prompts_search(p, "dog", 0, &i, &start, &end));
    assert_false(lt_prompts_search(p, "", 0, &i, &start, &end));
    lt_prompts_close(p);
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void test_file(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "state/latentty/prompts");
    char *state_dir = lt_path_join(dir, "state"), *own_dir = lt_path_join(dir, "state/latentty");
    mode_t mask = umask(0);
    lt_prompts *p = open_quietly(path);
    umask(mask);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(mode_of(own_dir), 0700);
    assert_int_equal(mode_of(state_dir), 0700);
    add(p, "one\ntwo \"quoted\" \\");
    add(p, "caf\xC3\xA9");
    add(p, "caf\xC3\xA9");
    file_holds(path, "\"one\\u000atwo \\\"quoted\\\" \\\\\"\n\"caf\xC3\xA9\"\n");
    lt_prompts_close(p);
    p = open_quietly(path);
    holds(p, "caf\xC3\xA9|one\ntwo \"quoted\" \\");
    lt_prompts_close(p);
    free(own_dir);
    free(state_dir);
    free(path);
    temp_dir_remove(dir);
}

static void test_corrupt_lines(void **state)
{
    (void)state;
    static const char text[] = "\"good\"\n"
                               "{\"a\": 1}\n"
                               "\"no end\n"
                               "\"two\" \"strings\"\n"
                               "'single'\n"
                               "17\n"
                               "\n"
                               "\"\"\n"
                               "\"a\\u0000b\"\n"
                               "\"\\q\"\n"
                               "\"bad \xFF\"\n"
                               "[[[[[[\"deep\"]]]]]]\n"
                               "\"nul \0 inside\"\n"
                               "\"also \\u00e9\"\n"
                               "\"half a li";
    char *dir = temp_dir(), *path = lt_path_join(dir, "prompts");
    CHECK_OK(lt_file_write(path, text, sizeof text - 1, err));
    lt_prompts *p = open_quietly(path);
    holds(p, "also \xC3\xA9|good");
    add(p, "new"); /* on a line of its own */
    lt_prompts_close(p);
    p = open_quietly(path);
    holds(p, "new|also \xC3\xA9|good");
    lt_prompts_close(p);
    free(path);
    temp_dir_remove(dir);
}

/* A file of 2 * MOST lines stays as it is; of one more it is made again. */
static void test_made_again(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "prompts");
    lt_buf b = {0};
    struct stat before, after;
    for (int i = 0; i < 2 * LT_PROMPTS_MOST; i++)
        lt_buf_format(&b, "\"p%d\"\n", i % 1500);
    CHECK_OK(lt_file_write(path, b.data, b.len, err));
    assert_int_equal(chmod(path, 0640), 0);
    stat(path, &before);
    lt_prompts *p = open_quietly(path);
    stat(path, &after);
    assert_int_equal(after.st_size, before.st_size);
    assert_int_equal(lt_prompts_count(p), LT_PROMPTS_MOST);
    add(p, "last");
    lt_prompts_close(p);
    p = open_quietly(path);
    lt_prompts_close(p);
    stat(path, &after);
    assert_true(after.st_size < before.st_size);
    assert_int_equal(mode_of(path), 0640);
    p = open_quietly(path);
    assert_int_equal(lt_prompts_count(p), LT_PROMPTS_MOST);
    assert_string_equal(lt_prompts_get(p, 0), "last");
    assert_string_equal(lt_prompts_get(p, 1), "p499");
    assert_string_equal(lt_prompts_get(p, 501), "p1499");
    assert_string_equal(lt_prompts_get(p, 999), "p1001");
    lt_prompts_close(p);
    lt_buf_done(&b);
    free(path);
    temp_dir_remove(dir);
}

enum { PROGRAMS = 4, EACH = 40 };

static void one_program(const char *path, int number)
{
    for (int i = 0; i < EACH; i++) {
        lt_error note = {0};
        char text[32];
        snprintf(text, sizeof text, "program %d, prompt %d", number, i);
        lt_prompts *p = lt_prompts_open(path, &note);
        if (!lt_prompts_add(p, text, &note) || note.code)
            _exit(1);
        lt_prompts_close(p);
    }
    _exit(0);
}

/* Programs at once, of which some make the file again: nothing is lost. */
static void test_programs_at_once(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "prompts");
    lt_buf b = {0};
    pid_t pids[PROGRAMS];
    int found = 0;
    for (int i = 0; i < 2 * LT_PROMPTS_MOST - 10; i++) /* too long after ten more */
        lt_buf_format(&b, "\"p%d\"\n", i % 700);
    CHECK_OK(lt_file_write(path, b.data, b.len, err));
    for (int i = 0; i < PROGRAMS; i++)
        if ((pids[i] = fork()) == 0)
            one_program(path, i);
    for (int i = 0; i < PROGRAMS; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    lt_prompts *p = open_quietly(path);
    for (size_t i = 0; i < lt_prompts_count(p); i++)
        found += strncmp(lt_prompts_get(p, i), "program ", 8) == 0;
    assert_int_equal(found, PROGRAMS * EACH);
    assert_int_equal(lt_prompts_count(p), 700 + PROGRAMS * EACH);
    lt_prompts_close(p);
    lt_buf_done(&b);
    free(path);
    temp_dir_remove(dir);
}

/* Waits until a process has the file open, or is gone. */
static void wait_until_open(pid_t pid, const char *path)
{
    for (bool found = false; !found && kill(pid, 0) == 0;) {
        char dir[64], name[512], target[512];
        snprintf(dir, sizeof dir, "/proc/%d/fd", (int)pid);
        DIR *fds = opendir(dir);
        assert_non_null(fds);
        for (struct dirent *d; !found && (d = readdir(fds));) {
            snprintf(name, sizeof name, "%s/%s", dir, d->d_name);
            ssize_t n = readlink(name, target, sizeof target - 1);
            target[n > 0 ? n : 0] = '\0';
            found = strcmp(target, path) == 0;
        }
        closedir(fds);
    }
}

/* Who waited for the lock of a file that another program has made again writes into the new one. */
static void test_replaced_while_waiting(void **state)
{
    (void)state;
    char *dir = temp_dir(), *real = realpath(dir, NULL), *path = lt_path_join(real, "prompts");
    int status, go[2];
    lt_prompts *p = open_quietly(path);
    assert_int_equal(pipe(go), 0);
    pid_t pid = fork();
    if (pid == 0) {
        lt_error note = {0};
        char byte;
        _exit(read(go[0], &byte, 1) != 1 || !lt_prompts_add(p, "late", &note));
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(write(go[1], "", 1), 1);
    wait_until_open(pid, path);
    CHECK_OK(lt_file_write(path, "\"again\"\n", 8, err));
    close(fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    file_holds(path, "\"again\"\n\"late\"\n");
    close(go[0]);
    close(go[1]);
    lt_prompts_close(p);
    free(path);
    free(real);
    temp_dir_remove(dir);
}

static void goes_on_in_memory(const char *path, const char *why, const char *want)
{
    lt_error note = {0};
    lt_prompts *p = lt_prompts_open(path, &note);
    assert_int_not_equal(note.code, LT_ERR_NONE);
    if (!strstr(note.message, why) || !strstr(note.message, "prompts are not saved"))
        fail_msg("'%s' does not say '%s'", note.message, why);
    add(p, "new");
    holds(p, want);
    lt_prompts_close(p);
}

static void test_no_file(void **state)
{
    (void)state;
    char *dir = temp_dir(), *file = lt_path_join(dir, "file"),
         *in_file = lt_path_join(dir, "file/prompts");
    char *fifo = lt_path_join(dir, "fifo");
    CHECK_OK(lt_file_write(file, "", 0, err));
    goes_on_in_memory(in_file, "Not a directory", "new");
    goes_on_in_memory(dir, "Is a directory", "new");
    goes_on_in_memory("/dev/null", "cannot write '/dev/null'", "new");
    assert_int_equal(truncate(file, (64 << 20) + 1), 0);
    goes_on_in_memory(file, "64", "new");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    goes_on_in_memory(fifo, "cannot write", "new");
    free(fifo);
    free(in_file);
    free(file);
    temp_dir_remove(dir);
}

enum { NOT_HERE = 77 };

/* In a child without root's rights, which could write anywhere. */
static void in_child(void (*act)(const char *path), const char *path)
{
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        if ((geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) ||
            access(path, R_OK) != 0) /* a TMPDIR that is closed to others */
            _exit(NOT_HERE);
        act(path);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE)
        skip();
    if (status)
        fail_msg("the child ended with status %d", status);
}

static void see_read_only(const char *path)
{
    lt_error note = {0};
    lt_prompts *p = lt_prompts_open(path, &note);
    if (note.code != LT_ERR_IO || !strstr(note.message, "Permission denied"))
        _exit(2);
    if (lt_prompts_count(p) != 1 || strcmp(lt_prompts_get(p, 0), "old") != 0)
        _exit(3);
    if (!lt_prompts_add(p, "new", &note) || lt_prompts_count(p) != 2)
        _exit(4);
    lt_prompts_close(p);
}

static void test_read_only(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "prompts");
    CHECK_OK(lt_file_write(path, "\"old\"\n", 6, err));
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(dir, 0755), 0);
    in_child(see_read_only, path);
    file_holds(path, "\"old\"\n");
    free(path);
    temp_dir_remove(dir);
}

/* A file that goes away while the program runs is made anew; a folder that goes away is an error
 * once. */
static void test_file_goes_away(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "sub/prompts"),
         *sub = lt_path_join(dir, "sub");
    lt_prompts *p = open_quietly(path);
    add(p, "a");
    assert_int_equal(unlink(path), 0);
    add(p, "b");
    file_holds(path, "\"b\"\n");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(sub), 0);
    CHECK_FAILS(lt_prompts_add(p, "c", err), LT_ERR_IO, "No such file");
    add(p, "d");
    holds(p, "d|c|b|a");
    lt_prompts_close(p);
    free(sub);
    free(path);
    temp_dir_remove(dir);
}

/* A program that holds the lock for long, as a stopped one would, does not hold up this one. */
static void test_held_lock(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "prompts");
    lt_prompts *p = open_quietly(path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    CHECK_FAILS(lt_prompts_add(p, "a", err), LT_ERR_IO, "prompts are not saved");
    holds(p, "a");
    close(fd);
    lt_prompts_close(p);
    file_holds(path, "");
    free(path);
    temp_dir_remove(dir);
}

static void path_is(const char *xdg, const char *home, const char *want)
{
    assert_int_equal(xdg ? setenv("XDG_STATE_HOME", xdg, 1) : unsetenv("XDG_STATE_HOME"), 0);
    assert_int_equal(home ? setenv("HOME", home, 1) : unsetenv("HOME"), 0);
    char *path = lt_prompts_path();
    if (want)
        assert_string_equal(path, want);
    else
        assert_null(path);
    free(path);
}

static void test_path(void **state)
{
    (void)state;
    path_is("/state", "/home/me", "/state/latentty/prompts");
    path_is(NULL, "/home/me", "/home/me/.local/state/latentty/prompts");
    path_is("", "/home/me", "/home/me/.local/state/latentty/prompts");
    path_is("not/absolute", "/home/me", "/home/me/.local/state/latentty/prompts");
    path_is(NULL, "", NULL);
    path_is(NULL, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_first_once),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_walk_over_equals),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_corrupt_lines),
        cmocka_unit_test(test_made_again),
        cmocka_unit_test(test_programs_at_once),
        cmocka_unit_test(test_replaced_while_waiting),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_file_goes_away),
        cmocka_unit_test(test_held_lock),
        cmocka_unit_test(test_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
