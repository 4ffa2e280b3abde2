/*
 * answers.c - what terminals answer, as measured on the real ones, one query at a time:
 * xterm 379, foot 1.13.1, Konsole 22.12.3, kitty 0.26.5, mlterm 3.9.0, tmux 3.3a
 * and 3.5a.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "terminal_parts.h"

#define XTERM_PARTS                                                                                \
    .term = "xterm-256color", .version = "XTerm(379)", .reports = true, .border = 4,               \
    .cell_width = 6, .cell_height = 13

static const profile profiles[TERMINAL_PROFILES] = {
    [TERMINAL_XTERM_VT340] = {.name = "xterm_vt340",
                              .attributes = "\033[?63;1;2;4;6;9;15;16;22;28c",
                              .secondary = "\033[>19;379;0c",
                              .sixel = true,
                              .registers = 1024,
                              .most_registers = 1024,
                              .most_width = 1000,
                              .most_height = 1000,
                              XTERM_PARTS},
    [TERMINAL_XTERM_16] = {.name = "xterm_16",
                           .attributes = "\033[?64;1;2;4;6;9;15;16;17;18;21;22;28c",
                           .secondary = "\033[>41;379;0c",
                           .sixel = true,
                           .registers = 16,
                           .most_registers = 1024,
                           .most_width = 1000,
                           .most_height = 1000,
                           XTERM_PARTS},
    [TERMINAL_XTERM_PLAIN] = {.name = "xterm_plain",
                              .attributes = "\033[?64;1;2;6;9;15;16;17;18;21;22;28c",
                              .secondary = "\033[>41;379;0c",
                              .registers = -1,
                              .geometry = GEOMETRY_REFUSED,
                              XTERM_PARTS},
    [TERMINAL_FOOT] = {.name = "foot",
                       .term = "xterm-256color",
                       .attributes = "\033[?62;4;22c",
                       .secondary = "\033[>1;011301;0c",
                       .version = "foot(1.13.1)",
                       .sixel = true,
                       .registers = 1024,
                       .most_registers = 1024,
                       .most_width = 10000,
                       .most_height = 10000,
                       .window_ops = true,
                       .reports = true,
                       .sync = true,
                       .cell_width = 7,
                       .cell_height = 14,
                       .cursor_below = true},
    [TERMINAL_KONSOLE] = {.name = "konsole",
                          .term = "xterm-256color",
                          .attributes = "\033[?62;1;4c",
                          .secondary = "\033[>1;115;0c",
                          .version = "Konsole 22.12.3",
                          .sixel = true,
                          .kitty = true,
                          .registers = 256,
                          .most_registers = 256,
                          .most_width = 16384,
                          .most_height = 16384,
                          .geometry = GEOMETRY_MOST,
                          .window_ops = true,
                          .border = 2,
                          .cell_width = 8,
                          .cell_height = 18,
                          .cursor_below = true},
    [TERMINAL_KITTY] = {.name = "kitty",
                        .term = "xterm-256color",
                        .attributes = "\033[?62;c",
                        .secondary = "\033[>1;4000;26c",
                        .version = "kitty(0.26.5)",
                        .kitty = true,
                        .window_ops = true,
                        .reports = true,
                        .sync = true,
                        .cell_width = 6,
                        .cell_height = 15},
    [TERMINAL_MLTERM] = {.name = "mlterm",
                         .term = "xterm-256color",
                         .attributes = "\033[?63;1;2;3;4;6;7;15;18;22;29c",
                         .secondary = "\033[>24;279;0c",
                         .sixel = true,
                         .registers = 1024,
                         .most_registers = 1024,
                         .most_width = 16384,
                         .most_height = 16384,
                         .geometry = GEOMETRY_MALFORMED,
                         .window_ops = true,
                         .reports = true,
                         .cell_width = 8,
                         .cell_height = 19,
                         .cursor_below = true},
    [TERMINAL_TMUX_PLAIN] = {.name = "tmux_plain",
                             .term = "tmux-256color",
                             .attributes = "\033[?1;2c",
                             .secondary = "\033[>84;0;0c",
                             .version = "tmux 3.3a",
                             .mux = true,
                             .cell_width = 6,
                             .cell_height = 13},
    [TERMINAL_TMUX_SIXEL] = {.name = "tmux_sixel",
                             .term = "tmux-256color",
                             .attributes = "\033[?1;2;4c",
                             .secondary = "\033[>84;0;0c",
                             .version = "tmux 3.5a",
                             .sixel = true,
                             .mux = true,
                             .row_rules = true,
                             .registers = 1024,
                             .most_registers = 1024,
                             .most_width = 16384,
                             .most_height = 16384,
                             .most_bytes = 1 << 20,
                             .geometry = GEOMETRY_REFUSED_ZERO,
                             .window_ops = true,
                             .cell_width = 6,
                             .cell_height = 13,
                             .cursor_below = true},
    [TERMINAL_SILENT] = {.name = "silent",
                         .term = "xterm-256color",
                         .cell_width = 10,
                         .cell_height = 20},
};

const profile *profile_of(terminal_profile which)
{
    return &profiles[which];
}

terminal_profile terminal_profile_named(const char *name)
{
    int i = 0;
    while (i < TERMINAL_PROFILES && strcmp(profiles[i].name, name) != 0)
        i++;
    return (terminal_profile)i;
}

const char *terminal_profile_name(terminal_profile which)
{
    return profiles[which].name;
}

/* Every number but the first becomes 0 or far too large, in turns. */
static void add_wrong(lt_buf *to, const char *bytes)
{
    int number = 0;
    for (const char *at = bytes; *at;) {
        size_t digits = strspn(at, "0123456789");
        if (digits == 0)
            lt_buf_char(to, *at++);
        else if (number++ == 0)
            lt_buf_add(to, at, digits);
        else
            lt_buf_str(to, number % 2 ? "99999999999" : "0");
        at += digits;
    }
}

