/* cpu_parallel.c - see cpu_parallel.h. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "cpu/cpu_parallel.h"

#include <limits.h>
#include <omp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096, MAX_THREADS = 1024 };

static int affinity_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return omp_get_num_procs();
    return CPU_COUNT(&set);
}

static int rounded_up(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return INT_MAX;
    long long n = quota / period + (quota % period != 0);
    return n > INT_MAX ? INT_MAX : (int)n;
}

/* Reads up to two numbers of a one-line file; "max" counts as 0.  False if it is not there. */
static bool read_numbers(const char *dir, const char *leaf, long long *a, long long *b)
{
    char path[PATH_BYTES + 64], line[128];
    snprintf(path, sizeof path, "%s/%s", dir, leaf);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    bool ok = fgets(line, sizeof line, f) != NULL;
    fclose(f);
    *a = *b = 0;
    if (ok && sscanf(line, "max %lld", b) != 1)
        ok = sscanf(line, "%lld %lld", a, b) >= 1;
    return ok;
}

/* The smallest quota on the way from the process's group up to the mount point. */
static int group_limit(const char *mount, const char *group, bool v2)
{
    char dir[PATH_BYTES];
    int limit = INT_MAX, n = snprintf(dir, sizeof dir, "%s%s", mount, group);
    if (n < 0 || (size_t)n >= sizeof dir)
        return limit;
    for (;;) {
        long long quota = 0, period = 0, unused;
        bool found = v2 ? read_numbers(dir, "cpu.max", &quota, &period)
                        : read_numbers(dir, "cpu.cfs_quota_us", &quota, &unused) &&
                              read_numbers(dir, "cpu.cfs_period_us", &period, &unused);
        int here = found ? rounded_up(quota, period) : INT_MAX;
        if (here < limit)
            limit = here;
        char *slash = strrchr(dir, '/');
        if (strlen(dir) <= strlen(mount) || !slash)
            return limit;
        *slash = '\0';
    }
}

/* /proc/self/cgroup has lines "id:controllers:/path"; an empty list of controllers is version 2. */
static int quota_count(void)
{
    char line[PATH_BYTES];
    int limit = INT_MAX;
    FILE *f = fopen("/proc/self/cgroup", "re");
    if (!f)
        return limit;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        list++;
        bool v2 = *list == '\0', v1 = strcmp(list, "cpu") == 0 || strcmp(list, "cpu,cpuacct") == 0;
        if (!v1 && !v2)
            continue;
        int here = group_limit(v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu", path, v2);
        if (here < limit)
            limit = here;
    }
    fclose(f);
    return limit;
}

int lt_cpu_threads_allowed(void)
{
    int n = affinity_count(), quota = quota_count();
    n = quota < n ? quota : n;
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}

int lt_cpu_threads_use(int threads)
{
    int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    return before;
}

/* Even a single task runs inside the parallel region: there oneDNN knows that it may not start
 * threads of its own. */
void lt_cpu_for(int threads, int64_t tasks, lt_cpu_body *body, void *context)
{
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
    for (int64_t i = 0; i < tasks; i++)
        body(context, i, omp_get_thread_num());
}
