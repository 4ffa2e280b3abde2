/*
 * play.c - runs a program on the terminal of tests and drives it by a script; for people, for
 * documents and for other tests.
 *
 * usage: term_play [OPTION]... [--] PROGRAM [ARGUMENT]...
 *
 *   --size, --cell, --profile, --answers, --acks, --throttle, --guard: see options.h
 *   --job                 run as a shell's job, which SIGTSTP can stop
 *   --script FILE         the lines to play, - for stdin (the default); or
 *   --do LINE             one line; may be given several times
 *   --record FILE         every byte that the program wrote
 *
 * Lines of a script; empty lines and those that begin with # are skipped:
 *
 *   wait TEXT     gone TEXT     match EXPRESSION     quiet MS     picture N     exit     stop
 *   keys KEYS     paste TEXT    resize 120x40        signal N     continue      unplug
 *   throttle BYTES              screen               colours      pictures      faults
 *   dump FILE.png               latency KEYS         clean (checks how it ended)
 *
 * KEYS are those of terminal_keys (<up>, <c-c>, <enter>, <click 3,7>).  A wait that is in vain, and
 * `clean` on what is not, end the play with exit code 1; otherwise it is the program's once `exit`
 * was waited for, or 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "options.h"

typedef struct play {
    terminal_options options;
    const char *script, *record;
    const char **lines; /* of --do */
    int line_count;
    int status; /* of the program, once it ended */
} play;

/* One option with its value; false if it is not one or the value is none. */
static bool take_option(play *p, const char *name, const char *value)
{
    if (strcmp(name, "--script") == 0)
        return (p->script = value) != NULL;
    if (strcmp(name, "--record") == 0)
        return (p->record = value) != NULL;
    if (strcmp(name, "--do") != 0)
        return terminal_option(&p->options, name, value);
    p->lines = lt_grow(p->lines, (size_t)p->line_count + 1, sizeof *p->lines);
    p->lines[p->line_count++] = value;
    return true;
}

/* The index of the program's name in argv, or 0. */
static int read_options(play *p, int argc, char **argv)
{
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (!argv[i][2])
            return i + 1 < argc ? i + 1 : 0;
        if (strcmp(argv[i], "--job") == 0) {
            p->options.job = true;
        } else if (i + 1 == argc || !take_option(p, argv[i], argv[i + 1])) {
            fprintf(stderr, "term_play: '%s' is not understood\n", argv[i]);
            return 0;
        } else {
            i++;
        }
    }
    return i < argc ? i : 0;
}

static void print_pictures(const terminal *t)
{
    for (int n = 1; n <= terminal_pictures(t); n++) {
        const terminal_picture *s = terminal_picture_get(t, n);
        printf("picture %d: %s %dx%d pixels at row %d, column %d (%dx%d cells), %zu bytes%s%s", n,
               s->kitty ? "kitty" : "sixel", s->width, s->height, s->row, s->column, s->columns,
               s->rows, s->bytes, s->synchronized ? ", synchronized" : "",
               s->shown ? "" : ", no longer shown");
        printf(s->damaged ? ", %d cells missing\n" : "\n", s->damaged);
    }
    for (int n = 0; n < terminal_damages(t); n++) {
        const terminal_damage *d = terminal_damage_get(t, n);
        printf("damage: picture %d, %dx%d cells at row %d, column %d, by '%s'\n", d->picture,
               d->columns, d->rows, d->row, d->column, d->bytes);
    }
}

static void print_screen(const terminal *t, bool colours)
{
    char *screen = terminal_screen(t, colours);
    fputs(screen, stdout);
    free(screen);
}

static bool play_latency(terminal *t, const char *keys, lt_error *err)
{
    double seconds;
    if (!terminal_latency(t, keys, (terminal_part){0}, &seconds, err))
        return false;
    printf("latency: %.3f ms\n", seconds * 1e3);
    return true;
}

static bool play_exit(play *p, terminal *t, lt_error *err)
{
    if (!terminal_wait_exit(t, &p->status, err))
        return false;
    if (p->status < 0)
        printf("signal %d\n", -p->status);
    else
        printf("exit code %d\n", p->status);
    return true;
}

