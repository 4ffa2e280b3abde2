/* test_map.c - mapped files: what they hold, and what happens when they lose it. */
#define _DEFAULT_SOURCE
#include "base/map.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "support/temp.h"

enum { PAGES = 4 };

struct places {
    char *dir, *file, *missing, *pipe;
    size_t page;
};

static int set_up(void **state)
{
    struct places *p = lt_alloc(sizeof *p);
    p->dir = temp_dir();
    p->file = lt_path_join(p->dir, "file");
    p->missing = lt_path_join(p->dir, "missing/file");
    p->pipe = lt_path_join(p->dir, "pipe");
    p->page = (size_t)sysconf(_SC_PAGESIZE);
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

/* A file of PAGES pages of the letter x, mapped. */
static lt_map map_letters(const struct places *p)
{
    lt_map map = {0};
    char *letters = lt_alloc(PAGES * p->page);
    memset(letters, 'x', PAGES * p->page);
    CHECK_OK(lt_file_write(p->file, letters, PAGES * p->page, err));
    CHECK_OK(lt_map_open(p->file, &map, err));
    assert_memory_equal(map.data, letters, PAGES * p->page);
    CHECK_OK(lt_map_check(&map, p->file, err));
    free(letters);
    return map;
}

static void test_open(void **state)
{
    struct places *p = *state;
    lt_map map = {0};
    CHECK_OK(lt_file_write(p->file, "mapped", 6, err));
    CHECK_OK(lt_map_open(p->file, &map, err));
    assert_int_equal(map.size, 6);
    CHECK_OK(lt_file_write(p->file, "other", 5, err)); /* another file: the mapping keeps the old */
    assert_memory_equal(map.data, "mapped", 6);
    CHECK_OK(lt_map_check(&map, p->file, err));
    lt_map_close(&map);
    assert_null(map.data);
    lt_map_close(&map);
}

static void test_empty(void **state)
{
    struct places *p = *state;
    lt_map map = {.data = (const unsigned char *)"x", .size = 1};
    CHECK_OK(lt_file_write(p->file, NULL, 0, err));
    CHECK_OK(lt_map_open(p->file, &map, err));
    assert_null(map.data);
    assert_int_equal(map.size, 0);
    CHECK_OK(lt_map_check(&map, p->file, err));
    lt_map_close(&map);
}

static void test_what_is_no_file(void **state)
{
    struct places *p = *state;
    lt_map map = {0};
    CHECK_FAILS(lt_map_open(p->dir, &map, err), LT_ERR_IO, "it is a directory");
    CHECK_FAILS(lt_map_open(p->missing, &map, err), LT_ERR_IO, "cannot open");
    CHECK_FAILS(lt_map_open(p->pipe, &map, err), LT_ERR_IO, "not a regular file");
    assert_null(map.data);
}

/* What is gone reads as zeros, what is left as it was, and the fault is told. */
static void test_shrinks(void **state)
{
    struct places *p = *state;
    lt_map map = map_letters(p);
    lt_map_guard();
    assert_int_equal(truncate(p->file, (off_t)p->page), 0);
    assert_int_equal(map.data[0], 'x');
    assert_int_equal(map.data[3 * p->page], 0); /* SIGBUS without the guard */
    assert_int_equal(map.data[4 * p->page - 1], 0);
    assert_int_equal(map.data[p->page - 1], 'x');
    assert_int_equal(map.data[p->page], 0);
    char *want = lt_format("it has %zu bytes now, %zu when it was opened", p->page, 4 * p->page);
    CHECK_FAILS(lt_map_check(&map, p->file, err), LT_ERR_IO, want);
    free(want);
    assert_int_equal(truncate(p->file, (off_t)(4 * p->page)), 0); /* the zeros stay */
    CHECK_FAILS(lt_map_check(&map, p->file, err), LT_ERR_IO, "it was changed meanwhile");
    lt_map_close(&map);
}

/* A page that cannot be read, as on a bad disk: size and time are as they were. */
static void test_torn(void **state)
{
    struct places *p = *state;
    struct stat st;
    lt_map map = map_letters(p);
    lt_map_guard();
    assert_int_equal(stat(p->file, &st), 0);
    assert_int_equal(truncate(p->file, 0), 0);
    assert_int_equal(map.data[2 * p->page], 0);
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(truncate(p->file, st.st_size), 0);
    assert_int_equal(utimensat(AT_FDCWD, p->file, times, 0), 0);
    CHECK_FAILS(lt_map_check(&map, p->file, err), LT_ERR_IO, "a part of it is missing");
    lt_map_close(&map);
    CHECK_OK(lt_map_open(p->file, &map, err)); /* the place in the table is clean again */
    CHECK_OK(lt_map_check(&map, p->file, err));
    lt_map_close(&map);
}

/* A shorter last page raises no signal, and a write none at all. */
static void test_changes_without_a_signal(void **state)
{
    struct places *p = *state;
    lt_map map = map_letters(p);
    assert_int_equal(truncate(p->file, (off_t)(4 * p->page - 1)), 0);
    CHECK_FAILS(lt_map_check(&map, p->file, err), LT_ERR_IO, "bytes now");
    lt_map_close(&map);
    map = map_letters(p);
    const struct timespec later[2] = {{.tv_sec = 4102444800}, {.tv_sec = 4102444800}};
    assert_int_equal(utimensat(AT_FDCWD, p->file, later, 0), 0);
    CHECK_FAILS(lt_map_check(&map, p->file, err), LT_ERR_IO, "changed meanwhile");
    lt_map_close(&map);
}

/* Bytes of the mapping that are in this process. */
static size_t resident(const lt_map *map)
{
    char line[256];
    size_t kib = 0, n;
    uintptr_t from;
    bool here = false;
    FILE *f = fopen("/proc/self/smaps", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%" SCNxPTR "-", &from) == 1 && strchr(line, '-'))
            here = from == (uintptr_t)map->data;
        else if (here && sscanf(line, "Rss: %zu kB", &n) == 1)
            kib = n;
    }
    fclose(f);
    return kib << 10;
}

/* Whole pages go and come back; what is no mapping keeps its bytes. */
static void test_release(void **state)
{
    struct places *p = *state;
    lt_map map = map_letters(p);
    assert_int_equal(resident(&map), PAGES * p->page);
    lt_map_release(map.data + 1, 3 * p->page - 2); /* two whole pages, and parts of two */
    assert_int_equal(resident(&map), (PAGES - 1) * p->page);
    lt_map_release(map.data, map.size);
    assert_int_equal(resident(&map), 0);
    assert_int_equal(map.data[2 * p->page], 'x');
    lt_map_close(&map);

    char *own = mmap(NULL, 2 * p->page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(own, MAP_FAILED);
    own[0] = 'y';
    lt_map_release(own, 2 * p->page);
    lt_map_release(own, 0);
    assert_int_equal(own[0], 'y');
    munmap(own, 2 * p->page);
}

static void test_too_many(void **state)
{
    struct places *p = *state;
    lt_map maps[LT_MAP_MAX], more = {0};
    CHECK_OK(lt_file_write(p->file, "x", 1, err));
    for (int i = 0; i < LT_MAP_MAX; i++)
        CHECK_OK(lt_map_open(p->file, &maps[i], err));
    CHECK_FAILS(lt_map_open(p->file, &more, err), LT_ERR_IO, "256 files are mapped already");
    lt_map_close(&maps[7]);
    CHECK_OK(lt_map_open(p->file, &maps[7], err));
    for (int i = 0; i < LT_MAP_MAX; i++)
        lt_map_close(&maps[i]);
}

static void on_other(int number)
{
    _exit(number == SIGBUS ? 42 : 1);
}

/* A SIGBUS elsewhere reaches whoever was there before. */
static void test_other_faults(void **state)
{
    struct places *p = *state;
    CHECK_OK(lt_file_write(p->file, "x", 1, err));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int fd = open(p->file, O_RDWR);
        signal(SIGBUS, on_other);
        lt_map_guard();
        const volatile char *foreign = mmap(NULL, p->page, PROT_READ, MAP_SHARED, fd, 0);
        if (ftruncate(fd, 0) == 0)
            (void)foreign[0];
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

#define MAP_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(test_open),         MAP_TEST(test_empty),
        MAP_TEST(test_torn),         MAP_TEST(test_what_is_no_file),
        MAP_TEST(test_shrinks),      MAP_TEST(test_changes_without_a_signal),
        MAP_TEST(test_release),      MAP_TEST(test_too_many),
        MAP_TEST(test_other_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
