/* test_damage.c - a history that is damaged, another thing, newer, locked, or read-only. */
#define _DEFAULT_SOURCE /* setgroups */
#include "store/store.h"

#include <fcntl.h>
#include <grp.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "fixture.h"
#include "store/schema.h"
#include "support/check.h"
#include "support/temp.h"

static int setup(void **state)
{
    fixture *f = lt_alloc(sizeof *f);
    fixture_open(f);
    for (int i = 0; i < 30; i++)
        CHECK_OK(lt_store_finish(f->store, add_run(f->store, "a fox", i, 3), LT_STORE_DONE, err));
    lt_store_close(f->store);
    f->store = NULL;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

/* Files that were set aside: journals or the others. */
static int set_aside(const fixture *f, bool journals)
{
    char *folder = lt_path_join(f->dir, "data");
    int all = count_files(folder, "history.db.damaged-", "");
    int wal = count_files(folder, "history.db.damaged-", "-wal");
    free(folder);
    return journals ? wal : all - wal;
}

static int asides(const fixture *f)
{
    return set_aside(f, false);
}

static int64_t count(lt_store *s)
{
    int64_t n;
    CHECK_OK(lt_store_count(s, &(lt_store_query){0}, &n, err));
    return n;
}

/* The damage is said, the file is there under another name, and there is a new one. */
static void check_anew(fixture *f)
{
    lt_error note = {0};
    f->store = lt_store_open(f->path, &note);
    assert_int_equal(note.code, LT_ERR_FORMAT);
    assert_non_null(strstr(note.message, "damaged-"));
    assert_int_equal(lt_store_mode_of(f->store), LT_STORE_WRITES);
    assert_int_equal(asides(f), 1);
    assert_int_equal(count(f->store), 0);
    int64_t id = add_run(f->store, "new", 1, 2);
    check_frames(f->store, id, (uint32_t)id, 0, 2);
    check_sound(f->path);
}

static void overwrite(const char *path, int64_t at, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, at), n);
    close(fd);
}

static void ruin_table(const fixture *f, const char *name)
{
    char *sql = lt_format("SELECT rootpage FROM sqlite_schema WHERE name = '%s'", name);
    int64_t page = sql_number(f->path, sql);
    unsigned char junk[512];
    memset(junk, 0xA7, sizeof junk);
    overwrite(f->path, (page - 1) * 16384, junk, sizeof junk);
    free(sql);
}

static void test_header(void **state)
{
    fixture *f = *state;
    overwrite(f->path, 0, "SQLite format 4", 16);
    check_anew(f);
}

static void test_page(void **state)
{
    fixture *f = *state;
    ruin_table(f, "runs");
    check_anew(f);
}

