/*
 * scan.h - cuts what a terminal sends into bytes and control sequences.  Pure.
 *
 * The machine behind probe.h and input.h: fed byte by byte, it holds a sequence until it is
 * complete, so that pieces of any size give the same cuts.  What a sequence means is not known
 * here.  Bytes from outside: nothing is trusted, and the room is fixed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LT_SCAN_ROOM = 256,   /* bytes kept of a sequence; more are counted only */
    LT_SCAN_MOST = 65536, /* a string longer than this is no string */
    LT_CSI_NUMBERS = 16,
    LT_CSI_LARGEST = 9999999,
};

typedef enum lt_scan_kind {
    LT_SCAN_MORE,   /* nothing complete yet */
    LT_SCAN_BYTE,   /* one byte outside sequences */
    LT_SCAN_ESC,    /* ESC byte */
    LT_SCAN_SS3,    /* ESC O ... final */
    LT_SCAN_CSI,    /* ESC [ ... final */
    LT_SCAN_LINUX,  /* ESC [ [ final */
    LT_SCAN_MOUSE,  /* ESC [ M and three bytes: the old form of a mouse report */
    LT_SCAN_STRING, /* DCS, SOS, OSC, PM or APC, its end left out */
    LT_SCAN_BROKEN, /* what was held is no sequence: another byte or an end came too early */
} lt_scan_kind;

/* How sure it is that more comes, for time limits. */
typedef enum lt_scan_hope {
    LT_HOPE_NONE,   /* nothing is held */
    LT_HOPE_KEY,    /* ESC only: perhaps the key */
    LT_HOPE_REST,   /* the beginning of a sequence */
    LT_HOPE_ANSWER, /* of one that no key sends */
} lt_scan_hope;

/* Zero-initialise. */
typedef struct lt_scan {
    unsigned char held[LT_SCAN_ROOM]; /* valid until the next call */
    size_t len;                       /* of held */
    size_t total; /* bytes of the sequence, also those that held has no room for */
    bool alt;     /* another ESC stood before it */
    int state;    /* private */
} lt_scan;

/* Takes one byte.  *again: the byte was not used (BROKEN, or a STRING that another sequence cut
 * off); give it again. */
lt_scan_kind lt_scan_byte(lt_scan *s, unsigned char byte, bool *again);
/* No more comes: BROKEN with what is held, MORE if nothing is. */
lt_scan_kind lt_scan_end(lt_scan *s);
lt_scan_hope lt_scan_hopes(const lt_scan *s);

/* A control sequence taken apart.  Missing numbers are -1, those after a colon are in sub. */
typedef struct lt_csi {
    char prefix; /* ? > = < or 0 */
    char mid;    /* the last intermediate byte, or 0 */
    char final;
    int count;
    int number[LT_CSI_NUMBERS], sub[LT_CSI_NUMBERS];
} lt_csi;

/* Of what LT_SCAN_CSI or LT_SCAN_SS3 left in held; false if it does not fit. */
bool lt_csi_read(const lt_scan *s, lt_csi *out);
/* True if no key sends it: an answer of the terminal.  Focus and mouse reports are none. */
bool lt_csi_is_answer(const lt_csi *c);
