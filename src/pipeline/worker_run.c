/* worker_run.c - the run: its beginning, its steps, what follows a fault; see worker_impl.h. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/worker_impl.h"

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

bool lt_worker_step(lt_worker *w, lt_error *err)
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
    lt_worker_close(w);
    free(w->params->dtype);
    w->params->dtype = lt_strdup("f32");
    return true;
}

void lt_worker_fail(lt_worker *w, lt_worker_part *part, lt_error *err)
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

void lt_worker_go_on(lt_worker *w, lt_worker_part *part)
{
    lt_error err = {0};
    if (!part(w, &err))
        lt_worker_fail(w, part, &err);
    lt_worker_at(w, LT_IDLE);
}

void lt_worker_stop(lt_worker *w)
{
    if (w->run) {
        lt_worker_drop_run(w);
        lt_worker_tell(w, LT_EVENT_STOPPED);
    }
}

void lt_worker_drop_image(lt_worker *w, const lt_job *j)
{
    lt_error err = {0};
    if (!w->run || j->id != w->id || j->image < 0 || j->image >= lt_run_about(w->run)->images ||
        w->state[j->image] & LT_WORKER_DROPPED)
        return;
    if (lt_run_kept(w->run) == 1) {
        lt_worker_stop(w);
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

void lt_worker_start(lt_worker *w, lt_job *j)
{
    lt_worker_stop(w);
    w->id = j->id;
    w->params = j->params;
    j->params = NULL;
    w->parent = j->parent;
    j->parent = NULL;
    w->hold = j->hold;
    w->credit = 0;
    w->unseen = 0;
    lt_worker_go_on(w, begin);
}
