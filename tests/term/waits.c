/* waits.c - waiting for what a program does, and how long a key takes; see terminal.h. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "terminal_parts.h"

bool terminal_wait(terminal *t, bool (*holds)(terminal *t, void *user), void *user,
                   const char *what, lt_error *err)
{
    double limit = lt_clock() + t->options.guard_seconds;
    while (!holds(t, user)) {
        bool ended = terminal_ended(t), late = lt_clock() > limit;
        if (ended || late) {
            char why[512];
            snprintf(why, sizeof why, "%s: %s", ended ? "the program ended" : "waited in vain",
                     what);
            terminal_explain(t, why);
            return lt_fail(err, LT_ERR_IO, NULL, "%s", why);
        }
        terminal_pump(t, limit);
    }
    return true;
}

/* What a synchronized update draws is not seen before its end. */
static bool hidden(const terminal *t)
{
    return terminal_mode(t, 2026);
}

/* Looks at the screen only when it may have changed since the last look. */
typedef struct text_wait {
    const char *text;
    regex_t expression;
    bool looked, wanted;
    unsigned changes;
} text_wait;

static bool changed_since(const terminal *t, text_wait *wait)
{
    if (hidden(t))
        return false;
    bool changed = !wait->looked || wait->changes != t->changes;
    wait->looked = true;
    wait->changes = t->changes;
    return changed;
}

static bool text_holds(terminal *t, void *user)
{
    text_wait *wait = user;
    return changed_since(t, wait) && terminal_find(t, wait->text, NULL, NULL) == wait->wanted;
}

static bool match_holds(terminal *t, void *user)
{
    text_wait *wait = user;
    if (!changed_since(t, wait))
        return false;
    char *screen = terminal_screen(t, false);
    bool found = regexec(&wait->expression, screen, 0, NULL, 0) == 0;
    free(screen);
    return found;
}

static bool wait_for_text(terminal *t, const char *text, bool wanted, lt_error *err)
{
    text_wait wait = {.text = text, .wanted = wanted};
    char *what = lt_format("text \"%s\"%s", text, wanted ? "" : " to go");
    bool ok = terminal_wait(t, text_holds, &wait, what, err);
    free(what);
    return ok;
}

bool terminal_wait_text(terminal *t, const char *pattern, lt_error *err)
{
    return wait_for_text(t, pattern, true, err);
}

bool terminal_wait_gone(terminal *t, const char *pattern, lt_error *err)
{
    return wait_for_text(t, pattern, false, err);
}

bool terminal_wait_match(terminal *t, const char *expression, lt_error *err)
{
    text_wait wait = {0};
    if (regcomp(&wait.expression, expression, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "not a regular expression: '%s'", expression);
    char *what = lt_format("a match of \"%s\"", expression);
    bool ok = terminal_wait(t, match_holds, &wait, what, err);
    free(what);
    regfree(&wait.expression);
    return ok;
}

static bool picture_holds(terminal *t, void *user)
{
    return !hidden(t) && t->picture_count >= *(int *)user;
}

bool terminal_wait_picture(terminal *t, int number, lt_error *err)
{
    char what[48];
    snprintf(what, sizeof what, "picture %d", number);
    return terminal_wait(t, picture_holds, &number, what, err);
}

typedef struct bytes_wait {
    const char *bytes;
    size_t from;
} bytes_wait;

static bool bytes_hold(terminal *t, void *user)
{
    bytes_wait *wait = user;
    size_t n = strlen(wait->bytes);
    bool found = terminal_count(t, wait->bytes, wait->from) > 0;
    if (!found && t->record.len >= n && t->record.len - n + 1 > wait->from)
        wait->from = t->record.len - n + 1; /* what was looked at need not be again */
    return found;
}

bool terminal_wait_bytes(terminal *t, const char *bytes, size_t from, lt_error *err)
{
    bytes_wait wait = {bytes, from};
    lt_buf what = {0};
    lt_buf_str(&what, "the bytes ");
    lt_buf_escape(&what, bytes, strlen(bytes));
    bool ok = terminal_wait(t, bytes_hold, &wait, what.data, err);
    lt_buf_done(&what);
    return ok;
}

static bool ended_holds(terminal *t, void *unused)
{
    (void)unused;
    return terminal_ended(t);
}

bool terminal_wait_exit(terminal *t, int *status, lt_error *err)
{
    if (!terminal_wait(t, ended_holds, NULL, "the program's end", err))
        return false;
    *status = WIFEXITED(t->pty.status) ? WEXITSTATUS(t->pty.status) : -WTERMSIG(t->pty.status);
    return true;
}

static bool stopped_holds(terminal *t, void *unused)
{
    (void)unused;
    return t->pty.stopped;
}

bool terminal_wait_stop(terminal *t, lt_error *err)
{
    return terminal_wait(t, stopped_holds, NULL, "the program to stop", err);
}

static bool quiet_holds(terminal *t, void *user)
{
    double *since = user; /* {start, seconds} */
    double from = t->last_output > since[0] ? t->last_output : since[0];
    return terminal_ended(t) || lt_clock() - from >= since[1];
}

bool terminal_wait_quiet(terminal *t, int ms, lt_error *err)
{
    double since[2] = {lt_clock(), ms * 1e-3};
    return terminal_wait(t, quiet_holds, since, "quiet", err);
}

void terminal_run(terminal *t, double seconds)
{
    double limit = lt_clock() + seconds;
    while (lt_clock() < limit)
        terminal_pump(t, limit);
}

typedef struct look_wait {
    terminal_part part;
    uint64_t before;
    unsigned changes;
} look_wait;

static bool look_holds(terminal *t, void *user)
{
    look_wait *wait = user;
    if (hidden(t) || wait->changes == t->changes)
        return false;
    wait->changes = t->changes;
    return screen_hash(t, wait->part) != wait->before;
}

bool terminal_latency(terminal *t, const char *keys, terminal_part part, double *seconds,
                      lt_error *err)
{
    look_wait wait = {part, screen_hash(t, part), t->changes};
    char *what = lt_format("the screen to change after '%s'", keys);
    double begin = lt_clock();
    bool ok = terminal_keys(t, keys, err) && terminal_wait(t, look_holds, &wait, what, err);
    free(what);
    if (!ok)
        return false;
    double took = t->now - begin;
    t->latencies = lt_grow(t->latencies, (size_t)t->latency_count + 1, sizeof *t->latencies);
    t->latencies[t->latency_count++] = took;
    if (seconds)
        *seconds = took;
    return true;
}

int terminal_latencies(const terminal *t)
{
    return t->latency_count;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double terminal_percentile(const terminal *t, double percent)
{
    int n = t->latency_count;
    if (n == 0)
        return 0;
    double *sorted = lt_alloc_array((size_t)n, sizeof *sorted);
    memcpy(sorted, t->latencies, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_size);
    int rank = (int)ceil(percent / 100 * n) - 1;
    double value = sorted[rank < 0 ? 0 : rank >= n ? n - 1 : rank];
    free(sorted);
    return value;
}
