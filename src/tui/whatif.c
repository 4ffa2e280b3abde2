/* whatif.c - a slider for the guidance of one step: the two predictions are kept, so every position
 * is known without the UNet. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tui/studio.h"
#include "tui/wake.h"

static const double rest = 0.15; /* seconds after which a moved slider rests */
static const double usual = 20;  /* the slider's end */
static const double notch = 0.1; /* of scales; those that were typed may be in between */

bool lt_studio_what_if(const lt_studio *s)
{
    return s->what_if.id && s->view == LT_VIEW_STEP && s->reel && s->reel->id == s->what_if.id &&
           s->step == s->what_if.step;
}

bool lt_studio_what_if_waits(const lt_studio *s)
{
    return s->what_if.asked && s->asked.id == s->what_if.asked;
}

static lt_reel *owner(const lt_studio *s)
{
    return lt_reels_find(&s->reels, s->what_if.owner);
}

static void forget(lt_what_if *w)
{
    lt_image_unref(w->image);
    *w = (lt_what_if){0};
}

static void open(lt_studio *s)
{
    lt_reel *r = s->reel ? lt_reels_maker(&s->reels, s->reel->id, s->step) : NULL;
    if (!s->reel || !s->reel->film || s->step < 1 || s->step > s->reel->film->done) {
        lt_studio_say(s, LT_NOTE_INFO,
                      s->reel && s->reel->film
                          ? "what if: noise has no prediction; . goes to a step"
                          : "what if: make a picture first");
        return;
    }
    if (!r || !r->film) {
        lt_studio_say(s, LT_NOTE_INFO,
                      "what if: this step is of the run that was forked, which is "
                      "not open");
        return;
    }
    if (!lt_film_can_what_if(r->film, s->step)) {
        lt_studio_say(s, LT_NOTE_INFO,
                      "what if: this step was made without guidance, so only the "
                      "prompt's prediction is known");
        return;
    }
    double own = r->film->guidance_scale;
    forget(&s->what_if);
    s->what_if = (lt_what_if){.id = s->reel->id,
                              .owner = r->id,
                              .step = s->step,
                              .scale = own,
                              .own = own,
                              .top = own > usual ? 2 * own : usual};
    s->follow = s->replaying = false;
    s->focus = LT_FOCUS_VIEW;
    lt_studio_picture(s, false);
}

static void close_it(lt_studio *s)
{
    forget(&s->what_if);
    lt_studio_picture(s, false);
}

void lt_studio_what_if_set(lt_studio *s, double scale)
{
    lt_what_if *w = &s->what_if;
    scale = scale < 0 ? 0 : scale > w->top ? w->top : scale;
    if (scale == w->scale)
        return;
    w->scale = scale;
    w->rest_at = s->now + rest;
    lt_studio_picture(s, false);
    s->dirty = true;
}

/* By tenths: 1 and 0 are met exactly. */
static void nudge(lt_studio *s, int tenths)
{
    lt_studio_what_if_set(s, round(s->what_if.scale / notch + tenths) / round(1 / notch));
}

void lt_studio_what_if_type(lt_studio *s, const char *text)
{
    char *end;
    double scale = strtod(text, &end);
    while (isspace((unsigned char)*end))
        end++;
    if (!lt_studio_what_if(s) || !*text)
        return;
    if (*end || !isfinite(scale) || scale < 0 || scale > 1000) {
        lt_studio_say(s, LT_NOTE_ERROR, "guidance is '%.40s', expected a number from 0 to 1000",
                      text);
        return;
    }
    s->what_if.top = scale > s->what_if.top ? scale : s->what_if.top;
    lt_studio_what_if_set(s, scale);
    s->what_if.rest_at = 0;
    lt_studio_picture(s, false);
}

/* What is shown becomes a run: its first step is this one, to the bit. */
static void fork_here(lt_studio *s)
{
    lt_reel *r = owner(s);
    lt_params p;
    double scale = s->what_if.scale;
    if (!r || !r->film)
        return;
    if (scale < 1) {
        lt_studio_say(s, LT_NOTE_INFO,
                      "a run below 1 follows the prompt alone, as at 1: choose 1 or more");
        return;
    }
    lt_params_copy(&p, &r->film->params);
    p.guidance_scale = scale;
    lt_studio_branch(s, &p, r, s->step - 1);
    lt_params_done(&p);
}

static void type_scale(lt_studio *s)
{
    char *text = lt_format("%.15g", s->what_if.scale);
    lt_studio_ask(s, LT_ASK_SCALE, text);
    free(text);
}

