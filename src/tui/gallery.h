/*
 * gallery.h - the history by its pictures: a page of small ones, one of them chosen, what it is of
 * in the panel; searched, starred, deleted and brought back, opened again.
 */
#pragma once

#include "store/store.h"
#include "tui/mosaic.h"

enum { LT_GALLERY_MOST = 60 }; /* pictures of a page */

typedef struct lt_gallery {
    lt_store_page page;
    lt_image *small[LT_GALLERY_MOST]; /* owned: of the page's runs; NULL: none */
    int chosen;
    int64_t *before; /* owned [pages]: where each page up to this one begins, 0: the newest */
    int pages;       /* this page's number, from 1 */
    int64_t total;   /* runs in all that the search finds */
    char search[128];
    bool starred;      /* only those */
    int64_t deleted;   /* the run that was deleted last; 0: none */
    int size;          /* runs that a page has room for */
    lt_mosaic *mosaic; /* owned; NULL until it is shown */
} lt_gallery;

void lt_gallery_done(lt_gallery *g); /* {0} is fine */
