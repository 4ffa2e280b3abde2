/* test_store.c - runs and their steps go in and come out: lists, searches, stars, deleting. */
#define _POSIX_C_SOURCE 200809L
#include "store/store.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "fixture.h"
#include "store/floats.h"
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
    fixture_close(*state);
    free(*state);
    return 0;
}

static void check_run(const lt_store_run *run, const char *word, int number)
{
    lt_store_run want = make_run(word, number);
    assert_string_equal(run->prompt, want.prompt);
    assert_string_equal(run->negative, want.negative);
    assert_string_equal(run->settings, want.settings);
    assert_string_equal(run->sampler, want.sampler);
    assert_string_equal(run->model, want.model);
    assert_string_equal(run->model_hash, want.model_hash);
    assert_true(run->seed == want.seed);
    assert_int_equal(run->steps, want.steps);
    assert_int_equal(run->width, want.width);
    assert_int_equal(run->height, want.height);
    assert_true(run->guidance == want.guidance);
    lt_store_run_done(&want);
}

static void test_round_trip(void **state)
{
    fixture *f = *state;
    lt_store_run run;
    int64_t id = add_run(f->store, "a fox", 1, 3);
    CHECK_OK(lt_store_read(f->store, id, &run, err));
    assert_int_equal(run.id, id);
    assert_int_equal(run.state, LT_STORE_UNFINISHED);
    assert_int_equal(run.done, 3);
    assert_true(run.created > 1500000000000 && run.finished == 0);
    assert_true(run.seconds == 0.25 + 4 * 0.5);
    assert_true(run.parent == 0 && !run.starred && !run.deleted && !run.thumbnail);
    check_run(&run, "a fox", 1);
    lt_store_run_done(&run);
    CHECK_OK(lt_store_set_thumbnail(f->store, id, "\x89PNG", 4, err));
    CHECK_OK(lt_store_finish(f->store, id, LT_STORE_DONE, err));

    fixture_reopen(f);
    CHECK_OK(lt_store_read(f->store, id, &run, err));
    assert_int_equal(run.state, LT_STORE_DONE);
    assert_true(run.finished >= run.created);
    assert_int_equal(run.thumbnail_bytes, 4);
    assert_memory_equal(run.thumbnail, "\x89PNG", 4);
    check_run(&run, "a fox", 1);
    lt_store_run_done(&run);
    check_frames(f->store, id, (uint32_t)id, 0, 3);
    check_frames(f->store, id, (uint32_t)id, 2, 2);
    check_sound(f->path);
}

static void test_range_of_frames(void **state)
{
    fixture *f = *state;
    lt_store_step *steps;
    size_t count;
    int64_t id = add_run(f->store, "a fox", 1, 5);
    CHECK_OK(lt_store_read_steps(f->store, id, -7, 100, &steps, &count, err));
    assert_int_equal(count, 6);
    lt_store_steps_free(steps, count);
    CHECK_OK(lt_store_read_steps(f->store, id, 4, 3, &steps, &count, err));
    assert_int_equal(count, 0);
    assert_null(steps);
    CHECK_FAILS(lt_store_read_steps(f->store, id + 1, 0, 9, &steps, &count, err), LT_ERR_ARGUMENT,
                "no run");
}

/* Only the next frame is taken, and only while the run is this store's and not finished. */
static void test_order(void **state)
{
    fixture *f = *state;
    lt_store_run run = make_run("a fox", 1);
    int64_t id;
    CHECK_OK(lt_store_begin(f->store, &run, &id, err));
    CHECK_FAILS(append_step(f->store, id, 1, 2, FLOATS, err), LT_ERR_ARGUMENT, "next one is 1");
    CHECK_OK(append_step(f->store, id, 1, 0, FLOATS, err));
    CHECK_FAILS(append_step(f->store, id, 1, 0, FLOATS, err), LT_ERR_ARGUMENT, "UNIQUE");
    CHECK_OK(append_step(f->store, id, 1, 1, FLOATS, err));
    CHECK_FAILS(append_step(f->store, id, 1, 0, FLOATS, err), LT_ERR_ARGUMENT, "next one is 2");
    CHECK_FAILS(append_step(f->store, id, 1, 1, FLOATS, err), LT_ERR_ARGUMENT, "next one is 2");
    CHECK_FAILS(append_step(f->store, id + 9, 1, 1, FLOATS, err), LT_ERR_ARGUMENT, "no run");
    lt_store *other = open_quietly(f->path);
    CHECK_FAILS(append_step(other, id, 1, 2, FLOATS, err), LT_ERR_ARGUMENT, "another program");
    lt_store_close(other);
    CHECK_OK(lt_store_finish(f->store, id, LT_STORE_STOPPED, err));
    CHECK_FAILS(append_step(f->store, id, 1, 2, FLOATS, err), LT_ERR_ARGUMENT, "finished");
    check_frames(f->store, id, 1, 0, 1);
    lt_store_run_done(&run);
}

