/*
 * saver.h - PNG files written on a thread of their own, so that no key waits for zlib or for a
 * disk.
 *
 * Putting never blocks; what became of a picture comes back as an event.  Files are written one
 * after the other in the order of putting, each whole or not at all, and none is replaced.  Every
 * function belongs to one thread, the caller's.
 */
#pragma once

#include <stdint.h>

#include "image/png.h"

typedef struct lt_saver lt_saver;

/* LT_ERR_IO if the system gives no thread or no descriptors. */
bool lt_saver_open(lt_saver **out, lt_error *err) LT_WARN_UNUSED;
/* Writes what waits first.  False for the first file that could not be written and of which no
 * event was taken.  NULL is fine. */
bool lt_saver_close(lt_saver *s, lt_error *err) LT_WARN_UNUSED;

/* A reference to the picture is kept until it is written: nobody may write its pixels any more.
 * texts: taken over, and empty afterwards; NULL: none.  series: comes back with the event. */
void lt_saver_put(lt_saver *s, const char *path, lt_image *image, lt_png_texts *texts,
                  uint64_t series);
/* True from putting a picture of this path, as it is spelled, until its event is taken: it is no
 * free name, though there may be no such file yet. */
bool lt_saver_has(const lt_saver *s, const char *path);

typedef struct lt_saved {
    char *path; /* owned */
    uint64_t series;
    lt_error error; /* code NONE: the file is there */
} lt_saved;

/* For poll: readable while there are events. */
int lt_saver_fd(const lt_saver *s);
bool lt_saver_poll(lt_saver *s, lt_saved *out); /* false: none */
void lt_saved_done(lt_saved *e);
