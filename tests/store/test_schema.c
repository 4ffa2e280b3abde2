/* test_schema.c - an old file becomes one of today, step by step, or stays what it was. */
#define _POSIX_C_SOURCE 200809L
#include "store/schema.h"

#include <stdlib.h>

#include "base/file.h"
#include "fixture.h"
#include "store/db.h"
#include "support/check.h"
#include "support/temp.h"

static const char *const migrations[] = {
    "CREATE TABLE a(x INTEGER); INSERT INTO a VALUES(1)",
    "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 5; UPDATE a SET x = x + 1",
    "CREATE TABLE b(x); DROP TABLE missing", /* fails half-way */
};

static sqlite3 *memory(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    return db;
}

static int64_t number(sqlite3 *db, const char *sql)
{
    int64_t n = -1;
    assert_int_equal(lt_db_number(db, sql, &n), SQLITE_OK);
    return n;
}

static void test_steps(void **state)
{
    (void)state;
    sqlite3 *db = memory();
    assert_int_equal(lt_schema_apply(db, migrations, 1), SQLITE_OK);
    assert_int_equal(number(db, "PRAGMA user_version"), 1);
    assert_int_equal(number(db, "PRAGMA application_id"), LT_SCHEMA_ID);
    lt_db_run(db, "INSERT INTO a VALUES(10)");
    assert_int_equal(lt_schema_apply(db, migrations, 2), SQLITE_OK);
    assert_int_equal(lt_schema_apply(db, migrations, 2), SQLITE_OK); /* nothing twice */
    assert_int_equal(number(db, "PRAGMA user_version"), 2);
    assert_int_equal(number(db, "SELECT sum(x + y) FROM a"), 2 + 11 + 10);
    assert_int_equal(lt_schema_apply(db, migrations, 1), SQLITE_OK); /* newer: left alone */
    assert_int_equal(number(db, "PRAGMA user_version"), 2);
    sqlite3_close(db);
}

static void test_failing(void **state)
{
    (void)state;
    sqlite3 *db = memory();
    assert_int_not_equal(lt_schema_apply(db, migrations, 3), SQLITE_OK);
    assert_int_equal(number(db, "PRAGMA user_version"), 2);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
    assert_int_equal(sqlite3_get_autocommit(db), 1);
    sqlite3_close(db);
}

/* An empty database of SQLite's becomes a history, as does an empty file. */
static void test_version_0(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "history.db");
    sql_run(path, "PRAGMA user_version = 0; VACUUM");
    lt_store *s = open_quietly(path);
    int64_t id = add_run(s, "a", 1, 2);
    check_frames(s, id, (uint32_t)id, 0, 2);
    lt_store_close(s);
    assert_int_equal(sql_number(path, "PRAGMA user_version"), lt_schema_version);
    check_sound(path);
    free(path);
    temp_dir_remove(dir);
}

/* A history of the first version keeps its runs and their stars, and takes those of pictures. */
static void test_version_1(void **state)
{
    (void)state;
    lt_store_run run;
    char *dir = temp_dir(), *path = lt_path_join(dir, "history.db");
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(lt_schema_apply(db, lt_schema_migrations, 1), SQLITE_OK);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'pictures'"), 0);
    assert_int_equal(
        lt_db_run(db, "INSERT INTO runs(created, starred, state, steps, width, height, seed, "
                      "guidance, sampler, model, model_hash, prompt, negative, settings, folded) "
                      "VALUES(7, 1, 1, 20, 128, 96, 3, 7.5, 'lms', 'demo', '', 'a fox', '', '{}', "
                      "'a fox')"),
        SQLITE_OK);
    sqlite3_close(db);
    lt_store *s = open_quietly(path);
    assert_int_equal(sql_number(path, "PRAGMA user_version"), lt_schema_version);
    CHECK_OK(lt_store_read(s, 1, &run, err));
    assert_string_equal(run.prompt, "a fox");
    assert_true(run.starred && run.seed == 3 && run.picture_count == 0);
    lt_store_run_done(&run);
    CHECK_OK(lt_store_star_picture(s, 1, 2, true, err));
    CHECK_OK(lt_store_read(s, 1, &run, err));
    assert_true(run.picture_count == 1 && run.pictures[0].image == 2 && run.pictures[0].starred);
    lt_store_run_done(&run);
    lt_store_close(s);
    check_sound(path);
    free(path);
    temp_dir_remove(dir);
}

static void test_file(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    assert_int_equal(sql_number(f.path, "PRAGMA application_id"), LT_SCHEMA_ID);
    assert_int_equal(sql_number(f.path, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    assert_int_equal(sql_number(f.path, "PRAGMA auto_vacuum"), 2); /* incremental */
    assert_int_equal(sql_number(f.path, "PRAGMA page_size"), 16384);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),     cmocka_unit_test(test_failing),
        cmocka_unit_test(test_version_0), cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
