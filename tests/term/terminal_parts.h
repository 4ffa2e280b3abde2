/* terminal_parts.h - what the files of the terminal share; nothing for tests. */
#pragma once

#include <vterm.h>

#include "pty.h"
#include "scanner.h"
#include "terminal.h"

/* One line of the table in answers.c. */
typedef struct profile {
    const char *name, *term;
    const char *attributes, *secondary; /* the whole answers to DA1 and DA2 */
    const char *version;                /* of XTVERSION; NULL: no answer */
    bool sixel, kitty, mux, row_rules;
    int registers, most_registers; /* 0: XTSMGRAPHICS is not answered, -1: refused */
    int most_width, most_height;   /* of a sixel picture, pixels */
    size_t most_bytes;             /* of its sequence; 0: no limit */
    enum {
        GEOMETRY_WINDOW,
        GEOMETRY_MOST,
        GEOMETRY_MALFORMED,
        GEOMETRY_REFUSED,
        GEOMETRY_REFUSED_ZERO
    } geometry;
    bool window_ops;    /* 14t, 16t, 18t */
    bool reports, sync; /* DECRQM is answered; 2026 is known */
    int border;         /* pixels that TIOCGWINSZ counts too much */
    int cell_width, cell_height;
    bool cursor_below; /* where the cursor is after a sixel: below it, not on its last row */
} profile;

/* Bytes on their way to the program. */
typedef struct parcel {
    double due, apart; /* lt_clock; apart > 0: one byte at a time */
    char *bytes;       /* owned */
    size_t len, sent;
} parcel;

typedef struct chunk {
    size_t offset;
    double at;
} chunk;

typedef struct picture {
    terminal_picture seen; /* seen.image is owned */
    lt_buf sixel;          /* while not decoded */
    unsigned char *holes;  /* rows * columns */
    int id, placement;     /* kitty */
} picture;

/* A kitty transmission in pieces. */
typedef struct kitty_load {
    bool open;
    int format, width, height, id, placement, columns, rows, quiet;
    char action, packed;
    lt_buf base64;
    size_t bytes;
} kitty_load;

enum { MODES = 16 };
typedef struct mode_state {
    int number;
    bool first, on;
    int repeated; /* set when it was set */
} mode_state;

struct terminal {
    terminal_options options;
    const profile *profile;
    pty pty;
    scanner scanner;
    VTerm *vt;
    VTermState *state;
    VTermScreen *screen;
    int columns, rows, cell_width, cell_height;
    const scan_piece *current; /* being handled */

    lt_buf record;
    size_t written;
    chunk *chunks;
    int chunk_count;
    double now, last_output;  /* of the latest read */
    double budget, budget_at; /* throttle: bytes that may be read */

    parcel *parcels;
    int parcel_count;
    size_t typed;

    mode_state modes[MODES];
    int mode_count;
    bool keypad;
    int registers; /* now */
    bool left;     /* the alternate screen, at least once */
    lt_buf after;  /* the first wrong sequence since it was left */

    picture *pictures;
    int picture_count, first_shown; /* none before first_shown is on the screen */
    kitty_load kitty;
    terminal_damage *damages;
    int damage_count;
    char **faults;
    int fault_count;

    unsigned changes; /* counts whatever may have changed the screen */
    bool cursor_visible;
    double *latencies;
    int latency_count;
};

/* terminal.c */
void terminal_note_fault(terminal *t, const char *format, ...) LT_PRINTF(2, 3);
/* One poll: waits at most until `limit` (lt_clock) for something to do, and does it. */
void terminal_pump(terminal *t, double limit);

/* answers.c */
const profile *profile_of(terminal_profile which);
/* True if the piece is a query, which the screen then does not see. */
bool answers_take(terminal *t, const scan_piece *piece);
void answers_send(terminal *t, terminal_timing timing, const char *bytes);

/* keys.c: the queue towards the program. */
void parcel_add(terminal *t, double due, double apart, const char *bytes, size_t n);
double parcel_next(const terminal *t); /* when the next byte is due; infinity: none waits */
void parcel_send(terminal *t, double now);

/* modes.c */
void modes_init(terminal *t);
void modes_take(terminal *t, const scan_piece *piece);

/* screen.c */
bool screen_open(terminal *t, lt_error *err);
void screen_done(terminal *t);
void screen_take(terminal *t, const scan_piece *piece); /* text and sequences for libvterm */
void screen_write(terminal *t, const char *bytes, size_t n);
/* Tells two looks of a part apart. */
uint64_t screen_hash(const terminal *t, terminal_part part);

/* pictures.c */
void pictures_sixel(terminal *t, const scan_piece *piece);
void pictures_show(terminal *t, picture *p);              /* takes what p owns */
void pictures_drop_all(terminal *t);                      /* from the screen */
void pictures_delete(terminal *t, int id, int placement); /* kitty; -1: any */
void pictures_touched(terminal *t, VTermRect cells);
void pictures_erase_on_row(terminal *t, int row); /* row_rules */
void pictures_done(terminal *t);
bool pictures_is_hole(const picture *p, int row, int column);

/* kitty.c */
void kitty_take(terminal *t, const scan_piece *piece);
