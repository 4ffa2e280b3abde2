/* gallery.c - see gallery.h; what its keys do, and its pictures. */
#include "tui/gallery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/png.h"
#include "pipeline/archive.h"
#include "tui/studio.h"

/* Cells of a tile, so that pages have about as many as can be told apart. */
enum { TILE_COLS = 13, TILE_ROWS = 6 };

static void page_done(lt_gallery *g)
{
    for (size_t i = 0; i < LT_GALLERY_MOST; i++) {
        lt_image_unref(g->small[i]);
        g->small[i] = NULL;
    }
    lt_store_page_done(&g->page);
    g->page = (lt_store_page){0};
}

void lt_gallery_done(lt_gallery *g)
{
    page_done(g);
    free(g->before);
    lt_mosaic_free(g->mosaic);
    *g = (lt_gallery){0};
}

/* ---- pages ---- */

static int page_size(const lt_studio *s)
{
    int cols = s->layout.picture.width / TILE_COLS, rows = s->layout.picture.height / TILE_ROWS;
    int size = (cols > 0 ? cols : 1) * (rows > 0 ? rows : 1);
    return size < LT_GALLERY_MOST ? size : LT_GALLERY_MOST;
}

static void decode(lt_gallery *g)
{
    lt_error ignored;
    for (size_t i = 0; i < g->page.count; i++) {
        const lt_store_run *run = &g->page.runs[i];
        if (run->thumbnail &&
            !lt_png_decode(run->thumbnail, run->thumbnail_bytes, &g->small[i], NULL, &ignored))
            g->small[i] = NULL;
    }
}

/* Reads the page that g->before says; `chosen` is the place in it, -1: the last. */
static void load(lt_studio *s, int chosen)
{
    lt_gallery *g = &s->gallery;
    lt_error err = {0};
    lt_store_query q = {.search = *g->search ? g->search : NULL,
                        .starred = g->starred,
                        .thumbnails = true,
                        .before = g->before[g->pages - 1],
                        .limit = g->size};
    page_done(g);
    bool ok = lt_store_list(s->store, &q, &g->page, &err) &&
              lt_store_count(s->store, &q, &g->total, &err);
    if (!ok) {
        g->page = (lt_store_page){0};
        lt_studio_fault(s, &err);
    }
    decode(g);
    int last = (int)g->page.count - 1;
    if (last < 0)
        s->redraw = true; /* words in the place of pictures */
    g->chosen = chosen < 0 || chosen > last ? (last < 0 ? 0 : last) : chosen;
    lt_studio_picture(s, false);
    s->dirty = true;
}

static void first_page(lt_studio *s)
{
    lt_gallery *g = &s->gallery;
    g->pages = 1;
    g->before = lt_grow(g->before, 1, sizeof *g->before);
    g->before[0] = 0;
    g->size = page_size(s);
    load(s, 0);
}

void lt_gallery_open(lt_studio *s)
{
    if (!s->store) {
        lt_studio_say(s, LT_NOTE_INFO, "%s",
                      s->writer ? "the history is being opened" : "there is no history");
        return;
    }
    lt_studio_show_view(s, LT_VIEW_GALLERY);
    s->focus = LT_FOCUS_VIEW;
    first_page(s);
}

void lt_gallery_grown(lt_studio *s)
{
    lt_gallery *g = &s->gallery;
    if (s->view != LT_VIEW_GALLERY || g->pages != 1)
        return;
    int64_t id = g->page.count ? g->page.runs[g->chosen].id : 0;
    load(s, 0);
    for (int i = 0; i < (int)g->page.count; i++)
        g->chosen = g->page.runs[i].id == id ? i : g->chosen;
    lt_studio_picture(s, false);
}

void lt_gallery_resized(lt_studio *s)
{
    if (s->view == LT_VIEW_GALLERY && s->gallery.size != page_size(s))
        first_page(s);
}

static bool is_last_page(const lt_gallery *g)
{
    return (int64_t)(g->pages - 1) * g->size + (int64_t)g->page.count >= g->total;
}

static void turn_page(lt_studio *s, int by, int chosen)
{
    lt_gallery *g = &s->gallery;
    if (by < 0 && g->pages > 1) {
        g->pages--;
        load(s, chosen);
    } else if (by > 0 && g->page.count && !is_last_page(g)) {
        g->before = lt_grow(g->before, (size_t)g->pages + 1, sizeof *g->before);
        g->before[g->pages++] = g->page.runs[g->page.count - 1].id;
        load(s, chosen);
    }
}

