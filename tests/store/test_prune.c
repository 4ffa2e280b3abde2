/* test_prune.c - what is purged, what stays, and the steps that forks share. */
#define _POSIX_C_SOURCE 200809L
#include "store/store.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "fixture.h"
#include "support/check.h"

static int setup(void **state)
{
    fixture *f = lt_alloc(sizeof *f);
    fixture_open(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    check_sound(f->path);
    fixture_close(f);
    free(f);
    return 0;
}

static bool is_there(lt_store *s, int64_t id)
{
    lt_store_run run;
    lt_error err = {0};
    bool there = lt_store_read(s, id, &run, &err);
    if (there)
        lt_store_run_done(&run);
    else
        assert_int_equal(err.code, LT_ERR_ARGUMENT);
    return there;
}

static int64_t rows(const fixture *f, const char *table)
{
    char *sql = lt_format("SELECT count(*) FROM %s", table);
    int64_t n = sql_number(f->path, sql);
    free(sql);
    return n;
}

/* A finished run whose three frames take 64 KiB or more each. */
static int64_t add_large(lt_store *s, int number)
{
    int64_t id = add_run(s, "large", number, -1);
    for (int k = 1; k <= 3; k++)
        CHECK_OK(append_step(s, id, (uint32_t)id, k, 8192, err));
    CHECK_OK(lt_store_finish(s, id, LT_STORE_DONE, err));
    return id;
}

static int64_t used(lt_store *s)
{
    int64_t bytes;
    CHECK_OK(lt_store_bytes(s, &bytes, err));
    return bytes;
}

/* Deleted ones first, then the oldest, and starred ones never. */
static void test_order(void **state)
{
    fixture *f = *state;
    int64_t id[8], before = used(f->store);
    int gone;
    struct stat st;
    for (int i = 0; i < 8; i++)
        id[i] = add_large(f->store, i);
    int64_t one = (used(f->store) - before) / 8;
    assert_true(one > 3 * (3 * 32768 + 16384));
    CHECK_OK(lt_store_star(f->store, id[0], true, err));
    CHECK_OK(lt_store_delete(f->store, id[5], true, err));
    CHECK_OK(lt_store_prune(f->store, used(f->store), &gone, err));
    assert_int_equal(gone, 0);
    CHECK_OK(lt_store_prune(f->store, used(f->store) - 1, &gone, err));
    assert_int_equal(gone, 1);
    assert_false(is_there(f->store, id[5]));
    CHECK_OK(lt_store_prune(f->store, used(f->store) - one - one / 2, &gone, err));
    assert_int_equal(gone, 2);
    assert_true(is_there(f->store, id[0]) && is_there(f->store, id[3]));
    assert_false(is_there(f->store, id[1]) || is_there(f->store, id[2]));
    CHECK_OK(lt_store_prune(f->store, 0, &gone, err));
    assert_int_equal(gone, 4);
    assert_true(is_there(f->store, id[0]));
    assert_int_equal(rows(f, "runs"), 1);
    assert_int_equal(rows(f, "blobs"), 3);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_size, used(f->store)); /* the file shrinks, too */
}

/* What this or another program is writing stays, even if it is deleted. */
static void test_at_work(void **state)
{
    fixture *f = *state;
    int gone;
    int64_t id = add_run(f->store, "at work", 1, 2);
    lt_store *other = open_quietly(f->path);
    CHECK_FAILS(lt_store_purge(other, id, err), LT_ERR_ARGUMENT, "being made");
    CHECK_OK(lt_store_delete(other, id, true, err));
    CHECK_OK(lt_store_prune(other, 0, &gone, err));
    assert_int_equal(gone, 0);
    CHECK_OK(append_step(f->store, id, (uint32_t)id, 3, FLOATS, err));
    CHECK_OK(lt_store_finish(f->store, id, LT_STORE_DONE, err));
    CHECK_OK(lt_store_purge(other, id, err));
    CHECK_FAILS(lt_store_purge(other, id, err), LT_ERR_ARGUMENT, "no run");
    lt_store_close(other);
    assert_int_equal(rows(f, "runs") + rows(f, "steps") + rows(f, "blobs"), 0);
}

static void test_purge_deleted(void **state)
{
    fixture *f = *state;
    int gone;
    int64_t a = add_large(f->store, 1), b = add_large(f->store, 2), c = add_large(f->store, 3);
    CHECK_OK(lt_store_set_thumbnail(f->store, a, "png", 3, err));
    CHECK_OK(lt_store_star(f->store, a, true, err));
    CHECK_OK(lt_store_delete(f->store, a, true, err));
    CHECK_OK(lt_store_delete(f->store, b, true, err));
    CHECK_OK(lt_store_purge_deleted(f->store, 1, &gone, err)); /* deleted before 1970 */
    assert_int_equal(gone, 0);
    CHECK_OK(lt_store_delete(f->store, b, false, err)); /* undone: it stays */
    CHECK_OK(lt_store_purge_deleted(f->store, INT64_MAX, &gone, err));
    assert_int_equal(gone, 1);
    assert_true(is_there(f->store, b) && is_there(f->store, c));
    assert_int_equal(rows(f, "thumbs"), 0);
}

