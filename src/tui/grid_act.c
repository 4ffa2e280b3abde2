/* grid_act.c - the seed grid: what its keys and its runs do. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/draw.h"
#include "tui/studio.h"

static lt_reel *reel_of(const lt_studio *s, const lt_tile *t)
{
    return t->id ? lt_reels_find(&s->reels, t->id) : NULL;
}

int lt_studio_grid_frame(const lt_studio *s, const lt_tile *t, lt_reel **r)
{
    *r = reel_of(s, t);
    int last = *r ? lt_reel_last(*r, t->image) : -1;
    return s->follow || s->step > last ? last : s->step;
}

/* The chosen tile's run is what steps, lenses and saving are of, once it has begun. */
static void choose(lt_studio *s, int i)
{
    lt_seed_grid *g = &s->grid;
    lt_reel *r = reel_of(s, &g->tiles[i]);
    g->chosen = i;
    if (!r)
        return;
    s->reel = r;
    s->image = g->tiles[i].image;
    if (r->film && (s->follow || s->step > r->film->done))
        s->step = r->film->done;
    lt_session_choose(s->session, s->image);
}

static void show(lt_studio *s)
{
    lt_studio_show_view(s, LT_VIEW_GRID);
    s->focus = LT_FOCUS_VIEW;
    choose(s, s->grid.chosen);
}

static void close_view(lt_studio *s)
{
    lt_studio_show_view(s, LT_VIEW_STEP);
    if (s->reel && s->reel->film)
        lt_studio_goto(s, s->follow ? s->reel->film->done : s->step);
}

bool lt_studio_grid_open(lt_studio *s, lt_reel *r)
{
    lt_seed_grid *g = &s->grid;
    const lt_film *f = r->film;
    if (!f || !f->params.own_generators || f->images < LT_GRID_LEAST || f->images > LT_GRID_MOST)
        return false;
    g->chosen = 0;
    lt_grid_set(g, &f->params, r->id);
    s->follow = true;
    show(s);
    lt_studio_goto(s, f->done);
    return true;
}

/* ---- runs ---- */

/* p: of one picture; taken over. */
static void begin(lt_studio *s, lt_params *p, int count, bool varies)
{
    lt_seed_grid *g = &s->grid;
    lt_grid_spread(p, count, varies);
    lt_studio_begin_reel(s, p->prompts[0], s->pace > 0);
    g->chosen = 0;
    lt_grid_set(g, p, s->next_id);
    show(s);
    lt_session_run(s->session, s->next_id, p, s->paced_hold);
    lt_params_done(p);
}

/* The next one that waits, if nothing is at work. */
static void next_turn(lt_studio *s)
{
    lt_seed_grid *g = &s->grid;
    int i = lt_grid_next(g);
    if (i < 0 || lt_runs_at_work(s))
        return;
    lt_tile *t = &g->tiles[i];
    t->id = ++s->next_id;
    t->image = 0;
    lt_reels_add(&s->reels, t->id, t->params.prompts[0]);
    lt_session_run(s->session, t->id, &t->params, false);
    if (s->view == LT_VIEW_GRID)
        choose(s, g->chosen);
}

bool lt_studio_grid_turns(lt_studio *s, lt_reel *r)
{
    lt_seed_grid *g = &s->grid;
    if (r->error.code != LT_ERR_MEMORY || r->film || g->count < 2 || g->tiles[0].id != r->id ||
        g->tiles[1].id != r->id)
        return false;
    lt_studio_say(s, LT_NOTE_WARN, "no memory for %d at once, so they are made in turns: %s",
                  g->count, r->error.message);
    lt_grid_in_turns(g, r->id);
    g->tiles[0].id = r->id; /* begins once more, with one picture */
    r->state = LT_REEL_WAITING;
    lt_session_run(s->session, r->id, &g->tiles[0].params, s->paced_hold);
    return true;
}

void lt_studio_grid_over(lt_studio *s, const lt_reel *r)
{
    if (r->state == LT_REEL_FAILED && lt_grid_has(&s->grid, r->id))
        lt_grid_leave_out(&s->grid); /* what follows would fail the same way */
    next_turn(s);
}

