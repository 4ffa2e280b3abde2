/*
 * pictures.c - the pictures on the screen: what arrived, where it lies, what took cells of it away.
 *
 * A picture is shown until a later one covers it wholly, its screen goes (1049, a resize), a kitty
 * deletion, or no cell of it is left.
 */
#include <limits.h>
#include <sixel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "terminal_parts.h"

int terminal_pictures(const terminal *t)
{
    return t->picture_count;
}

const terminal_picture *terminal_picture_get(const terminal *t, int number)
{
    return number >= 1 && number <= t->picture_count ? &t->pictures[number - 1].seen : NULL;
}

const terminal_picture *terminal_picture_last(const terminal *t)
{
    return terminal_picture_get(t, t->picture_count);
}

static void forget_pixels(picture *p)
{
    lt_image_unref((lt_image *)p->seen.image);
    p->seen.image = NULL;
    lt_buf_done(&p->sixel);
}

void pictures_done(terminal *t)
{
    for (int i = 0; i < t->picture_count; i++) {
        forget_pixels(&t->pictures[i]);
        free(t->pictures[i].holes);
    }
    free(t->pictures);
}

static void hide(picture *p)
{
    p->seen.shown = false;
    free(p->holes);
    p->holes = NULL;
}

void pictures_drop_all(terminal *t)
{
    for (int i = 0; i < t->picture_count; i++)
        hide(&t->pictures[i]);
    t->changes++;
}

void pictures_delete(terminal *t, int id, int placement)
{
    for (int i = 0; i < t->picture_count; i++) {
        picture *p = &t->pictures[i];
        if (p->seen.kitty && (id < 0 || p->id == id) &&
            (placement < 0 || p->placement == placement))
            hide(p);
    }
    t->changes++;
}

bool pictures_is_hole(const picture *p, int row, int column)
{
    return p->holes[(row - p->seen.row) * p->seen.columns + column - p->seen.column] != 0;
}

static VTermRect cells_of(const picture *p)
{
    const terminal_picture *s = &p->seen;
    return (VTermRect){s->row, s->row + s->rows, s->column, s->column + s->columns};
}

/* By pixels: what a smaller picture leaves of a cell stays. */
static bool covers(const terminal *t, const terminal_picture *a, const terminal_picture *b)
{
    int left = (b->column - a->column) * t->cell_width;
    int top = (b->row - a->row) * t->cell_height;
    return left >= 0 && top >= 0 && a->width >= left + b->width && a->height >= top + b->height;
}

static VTermRect common(VTermRect a, VTermRect b)
{
    return (VTermRect){a.start_row > b.start_row ? a.start_row : b.start_row,
                       a.end_row < b.end_row ? a.end_row : b.end_row,
                       a.start_col > b.start_col ? a.start_col : b.start_col,
                       a.end_col < b.end_col ? a.end_col : b.end_col};
}

/* A screen wider or higher than the picture's cells may be cut; outside there is nothing to hit. */
static void add_damage(terminal *t, picture *p, VTermRect part, bool row_only)
{
    t->damages = lt_grow(t->damages, (size_t)t->damage_count + 1, sizeof *t->damages);
    terminal_damage *damage = &t->damages[t->damage_count++];
    *damage = (terminal_damage){.picture = p->seen.number,
                                .row = part.start_row,
                                .column = part.start_col,
                                .rows = part.end_row - part.start_row,
                                .columns = part.end_col - part.start_col,
                                .row_only = row_only,
                                .at = t->now};
    if (t->current)
        lt_text_escape(damage->bytes, sizeof damage->bytes, t->current->bytes, t->current->len);
    for (int y = part.start_row; y < part.end_row; y++)
        for (int x = part.start_col; x < part.end_col; x++) {
            unsigned char *hole =
                &p->holes[(y - p->seen.row) * p->seen.columns + x - p->seen.column];
            p->seen.damaged += !*hole;
            *hole = 1;
        }
}

/* The same bytes often touch cell by cell: one entry, which grows. */
static bool extend_damage(terminal *t, picture *p, VTermRect part)
{
    terminal_damage *last = t->damage_count > 0 ? &t->damages[t->damage_count - 1] : NULL;
    char bytes[sizeof last->bytes] = "";
    if (!last || !t->current || last->picture != p->seen.number || last->row_only ||
        last->rows != 1 || part.end_row - part.start_row != 1 || last->row != part.start_row ||
        last->column + last->columns != part.start_col || last->at < t->now)
        return false;
    lt_text_escape(bytes, sizeof bytes, t->current->bytes, t->current->len);
    if (strcmp(bytes, last->bytes) != 0)
        return false;
    terminal_damage before = *last;
    t->damage_count--;
    add_damage(t, p, part, false);
    t->damages[t->damage_count - 1].column = before.column;
    t->damages[t->damage_count - 1].columns += before.columns;
    return true;
}

