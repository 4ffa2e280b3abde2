/* test_saver.c - the thread that writes pictures: order, names, what it says, and the end. */
#define _DEFAULT_SOURCE
#include "tui/saver.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "support/temp.h"

enum { SIDE = 48 };

typedef struct rig {
    char *dir;
    lt_saver *s;
} rig;

static rig rig_open(void)
{
    rig r = {.dir = temp_dir()};
    CHECK_OK(lt_saver_open(&r.s, err));
    return r;
}

static lt_image *noise(unsigned seed)
{
    lt_image *image;
    CHECK_OK(lt_image_new(SIDE, SIDE, &image, err));
    for (size_t i = 0; i < lt_image_bytes(image); i++)
        image->rgb[i] = (unsigned char)((seed = seed * 1664525u + 1013904223u) >> 24);
    return image;
}

/* The picture of that seed; the caller's reference is given up at once. */
static void put(rig *r, const char *name, unsigned seed, uint64_t series)
{
    lt_png_texts texts = {0};
    char *path = lt_path_join(r->dir, name);
    lt_image *image = noise(seed);
    lt_png_texts_add(&texts, "parameters", name);
    lt_saver_put(r->s, path, image, &texts, series);
    assert_int_equal(texts.count, 0);
    assert_null(texts.items);
    assert_true(lt_saver_has(r->s, path));
    lt_image_unref(image);
    free(path);
}

static lt_saved next(rig *r)
{
    lt_saved e;
    struct pollfd p = {.fd = lt_saver_fd(r->s), .events = POLLIN};
    while (!lt_saver_poll(r->s, &e))
        assert_int_equal(poll(&p, 1, 60000), 1);
    return e;
}

/* The next event is of this file, and says that, or nothing: NULL. */
static void expect(rig *r, const char *name, uint64_t series, const char *fault)
{
    char *path = lt_path_join(r->dir, name);
    lt_saved e = next(r);
    assert_string_equal(e.path, path);
    assert_int_equal(e.series, series);
    assert_false(lt_saver_has(r->s, path));
    if (!fault != (e.error.code == LT_ERR_NONE) || (fault && !strstr(e.error.message, fault)))
        fail_msg("'%s' (%s), expected %s", e.error.message, e.error.hint, fault ? fault : "none");
    lt_saved_done(&e);
    free(path);
}

static void check_file(const rig *r, const char *name, unsigned seed)
{
    lt_png_texts texts = {0};
    lt_image *got, *want = noise(seed);
    char *path = lt_path_join(r->dir, name);
    CHECK_OK(lt_png_read(path, &got, &texts, err));
    assert_int_equal(got->width, SIDE);
    assert_memory_equal(got->rgb, want->rgb, lt_image_bytes(want));
    assert_non_null(strstr(name, lt_png_texts_get(&texts, "parameters")));
    lt_png_texts_done(&texts);
    lt_image_unref(got);
    lt_image_unref(want);
    free(path);
}

static int count_files(const char *dir)
{
    int n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void rig_close(rig *r)
{
    CHECK_OK(lt_saver_close(r->s, err));
    temp_dir_remove(r->dir);
}

static void test_order(void **state)
{
    (void)state;
    enum { COUNT = 12 };
    rig r = rig_open();
    char name[16];
    lt_saved none;
    assert_false(lt_saver_poll(r.s, &none));
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "%u.png", i);
        put(&r, name, i, i / 4);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "%u.png", i);
        expect(&r, name, i / 4, NULL);
        check_file(&r, name, i);
    }
    assert_false(lt_saver_poll(r.s, &none));
    assert_int_equal(count_files(r.dir), COUNT);
    rig_close(&r);
    CHECK_OK(lt_saver_close(NULL, err));
}

/* One picture to many files, while its maker goes on looking at it. */
static void test_shared(void **state)
{
    (void)state;
    enum { COUNT = 8 };
    rig r = rig_open();
    lt_image *image = noise(1), *same = noise(1);
    char name[16];
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "%d.png", i);
        char *path = lt_path_join(r.dir, name);
        lt_saver_put(r.s, path, image, NULL, 0);
        free(path);
        assert_memory_equal(image->rgb, same->rgb, lt_image_bytes(image));
    }
    lt_image_unref(image);
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "%d.png", i);
        expect(&r, name, 0, NULL);
    }
    lt_image_unref(same);
    rig_close(&r);
}

/* What is there already stays, however its name is spelled. */
static void test_not_replaced(void **state)
{
    (void)state;
    rig r = rig_open();
    put(&r, "a.png", 1, 0);
    put(&r, "./a.png", 2, 7);
    put(&r, "b.png", 3, 0);
    expect(&r, "a.png", 0, NULL);
    expect(&r, "./a.png", 7, "is there already");
    expect(&r, "b.png", 0, NULL);
    check_file(&r, "a.png", 1);
    check_file(&r, "b.png", 3);
    assert_int_equal(count_files(r.dir), 2);
    rig_close(&r);
}

/* Closing waits for all of them. */
static void test_close(void **state)
{
    (void)state;
    enum { COUNT = 30 };
    rig r = rig_open();
    char name[16];
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "%u.png", i);
        put(&r, name, i, 0);
    }
    CHECK_OK(lt_saver_close(r.s, err));
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "%u.png", i);
        check_file(&r, name, i);
    }
    assert_int_equal(count_files(r.dir), COUNT);
    temp_dir_remove(r.dir);
}

/* Where nothing can be written it says so and goes on; the end tells what was not heard. */
static void test_faults(void **state)
{
    (void)state;
    rig r = rig_open();
    put(&r, "none/a.png", 1, 0);
    expect(&r, "none/a.png", 0, "No such file or directory");
    put(&r, "a.png", 1, 0);
    expect(&r, "a.png", 0, NULL);
    put(&r, "b.png", 2, 0);
    put(&r, "none/c.png", 3, 0);
    put(&r, "none/d.png", 4, 0);
    put(&r, "e.png", 5, 0);
    CHECK_FAILS(lt_saver_close(r.s, err), LT_ERR_IO, "none/c.png");
    check_file(&r, "b.png", 2);
    check_file(&r, "e.png", 5);
    temp_dir_remove(r.dir);
}

static void test_read_only(void **state)
{
    (void)state;
    rig r = rig_open();
    assert_int_equal(chmod(r.dir, 0555), 0);
    if (access(r.dir, W_OK) == 0) { /* root */
        rig_close(&r);
        skip();
    }
    put(&r, "a.png", 1, 0);
    expect(&r, "a.png", 0, "Permission denied");
    assert_int_equal(chmod(r.dir, 0755), 0);
    put(&r, "a.png", 1, 0);
    expect(&r, "a.png", 0, NULL);
    rig_close(&r);
}

/* No room: no half file, nothing temporary, and with room again it goes on. */
static void test_no_room(void **state)
{
    (void)state;
    struct rlimit before, little;
    rig r = rig_open();
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = before;
    little.rlim_cur = 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    put(&r, "a.png", 1, 0);
    lt_saved e = next(&r);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(e.error.code, LT_ERR_IO);
    assert_non_null(strstr(e.error.message, "cannot write"));
    lt_saved_done(&e);
    assert_int_equal(count_files(r.dir), 0);
    put(&r, "a.png", 1, 0);
    expect(&r, "a.png", 0, NULL);
    check_file(&r, "a.png", 1);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_not_replaced), cmocka_unit_test(test_close),
        cmocka_unit_test(test_faults),       cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
