/* steps.c - beginning, pausing, stepping, replaying. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/tour.h"
#include "tui/wake.h"

static const double tick = 0.1; /* seconds between two looks at the worker's progress */

int lt_studio_steps(const lt_studio *s)
{
    return s->reel && s->reel->film ? s->reel->film->steps : 0;
}

void lt_studio_begin_reel(lt_studio *s, const char *prompt, bool paced)
{
    lt_studio_remember(s, prompt);
    lt_grid_leave_out(&s->grid);
    if (s->view != LT_VIEW_COMPARE && s->view != LT_VIEW_GALLERY)
        lt_studio_show_view(s, LT_VIEW_STEP);
    s->image = 0;
    s->reel = lt_reels_add(&s->reels, ++s->next_id, prompt);
    s->step = 0;
    s->follow = true;
    s->replaying = s->queue_held = false;
    s->paced_hold = paced;
    s->asked.id = 0;
    s->note.text[0] = '\0';
    lt_session_watch(s->session, s->lens);
    s->dirty = true;
}

void lt_studio_run(lt_studio *s, bool hold)
{
    lt_error err = {0};
    lt_params p;
    if (lt_form_params(&s->form, &p, &err)) {
        lt_studio_begin_reel(s, p.prompts[0], s->pace > 0 && !hold);
        lt_studio_form_run(s);
        lt_session_run(s->session, s->next_id, &p, hold || s->paced_hold);
        if (s->focus == LT_FOCUS_PROMPT || s->focus == LT_FOCUS_NEGATIVE)
            s->focus = LT_FOCUS_VIEW;
    } else {
        lt_studio_fault(s, &err);
    }
    lt_params_done(&p);
    s->dirty = true;
}

/* A run that another model made, or in another type, goes on as it began: the settings that name
 * it. */
static void same_model(const lt_studio *s, lt_params *p, const lt_film *f)
{
    static const char *const rows[] = {"model",     "unet",    "vae",  "text-encoder",
                                       "tokenizer", "variant", "dtype"};
    lt_error ignored;
    char text[4096];
    if (s->facts && strcmp(s->facts->name, f->model) == 0 &&
        strcmp(s->facts->dtype, lt_dtype_name(f->dtype)) == 0)
        return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const lt_param_info *row = lt_params_find(rows[i]);
        lt_params_unset(p, row);
        if (lt_params_text(&f->params, row, text, sizeof text))
            (void)!lt_params_set(p, row, text, &ignored); /* it was valid there */
    }
    free(p->dtype);
    p->dtype = lt_strdup(lt_dtype_name(f->dtype));
}

/* A sampler that adds noise in its steps: of a seed that was chosen, if there is one. */
static bool chooses_noise(const lt_studio *s, const lt_params *p)
{
    lt_error ignored;
    const lt_sampler *sampler;
    const char *name = p->scheduler ? p->scheduler : s->facts ? s->facts->sampler : "";
    return s->form.seed_given && lt_form_seed_changed(&s->form) &&
           lt_sampler_find(name, &sampler, &ignored) && sampler->stochastic;
}

void lt_studio_as_parent(const lt_studio *s, lt_params *p, const lt_film *f, bool own_noise)
{
    int place;
    uint64_t seed = own_noise ? p->seeds[0] : lt_params_seed(&f->params, 0, &place);
    free(p->seeds);
    p->seeds = lt_alloc(sizeof *p->seeds);
    p->seeds[0] = seed;
    p->seed_count = 1;
    p->variation_seed = f->params.variation_seed;
    p->variation_strength = f->params.variation_strength;
    p->steps = f->schedule.begin + f->steps;
    free(p->init_image);
    p->init_image = f->params.init_image ? lt_strdup(f->params.init_image) : NULL;
    p->strength = f->params.strength;
    p->size = (lt_size){f->width, f->height};
    same_model(s, p, f);
}

