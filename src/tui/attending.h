/*
 * attending.h - lens 6, where the words are looked at: what is chosen of it, and what was asked
 * for.
 */
#pragma once

#include "image/image.h"
#include "pipeline/attention.h"

typedef struct lt_attending {
    int size;      /* a resolution of the UNet, or LT_ATTENTION_ALL */
    bool whole;    /* the mean over the steps at hand, not this step */
    bool by_token; /* the words of `now` are its tokens */
    int word;      /* among the words of `now` */
    char *text; /* owned: that word's, by which another run's is found; NULL: none was seen yet */

    /* What is shown, of this run, image and step; id 0: nothing yet. */
    uint64_t id;
    int image, step;
    bool stale;               /* it must be found anew */
    lt_attention_maps *now;   /* owned; NULL: not there */
    int steps;                /* that it is the mean of */
    double *share;            /* owned: of its words, at `size` */
    lt_attention_range range; /* of the chosen word's map */
    unsigned version;         /* counts changes of all this */

    uint64_t asked_id; /* the run of what was asked for last; 0: nothing */
    int asked_step, asked_image;
    bool asking; /* and it has neither come nor failed */

    lt_rect rows;      /* of the panel: the words that were drawn last; height 0: none */
    int first, prompt; /* the first of the prompt's words there, and how many are */
} lt_attending;
