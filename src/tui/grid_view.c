/* grid_view.c - the seed grid on the screen: one picture of all tiles, and the text around it. */
#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/view.h"

/* The tile's picture where it is there, else what was in its place.  True if it has to be asked
 * for; *coming: the run is about to make it. */
static bool update(const lt_studio *s, lt_tile *t, bool *coming)
{
    lt_reel *r;
    int frame = lt_studio_grid_frame(s, t, &r);
    if (frame < 0)
        return false;
    lt_image *image = lt_reel_picture(r, frame, t->image, s->lens);
    if (image) {
        if (image != t->shown) {
            lt_image_unref(t->shown);
            t->shown = lt_image_ref(image);
        }
        return false;
    }
    /* the newest step's own picture is on its way from the run */
    bool soon = s->follow && r->state == LT_REEL_RUNNING && !r->image[t->image].dropped &&
                frame != s->grid.exact;
    *coming |= soon;
    return !soon;
}

/* The tiles of a quick step are drawn together: a frame for each would keep keys waiting. */
static bool too_early(lt_studio *s, bool coming)
{
    const double together = 0.1; /* seconds */
    lt_seed_grid *g = &s->grid;
    if (!coming)
        g->partial = 0;
    else if (g->partial <= 0)
        g->partial = s->now;
    return coming && g->mosaic && g->framed == g->chosen && s->now - g->partial < together;
}

/* One that is missing is asked for, the chosen one first, unless one of them already is. */
static void ask(lt_studio *s, const bool *missing)
{
    const lt_seed_grid *g = &s->grid;
    int first = missing[g->chosen] ? g->chosen : -1;
    lt_reel *r;
    for (int i = 0; i < g->count; i++) {
        int frame = lt_studio_grid_frame(s, &g->tiles[i], &r);
        if (!missing[i])
            continue;
        if (lt_studio_asked(
                s, &(lt_asked){r->id, frame, g->tiles[i].image, lt_reel_lens(frame, s->lens)}))
            return;
        first = first < 0 ? i : first;
    }
    if (first < 0 || g->gave_up)
        return;
    int frame = lt_studio_grid_frame(s, &g->tiles[first], &r);
    lt_studio_ask_picture(s, r, frame, g->tiles[first].image);
}

/* The run of a tile; NULL: it waits for its turn. */
static const lt_reel *tile_reel(const lt_studio *s, const lt_tile *t)
{
    return t->id ? lt_reels_find(&s->reels, t->id) : NULL;
}

void lt_studio_grid_show(lt_studio *s)
{
    lt_seed_grid *g = &s->grid;
    lt_mosaic_tile tiles[LT_GRID_MOST];
    char captions[LT_GRID_MOST][LT_GRID_TEXT], briefs[LT_GRID_MOST][LT_GRID_TEXT];
    bool missing[LT_GRID_MOST] = {false};
    lt_mosaic_ask a = {.tiles = tiles, .count = g->count, .chosen = g->chosen};
    lt_error ignored;
    lt_image *image;
    bool coming = false;
    const lt_reel *r = s->reel;
    for (int i = 0; i < g->count; i++) {
        lt_tile *t = &g->tiles[i];
        missing[i] = update(s, t, &coming);
        lt_grid_caption(g, i, tile_reel(s, t), captions[i]);
        lt_grid_brief(g, i, tile_reel(s, t), briefs[i]);
        tiles[i] = (lt_mosaic_tile){t->shown, captions[i], briefs[i]};
    }
    ask(s, missing);
    if (too_early(s, coming))
        return;
    g->framed = g->chosen;
    lt_tiles_room(s, &a);
    a.tile_width = r && r->film ? r->film->width : 1;
    a.tile_height = r && r->film ? r->film->height : 1;
    if (!g->mosaic)
        g->mosaic = lt_mosaic_new();
    if (!lt_mosaic_make(g->mosaic, &a, &image, &ignored)) { /* no room for so many: text alone */
        lt_canvas_show(s->canvas, NULL, false, false);
        return;
    }
    lt_canvas_show(s->canvas, image, false, false);
    lt_image_unref(image);
}

/* The captions of the chosen tile's row, where they cannot be read in the picture. */
static void captions(const lt_studio *s)
{
    const lt_seed_grid *g = &s->grid;
    lt_rect r = s->layout.picture;
    int columns = g->mosaic ? lt_mosaic_columns(g->mosaic) : 0, y = r.y + r.height;
    if (columns == 0 || (s->graphics != LT_GRAPHICS_BLOCKS && s->graphics != LT_GRAPHICS_TEXT))
        return;
    int first = g->chosen / columns * columns, cell = r.width / columns;
    for (int i = first; i < first + columns && i < g->count; i++) {
        char text[LT_GRID_TEXT];
        const lt_tile *t = &g->tiles[i];
        lt_grid_caption(g, i, tile_reel(s, t), text);
        if (lt_cells_width(text, strlen(text)) > cell - 1)
            lt_grid_brief(g, i, tile_reel(s, t), text);
        lt_draw_fit(y, r.x + (i - first) * cell, cell - 1,
                    i == g->chosen ? LT_STYLE_CHOSEN : LT_STYLE_DIM, text);
    }
}

void lt_view_grid(lt_studio *s)
{
    const lt_seed_grid *g = &s->grid;
    const lt_tile *t = &g->tiles[g->chosen];
    lt_rect box = s->layout.picture_box;
    lt_reel *r;
    char title[256], seed[LT_GRID_TEXT], step[32] = "";
    int frame = lt_studio_grid_frame(s, t, &r);
    lt_grid_seed(t, seed);
    if (frame >= 0)
        snprintf(step, sizeof step, "  step %d", frame);
    bool starred = r && r->film && r->image[t->image].starred;
    bool stopped =
        r ? r->state == LT_REEL_STOPPED || (r->film && r->image[t->image].dropped) : t->left_out;
    snprintf(title, sizeof title, "%d of %d  %s%s%s%s  %s%s", g->chosen + 1, g->count, seed, step,
             starred ? "  starred" : "",
             stopped ? "  stopped"
             : !r    ? "  waits for its turn"
                     : "",
             lt_studio_lens_name(s->lens), s->asked.id ? "  decoding..." : "");
    lt_draw_box(box, LT_STYLE_PLAIN, title);
    lt_view_skipped(s, box);
    captions(s);
}
