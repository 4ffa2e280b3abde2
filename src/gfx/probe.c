/* probe.c - see probe.h. */
#define _POSIX_C_SOURCE 200809L
#include "gfx/probe.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum { KITTY_ID = 4242, MOST_CELL = 1000, MOST_SIDE = 100000 };

const char *lt_colours_name(lt_colours colours)
{
    static const char *const names[] = {"none", "16", "256", "truecolour"};
    return names[colours];
}

const char *lt_mux_name(lt_mux mux)
{
    static const char *const names[] = {"none", "tmux", "screen"};
    return names[mux];
}

const char *lt_cell_source_name(lt_cell_source source)
{
    static const char *const names[] = {"a guess", "CSI 14 t", "the window's pixels", "CSI 16 t",
                                        "given by the user"};
    return names[source];
}

/* ---- environment ---- */

lt_term_env lt_term_env_get(void)
{
    return (lt_term_env){getenv("TERM"), getenv("COLORTERM"), getenv("TMUX")};
}

static bool starts(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

static lt_colours colours_of(const char *term, const char *colorterm)
{
    static const char *const full[] = {"foot",    "xterm-kitty",   "alacritty", "wezterm",
                                       "contour", "xterm-ghostty", "mlterm",    "konsole"};
    if (strcmp(colorterm, "truecolor") == 0 || strcmp(colorterm, "24bit") == 0 ||
        strstr(term, "-direct"))
        return LT_COLOURS_TRUE;
    for (size_t i = 0; i < sizeof full / sizeof *full; i++)
        if (starts(term, full[i]))
            return LT_COLOURS_TRUE;
    return strstr(term, "256color") ? LT_COLOURS_256 : LT_COLOURS_16;
}

void lt_term_from_env(lt_term *term, const lt_term_env *env)
{
    const char *name = env->term ? env->term : "";
    term->dumb = *name == '\0' || strcmp(name, "dumb") == 0 || strcmp(name, "unknown") == 0;
    term->console = strcmp(name, "linux") == 0;
    term->colours =
        term->dumb ? LT_COLOURS_NONE : colours_of(name, env->colorterm ? env->colorterm : "");
    if ((env->tmux && *env->tmux) || starts(name, "tmux"))
        term->mux = LT_MUX_TMUX;
    else if (starts(name, "screen"))
        term->mux = LT_MUX_SCREEN;
}

/* ---- answers ---- */

static bool within(int n, int most)
{
    return n > 0 && n <= most;
}

static void device_attributes(lt_replies *r, const lt_csi *c)
{
    r->done = r->term->da1 = true;
    for (int i = 1; i < c->count; i++)
        if (c->number[i] == 4)
            r->term->sixel = true;
}

/* CSI ? item ; status ; values S; status 0 is success, and mlterm's failures name the wrong item.
 */
static void sixel_attributes(lt_term *t, const lt_csi *c)
{
    if (c->number[1] != 0)
        return;
    if (c->number[0] == 1 && c->count == 3 && within(c->number[2], 1 << 20))
        t->registers = c->number[2];
    if (c->number[0] == 2 && c->count == 4 && within(c->number[2], MOST_SIDE) &&
        within(c->number[3], MOST_SIDE)) {
        t->max_width = c->number[2];
        t->max_height = c->number[3];
    }
}

static void window_report(lt_term *t, const lt_csi *c)
{
    int height = c->number[1], width = c->number[2];
    if (c->count != 3)
        return;
    if (c->number[0] == 6 && within(width, MOST_CELL) && within(height, MOST_CELL)) {
        t->cell_width = width;
        t->cell_height = height;
        t->cell_source = LT_CELL_REPLY;
    }
    if (c->number[0] == 4 && within(width, MOST_SIDE) && within(height, MOST_SIDE)) {
        t->area_width = width;
        t->area_height = height;
    }
}

static void control(lt_replies *r, const lt_csi *c)
{
    if (c->prefix == '?' && c->final == 'c')
        device_attributes(r, c);
    else if (c->prefix == '?' && c->final == 'S')
        sixel_attributes(r->term, c);
    else if (!c->prefix && c->final == 't')
        window_report(r->term, c);
    else if (c->prefix == '?' && c->mid == '$' && c->final == 'y' && c->number[0] == 2026)
        r->term->sync = c->number[1] >= 1 && c->number[1] <= 3;
    else if (!c->prefix && c->final == 'n' && c->number[0] == 0 && c->count == 1)
        r->acks++;
}

/* What a name says beyond itself. */
static void learn_from_name(lt_term *t)
{
    static const char *const full[] = {"XTerm(",   "kitty(",   "foot(",   "Konsole ", "WezTerm ",
                                       "contour ", "ghostty ", "iTerm2 ", "mintty "};
    for (size_t i = 0; i < sizeof full / sizeof *full; i++)
        if (starts(t->name, full[i]) && t->colours != LT_COLOURS_NONE)
            t->colours = LT_COLOURS_TRUE;
    if (starts(t->name, "tmux "))
        t->mux = LT_MUX_TMUX;
}

static void string(lt_replies *r)
{
    const char *body = (const char *)r->scan.held + 2;
    size_t n = r->scan.len - 2;
    char text[LT_SCAN_ROOM];
    memcpy(text, body, n);
    text[n] = '\0';
    if (r->scan.held[1] == 'P' && starts(text, ">|")) {
        lt_text_escape(r->term->name, sizeof r->term->name, body + 2, n - 2);
        learn_from_name(r->term);
    } else if (r->scan.held[1] == '_' && starts(text, "Gi=4242;OK")) {
        r->term->kitty = true;
    }
}

static void sequence(lt_replies *r, lt_scan_kind kind, lt_buf *typed)
{
    lt_csi c;
    if (kind == LT_SCAN_MORE)
        return;
    if (kind == LT_SCAN_STRING)
        string(r);
    else if (kind == LT_SCAN_CSI && lt_csi_read(&r->scan, &c) && lt_csi_is_answer(&c)) {
        if (r->scan.alt) /* the key Escape, and an answer that came just then */
            lt_buf_char(typed, '\033');
        control(r, &c);
    } else if (r->scan.total == r->scan.len) {
        if (r->scan.alt)
            lt_buf_char(typed, '\033');
        lt_buf_add(typed, r->scan.held, r->scan.len);
    }
}

void lt_replies_feed(lt_replies *r, const void *bytes, size_t n, lt_buf *typed)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < n; i++) {
        bool again = true;
        while (again)
            sequence(r, lt_scan_byte(&r->scan, b[i], &again), typed);
    }
}

