/* mosaic.c - see mosaic.h. */
#include "tui/mosaic.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/font.h"
#include "image/resize.h"

static const lt_rgb ground = {22, 22, 26}, empty = {44, 44, 50}, ink = {214, 214, 214},
                    bright = {255, 190, 40};

/* How everything is laid out. */
typedef struct plan {
    int width, height;  /* of the whole */
    int columns, rows;  /* of tiles */
    int cell_w, cell_h; /* of a tile with its frame and its caption */
    int w, h;           /* of its picture */
    int room;           /* the width that it could have, if that need not be a whole multiple */
    int frame, scale, strip;
} plan;

/* What a tile was made of. */
typedef struct made {
    lt_image *image;  /* owned reference, or NULL */
    lt_image *scaled; /* owned, or NULL */
    char *caption;    /* owned */
    char *brief;      /* owned */
} made;

struct lt_mosaic {
    plan plan;
    int count, chosen;
    made *tiles;     /* owned [count] */
    lt_image *base;  /* owned: without a frame; nobody else has it */
    lt_image *whole; /* owned reference: what was handed out last */
};

lt_mosaic *lt_mosaic_new(void)
{
    return lt_alloc(sizeof(lt_mosaic));
}

static void tile_done(made *t)
{
    lt_image_unref(t->image);
    lt_image_unref(t->scaled);
    free(t->caption);
    free(t->brief);
    *t = (made){0};
}

static void forget(lt_mosaic *m)
{
    for (int i = 0; i < m->count; i++)
        tile_done(&m->tiles[i]);
    free(m->tiles);
    lt_image_unref(m->base);
    lt_image_unref(m->whole);
    *m = (lt_mosaic){0};
}

void lt_mosaic_free(lt_mosaic *m)
{
    if (!m)
        return;
    forget(m);
    free(m);
}

/* ---- the plan ---- */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* With so many columns. */
static plan plan_of(const lt_mosaic_ask *a, int columns)
{
    plan p = {.width = a->width,
              .height = a->height,
              .columns = columns,
              .rows = (a->count + columns - 1) / columns,
              .frame = a->frame > 1 ? a->frame : 1,
              .scale = a->scale,
              .strip = a->scale > 0 ? (LT_FONT_HEIGHT + 2) * a->scale : 0};
    p.cell_w = a->width / columns;
    p.cell_h = a->height / p.rows;
    int room_w = p.cell_w - 2 * p.frame, room_h = p.cell_h - 2 * p.frame - p.strip;
    if (room_w < 1 || room_h < 1)
        return p;
    lt_rect r = lt_rect_centre(room_w, room_h, a->tile_width, a->tile_height);
    p.room = r.width;
    int times = least(room_w / a->tile_width, room_h / a->tile_height);
    bool whole = 3 * times * a->tile_width >= 2 * r.width; /* else too much would stay empty */
    if (times >= 1 && !a->fill && whole) {
        p.w = a->tile_width * times;
        p.h = a->tile_height * times;
        return p;
    }
    p.w = r.width;
    p.h = r.height;
    return p;
}

/* The columns that make the pictures largest; of several, those that leave the fewest places empty;
 * of several, those with the most room around each. */
static plan best_plan(const lt_mosaic_ask *a)
{
    plan best = {0};
    int spare = 0;
    for (int columns = 1; columns <= a->count; columns++) {
        plan p = plan_of(a, columns);
        int over = p.columns * p.rows - a->count;
        bool better = over < spare || (over == spare && p.room > best.room);
        if (p.w > best.w || (p.w == best.w && p.w > 0 && better)) {
            best = p;
            spare = over;
        }
    }
    return best;
}

/* The tile with its frame, without its caption. */
static lt_rect framed(const plan *p, int i)
{
    int x = i % p->columns * p->cell_w, y = i / p->columns * p->cell_h;
    int w = p->w + 2 * p->frame, h = p->h + 2 * p->frame;
    return (lt_rect){x + (p->cell_w - w) / 2, y + (p->cell_h - h - p->strip) / 2, w, h};
}

static lt_rect picture_of(const plan *p, int i)
{
    lt_rect r = framed(p, i);
    return (lt_rect){r.x + p->frame, r.y + p->frame, p->w, p->h};
}

/* ---- drawing ---- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* What is too wide for the cell, with a gap to the next one, is brief or cut. */
static void draw_caption(lt_mosaic *m, int i)
{
    const plan *p = &m->plan;
    lt_rect r = framed(p, i);
    int left = i % p->columns * p->cell_w, top = r.y + r.height;
    int room = p->cell_w - LT_FONT_WIDTH * p->scale;
    const made *t = &m->tiles[i];
    if (!p->strip)
        return;
    lt_image_fill(m->base, (lt_rect){left, top, p->cell_w, p->strip}, ground);
    if (!t->caption)
        return;
    bool wide = t->brief && lt_font_width(t->caption, p->scale) > room;
    char *text = lt_font_fit(wide ? t->brief : t->caption, room, p->scale);
    int x = left + (p->cell_w - lt_font_width(text, p->scale)) / 2;
    lt_font_draw(m->base, x, top + p->scale, text, p->scale, ink);
    free(text);
}