static void test_schema_page(void **state)
{
    fixture *f = *state;
    overwrite(f->path, 100, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    check_anew(f);
}

static void test_truncated(void **state)
{
    fixture *f = *state;
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(truncate(f->path, st.st_size / 2 + 100), 0);
    check_anew(f);
}

static void test_text_file(void **state)
{
    fixture *f = *state;
    CHECK_OK(lt_file_write(f->path, "not a database\n", 15, err));
    check_anew(f);
}

/* Two within a second have two names, and a journal goes with its file. */
static void test_twice(void **state)
{
    fixture *f = *state;
    char *wal = lt_format("%s-wal", f->path);
    for (int i = 0; i < 3; i++) {
        lt_error note = {0};
        CHECK_OK(lt_file_write(f->path, "not a database\n", 15, err));
        if (i == 2)
            CHECK_OK(lt_file_write(wal, "nor a journal\n", 14, err));
        lt_store_close(lt_store_open(f->path, &note));
        assert_int_equal(note.code, LT_ERR_FORMAT);
    }
    assert_int_equal(asides(f), 3);
    assert_int_equal(set_aside(f, true), 1);
    f->store = open_quietly(f->path);
    assert_int_equal(count(f->store), 0);
    free(wal);
}

static void test_empty_file(void **state)
{
    fixture *f = *state;
    assert_int_equal(truncate(f->path, 0), 0);
    f->store = open_quietly(f->path);
    assert_int_equal(count(f->store), 0);
    assert_int_equal(asides(f), 0);
}

/* What is met later is told, and set aside at the end. */
static void test_met_later(void **state)
{
    fixture *f = *state;
    lt_store_step *steps;
    size_t n;
    ruin_table(f, "steps");
    f->store = open_quietly(f->path);
    assert_int_equal(count(f->store), 30);
    CHECK_FAILS(lt_store_read_steps(f->store, 3, 0, 9, &steps, &n, err), LT_ERR_FORMAT, "damaged");
    fixture_reopen(f);
    assert_int_equal(asides(f), 1);
    assert_int_equal(count(f->store), 0);
}

/* Not while another program has it open. */
static void test_in_use(void **state)
{
    fixture *f = *state;
    lt_error note = {0};
    lt_store *other = open_quietly(f->path);
    ruin_table(f, "runs");
    lt_store *s = lt_store_open(f->path, &note);
    assert_int_equal(note.code, LT_ERR_FORMAT);
    assert_non_null(strstr(note.hint, "other programs"));
    assert_int_equal(lt_store_mode_of(s), LT_STORE_OFF);
    assert_int_equal(asides(f), 0);
    lt_store_close(s);
    lt_store_close(other);
    check_anew(f);
}

/* Numbers that are not what was written are told; the rest of the history is fine. */
static void test_numbers(void **state)
{
    fixture *f = *state;
    lt_store_step *steps;
    size_t n;
    sql_run(f->path, "UPDATE blobs SET bytes = zeroblob(length(bytes)) WHERE id = (SELECT id FROM "
                     "steps WHERE run = 3 AND k = 2)");
    sql_run(f->path, "UPDATE steps SET latents = 1 << 40 WHERE run = 4 AND k = 1");
    sql_run(f->path, "UPDATE steps SET halves = -1 WHERE run = 4 AND k = 2");
    sql_run(f->path, "UPDATE blobs SET bytes = 'x' WHERE id = (SELECT id FROM steps WHERE run = 5 "
                     "AND k = 1)");
    sql_run(f->path, "DELETE FROM blobs WHERE id = (SELECT id FROM steps WHERE run = 5 AND k = 2)");
    f->store = open_quietly(f->path);
    CHECK_FAILS(lt_store_read_steps(f->store, 3, 0, 9, &steps, &n, err), LT_ERR_FORMAT,
                "step 2 of run 3");
    assert_null(steps);
    check_frames(f->store, 3, 3, 0, 1);
    check_frames(f->store, 3, 3, 3, 3);
    for (int k = 1; k <= 2; k++) {
        CHECK_FAILS(lt_store_read_steps(f->store, 4, k, k, &steps, &n, err), LT_ERR_FORMAT,
                    "of run 4 is damaged");
        CHECK_FAILS(lt_store_read_steps(f->store, 5, k, k, &steps, &n, err), LT_ERR_FORMAT,
                    "of run 5 is damaged");
    }
    fixture_reopen(f);
    assert_int_equal(count(f->store), 30);
}

/* Rows that no latentty wrote: they are told, and nothing runs round in circles. */
static void test_strange_rows(void **state)
{
    (void)state;
    lt_store_step *steps;
    size_t n;
    static const char *const changes[] = {"done = -4", "done = 2147483647",
                                          "parent = 1, parent_step = 2147483647",
                                          "parent = 1, parent_step = -1"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        fixture f;
        char *sql = lt_format("UPDATE runs SET %s WHERE id = 2", changes[i]);
        fixture_open(&f);
        add_run(f.store, "a", 1, 3);
        add_run(f.store, "b", 1, 3);
        lt_store_close(f.store);
        sql_run(f.path, sql);
        f.store = open_quietly(f.path);
        CHECK_FAILS(lt_store_read_steps(f.store, 2, 0, 9, &steps, &n, err), LT_ERR_FORMAT,
                    "damaged");
        CHECK_FAILS(lt_store_purge(f.store, 2, err), LT_ERR_FORMAT, "damaged");
        fixture_close(&f);
        free(sql);
    }
}

static void test_circle(void **state)
{
    fixture *f = *state;
    sql_run(f->path,
            "PRAGMA ignore_check_constraints = ON; UPDATE runs SET parent = 9 WHERE id = 8;"
            "UPDATE runs SET parent = 8 WHERE id = 9");
    check_anew(f);
}

/* ---- other things in its place ---- */

static void check_refused(fixture *f, lt_error_code code, const char *part)
{
    lt_error note = {0}, why = {0};
    lt_store_run run = make_run("x", 1);
    lt_store_page page;
    int64_t id;
    f->store = lt_store_open(f->path, &note);
    assert_int_equal(lt_store_mode_of(f->store), LT_STORE_OFF);
    assert_int_equal(note.code, code);
    if (!strstr(note.message, part))
        fail_msg("'%s' is not in '%s'", part, note.message);
    assert_int_equal(asides(f), 0);
    assert_false(lt_store_begin(f->store, &run, &id, &why)); /* nothing works, nothing crashes */
    assert_string_equal(why.message, note.message);
    CHECK_OK(lt_store_list(f->store, &(lt_store_query){.search = "a"}, &page, err));
    assert_int_equal(page.count, 0);
    CHECK_OK(lt_store_unfinished(f->store, &id, err));
    assert_int_equal(id, 0);
    assert_int_equal(count(f->store), 0);
    CHECK_OK(lt_store_bytes(f->store, &id, err));
    assert_false(lt_store_read(f->store, 1, &run, &why));
    assert_false(lt_store_star(f->store, 1, true, &why));
    assert_false(lt_store_purge(f->store, 1, &why));
    assert_false(lt_store_prune(f->store, 0, NULL, &why));
    lt_store_run_done(&run);
    lt_store_close(f->store);
    f->store = NULL;
}

static void test_directory(void **state)
{
    fixture *f = *state;
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    check_refused(f, LT_ERR_IO, "it is a directory");
    assert_true(lt_dir_exists(f->path));
}

static void test_fifo(void **state)
{
    fixture *f = *state;
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    check_refused(f, LT_ERR_IO, "not a regular file");
}

static void test_other_database(void **state)
{
    fixture *f = *state;
    assert_int_equal(unlink(f->path), 0);
    sql_run(f->path, "CREATE TABLE addresses(x); INSERT INTO addresses VALUES(7)");
    check_refused(f, LT_ERR_FORMAT, "another program's");
    assert_int_equal(sql_number(f->path, "SELECT x FROM addresses"), 7);
    sql_run(f->path, "DROP TABLE addresses; PRAGMA application_id = 5");
    check_refused(f, LT_ERR_FORMAT, "another program's");
}

static void test_newer(void **state)
{
    fixture *f = *state;
    sql_run(f->path, "PRAGMA user_version = 99");
    check_refused(f, LT_ERR_FORMAT, "newer latentty");
    assert_int_equal(sql_number(f->path, "PRAGMA user_version"), 99);
    assert_int_equal(sql_number(f->path, "SELECT count(*) FROM runs"), 30);
}

/* A name that SQLite would take for an URI. */
static void test_names(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {"file:x?mode=memory", ":memory:", "100%#?.db"};
    assert_int_equal(chdir(f->dir), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lt_store *s = open_quietly(names[i]);
        add_run(s, "a", 1, 0);
        lt_store_close(s);
        assert_true(lt_file_exists(names[i]));
    }
    assert_int_equal(chdir("/"), 0);
}

/* ---- locked ---- */

static void test_locked(void **state)
{
    fixture *f = *state;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE runs SET "
                     "starred = 0",
                     NULL, NULL, NULL),
        SQLITE_OK);
    check_refused(f, LT_ERR_IO, "has it locked");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    f->store = open_quietly(f->path);
    assert_int_equal(count(f->store), 30);
}