void lt_studio_branch(lt_studio *s, lt_params *p, lt_reel *parent, int k)
{
    lt_error err = {0};
    lt_film *film;
    bool paced = s->pace > 0;
    int image = s->image < parent->film->images ? s->image : 0;
    bool ok = lt_film_pick(parent->film, image, k, &film, &err);
    if (ok) {
        lt_studio_as_parent(s, p, film, k > 0 && chooses_noise(s, p));
        ok = k == 0 || lt_session_fork(s->session, s->next_id + 1, p, film, k, paced, &err);
        lt_film_free(film);
    }
    if (!ok) {
        lt_studio_fault(s, &err);
        return;
    }
    lt_studio_begin_reel(s, p->prompts[0], paced);
    if (k == 0)
        lt_session_run(s->session, s->next_id, p, paced);
    s->reel->parent = parent->id;
    s->reel->parent_image = image;
    s->reel->forked = k;
}

void lt_studio_fork(lt_studio *s)
{
    lt_error err = {0};
    lt_params p;
    lt_reel *parent = s->reel;
    int k = s->step;
    if (!parent || !parent->film)
        return;
    if (k < 1 || k >= parent->film->steps) {
        lt_studio_say(s, LT_NOTE_INFO,
                      "a fork begins at a step between the first and the last: , and . go there");
        return;
    }
    if (lt_form_params(&s->form, &p, &err))
        lt_studio_branch(s, &p, parent, k);
    else
        lt_studio_fault(s, &err);
    lt_params_done(&p);
}

void lt_studio_goto(lt_studio *s, int step)
{
    if (!s->reel || !s->reel->film)
        return;
    int last = s->view == LT_VIEW_GRID ? s->reel->film->done : lt_reel_last(s->reel, s->image);
    s->replaying = false;
    s->step = step < 0 ? 0 : step > last ? last : step;
    s->follow = s->step == last;
    s->grid.gave_up = false;
    lt_studio_picture(s, false);
    s->dirty = true;
}

void lt_studio_step(lt_studio *s, int by)
{
    if (!s->reel || !s->reel->film)
        return;
    bool edge = by > 0 && s->step == s->reel->film->done;
    if (!edge) {
        lt_studio_goto(s, s->step + by);
    } else if (s->reel->state == LT_REEL_PAUSED) {
        s->follow = true;
        s->paced_hold = false;
        lt_session_step(s->session);
    } else if (s->reel->state == LT_REEL_RUNNING) {
        lt_session_hold(s->session);
        lt_studio_say(s, LT_NOTE_INFO, "pausing after this step; . takes the next, Space goes on");
    } else {
        lt_studio_say(s, LT_NOTE_INFO, "this is the last step that was computed");
    }
}

static void replay(lt_studio *s)
{
    s->replaying = true;
    s->follow = false;
    s->step = s->step >= s->reel->film->done ? 0 : s->step;
    s->next_move = s->now + (s->pace > tick ? s->pace : tick);
    lt_studio_picture(s, true);
}

void lt_studio_pause(lt_studio *s)
{
    if (!s->reel || !s->reel->film)
        return;
    switch (s->reel->state) {
    case LT_REEL_RUNNING:
        s->paced_hold = false;
        lt_session_hold(s->session);
        lt_studio_say(s, LT_NOTE_INFO, "pausing after this step");
        break;
    case LT_REEL_PAUSED:
        if (lt_studio_steer_on(s))
            break;
        s->follow = true;
        s->step = s->reel->film->done;
        if (s->paced_hold) { /* held by the pace alone: now by the user */
            s->paced_hold = false;
            lt_studio_say(s, LT_NOTE_INFO, "paused");
        } else if (s->pace > 0) {
            s->paced_hold = true;
            s->paced_at = s->now;
        } else {
            lt_session_go(s->session);
        }
        break;
    default:
        if (s->replaying)
            s->replaying = false;
        else
            replay(s);
        break;
    }
}

void lt_studio_pace(lt_studio *s, int by)
{
    static const double paces[] = {0, 0.1, 0.2, 0.4, 0.8, 1.5, 3};
    int count = (int)(sizeof paces / sizeof *paces), at = 0;
    while (at + 1 < count && paces[at] < s->pace)
        at++;
    at += by;
    lt_studio_pace_of(s, paces[at < 0 ? 0 : at >= count ? count - 1 : at]);
}

