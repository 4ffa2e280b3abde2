/* terminal.c - see terminal.h: opening, the one poll, the record, the end. */
#define _GNU_SOURCE /* memmem */
#include "terminal.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "terminal_parts.h"

enum { READ_BYTES = 65536 };
static const double tick = 0.02; /* seconds: how often to look for an end that hangs nothing up */

static void take_piece(void *user, const scan_piece *piece)
{
    terminal *t = user;
    t->current = piece;
    switch (piece->kind) {
    case SCAN_DCS:
        if (answers_take(t, piece))
            break;
        pictures_sixel(t, piece);
        break;
    case SCAN_APC:
        kitty_take(t, piece);
        break;
    case SCAN_BROKEN:
        terminal_note_fault(t, "a sequence was broken off after %zu bytes", piece->len);
        break;
    case SCAN_STRING:
        break;
    default:
        if (answers_take(t, piece))
            break;
        modes_take(t, piece);
        screen_take(t, piece);
    }
    t->current = NULL;
}

void terminal_note_fault(terminal *t, const char *format, ...)
{
    char line[256], bytes[64] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (t->current)
        lt_text_escape(bytes, sizeof bytes, t->current->bytes, t->current->len);
    t->faults = lt_grow(t->faults, (size_t)t->fault_count + 1, sizeof *t->faults);
    t->faults[t->fault_count++] = lt_format("%s: %s", line, bytes);
}

int terminal_faults(const terminal *t)
{
    return t->fault_count;
}

const char *terminal_fault(const terminal *t, int n)
{
    return n >= 0 && n < t->fault_count ? t->faults[n] : NULL;
}

void terminal_faults_forget(terminal *t)
{
    for (int i = 0; i < t->fault_count; i++)
        free(t->faults[i]);
    t->fault_count = 0;
}

/* What tells of the terminal that we run in, and a locale with UTF-8; what the test says follows.
 */
static char **environment(const char *term, char *const env[])
{
    static const char *const without[] = {
        "TMUX",    "TMUX_PANE",       "STY",          "COLORTERM",   "TERM_PROGRAM",   "LINES",
        "COLUMNS", "KITTY_WINDOW_ID", "WEZTERM_PANE", "VTE_VERSION", "KONSOLE_VERSION"};
    size_t fixed = sizeof without / sizeof *without, own = 0;
    while (env && env[own])
        own++;
    char **all = lt_alloc_array(fixed + own + 3, sizeof *all), **at = all;
    for (size_t i = 0; i < fixed; i++)
        *at++ = lt_strdup(without[i]);
    *at++ = lt_format("TERM=%s", term);
    *at++ = lt_strdup("LC_ALL=C.UTF-8");
    for (size_t i = 0; i < own; i++)
        *at++ = lt_strdup(env[i]);
    return all;
}

static struct winsize window(const terminal *t)
{
    int border = t->profile->border;
    struct winsize size = {.ws_row = (unsigned short)t->rows, .ws_col = (unsigned short)t->columns};
    if (!t->options.no_pixels) {
        size.ws_xpixel = (unsigned short)(t->columns * t->cell_width + border);
        size.ws_ypixel = (unsigned short)(t->rows * t->cell_height + border);
    }
    return size;
}

static void settle_options(terminal *t, const terminal_options *options)
{
    t->options = options ? *options : (terminal_options){0};
    t->profile = profile_of(t->options.profile);
    t->columns = t->options.columns ? t->options.columns : 80;
    t->rows = t->options.rows ? t->options.rows : 24;
    t->cell_width = t->options.cell_width ? t->options.cell_width : t->profile->cell_width;
    t->cell_height = t->options.cell_height ? t->options.cell_height : t->profile->cell_height;
    if (!t->options.keep_pictures)
        t->options.keep_pictures = 64;
    if (!t->options.guard_seconds)
        t->options.guard_seconds = 60;
    if (!t->options.most_record)
        t->options.most_record = (size_t)256 << 20;
    if (!t->options.term)
        t->options.term = t->profile->term;
    t->options.row_rules = t->options.row_rules || t->profile->row_rules;
    t->registers = t->profile->registers;
}

