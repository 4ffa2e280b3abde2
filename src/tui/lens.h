/*
 * lens.h - the lenses that a step is seen through: a row of one table each, with its key, its name,
 * what it is made of, and the functions that make its picture, its numbers or its text.
 *
 * Most show what the VAE makes of one lt_lens.  Others are put together from several such pictures,
 * from the latents themselves, or from the attention maps of a step, and one is text alone.  Pure:
 * everything comes from lt_look_at.
 */
#pragma once

#include "base/buf.h"
#include "gfx/graphics.h"
#include "pipeline/lens.h"
#include "tui/keymap.h"

enum { LT_LOOK_PARTS = 6, LT_LOOK_PAGES = 4 /* of one that is text */ };

/* A picture of the VAE that a lens is made of. */
typedef struct lt_look_part {
    int step;
    lt_lens lens;
} lt_look_part;

/* What a lens looks at. */
typedef struct lt_look_at {
    const lt_film *film;
    const lt_film *maker; /* of the step after: this film, or one that it was forked from; NULL:
                             that one is not open */
    int step, image;
    lt_image *const *parts; /* in the order of `parts`; NULL: not all are there.  `partly`: those
                               that are not there are NULL each */
    int gain;               /* of differences */
    bool captions;          /* on the picture */
    int page;               /* of a lens with several: below LT_LOOK_PAGES */
    const lt_attention_maps *attention; /* of this step, or of several; NULL: not there */
    int word, size;                     /* of it: which word's map, of which resolution */
} lt_look_at;

typedef struct lt_look {
    lt_action action;   /* its key */
    const char *name;   /* "2 predicted x0" */
    const char *brief;  /* the same in at most 9 characters, without the digit */
    const char *file;   /* in the names of files: "-x0" */
    const char *screen; /* lt_meta.screen of what it saves; NULL for a picture of the VAE */
    bool gains;         /* it shows a difference */
    bool tiles;         /* several pictures of one size, small together */
    bool partly;        /* it has a picture before all that it needs is there */
    bool attends;       /* it shows where words are looked at, and asks for it (attending.h) */
    bool maps;          /* it shows that where it is at hand */
    lt_lens lens; /* what it decodes; of the others what is decoded where they cannot be shown */
    /* Which pictures it needs for frame k; returns how many. */
    int (*parts)(const lt_film *f, int k, lt_look_part out[LT_LOOK_PARTS]);
    /* Its picture, of a size of its own.  NULL: the VAE's. */
    bool (*make)(const lt_look_at *at, lt_image **out, lt_error *err);
    /* Its numbers, a line each, "label\tvalue" or plain; the first is a heading.  NULL: those of
     * any step. */
    void (*say)(const lt_look_at *at, lt_buf *out);
    /* Text in the picture's place, a line each.  NULL: it has a picture. */
    void (*plot)(const lt_look_at *at, int width, int height, lt_buf *out);
} lt_look;

const lt_look *lt_look_row(int i);         /* NULL at the end */
lt_zoom lt_look_zoom(const lt_look *look); /* how large its picture is drawn */
int lt_look_of(lt_lens lens);              /* the row that shows just this */
int lt_look_rows(void);
char lt_look_key(const lt_look *look); /* the digit that its name begins with */

/* ---- lens_schedule.c: lens 8, by page ---- */
void lt_look_say_schedule(const lt_look_at *at, lt_buf *out);
void lt_look_schedule(const lt_look_at *at, int width, int height, lt_buf *out);
/* The first page's plot as a picture of the film's size. */
bool lt_look_schedule_small(const lt_look_at *at, lt_image **out, lt_error *err) LT_WARN_UNUSED;

/* ---- lens_pages.c: its pages after the first ---- */
/* Betas and abar by t, of the model's rule and of others between the same ends. */
void lt_look_betas(const lt_look_at *at, int width, int height, lt_buf *out);
void lt_look_say_betas(const lt_look_at *at, lt_buf *out);
/* Sigmas and timesteps of this run, and as Karras 2022 spaces them (or without, if the run does).
 */
void lt_look_sigmas(const lt_look_at *at, int width, int height, lt_buf *out);
void lt_look_say_sigmas(const lt_look_at *at, lt_buf *out);
/* The same schedule in 10 and in 70 steps. */
void lt_look_cuts(const lt_look_at *at, int width, int height, lt_buf *out);
void lt_look_say_cuts(const lt_look_at *at, lt_buf *out);

/* ---- lens.c: for those that are put together ---- */
/* A picture with its caption below, where there are captions; takes the picture over. */
bool lt_look_put(const lt_look_at *at, lt_image *image, const char *caption, lt_image **out,
                 lt_error *err) LT_WARN_UNUSED;
/* Takes the tiles over; ok: all were made. */
bool lt_look_join(lt_image **tiles, int count, int columns, bool ok, lt_image **out,
                  lt_error *err) LT_WARN_UNUSED;
/* The channels of the latents in grey, width x height each, in so many columns. */
bool lt_look_channels(const lt_look_at *at, int width, int height, int columns, lt_image **out,
                      lt_error *err) LT_WARN_UNUSED;
enum { LT_LOOK_GAP = 4 /* pixels between pictures */ };

/* ---- lens_sheet.c: all lenses, small ---- */
int lt_look_sheet_parts(const lt_film *f, int k, lt_look_part out[LT_LOOK_PARTS]);
bool lt_look_sheet(const lt_look_at *at, lt_image **out, lt_error *err);
void lt_look_say_sheet(const lt_look_at *at, lt_buf *out);
/* The row of the lens that is shown at a share, 0 to 1, of the sheet's width and height; -1: none.
 */
int lt_look_sheet_at(double x, double y);