const lt_store_run *lt_gallery_chosen(const lt_studio *s)
{
    const lt_gallery *g = &s->gallery;
    return (size_t)g->chosen < g->page.count ? &g->page.runs[g->chosen] : NULL;
}

static void move(lt_studio *s, int by)
{
    lt_gallery *g = &s->gallery;
    int to = g->chosen + by, count = (int)g->page.count;
    if (to < 0)
        turn_page(s, -1, -1);
    else if (to >= count)
        turn_page(s, 1, 0);
    else
        g->chosen = to;
    lt_studio_picture(s, false);
}

static int columns(const lt_studio *s)
{
    int n = s->gallery.mosaic ? lt_mosaic_columns(s->gallery.mosaic) : 0;
    return n > 0 ? n : 1;
}

/* ---- what happens to a run ---- */

static void star(lt_studio *s)
{
    lt_error err = {0};
    const lt_store_run *run = lt_gallery_chosen(s);
    if (!run)
        return;
    bool starred = !run->starred;
    if (lt_store_star(s->store, run->id, starred, &err)) {
        lt_reel *r = lt_reels_stored(&s->reels, run->id);
        if (r)
            lt_reels_star(&s->reels, r, starred);
        load(s, s->gallery.chosen);
        lt_studio_say(s, LT_NOTE_INFO,
                      starred ? "starred: it stays, however full the history is"
                              : "no longer starred");
    } else {
        lt_studio_fault(s, &err);
    }
}

static void delete_run(lt_studio *s)
{
    lt_error err = {0};
    const lt_store_run *run = lt_gallery_chosen(s);
    if (!run)
        return;
    int64_t id = run->id;
    if (lt_store_delete(s->store, id, true, &err)) {
        s->gallery.deleted = id;
        load(s, s->gallery.chosen);
        lt_studio_say(s, LT_NOTE_INFO, "deleted; u brings it back");
    } else {
        lt_studio_fault(s, &err);
    }
}

static void undelete(lt_studio *s)
{
    lt_error err = {0};
    lt_gallery *g = &s->gallery;
    if (!g->deleted) {
        lt_studio_say(s, LT_NOTE_INFO, "nothing was deleted since the start");
    } else if (lt_store_delete(s->store, g->deleted, false, &err)) {
        g->deleted = 0;
        load(s, g->chosen);
        lt_studio_say(s, LT_NOTE_INFO, "it is back");
    } else {
        lt_studio_fault(s, &err);
    }
}

void lt_gallery_search(lt_studio *s, const char *text)
{
    snprintf(s->gallery.search, sizeof s->gallery.search, "%s", text);
    first_page(s);
}

static void take_settings(lt_studio *s)
{
    lt_params p;
    lt_error err = {0};
    const lt_store_run *run = lt_gallery_chosen(s);
    if (!run)
        return;
    if (lt_archive_params(run, &p, &err))
        lt_studio_take_settings(s, &p, "");
    else
        lt_studio_fault(s, &err);
    lt_params_done(&p);
}

/* ---- opening ---- */

static lt_reel_state state_of(const lt_film *f, lt_store_state state)
{
    if (f->done == f->steps)
        return LT_REEL_DONE;
    return state == LT_STORE_FAILED ? LT_REEL_FAILED : LT_REEL_STOPPED;
}

/* What the history knows of its images; a strange file may know of more than there are. */
static void take_images(lt_reel *r, const lt_store_run *run)
{
    r->starred = run->starred;
    if (r->film->images == 1)
        r->image[0].starred = run->starred;
    for (size_t i = 0; i < run->picture_count; i++) {
        const lt_store_picture *p = &run->pictures[i];
        bool dropped = p->dropped && p->last >= 0 && p->last <= r->film->done;
        if (p->image < r->film->images && r->film->images > 1)
            r->image[p->image] = (lt_reel_image){p->starred, dropped, dropped ? p->last : 0};
    }
}

lt_reel *lt_gallery_reopen(lt_studio *s, int64_t id)
{
    lt_error err = {0};
    lt_store_run run;
    lt_film *film;
    lt_reel *r = lt_reels_stored(&s->reels, id);
    if (r)
        return r;
    if (lt_archive_read(s->store, id, &run, &film, &err)) {
        r = lt_reels_reopen(&s->reels, ++s->next_id, film, state_of(film, run.state), id);
        take_images(r, &run);
        const lt_reel *parent = lt_reels_stored(&s->reels, run.parent);
        r->parent = parent ? parent->id : 0;
    } else {
        lt_studio_fault(s, &err);
    }
    lt_store_run_done(&run);
    return r;
}