void lt_studio_grid_make(lt_studio *s, const char *text)
{
    lt_error err = {0};
    lt_params p;
    char *end;
    long count = strtol(text, &end, 10);
    if (!*text || *end || count < LT_GRID_LEAST || count > LT_GRID_MOST) {
        lt_studio_say(s, LT_NOTE_ERROR, "'%s' seeds: expected %d to %d", text, LT_GRID_LEAST,
                      LT_GRID_MOST);
        return;
    }
    if (lt_form_params(&s->form, &p, &err)) {
        begin(s, &p, (int)count, false);
        lt_studio_form_run(s);
        return;
    }
    lt_studio_fault(s, &err);
    lt_params_done(&p);
}

/* Of what the screen shows: the chosen tile, or the image of a run. */
static bool shown_params(const lt_studio *s, lt_params *out)
{
    const lt_seed_grid *g = &s->grid;
    if (s->view == LT_VIEW_GRID) {
        lt_params_copy(out, &g->tiles[g->chosen].params);
        return true;
    }
    if (!s->reel || !s->reel->film)
        return false;
    lt_params_copy(out, &s->reel->film->params);
    lt_params_pick(out, s->image);
    return true;
}

void lt_studio_grid_vary(lt_studio *s, const char *text)
{
    lt_error err = {0};
    lt_params p;
    if (!shown_params(s, &p)) {
        lt_studio_say(s, LT_NOTE_ERROR, "there is no picture yet of which to make variations");
        return;
    }
    p.variation_seed = (double)NAN; /* a new one */
    bool ok = lt_params_set(&p, lt_params_find("variation-strength"), text, &err);
    if (ok && !(p.variation_strength > 0))
        ok = lt_fail(&err, LT_ERR_ARGUMENT, NULL, "a strength of '%s' varies nothing", text);
    if (ok && lt_params_check(&p, &err)) {
        begin(s, &p, LT_GRID_VARIATIONS, true);
        return;
    }
    lt_studio_fault(s, &err);
    lt_params_done(&p);
}

/* ---- one tile ---- */

static bool made(const lt_reel *r)
{
    return r && r->film;
}

/* What is looked at becomes a run of its own, with all steps, if it is one of several that are
 * over; false: they are at work, or there is no memory, which is said. */
static bool alone(lt_studio *s)
{
    lt_error err = {0};
    lt_seed_grid *g = &s->grid;
    lt_reel *r = s->reel, *one;
    if (!made(r) || r->film->images == 1)
        return true;
    if (lt_reel_at_work(r)) {
        lt_studio_say(s, LT_NOTE_INFO, "this is one of several: when all are made");
        return false;
    }
    if (!lt_reels_pick(&s->reels, r, s->image, s->next_id + 1, &one, &err)) {
        lt_studio_fault(s, &err);
        return false;
    }
    s->next_id++;
    for (int i = 0; i < g->count; i++)
        if (g->tiles[i].id == r->id && g->tiles[i].image == s->image) {
            g->tiles[i].id = one->id;
            g->tiles[i].image = 0;
        }
    s->reel = one;
    s->image = 0;
    return true;
}

/* While the batch is at work the picture is seen as a part of it. */
static void enlarge(lt_studio *s)
{
    lt_reel *r = reel_of(s, &s->grid.tiles[s->grid.chosen]);
    if (!made(r))
        lt_studio_say(s, LT_NOTE_INFO, "this picture has not begun");
    else if (lt_reel_at_work(r) || alone(s))
        close_view(s);
}

static void star(lt_studio *s)
{
    lt_tile *t = &s->grid.tiles[s->grid.chosen];
    lt_reel *r = reel_of(s, t);
    if (made(r))
        lt_runs_star_image(s, r, t->image);
    else
        lt_studio_say(s, LT_NOTE_INFO, "this picture has not begun");
}