bool terminal_open(terminal **out, const terminal_options *options, char *const argv[],
                   char *const env[], lt_error *err)
{
    terminal *t = lt_alloc(sizeof *t);
    settle_options(t, options);
    t->pty = (pty){.master = -1, .reports = -1, .orders = -1};
    scanner_init(&t->scanner, take_piece, t);
    modes_init(t);
    t->now = t->last_output = t->budget_at = lt_clock();
    char **all = environment(t->options.term, env);
    pty_start start = {.argv = argv,
                       .env = all,
                       .folder = t->options.folder,
                       .size = window(t),
                       .job = t->options.job};
    bool ok = screen_open(t, err) && pty_open(&t->pty, &start, err);
    for (char **at = all; *at; at++)
        free(*at);
    free(all);
    t->options.folder = t->options.term = NULL; /* were the caller's */
    if (!ok)
        terminal_close(t);
    else
        *out = t;
    return ok;
}

void terminal_close(terminal *t)
{
    if (!t)
        return;
    pty_close(&t->pty);
    scanner_done(&t->scanner);
    pictures_done(t);
    screen_done(t);
    terminal_faults_forget(t);
    for (int i = 0; i < t->parcel_count; i++)
        free(t->parcels[i].bytes);
    free(t->parcels);
    free(t->faults);
    free(t->damages);
    free(t->chunks);
    free(t->latencies);
    lt_buf_done(&t->record);
    lt_buf_done(&t->after);
    lt_buf_done(&t->kitty.base64);
    free(t);
}

/* How many bytes may be read now.  A throttled line still gives a few at a time. */
static size_t allowance(terminal *t)
{
    int rate = t->options.bytes_per_second;
    if (rate <= 0)
        return READ_BYTES;
    double now = lt_clock(), most = rate * tick < 1 ? 1 : rate * tick;
    t->budget += (now - t->budget_at) * rate;
    t->budget = t->budget > most ? most : t->budget;
    t->budget_at = now;
    return t->budget < 1 ? 0 : (size_t)t->budget < READ_BYTES ? (size_t)t->budget : READ_BYTES;
}

static void read_some(terminal *t, size_t most)
{
    char bytes[READ_BYTES];
    size_t n = pty_read(&t->pty, bytes, most);
    if (n == 0)
        return;
    t->now = t->last_output = lt_clock();
    t->budget -= (double)n;
    if (t->written + n <= t->options.most_record) {
        t->chunks = lt_grow(t->chunks, (size_t)t->chunk_count + 1, sizeof *t->chunks);
        t->chunks[t->chunk_count++] = (chunk){t->written, t->now};
        lt_buf_add(&t->record, bytes, n);
    }
    t->written += n;
    scanner_feed(&t->scanner, bytes, n);
}

void terminal_pump(terminal *t, double limit)
{
    size_t most = allowance(t);
    double now = lt_clock(), next = parcel_next(t), until = now + tick;
    until = limit < until ? limit : until;
    until = next < until ? next : until;
    if (most == 0 && now + 1.0 / t->options.bytes_per_second < until)
        until = now + 1.0 / t->options.bytes_per_second;
    short want = (short)((most > 0 ? POLLIN : 0) | (next <= now ? POLLOUT : 0));
    struct pollfd line = {.fd = t->pty.hung_up ? -1 : t->pty.master, .events = want};
    /* a throttled line that hung up would be ready at once, again and again */
    if (most == 0 && want == 0)
        line.fd = -1;
    int wait = until > now ? (int)ceil((until - now) * 1000) : 0;
    if (poll(&line, 1, wait) > 0) {
        if (line.revents & (POLLIN | POLLHUP) && most > 0)
            read_some(t, most);
        if (line.revents & POLLOUT)
            parcel_send(t, lt_clock());
    }
    pty_look(&t->pty);
}

int terminal_pid(const terminal *t)
{
    return (int)t->pty.program;
}

