/*
 * mosaic.h - several pictures as one, for the screen: tiles in rows and columns with captions, one
 * of them framed.  Nothing here draws on a terminal: the result is shown by canvas.h.
 *
 * What did not change since the last time is not made again: a moved choice costs a copy of the
 * whole and the new frame, a new picture the scaling of its own tile.
 */
#pragma once

#include "image/image.h"

typedef struct lt_mosaic lt_mosaic;

/* Both borrowed for the call. */
typedef struct lt_mosaic_tile {
    lt_image *image;     /* NULL: none yet, an empty tile */
    const char *caption; /* one line; NULL: none */
    const char *brief;   /* in its place where it is too wide; NULL: it is cut, and ends in ".." */
} lt_mosaic_tile;

/* Sizes are in pixels. */
typedef struct lt_mosaic_ask {
    int width, height;           /* of the whole */
    int tile_width, tile_height; /* of the pictures: their proportions, and what is enlarged a whole
                                    number of times where that takes two thirds of the room and
                                    `fill` is not set */
    bool fill;                   /* as large as there is room */
    int frame;                   /* around each tile, at least 1; the chosen one's is bright */
    int scale;                   /* of captions (font.h); 0: none */
    const lt_mosaic_tile *tiles;
    int count;  /* at least 1 */
    int chosen; /* -1: none */
} lt_mosaic_ask;

lt_mosaic *lt_mosaic_new(void);
void lt_mosaic_free(lt_mosaic *m); /* NULL is fine */

/* The whole, with a reference that is the caller's; the same picture as before if nothing changed.
 * LT_ERR_ARGUMENT if the tiles have no room, or the whole a size that lt_image_size_ok refuses;
 * LT_ERR_MEMORY. */
bool lt_mosaic_make(lt_mosaic *m, const lt_mosaic_ask *ask, lt_image **out,
                    lt_error *err) LT_WARN_UNUSED;

/* Of the last one that was made. */
int lt_mosaic_columns(const lt_mosaic *m);               /* 0: there is none */
lt_rect lt_mosaic_picture(const lt_mosaic *m, int i);    /* where the picture of tile i is */
int lt_mosaic_tile_at(const lt_mosaic *m, int x, int y); /* -1: none */
