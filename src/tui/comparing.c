/* comparing.c - two runs, or two steps, against each other: what is looked at is B, what it is held
 * against is A. */
#include "tui/studio.h"
#include "tui/wake.h"

enum { GAIN = 4, MOST_GAIN = 32 };
static const double flip = 0.5; /* seconds that flicker shows a picture */

/* ---- A and B ---- */

lt_reel *lt_studio_compare_a(const lt_studio *s)
{
    lt_reel *r = s->comparing.a ? lt_reels_find(&s->reels, s->comparing.a) : NULL;
    return r && r->film ? r : NULL;
}

int lt_studio_run_number(const lt_studio *s, uint64_t id)
{
    for (int i = 0; i < s->reels.count; i++)
        if (s->reels.all[i]->id == id)
            return i + 1;
    return 0;
}

bool lt_studio_compare_b(const lt_studio *s)
{
    return s->reel && s->reel->film && s->step <= s->reel->film->done;
}

/* Of two runs A goes with B to the step that belongs to it; of one run A stays. */
static void follow_b(lt_studio *s)
{
    lt_comparing *c = &s->comparing;
    const lt_reel *a = lt_studio_compare_a(s);
    bool moved = c->b == s->reel->id && c->b_step != s->step;
    c->b = s->reel->id;
    c->b_step = s->step;
    if (moved && a && c->a != c->b)
        c->a_step = lt_compare_step(s->reel->film, s->step, a->film);
}

static void look_at(lt_studio *s, lt_reel *r, int step)
{
    s->reel = r;
    s->image = 0;
    s->step = step;
    s->follow = s->replaying = false;
    s->comparing.b = r->id;
    s->comparing.b_step = step;
    lt_studio_picture(s, false);
}

void lt_studio_compare_picture(lt_studio *s)
{
    const lt_reel *a = lt_studio_compare_a(s);
    s->dirty = true;
    if (!a || !lt_studio_compare_b(s))
        return;
    follow_b(s);
    bool coming = s->follow && s->reel->state == LT_REEL_RUNNING;
    if (!lt_reel_picture(a, s->comparing.a_step, 0, s->lens))
        lt_studio_ask_picture(s, a, s->comparing.a_step, 0);
    else if (!lt_reel_picture(s->reel, s->step, 0, s->lens) && !coming)
        lt_studio_ask_picture(s, s->reel, s->step, 0);
}

/* ---- flicker ---- */

static bool flickers(const lt_studio *s)
{
    const lt_comparing *c = &s->comparing;
    return s->view == LT_VIEW_COMPARE && c->mode == LT_COMPARE_FLICKER && !c->held && c->sheet[1] &&
           !s->help && !s->details && !s->layout.too_small;
}

double lt_studio_compare_wait(const lt_studio *s)
{
    if (!flickers(s))
        return -1;
    return lt_wake_until(s->comparing.flip_at, s->now);
}

void lt_studio_compare_tick(lt_studio *s)
{
    if (lt_studio_compare_wait(s) != 0)
        return;
    s->comparing.second = !s->comparing.second;
    s->comparing.flip_at = s->now + flip;
    s->dirty = true;
}

/* ---- opening and closing ---- */

static void mark(lt_studio *s)
{
    if (!lt_studio_compare_b(s)) {
        lt_studio_say(s, LT_NOTE_INFO, "there is no step to mark yet");
        return;
    }
    s->comparing.marked = s->reel->id;
    s->comparing.marked_step = s->step;
    lt_studio_say(s, LT_NOTE_INFO, "A is step %d of run %d; c compares what is shown with it",
                  s->step, lt_studio_run_number(s, s->reel->id));
    if (s->view == LT_VIEW_COMPARE) {
        s->comparing.a = s->reel->id;
        s->comparing.a_step = s->step;
        lt_studio_picture(s, false);
    }
}

/* The nearest run before another one that has steps, or else after it; NULL: there is none. */
static lt_reel *neighbour(const lt_studio *s, int at)
{
    for (int i = at - 1; i >= 0; i--)
        if (s->reels.all[i]->film)
            return s->reels.all[i];
    for (int i = at + 1; i < s->reels.count; i++)
        if (s->reels.all[i]->film)
            return s->reels.all[i];
    return NULL;
}

/* What was marked; else the parent; else the run before, or for the first one the next. */
static lt_reel *choose_a(const lt_studio *s, int *step)
{
    const lt_comparing *c = &s->comparing;
    lt_reel *r = c->marked ? lt_reels_find(&s->reels, c->marked) : NULL;
    if (r && r->film) {
        *step = c->marked_step < r->film->done ? c->marked_step : r->film->done;
        return r;
    }
    r = s->reel->parent ? lt_reels_find(&s->reels, s->reel->parent) : NULL;
    if (!r || !r->film)
        r = neighbour(s, lt_studio_run_number(s, s->reel->id) - 1);
    if (r)
        *step = lt_compare_step(s->reel->film, s->step, r->film);
    return r;
}

