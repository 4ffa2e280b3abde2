/* bar.c - see bar.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/bar.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/screen.h"

#define SMOOTHING 0.3 /* weight of the newest step, as tqdm's */
#define REDRAW    0.1 /* seconds between two drawings */
#define LOG_EVERY 5.0 /* seconds between two lines of a log */

/* "03:07", "1:02:03" */
static void clock_text(double seconds, char to[24])
{
    long long s = seconds < 0 ? 0 : seconds > 3.6e9 ? 3600000000LL : (long long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(to, 24, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(to, 24, "%02lld:%02lld", s / 60, s % 60);
}

static double left(const lt_bar_state *s)
{
    return s->pace * (double)(s->total - s->done);
}

static void rate_text(double pace, char to[24])
{
    if (pace <= 0)
        snprintf(to, 24, "?it/s");
    else if (pace > 1)
        snprintf(to, 24, "%.2fs/it", pace);
    else
        snprintf(to, 24, "%.2fit/s", 1 / pace);
}

static int percent(const lt_bar_state *s)
{
    return s->total > 0 ? (int)(100LL * s->done / s->total) : 100;
}

enum { WIDEST_BAR = 256 };

/* The inside of the bar: `cells` columns in eighths of a block, or '#' and digits. */
static void fill(const lt_bar_state *s, int cells, bool utf8, char *to)
{
    static const char *const eighths[] = {"",       "\u258F", "\u258E", "\u258D",
                                          "\u258C", "\u258B", "\u258A", "\u2589"};
    int parts = utf8 ? 8 : 10;
    long long units = s->total > 0 ? (long long)cells * parts * s->done / s->total : 0;
    int full = (int)(units / parts), rest = (int)(units % parts), used = full;
    *to = '\0';
    for (int i = 0; i < full; i++)
        strcat(to, utf8 ? "\u2588" : "#");
    if (rest && full < cells) {
        char digit[2] = {(char)('0' + rest), '\0'};
        strcat(to, utf8 ? eighths[rest] : digit);
        used++;
    }
    for (; used < cells; used++)
        strcat(to, " ");
}

void lt_bar_draw(const lt_bar_state *s, int width, bool utf8, char *to, size_t size)
{
    char before[64], after[128], bar[WIDEST_BAR * 3 + 1], gone[24], remains[24], rate[24];
    clock_text(s->elapsed, gone);
    clock_text(left(s), remains);
    rate_text(s->pace, rate);
    snprintf(before, sizeof before, "%.32s: %3d%%", s->label, percent(s));
    snprintf(after, sizeof after, " %d/%d [%s<%s, %s]", s->done, s->total, gone,
             s->pace > 0 || s->done == s->total ? remains : "?", rate);
    int cells = width - (int)strlen(before) - (int)strlen(after) - 2;
    if (cells > WIDEST_BAR)
        cells = WIDEST_BAR;
    if (cells >= 1) {
        fill(s, cells, utf8, bar);
        snprintf(to, size, "%s|%s|%s", before, bar, after);
    } else {
        snprintf(to, size, "%s%s", before, after);
        if (width >= 0 && (size_t)width < size)
            to[width] = '\0'; /* all of it is ASCII */
    }
}

void lt_bar_sentence(const lt_bar_state *s, char *to, size_t size)
{
    char rate[24];
    rate_text(s->pace, rate);
    if (s->done == 0)
        snprintf(to, size, "%s: %d to do", s->label, s->total);
    else if (s->done == s->total)
        snprintf(to, size, "%s: %d of %d done in %.1f s, %s", s->label, s->done, s->total,
                 s->elapsed, rate);
    else
        snprintf(to, size, "%s: %d of %d (%d %%), %.0f s gone, about %.0f s left, %s", s->label,
                 s->done, s->total, percent(s), s->elapsed, left(s), rate);
}

bool lt_bar_due(const lt_bar_state *s, const lt_bar_mark *last)
{
    if (s->done == 0 || s->done == s->total)
        return true;
    return s->elapsed - last->elapsed >= LOG_EVERY &&
           10LL * (s->done - last->done) >= (long long)s->total;
}

double lt_bar_pace_add(lt_bar_pace *p, double seconds)
{
    p->sum = (1 - SMOOTHING) * p->sum + SMOOTHING * seconds;
    p->weight = (1 - SMOOTHING) * p->weight + SMOOTHING;
    return p->sum / p->weight;
}

/* ---- on stderr ---- */

void lt_bar_init(lt_bar *b, const lt_context *c)
{
    *b = (lt_bar){
        .silent = c->quiet, .live = lt_screen_live(STDERR_FILENO), .utf8 = lt_screen_utf8()};
}

/* The last column stays free: writing it makes some terminals wrap. */
static void show(lt_bar *b, const char *line)
{
    fprintf(stderr, "\r%s\x1b[K", line);
    fflush(stderr);
    b->shown = true;
}

static void update(lt_bar *b)
{
    char line[1024];
    double now = lt_clock();
    b->state.elapsed = now - b->start;
    bool edge = b->state.done == 0 || b->state.done == b->state.total;
    if (b->silent || b->state.total <= 0)
        return;
    if (b->live && (edge || now - b->drawn >= REDRAW)) {
        lt_bar_draw(&b->state, lt_screen_width(STDERR_FILENO) - 1, b->utf8, line, sizeof line);
        show(b, line);
        b->drawn = now;
    } else if (!b->live && lt_bar_due(&b->state, &b->logged)) {
        lt_bar_sentence(&b->state, line, sizeof line);
        fprintf(stderr, "latentty: %s\n", line);
        b->logged = (lt_bar_mark){.done = b->state.done, .elapsed = b->state.elapsed};
    }
}

void lt_bar_status(lt_bar *b, const char *what)
{
    char line[128];
    int width = lt_screen_width(STDERR_FILENO) - 1;
    if (b->silent || !b->live)
        return;
    lt_bar_end(b);
    snprintf(line, sizeof line, "%.*s ...", width > 100 ? 100 : width > 4 ? width - 4 : 0, what);
    show(b, line);
}

void lt_bar_begin(lt_bar *b, const char *label, int total)
{
    lt_bar_end(b);
    b->start = b->last_step = lt_clock();
    b->pace = (lt_bar_pace){0};
    b->logged = (lt_bar_mark){0};
    b->state = (lt_bar_state){.label = label, .total = total};
    update(b);
}

void lt_bar_step(lt_bar *b)
{
    double now = lt_clock();
    b->state.pace = lt_bar_pace_add(&b->pace, now - b->last_step);
    b->last_step = now;
    b->state.done++;
    if (b->state.done == b->state.total) /* the mean is what the whole took */
        b->state.pace = (now - b->start) / (double)b->state.total;
    update(b);
}

void lt_bar_end(lt_bar *b)
{
    if (!b->shown)
        return;
    bool whole = b->state.total > 0 && b->state.done == b->state.total;
    fputs(whole ? "\n" : "\r\x1b[K", stderr);
    fflush(stderr);
    b->shown = false;
    b->state = (lt_bar_state){0};
}
