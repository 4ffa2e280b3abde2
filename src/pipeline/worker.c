/* worker.c - takes jobs between the steps of its run; see session.h. */
#include "pipeline/worker.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/worker_impl.h"

static const double glance = 0.001; /* seconds between two looks at a decoder that is at work */

/* ---- events ---- */

void lt_worker_send(lt_worker *w, lt_event e)
{
    lt_queue_put(w->s->events, &e);
}

void lt_worker_say(lt_worker *w, lt_event_kind kind, const char *text)
{
    lt_worker_send(w, (lt_event){.kind = kind, .id = w->id, .text = lt_strdup(text)});
}

void lt_worker_tell(lt_worker *w, lt_event_kind kind)
{
    lt_worker_send(w, (lt_event){.kind = kind, .id = w->id, .step = w->step});
}

void lt_worker_at(lt_worker *w, lt_activity what)
{
    atomic_store(&w->s->progress.done, 0);
    atomic_store(&w->s->progress.total, 0);
    atomic_store(&w->s->beside.done, 0);
    atomic_store(&w->s->beside.total, 0);
    atomic_store(&w->s->attention.done, 0);
    atomic_store(&w->s->attention.total, 0);
    atomic_store(&w->s->activity, (int)what);
}

/* ---- jobs ---- */

static void load(lt_worker *w, const lt_job *j)
{
    lt_error err = {0};
    w->id = w->run ? w->id : 0;
    if (w->engine && !lt_worker_same_model(&w->opened, j->params))
        lt_worker_stop(w);
    if (!lt_worker_open(w, j->params, &err))
        lt_worker_send(w, (lt_event){.kind = LT_EVENT_FAILED, .error = err});
    lt_worker_at(w, LT_IDLE);
}

static void handle(lt_worker *w, lt_job *j)
{
    switch (j->kind) {
    case LT_JOB_LOAD:
        load(w, j);
        break;
    case LT_JOB_RUN:
        lt_worker_start(w, j);
        break;
    case LT_JOB_HOLD:
        if (w->run && !w->hold && !w->showing)
            lt_worker_tell(w, LT_EVENT_PAUSED);
        w->hold = true;
        break;
    case LT_JOB_GO:
        w->hold = false;
        break;
    case LT_JOB_STEP:
        w->credit += w->run && w->hold;
        break;
    case LT_JOB_STOP:
        lt_worker_stop(w);
        break;
    case LT_JOB_WATCH:
        if (w->showing && w->watched != j->lens)
            lt_worker_show_again(w);
        w->watched = j->lens;
        break;
    case LT_JOB_CHOOSE:
        w->chosen = j->image;
        break;
    case LT_JOB_DROP:
        lt_worker_drop_image(w, j);
        break;
    case LT_JOB_BUDGET:
        w->share = j->share;
        break;
    case LT_JOB_ATTEND:
        w->attend = j->share;
        break;
    case LT_JOB_SEEN:
        w->unseen = 0;
        break;
    case LT_JOB_DECODE:
        free(w->wanted.latents);
        w->wanted = *j;
        j->latents = NULL;
        break;
    case LT_JOB_TEXT:
        free(w->text);
        w->text = j->text;
        j->text = NULL;
        break;
    case LT_JOB_ENCODE:
    case LT_JOB_PREDICT:
    case LT_JOB_LEAVE:
        lt_worker_beside_take(w, j);
        break;
    case LT_JOB_ATTEND_WORDS:
        w->attends = j->hold;
        break;
    case LT_JOB_ATTENTION:
        lt_job_done(&w->wanted_attention);
        w->wanted_attention = *j;
        *j = (lt_job){.kind = j->kind};
        break;
    case LT_JOB_QUIT:
        w->quit = true;
        break;
    }
}

void lt_job_done(lt_job *j)
{
    if (j->params)
        lt_params_done(j->params);
    free(j->params);
    lt_film_free(j->parent);
    free(j->latents);
    free(j->text);
    free(j->path);
    lt_image_unref(j->picture);
}

bool lt_job_cancels(const lt_job *j)
{
    return j->kind == LT_JOB_STOP || j->kind == LT_JOB_RUN || j->kind == LT_JOB_QUIT;
}

bool lt_job_turns(const lt_job *j)
{
    return lt_job_cancels(j) || j->kind == LT_JOB_ENCODE || j->kind == LT_JOB_PREDICT ||
           j->kind == LT_JOB_LEAVE;
}