/* Without the noise a run begins at step 1. */
static void test_no_noise(void **state)
{
    fixture *f = *state;
    lt_store_run run = {.steps = 4}; /* all texts NULL */
    int64_t id;
    CHECK_OK(lt_store_begin(f->store, &run, &id, err));
    CHECK_OK(append_step(f->store, id, 5, 1, FLOATS, err));
    check_frames(f->store, id, 5, 1, 1);
    CHECK_OK(lt_store_read(f->store, id, &run, err));
    assert_string_equal(run.prompt, "");
    assert_string_equal(run.model_hash, "");
    lt_store_run_done(&run);
}

/* Bits survive, whatever they mean; halves are kept only where nothing is lost. */
static void test_packing(void **state)
{
    (void)state;
    float odd[] = {NAN, INFINITY, -0.0f, 1e-40f}, even[] = {1.0f, -2.5f, 0.0f};
    lt_store_step step = {.latents = {odd, 4}, .eps_text = {even, 3}}, back = {0};
    lt_floats_packed packed;
    CHECK_OK(lt_floats_pack(&step, &packed, err));
    assert_int_equal(packed.halves, 1 << 2);
    assert_int_equal(packed.size, 4 * 4 + 3 * 2);
    CHECK_OK(lt_floats_unpack(&packed, (const size_t[]){4, 0, 3, 0}, &back, err));
    assert_memory_equal(back.latents.data, odd, sizeof odd);
    assert_memory_equal(back.eps_text.data, even, sizeof even);
    assert_null(back.x0.data);
    free(packed.bytes);
    free(back.block);
    step.latents.count = (size_t)LT_FLOATS_MOST + 1;
    CHECK_FAILS(lt_floats_pack(&step, &packed, err), LT_ERR_ARGUMENT, "numbers");
}

/* ---- lists ---- */

static size_t listed(lt_store *s, const lt_store_query *q)
{
    lt_store_page page;
    int64_t count;
    CHECK_OK(lt_store_list(s, q, &page, err));
    CHECK_OK(lt_store_count(s, q, &count, err));
    assert_int_equal(count, page.count);
    lt_store_page_done(&page);
    return (size_t)count;
}

static void test_pages(void **state)
{
    fixture *f = *state;
    lt_store_page page;
    int64_t last = 0, seen = 0, total;
    for (int i = 0; i < 25; i++)
        add_run(f->store, "a fox", i, 0);
    lt_store_query q = {.limit = 10};
    do {
        q.before = last;
        CHECK_OK(lt_store_list(f->store, &q, &page, err));
        for (size_t i = 0; i < page.count; i++, seen++) {
            assert_true(last == 0 || page.runs[i].id < last);
            last = page.runs[i].id;
            check_run(&page.runs[i], "a fox", 24 - (int)seen);
        }
        assert_true(page.count <= 10);
        q.limit = page.count ? 10 : -1;
        lt_store_page_done(&page);
    } while (q.limit > 0);
    assert_int_equal(seen, 25);
    CHECK_OK(lt_store_count(f->store, &q, &total, err)); /* whatever before and limit are */
    assert_int_equal(total, 25);
}

