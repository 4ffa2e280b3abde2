/* test_writer.c - the thread that writes: order, what it says, and what it does when it may not. */
#define _POSIX_C_SOURCE 200809L
#include "store/writer.h"

#include <poll.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fixture.h"
#include "support/check.h"

static lt_store_writer *open_writer(const fixture *f, size_t waiting, int64_t largest)
{
    lt_store_writer *w;
    CHECK_OK(lt_store_writer_open(
        &(lt_store_writer_options){.path = f->path, .waiting = waiting, .largest = largest}, &w,
        err));
    return w;
}

/* Waits for the next event. */
static lt_store_event next(lt_store_writer *w)
{
    lt_store_event e;
    struct pollfd p = {.fd = lt_store_writer_fd(w), .events = POLLIN};
    while (!lt_store_writer_poll(w, &e))
        assert_true(poll(&p, 1, 60000) == 1);
    return e;
}

/* And for the next that is not of a step. */
static lt_store_event next_news(lt_store_writer *w)
{
    lt_store_event e = next(w);
    while (e.kind == LT_STORE_KEPT)
        e = next(w);
    return e;
}

static lt_store_event expect(lt_store_writer *w, lt_store_event_kind kind, uint64_t ticket)
{
    lt_store_event e = kind == LT_STORE_KEPT ? next(w) : next_news(w);
    if (e.kind != kind || e.ticket != ticket)
        fail_msg("event %d of ticket %d, not %d of %d: %s", (int)e.kind, (int)e.ticket, (int)kind,
                 (int)ticket, e.error.message);
    return e;
}

static void put_step(lt_store_writer *w, uint64_t ticket, int k, size_t floats)
{
    float *all = lt_alloc_array(floats, sizeof *all);
    for (size_t i = 0; i < floats; i++)
        all[i] = (float)k + (float)i / 7;
    lt_store_step step = {
        .k = k, .seconds = 0.5, .latents = {all, floats}, .eps_text = {all, floats / 2}};
    lt_store_writer_step(w, ticket, &step);
    memset(all, 0xFF, floats * sizeof *all); /* it was copied */
    free(all);
}

static uint64_t put_run(lt_store_writer *w, const char *word, uint64_t parent, int parent_step)
{
    lt_store_run run = make_run(word, 1);
    run.parent_step = parent_step;
    uint64_t ticket = lt_store_writer_begin(w, &run, parent);
    lt_store_run_done(&run);
    return ticket;
}

static void check_kept(lt_store *s, int64_t id, int first, int last, size_t floats)
{
    lt_store_step *steps;
    size_t count;
    CHECK_OK(lt_store_read_steps(s, id, 0, 1000, &steps, &count, err));
    assert_int_equal(count, last - first + 1);
    for (size_t n = 0; n < count; n++) {
        assert_int_equal(steps[n].k, first + (int)n);
        assert_int_equal(steps[n].latents.count, floats);
        assert_int_equal(steps[n].eps_text.count, floats / 2);
        for (size_t i = 0; i < floats; i++)
            assert_true(steps[n].latents.data[i] == (float)steps[n].k + (float)i / 7);
        for (size_t i = 0; i < floats / 2; i++)
            assert_true(steps[n].eps_text.data[i] == (float)steps[n].k + (float)i / 7);
    }
    lt_store_steps_free(steps, count);
}