void pictures_touched(terminal *t, VTermRect cells)
{
    while (t->first_shown < t->picture_count && !t->pictures[t->first_shown].seen.shown)
        t->first_shown++;
    for (int i = t->first_shown; i < t->picture_count; i++) {
        picture *p = &t->pictures[i];
        VTermRect part = common(cells, cells_of(p));
        /* kitty's pictures are a layer of their own: text does not take them away */
        if (!p->seen.shown || p->seen.kitty || part.start_row >= part.end_row ||
            part.start_col >= part.end_col)
            continue;
        if (!extend_damage(t, p, part))
            add_damage(t, p, part, false);
        if (t->options.row_rules || p->seen.damaged == p->seen.rows * p->seen.columns)
            hide(p);
    }
}

void pictures_erase_on_row(terminal *t, int row)
{
    for (int i = 0; t->options.row_rules && i < t->picture_count; i++) {
        picture *p = &t->pictures[i];
        if (p->seen.shown && !p->seen.kitty && row >= p->seen.row &&
            row < p->seen.row + p->seen.rows) {
            add_damage(t, p, cells_of(p), true);
            hide(p);
        }
    }
}

int terminal_damages(const terminal *t)
{
    return t->damage_count;
}

const terminal_damage *terminal_damage_get(const terminal *t, int n)
{
    return n >= 0 && n < t->damage_count ? &t->damages[n] : NULL;
}

void terminal_damage_forget(terminal *t)
{
    t->damage_count = 0;
}

int terminal_holes(const terminal *t)
{
    int holes = 0;
    for (int i = 0; i < t->picture_count; i++)
        holes += t->pictures[i].seen.shown ? t->pictures[i].seen.damaged : 0;
    return holes;
}

/* What a real screen would suffer from; the picture's cells are set. */
static void check_place(terminal *t, const terminal_picture *s)
{
    if (s->row + s->rows >= t->rows)
        terminal_note_fault(t, "picture %d (row %d, %d rows) touches the last row, %d", s->number,
                            s->row, s->rows, t->rows - 1);
    if (s->column * t->cell_width + s->width > t->columns * t->cell_width)
        terminal_note_fault(t, "picture %d (column %d, %d pixels) goes beyond the right edge",
                            s->number, s->column, s->width);
    if (s->kitty)
        return;
    if (s->width > t->profile->most_width || s->height > t->profile->most_height)
        terminal_note_fault(t, "picture %d of %dx%d is larger than %dx%d", s->number, s->width,
                            s->height, t->profile->most_width, t->profile->most_height);
    if (t->profile->most_bytes && s->bytes > t->profile->most_bytes)
        terminal_note_fault(t, "picture %d has %zu bytes, more than %zu", s->number, s->bytes,
                            t->profile->most_bytes);
    if (s->registers > t->registers)
        terminal_note_fault(t, "picture %d uses %d registers, there are %d", s->number,
                            s->registers, t->registers);
}

/* Old pictures keep their numbers and places, not their pixels. */
static void forget_old(terminal *t)
{
    for (int i = t->picture_count - 1 - t->options.keep_pictures; i >= 0; i--) {
        picture *p = &t->pictures[i];
        if (p->seen.shown)
            continue;
        if (!p->seen.image && !p->sixel.data)
            break;
        forget_pixels(p);
    }
}

void pictures_show(terminal *t, picture *p)
{
    for (int i = t->first_shown; i < t->picture_count; i++) {
        picture *old = &t->pictures[i];
        bool replaced = p->seen.kitty ? old->seen.kitty && old->id == p->id && p->id &&
                                            old->placement == p->placement
                                      : !old->seen.kitty && covers(t, &p->seen, &old->seen);
        if (old->seen.shown && replaced)
            hide(old);
    }
    p->seen.number = t->picture_count + 1;
    p->seen.at = t->now;
    p->seen.shown = true;
    p->seen.synchronized = terminal_mode(t, 2026);
    p->holes = lt_alloc_array((size_t)p->seen.rows, (size_t)p->seen.columns);
    t->pictures = lt_grow(t->pictures, (size_t)t->picture_count + 1, sizeof *t->pictures);
    t->pictures[t->picture_count++] = *p;
    t->changes++;
    check_place(t, &p->seen);
    forget_old(t);
}