static void add_garbage(lt_buf *to, const char *bytes)
{
    lt_buf_add(to, bytes, strlen(bytes) / 2);
    lt_buf_str(to, "\033[;;;;\001\377\033[?y\302");
}

void answers_send(terminal *t, terminal_timing timing, const char *bytes)
{
    lt_buf changed = {0};
    double now = lt_clock(), later = now + timing.ms * 1e-3;
    size_t n = strlen(bytes);
    switch (timing.manner) {
    case TERMINAL_NOW:
        parcel_add(t, now, 0, bytes, n);
        break;
    case TERMINAL_DELAYED:
        parcel_add(t, later, 0, bytes, n);
        break;
    case TERMINAL_TRICKLE:
        parcel_add(t, now, timing.ms > 0 ? timing.ms * 1e-3 : 1e-3, bytes, n);
        break;
    case TERMINAL_TWICE:
        parcel_add(t, now, 0, bytes, n);
        parcel_add(t, later, 0, bytes, n);
        break;
    case TERMINAL_WRONG:
    case TERMINAL_GARBAGE:
        (timing.manner == TERMINAL_WRONG ? add_wrong : add_garbage)(&changed, bytes);
        parcel_add(t, later, 0, changed.data, changed.len);
        break;
    case TERMINAL_NEVER:
        break;
    }
    lt_buf_done(&changed);
}

/* "window sizes" of xterm: CSI 14 t, 16 t, 18 t. */
static bool window_query(terminal *t, const scan_piece *piece, char out[64])
{
    int what = scan_parameter(piece, 0, 0);
    out[0] = '\0';
    if (what == 18 && t->profile->mux) /* tmux 3.3a swaps them */
        snprintf(out, 64, "\033[8;%d;%dt", t->columns, t->rows);
    if (!t->profile->window_ops)
        return what == 14 || what == 16 || what == 18;
    if (what == 14)
        snprintf(out, 64, "\033[4;%d;%dt", t->rows * t->cell_height, t->columns * t->cell_width);
    else if (what == 16)
        snprintf(out, 64, "\033[6;%d;%dt", t->cell_height, t->cell_width);
    else if (what == 18)
        snprintf(out, 64, "\033[8;%d;%dt", t->rows, t->columns);
    return out[0] != '\0';
}

static void registers_query(terminal *t, int action, int value, char out[64])
{
    const profile *p = t->profile;
    if (p->registers < 0) {
        snprintf(out, 64, "\033[?1;3S");
        return;
    }
    if (action == 3 && value > 0 && value <= p->most_registers)
        t->registers = value;
    else if (action == 2)
        t->registers = p->registers;
    snprintf(out, 64, "\033[?1;0;%dS", action == 4 ? p->most_registers : t->registers);
}

static void geometry_query(const terminal *t, int action, char out[64])
{
    const profile *p = t->profile;
    int width = t->columns * t->cell_width, height = t->rows * t->cell_height;
    if (p->geometry == GEOMETRY_REFUSED)
        snprintf(out, 64, "\033[?2;3S");
    else if (p->geometry == GEOMETRY_REFUSED_ZERO)
        snprintf(out, 64, "\033[?2;3;0S");
    else if (p->geometry == GEOMETRY_MALFORMED)
        snprintf(out, 64, "\033[?1;3;0S");
    else if (action == 4 || p->geometry == GEOMETRY_MOST)
        snprintf(out, 64, "\033[?2;0;%d;%dS", p->most_width, p->most_height);
    else
        snprintf(out, 64, "\033[?2;0;%d;%dS", width, height);
}

