/* keys.c - what a user does, and the queue of bytes towards the program; see terminal.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "terminal_parts.h"

/* Bytes keep their order: what is due later stands behind, and what has begun is not cut. */
void parcel_add(terminal *t, double due, double apart, const char *bytes, size_t n)
{
    if (n == 0)
        return;
    int at = t->parcel_count;
    while (at > 0 && t->parcels[at - 1].due > due && t->parcels[at - 1].sent == 0)
        at--;
    t->parcels = lt_grow(t->parcels, (size_t)t->parcel_count + 1, sizeof *t->parcels);
    memmove(t->parcels + at + 1, t->parcels + at,
            (size_t)(t->parcel_count - at) * sizeof *t->parcels);
    char *copy = lt_alloc(n);
    memcpy(copy, bytes, n);
    t->parcels[at] = (parcel){.due = due, .apart = apart, .bytes = copy, .len = n};
    t->parcel_count++;
}

double parcel_next(const terminal *t)
{
    return t->parcel_count > 0 ? t->parcels[0].due : (double)INFINITY;
}

void parcel_send(terminal *t, double now)
{
    while (t->parcel_count > 0 && t->parcels[0].due <= now) {
        parcel *first = &t->parcels[0];
        size_t want = first->apart > 0 ? 1 : first->len - first->sent;
        size_t done = pty_write(&t->pty, first->bytes + first->sent, want);
        first->sent += done;
        t->typed += done;
        if (first->apart > 0 && done > 0)
            first->due = now + first->apart;
        if (first->sent == first->len) {
            free(first->bytes);
            memmove(first, first + 1, (size_t)--t->parcel_count * sizeof *first);
        } else if (done < want) {
            return; /* the line is full */
        }
    }
}

void terminal_bytes(terminal *t, const char *bytes, size_t n)
{
    double now = lt_clock();
    parcel_add(t, now, 0, bytes, n);
    parcel_send(t, now);
}

void terminal_paste(terminal *t, const char *text)
{
    lt_buf all = {0};
    bool marked = terminal_mode(t, 2004);
    lt_buf_str(&all, marked ? "\033[200~" : "");
    lt_buf_str(&all, text);
    lt_buf_str(&all, marked ? "\033[201~" : "");
    terminal_bytes(t, all.data, all.len);
    lt_buf_done(&all);
}

static void add_mouse(const terminal *t, lt_buf *to, int code, int row, int column, bool release)
{
    if (terminal_mode(t, 1006)) {
        lt_buf_format(to, "\033[<%d;%d;%d%c", code, column + 1, row + 1, release ? 'm' : 'M');
    } else {
        char bytes[] = {(char)(32 + (release ? 3 : code)), (char)(33 + column), (char)(33 + row)};
        lt_buf_str(to, "\033[M");
        lt_buf_add(to, bytes, sizeof bytes);
    }
}

bool terminal_mouse(terminal *t, int button, int row, int column, terminal_mouse_kind kind)
{
    bool all = terminal_mode(t, 1003), drags = all || terminal_mode(t, 1002);
    lt_buf bytes = {0};
    if (!(kind == TERMINAL_DRAG ? drags : drags || terminal_mode(t, 1000)))
        return false;
    if (kind == TERMINAL_PRESS || kind == TERMINAL_CLICK)
        add_mouse(t, &bytes, button, row, column, false);
    if (kind == TERMINAL_DRAG)
        add_mouse(t, &bytes, button + 32, row, column, false);
    if (kind == TERMINAL_RELEASE || (kind == TERMINAL_CLICK && button < 64))
        add_mouse(t, &bytes, button, row, column, true);
    terminal_bytes(t, bytes.data, bytes.len);
    lt_buf_done(&bytes);
    return true;
}

