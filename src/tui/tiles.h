/*
 * tiles.h - what the seed grid and the history have in common: small pictures in the picture's
 * cells (mosaic.h), chosen with a click, opened with two.
 */
#pragma once

#include "tui/mosaic.h"

struct lt_studio;

/* Sets sizes, frame and captions for the picture's cells, such that the canvas sends the whole as
 * it is.  Captions cannot be read where pictures are drawn with characters: scale is 0 then. */
void lt_tiles_room(const struct lt_studio *s, lt_mosaic_ask *ask);

/* The tile under the middle of a cell of the screen; -1: none. */
int lt_tiles_at(const struct lt_studio *s, const lt_mosaic *m, int x, int y);

/* A click on tile i, which is chosen already or not; true if it is the second of two. */
bool lt_tiles_twice(struct lt_studio *s, bool chosen);