static void test_run(void **state)
{
    (void)state;
    fixture f;
    lt_store_run run;
    fixture_open(&f);
    lt_store_writer *w = open_writer(&f, 0, 0);
    uint64_t t = put_run(w, "a fox", 0, 0);
    for (int k = 0; k <= 20; k++)
        put_step(w, t, k, 500);
    lt_store_writer_thumbnail(w, t, "picture", 7);
    lt_store_writer_drop(w, t, 2, 20);
    uint64_t fork = put_run(w, "fork", t, 5);
    put_step(w, fork, 6, 500);
    lt_store_writer_finish(w, t, LT_STORE_DONE);
    assert_int_equal(expect(w, LT_STORE_OPENED, 0).error.code, LT_ERR_NONE);
    int64_t id = expect(w, LT_STORE_BEGUN, t).id;
    int64_t fork_id = expect(w, LT_STORE_BEGUN, fork).id;
    assert_int_equal(expect(w, LT_STORE_FINISHED, t).id, id);
    lt_store_writer_close(w);
    CHECK_OK(lt_store_read(f.store, id, &run, err));
    assert_int_equal(run.state, LT_STORE_DONE);
    assert_int_equal(run.thumbnail_bytes, 7);
    assert_string_equal(run.prompt, "a fox 1");
    assert_int_equal(run.picture_count, 1);
    assert_true(run.pictures[0].image == 2 && run.pictures[0].dropped);
    assert_int_equal(run.pictures[0].last, 20);
    lt_store_run_done(&run);
    check_kept(f.store, id, 0, 20, 500);
    check_kept(f.store, fork_id, 0, 6, 500);

    CHECK_OK(lt_store_unfinished(f.store, &fork_id, err)); /* its writer is gone */
    w = open_writer(&f, 0, 0);
    t = lt_store_writer_adopt(w, fork_id);
    put_step(w, t, 7, 500);
    lt_store_writer_finish(w, t, LT_STORE_STOPPED);
    lt_store_writer_close(w);
    check_kept(f.store, fork_id, 0, 7, 500);
    check_sound(f.path);
    fixture_close(&f);
}

/* A step that cannot follow: what comes after it is not kept, and it is said once. */
static void test_gap(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    lt_store_writer *w = open_writer(&f, 0, 0);
    uint64_t t = put_run(w, "a fox", 0, 0);
    put_step(w, t, 1, 10);
    put_step(w, t, 3, 10);
    put_step(w, t, 2, 10);
    put_step(w, t, 5, 10);
    uint64_t orphan = put_run(w, "fork", t, 3); /* of what is not kept */
    put_step(w, orphan, 4, 10);
    uint64_t third = put_run(w, "fork", orphan, 4);
    lt_store_writer_finish(w, t, LT_STORE_DONE);
    expect(w, LT_STORE_OPENED, 0);
    int64_t id = expect(w, LT_STORE_BEGUN, t).id;
    lt_store_event lost = expect(w, LT_STORE_LOST, t);
    assert_int_equal(lost.step, 3);
    assert_int_equal(lost.error.code, LT_ERR_ARGUMENT);
    assert_int_equal(expect(w, LT_STORE_LOST, orphan).step, 0);
    assert_non_null(strstr(expect(w, LT_STORE_LOST, third).error.message, "not in the history"));
    expect(w, LT_STORE_FINISHED, t);
    put_step(w, t, 2, 10); /* after the caller was told, not even copied */
    assert_int_equal(lt_store_writer_waiting(w), 0);
    lt_store_writer_close(w);
    check_kept(f.store, id, 1, 1, 10);
    fixture_close(&f);
}

/* A step that is told as kept is in the file at that moment, not some time later. */
static void test_kept(void **state)
{
    (void)state;
    fixture f;
    lt_store_run run;
    fixture_open(&f);
    lt_store_writer *w = open_writer(&f, 0, 0);
    uint64_t t = put_run(w, "a fox", 0, 0);
    expect(w, LT_STORE_OPENED, 0);
    int64_t id = expect(w, LT_STORE_BEGUN, t).id;
    for (int k = 0; k <= 20; k++) {
        put_step(w, t, k, 500);
        lt_store_event e = expect(w, LT_STORE_KEPT, t);
        assert_int_equal(e.step, k);
        assert_int_equal(e.id, id);
        CHECK_OK(lt_store_read(f.store, id, &run, err));
        assert_int_equal(run.done, k);
        lt_store_run_done(&run);
    }
    lt_store_writer_close(w);
    fixture_close(&f);
}

