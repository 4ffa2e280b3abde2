/* worker.c - takes jobs between the steps of its run; see session.h. */
#include "pipeline/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/resolve.h"

/* Of a picture: decoded for this step; not computed any more. */
enum { SHOWN = 1, DROPPED = 2 };

/* What only the worker touches. */
typedef struct worker {
    lt_shared *s;
    lt_engine *engine; /* owned */
    lt_params opened;  /* owned: what names the model that is open */
    lt_params *params; /* owned: of the run */
    lt_film *parent;   /* owned: what the run goes on from, or NULL */
    lt_run *run;       /* owned */
    uint64_t id;
    int step; /* frames after the first that exist */
    bool hold, quit;
    int credit; /* steps to take though held */
    lt_lens watched;
    int chosen;           /* of several pictures the first to be decoded */
    unsigned char *state; /* owned [images]: SHOWN, DROPPED */
    bool showing, last;   /* pictures of this step are still to be decoded; it is the last step */
    double attend;        /* seconds to wait for a picture to be seen */
    double unseen;        /* when the newest was sent; 0: it was seen */
    double share, stepping, decoding; /* the budget, and seconds spent so far */
    lt_job wanted;                    /* a picture; no latents: none */
    float *shown, *pixels;            /* owned: of the run's size */
    size_t shown_count, pixel_count;
} worker;

/* ---- events ---- */

static void send(worker *w, lt_event e)
{
    lt_queue_put(w->s->events, &e);
}

static void say(worker *w, lt_event_kind kind, const char *text)
{
    send(w, (lt_event){.kind = kind, .id = w->id, .text = lt_strdup(text)});
}

static void tell(worker *w, lt_event_kind kind)
{
    send(w, (lt_event){.kind = kind, .id = w->id, .step = w->step});
}

static void at(worker *w, lt_activity what)
{
    atomic_store(&w->s->progress.done, 0);
    atomic_store(&w->s->progress.total, 0);
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

static void drop_run(worker *w)
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
    lt_film_free(w->parent);
    w->parent = NULL;
}

static void close_model(worker *w)
{
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
                          .steps = about->scheduler->steps,
                          .guidance_scale = about->scheduler->guidance_scale,
                          .seconds = seconds};
    memcpy(m->sampler, about->scheduler->sampler, sizeof m->sampler);
    memcpy(m->hash, about->hash, sizeof m->hash);
    if (!lt_tokenizer_open(about->tokenizer_dir, &m->tokenizer, &ignored))
        m->tokenizer = NULL; /* it was there a moment ago: prompts are not counted */
    return m;
}

static void say_notes(worker *w, lt_buf *notes)
{
    for (char *line = notes->data, *end; line && *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        say(w, LT_EVENT_NOTE, line);
    }
    lt_buf_done(notes);
}

/* Opens what p names unless it is open. */
static bool open_model(worker *w, const lt_params *p, lt_error *err)
{
    lt_params resolved;
    lt_buf notes = {0};
    double start = lt_clock();
    if (w->engine && same_model(&w->opened, p))
        return true;
    close_model(w);
    at(w, LT_AT_LOADING);
    say(w, LT_EVENT_LOADING, p->model ? p->model : "demo");
    lt_params_copy(&resolved, p);
    bool ok = lt_resolve_open(w->s->backends, &resolved, LT_NEEDS_ALL, &w->engine, &notes, err);
    lt_params_done(&resolved);
    say_notes(w, &notes);
    if (!ok) {
        w->engine = NULL;
        return false;
    }
    lt_params_copy(&w->opened, p);
    send(w, (lt_event){.kind = LT_EVENT_LOADED,
                       .id = w->id,
                       .model = facts_of(w->engine, lt_clock() - start)});
    return true;
}

/* ---- pictures ---- */