static void stop(lt_studio *s)
{
    lt_tile *t = &s->grid.tiles[s->grid.chosen];
    lt_reel *r = reel_of(s, t);
    if (!r)
        t->left_out = true;
    else if (!lt_reel_at_work(r))
        lt_studio_say(s, LT_NOTE_INFO, "this picture is made already");
    else if (!r->film || r->film->images == 1)
        lt_session_stop(s->session);
    else
        lt_session_drop(s->session, t->id, t->image);
}

static void refill(lt_studio *s)
{
    lt_seed_grid *g = &s->grid;
    lt_tile *t = &g->tiles[g->chosen];
    lt_reel *r = reel_of(s, t);
    bool ended = !r || !lt_reel_at_work(r) || (r->film && r->image[t->image].dropped);
    char seed[LT_GRID_TEXT];
    if (!ended || (!r && !t->left_out)) {
        lt_studio_say(s, LT_NOTE_INFO, "x stops this picture first");
        return;
    }
    lt_grid_refill(g, g->chosen);
    lt_grid_seed(t, seed);
    if (lt_runs_at_work(s))
        lt_studio_say(s, LT_NOTE_INFO, "%s is made here after those at work", seed);
    next_turn(s);
}

static void next_page(lt_studio *s)
{
    lt_seed_grid *g = &s->grid;
    lt_params p;
    lt_grid_follow(g, &p);
    begin(s, &p, g->count, g->varies);
}

static void move(lt_studio *s, int by_column, int by_row)
{
    lt_seed_grid *g = &s->grid;
    int columns = g->mosaic ? lt_mosaic_columns(g->mosaic) : 1;
    int to = g->chosen + by_column + by_row * columns;
    if (to >= 0 && to < g->count)
        choose(s, to);
}

void lt_studio_grid_click(lt_studio *s, int x, int y)
{
    int i = lt_tiles_at(s, s->grid.mosaic, x, y);
    if (i < 0)
        return;
    bool open = lt_tiles_twice(s, i == s->grid.chosen);
    choose(s, i);
    if (open)
        enlarge(s);
}

/* ---- keys ---- */

static void open_grid(lt_studio *s)
{
    char usual[8];
    if (s->view != LT_VIEW_GRID && s->grid.count) {
        show(s);
        return;
    }
    snprintf(usual, sizeof usual, "%d", s->grid.count ? s->grid.count : LT_GRID_USUAL);
    lt_studio_ask(s, LT_ASK_SEEDS, usual);
}

static bool act_tile(lt_studio *s, lt_action action)
{
    switch (action) {
    case LT_ACTION_TILE_LEFT:
        move(s, -1, 0);
        return true;
    case LT_ACTION_TILE_RIGHT:
        move(s, 1, 0);
        return true;
    case LT_ACTION_TILE_UP:
        move(s, 0, -1);
        return true;
    case LT_ACTION_TILE_DOWN:
        move(s, 0, 1);
        return true;
    case LT_ACTION_TILE_OPEN:
        enlarge(s);
        return true;
    case LT_ACTION_STAR:
        star(s);
        return true;
    case LT_ACTION_TILE_STOP:
        stop(s);
        return true;
    case LT_ACTION_TILE_REFILL:
        refill(s);
        return true;
    default:
        return false;
    }
}

bool lt_studio_grid_act(lt_studio *s, lt_action action)
{
    bool grid = s->view == LT_VIEW_GRID;
    switch (action) {
    case LT_ACTION_WHAT_IF:
    case LT_ACTION_COMPARE:
    case LT_ACTION_MARK:
        return !alone(s);
    case LT_ACTION_SEEDS:
        open_grid(s);
        return true;
    case LT_ACTION_VARY:
        if (grid || (s->reel && s->reel->film))
            lt_studio_ask(s, LT_ASK_VARY, "0.1");
        else
            lt_studio_say(s, LT_NOTE_INFO, "there is no picture to vary yet");
        return true;
    case LT_ACTION_NEXT_SEEDS:
        if (grid)
            next_page(s);
        return true;
    case LT_ACTION_SHEET:
        lt_studio_save_sheet(s);
        return true;
    case LT_ACTION_GRID_CLOSE:
        close_view(s);
        return true;
    default:
        return grid && !s->help && !s->details && act_tile(s, action);
    }
}