/* XTSMGRAPHICS: CSI ? item ; action ; value S. */
static bool graphics_query(terminal *t, const scan_piece *piece, char out[64])
{
    int item = scan_parameter(piece, 0, 0), action = scan_parameter(piece, 1, 0);
    if (t->profile->registers == 0)
        return true;
    if (item == 1)
        registers_query(t, action, scan_parameter(piece, 2, 0), out);
    else if (item == 2)
        geometry_query(t, action, out);
    else
        snprintf(out, 64, "\033[?%d;1S", item);
    return true;
}

static bool mode_query(terminal *t, const scan_piece *piece, char out[64])
{
    int number = scan_parameter(piece, 0, 0), value = 0;
    if (!t->profile->reports)
        return true;
    for (int i = 0; i < t->mode_count; i++)
        if (t->modes[i].number == number)
            value = t->modes[i].on ? 1 : 2;
    if (number == 80 && t->profile->sixel)
        value = 2;
    if (number == 2026 && !t->profile->sync)
        value = 0;
    snprintf(out, 64, "\033[?%d;%d$y", number, value);
    return true;
}

static bool status_query(terminal *t, const scan_piece *piece, char out[64])
{
    int what = scan_parameter(piece, 0, 0), row, column;
    terminal_cursor(t, &row, &column, NULL);
    if (what == 6)
        snprintf(out, 64, "\033[%d;%dR", row + 1, column + 1);
    if (what == 5 && t->profile->attributes)
        answers_send(t, t->options.acks, "\033[0n");
    return what == 5 || what == 6;
}

/* True for a query; out is empty where the terminal keeps silent. */
static bool csi_query(terminal *t, const scan_piece *piece, char out[64])
{
    const profile *p = t->profile;
    const char *fixed = NULL;
    out[0] = '\0';
    if (piece->final == 't' && !piece->leader)
        return window_query(t, piece, out);
    if (piece->final == 'S' && piece->leader == '?')
        return graphics_query(t, piece, out);
    if (piece->final == 'p' && piece->leader == '?' && piece->middle == '$')
        return mode_query(t, piece, out);
    if (piece->final == 'n' && !piece->leader)
        return status_query(t, piece, out);
    if (piece->final == 'q' && piece->leader == '>') {
        if (p->version)
            snprintf(out, 64, "\033P>|%s\033\\", p->version);
        return true;
    }
    if (piece->final != 'c' || scan_parameter(piece, 0, 0) != 0)
        return false;
    fixed = piece->leader == '>' ? p->secondary : piece->leader ? NULL : p->attributes;
    snprintf(out, 64, "%s", fixed ? fixed : "");
    return true;
}

/* Colours of text and background: OSC 10 ; ? and OSC 11 ; ?. */
static bool colour_query(terminal *t, const scan_piece *piece, char out[64])
{
    bool text = piece->body_len == 4 && memcmp(piece->body, "10;?", 4) == 0;
    bool ground = piece->body_len == 4 && memcmp(piece->body, "11;?", 4) == 0;
    out[0] = '\0';
    if (t->profile->attributes && !t->profile->mux && (text || ground))
        snprintf(out, 64, "\033]%d;rgb:%s\033\\", text ? 10 : 11,
                 text ? "f0f0/f0f0/f0f0" : "0000/0000/0000");
    return text || ground;
}

bool answers_take(terminal *t, const scan_piece *piece)
{
    char out[64];
    bool query = false, attributes = piece->kind == SCAN_CSI && piece->final == 'c';
    if (piece->kind == SCAN_CSI)
        query = csi_query(t, piece, out);
    else if (piece->kind == SCAN_OSC)
        query = colour_query(t, piece, out);
    else if (piece->kind == SCAN_DCS) /* XTGETTCAP, DECRQSS: not answered, as kitty and tmux */
        return piece->body_len > 1 && strchr("+$", piece->body[0]) && piece->body[1] == 'q';
    if (!query || !t->profile->attributes || !out[0])
        return query;
    terminal_timing timing = t->options.answers;
    if (timing.manner == TERMINAL_WRONG && attributes)
        timing.manner = TERMINAL_NOW; /* wrong numbers are of use only to who goes on with them */
    answers_send(t, timing, out);
    return true;
}
