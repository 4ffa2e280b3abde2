/* comparing.c - two runs, or two steps, against each other: what is looked at is B, what it is held
 * against is A. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tui/studio.h"

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

static bool has_b(const lt_studio *s)
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

/* ---- pictures ---- */

static void forget_made(lt_comparing *c)
{
    for (int i = 0; i < 2; i++) {
        lt_image_unref(c->sheet[i]);
        c->sheet[i] = NULL;
    }
    c->measured = false;
}

static void forget_sheets(lt_comparing *c)
{
    forget_made(c);
    for (int i = 0; i < 2; i++) {
        lt_image_unref(c->of[i]);
        c->of[i] = NULL;
    }
}

void lt_studio_compare_picture(lt_studio *s)
{
    const lt_reel *a = lt_studio_compare_a(s);
    s->dirty = true;
    if (!a || !has_b(s))
        return;
    follow_b(s);
    bool coming = s->follow && s->reel->state == LT_REEL_RUNNING;
    if (!lt_reel_picture(a, s->comparing.a_step, 0, s->lens))
        lt_studio_ask_picture(s, a, s->comparing.a_step, 0);
    else if (!lt_reel_picture(s->reel, s->step, 0, s->lens) && !coming)
        lt_studio_ask_picture(s, s->reel, s->step, 0);
}

/* Sheets are to be made of these. */
static void take_pictures(lt_comparing *c, lt_image *a, lt_image *b)
{
    if (c->of[0] == a && c->of[1] == b)
        return;
    lt_image_ref(a);
    lt_image_ref(b);
    forget_sheets(c);
    c->of[0] = a;
    c->of[1] = b;
    c->made_mode = LT_COMPARE_MODES; /* none is made yet */
}

static bool same_size(const lt_image *a, const lt_image *b)
{
    return a->width == b->width && a->height == b->height;
}

/* Both pictures, and what is between them.  out[1]: B, for flicker alone. */
static bool make_sheet(const lt_studio *s, lt_compare_mode mode, int width, int height,
                       bool captions, lt_image *out[2], lt_error *err)
{
    const lt_comparing *c = &s->comparing;
    char text[LT_COMPARE_PANELS][48];
    lt_image *difference = NULL;
    bool ok = true;
    snprintf(text[0], sizeof text[0], "A run %d step %d", lt_studio_run_number(s, c->a), c->a_step);
    snprintf(text[1], sizeof text[1], "B run %d step %d", lt_studio_run_number(s, s->reel->id),
             s->step);
    snprintf(text[2], sizeof text[2], "|A-B| x%d", c->gain);
    if (same_size(c->of[0], c->of[1]))
        ok = lt_image_difference(c->of[0], c->of[1], c->gain, &difference, err);
    lt_compare_panel p[LT_COMPARE_PANELS] = {
        {c->of[0], text[0], NULL}, {c->of[1], text[1], NULL}, {difference, text[2], NULL}};
    for (int i = 0; i < LT_COMPARE_PANELS && !captions; i++)
        p[i].caption = NULL;
    if (ok && mode == LT_COMPARE_FLICKER)
        ok = lt_compare_sheet(p, 1, width, height, &out[0], err) &&
             lt_compare_sheet(p + 1, 1, width, height, &out[1], err);
    else if (ok && mode == LT_COMPARE_DIFFERENCE && difference)
        ok = lt_compare_sheet(p + 2, 1, width, height, &out[0], err);
    else if (ok)
        ok = lt_compare_sheet(p, difference ? 3 : 2, width, height, &out[0], err);
    lt_image_unref(difference);
    return ok;
}

/* True if the sheets are of this already, or could not be made. */
static bool is_made(const lt_studio *s, const lt_image *a, const lt_image *b, int width, int height)
{
    const lt_comparing *c = &s->comparing;
    return c->of[0] == a && c->of[1] == b && c->made_mode == c->mode && c->made_gain == c->gain &&
           c->made_width == width && c->made_height == height && c->made_a == c->a_step &&
           c->made_b == s->step;
}

static void measure(lt_comparing *c)
{
    lt_error ignored;
    c->measured = same_size(c->of[0], c->of[1]) &&
                  lt_image_compare(c->of[0], c->of[1], &c->distance, &ignored);
}

lt_image *lt_studio_compare_sheet(lt_studio *s, int width, int height, bool captions)
{
    lt_comparing *c = &s->comparing;
    const lt_reel *reel = lt_studio_compare_a(s);
    lt_error err = {0};
    lt_image *a = reel ? lt_reel_picture(reel, c->a_step, 0, s->lens) : NULL;
    lt_image *b = has_b(s) ? lt_reel_picture(s->reel, s->step, 0, s->lens) : NULL;
    if (!a || !b)
        return NULL;
    if (!is_made(s, a, b, width, height)) {
        take_pictures(c, a, b);
        forget_made(c);
        c->made_mode = c->mode;
        c->made_gain = c->gain;
        c->made_width = width;
        c->made_height = height;
        c->made_a = c->a_step;
        c->made_b = s->step;
        if (!make_sheet(s, c->mode, width, height, captions, c->sheet, &err))
            lt_studio_fault(s, &err);
        measure(c);
    }
    return c->sheet[c->mode == LT_COMPARE_FLICKER && c->second];
}

/* Side by side. */
void lt_studio_compare_save(lt_studio *s, const char *path)
{
    lt_error err = {0};
    lt_image *sheet[2] = {NULL}, *of[2] = {NULL};
    const lt_reel *a = lt_studio_compare_a(s);
    if (a && has_b(s)) {
        of[0] = lt_reel_picture(a, s->comparing.a_step, 0, s->lens);
        of[1] = lt_reel_picture(s->reel, s->step, 0, s->lens);
    }
    if (!of[0] || !of[1]) {
        lt_studio_say(s, LT_NOTE_INFO, "there is nothing to save yet");
        return;
    }
    take_pictures(&s->comparing, of[0], of[1]);
    char *name = path ? lt_strdup(path) : lt_studio_free_name(s, "-compare", ".png");
    if (make_sheet(s, LT_COMPARE_BESIDE, 0, 0, true, sheet, &err)) {
        lt_png_texts texts = {0};
        lt_meta_part parts[] = {lt_studio_part(s, a, s->comparing.a_step, 0),
                                lt_studio_part(s, s->reel, s->step, 0)};
        lt_meta_parts_texts(parts, 2, 1, &texts);
        lt_studio_save_image(s, name, sheet[0], &texts);
    } else {
        lt_studio_fault(s, &err);
    }
    lt_image_unref(sheet[0]);
    free(name);
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
    return s->comparing.flip_at > s->now ? s->comparing.flip_at - s->now : 0;
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
    if (!has_b(s)) {
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
    if (!has_b(s)) {
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

void lt_studio_compare_leave(lt_studio *s)
{
    forget_sheets(&s->comparing);
}

void lt_studio_compare_done(lt_studio *s)
{
    forget_sheets(&s->comparing);
    lt_compare_steps_done(&s->comparing.steps);
}

/* ---- keys ---- */

static void swap(lt_studio *s)
{
    lt_comparing *c = &s->comparing;
    lt_reel *a = lt_studio_compare_a(s);
    int step = c->a_step;
    if (!a || !has_b(s))
        return;
    c->a = s->reel->id;
    c->a_step = s->step;
    look_at(s, a, step);
}

static void other_run(lt_studio *s, int by)
{
    if (!has_b(s))
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