static void open_chosen(lt_studio *s)
{
    const lt_store_run *run = lt_gallery_chosen(s);
    lt_reel *r = run ? lt_gallery_reopen(s, run->id) : NULL;
    if (!r)
        return;
    lt_studio_close_view(s);
    if (!lt_studio_grid_open(s, r))
        lt_studio_show_run(s, r);
}

void lt_gallery_leave(lt_studio *s)
{
    page_done(&s->gallery);
}

/* ---- keys ---- */

bool lt_gallery_act(lt_studio *s, lt_action action)
{
    if (action == LT_ACTION_HISTORY) {
        lt_gallery_open(s);
        return true;
    }
    if (s->view != LT_VIEW_GALLERY || s->help || s->details)
        return false;
    switch (action) {
    case LT_ACTION_TILE_LEFT:
        move(s, -1);
        return true;
    case LT_ACTION_TILE_RIGHT:
        move(s, 1);
        return true;
    case LT_ACTION_TILE_UP:
        move(s, -columns(s));
        return true;
    case LT_ACTION_TILE_DOWN:
        move(s, columns(s));
        return true;
    case LT_ACTION_PAGE_UP:
        turn_page(s, -1, 0);
        return true;
    case LT_ACTION_PAGE_DOWN:
        turn_page(s, 1, 0);
        return true;
    case LT_ACTION_TOP:
        first_page(s);
        return true;
    case LT_ACTION_TILE_OPEN:
        open_chosen(s);
        return true;
    case LT_ACTION_STAR:
        star(s);
        return true;
    case LT_ACTION_ONLY_STARRED:
        s->gallery.starred = !s->gallery.starred;
        first_page(s);
        return true;
    case LT_ACTION_DELETE:
        delete_run(s);
        return true;
    case LT_ACTION_UNDELETE:
        undelete(s);
        return true;
    case LT_ACTION_FIND:
        lt_studio_ask(s, LT_ASK_HISTORY, s->gallery.search);
        return true;
    case LT_ACTION_READ_PNG:
        take_settings(s);
        return true;
    case LT_ACTION_CLOSE:
        lt_studio_close_view(s);
        return true;
    default:
        return false;
    }
}

void lt_gallery_click(lt_studio *s, int x, int y)
{
    lt_gallery *g = &s->gallery;
    int i = lt_tiles_at(s, g->mosaic, x, y);
    if (i < 0 || (size_t)i >= g->page.count)
        return;
    bool open = lt_tiles_twice(s, i == g->chosen);
    g->chosen = i;
    if (open)
        open_chosen(s);
    else
        lt_studio_picture(s, false);
}

/* ---- pictures ---- */

void lt_gallery_picture(lt_studio *s)
{
    enum { SIDE = 128 }; /* pixels of a tile, before it is scaled */
    lt_gallery *g = &s->gallery;
    lt_error err = {0};
    lt_image *whole;
    lt_mosaic_tile tiles[LT_GALLERY_MOST];
    char captions[LT_GALLERY_MOST][48];
    int count = (int)g->page.count;
    if (count == 0 || s->layout.picture.width <= 0) {
        lt_canvas_show(s->canvas, NULL, false, false);
        return;
    }
    for (int i = 0; i < count; i++) {
        const lt_store_run *run = &g->page.runs[i];
        snprintf(captions[i], sizeof captions[i], "%s%s", run->starred ? "* " : "", run->prompt);
        tiles[i] = (lt_mosaic_tile){.image = g->small[i], .caption = captions[i]};
    }
    lt_mosaic_ask ask = {.tile_width = SIDE,
                         .tile_height = SIDE,
                         .tiles = tiles,
                         .count = count,
                         .chosen = g->chosen};
    lt_tiles_room(s, &ask);
    ask.fill = true; /* they are small, and of all sizes */
    if (!g->mosaic)
        g->mosaic = lt_mosaic_new();
    if (!lt_mosaic_make(g->mosaic, &ask, &whole, &err)) {
        lt_studio_fault(s, &err);
        return;
    }
    lt_canvas_show(s->canvas, whole, false, false);
    lt_image_unref(whole);
}
