/* options.c - see options.h. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool terminal_read_size(const char *text, int *a, int *b)
{
    return sscanf(text, "%dx%d", a, b) == 2 && *a > 0 && *a <= 1000 && *b > 0 && *b <= 1000;
}

static bool read_timing(const char *text, terminal_timing *out)
{
    static const char *const names[] = {"now",   "delayed", "trickle", "twice",
                                        "wrong", "garbage", "never"};
    size_t n = strcspn(text, ":");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == n && strncmp(names[i], text, n) == 0) {
            *out = (terminal_timing){(terminal_manner)i, text[n] ? atoi(text + n + 1) : 0};
            return true;
        }
    return false;
}

bool terminal_option(terminal_options *o, const char *name, const char *value)
{
    if (strcmp(name, "--size") == 0)
        return terminal_read_size(value, &o->columns, &o->rows);
    if (strcmp(name, "--cell") == 0)
        return terminal_read_size(value, &o->cell_width, &o->cell_height);
    if (strcmp(name, "--profile") == 0)
        return (o->profile = terminal_profile_named(value)) < TERMINAL_PROFILES;
    if (strcmp(name, "--answers") == 0)
        return read_timing(value, &o->answers);
    if (strcmp(name, "--acks") == 0)
        return read_timing(value, &o->acks);
    if (strcmp(name, "--throttle") == 0)
        return (o->bytes_per_second = atoi(value)) > 0;
    if (strcmp(name, "--guard") == 0)
        return (o->guard_seconds = atoi(value)) > 0;
    return false;
}
