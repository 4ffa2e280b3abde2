/* runs.c - the runs of the screen as a tree, and those that wait for their turn. */
#include <stdlib.h>

#include "base/mem.h"
#include "tui/studio.h"
#include "tui/tree.h"

/* ---- the tree ---- */

lt_tree_row *lt_runs_tree(const lt_studio *s)
{
    int count = s->reels.count;
    int *parents = lt_alloc_array((size_t)count + 1, sizeof *parents);
    lt_tree_row *rows = lt_alloc_array((size_t)count + 1, sizeof *rows);
    for (int i = 0; i < count; i++) {
        int parent = lt_studio_run_number(s, s->reels.all[i]->parent) - 1;
        parents[i] = parent < i ? parent : -1; /* one that was opened again may come later */
    }
    lt_tree_make(parents, count, rows);
    free(parents);
    return rows;
}

/* The run `by` lines below the one that is looked at. */
static void move(lt_studio *s, int by)
{
    lt_tree_row *rows = lt_runs_tree(s);
    int at = 0;
    for (int i = 0; i < s->reels.count; i++)
        at = s->reels.all[rows[i].item] == s->reel ? i : at;
    if (at + by >= 0 && at + by < s->reels.count)
        lt_studio_show_run(s, s->reels.all[rows[at + by].item]);
    free(rows);
}

/* ---- what waits ---- */

static lt_reel *first_waiting(const lt_studio *s)
{
    for (int i = 0; i < s->reels.count; i++)
        if (s->reels.all[i]->state == LT_REEL_QUEUED)
            return s->reels.all[i];
    return NULL;
}

int lt_runs_waiting(const lt_studio *s)
{
    int n = 0;
    for (int i = 0; i < s->reels.count; i++)
        n += s->reels.all[i]->state == LT_REEL_QUEUED;
    return n;
}

bool lt_runs_at_work(const lt_studio *s)
{
    for (int i = 0; i < s->reels.count; i++)
        if (lt_reel_at_work(s->reels.all[i]))
            return true;
    return false;
}

/* Its turn has come. */
static void begin(lt_studio *s, lt_reel *r)
{
    r->state = LT_REEL_WAITING;
    lt_session_run(s->session, r->id, r->queued, false);
    lt_params_done(r->queued);
    free(r->queued);
    r->queued = NULL;
    s->queue_held = false;
}

void lt_runs_next(lt_studio *s, const lt_reel *over)
{
    lt_reel *next = first_waiting(s);
    if (!next || s->queue_held || lt_runs_at_work(s))
        return;
    begin(s, next);
    if (s->reel == over && s->follow)
        lt_studio_show_run(s, next);
}

lt_reel *lt_runs_queue_up(lt_studio *s, const lt_params *p)
{
    lt_reel *r = lt_reels_add(&s->reels, ++s->next_id, p->prompts[0]);
    lt_studio_remember(s, p->prompts[0]);
    r->state = LT_REEL_QUEUED;
    r->queued = lt_alloc(sizeof *r->queued);
    lt_params_copy(r->queued, p);
    s->queue_held = false;
    lt_studio_say(s, LT_NOTE_INFO, "queued: %d wait; Q shows them", lt_runs_waiting(s));
    lt_runs_next(s, NULL);
    return r;
}

void lt_runs_queue(lt_studio *s)
{
    lt_error err = {0};
    lt_params p;
    if (!lt_runs_at_work(s) && !first_waiting(s)) {
        lt_studio_run(s, false);
        return;
    }
    if (lt_form_params(&s->form, &p, &err)) {
        lt_form_take(&s->form);
        lt_runs_queue_up(s, &p);
    } else {
        lt_studio_fault(s, &err);
    }
    lt_params_done(&p);
}

/* Before or after its neighbour that waits, too. */
static void reorder(lt_studio *s, int by)
{
    int at = s->reel ? lt_studio_run_number(s, s->reel->id) - 1 : -1, to = at + by;
    if (at < 0 || s->reel->state != LT_REEL_QUEUED)
        return;
    while (to >= 0 && to < s->reels.count && s->reels.all[to]->state != LT_REEL_QUEUED)
        to += by;
    if (to < 0 || to >= s->reels.count)
        return;
    s->reels.all[at] = s->reels.all[to];
    s->reels.all[to] = s->reel;
}