bool lt_studio_what_if_act(lt_studio *s, lt_action action)
{
    if (action == LT_ACTION_WHAT_IF && !lt_studio_what_if(s)) {
        open(s);
        return true;
    }
    if (!lt_studio_what_if(s) || s->focus != LT_FOCUS_VIEW || s->help || s->details)
        return action >= LT_ACTION_WHAT_IF && action <= LT_ACTION_SCALE_FORK;
    switch (action) {
    case LT_ACTION_SCALE_MORE:
        nudge(s, 5);
        return true;
    case LT_ACTION_SCALE_LESS:
        nudge(s, -5);
        return true;
    case LT_ACTION_SCALE_FINE_MORE:
        nudge(s, 1);
        return true;
    case LT_ACTION_SCALE_FINE_LESS:
        nudge(s, -1);
        return true;
    case LT_ACTION_SCALE_ZERO:
        lt_studio_what_if_set(s, 0);
        return true;
    case LT_ACTION_SCALE_OWN:
        lt_studio_what_if_set(s, s->what_if.own);
        return true;
    case LT_ACTION_SCALE_TYPE:
        type_scale(s);
        return true;
    case LT_ACTION_SCALE_FORK:
        fork_here(s);
        return true;
    case LT_ACTION_WHAT_IF:
    case LT_ACTION_CLOSE:
        close_it(s);
        return true;
    default:
        return false;
    }
}

/* ---- pictures ---- */

static void ask(lt_studio *s, const lt_film *f, const float *latents)
{
    lt_what_if *w = &s->what_if;
    bool coming = lt_studio_what_if_waits(s) && w->made == w->scale && w->lens == s->lens;
    if (coming || !lt_studio_model_of(s, f))
        return;
    lt_image_unref(w->image);
    w->image = NULL;
    w->asked = ++s->next_id;
    w->made = w->scale;
    w->lens = s->lens;
    lt_studio_decode(s, f, &(lt_asked){w->asked, w->step, 0, s->lens}, latents);
}

/* The picture of the scale where there is one already: the VAE's, or the kept frame's. */
static lt_image *known(const lt_studio *s, const lt_reel *r)
{
    const lt_what_if *w = &s->what_if;
    if (w->image && !w->asked && w->made == w->scale && w->lens == s->lens)
        return w->image;
    return w->scale == w->own ? lt_reel_picture(r, w->step, 0, s->lens) : NULL;
}

static void show(lt_studio *s, const lt_reel *r, const float *latents)
{
    lt_what_if *w = &s->what_if;
    lt_image *image = known(s, r);
    w->guessed = false;
    if (image) {
        w->asked = 0;
        lt_beside_show(s, image, false, false);
    } else if (w->rest_at > 0 && lt_studio_guess(s, r->film, latents)) {
        w->guessed = true;
        w->asked = 0;
    } else {
        ask(s, r->film, latents);
    }
}

void lt_studio_what_if_picture(lt_studio *s)
{
    lt_what_if *w = &s->what_if;
    const lt_reel *r = owner(s);
    lt_error err = {0};
    if (!r || !r->film || w->step > r->film->done) {
        forget(w);
        return;
    }
    size_t all = r->film->all;
    float *now = lt_alloc_array(all, sizeof *now), *kept = lt_alloc_array(all, sizeof *kept);
    if (lt_film_what_if(r->film, w->step, 0, w->scale, s->lens, now, &err)) {
        lt_film_lens(r->film, w->step, s->lens, kept);
        lt_film_what_if_numbers(r->film, w->step, 0, w->scale, kept, now, &w->numbers);
        show(s, r, now);
    } else {
        lt_studio_fault(s, &err);
    }
    free(now);
    free(kept);
}

void lt_studio_what_if_take(lt_studio *s, lt_event *e)
{
    lt_what_if *w = &s->what_if;
    if (!w->asked || e->id != w->asked)
        return;
    lt_image_unref(w->image);
    w->image = e->picture;
    e->picture = NULL;
    w->asked = 0;
    if (lt_studio_what_if(s))
        lt_studio_what_if_picture(s);
}

double lt_studio_what_if_wait(const lt_studio *s)
{
    double at = s->what_if.rest_at;
    return lt_studio_what_if(s) && at > 0 ? lt_wake_until(at, s->now) : -1;
}

void lt_studio_what_if_tick(lt_studio *s)
{
    if (lt_studio_what_if_wait(s) != 0)
        return;
    s->what_if.rest_at = 0;
    lt_studio_picture(s, false);
    s->dirty = true;
}

void lt_studio_what_if_done(lt_studio *s)
{
    forget(&s->what_if);
}
