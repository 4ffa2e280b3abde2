/* test_kill.c - programs that are killed, two at once, and disks that are full. */
#define _DEFAULT_SOURCE /* mount */
#include "store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "fixture.h"
#include "support/check.h"
#include "support/temp.h"

enum { KILLS = 20, LONG_RUN = 100000 };

/* Writes a run without end; after every append that returned, its k goes into the pipe. */
static void append_for_ever(const char *path, int to)
{
    lt_error err = {0};
    lt_store_run run = make_run("killed", 1);
    int64_t id;
    lt_store *s = lt_store_open(path, &err);
    if (err.code != LT_ERR_NONE || !lt_store_begin(s, &run, &id, &err))
        _exit(1);
    for (int k = 0; k < LONG_RUN; k++)
        if (!append_step(s, id, 77, k, FLOATS, &err) || write(to, &k, sizeof k) != sizeof k)
            _exit(2);
    _exit(3);
}

static pid_t start_appending(const char *path, int *from)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        append_for_ever(path, ends[1]);
    }
    close(ends[1]);
    *from = ends[0];
    return pid;
}

static int read_number(int from, int fallback)
{
    int k;
    return read(from, &k, sizeof k) == sizeof k ? k : fallback;
}

/* Kills it at a moment somewhere after its n-th step; the last step that it was told is kept. */
static int kill_after(pid_t pid, int from, int n, long nanoseconds)
{
    int status, last = -1;
    while (last < n) {
        int k = read_number(from, -1);
        assert_int_equal(k, last + 1); /* else it ended by itself */
        last = k;
    }
    nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    for (int k; (k = read_number(from, -1)) >= 0;)
        last = k;
    close(from);
    return last;
}

/* KILLS times: nothing that append returned for is lost, the file is sound, the run is offered. */
static void test_kills(void **state)
{
    (void)state;
    fixture f;
    lt_store_run run;
    int64_t id, before = 0;
    const char *seed = getenv("LT_TEST_SEED");
    unsigned random = seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)time(NULL);
    print_message("LT_TEST_SEED=%u\n", random);
    fixture_open(&f);
    lt_store_close(f.store);
    for (int i = 0; i < KILLS; i++) {
        int from, n = (int)((random = random * 1664525u + 1013904223u) >> 8) % 120;
        pid_t pid = start_appending(f.path, &from);
        random = random * 1664525u + 1013904223u;
        int last = kill_after(pid, from, n, (long)(random >> 8) % 3000000);
        f.store = open_quietly(f.path);
        CHECK_OK(lt_store_unfinished(f.store, &id, err));
        assert_true(id > before);
        before = id;
        CHECK_OK(lt_store_read(f.store, id, &run, err));
        assert_true(run.done >= last && run.done <= last + 1);
        check_frames(f.store, id, 77, 0, run.done);
        check_sound(f.path);
        if (i % 2) { /* somebody goes on with it */
            CHECK_OK(lt_store_adopt(f.store, id, err));
            CHECK_OK(append_step(f.store, id, 77, run.done + 1, FLOATS, err));
            CHECK_OK(lt_store_finish(f.store, id, LT_STORE_DONE, err));
        } else {
            CHECK_OK(lt_store_finish(f.store, id, LT_STORE_STOPPED, err));
        }
        lt_store_run_done(&run);
        lt_store_close(f.store);
    }
    char *folder = lt_path_join(f.dir, "data");
    assert_int_equal(count_files(folder, "history.db-live-", ""),
                     0); /* the dead ones' marks, too */
    free(folder);
    f.store = NULL;
    fixture_close(&f);
}

/* What a killed program leaves beside the file goes when the next one opens it. */
static void test_marks(void **state)
{
    (void)state;
    fixture f;
    int from;
    fixture_open(&f);
    char *folder = lt_path_join(f.dir, "data");
    lt_store_close(f.store);
    pid_t pid = start_appending(f.path, &from);
    kill_after(pid, from, 0, 0);
    assert_int_equal(count_files(folder, "history.db-live-", ""), 1);
    f.store = open_quietly(f.path);
    assert_int_equal(count_files(folder, "history.db-live-", ""), 1); /* its own */
    lt_store_close(f.store);
    assert_int_equal(count_files(folder, "history.db-live-", ""), 0);
    f.store = NULL;
    free(folder);
    fixture_close(&f);
}

