/*
 * scanner.h - the bytes of a program for a terminal, cut into whole pieces.
 *
 * Text is handed on as it comes (a character may be cut in two by a read); every control sequence
 * is handed on once, whole, however the reads cut it.  Strings (DCS, OSC, APC, PM, SOS) end with
 * ESC \, an OSC also with BEL; UTF-8 is assumed, so there are no C1 bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { SCAN_PARAMETERS = 16 };

typedef enum scan_kind {
    SCAN_TEXT,
    SCAN_CONTROL, /* one byte below 32, or DEL */
    SCAN_ESCAPE,  /* ESC and what belongs to it */
    SCAN_CSI,
    SCAN_DCS,
    SCAN_OSC,
    SCAN_APC,
    SCAN_STRING, /* PM, SOS */
    SCAN_BROKEN, /* a sequence or a string that another byte broke off; bytes: what there was */
} scan_kind;

typedef struct scan_piece {
    scan_kind kind;
    const char *bytes; /* all of it, ESC and ST too; valid until the sink returns */
    size_t len;
    const char *body; /* strings: between the introducer and ST */
    size_t body_len;
    char leader, middle, final; /* CSI: < = > or ?; the last intermediate; 0 if there is none */
    int parameters[SCAN_PARAMETERS], count; /* CSI; -1: left out; a colon counts as a semicolon */
} scan_piece;

/* The n-th parameter (from 0), `otherwise` if it was left out. */
int scan_parameter(const scan_piece *piece, int n, int otherwise);

typedef struct scanner {
    void (*sink)(void *user, const scan_piece *piece);
    void *user;
    int state; /* private */
    lt_buf held;
} scanner;

void scanner_init(scanner *s, void (*sink)(void *user, const scan_piece *piece), void *user);
void scanner_done(scanner *s);
void scanner_feed(scanner *s, const char *bytes, size_t n);
/* True while a sequence has begun and not ended. */
bool scanner_inside(const scanner *s);