bool terminal_ended(const terminal *t)
{
    /* a process that outlives the program may hold the line open: then a silence is the end */
    return t->pty.ended && (t->pty.hung_up || lt_clock() - t->last_output > 10 * tick);
}

void terminal_resize(terminal *t, int columns, int rows)
{
    pictures_drop_all(t);
    t->columns = columns;
    t->rows = rows;
    vterm_set_size(t->vt, rows, columns);
    t->changes++;
    pty_resize(&t->pty, window(t));
}

void terminal_font(terminal *t, int cell_width, int cell_height)
{
    pictures_drop_all(t);
    t->cell_width = cell_width;
    t->cell_height = cell_height;
    t->changes++;
    pty_resize(&t->pty, window(t));
}

void terminal_signal(terminal *t, int number)
{
    pty_signal(&t->pty, number);
}

void terminal_continue(terminal *t)
{
    pty_continue(&t->pty);
}

void terminal_unplug(terminal *t)
{
    pty_unplug(&t->pty);
}

void terminal_throttle(terminal *t, int bytes_per_second)
{
    t->options.bytes_per_second = bytes_per_second;
    t->budget = 0;
    t->budget_at = lt_clock();
}

void terminal_acks(terminal *t, terminal_timing acks)
{
    t->options.acks = acks;
}

size_t terminal_written(const terminal *t)
{
    return t->written;
}

const char *terminal_record(const terminal *t, size_t *n)
{
    if (n)
        *n = t->record.len;
    return t->record.data ? t->record.data : "";
}

double terminal_time_of(const terminal *t, size_t offset)
{
    double at = 0;
    for (int low = 0, high = t->chunk_count; low < high;) {
        int middle = (low + high) / 2;
        if (t->chunks[middle].offset <= offset) {
            at = t->chunks[middle].at;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return at;
}

int terminal_count(const terminal *t, const char *bytes, size_t from)
{
    int count = 0;
    const char *data = terminal_record(t, NULL), *end = data + t->record.len;
    if (from >= t->record.len)
        return 0;
    for (const char *at = data + from;
         (at = memmem(at, (size_t)(end - at), bytes, strlen(bytes))) != NULL; at += strlen(bytes))
        count++;
    return count;
}

size_t terminal_typed(const terminal *t)
{
    return t->typed;
}

bool terminal_end_clean(const terminal *t, lt_error *err)
{
    if (scanner_inside(&t->scanner))
        return lt_fail(err, LT_ERR_FORMAT, NULL, "a sequence is still open at the end");
    if (t->kitty.open)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "a kitty picture is still open at the end");
    if (t->fault_count > 0)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "%d faults; the first: %s", t->fault_count,
                       t->faults[0]);
    return terminal_modes_balanced(t, err) && terminal_line_restored(t, err) &&
           terminal_left_clean(t, err);
}

void terminal_explain(const terminal *t, const char *why)
{
    char *screen = terminal_screen(t, false), tail[1024];
    size_t last = t->record.len < 240 ? t->record.len : 240;
    lt_text_escape(tail, sizeof tail, terminal_record(t, NULL) + t->record.len - last, last);
    fprintf(stderr, "--- %s\n%s--- %dx%d, %s%s; %zu bytes written, %zu read; pictures: %d\n", why,
            screen, t->columns, t->rows, t->profile->name,
            t->pty.ended     ? ", the program ended"
            : t->pty.stopped ? ", the program is stopped"
                             : "",
            t->written, t->typed, t->picture_count);
    for (int i = 0; i < t->fault_count; i++)
        fprintf(stderr, "--- fault: %s\n", t->faults[i]);
    for (int i = 0; i < t->damage_count; i++)
        fprintf(stderr, "--- damage: picture %d, row %d, column %d, by '%s'\n",
                t->damages[i].picture, t->damages[i].row, t->damages[i].column,
                t->damages[i].bytes);
    fprintf(stderr, "--- last bytes: %s\n", tail);
    free(screen);
}
