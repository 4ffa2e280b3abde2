/*
 * compare.h - how two runs differ: their pictures on one sheet, their latents step by step, their
 * settings.  Pure; A and B are films, and a frame of each.
 */
#pragma once

#include "image/compare.h"
#include "pipeline/film.h"

/* ---- pictures ---- */

/* The gap in pixels; pictures of a comparison, and the most of a sheet. */
enum { LT_COMPARE_GAP = 8, LT_COMPARE_PANELS = 3, LT_COMPARE_MOST = 4 };

/* A panel as it was made last. */
typedef struct lt_compare_kept {
    lt_image *of, *made; /* owned: its picture; that in its size, with its caption */
    char *caption;       /* owned */
    int width, height;   /* the room that it had */
} lt_compare_kept;
void lt_compare_kept_done(lt_compare_kept *k); /* {0} is fine */

/* A picture of a sheet, with its caption below; caption NULL: none. */
typedef struct lt_compare_panel {
    lt_image *image;
    const char *caption;
    lt_compare_kept *kept; /* of this place: it is made again only if it changed; NULL: always */
    const char *brief; /* the caption where that is too wide, a function of it; NULL: it is cut */
} lt_compare_panel;

/* 1 to LT_COMPARE_MOST pictures side by side, each as large as fits into its share of
 * width x height pixels with its proportions; where that nearly is a whole number of times, it is
 * one.  width 0: as large as they are. */
bool lt_compare_sheet(const lt_compare_panel *panels, int count, int width, int height,
                      lt_image **out, lt_error *err) LT_WARN_UNUSED;

/* ---- steps ---- */

/* The frame of `to` that belongs to frame k of `from`: the same one where both have as many steps,
 * else the nearest share of the way; at most the last that there is. */
int lt_compare_step(const lt_film *from, int k, const lt_film *to);

/* True if latents have one size. */
bool lt_compare_fits(const lt_film *a, const lt_film *b);
/* rms of the difference between frame i of A and frame j of B, both as the VAE sees them. */
double lt_compare_latents(const lt_film *a, int i, const lt_film *b, int j);

/* What is known of every frame of B, 0 to b->done, against the one of A that belongs to it. */
typedef struct lt_compare_steps {
    const void *a, *b; /* the films: another one starts anew */
    int count;         /* known so far */
    float *rms;        /* owned */
    int room;
} lt_compare_steps;
/* Adds what both films have by now; nothing if their latents do not fit. */
void lt_compare_steps_add(lt_compare_steps *s, const lt_film *a, const lt_film *b);
void lt_compare_steps_done(lt_compare_steps *s);
/* The first frame that differs; count: none does. */
int lt_compare_first(const lt_compare_steps *s);

/* The frames 0 to `steps` as a row of at most `cells` characters: '.' equal, a bar up to the
 * largest, a blank where nothing is known.  Returns the cells used; size: 3 * cells + 1. */
int lt_compare_bar(const lt_compare_steps *s, int steps, int cells, bool utf8, char *to,
                   size_t size);
/* The cell of a frame. */
int lt_compare_cell(int step, int steps, int cells);

/* ---- settings ---- */

enum { LT_COMPARE_SETTINGS = 32, LT_COMPARE_VALUE = 192 };
typedef struct lt_compare_setting {
    const char *label;
    bool same;
    char a[LT_COMPARE_VALUE], b[LT_COMPARE_VALUE]; /* what is longer is cut */
} lt_compare_setting;
/* Guidance, prompts, seed, and the other rows of the form, those that differ first.  Returns how
 * many there are; *differ: how many of them differ. */
int lt_compare_settings(const lt_film *a, const lt_film *b,
                        lt_compare_setting out[LT_COMPARE_SETTINGS], int *differ);
