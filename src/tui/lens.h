/*
 * lens.h - the lenses that a step is seen through: a row of one table each, with its key, its name,
 * what it is made of, and the functions that make its picture, its numbers or its text.
 *
 * Most show what the VAE makes of one lt_lens.  Others are put together from several such pictures
 * or from the latents themselves, and one is text alone.  Pure: everything comes from the film.
 */
#pragma once

#include "base/buf.h"
#include "pipeline/lens.h"
#include "tui/keymap.h"

enum { LT_LOOK_PARTS = 3 };

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
    lt_image *const *parts; /* in the order of `parts`; NULL: not all are there */
    int gain;               /* of differences */
    bool captions;          /* on the picture */
} lt_look_at;

typedef struct lt_look {
    lt_action action;   /* its key */
    const char *name;   /* "2 predicted x0" */
    const char *brief;  /* the same in at most 9 characters, without the digit */
    const char *file;   /* in the names of files: "-x0" */
    const char *screen; /* lt_meta.screen of what it saves; NULL for a picture of the VAE */
    bool gains;         /* it shows a difference */
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

const lt_look *lt_look_row(int i); /* NULL at the end */
int lt_look_of(lt_lens lens);      /* the row that shows just this */
int lt_look_rows(void);
char lt_look_key(const lt_look *look); /* the digit that its name begins with */

/* ---- lens_schedule.c ---- */
/* The equation of the step after this frame with its numbers. */
void lt_look_equation(const lt_look_at *at, lt_buf *out);
/* Sigmas and timesteps by step, "@" where the frame is and ">" where the next step leads. */
void lt_look_schedule(const lt_look_at *at, int width, int height, lt_buf *out);
