/*
 * vae_tiles.h - how a picture is cut into tiles for the VAE and put together again: the arithmetic
 * of diffusers' AutoencoderKL.enable_tiling (tiled_encode, tiled_decode, blend_v, blend_h).
 *
 * A tile is as large as the pictures that the VAE was trained with (sample_size), and begins three
 * quarters of that after the one before; the quarter that two tiles share goes over from one to the
 * other in a straight line, first from the tile above, then from the one to the left.  Those at
 * the right and at the bottom are as small as what is left.  Pure; the numbers are on the host,
 * channels last.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "model/vae.h"

/* When the VAE works in tiles: where the memory is too short for the whole picture, always, never.
 */
typedef enum lt_tiling { LT_TILING_AUTO, LT_TILING_ON, LT_TILING_OFF } lt_tiling;

/* What is said when auto chose tiles. */
#define LT_TILING_NOTE "memory is short: the VAE works in tiles"

/* "auto", "on", "off"; NULL is auto.  LT_ERR_ARGUMENT for another word. */
bool lt_tiling_parse(const char *text, lt_tiling *out, lt_error *err) LT_WARN_UNUSED;
const char *lt_tiling_name(lt_tiling t);

/* All lengths are in latents; pixels are `factor` times as many. */
typedef struct lt_vae_tiles {
    int h, w;       /* of the picture */
    int side;       /* of a whole tile */
    int step;       /* from tile to tile: 3/4 of the side */
    int blend;      /* that neighbours share: 1/4 */
    int rows, cols; /* tiles, row by row */
} lt_vae_tiles;

typedef struct lt_vae_tile {
    int y, x, h, w; /* in latents */
} lt_vae_tile;

/* LT_ERR_ARGUMENT unless a quarter of this VAE's tile is a whole number of latents. */
bool lt_vae_tiles_check(const lt_vae_config *c, lt_error *err) LT_WARN_UNUSED;
/* False if a picture of h x w latents is not cut: it is no larger than a tile, or this VAE has no
 * tiles (lt_vae_tiles_check). */
bool lt_vae_tiles_plan(const lt_vae_config *c, int h, int w, lt_vae_tiles *out);

int lt_vae_tiles_count(const lt_vae_tiles *t);
/* Tile 0 is the largest. */
lt_vae_tile lt_vae_tiles_at(const lt_vae_tiles *t, int index);
/* Numbers of the first `count` tiles, `channels` of each of scale x scale positions a latent. */
size_t lt_vae_tiles_numbers(const lt_vae_tiles *t, int count, int scale, int channels);

/* A tile of whole [h*scale,w*scale,channels]. */
void lt_vae_tiles_cut(const lt_vae_tiles *t, int index, int scale, int channels, const float *whole,
                      float *tile);
/* All tiles, one after another, to the whole; what they share is blended in their own memory. */
void lt_vae_tiles_join(const lt_vae_tiles *t, int scale, int channels, float *tiles, float *whole);
