/* fit.c - lt_fit_make of graphics.h: where a picture goes, and how large. */
#include <stdint.h>

#include "gfx/graphics.h"

enum {
    BAND = 6,         /* sixels come in rows of six */
    SMALL = 256,      /* below it AUTO enlarges */
    SMALL_GOAL = 512, /* up to here */
    KITTY_MOST = 10000,
};

typedef struct size {
    int width, height;
} size;

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* a * b / c, rounded, at least 1. */
static int share(int a, int b, int c)
{
    int64_t n = ((int64_t)a * b * 2 + c) / ((int64_t)c * 2);
    return n < 1 ? 1 : n > LT_IMAGE_MAX_SIDE ? LT_IMAGE_MAX_SIDE : (int)n;
}

/* The largest size of these proportions inside the box. */
static size inscribe(size box, size picture)
{
    size s = {box.width, share(picture.height, box.width, picture.width)};
    if (s.height > box.height)
        s = (size){least(share(picture.width, box.height, picture.height), box.width), box.height};
    return s;
}

/* How often the whole picture fits, pixel by pixel; 0: not once. */
static int whole_times(size box, size picture)
{
    return least(box.width / picture.width, box.height / picture.height);
}

static int times_wanted(lt_zoom zoom, size picture, int room)
{
    int side = picture.width > picture.height ? picture.width : picture.height;
    switch (zoom) {
    case LT_ZOOM_ONE:
        return 1;
    case LT_ZOOM_FILL:
        return room;
    case LT_ZOOM_AUTO:
        break;
    }
    return side < SMALL ? least(room, SMALL_GOAL / side) : 1;
}

/* Pixels of the terminal that may be used. */
static size box_of(const lt_term *t, lt_graphics kind, const lt_frame_room *room)
{
    int most_width = kind == LT_GRAPHICS_SIXEL ? t->max_width : KITTY_MOST;
    int most_height = kind == LT_GRAPHICS_SIXEL ? t->max_height : KITTY_MOST;
    size box = {room->cols * t->cell_width, room->rows * t->cell_height};
    if (most_width > 0)
        box.width = least(box.width, most_width);
    if (most_height > 0)
        box.height = least(box.height, most_height);
    if (kind == LT_GRAPHICS_SIXEL)
        box.height = box.height / BAND * BAND; /* a band that sticks out: nothing, or a scroll */
    return box;
}

static lt_fit fit_pixels(const lt_term *t, lt_graphics kind, const lt_frame_room *room,
                         size picture)
{
    lt_fit fit = {.kind = kind};
    size box = box_of(t, kind, room);
    if (box.width < 1 || box.height < 1)
        return fit;
    int fits = whole_times(box, picture), times = times_wanted(room->zoom, picture, fits);
    size s = inscribe(box, picture);
    if (fits >= 1 && (room->zoom != LT_ZOOM_FILL || s.width == picture.width * fits)) {
        s = (size){picture.width * times, picture.height * times};
        fit.nearest = true;
    } else if (s.width > t->cell_width) { /* scaled anyway: whole cells, as tmux pads others */
        s.width = s.width / t->cell_width * t->cell_width;
        s.height = least(share(picture.height, s.width, picture.width), box.height);
    }
    int declared = kind == LT_GRAPHICS_SIXEL ? divide_up(s.height, BAND) * BAND : s.height;
    fit.width = s.width;
    fit.height = s.height;
    fit.cols = divide_up(s.width, t->cell_width);
    fit.rows = divide_up(declared, t->cell_height);
    return fit;
}

/* In cells, as wide and high as the terminal's are; a cell has `per_row` pixels, one above the
 * other. */
static lt_fit fit_cells(const lt_term *t, lt_graphics kind, const lt_frame_room *room, size picture,
                        int per_row)
{
    lt_fit fit = {.kind = kind};
    size box = {room->cols * t->cell_width, room->rows * t->cell_height};
    if (box.width < 1 || box.height < 1)
        return fit;
    size s = inscribe(box, picture);
    fit.width = least(share(s.width, 1, t->cell_width), room->cols);
    fit.height = least(share(s.height, per_row, t->cell_height), room->rows * per_row);
    fit.nearest = fit.width >= picture.width && fit.height >= picture.height;
    fit.cols = fit.width;
    fit.rows = divide_up(fit.height, per_row);
    return fit;
}

lt_fit lt_fit_make(const lt_term *term, lt_graphics kind, const lt_frame_room *room, int width,
                   int height)
{
    size picture = {width, height};
    if (room->cols < 1 || room->rows < 1 || width < 1 || height < 1)
        return (lt_fit){.kind = kind};
    switch (kind) {
    case LT_GRAPHICS_SIXEL:
    case LT_GRAPHICS_KITTY:
        return fit_pixels(term, kind, room, picture);
    case LT_GRAPHICS_BLOCKS:
        return fit_cells(term, kind, room, picture, 2);
    case LT_GRAPHICS_TEXT:
        return fit_cells(term, kind, room, picture, 1);
    default:
        return (lt_fit){.kind = kind};
    }
}