/* ---- forks ---- */

/* All frames of a run at once, then each alone: frame k was made by run names[k]. */
static void check_line(lt_store *s, int64_t id, const uint32_t *names, int last)
{
    lt_store_step *steps;
    size_t count;
    CHECK_OK(lt_store_read_steps(s, id, 0, last + 5, &steps, &count, err));
    assert_int_equal(count, last + 1);
    for (int k = 0; k <= last; k++) {
        check_step(&steps[k], names[k], k, FLOATS);
        check_frames(s, id, names[k], k, k);
    }
    lt_store_steps_free(steps, count);
}

static void test_fork(void **state)
{
    fixture *f = *state;
    lt_store_run run;
    uint32_t a = (uint32_t)add_run(f->store, "a", 1, 6);
    uint32_t b = (uint32_t)add_fork(f->store, a, 4, 7);
    uint32_t c = (uint32_t)add_fork(f->store, b, 2, 3);
    uint32_t d = (uint32_t)add_fork(f->store, b, 6, 6);
    assert_int_equal(rows(f, "steps"), 7 + 3 + 1 + 0);
    check_line(f->store, b, (uint32_t[]){a, a, a, a, a, b, b, b}, 7);
    check_line(f->store, c, (uint32_t[]){a, a, a, c}, 3);
    check_line(f->store, d, (uint32_t[]){a, a, a, a, a, b, b}, 6);
    CHECK_OK(lt_store_read(f->store, d, &run, err));
    assert_int_equal(run.parent, b);
    assert_int_equal(run.parent_step, 6);
    assert_int_equal(run.done, 6);
    lt_store_run_done(&run);
    run = make_run("x", 1);
    int64_t id;
    run.parent = a;
    run.parent_step = 7;
    CHECK_FAILS(lt_store_begin(f->store, &run, &id, err), LT_ERR_ARGUMENT, "at step 7");
    run.parent_step = -1;
    CHECK_FAILS(lt_store_begin(f->store, &run, &id, err), LT_ERR_ARGUMENT, "at step -1");
    run.parent = 1000;
    CHECK_FAILS(lt_store_begin(f->store, &run, &id, err), LT_ERR_ARGUMENT, "no run 1000");
    lt_store_run_done(&run);
    CHECK_FAILS(append_step(f->store, c, 1, 0, FLOATS, err), LT_ERR_ARGUMENT, "next one is 4");
}

/* Parents go before their forks, and every row goes with the last that needs it. */
static void test_purged_parents(void **state)
{
    fixture *f = *state;
    uint32_t a = (uint32_t)add_run(f->store, "a secret", 1, 9);
    uint32_t b = (uint32_t)add_fork(f->store, a, 5, 8);
    uint32_t c = (uint32_t)add_fork(f->store, b, 3, 4);
    uint32_t d = (uint32_t)add_fork(f->store, b, 7, 7);
    uint32_t all[] = {a, b, c, d};
    for (int i = 0; i < 4; i++)
        CHECK_OK(lt_store_finish(f->store, all[i], LT_STORE_DONE, err));
    CHECK_OK(lt_store_purge(f->store, a, err)); /* frames 0 to 5 stay for b */
    assert_false(is_there(f->store, a));
    assert_int_equal(rows(f, "steps WHERE run = 1"), 6);
    assert_int_equal(rows(f, "runs WHERE prompt || settings || folded LIKE '%secret%'"), 0);
    lt_store_page page;
    CHECK_OK(lt_store_list(f->store, &(lt_store_query){0}, &page, err));
    assert_int_equal(page.count, 3);
    lt_store_page_done(&page);
    check_line(f->store, b, (uint32_t[]){a, a, a, a, a, a, b, b, b}, 8);

    CHECK_OK(lt_store_purge(f->store, b, err)); /* d needs 6 and 7 of b, and so 0 to 5 of a */
    assert_int_equal(rows(f, "steps WHERE run = 2"), 2);
    assert_int_equal(rows(f, "steps WHERE run = 1"), 6);
    check_line(f->store, d, (uint32_t[]){a, a, a, a, a, a, b, b}, 7);
    check_line(f->store, c, (uint32_t[]){a, a, a, a, c}, 4);

    CHECK_OK(lt_store_delete(f->store, d, true, err)); /* deleted is not purged */
    assert_int_equal(rows(f, "steps WHERE run = 2"), 2);
    CHECK_OK(lt_store_purge(f->store, d, err)); /* only c is left: nothing of b, 0 to 3 of a */
    assert_int_equal(rows(f, "steps WHERE run = 2"), 0);
    assert_int_equal(rows(f, "steps WHERE run = 1"), 4);
    check_line(f->store, c, (uint32_t[]){a, a, a, a, c}, 4);
    lt_store_run run = make_run("x", 1);
    int64_t id;
    run.parent = b;
    CHECK_FAILS(lt_store_begin(f->store, &run, &id, err), LT_ERR_ARGUMENT, "it has 0");
    lt_store_run_done(&run);

    CHECK_OK(lt_store_purge(f->store, c, err));
    assert_int_equal(rows(f, "runs") + rows(f, "steps") + rows(f, "blobs"), 0);
}