/* A is this run, at the step that was chosen. */
static void show(lt_studio *s, const lt_reel *a)
{
    lt_comparing *c = &s->comparing;
    c->a = a->id;
    c->mode = LT_COMPARE_BESIDE;
    c->gain = c->gain ? c->gain : GAIN;
    c->b = s->reel->id;
    c->b_step = s->step;
    lt_studio_show_view(s, LT_VIEW_COMPARE);
    s->focus = LT_FOCUS_VIEW;
    s->replaying = false;
    lt_studio_picture(s, false);
}

static void open(lt_studio *s)
{
    lt_comparing *c = &s->comparing;
    if (!lt_studio_compare_b(s)) {
        lt_studio_say(s, LT_NOTE_INFO, "there is no step to compare yet");
        return;
    }
    lt_reel *a = choose_a(s, &c->a_step);
    if (!a) {
        lt_studio_say(s, LT_NOTE_INFO,
                      "there is one run only: m marks a step of it, c at another compares them");
        return;
    }
    show(s, a);
}

void lt_studio_compare_with(lt_studio *s, lt_reel *a)
{
    s->comparing.a_step = lt_compare_step(s->reel->film, s->step, a->film);
    show(s, a);
}

void lt_studio_compare_done(lt_studio *s)
{
    lt_studio_compare_leave(s);
    lt_compare_steps_done(&s->comparing.steps);
}

/* ---- keys ---- */

static void swap(lt_studio *s)
{
    lt_comparing *c = &s->comparing;
    lt_reel *a = lt_studio_compare_a(s);
    int step = c->a_step;
    if (!a || !lt_studio_compare_b(s))
        return;
    c->a = s->reel->id;
    c->a_step = s->step;
    look_at(s, a, step);
}

static void other_run(lt_studio *s, int by)
{
    if (!lt_studio_compare_b(s))
        return;
    int at = lt_studio_run_number(s, s->reel->id) - 1 + by;
    lt_reel *r = at >= 0 && at < s->reels.count ? s->reels.all[at] : NULL;
    if (r && r->film)
        look_at(s, r, lt_compare_step(s->reel->film, s->step, r->film));
}

static void next_mode(lt_studio *s)
{
    lt_comparing *c = &s->comparing;
    c->mode = (c->mode + 1) % LT_COMPARE_MODES;
    c->second = c->held = false;
    c->flip_at = s->now + flip;
}

static void hold(lt_studio *s)
{
    lt_comparing *c = &s->comparing;
    if (c->mode != LT_COMPARE_FLICKER)
        lt_studio_say(s, LT_NOTE_INFO, "Space holds the flicker; c goes there");
    c->held = c->mode == LT_COMPARE_FLICKER && !c->held;
    c->flip_at = s->now + flip;
}

static void set_gain(lt_studio *s, int gain)
{
    s->comparing.gain = gain < 1 ? 1 : gain > MOST_GAIN ? MOST_GAIN : gain;
}

static bool act(lt_studio *s, lt_action action)
{
    switch (action) {
    case LT_ACTION_COMPARE_MODE:
        next_mode(s);
        return true;
    case LT_ACTION_SWAP:
        swap(s);
        return true;
    case LT_ACTION_GAIN_MORE:
        set_gain(s, s->comparing.gain * 2);
        return true;
    case LT_ACTION_GAIN_LESS:
        set_gain(s, s->comparing.gain / 2);
        return true;
    case LT_ACTION_HOLD:
        hold(s);
        return true;
    case LT_ACTION_RUN_BEFORE:
        other_run(s, -1);
        return true;
    case LT_ACTION_RUN_AFTER:
        other_run(s, 1);
        return true;
    case LT_ACTION_SAVE:
        lt_studio_compare_save(s, NULL);
        return true;
    case LT_ACTION_CLOSE:
        lt_studio_close_view(s);
        return true;
    default:
        return false;
    }
}

bool lt_studio_compare_act(lt_studio *s, lt_action action)
{
    if (action == LT_ACTION_MARK) {
        mark(s);
        return true;
    }
    if (action == LT_ACTION_COMPARE) {
        open(s);
        return true;
    }
    if (s->view == LT_VIEW_COMPARE && !s->help && !s->details)
        return act(s, action);
    return action >= LT_ACTION_COMPARE_MODE && action <= LT_ACTION_HOLD;
}
