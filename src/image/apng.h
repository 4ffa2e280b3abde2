/*
 * apng.h - animated PNG files, frame by frame, into an open writer.
 *
 * Source: the chunks acTL, fcTL and fdAT of "Portable Network Graphics (PNG) Specification (Third
 * Edition)" of W3C; libpng does not write them.  The file is a PNG whose IHDR is followed by acTL
 * (number of frames, number of plays: 0, forever).  Each frame is an fcTL (sequence number, size,
 * offset, delay, what becomes of it: it stays and is written over) and its pixels, as libpng
 * deflates them: in IDAT the first frame's, in fdAT, behind a sequence number, the others'.  A
 * program that knows no animation shows the first frame.
 */
#pragma once

#include "image/png.h"

enum {
    LT_APNG_MAX_DELAY = 65535, /* ms */
    /* For the steps of a run, where nobody says otherwise; the last frame stays longer, before the
     * first one comes again. */
    LT_APNG_FRAME_MS = 100,
    LT_APNG_LAST_MS = 2000,
};

/* Zero-initialise; nothing to release.  Private, but for reading `written`. */
typedef struct lt_apng {
    lt_writer *writer; /* borrowed */
    int frames, written, width, height, level;
    unsigned sequence;
} lt_apng;

/* w stays open until after the last frame; the caller commits it, or abandons it on failure.  level
 * is zlib's, 0..9.  frames >= 1. */
void lt_apng_begin(lt_apng *a, lt_writer *w, int frames, int level);
/* The next frame, shown for that many ms.  The first gives the size, and the file its texts, which
 * may be NULL; for the others they must be.  LT_ERR_ARGUMENT if the size differs, if there are
 * frames enough, or the delay is not within 0..LT_APNG_MAX_DELAY. */
bool lt_apng_add(lt_apng *a, const lt_image *image, int milliseconds, const lt_png_texts *texts,
                 lt_error *err) LT_WARN_UNUSED;
/* After the last frame. */
bool lt_apng_end(lt_apng *a, lt_error *err) LT_WARN_UNUSED;