static bool reserve(float **memory, size_t *have, size_t count, lt_error *err)
{
    void *fresh;
    if (count <= *have)
        return true;
    if (!lt_try_alloc(count * sizeof **memory, "a picture", &fresh, err))
        return false;
    free(*memory);
    *memory = fresh;
    *have = count;
    return true;
}

/* What a job of LT_JOB_DECODE says. */
static bool decode(worker *w, const lt_job *j, lt_error *err)
{
    lt_image *picture;
    double start = lt_clock();
    int f = lt_engine_about(w->engine)->vae->factor;
    size_t pixels = 3 * (size_t)j->h * (size_t)j->w * (size_t)f * (size_t)f;
    at(w, LT_AT_PICTURE);
    if (!reserve(&w->pixels, &w->pixel_count, pixels, err) ||
        !lt_engine_decode(w->engine, 1, j->h, j->w, j->latents, w->pixels, &w->s->progress, err) ||
        !lt_image_from_chw(w->pixels, j->w * f, j->h * f, &picture, err))
        return false;
    send(w, (lt_event){.kind = LT_EVENT_PICTURE,
                       .id = j->id,
                       .step = j->step,
                       .image = j->image,
                       .lens = j->lens,
                       .seconds = lt_clock() - start,
                       .picture = picture});
    return true;
}

/* One picture of the run as it is now. */
static bool decode_run(worker *w, int image, lt_lens lens, lt_error *err)
{
    const lt_run_view *v = lt_run_about(w->run);
    size_t one = (size_t)v->channels * (size_t)v->h * (size_t)v->w;
    if (!reserve(&w->shown, &w->shown_count, (size_t)v->images * one, err))
        return false;
    lt_run_lens(w->run, lens, w->shown);
    lt_job j = {.id = w->id,
                .step = w->step,
                .image = image,
                .lens = lens,
                .latents = w->shown + (size_t)image * one,
                .h = v->h,
                .w = v->w};
    return decode(w, &j, err);
}

/* The picture to decode next, the chosen one first; -1: none is left. */
static int next_image(const worker *w)
{
    int images = lt_run_about(w->run)->images;
    if (w->chosen >= 0 && w->chosen < images && !w->state[w->chosen])
        return w->chosen;
    for (int i = 0; i < images; i++)
        if (!w->state[i])
            return i;
    return -1;
}

/* All pictures of the step were made, or left out. */
static void shown_all(worker *w)
{
    w->showing = false;
    w->unseen = lt_clock();
    if (w->last) {
        drop_run(w);
        tell(w, LT_EVENT_DONE);
    } else if (w->hold) {
        tell(w, LT_EVENT_PAUSED);
    }
}

static bool over_budget(const worker *w)
{
    return !w->last && w->step > 0 && w->decoding > w->share * (w->stepping + w->decoding);
}

/* The next picture of the step, through the lens that is watched; at the end also as it is. */
static bool show_next(worker *w, lt_error *err)
{
    double start = lt_clock();
    int image = next_image(w);
    if (image >= 0 && over_budget(w)) {
        tell(w, LT_EVENT_SKIPPED);
        image = -1;
    }
    if (image >= 0) {
        bool ok =
            decode_run(w, image, w->watched, err) && (!w->last || w->watched == LT_LENS_LATENTS ||
                                                      decode_run(w, image, LT_LENS_LATENTS, err));
        w->decoding += lt_clock() - start;
        if (!ok)
            return false;
        w->state[image] |= SHOWN;
    }
    if (image < 0 || next_image(w) < 0)
        shown_all(w);
    return true;
}

/* Every picture is to be decoded, again if it was. */
static void show_again(worker *w)
{
    int images = lt_run_about(w->run)->images;
    for (int i = 0; i < images; i++)
        w->state[i] &= DROPPED;
    w->showing = true;
}

/* Begins with the pictures of the step that was taken. */
static bool show_run(worker *w, bool last, lt_error *err)
{
    w->last = last;
    show_again(w);
    return show_next(w, err);
}