/* What only looks or acts; *known says whether it was one of them. */
static bool play_act(terminal *t, const char *verb, const char *rest, bool *known, lt_error *err)
{
    int a = 0, b = 0;
    if (strcmp(verb, "paste") == 0)
        terminal_paste(t, rest);
    else if (strcmp(verb, "resize") == 0 && terminal_read_size(rest, &a, &b))
        terminal_resize(t, a, b);
    else if (strcmp(verb, "signal") == 0)
        terminal_signal(t, atoi(rest));
    else if (strcmp(verb, "continue") == 0)
        terminal_continue(t);
    else if (strcmp(verb, "unplug") == 0)
        terminal_unplug(t);
    else if (strcmp(verb, "throttle") == 0)
        terminal_throttle(t, atoi(rest));
    else if (strcmp(verb, "screen") == 0)
        print_screen(t, false);
    else if (strcmp(verb, "colours") == 0)
        print_screen(t, true);
    else if (strcmp(verb, "pictures") == 0)
        print_pictures(t);
    else if (strcmp(verb, "faults") == 0)
        for (int i = 0; i < terminal_faults(t); i++)
            printf("fault: %s\n", terminal_fault(t, i));
    else if (strcmp(verb, "dump") == 0)
        return terminal_dump(t, rest, err);
    else
        *known = false;
    return true;
}

static bool play_line(play *p, terminal *t, const char *line, lt_error *err)
{
    char verb[16] = "";
    size_t n = strcspn(line, " ");
    const char *rest = line[n] ? line + n + 1 : line + n;
    bool known = true;
    if (!*line || *line == '#')
        return true;
    snprintf(verb, sizeof verb, "%.*s", (int)n, line);
    bool ok = play_act(t, verb, rest, &known, err);
    if (known)
        return ok;
    if (strcmp(verb, "wait") == 0)
        return terminal_wait_text(t, rest, err);
    if (strcmp(verb, "gone") == 0)
        return terminal_wait_gone(t, rest, err);
    if (strcmp(verb, "match") == 0)
        return terminal_wait_match(t, rest, err);
    if (strcmp(verb, "quiet") == 0)
        return terminal_wait_quiet(t, atoi(rest), err);
    if (strcmp(verb, "picture") == 0)
        return terminal_wait_picture(t, atoi(rest), err);
    if (strcmp(verb, "stop") == 0)
        return terminal_wait_stop(t, err);
    if (strcmp(verb, "exit") == 0)
        return play_exit(p, t, err);
    if (strcmp(verb, "keys") == 0)
        return terminal_keys(t, rest, err);
    if (strcmp(verb, "latency") == 0)
        return play_latency(t, rest, err);
    if (strcmp(verb, "clean") == 0)
        return terminal_end_clean(t, err);
    return lt_fail(err, LT_ERR_ARGUMENT, NULL, "no line of a script: '%s'", line);
}

static bool play_script(play *p, terminal *t, lt_error *err)
{
    char line[4096];
    bool own = p->script && strcmp(p->script, "-") != 0, ok = true;
    FILE *file = own ? fopen(p->script, "r") : stdin;
    if (!file)
        return lt_fail(err, LT_ERR_IO, NULL, "cannot open '%s'", p->script);
    while (ok && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        ok = play_line(p, t, line, err);
    }
    if (own)
        fclose(file);
    return ok;
}

static bool play_all(play *p, terminal *t, lt_error *err)
{
    bool ok = true;
    for (int i = 0; ok && i < p->line_count; i++)
        ok = play_line(p, t, p->lines[i], err);
    if (ok && (p->script || p->line_count == 0))
        ok = play_script(p, t, err);
    if (p->record) {
        lt_error other;
        size_t n;
        const char *bytes = terminal_record(t, &n);
        if (!lt_file_write(p->record, bytes, n, ok ? err : &other))
            ok = false;
    }
    return ok;
}

int main(int argc, char **argv)
{
    play p = {0};
    lt_error err = {0};
    terminal *t;
    int program = read_options(&p, argc, argv);
    if (!program) {
        fprintf(stderr, "usage: term_play [OPTION]... [--] PROGRAM [ARGUMENT]... (see play.c)\n");
        return 2;
    }
    bool ok = terminal_open(&t, &p.options, argv + program, NULL, &err);
    if (ok) {
        ok = play_all(&p, t, &err);
        terminal_close(t);
    }
    free(p.lines);
    if (!ok)
        fprintf(stderr, "term_play: %s\n", err.message);
    return !ok ? 1 : p.status < 0 ? 128 - p.status : p.status;
}
