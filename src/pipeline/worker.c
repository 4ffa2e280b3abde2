/* worker.c - takes jobs between the steps of its run; see session.h. */
#include "pipeline/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/resolve.h"
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

/* ---- the model ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_model(const lt_params *a, const lt_params *b)
{
    return same_text(a->model, b->model) && same_text(a->unet, b->unet) &&
           same_text(a->vae, b->vae) && same_text(a->text_encoder, b->text_encoder) &&
           same_text(a->tokenizer, b->tokenizer) && same_text(a->variant, b->variant) &&
           same_text(a->backend, b->backend) && same_text(a->dtype, b->dtype) &&
           same_text(a->device, b->device) && a->threads == b->threads;
}

void lt_worker_drop_run(lt_worker *w)
{
    lt_run_free(w->run);
    w->run = NULL;
    if (w->params) {
        lt_params_done(w->params);
        free(w->params);
    }
    w->params = NULL;
    free(w->state);
    w->state = NULL;
    w->showing = false;
    w->passed = 0;
    lt_worker_silence(w);
    lt_film_free(w->parent);
    w->parent = NULL;
}

static void close_model(lt_worker *w)
{
    lt_worker_decoder_drop(w);
    lt_engine_close(w->engine);
    w->engine = NULL;
    lt_params_done(&w->opened);
    lt_params_init(&w->opened);
}

static lt_model_facts *facts_of(lt_engine *e, double seconds)
{
    const lt_engine_info *about = lt_engine_about(e);
    lt_error ignored;
    lt_model_facts *m = lt_alloc(sizeof *m);
    *m = (lt_model_facts){.name = lt_strdup(about->model),
                          .backend = lt_strdup(about->backend),
                          .dtype = lt_dtype_name(about->dtype),
                          .side = lt_engine_default_side(e),
                          .factor = about->vae->factor,
                          .scaling_factor = (double)about->vae->scaling_factor,
                          .text_width = about->clip->hidden_size,
                          .steps = about->scheduler->steps,
                          .guidance_scale = about->scheduler->guidance_scale,
                          .seconds = seconds};
    memcpy(m->sampler, about->scheduler->sampler, sizeof m->sampler);
    memcpy(m->hash, about->hash, sizeof m->hash);
    if (!lt_tokenizer_open(about->tokenizer_dir, &m->tokenizer, &ignored))
        m->tokenizer = NULL; /* it was there a moment ago: prompts are not counted */
    return m;
}

static void say_notes(lt_worker *w, lt_buf *notes)
{
    for (char *line = notes->data, *end; line && *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        lt_worker_say(w, LT_EVENT_NOTE, line);
    }
    lt_buf_done(notes);
}

bool lt_worker_open(lt_worker *w, const lt_params *p, lt_error *err)
{
    lt_params resolved;
    lt_buf notes = {0};
    double start = lt_clock();
    if (w->engine && same_model(&w->opened, p))
        return true;
    close_model(w);
    lt_worker_at(w, LT_AT_LOADING);
    lt_worker_say(w, LT_EVENT_LOADING, p->model ? p->model : "demo");
    lt_params_copy(&resolved, p);
    bool ok = lt_resolve_open(w->s->backends, &resolved, LT_NEEDS_ALL, &w->engine, &notes, err);
    lt_params_done(&resolved);
    say_notes(w, &notes);
    if (!ok) {
        w->engine = NULL;
        return false;
    }
    lt_params_copy(&w->opened, p);
    lt_worker_send(w, (lt_event){.kind = LT_EVENT_LOADED,
                                 .id = w->id,
                                 .model = facts_of(w->engine, lt_clock() - start)});
    return true;
}

/* ---- the run ---- */

/* From the parent's last frame on, if this run is of its size and steps, or says nothing of them.
 */
static bool goes_on(const lt_worker *w, lt_run_start *out, lt_error *err)
{
    const lt_film *f = w->parent;
    lt_params *p = w->params;
    int steps = f->schedule.begin + f->steps;
    if (!p->size.width)
        p->size = (lt_size){f->width, f->height};
    const lt_sampler *sampler;
    const lt_scheduler_config *model = lt_engine_about(w->engine)->scheduler;
    if (!lt_sampler_find(p->scheduler ? p->scheduler : model->sampler, &sampler, err))
        return false;
    if (!p->steps)
        p->steps = steps;
    if (p->steps != steps || p->size.width != f->width || p->size.height != f->height)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "a fork has its parent's %d steps and size of %dx%d", steps, f->width,
                       f->height);
    *out = lt_film_start(f, f->done, sampler);
    return true;
}

static bool begin(lt_worker *w, lt_error *err)
{
    lt_film *film;
    lt_run_start from;
    lt_init_image init = {0};
    lt_run_options options = {.params = w->params, .film = true};
    double start = lt_clock();
    w->step = w->parent ? w->parent->done : 0;
    w->stepping = w->decoding = 0;
    if (!lt_worker_open(w, w->params, err))
        return false;
    lt_worker_at(w, LT_AT_TEXT);
    if (w->parent) {
        if (!goes_on(w, &from, err))
            return false;
        options.start = &from;
    }
    if (!w->parent && w->params->init_image) {
        if (!lt_init_image_read(w->params->init_image, &init, err))
            return false;
        options.init = &init;
    }
    bool ok = lt_worker_begin_attending(w, &options, err);
    lt_init_image_done(&init);
    if (!ok || !lt_film_new(w->engine, w->params, w->run, &film, err))
        return false;
    if (w->parent && !lt_film_inherit(film, w->parent, w->step, err)) {
        lt_film_free(film);
        return false;
    }
    if (film->tiled && lt_params_tiling(w->params) == LT_TILING_AUTO)
        lt_worker_say(w, LT_EVENT_NOTE, LT_TILING_NOTE);
    w->state = lt_alloc((size_t)film->images);
    film->begin_seconds = lt_clock() - start;
    lt_worker_send(w, (lt_event){.kind = LT_EVENT_BEGUN, .id = w->id, .film = film});
    return lt_worker_show(w, false, err);
}