static bool decode(picture *p, lt_error *err)
{
    unsigned char *pixels = NULL, *palette = NULL;
    int width, height, colours;
    lt_image *image;
    SIXELSTATUS status = sixel_decode_raw((unsigned char *)p->sixel.data, (int)p->sixel.len,
                                          &pixels, &width, &height, &palette, &colours, NULL);
    if (SIXEL_FAILED(status))
        return lt_fail(err, LT_ERR_FORMAT, NULL, "libsixel: %s", sixel_helper_format_error(status));
    bool ok = lt_image_new(width, height, &image, err);
    for (size_t i = 0; ok && i < (size_t)width * (size_t)height; i++)
        if (pixels[i] < colours)
            memcpy(image->rgb + i * 3, palette + (size_t)pixels[i] * 3, 3);
    free(pixels);
    free(palette);
    if (ok) {
        p->seen.width = width;
        p->seen.height = height;
        p->seen.image = image;
        lt_buf_done(&p->sixel);
    }
    return ok;
}

const lt_image *terminal_picture_image(terminal *t, int number)
{
    lt_error err = {0};
    picture *p = number >= 1 && number <= t->picture_count ? &t->pictures[number - 1] : NULL;
    if (p && !p->seen.image && p->sixel.data && !decode(p, &err)) {
        terminal_note_fault(t, "picture %d: %s", number, err.message);
        lt_buf_done(&p->sixel);
    }
    return p ? p->seen.image : NULL;
}

/* Reads the size from "Pan;Pad;Ph;Pv and one more than the largest register named. */
static void scan_sixel(const char *data, size_t n, terminal_picture *out)
{
    const char *end = data + n, *raster = memchr(data, '"', n);
    if (raster && sscanf(raster, "\"%*d;%*d;%d;%d", &out->width, &out->height) != 2)
        out->width = out->height = 0;
    for (const char *at = data; (at = memchr(at, '#', (size_t)(end - at))) != NULL; at++) {
        int number = 0;
        for (const char *digit = at + 1; digit < end && *digit >= '0' && *digit <= '9'; digit++)
            number = number < 100000 ? number * 10 + (*digit - '0') : number;
        out->registers = number + 1 > out->registers ? number + 1 : out->registers;
    }
}

/* Where the cursor goes, and the scrolling if the picture does not fit above the last row. */
static void move_cursor(terminal *t, const terminal_picture *s)
{
    char bytes[48];
    int below = s->row + s->rows - 1 + (t->profile->cursor_below ? 1 : 0);
    int last = t->rows - 1, over = below > last ? below - last : 0;
    if (over > 0) {
        snprintf(bytes, sizeof bytes, "\033[%dH", t->rows);
        screen_write(t, bytes, strlen(bytes));
        for (int i = 0; i < over; i++)
            screen_write(t, "\n", 1);
        terminal_note_fault(t, "picture %d scrolled the screen by %d rows", s->number, over);
    }
    snprintf(bytes, sizeof bytes, "\033[%d;%dH", below - over + 1, s->column + 1);
    screen_write(t, bytes, strlen(bytes));
}

static bool begins_sixel(const scan_piece *piece)
{
    size_t at = 0;
    while (at < piece->body_len && strchr("0123456789;", piece->body[at]))
        at++;
    return at < piece->body_len && piece->body[at] == 'q';
}

void pictures_sixel(terminal *t, const scan_piece *piece)
{
    picture p = {.seen = {.bytes = piece->len}};
    lt_error err = {0};
    if (!begins_sixel(piece))
        return;
    if (!t->profile->sixel) {
        terminal_note_fault(t, "a sixel picture for a terminal that has none");
        return;
    }
    scan_sixel(piece->body, piece->body_len, &p.seen);
    terminal_cursor(t, &p.seen.row, &p.seen.column, NULL);
    if (piece->len > INT_MAX) {
        terminal_note_fault(t, "a sixel picture of %zu bytes", piece->len);
        return;
    }
    lt_buf_add(&p.sixel, piece->bytes, piece->len);
    if ((!t->options.lazy || p.seen.width < 1 || p.seen.height < 1) && !decode(&p, &err)) {
        terminal_note_fault(t, "a sixel picture that cannot be read: %s", err.message);
        lt_buf_done(&p.sixel);
        return;
    }
    p.seen.rows = (p.seen.height + t->cell_height - 1) / t->cell_height;
    p.seen.columns = (p.seen.width + t->cell_width - 1) / t->cell_width;
    pictures_show(t, &p);
    move_cursor(t, terminal_picture_last(t));
}
