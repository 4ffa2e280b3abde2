/* room.c - see room.h.  Sources: proc(5), the kernel's cgroup-v2.rst and cgroup-v1/memory.rst. */
#define _DEFAULT_SOURCE
#include "pipeline/room.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"

/* Stacks of threads and arenas of malloc, which take address space before they take memory. */
enum { RESERVED = 128 << 20, STACK = 8 << 20 };

/* The files of a memory cgroup. */
typedef struct version {
    const char *mount, *controllers; /* as in /proc/self/cgroup; "" is version 2 */
    const char *limits[2], *usage;
    const char *files[3]; /* of memory.stat: what is given back when memory is short */
} version;

static const version versions[] = {
    {"/sys/fs/cgroup",
     "",
     {"memory.max", "memory.high"},
     "memory.current",
     {"inactive_file ", "active_file ", "slab_reclaimable "}},
    {"/sys/fs/cgroup/memory",
     "memory",
     {"memory.limit_in_bytes", NULL},
     "memory.usage_in_bytes",
     {"total_inactive_file ", "total_active_file ", NULL}},
};

/* The number after `key` at the start of a line ("": of the first line).  False if there is none:
 * no file, no such line, or a word such as "max". */
static bool read_number(const char *dir, const char *leaf, const char *key, uint64_t *out)
{
    char line[256];
    bool found = false;
    char *path = lt_format("%s/%s", dir, leaf);
    FILE *f = fopen(path, "re");
    free(path);
    while (f && !found && fgets(line, sizeof line, f))
        found = strncmp(line, key, strlen(key)) == 0 &&
                sscanf(line + strlen(key), "%" SCNu64, out) == 1;
    if (f)
        fclose(f);
    return found;
}

static void tighten(lt_room *room, uint64_t limit, uint64_t used, const char *what)
{
    uint64_t left = limit > used ? limit - used : 0;
    if (left < room->bytes)
        *room = (lt_room){(size_t)left, what};
}

/* One group: its limits less what it uses. */
static void look_at_group(lt_room *room, const version *v, const char *dir)
{
    uint64_t used, limit, files = 0, part;
    if (!read_number(dir, v->usage, "", &used))
        return;
    for (int i = 0; i < 3 && v->files[i]; i++)
        files += read_number(dir, "memory.stat", v->files[i], &part) ? part : 0;
    for (int i = 0; i < 2 && v->limits[i]; i++)
        if (read_number(dir, v->limits[i], "", &limit))
            tighten(room, limit, used > files ? used - files : 0, "cgroup limit");
}

/* The process's group and those above it; in a container the group's path may not exist below the
 * mount, whose top is then the group itself. */
static void look_at_groups(lt_room *room, const version *v, const char *root, const char *group)
{
    char *dir = lt_format("%s%s%s", root, v->mount, group);
    size_t top = strlen(root) + strlen(v->mount);
    for (char *end = dir + strlen(dir); end; end = strrchr(dir, '/')) {
        *end = '\0';
        if (strlen(dir) < top)
            break;
        look_at_group(room, v, dir);
    }
    free(dir);
}

/* True if `name` is among the comma-separated list. */
static bool has_controller(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    return false;
}

/* Lines of "id:controllers:/group". */
static void look_at_cgroups(lt_room *room, const char *root)
{
    char line[4096];
    char *path = lt_format("%s/proc/self/cgroup", root);
    FILE *f = fopen(path, "re");
    free(path);
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;
        if (!group)
            continue;
        *list++ = *group++ = '\0';
        for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
            if (has_controller(list, versions[i].controllers))
                look_at_groups(room, &versions[i], root, strcmp(group, "/") == 0 ? "" : group);
    }
    if (f)
        fclose(f);
}

static void look_at_system(lt_room *room, const char *root)
{
    uint64_t kib;
    char *dir = lt_format("%s/proc", root);
    if (read_number(dir, "meminfo", "MemAvailable:", &kib))
        tighten(room, kib << 10, 0, "free memory");
    free(dir);
}

static void look_at_rlimit(lt_room *room, const char *root)
{
    struct rlimit limit;
    uint64_t pages;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    char *dir = lt_format("%s/proc/self", root);
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        read_number(dir, "statm", "", &pages)) {
        uint64_t reserved = RESERVED + (uint64_t)(cores > 0 ? cores : 1) * STACK;
        tighten(room, limit.rlim_cur, pages * (uint64_t)sysconf(_SC_PAGESIZE) + reserved,
                "ulimit -v");
    }
    free(dir);
}

lt_room lt_room_find(const char *root)
{
    lt_room room = {SIZE_MAX, ""};
    look_at_system(&room, root);
    look_at_cgroups(&room, root);
    look_at_rlimit(&room, root);
    return room;
}