/* While another program writes, reading goes on; writing fails and works again. */
static void test_busy(void **state)
{
    fixture *f = *state;
    sqlite3 *db;
    f->store = open_quietly(f->path);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    check_frames(f->store, 3, 3, 0, 3);
    CHECK_FAILS(lt_store_star(f->store, 3, true, err), LT_ERR_IO, "locked");
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    CHECK_OK(lt_store_star(f->store, 3, true, err));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- read-only: as somebody who is not root ---- */

enum { NOBODY = 65534 };

static void give_away(const fixture *f)
{
    char *folder = lt_path_join(f->dir, "data"), *lock = lt_format("%s-lock", f->path);
    if (geteuid() == 0 && (chown(f->dir, NOBODY, NOBODY) || chown(folder, NOBODY, NOBODY) ||
                           chown(f->path, NOBODY, NOBODY) || chown(lock, NOBODY, NOBODY)))
        skip();
    free(folder);
    free(lock);
}

static void set_modes(const fixture *f, mode_t folder_mode, mode_t file_mode)
{
    char *folder = lt_path_join(f->dir, "data");
    assert_int_equal(chmod(f->path, file_mode), 0);
    assert_int_equal(chmod(folder, folder_mode), 0);
    free(folder);
}

/* 0, or the number of the line that was not so. */
static int look_as_reader(const char *path)
{
    lt_error note = {0}, err = {0};
    lt_store_run run = {0};
    lt_store_step *steps;
    size_t n;
    int64_t id;
    if (geteuid() == 0 && (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
        return 1;
    lt_store *s = lt_store_open(path, &note);
    if (lt_store_mode_of(s) != LT_STORE_READS || !strstr(note.message, "read-only"))
        return 2;
    if (!lt_store_read_steps(s, 7, 0, 3, &steps, &n, &err) || n != 4)
        return 3;
    if (!lt_store_count(s, &(lt_store_query){.search = "fox"}, &id, &err) || id != 30)
        return 4;
    if (lt_store_begin(s, &run, &id, &err) || !strstr(err.message, "read-only"))
        return 5;
    if (lt_store_star(s, 7, true, &err) || lt_store_prune(s, 0, NULL, &err))
        return 6;
    lt_store_close(s);
    return 0;
}

static int look_where_nothing_is(const char *path)
{
    lt_error note = {0};
    if (geteuid() == 0 && (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
        return 1;
    lt_store *s = lt_store_open(path, &note);
    if (lt_store_mode_of(s) != LT_STORE_OFF || note.code != LT_ERR_IO)
        return 2;
    lt_store_close(s);
    return 0;
}

static void check_child(int (*look)(const char *path), const char *path)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(look(path));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_read_only(void **state)
{
    fixture *f = *state;
    give_away(f);
    set_modes(f, 0500, 0400); /* folder and file */
    check_child(look_as_reader, f->path);
    set_modes(f, 0500, 0600); /* the file could be written, its journal not made */
    check_child(look_as_reader, f->path);
    set_modes(f, 0700, 0400);
    check_child(look_as_reader, f->path);
    char *other = lt_path_join(f->dir, "data/other.db");
    set_modes(f, 0500, 0400);
    check_child(look_where_nothing_is, other);
    set_modes(f, 0700, 0600);
    free(other);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_header),
        CASE(test_page),
        CASE(test_schema_page),
        CASE(test_truncated),
        CASE(test_text_file),
        CASE(test_twice),
        CASE(test_empty_file),
        CASE(test_met_later),
        CASE(test_in_use),
        CASE(test_numbers),
        CASE(test_directory),
        CASE(test_fifo),
        CASE(test_other_database),
        CASE(test_newer),
        CASE(test_names),
        CASE(test_locked),
        CASE(test_busy),
        CASE(test_circle),
        cmocka_unit_test(test_strange_rows),
        CASE(test_read_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