/* The disk does not get on (another program holds the lock): memory stays bounded. */
static void test_behind(void **state)
{
    (void)state;
    enum { FEW = 1000, MOST = 10 * 6 * FEW };
    fixture f;
    sqlite3 *db;
    fixture_open(&f);
    lt_store_writer *w = open_writer(&f, MOST, 0);
    uint64_t t = put_run(w, "a fox", 0, 0);
    expect(w, LT_STORE_OPENED, 0);
    int64_t id = expect(w, LT_STORE_BEGUN, t).id;
    assert_int_equal(sqlite3_open(f.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    int k = 1;
    lt_store_event e;
    /* the lock lets none of them be kept */
    for (; k <= 100 && !lt_store_writer_poll(w, &e); k++) {
        put_step(w, t, k, FEW);
        assert_true(lt_store_writer_waiting(w) <= MOST);
    }
    assert_int_equal(e.kind, LT_STORE_LOST);
    assert_int_equal(e.step, 11);
    assert_non_null(strstr(e.error.message, "behind"));
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    uint64_t second = put_run(w, "later", 0, 0);
    int64_t second_id = expect(w, LT_STORE_BEGUN, second).id; /* so all before it is written */
    put_step(w, t, 12, FEW);
    put_step(w, second, 0, FEW);
    lt_store_writer_close(w);
    check_kept(f.store, id, 1, 10, FEW);
    check_kept(f.store, second_id, 0, 0, FEW);
    fixture_close(&f);
}

/* What is not a step is told, too, and nothing else happens. */
static void test_trouble(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    lt_store_writer *w = open_writer(&f, 0, 0);
    uint64_t t = put_run(w, "a fox", 0, 0);
    expect(w, LT_STORE_OPENED, 0);
    int64_t id = expect(w, LT_STORE_BEGUN, t).id;
    sql_run(f.path, "UPDATE runs SET ghost = 1");
    lt_store_writer_thumbnail(w, t, "x", 1);
    lt_store_writer_drop(w, t, 1, 0);
    lt_store_writer_finish(w, t, LT_STORE_DONE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(expect(w, LT_STORE_TROUBLE, t).error.code, LT_ERR_ARGUMENT);
    uint64_t again = lt_store_writer_adopt(w, id);
    assert_non_null(strstr(expect(w, LT_STORE_LOST, again).error.message, "finished"));
    uint64_t none = lt_store_writer_adopt(w, 1000);
    assert_non_null(strstr(expect(w, LT_STORE_LOST, none).error.message, "no run 1000"));
    lt_store_writer_close(w);
    fixture_close(&f);
}

/* Nothing to write to: the caller hears why, and can go on. */
static void test_off(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    sql_run(f.path, "PRAGMA user_version = 99");
    lt_store_writer *w = open_writer(&f, 0, 1);
    uint64_t t = put_run(w, "a fox", 0, 0);
    put_step(w, t, 0, 10);
    lt_store_writer_thumbnail(w, t, "x", 1);
    lt_store_writer_finish(w, t, LT_STORE_DONE);
    assert_int_equal(expect(w, LT_STORE_OPENED, 0).error.code, LT_ERR_FORMAT);
    lt_store_event e = expect(w, LT_STORE_LOST, t);
    assert_int_equal(e.id, 0);
    assert_non_null(strstr(e.error.message, "newer"));
    lt_store_writer_close(w);
    sql_run(f.path, "PRAGMA user_version = 1");
    fixture_close(&f);
    lt_store_writer_close(NULL);
}

static void test_pruned(void **state)
{
    (void)state;
    fixture f;
    int64_t count, bytes, empty;
    fixture_open(&f);
    CHECK_OK(lt_store_bytes(f.store, &empty, err));
    int64_t largest = empty + 400000;
    lt_store_writer *w = open_writer(&f, 0, largest);
    for (int i = 0; i < 6; i++) {
        uint64_t t = put_run(w, "a fox", 0, 0);
        for (int k = 0; k < 4; k++)
            put_step(w, t, k, 8192);
        lt_store_writer_finish(w, t, LT_STORE_DONE);
    }
    lt_store_writer_close(w);
    CHECK_OK(lt_store_bytes(f.store, &bytes, err));
    CHECK_OK(lt_store_count(f.store, &(lt_store_query){0}, &count, err));
    assert_true(bytes <= largest);
    assert_true(count >= 1 && count < 4);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),    cmocka_unit_test(test_gap), cmocka_unit_test(test_behind),
        cmocka_unit_test(test_kept),   cmocka_unit_test(test_off), cmocka_unit_test(test_trouble),
        cmocka_unit_test(test_pruned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
