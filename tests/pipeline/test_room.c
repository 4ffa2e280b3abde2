/* test_room.c - limits of memory, in a made-up root directory and in a process that has one. */
#define _DEFAULT_SOURCE
#include "pipeline/room.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "support/temp.h"

static const size_t MIB = 1 << 20;

static void put(const char *root, const char *path, const char *text)
{
    char *whole = lt_format("%s/%s", root, path), *slash = strrchr(whole, '/');
    *slash = '\0';
    CHECK_OK(lt_dir_make(whole, err));
    *slash = '/';
    CHECK_OK(lt_file_write(whole, text, strlen(text), err));
    free(whole);
}

static void finds(const char *root, size_t mib, const char *what)
{
    lt_room room = lt_room_find(root);
    assert_string_equal(room.what, what);
    assert_int_equal(room.bytes, mib * MIB);
}

static void test_system(void **state)
{
    (void)state;
    char *root = temp_dir();
    lt_room room = lt_room_find(root); /* nothing can be read: no limit */
    assert_true(room.bytes == SIZE_MAX);
    put(root, "proc/meminfo", "MemTotal: 9999999 kB\nMemFree: 1 kB\nMemAvailable:    8192 kB\n");
    finds(root, 8, "free memory");
    temp_dir_remove(root);
}

static void test_version_2(void **state)
{
    (void)state;
    char *root = temp_dir();
    put(root, "proc/meminfo", "MemAvailable: 102400 kB\n");
    put(root, "proc/self/cgroup", "0::/user/job\n");
    put(root, "sys/fs/cgroup/user/job/memory.max", "max\n");
    put(root, "sys/fs/cgroup/user/job/memory.current", "10485760\n");
    finds(root, 100, "free memory");
    put(root, "sys/fs/cgroup/user/job/memory.max", "62914560\n"); /* 60 of which 10 are used */
    finds(root, 50, "cgroup limit");
    put(root, "sys/fs/cgroup/user/job/memory.stat", /* 3 of the 10 are pages of files */
        "anon 7340032\nfile 3145728\ninactive_file 2097152\nactive_file 1048576\n");
    finds(root, 53, "cgroup limit");
    put(root, "sys/fs/cgroup/user/job/memory.high", "20971520\n");
    finds(root, 13, "cgroup limit");
    put(root, "sys/fs/cgroup/user/memory.current", "31457280\n"); /* the group above is tighter */
    put(root, "sys/fs/cgroup/user/memory.max", "36700160\n");
    finds(root, 5, "cgroup limit");
    put(root, "sys/fs/cgroup/user/memory.max", "31457279\n"); /* and used up */
    finds(root, 0, "cgroup limit");
    temp_dir_remove(root);
}

/* In a container the path is the host's, and only the mount is there. */
static void test_container(void **state)
{
    (void)state;
    char *root = temp_dir();
    put(root, "proc/self/cgroup", "0::/docker/0123/x\n");
    put(root, "sys/fs/cgroup/memory.max", "4194304\n");
    put(root, "sys/fs/cgroup/memory.current", "1048576\n");
    finds(root, 3, "cgroup limit");
    put(root, "proc/self/cgroup", "0::/\n");
    finds(root, 3, "cgroup limit");
    temp_dir_remove(root);
}

static void test_version_1(void **state)
{
    (void)state;
    char *root = temp_dir();
    put(root, "proc/self/cgroup",
        "12:cpu,cpuacct:/a\n7:hugetlb,memory:/a/b\nnonsense\n1:name=x:/\n");
    put(root, "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    put(root, "sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "5242880\n");
    put(root, "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "20971520\n");
    put(root, "sys/fs/cgroup/memory/a/memory.usage_in_bytes", "8388608\n");
    finds(root, 12, "cgroup limit");
    put(root, "sys/fs/cgroup/memory/a/memory.stat", "total_inactive_file 1048576\n");
    finds(root, 13, "cgroup limit");
    temp_dir_remove(root);
}

static void test_address_space(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        long pages = 0;
        FILE *f = fopen("/proc/self/statm", "r");
        bool known = f && fscanf(f, "%ld", &pages) == 1;
        rlim_t limit = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + 1024 * MIB;
        struct rlimit space = {limit, limit};
        bool set = known && setrlimit(RLIMIT_AS, &space) == 0;
        char *root = temp_dir(); /* the machine's own memory would decide */
        put(root, "proc/self/statm", "0 0 0\n");
        lt_room here = lt_room_find(""), fake = lt_room_find(root);
        temp_dir_remove(root);
        bool ok = set && here.bytes <= 1024 * MIB && strcmp(fake.what, "ulimit -v") == 0 &&
                  fake.bytes < limit && fake.bytes > limit / 4;
        _exit(ok ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_system),        cmocka_unit_test(test_version_2),
        cmocka_unit_test(test_container),     cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_address_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