/* One that is cancelled stays wanted: that was meant for the run. */
static void show_wanted(worker *w)
{
    lt_error err = {0};
    lt_job *j = &w->wanted;
    bool ok = !w->engine || decode(w, j, &err);
    at(w, LT_IDLE);
    if (!ok && err.code == LT_ERR_CANCELLED)
        return;
    if (!ok)
        send(w, (lt_event){.kind = LT_EVENT_FAILED, .error = err});
    free(j->latents);
    *j = (lt_job){0};
}

/* ---- the run ---- */

/* From the parent's last frame on, if this run is of its size and steps, or says nothing of them.
 */
static bool goes_on(const worker *w, lt_run_start *out, lt_error *err)
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

static bool begin(worker *w, lt_error *err)
{
    lt_film *film;
    lt_run_start from;
    lt_init_image init = {0};
    lt_run_options options = {.params = w->params, .film = true};
    double start = lt_clock();
    w->step = w->parent ? w->parent->done : 0;
    w->stepping = w->decoding = 0;
    if (!open_model(w, w->params, err))
        return false;
    at(w, LT_AT_TEXT);
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
    bool ok = lt_run_begin(w->engine, &options, &w->run, &w->s->progress, err);
    lt_init_image_done(&init);
    if (!ok || !lt_film_new(w->engine, w->params, w->run, &film, err))
        return false;
    if (w->parent && !lt_film_inherit(film, w->parent, w->step, err)) {
        lt_film_free(film);
        return false;
    }
    w->state = lt_alloc((size_t)film->images);
    film->begin_seconds = lt_clock() - start;
    send(w, (lt_event){.kind = LT_EVENT_BEGUN, .id = w->id, .film = film});
    return show_run(w, false, err);
}

static bool take_step(worker *w, lt_error *err)
{
    lt_film_step taken;
    double start = lt_clock();
    at(w, LT_AT_STEP);
    lt_step_result result = lt_run_step(w->run, &w->s->progress, err);
    double seconds = lt_clock() - start;
    if (result == LT_STEP_FAILED || !lt_film_step_of(w->run, seconds, &taken, err))
        return false;
    w->step++;
    w->stepping += seconds;
    send(w, (lt_event){.kind = LT_EVENT_STEP, .id = w->id, .step = w->step, .taken = taken});
    return show_run(w, result == LT_STEP_DONE, err);
}

/* The same run from its start in f32; false if that was not the fault. */
static bool retry(worker *w, const lt_error *fault)
{
    if (!w->engine || !lt_engine_needs_f32(w->engine))
        return false;
    char *text = lt_format("%s; starting again in f32", fault->message);
    say(w, LT_EVENT_NOTE, text);
    free(text);
    lt_run_free(w->run);
    w->run = NULL;
    w->showing = false;
    free(w->state);
    w->state = NULL;
    close_model(w);
    free(w->params->dtype);
    w->params->dtype = lt_strdup("f32");
    return true;
}

/* What follows a fault of the run: a retry, or its end. */
static void fail(worker *w, bool (*part)(worker *w, lt_error *err), lt_error *err)
{
    while (err->code != LT_ERR_CANCELLED && retry(w, err)) {
        *err = (lt_error){0};
        part = begin;
        if (part(w, err))
            return;
    }
    drop_run(w);
    at(w, LT_IDLE);
    if (err->code == LT_ERR_CANCELLED)
        tell(w, LT_EVENT_STOPPED);
    else
        send(w, (lt_event){.kind = LT_EVENT_FAILED, .id = w->id, .step = w->step, .error = *err});
}

static void go_on(worker *w, bool (*part)(worker *w, lt_error *err))
{
    lt_error err = {0};
    if (!part(w, &err))
        fail(w, part, &err);
    at(w, LT_IDLE);
}

/* ---- jobs ---- */

static void stop(worker *w)
{
    if (w->run) {
        drop_run(w);
        tell(w, LT_EVENT_STOPPED);
    }
}

