/*
 * beside.h - two small pictures beside the main one on wide screens, each through a lens of its
 * own, of the step that is shown.
 *
 * The canvas draws one picture, so all three become one: the main one where it would be alone, the
 * others in the layout's `side`.  What they need is decoded after what the main one needs.  Until
 * it is there they show what they showed before, and their titles say of which step.
 */
#pragma once

#include "tui/looking.h"

struct lt_studio;

enum { LT_BESIDE = 2 };

typedef struct lt_beside {
    int look[LT_BESIDE]; /* rows of lens.h, plus 1; 0: the usual one */
    int chosen;          /* the next digit is for this one, from 1 on; 0: for the main picture */
    lt_looking small[LT_BESIDE];
    lt_image *main;              /* owned: what belongs in the main picture's place, or NULL */
    bool coarse;                 /* that is a preview */
    lt_image *sheet;             /* owned: the three as one; NULL: there are none, or it failed */
    lt_image *of[LT_BESIDE + 1]; /* owned: what it is of */
    lt_rect frame;               /* the cells that it is for; width 0: none was tried */
    int cell_width, cell_height; /* their pixels */
} lt_beside;

/* There are small pictures now. */
bool lt_beside_on(const struct lt_studio *s);
/* lt_canvas_show for the main picture. */
void lt_beside_show(struct lt_studio *s, lt_image *image, bool each, bool coarse);
/* Asks for what lacks, if the main picture lacks nothing. */
void lt_beside_ask(struct lt_studio *s);
/* Of a run that is followed: its worker need not go on yet. */
bool lt_beside_waits(const struct lt_studio *s);
/* When all is drawn: the cells of the frame, which are the canvas's, and the titles. */
lt_rect lt_beside_frame(const struct lt_studio *s);
void lt_beside_draw(struct lt_studio *s);
/* Tab: the next of them gets the next digit; false: there is none. */
bool lt_beside_tab(struct lt_studio *s, int by);
/* A lens was chosen: true if it is for one of them. */
bool lt_beside_look(struct lt_studio *s, int row);
/* A click; false: it is on none. */
bool lt_beside_click(struct lt_studio *s, int x, int y);
/* Where the main picture is; width 0: nowhere. */
lt_rect lt_beside_main(const struct lt_studio *s);
void lt_beside_done(lt_beside *b);