static void test_search(void **state)
{
    fixture *f = *state;
    lt_store_run run = make_run("x", 1);
    int64_t id;
    free(run.prompt);
    run.prompt = lt_strdup("Ein GR\u00dcNER \u00c4pfel 100% wei\u00df, \u72d0\u72f8");
    add_run(f->store, "a red fox", 7, 0);
    CHECK_OK(lt_store_begin(f->store, &run, &id, err));
    lt_store_run_done(&run);
    static const struct {
        const char *words;
        size_t found;
    } cases[] = {
        {"FOX", 1},
        {"fox red", 1},
        {"fox green", 0},
        {"gr\u00fcner", 1},
        {"\u00c4PF", 1},
        {"WEISS", 1},
        {"\u72d0", 1},
        {"100%", 1},
        {"10_%", 0},
        {"", 2},
        {"  ", 2},
        {"demo blurry", 2},
        {"lms", 2},
        {"'; --", 0},
        {"\xff\xfe", 0},
        {"184467440737095516", 2}, /* both seeds */
        {"18446744073709551608", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lt_store_query q = {.search = cases[i].words};
        size_t n = listed(f->store, &q);
        if (n != cases[i].found)
            fail_msg("'%s' finds %zu runs, not %zu", cases[i].words, n, cases[i].found);
    }
}

static void test_star_and_delete(void **state)
{
    fixture *f = *state;
    lt_store_run run;
    int64_t a = add_run(f->store, "a", 1, 2), b = add_run(f->store, "b", 2, 2);
    CHECK_OK(lt_store_star(f->store, a, true, err));
    CHECK_OK(lt_store_delete(f->store, b, true, err));
    assert_int_equal(listed(f->store, &(lt_store_query){0}), 1);
    assert_int_equal(listed(f->store, &(lt_store_query){.starred = true}), 1);
    assert_int_equal(listed(f->store, &(lt_store_query){.deleted = true}), 1);
    assert_int_equal(listed(f->store, &(lt_store_query){.deleted = true, .search = "a"}), 0);
    CHECK_OK(lt_store_read(f->store, b, &run, err));
    assert_true(run.deleted && !run.starred);
    lt_store_run_done(&run);
    check_frames(f->store, b, (uint32_t)b, 0, 2);
    CHECK_OK(lt_store_delete(f->store, b, false, err)); /* undo */
    CHECK_OK(lt_store_star(f->store, a, false, err));
    assert_int_equal(listed(f->store, &(lt_store_query){0}), 2);
    assert_int_equal(listed(f->store, &(lt_store_query){.starred = true}), 0);
    CHECK_FAILS(lt_store_star(f->store, 99, true, err), LT_ERR_ARGUMENT, "no run 99");
    CHECK_FAILS(lt_store_delete(f->store, 99, true, err), LT_ERR_ARGUMENT, "no run 99");
    CHECK_FAILS(lt_store_finish(f->store, 99, LT_STORE_DONE, err), LT_ERR_ARGUMENT, "no run 99");
    CHECK_FAILS(lt_store_read(f->store, 99, &run, err), LT_ERR_ARGUMENT, "no run 99");
    CHECK_FAILS(lt_store_set_thumbnail(f->store, 99, "x", 1, err), LT_ERR_ARGUMENT, "no run 99");
}

/* What is known of the pictures of a run: "2*", "3-5" for one that ends at frame 5, "1*-0". */
static void check_pictures(const lt_store_run *run, const char *want)
{
    lt_buf have = {0};
    lt_buf_str(&have, "");
    for (size_t i = 0; i < run->picture_count; i++) {
        const lt_store_picture *p = &run->pictures[i];
        lt_buf_format(&have, "%s%d%s", i ? " " : "", p->image, p->starred ? "*" : "");
        if (p->dropped)
            lt_buf_format(&have, "-%d", p->last);
    }
    assert_string_equal(have.data, want);
    lt_buf_done(&have);
}

static void check_read(lt_store *s, int64_t id, bool starred, const char *want)
{
    lt_store_run run;
    CHECK_OK(lt_store_read(s, id, &run, err));
    assert_int_equal(run.starred, starred);
    check_pictures(&run, want);
    lt_store_run_done(&run);
}

/* A run with a starred picture is starred; without the last of them, or its own, it is not. */
static void test_starred_pictures(void **state)
{
    fixture *f = *state;
    lt_store_page page;
    int64_t a = add_run(f->store, "a", 1, 2), b = add_run(f->store, "b", 2, 2);
    check_read(f->store, a, false, "");
    CHECK_OK(lt_store_star_picture(f->store, a, 3, true, err));
    CHECK_OK(lt_store_star_picture(f->store, a, 1, true, err));
    CHECK_OK(lt_store_star_picture(f->store, a, 1, true, err));
    CHECK_OK(lt_store_star(f->store, b, true, err));
    fixture_reopen(f);
    check_read(f->store, a, true, "1* 3*");
    check_read(f->store, b, true, "");
    assert_int_equal(listed(f->store, &(lt_store_query){.starred = true}), 2);
    CHECK_OK(lt_store_star(f->store, b, false, err));
    CHECK_OK(lt_store_list(f->store, &(lt_store_query){0}, &page, err));
    check_pictures(&page.runs[0], "");
    check_pictures(&page.runs[1], "1* 3*");
    lt_store_page_done(&page);
    CHECK_OK(lt_store_star_picture(f->store, a, 3, false, err));
    check_read(f->store, a, true, "1*");
    CHECK_OK(lt_store_star_picture(f->store, a, 1, false, err));
    check_read(f->store, a, false, "");
    CHECK_OK(lt_store_star_picture(f->store, a, 0, true, err));
    CHECK_OK(lt_store_star(f->store, a, true, err));
    check_read(f->store, a, true, "0*");
    CHECK_OK(lt_store_star(f->store, a, false, err));
    check_read(f->store, a, false, "");
    CHECK_FAILS(lt_store_star_picture(f->store, 99, 0, true, err), LT_ERR_ARGUMENT, "no run 99");
    check_sound(f->path);
}

static void test_dropped_pictures(void **state)
{
    fixture *f = *state;
    int64_t a = add_run(f->store, "a", 1, 2);
    CHECK_OK(lt_store_drop_picture(f->store, a, 2, 0, err));
    CHECK_OK(lt_store_star_picture(f->store, a, 2, true, err));
    CHECK_OK(lt_store_drop_picture(f->store, a, 1, 2, err));
    fixture_reopen(f);
    check_read(f->store, a, true, "1-2 2*-0");
    CHECK_OK(lt_store_star(f->store, a, false, err));
    check_read(f->store, a, false, "1-2 2-0");
    CHECK_FAILS(lt_store_drop_picture(f->store, 99, 0, 1, err), LT_ERR_ARGUMENT, "no run 99");
    sql_run(f->path, "INSERT INTO pictures VALUES(1, 4294967295, 1, 0), (1, 2147483647, 1, 0)");
    check_read(f->store, a, false, "1-2 2-0"); /* no run has those */
}

static void test_thumbnails(void **state)
{
    fixture *f = *state;
    lt_store_page page;
    int64_t a = add_run(f->store, "a", 1, 0);
    add_run(f->store, "b", 2, 0);
    CHECK_OK(lt_store_set_thumbnail(f->store, a, "old", 3, err));
    CHECK_OK(lt_store_set_thumbnail(f->store, a, "newer", 5, err));
    CHECK_OK(lt_store_list(f->store, &(lt_store_query){.thumbnails = true}, &page, err));
    assert_null(page.runs[0].thumbnail);
    assert_int_equal(page.runs[1].thumbnail_bytes, 5);
    assert_memory_equal(page.runs[1].thumbnail, "newer", 5);
    lt_store_page_done(&page);
    CHECK_OK(lt_store_list(f->store, &(lt_store_query){0}, &page, err));
    assert_null(page.runs[1].thumbnail);
    lt_store_page_done(&page);
    CHECK_OK(lt_store_set_thumbnail(f->store, a, NULL, 0, err));
    assert_int_equal(sql_number(f->path, "SELECT count(*) FROM thumbs"), 0);
}

/* ---- the place ---- */

static void test_modes(void **state)
{
    fixture *f = *state;
    struct stat st;
    char *folder = lt_path_join(f->dir, "data");
    add_run(f->store, "a", 1, 1);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    static const char *const names[] = {"", "-wal", "-shm", "-lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = lt_format("%s%s", f->path, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        free(path);
    }
    assert_int_equal(count_files(folder, "history.db-live-", ""), 1);
    lt_store_close(f->store);
    assert_int_equal(count_files(folder, "history.db", ""), 2); /* itself and the lock */
    f->store = open_quietly(f->path);
    free(folder);
}

static void test_path(void **state)
{
    (void)state;
    setenv("XDG_DATA_HOME", "/x", 1);
    char *path = lt_store_path();
    assert_string_equal(path, "/x/latentty/history.db");
    free(path);
    setenv("XDG_DATA_HOME", "relative", 1);
    setenv("HOME", "/home/me", 1);
    path = lt_store_path();
    assert_string_equal(path, "/home/me/.local/share/latentty/history.db");
    free(path);
    setenv("HOME", "", 1);
    assert_null(lt_store_path());
    lt_error note = {0};
    lt_store *s = lt_store_open(NULL, &note);
    assert_int_equal(note.code, LT_ERR_IO);
    assert_non_null(strstr(note.hint, "XDG_DATA_HOME"));
    assert_int_equal(lt_store_mode_of(s), LT_STORE_OFF);
    assert_string_equal(lt_store_file(s), "");
    lt_store_close(s);
    lt_store_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_range_of_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_noise, setup, teardown),
        cmocka_unit_test(test_packing),
        cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_search, setup, teardown),
        cmocka_unit_test_setup_teardown(test_star_and_delete, setup, teardown),
        cmocka_unit_test_setup_teardown(test_starred_pictures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dropped_pictures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_thumbnails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_modes, setup, teardown),
        cmocka_unit_test(test_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