static bool take_step(lt_worker *w, lt_error *err)
{
    lt_film_step taken;
    double start;
    lt_worker_at(w, LT_AT_STEP);
    if (!lt_worker_attend(w, err))
        return false;
    start = lt_clock();
    lt_step_result result = lt_run_step(w->run, &w->s->progress, err);
    double seconds = lt_clock() - start;
    if (result == LT_STEP_FAILED || !lt_film_step_of(w->run, seconds, &taken, err))
        return false;
    w->step++;
    w->stepping += seconds;
    lt_worker_send(w,
                   (lt_event){.kind = LT_EVENT_STEP, .id = w->id, .step = w->step, .taken = taken});
    lt_worker_send_attention(w);
    return lt_worker_show(w, result == LT_STEP_DONE, err);
}

/* The same run from its start in f32; false if that was not the fault.  What else the engine was
 * asked for may have needed f32, too. */
static bool retry(lt_worker *w, const lt_error *fault)
{
    if (fault->code != LT_ERR_RANGE || !w->engine || !lt_engine_needs_f32(w->engine))
        return false;
    char *text = lt_format("%s; starting again in f32", fault->message);
    lt_worker_say(w, LT_EVENT_NOTE, text);
    free(text);
    lt_run_free(w->run);
    w->run = NULL;
    w->showing = false;
    w->passed = 0;
    free(w->state);
    w->state = NULL;
    close_model(w);
    free(w->params->dtype);
    w->params->dtype = lt_strdup("f32");
    return true;
}

/* What follows a fault of the run: a retry, or its end. */
static void fail(lt_worker *w, bool (*part)(lt_worker *w, lt_error *err), lt_error *err)
{
    while (retry(w, err)) {
        *err = (lt_error){0};
        part = begin;
        if (part(w, err))
            return;
    }
    lt_worker_drop_run(w);
    lt_worker_at(w, LT_IDLE);
    if (err->code == LT_ERR_CANCELLED)
        lt_worker_tell(w, LT_EVENT_STOPPED);
    else
        lt_worker_send(
            w, (lt_event){.kind = LT_EVENT_FAILED, .id = w->id, .step = w->step, .error = *err});
}

static void go_on(lt_worker *w, bool (*part)(lt_worker *w, lt_error *err))
{
    lt_error err = {0};
    if (!part(w, &err))
        fail(w, part, &err);
    lt_worker_at(w, LT_IDLE);
}

/* ---- jobs ---- */

static void stop(lt_worker *w)
{
    if (w->run) {
        lt_worker_drop_run(w);
        lt_worker_tell(w, LT_EVENT_STOPPED);
    }
}

/* Goes on without one of the run's pictures; without the last one it is over. */
static void drop_image(lt_worker *w, const lt_job *j)
{
    lt_error err = {0};
    if (!w->run || j->id != w->id || j->image < 0 || j->image >= lt_run_about(w->run)->images ||
        w->state[j->image] & LT_WORKER_DROPPED)
        return;
    if (lt_run_kept(w->run) == 1) {
        stop(w);
        return;
    }
    lt_worker_at(w, LT_AT_COMPILING);
    bool ok = lt_run_drop(w->run, j->image, &w->s->progress, &err);
    lt_worker_at(w, LT_IDLE);
    if (!ok) { /* cancelled: the whole run is about to be */
        if (err.code != LT_ERR_CANCELLED)
            lt_worker_send(w, (lt_event){.kind = LT_EVENT_FAILED, .error = err});
        return;
    }
    w->state[j->image] |= LT_WORKER_DROPPED;
    lt_worker_send(
        w, (lt_event){.kind = LT_EVENT_DROPPED, .id = w->id, .step = w->step, .image = j->image});
    lt_worker_shown_all(w);
}

static void load(lt_worker *w, const lt_job *j)
{
    lt_error err = {0};
    w->id = w->run ? w->id : 0;
    if (w->engine && !same_model(&w->opened, j->params))
        stop(w);
    if (!lt_worker_open(w, j->params, &err))
        lt_worker_send(w, (lt_event){.kind = LT_EVENT_FAILED, .error = err});
    lt_worker_at(w, LT_IDLE);
}

static void start(lt_worker *w, lt_job *j)
{
    stop(w);
    w->id = j->id;
    w->params = j->params;
    j->params = NULL;
    w->parent = j->parent;
    j->parent = NULL;
    w->hold = j->hold;
    w->credit = 0;
    w->unseen = 0;
    go_on(w, begin);
}

static void handle(lt_worker *w, lt_job *j)
{
    switch (j->kind) {
    case LT_JOB_LOAD:
        load(w, j);
        break;
    case LT_JOB_RUN:
        start(w, j);
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
        stop(w);
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
        drop_image(w, j);
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
        fail(w, lt_worker_show_finished, &err);
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
        go_on(w, lt_worker_show_next);
    } else if (step && wait <= 0) {
        w->credit -= w->hold;
        go_on(w, take_step);
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
    close_model(&w);
    lt_params_done(&w.opened);
    free(w.wanted.latents);
    free(w.text);
    lt_job_done(&w.beside);
    lt_job_done(&w.wanted_attention);
    free(w.shown);
    return NULL;
}
