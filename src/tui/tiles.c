/* tiles.c - see tiles.h. */
#include "tui/tiles.h"

#include "tui/studio.h"

void lt_tiles_room(const lt_studio *s, lt_mosaic_ask *a)
{
    lt_rect r = s->layout.picture;
    const lt_term *t = &s->term;
    bool cells = s->graphics == LT_GRAPHICS_BLOCKS || s->graphics == LT_GRAPHICS_TEXT;
    a->width = r.width * t->cell_width;
    a->height = r.height * t->cell_height;
    if (s->graphics == LT_GRAPHICS_SIXEL) {
        const int band = 6;
        a->width = t->max_width > 0 && t->max_width < a->width ? t->max_width : a->width;
        a->height = t->max_height > 0 && t->max_height < a->height ? t->max_height : a->height;
        a->height = a->height / band * band;
    }
    a->frame = cells ? t->cell_width : 2;
    a->scale = cells ? 0 : t->cell_height < 20 ? 1 : t->cell_height / 10;
    a->fill = s->zoom != LT_LAYOUT_NORMAL || cells;
}

int lt_tiles_at(const lt_studio *s, const lt_mosaic *m, int x, int y)
{
    lt_rect r = lt_canvas_where(s->canvas);
    if (!m || r.width == 0 || x < r.x || y < r.y)
        return -1;
    return lt_mosaic_tile_at(m, (2 * (x - r.x) + 1) * s->term.cell_width / 2,
                             (2 * (y - r.y) + 1) * s->term.cell_height / 2);
}

bool lt_tiles_twice(lt_studio *s, bool chosen)
{
    const double twice = 0.4; /* seconds */
    bool again = chosen && s->now - s->clicked < twice;
    s->clicked = s->now;
    return again;
}