bool lt_job_looks(const lt_job *j)
{
    return lt_job_cancels(j) || j->kind == LT_JOB_ATTENTION;
}

/* A job that cancels is reached: what it was meant for is over, unless another one follows. */
static void reached(lt_progress *progress, atomic_int *count)
{
    if (atomic_fetch_sub(count, 1) > 1)
        return;
    atomic_store(&progress->cancel, false);
    if (atomic_load(count) > 0) /* put meanwhile: its flag was set before ours was cleared */
        atomic_store(&progress->cancel, true);
}

static void take_jobs(lt_worker *w)
{
    lt_job j;
    while (!w->quit && lt_queue_take(w->s->jobs, &j)) {
        if (lt_job_cancels(&j))
            reached(&w->s->progress, &w->s->stops);
        if (lt_job_turns(&j))
            reached(&w->s->beside, &w->s->turns);
        if (lt_job_looks(&j))
            reached(&w->s->attention, &w->s->looks);
        handle(w, &j);
        lt_job_done(&j);
    }
}

/* ---- the loop ---- */

double lt_worker_patience(const lt_worker *w, double since)
{
    double left = since > 0 ? since + w->attend - lt_clock() : 0;
    return left > 0 ? left : 0;
}

/* Seconds that the next step has to wait: for the screen, or, where pictures are made beside the
 * steps, for a picture that it would take the place of. */
static double patience(const lt_worker *w)
{
    if (!lt_engine_beside(w->engine))
        return lt_worker_patience(w, w->unseen);
    return w->showing && lt_worker_next_image(w) >= 0 ? lt_worker_patience(w, w->stepped) : 0;
}

/* All pictures of the last step are made, and of those after which the run pauses. */
static bool may_step(const lt_worker *w)
{
    if (!w->run || (w->showing && (w->last || w->hold)))
        return false;
    return !w->hold || w->credit > 0;
}

static void look_at_decoder(lt_worker *w)
{
    lt_error err = {0};
    if (!lt_worker_show_finished(w, &err))
        lt_worker_fail(w, lt_worker_show_finished, &err);
}

/* Nothing can be done for so long, or until a job comes; 0: until one comes. */
static void rest(lt_worker *w, double seconds)
{
    if (w->decoder.busy) {
        if (atomic_load(&w->s->activity) != LT_AT_PICTURE)
            lt_worker_at(w, LT_AT_PICTURE);
        seconds = seconds > 0 && seconds < glance ? seconds : glance;
    } else if (atomic_load(&w->s->activity) != LT_IDLE) {
        lt_worker_at(w, LT_IDLE);
    }
    if (seconds > 0)
        lt_queue_wait_for(w->s->jobs, seconds);
    else
        lt_queue_wait(w->s->jobs);
}

/* The next thing that can be done. */
static void act(lt_worker *w)
{
    bool step = may_step(w);
    double wait = step ? patience(w) : 0;
    if (!w->decoder.busy && w->wanted.latents) {
        lt_worker_show_wanted(w);
    } else if (w->text) {
        lt_worker_encode_text(w);
    } else if (w->wanted_attention.latents) {
        lt_worker_attention_wanted(w);
    } else if (!w->decoder.busy && w->beside.id) {
        lt_worker_beside(w);
    } else if (!w->decoder.busy && w->run && w->showing) {
        lt_worker_go_on(w, lt_worker_show_next);
    } else if (step && wait <= 0) {
        w->credit -= w->hold;
        lt_worker_go_on(w, lt_worker_step);
    } else {
        rest(w, wait);
    }
}

void *lt_worker_run(void *shared)
{
    lt_worker w = {.s = shared, .share = 1};
    lt_job rest;
    lt_params_init(&w.opened);
    while (!w.quit) {
        take_jobs(&w);
        if (w.quit)
            break;
        look_at_decoder(&w);
        act(&w);
    }
    while (lt_queue_take(w.s->jobs, &rest))
        lt_job_done(&rest);
    lt_worker_drop_run(&w);
    lt_worker_close(&w);
    lt_params_done(&w.opened);
    free(w.wanted.latents);
    free(w.text);
    lt_job_done(&w.beside);
    lt_job_done(&w.wanted_attention);
    free(w.shown);
    return NULL;
}
