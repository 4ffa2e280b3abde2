/*
 * looking.h - what a lens made, kept until what it is of is another one.
 */
#pragma once

#include "tui/lens.h"

/* What a lens looked at (lt_look_at), to be compared. */
typedef struct lt_looked {
    const lt_look *look;
    uint64_t id;                 /* the run; 0: nothing */
    uint64_t maker;              /* of the step after; 0: that run is not open */
    int step, image, gain, page; /* and the rest */
    int done;                    /* steps that the run has, of a lens that is text; else 0 */
    const lt_attention_maps *attention;
    int word, size;
    unsigned version;            /* lt_attending.version, where there are maps */
    lt_image *of[LT_LOOK_PARTS]; /* owned where it is kept */
} lt_looked;

/* Its picture. */
typedef struct lt_looking {
    lt_image *sheet; /* owned: what is shown; NULL: nothing */
    lt_looked of;
} lt_looking;
void lt_looking_done(lt_looking *l); /* {0} is fine, as below */

/* Its numbers. */
typedef struct lt_look_numbers {
    lt_buf text; /* as lt_look.say writes it; empty: it has none */
    int lines;
    lt_looked of;
} lt_look_numbers;
void lt_look_numbers_done(lt_look_numbers *n);
