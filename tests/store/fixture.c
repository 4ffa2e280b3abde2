/* fixture.c - see fixture.h. */
#define _POSIX_C_SOURCE 200809L
#include "fixture.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "support/temp.h"

lt_store *open_quietly(const char *path)
{
    lt_error note = {0};
    lt_store *s = lt_store_open(path, &note);
    if (note.code != LT_ERR_NONE)
        fail_msg("the store says: %s", note.message);
    assert_int_equal(lt_store_mode_of(s), LT_STORE_WRITES);
    return s;
}

void fixture_open(fixture *f)
{
    f->dir = temp_dir();
    f->path = lt_path_join(f->dir, "data/history.db");
    f->store = open_quietly(f->path);
}

void fixture_reopen(fixture *f)
{
    lt_store_close(f->store);
    f->store = open_quietly(f->path);
}

void fixture_close(fixture *f)
{
    lt_store_close(f->store);
    free(f->path);
    temp_dir_remove(f->dir);
}

lt_store_run make_run(const char *word, int number)
{
    return (lt_store_run){.prompt = lt_format("%s %d", word, number),
                          .negative = lt_strdup("blurry"),
                          .settings = lt_format("{\"n\":%d}", number),
                          .sampler = lt_strdup("lms"),
                          .model = lt_strdup("demo"),
                          .model_hash = lt_strdup("0123abcd"),
                          .seed = UINT64_MAX - (uint64_t)number,
                          .steps = 20,
                          .width = 128,
                          .height = 96,
                          .guidance = 7.5,
                          .seconds = 0.25};
}

int64_t add_run(lt_store *s, const char *word, int number, int steps)
{
    lt_store_run run = make_run(word, number);
    int64_t id = 0;
    CHECK_OK(lt_store_begin(s, &run, &id, err));
    for (int k = 0; k <= steps; k++)
        CHECK_OK(append_step(s, id, (uint32_t)id, k, FLOATS, err));
    lt_store_run_done(&run);
    return id;
}

int64_t add_fork(lt_store *s, int64_t parent, int step, int last)
{
    lt_store_run run = make_run("fork", (int)parent);
    int64_t id = 0;
    run.parent = parent;
    run.parent_step = step;
    CHECK_OK(lt_store_begin(s, &run, &id, err));
    for (int k = step + 1; k <= last; k++)
        CHECK_OK(append_step(s, id, (uint32_t)id, k, FLOATS, err));
    lt_store_run_done(&run);
    return id;
}

/* Every eighth is what bfloat16 can hold in eps_text; all of eps_uncond are. */
static float value(uint32_t name, int k, int part, size_t i)
{
    uint32_t x = (name * 977u + (uint32_t)k) * 31u + (uint32_t)part;
    x = (x ^ (uint32_t)i * 2654435761u) * 1664525u + 1013904223u;
    int v = (int)(x >> 8) - (1 << 23);
    return part == 3 ? (float)(v >> 17) : (float)v / 65536.0f;
}

bool append_step(lt_store *s, int64_t id, uint32_t name, int k, size_t floats, lt_error *err)
{
    float *all = lt_alloc_array(4 * floats, sizeof *all);
    for (int part = 0; part < 4; part++)
        for (size_t i = 0; i < floats; i++)
            all[(size_t)part * floats + i] = value(name, k, part, i);
    lt_store_step step = {.k = k, .seconds = 0.5, .latents = {all, floats}};
    if (k > 0) {
        step.x0 = (lt_store_floats){all + floats, floats};
        step.eps_text = (lt_store_floats){all + 2 * floats, floats};
        step.eps_uncond = (lt_store_floats){all + 3 * floats, floats};
    }
    bool ok = lt_store_append(s, id, &step, err);
    free(all);
    return ok;
}

static void check_part(const lt_store_floats *part, uint32_t name, int k, int index, size_t floats)
{
    assert_int_equal(part->count, floats);
    for (size_t i = 0; i < floats; i++) {
        float want = value(name, k, index, i);
        assert_memory_equal(&part->data[i], &want, sizeof want);
    }
}

void check_step(const lt_store_step *step, uint32_t name, int k, size_t floats)
{
    size_t rest = k > 0 ? floats : 0;
    assert_int_equal(step->k, k);
    assert_true(step->seconds == 0.5);
    check_part(&step->latents, name, k, 0, floats);
    check_part(&step->x0, name, k, 1, rest);
    check_part(&step->eps_text, name, k, 2, rest);
    check_part(&step->eps_uncond, name, k, 3, rest);
}

void check_frames(lt_store *s, int64_t id, uint32_t name, int first, int last)
{
    lt_store_step *steps;
    size_t count;
    CHECK_OK(lt_store_read_steps(s, id, first, last, &steps, &count, err));
    assert_int_equal(count, last - first + 1);
    for (size_t i = 0; i < count; i++)
        check_step(&steps[i], name, first + (int)i, FLOATS);
    lt_store_steps_free(steps, count);
}

static sqlite3 *connect(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                     SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    return db;
}

int64_t sql_number(const char *path, const char *sql)
{
    sqlite3 *db = connect(path);
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return n;
}

void sql_run(const char *path, const char *sql)
{
    sqlite3 *db = connect(path);
    char *fault = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &fault) != SQLITE_OK)
        fail_msg("%s: %s", sql, fault);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void check_sound(const char *path)
{
    sqlite3 *db = connect(path);
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(st, 0), "ok");
    sqlite3_finalize(st);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA foreign_key_check", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    sqlite3_finalize(st);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int count_files(const char *dir, const char *prefix, const char *suffix)
{
    int n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        size_t length = strlen(e->d_name), end = strlen(suffix);
        n += strncmp(e->d_name, prefix, strlen(prefix)) == 0 && length >= end &&
             strcmp(e->d_name + length - end, suffix) == 0;
    }
    closedir(d);
    return n;
}