/* Two programs write at once; neither loses a step, nor takes the other's run for a dead one. */
static void test_two(void **state)
{
    (void)state;
    enum { STEPS = 150 };
    fixture f;
    lt_store_run run;
    int64_t id;
    int from;
    fixture_open(&f);
    lt_store_close(f.store); /* SQLite must not have it open across a fork */
    pid_t pid = start_appending(f.path, &from);
    f.store = open_quietly(f.path);
    int64_t own = add_run(f.store, "mine", 1, STEPS);
    for (int k = 0; k <= STEPS; k++)
        assert_int_equal(read_number(from, -1), k);
    CHECK_OK(lt_store_unfinished(f.store, &id, err));
    assert_int_equal(id, 0); /* both live */
    CHECK_FAILS(lt_store_adopt(f.store, own == 1 ? 2 : 1, err), LT_ERR_ARGUMENT, "another program");
    int last = kill_after(pid, from, -1, 0);
    CHECK_OK(lt_store_unfinished(f.store, &id, err));
    assert_true(id > 0 && id != own);
    CHECK_OK(lt_store_read(f.store, id, &run, err));
    assert_true(run.done >= last);
    check_frames(f.store, id, 77, 0, run.done);
    check_frames(f.store, own, (uint32_t)own, 0, STEPS);
    lt_store_run_done(&run);
    lt_store_close(f.store);
    f.store = open_quietly(f.path);
    CHECK_OK(lt_store_delete(f.store, id, true, err)); /* what is deleted is not offered */
    CHECK_OK(lt_store_unfinished(f.store, &id, err));
    assert_int_equal(id, own);
    check_sound(f.path);
    fixture_close(&f);
}

/* Many programs make the same new history at once. */
static void test_made_at_once(void **state)
{
    (void)state;
    enum { PROGRAMS = 8 };
    char *dir = temp_dir(), *path = lt_path_join(dir, "a/b/history.db");
    pid_t pids[PROGRAMS];
    for (int i = 0; i < PROGRAMS; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            lt_error err = {0};
            lt_store_run run = make_run("x", i);
            int64_t id;
            lt_store *s = lt_store_open(path, &err);
            bool ok = err.code == LT_ERR_NONE && lt_store_begin(s, &run, &id, &err);
            lt_store_close(s);
            _exit(ok ? 0 : 1);
        }
    }
    for (int i = 0; i < PROGRAMS; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(sql_number(path, "SELECT count(*) FROM runs"), PROGRAMS);
    check_sound(path);
    free(path);
    temp_dir_remove(dir);
}

/* ---- no room ---- */

/* Steps until one fails; how many did not. */
static int fill(lt_store *s, int64_t id, lt_error *err)
{
    int k = 0;
    while (k < LONG_RUN && append_step(s, id, 77, k, 4096, err))
        k++;
    assert_true(k > 0 && k < LONG_RUN);
    return k;
}

static void check_filled(lt_store *s, int64_t id, int count)
{
    lt_store_step *steps;
    size_t n;
    CHECK_OK(lt_store_read_steps(s, id, 0, LONG_RUN, &steps, &n, err));
    assert_int_equal(n, count);
    for (size_t i = 0; i < n; i++)
        check_step(&steps[i], 77, (int)i, 4096);
    lt_store_steps_free(steps, n);
}

static int64_t begin_run(lt_store *s)
{
    lt_store_run run = make_run("full", 1);
    int64_t id = 0;
    CHECK_OK(lt_store_begin(s, &run, &id, err));
    lt_store_run_done(&run);
    return id;
}

/* No file may grow beyond a limit: what was written stays, and with room again it goes on. */
static void test_file_limit(void **state)
{
    (void)state;
    fixture f;
    lt_error why = {0};
    struct rlimit before, little;
    fixture_open(&f);
    int64_t id = begin_run(f.store);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = before;
    little.rlim_cur = 1 << 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    int n = fill(f.store, id, &why);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(why.code, LT_ERR_IO);
    check_filled(f.store, id, n);
    check_sound(f.path);
    CHECK_OK(append_step(f.store, id, 77, n, 4096, err));
    check_filled(f.store, id, n + 1);
    fixture_reopen(&f);
    check_filled(f.store, id, n + 1);
    fixture_close(&f);
}

/* A disk of 2 MB; only root can have one. */
static void test_full_disk(void **state)
{
    (void)state;
    lt_error why = {0};
    char *dir = temp_dir(), *path = lt_path_join(dir, "history.db");
    char *filler = lt_path_join(dir, "filler");
    if (mount("tmpfs", dir, "tmpfs", 0, "size=2m") != 0) {
        free(path);
        free(filler);
        temp_dir_remove(dir);
        skip();
    }
    char *zeros = lt_alloc(500000);
    CHECK_OK(lt_file_write(filler, zeros, 500000, err));
    free(zeros);
    lt_store *s = open_quietly(path);
    int64_t id = begin_run(s);
    int n = fill(s, id, &why);
    assert_int_equal(why.code, LT_ERR_IO);
    assert_non_null(strstr(why.message, "full"));
    assert_non_null(strstr(why.hint, "free some space"));
    check_filled(s, id, n);
    assert_int_equal(unlink(filler), 0);
    CHECK_OK(append_step(s, id, 77, n, 4096, err));
    CHECK_OK(lt_store_finish(s, id, LT_STORE_DONE, err));
    lt_store_close(s);
    s = open_quietly(path);
    check_filled(s, id, n + 1);
    lt_store_close(s);
    check_sound(path);
    assert_int_equal(umount(dir), 0);
    free(path);
    free(filler);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kills),      cmocka_unit_test(test_marks),
        cmocka_unit_test(test_two),        cmocka_unit_test(test_made_at_once),
        cmocka_unit_test(test_file_limit), cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