/* Keys with a sequence: CSI 1 ; m LETTER, or CSI NUMBER ; m ~. */
static const struct {
    const char *name;
    char letter;
    int number;
    bool cursor; /* ESC O in cursor key mode */
} special[] = {
    {"up", 'A', 0, true},   {"down", 'B', 0, true}, {"right", 'C', 0, true}, {"left", 'D', 0, true},
    {"home", 'H', 0, true}, {"end", 'F', 0, true},  {"f1", 'P', 0, false},   {"f2", 'Q', 0, false},
    {"f3", 'R', 0, false},  {"f4", 'S', 0, false},  {"ins", 0, 2, false},    {"del", 0, 3, false},
    {"pgup", 0, 5, false},  {"pgdn", 0, 6, false},  {"f5", 0, 15, false},    {"f6", 0, 17, false},
    {"f7", 0, 18, false},   {"f8", 0, 19, false},   {"f9", 0, 20, false},    {"f10", 0, 21, false},
    {"f11", 0, 23, false},  {"f12", 0, 24, false},
};
static const struct {
    const char *name;
    char byte;
} plain[] = {{"enter", '\r'}, {"esc", '\033'}, {"tab", '\t'},
             {"bs", 127},     {"space", ' '},  {"lt", '<'}};

enum { SHIFT = 1, ALT = 2, CONTROL = 4 };

static bool add_special(const terminal *t, lt_buf *to, const char *name, int held)
{
    size_t i = 0, n = sizeof special / sizeof *special;
    while (i < n && strcmp(special[i].name, name) != 0)
        i++;
    if (i == n)
        return false;
    if (!special[i].letter && held)
        lt_buf_format(to, "\033[%d;%d~", special[i].number, held + 1);
    else if (!special[i].letter)
        lt_buf_format(to, "\033[%d~", special[i].number);
    else if (held)
        lt_buf_format(to, "\033[1;%d%c", held + 1, special[i].letter);
    else if (special[i].cursor && !terminal_mode(t, 1))
        lt_buf_format(to, "\033[%c", special[i].letter);
    else
        lt_buf_format(to, "\033O%c", special[i].letter);
    return true;
}

static bool add_named(const terminal *t, lt_buf *to, const char *name)
{
    int held = 0;
    char byte = 0;
    for (; name[0] && name[1] == '-' && strchr("csm", name[0]); name += 2)
        held |= name[0] == 'c' ? CONTROL : name[0] == 's' ? SHIFT : ALT;
    if (add_special(t, to, name, held))
        return true;
    if (strcmp(name, "tab") == 0 && held == SHIFT) {
        lt_buf_str(to, "\033[Z");
        return true;
    }
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(plain[i].name, name) == 0)
            byte = plain[i].byte;
    if (!byte && held && name[0] && !name[1])
        byte = name[0];
    if (!byte)
        return false;
    if (held & ALT)
        lt_buf_char(to, '\033');
    lt_buf_char(to, held & CONTROL ? (char)(byte & 0x1F) : byte);
    return true;
}

/* <click 3,7> and its like; they need what was typed before to have been sent. */
static bool point(terminal *t, const char *name)
{
    static const struct {
        const char *name;
        int button;
    } points[] = {{"click", 0}, {"wheel-up", 64}, {"wheel-down", 65}};
    char what[16];
    int row, column;
    if (sscanf(name, "%15[a-z-] %d,%d", what, &row, &column) != 3)
        return false;
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        if (strcmp(points[i].name, what) == 0)
            return terminal_mouse(t, points[i].button, row, column, TERMINAL_CLICK);
    return false;
}

bool terminal_keys(terminal *t, const char *keys, lt_error *err)
{
    lt_buf bytes = {0};
    bool ok = true;
    for (const char *at = keys; ok && *at; at++) {
        char name[32];
        if (*at != '<') {
            lt_buf_char(&bytes, *at);
            continue;
        }
        size_t n = strcspn(at, ">");
        snprintf(name, sizeof name, "%.*s", (int)n - 1, at + 1);
        if (!at[n])
            ok = false;
        else if (!add_named(t, &bytes, name)) {
            terminal_bytes(t, bytes.data, bytes.len);
            lt_buf_clear(&bytes);
            ok = point(t, name);
        }
        if (!ok)
            lt_fail(err, LT_ERR_ARGUMENT, NULL,
                    "no key '<%s>', or the program does not want the mouse", name);
        at += at[n] ? n : n - 1;
    }
    if (ok)
        terminal_bytes(t, bytes.data, bytes.len);
    lt_buf_done(&bytes);
    return ok;
}