/* Tile i as it is now, on the base: a picture of other proportions has margins. */
static bool draw_tile(lt_mosaic *m, int i, lt_error *err)
{
    made *t = &m->tiles[i];
    lt_rect at = picture_of(&m->plan, i);
    lt_image_fill(m->base, at, t->image ? ground : empty);
    if (!t->image)
        return true;
    lt_rect in = lt_rect_centre(at.width, at.height, t->image->width, t->image->height);
    if (!t->scaled) {
        bool whole = in.width % t->image->width == 0 && in.height % t->image->height == 0;
        lt_filter filter = whole ? LT_NEAREST : in.width < t->image->width ? LT_BOX : LT_BILINEAR;
        if (!lt_image_resize(t->image, in.width, in.height, filter, &t->scaled, err))
            return false;
    }
    lt_image_place(m->base, t->scaled, at.x + in.x, at.y + in.y);
    return true;
}

/* What changed becomes part of the base, or all of it; *changed: something did. */
static bool update(lt_mosaic *m, const lt_mosaic_ask *a, bool all, bool *changed, lt_error *err)
{
    for (int i = 0; i < a->count; i++) {
        made *t = &m->tiles[i];
        const lt_mosaic_tile *next = &a->tiles[i];
        bool fresh = next->image != t->image,
             said = !same_text(next->caption, t->caption) || !same_text(next->brief, t->brief);
        if (fresh) {
            lt_image_unref(t->image);
            lt_image_unref(t->scaled);
            t->scaled = NULL;
            t->image = next->image ? lt_image_ref(next->image) : NULL;
        }
        if ((fresh || all) && !draw_tile(m, i, err))
            return false;
        if (said) {
            free(t->caption);
            free(t->brief);
            t->caption = next->caption ? lt_strdup(next->caption) : NULL;
            t->brief = next->brief ? lt_strdup(next->brief) : NULL;
            draw_caption(m, i);
        }
        *changed |= fresh || said;
    }
    return true;
}

/* A frame of its own for the chosen tile, on a copy of the base. */
static bool hand_out(lt_mosaic *m, lt_error *err)
{
    const plan *p = &m->plan;
    lt_image *whole;
    if (!lt_image_new(p->width, p->height, &whole, err))
        return false;
    memcpy(whole->rgb, m->base->rgb, lt_image_bytes(whole));
    if (m->chosen >= 0 && m->chosen < m->count) {
        lt_rect r = framed(p, m->chosen);
        int f = p->frame;
        lt_image_fill(whole, (lt_rect){r.x, r.y, r.width, f}, bright);
        lt_image_fill(whole, (lt_rect){r.x, r.y + r.height - f, r.width, f}, bright);
        lt_image_fill(whole, (lt_rect){r.x, r.y, f, r.height}, bright);
        lt_image_fill(whole, (lt_rect){r.x + r.width - f, r.y, f, r.height}, bright);
    }
    lt_image_unref(m->whole);
    m->whole = whole;
    return true;
}

static bool begin(lt_mosaic *m, const plan *p, int count, lt_error *err)
{
    forget(m);
    if (!lt_image_new(p->width, p->height, &m->base, err))
        return false;
    lt_image_fill(m->base, (lt_rect){0, 0, p->width, p->height}, ground);
    m->plan = *p;
    m->count = count;
    m->tiles = lt_alloc_array((size_t)count, sizeof *m->tiles);
    return true;
}

bool lt_mosaic_make(lt_mosaic *m, const lt_mosaic_ask *a, lt_image **out, lt_error *err)
{
    plan p = best_plan(a);
    if (p.w < 1)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "%d tiles do not fit into %dx%d pixels",
                       a->count, a->width, a->height);
    bool all = a->count != m->count || memcmp(&p, &m->plan, sizeof p) != 0, changed = all;
    bool ok = (!all || begin(m, &p, a->count, err)) && update(m, a, all, &changed, err);
    changed |= a->chosen != m->chosen;
    m->chosen = a->chosen;
    if (ok && changed)
        ok = hand_out(m, err);
    if (!ok) {
        forget(m);
        return false;
    }
    *out = lt_image_ref(m->whole);
    return true;
}

int lt_mosaic_columns(const lt_mosaic *m)
{
    return m->plan.columns;
}

lt_rect lt_mosaic_picture(const lt_mosaic *m, int i)
{
    return picture_of(&m->plan, i);
}

int lt_mosaic_tile_at(const lt_mosaic *m, int x, int y)
{
    const plan *p = &m->plan;
    if (!p->columns || x < 0 || y < 0 || x >= p->columns * p->cell_w || y >= p->rows * p->cell_h)
        return -1;
    int i = y / p->cell_h * p->columns + x / p->cell_w;
    return i < m->count ? i : -1;
}
