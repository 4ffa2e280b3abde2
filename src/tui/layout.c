/* layout.c - see layout.h. */
#include "tui/layout.h"

enum {
    PANEL_LEAST = 40, /* with its border */
    PANEL_MOST = 60,
    PROMPT_MOST = 5, /* rows */
    NEGATIVE_MOST = 3,
    PICTURE_LEAST = 12, /* rows of its box, for a view with rows of text */
    SIDE_LEAST = 20,    /* columns */
    SIDE_GAP = 2,
};

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

/* Rows of both prompts; a screen of 24 rows has one for each. */
static void share_rows(const lt_layout_ask *ask, int *prompt, int *negative)
{
    int spare = (ask->rows - LT_LAYOUT_ROWS) / 4;
    *prompt = clamp(ask->prompt_rows, 1, clamp(1 + spare, 1, PROMPT_MOST));
    *negative = clamp(ask->negative_rows, 1, clamp(1 + spare / 2, 1, NEGATIVE_MOST));
}

/* Columns that the picture fills if it is as high as the room. */
static int columns_for(const lt_layout_ask *ask, int rows)
{
    long long height = (long long)rows * ask->cell_height;
    return (int)((height * ask->picture_width / ask->picture_height + ask->cell_width - 1) /
                 ask->cell_width);
}

static lt_rect inside(lt_rect box)
{
    return (lt_rect){box.x + 1, box.y + 1, box.width - 2, box.height - 2};
}

/* Columns of the side pictures: two that are half as high as the picture, at most a third. */
static int side_columns(const lt_layout_ask *ask, int rows)
{
    if (!ask->sides || ask->cols < LT_LAYOUT_WIDE || ask->zoom != LT_LAYOUT_NORMAL)
        return 0;
    int room = ask->cols - PANEL_MOST - 2;
    room = ask->most_cols > 0 && ask->most_cols < room ? ask->most_cols : room;
    return room < 3 * SIDE_LEAST ? 0
                                 : clamp(columns_for(ask, (rows - 3) / 2), SIDE_LEAST, room / 3);
}

/* Takes the side pictures' columns off the picture. */
static void place_sides(int columns, lt_layout *out)
{
    lt_rect *p = &out->picture;
    p->width -= columns + SIDE_GAP;
    out->side = (lt_rect){p->x + p->width + SIDE_GAP, p->y, columns, p->height};
}

static void place_boxes(const lt_layout_ask *ask, int rows, lt_layout *out)
{
    int most = ask->cols - PANEL_LEAST, wanted = columns_for(ask, rows - 3) + 2;
    int side = side_columns(ask, rows);
    if (side > 0) { /* one frame for all of them */
        wanted += side + SIDE_GAP;
        most = ask->cols - PANEL_MOST;
        most = ask->most_cols > 0 && ask->most_cols + 2 < most ? ask->most_cols + 2 : most;
    }
    if (ask->zoom ==
        LT_LAYOUT_NORMAL) { /* a panel that is too wide is no use: share what is left */
        int left = ask->cols - PANEL_MOST;
        wanted = wanted < left ? left : wanted;
    } else {
        wanted = most;
    }
    wanted = ask->zoom == LT_LAYOUT_ONLY ? ask->cols : clamp(wanted, side ? 1 : most / 2, most);
    out->picture_box = (lt_rect){0, 1, wanted, rows};
    out->picture = inside(out->picture_box);
    out->picture.height--;
    if (side > 0)
        place_sides(side, out);
    if (wanted < ask->cols) {
        out->panel_box = (lt_rect){wanted, 1, ask->cols - wanted, rows};
        out->panel = inside(out->panel_box);
    }
}

void lt_layout_make(const lt_layout_ask *ask, lt_layout *out)
{
    int prompt, negative, y;
    *out = (lt_layout){.too_small = ask->cols < LT_LAYOUT_COLS || ask->rows < LT_LAYOUT_ROWS};
    if (out->too_small) {
        if (ask->rows >= 4) {
            out->message = (lt_rect){0, 2, ask->cols, 1};
            out->footer = (lt_rect){0, 3, ask->cols, 1};
        }
        return;
    }
    share_rows(ask, &prompt, &negative);
    int text = clamp(ask->text_rows, 0, ask->rows - 4 - PICTURE_LEAST);
    y = ask->rows - 3 - (text ? 0 : prompt + negative); /* of the timeline */
    out->title = (lt_rect){0, 0, ask->cols, 1};
    place_boxes(ask, y - text - 1, out);
    out->timeline = (lt_rect){0, y, ask->cols, 1};
    if (text) {
        out->text = (lt_rect){0, y - text, ask->cols, text};
    } else {
        out->prompt = (lt_rect){0, y + 1, ask->cols, prompt};
        out->negative = (lt_rect){0, y + 1 + prompt, ask->cols, negative};
    }
    out->message = (lt_rect){0, ask->rows - 2, ask->cols, 1};
    out->footer = (lt_rect){0, ask->rows - 1, ask->cols, 1};
}