void lt_replies_end(lt_replies *r, lt_buf *typed)
{
    sequence(r, lt_scan_end(&r->scan), typed);
}

/* ---- questions ---- */

void lt_probe_questions(const lt_term *term, lt_buf *out)
{
    if (term->dumb)
        return;
    if (term->console) {
        lt_buf_str(out, "\033[c");
        return;
    }
    lt_buf_str(out, "\033[>q"          /* XTVERSION: the name */
                    "\033[?1;3;256S"   /* 256 registers: xterm as a VT340 would have 16 */
                    "\033[?1;1;0S"     /* how many it has now */
                    "\033[?2;4;0S"     /* the largest picture */
                    "\033[16t\033[14t" /* cell, text area */
                    "\033[?2026$p");   /* synchronized output */
    if (term->mux == LT_MUX_NONE)      /* in tmux and screen this sequence is the window's title */
        lt_buf_format(out, "\033_Gi=%d,s=1,v=1,a=q,t=d,f=24;AAAA\033\\", KITTY_ID);
    lt_buf_str(out, "\033[c");
}

static void settle_cell(lt_term *t)
{
    const lt_tty_size *s = &t->size;
    if (t->cell_source >= LT_CELL_REPLY)
        return;
    if (s->width >= s->cols && s->height >= s->rows) {
        t->cell_width = s->width / s->cols;
        t->cell_height = s->height / s->rows;
        t->cell_source = LT_CELL_WINDOW;
    } else if (t->area_width >= s->cols && t->area_height >= s->rows) {
        t->cell_width = t->area_width / s->cols;
        t->cell_height = t->area_height / s->rows;
        t->cell_source = LT_CELL_AREA;
    } else {
        t->cell_width = 10;
        t->cell_height = 20;
        t->cell_source = LT_CELL_GUESS;
    }
}

static bool listen(lt_tty *tty, double end, lt_replies *r, lt_buf *typed, lt_buf *raw,
                   lt_error *err)
{
    char bytes[512];
    while (!r->done) {
        double left = end - lt_clock();
        struct pollfd wait = {.fd = lt_tty_fd(tty), .events = POLLIN};
        if (left <= 0)
            break;
        if (poll(&wait, 1, (int)(left * 1000) + 1) <= 0)
            continue;
        ptrdiff_t n = lt_tty_read(tty, bytes, sizeof bytes, err);
        if (n < 0)
            return false;
        if (raw)
            lt_buf_add(raw, bytes, (size_t)n);
        lt_replies_feed(r, bytes, (size_t)n, typed);
    }
    lt_replies_end(r, typed);
    return true;
}

bool lt_probe_raw(lt_tty *tty, double seconds, lt_term *out, lt_buf *typed, lt_buf *raw,
                  lt_error *err)
{
    lt_term_env env = lt_term_env_get();
    lt_term term = {0};
    lt_replies replies = {.term = &term};
    lt_buf questions = {0};
    lt_term_from_env(&term, &env);
    lt_tty_size_get(tty, &term.size);
    lt_probe_questions(&term, &questions);
    bool ok = true;
    if (questions.len) {
        double start = lt_clock();
        bool raw_before = lt_tty_is_raw(tty);
        lt_tty_raw(tty, true);
        ok = lt_tty_write(tty, questions.data, questions.len, seconds, err) >= 0 &&
             listen(tty, start + seconds, &replies, typed, raw, err);
        if (!raw_before)
            lt_tty_raw(tty, false);
        term.ms = (lt_clock() - start) * 1000.0;
        term.answered = replies.done;
    }
    lt_buf_done(&questions);
    settle_cell(&term);
    if (ok)
        *out = term;
    return ok;
}

bool lt_probe(lt_tty *tty, double seconds, lt_term *out, lt_buf *typed, lt_error *err)
{
    return lt_probe_raw(tty, seconds, out, typed, NULL, err);
}

/* ---- later ---- */

void lt_term_resize(lt_term *term, const lt_tty_size *size)
{
    lt_tty_size old = term->size;
    bool knows = size->width >= size->cols && size->height >= size->rows;
    bool knew = old.width >= old.cols && old.height >= old.rows && old.cols > 0 && old.rows > 0;
    term->size = *size;
    if (term->cell_source == LT_CELL_GIVEN || !knows)
        return;
    int width = size->width / size->cols, height = size->height / size->rows;
    bool other = knew && (width != old.width / old.cols || height != old.height / old.rows);
    if (term->cell_source != LT_CELL_REPLY || other) {
        term->cell_width = width;
        term->cell_height = height;
        term->cell_source = LT_CELL_WINDOW;
    }
}

void lt_term_cell(lt_term *term, int width, int height)
{
    term->cell_width = width;
    term->cell_height = height;
    term->cell_source = LT_CELL_GIVEN;
}
