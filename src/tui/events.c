/* events.c - what the session says becomes what the screen knows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/studio.h"

enum { PICTURES_KEPT = 512 << 20 }; /* bytes */

static void loaded(lt_studio *s, lt_event *e)
{
    lt_model_facts_free(s->facts);
    s->facts = e->model;
    s->form.facts = e->model;
    e->model = NULL;
    s->loading[0] = '\0';
    s->prompt_count.version = s->negative_count.version = 0;
    lt_studio_tokens_done(s);
    lt_studio_token_vectors_done(s);
    lt_studio_vae_loaded(s);
}

/* The picture teaches the linear preview what colours latents have. */
static void learn(lt_studio *s, const lt_reel *r, const lt_event *e)
{
    const lt_film *f = r->film;
    lt_image *image = lt_reel_picture(r, e->step, e->image, e->lens);
    if (!image || e->lens == LT_LENS_NOISE) /* which the VAE has never seen the like of */
        return;
    float *latents = lt_alloc_array(f->all, sizeof *latents);
    lt_film_lens(f, e->step, lt_reel_lens(e->step, e->lens), latents);
    lt_linear_learn(&s->linear, latents + f->all / (size_t)f->images * (size_t)e->image,
                    f->channels, f->h, f->w, image);
    free(latents);
}

static void picture(lt_studio *s, lt_reel *r, const lt_event *e)
{
    learn(s, r, e);
    bool comparing = s->view == LT_VIEW_COMPARE;
    bool part = lt_studio_through(s)->make || lt_beside_on(s); /* of what is shown, whatever its
                                                                  step */
    bool mine = r == s->reel && (e->image == s->image || s->view == LT_VIEW_GRID);
    bool newest = mine && s->follow && (!comparing || e->step == r->film->done) &&
                  e->step >= s->step && /* what is saved step by step is older */
                  (e->step == s->step || !lt_studio_look_waits(s));
    if (newest && lt_reel_lens(e->step, s->lens) == lt_reel_lens(e->step, e->lens)) {
        s->step = e->step;
        lt_studio_picture(s, true);
    } else if (comparing || (mine && (e->step == s->step || part))) {
        lt_studio_picture(s, false);
    }
    lt_reels_trim(&s->reels, s->reel, PICTURES_KEPT);
}

/* A run that is over leaves the newest frame on the screen, decoded by the VAE. */
static void over(lt_studio *s, lt_reel *r)
{
    lt_runs_next(s, r);
    lt_studio_grid_over(s, r);
    s->paced_hold &= lt_runs_at_work(s); /* another one took its place */
    if (r != s->reel)
        return;
    s->asked.id = 0;
    if (s->follow && r->film)
        s->step = r->film->done;
    lt_studio_picture(s, false);
}

/* The step is there, without a picture; lens 6 has its words. */
static void skipped(lt_studio *s, int step)
{
    s->step = step;
    if (lt_studio_through(s)->attends) {
        lt_studio_attend(s);
        lt_studio_attention_ask(s);
    }
}

static void say_stopped(lt_studio *s, const lt_reel *r)
{
    if (!r->film)
        lt_studio_say(s, LT_NOTE_INFO, "stopped before the first step");
    else
        lt_studio_say(s, LT_NOTE_INFO, "stopped after step %d of %d: its steps are kept",
                      r->film->done, r->film->steps);
}

static void of_a_run(lt_studio *s, lt_reel *r, const lt_event *e)
{
    switch (e->kind) {
    case LT_EVENT_BEGUN:
        if (r == s->reel) {
            s->step = r->film->done; /* 0, or where it was forked */
            s->follow = true;
        }
        lt_studio_without_begun(s, r);
        break;
    case LT_EVENT_PICTURE:
        picture(s, r, e);
        break;
    case LT_EVENT_SKIPPED:
        if (r == s->reel && s->follow)
            skipped(s, e->step);
        break;
    case LT_EVENT_PAUSED:
        s->paced_at = s->now + s->pace;
        if (strncmp(s->note.text, "pausing", 7) == 0)
            s->note.text[0] = '\0';
        if (r == s->reel && s->follow && r->film) {
            s->step = r->film->done;
            lt_studio_picture(s, true);
        }
        break;
    case LT_EVENT_DONE:
        over(s, r);
        break;
    case LT_EVENT_STOPPED:
        say_stopped(s, r);
        over(s, r);
        break;
    case LT_EVENT_FAILED:
        if (lt_studio_grid_turns(s, r))
            break;
        lt_studio_fault(s, &r->error);
        over(s, r);
        break;
    default:
        break;
    }
}

static void take(lt_studio *s, lt_event *e)
{
    int step = e->step;
    lt_event what = {
        .kind = e->kind, .id = e->id, .step = step, .image = e->image, .lens = e->lens};
    lt_reel *r = lt_reels_event(&s->reels, e);
    s->unseen |= e->kind == LT_EVENT_PICTURE;
    if (e->kind == LT_EVENT_PICTURE &&
        lt_studio_asked(s, &(lt_asked){e->id, step, e->image, e->lens}))
        s->asked.id = 0;
    if (r) {
        lt_record_event(s, r, what.kind);
        of_a_run(s, r, &what);
    }
    if (e->kind == LT_EVENT_LOADING)
        snprintf(s->loading, sizeof s->loading, "%s", e->text);
    else if (e->kind == LT_EVENT_LOADED)
        loaded(s, e);
    else if (e->kind == LT_EVENT_NOTE)
        lt_studio_say(s, LT_NOTE_WARN, "%s", e->text);
    else if (e->kind == LT_EVENT_TEXT)
        lt_studio_token_vectors_take(s, e);
    if (e->kind == LT_EVENT_ATTENTION && r)
        lt_studio_attention_take(s, r, e);
    if (e->kind == LT_EVENT_PICTURE && !r)
        lt_studio_what_if_take(s, e);
    if (lt_studio_vae_take(s, e))
        return;
    if (e->kind == LT_EVENT_FAILED) {
        s->loading[0] = '\0';
        s->asked.id = 0;
        s->grid.gave_up = true;
        lt_studio_attention_failed(s);
        if (!r) {
            lt_studio_saving_over(s);
            lt_studio_fault(s, &e->error);
        }
    }
}

void lt_studio_events(lt_studio *s)
{
    lt_event e;
    lt_record_events(s);
    while (lt_record_behind(s) <= 0 && lt_session_poll(s->session, &e)) {
        take(s, &e);
        lt_studio_follow(s);
        lt_event_done(&e);
        s->dirty = true;
    }
}
