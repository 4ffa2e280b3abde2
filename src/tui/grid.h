/*
 * grid.h - the seed grid: several pictures of one prompt, drawn side by side as they are made.
 *
 * The tiles are images of one run that makes all of them at once (a batch), or, where there is no
 * memory for that, runs of their own, one after another.  Nothing here draws: grid_view.c does.
 */
#pragma once

#include "tui/mosaic.h"
#include "tui/reel.h"

enum { LT_GRID_LEAST = 2, LT_GRID_MOST = 16, LT_GRID_USUAL = 4, LT_GRID_VARIATIONS = 8 };

/* One picture of the grid. */
typedef struct lt_tile {
    uint64_t id;      /* of its run; 0: not begun */
    int image;        /* of that run */
    bool left_out;    /* stopped before it began */
    lt_image *shown;  /* owned reference: what its place shows until its own picture is there */
    lt_params params; /* owned: those of this picture alone */
} lt_tile;

typedef struct lt_seed_grid {
    lt_tile tiles[LT_GRID_MOST];
    int count; /* 0: there is no grid */
    int chosen;
    bool varies;    /* variations of one seed, not several seeds */
    int exact;      /* the frame whose pictures are asked for though the run is at work; -1 */
    bool gave_up;   /* a picture could not be decoded: none is asked for until something moves */
    double partial; /* since when some tiles of a step are there and others not yet; 0: all are */
    int framed;     /* the tile that was chosen when it was drawn */
    lt_mosaic *mosaic; /* owned; NULL until it is drawn */
} lt_seed_grid;

void lt_grid_done(lt_seed_grid *g);
/* Begins anew with the pictures of a run: batch has own generators, LT_GRID_MOST at most.  The
 * tiles' settings are copies. */
void lt_grid_set(lt_seed_grid *g, const lt_params *batch, uint64_t id);
/* p of one picture becomes p of so many: of its seed and the next ones, or, if it varies, of its
 * seed with its variation and the next ones. */
void lt_grid_spread(lt_params *p, int count, bool varies);

/* The tiles of a run that found no memory have to be made one by one. */
void lt_grid_in_turns(lt_seed_grid *g, uint64_t id);
/* The next that waits for its turn; -1: none does. */
int lt_grid_next(const lt_seed_grid *g);
/* Nothing waits any more. */
void lt_grid_leave_out(lt_seed_grid *g);
bool lt_grid_has(const lt_seed_grid *g, uint64_t id); /* a run of one of the tiles */

/* The settings after those of the last tile: the next seed, or the next variation of the same.
 * The caller's. */
void lt_grid_follow(const lt_seed_grid *g, lt_params *out);
/* Another picture in the place of a tile. */
void lt_grid_refill(lt_seed_grid *g, int i);

/* "3 s1236 *", for the picture; r: the tile's run, or NULL. */
enum { LT_GRID_TEXT = 96 };
void lt_grid_caption(const lt_seed_grid *g, int i, const lt_reel *r, char to[LT_GRID_TEXT]);
/* The same where that is too wide: what differs between neighbours, "3 s..236 *", or "3 waits". */
void lt_grid_brief(const lt_seed_grid *g, int i, const lt_reel *r, char to[LT_GRID_TEXT]);
/* "seed 1236", "seed 7, variation 12 at 0.1". */
void lt_grid_seed(const lt_tile *t, char to[LT_GRID_TEXT]);