/* Goes on without one of the run's pictures; without the last one it is over. */
static void drop_image(worker *w, const lt_job *j)
{
    lt_error err = {0};
    if (!w->run || j->id != w->id || j->image < 0 || j->image >= lt_run_about(w->run)->images ||
        w->state[j->image] & DROPPED)
        return;
    if (lt_run_kept(w->run) == 1) {
        stop(w);
        return;
    }
    at(w, LT_AT_COMPILING);
    bool ok = lt_run_drop(w->run, j->image, &w->s->progress, &err);
    at(w, LT_IDLE);
    if (!ok) { /* cancelled: the whole run is about to be */
        if (err.code != LT_ERR_CANCELLED)
            send(w, (lt_event){.kind = LT_EVENT_FAILED, .error = err});
        return;
    }
    w->state[j->image] |= DROPPED;
    send(w, (lt_event){.kind = LT_EVENT_DROPPED, .id = w->id, .step = w->step, .image = j->image});
    if (w->showing && next_image(w) < 0)
        shown_all(w);
}

static void load(worker *w, const lt_job *j)
{
    lt_error err = {0};
    w->id = w->run ? w->id : 0;
    if (w->engine && !same_model(&w->opened, j->params))
        stop(w);
    if (!open_model(w, j->params, &err))
        send(w, (lt_event){.kind = LT_EVENT_FAILED, .error = err});
    at(w, LT_IDLE);
}

static void start(worker *w, lt_job *j)
{
    stop(w);
    w->id = j->id;
    w->params = j->params;
    j->params = NULL;
    w->parent = j->parent;
    j->parent = NULL;
    w->hold = j->hold;
    w->credit = 0;
    go_on(w, begin);
}

static void handle(worker *w, lt_job *j)
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
            tell(w, LT_EVENT_PAUSED);
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
            show_again(w);
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
}

bool lt_job_cancels(const lt_job *j)
{
    return j->kind == LT_JOB_STOP || j->kind == LT_JOB_RUN || j->kind == LT_JOB_QUIT;
}

/* A job that cancels is reached: what it was meant for is over, unless another one follows. */
static void reached(lt_shared *s)
{
    if (atomic_fetch_sub(&s->stops, 1) > 1)
        return;
    atomic_store(&s->progress.cancel, false);
    if (atomic_load(&s->stops) > 0) /* put meanwhile: its flag was set before ours was cleared */
        atomic_store(&s->progress.cancel, true);
}

static void take_jobs(worker *w)
{
    lt_job j;
    while (!w->quit && lt_queue_take(w->s->jobs, &j)) {
        if (lt_job_cancels(&j))
            reached(w->s);
        handle(w, &j);
        lt_job_done(&j);
    }
}

/* Seconds that the next step has to wait for the screen. */
static double patience(const worker *w)
{
    double left = w->unseen > 0 ? w->unseen + w->attend - lt_clock() : 0;
    return left > 0 ? left : 0;
}

void *lt_worker_run(void *shared)
{
    worker w = {.s = shared, .share = 1};
    lt_job rest;
    lt_params_init(&w.opened);
    while (!w.quit) {
        take_jobs(&w);
        if (w.quit)
            break;
        if (w.wanted.latents) {
            show_wanted(&w);
        } else if (w.run && w.showing) {
            go_on(&w, show_next);
        } else if (w.run && (!w.hold || w.credit > 0) && patience(&w) > 0) {
            lt_queue_wait_for(w.s->jobs, patience(&w));
        } else if (w.run && (!w.hold || w.credit > 0)) {
            w.credit -= w.hold;
            go_on(&w, take_step);
        } else {
            lt_queue_wait(w.s->jobs);
        }
    }
    while (lt_queue_take(w.s->jobs, &rest))
        lt_job_done(&rest);
    drop_run(&w);
    close_model(&w);
    lt_params_done(&w.opened);
    free(w.wanted.latents);
    free(w.shown);
    free(w.pixels);
    return NULL;
}