/* A run between two others goes first: it passes on what lies before its own beginning, no more. */
static void test_purged_between(void **state)
{
    fixture *f = *state;
    uint32_t a = (uint32_t)add_run(f->store, "a", 1, 9);
    uint32_t b = (uint32_t)add_fork(f->store, a, 5, 8);
    uint32_t c = (uint32_t)add_fork(f->store, b, 7, 9);
    uint32_t all[] = {a, b, c};
    for (int i = 0; i < 3; i++)
        CHECK_OK(lt_store_finish(f->store, all[i], LT_STORE_DONE, err));
    CHECK_OK(lt_store_purge(f->store, b, err));
    assert_int_equal(rows(f, "steps WHERE run = 1"), 10);
    CHECK_OK(lt_store_purge(f->store, a, err));
    assert_int_equal(rows(f, "steps WHERE run = 1"), 6);
    assert_int_equal(rows(f, "steps WHERE run = 2"), 2);
    check_line(f->store, c, (uint32_t[]){a, a, a, a, a, a, b, b, c, c}, 9);
    CHECK_OK(lt_store_purge(f->store, c, err));
    assert_int_equal(rows(f, "runs") + rows(f, "steps") + rows(f, "blobs"), 0);
}

/* What is known of pictures goes with the run, also where its steps stay for a fork. */
static void test_pictures(void **state)
{
    fixture *f = *state;
    int gone;
    int64_t a = add_large(f->store, 1), b = add_run(f->store, "b", 2, 4),
            c = add_fork(f->store, b, 2, 3);
    CHECK_OK(lt_store_finish(f->store, b, LT_STORE_DONE, err));
    CHECK_OK(lt_store_finish(f->store, c, LT_STORE_DONE, err));
    CHECK_OK(lt_store_star_picture(f->store, a, 1, true, err));
    CHECK_OK(lt_store_star_picture(f->store, b, 2, true, err));
    CHECK_OK(lt_store_star(f->store, c, true, err));
    CHECK_OK(lt_store_prune(f->store, 0, &gone, err));
    assert_int_equal(gone, 0);
    CHECK_OK(lt_store_purge(f->store, a, err));
    assert_int_equal(rows(f, "pictures"), 1);
    CHECK_OK(lt_store_purge(f->store, b, err));
    assert_int_equal(rows(f, "pictures"), 0);
    assert_int_equal(rows(f, "runs"), 2);
    CHECK_FAILS(lt_store_star_picture(f->store, b, 2, true, err), LT_ERR_ARGUMENT, "no run");
    assert_int_equal(rows(f, "pictures"), 0);
}

/* A starred fork keeps what it needs of a parent that is pruned. */
static void test_pruned_parent(void **state)
{
    fixture *f = *state;
    int gone;
    uint32_t a = (uint32_t)add_large(f->store, 1);
    lt_store_run run = make_run("fork", 1);
    int64_t b;
    run.parent = a;
    run.parent_step = 2;
    CHECK_OK(lt_store_begin(f->store, &run, &b, err));
    lt_store_run_done(&run);
    CHECK_OK(lt_store_finish(f->store, b, LT_STORE_STOPPED, err));
    CHECK_OK(lt_store_star(f->store, b, true, err));
    CHECK_OK(lt_store_prune(f->store, 0, &gone, err));
    assert_int_equal(gone, 1);
    lt_store_step *steps;
    size_t count;
    CHECK_OK(lt_store_read_steps(f->store, b, 0, 9, &steps, &count, err));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++)
        check_step(&steps[i], a, (int)i + 1, 8192);
    lt_store_steps_free(steps, count);
    assert_int_equal(rows(f, "steps"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_at_work, setup, teardown),
        cmocka_unit_test_setup_teardown(test_purge_deleted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fork, setup, teardown),
        cmocka_unit_test_setup_teardown(test_purged_parents, setup, teardown),
        cmocka_unit_test_setup_teardown(test_purged_between, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pictures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pruned_parent, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