void lt_studio_pace_of(lt_studio *s, double seconds)
{
    s->pace = seconds;
    if (s->pace > 0)
        lt_studio_say(s, LT_NOTE_INFO, "each step is held %g s", s->pace);
    else
        lt_studio_say(s, LT_NOTE_INFO, "steps come as fast as they are made");
    if (!s->reel)
        return;
    if (s->reel->state == LT_REEL_RUNNING && s->pace > 0) {
        s->paced_hold = true;
        lt_session_hold(s->session);
    } else if (s->paced_hold && s->pace <= 0) {
        s->paced_hold = false;
        lt_session_go(s->session);
    }
}

void lt_studio_show_run(lt_studio *s, lt_reel *r)
{
    s->reel = r;
    s->image = 0;
    s->replaying = false;
    s->step = r->film ? r->film->done : 0;
    s->follow = true;
    lt_studio_picture(s, false);
    s->dirty = true;
}

/* ---- the form ---- */

void lt_studio_form_run(lt_studio *s)
{
    lt_form_take(&s->form);
    s->form_run = s->next_id;
    s->form_image = 0;
}

void lt_studio_follow(lt_studio *s)
{
    bool typing = s->focus == LT_FOCUS_PROMPT || s->focus == LT_FOCUS_NEGATIVE;
    if (!s->reel || !s->reel->film || typing)
        return;
    if (s->form_run == s->reel->id && s->form_image == s->image)
        return;
    s->form_run = s->reel->id;
    s->form_image = s->image;
    lt_form_follow(&s->form, s->reel->film, s->image);
    s->dirty = true;
}

/* ---- by itself ---- */

static bool worker_busy(const lt_studio *s)
{
    return lt_session_now(s->session).what != LT_IDLE;
}

/* A run waits for its pace, looked at or not. */
static bool paced(const lt_studio *s)
{
    for (int i = 0; s->paced_hold && s->paced_at > 0 && i < s->reels.count; i++)
        if (s->reels.all[i]->state == LT_REEL_PAUSED)
            return true;
    return false;
}

double lt_studio_wait(const lt_studio *s)
{
    double wait = worker_busy(s) || s->busy ? tick : -1;
    if (s->replaying)
        wait = lt_wake_sooner(wait, lt_wake_until(s->next_move, s->now));
    if (paced(s))
        wait = lt_wake_sooner(wait, lt_wake_until(s->paced_at, s->now));
    wait = lt_wake_sooner(wait, lt_studio_what_if_wait(s));
    wait = lt_wake_sooner(wait, lt_studio_compare_wait(s));
    wait = lt_wake_sooner(wait, lt_studio_noising_wait(s));
    wait = lt_wake_sooner(wait, lt_studio_token_vectors_wait(s));
    wait = lt_wake_sooner(wait, lt_studio_steer_wait(s));
    wait = lt_wake_sooner(wait, lt_tour_wait(s));
    if (lt_studio_saving(s))
        wait = 0;
    if (s->note.until > 0)
        wait = lt_wake_sooner(wait, lt_wake_until(s->note.until, s->now));
    return wait;
}

static void next_of_replay(lt_studio *s)
{
    s->step++;
    if (s->step >= s->reel->film->done) {
        s->step = s->reel->film->done;
        s->replaying = false;
    }
    s->next_move = s->now + (s->pace > tick ? s->pace : tick);
    lt_studio_picture(s, true);
}

void lt_studio_tick(lt_studio *s)
{
    bool busy = worker_busy(s);
    if (busy || s->busy) /* also once more when it is at rest */
        s->dirty = true;
    s->busy = busy;
    if (s->note.until > 0 && s->now >= s->note.until) {
        s->note.text[0] = '\0';
        s->note.until = 0;
        s->dirty = true;
    }
    lt_studio_steer_tick(s);
    if (lt_studio_saving(s))
        lt_studio_save_on(s);
    lt_studio_what_if_tick(s);
    lt_studio_compare_tick(s);
    lt_studio_noising_tick(s);
    lt_studio_token_vectors_tick(s);
    lt_tour_tick(s);
    if (s->replaying && s->reel && s->reel->film && s->now >= s->next_move) {
        next_of_replay(s);
        s->dirty = true;
    }
    if (paced(s) && s->now >= s->paced_at) {
        s->paced_at = 0; /* until it is paused again */
        lt_session_step(s->session);
    }
    lt_studio_follow(s); /* a lesson may have shown another run */
}
