/*
 * room.h - how much memory this process may still take.
 *
 * The smallest of: what the system has (MemAvailable), what the process's memory cgroup and those
 * above it leave (v1 and v2; pages of files do not count, as they are given back), and what is left
 * of RLIMIT_AS.  Swap is not counted.
 */
#pragma once

#include <stddef.h>

typedef struct lt_room {
    size_t bytes;     /* SIZE_MAX if nothing is known */
    const char *what; /* "free memory", "cgroup limit", "ulimit -v"; static */
} lt_room;

/* root: "", or for tests a directory that stands in for / with its proc/ and sys/. */
lt_room lt_room_find(const char *root);