static void take_back(lt_studio *s)
{
    int at = lt_studio_run_number(s, s->reel->id) - 1;
    lt_reels_drop(&s->reels, s->reel);
    at = at < s->reels.count ? at : s->reels.count - 1;
    s->reel = NULL;
    if (at >= 0)
        lt_studio_show_run(s, s->reels.all[at]);
    lt_studio_say(s, LT_NOTE_INFO, "it no longer waits");
}

/* One that waits begins now, and what is at work is stopped; else it is looked at. */
static void open_run(lt_studio *s)
{
    if (s->reel && s->reel->state == LT_REEL_QUEUED)
        begin(s, s->reel);
    s->focus = LT_FOCUS_VIEW;
}

/* ---- stars ---- */

enum { WHOLE = -1 }; /* in the place of an image, as of every run that has one */

static bool write_star(lt_studio *s, const lt_reel *r, int image, bool starred, lt_error *err)
{
    if (image == WHOLE || r->film->images == 1)
        return lt_store_star(s->store, r->stored, starred, err);
    return lt_store_star_picture(s->store, r->stored, image, starred, err);
}

/* False, said: the history does not take it. */
static bool keep_star(lt_studio *s, const lt_reel *r, int image, bool starred)
{
    lt_error err = {0};
    bool there = s->store && r->stored, soon = s->store && r->ticket && !r->lost;
    if (there && !write_star(s, r, image, starred, &err)) {
        lt_studio_fault(s, &err);
        return false;
    }
    lt_studio_say(s, LT_NOTE_INFO, "%s",
                  !there && !soon ? "this run is not in the history"
                  : starred       ? "starred: it stays, however full the history is"
                                  : "no longer starred");
    return true;
}

void lt_runs_star_image(lt_studio *s, lt_reel *r, int image)
{
    bool starred = !r->image[image].starred;
    r = lt_reels_origin(&s->reels, r, &image);
    if (keep_star(s, r, image, starred))
        lt_reels_star_image(&s->reels, r, image, starred);
}

void lt_runs_star(lt_studio *s, lt_reel *r)
{
    if (r->film->images == 1)
        lt_runs_star_image(s, r, 0);
    else if (keep_star(s, r, WHOLE, !r->starred))
        lt_reels_star(&s->reels, r, !r->starred);
}

/* The run that is looked at, or, if that is one of its images, that. */
static void star(lt_studio *s)
{
    if (!s->reel || !s->reel->film)
        lt_studio_say(s, LT_NOTE_INFO, "this run has not begun");
    else if (s->focus == LT_FOCUS_RUNS)
        lt_runs_star(s, s->reel);
    else
        lt_runs_star_image(s, s->reel, s->image);
}

void lt_runs_stored(lt_studio *s, lt_reel *r)
{
    lt_error err = {0};
    bool ok = true, any = false;
    if (!r->starred || !r->film || !s->store)
        return;
    for (int i = 0; ok && i < r->film->images; i++) {
        any |= r->image[i].starred;
        ok = !r->image[i].starred || write_star(s, r, i, true, &err);
    }
    if (!any)
        ok = write_star(s, r, WHOLE, true, &err);
    if (!ok)
        lt_studio_fault(s, &err);
}

bool lt_runs_act(lt_studio *s, lt_action action)
{
    bool here = s->focus == LT_FOCUS_RUNS;
    if (action == LT_ACTION_RUNS && s->view == LT_VIEW_GRID) /* they stand beside one picture */
        (void)lt_studio_grid_act(s, LT_ACTION_GRID_CLOSE);
    if (s->help || s->details || s->view != LT_VIEW_STEP)
        return false;
    switch (action) {
    case LT_ACTION_QUEUE:
        lt_runs_queue(s);
        return true;
    case LT_ACTION_RUNS:
        s->focus = here ? LT_FOCUS_VIEW : LT_FOCUS_RUNS;
        return true;
    case LT_ACTION_RUN_BEFORE:
        move(s, -1);
        return true;
    case LT_ACTION_RUN_AFTER:
        move(s, 1);
        return true;
    case LT_ACTION_STAR:
        star(s);
        return true;
    case LT_ACTION_TILE_OPEN:
        open_run(s);
        return true;
    case LT_ACTION_EARLIER:
        reorder(s, -1);
        return true;
    case LT_ACTION_LATER:
        reorder(s, 1);
        return true;
    case LT_ACTION_STOP:
        if (!s->reel || s->reel->state != LT_REEL_QUEUED)
            return false;
        take_back(s);
        return true;
    default:
        return false;
    }
}
