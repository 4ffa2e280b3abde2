/* worker_show.c - the pictures of a run's steps, and those that somebody wants; see worker_impl.h.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/worker_impl.h"

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

/* ---- the decoder ---- */

/* Gives it a picture; the latents are read before this returns. */
static bool begin(lt_worker *w, const lt_job *j, bool of_run, lt_error *err)
{
    lt_worker_at(w, LT_AT_PICTURE);
    lt_engine_tile(w->engine, j->tiled);
    w->decoder = (lt_worker_decoder){.of_run = of_run,
                                     .beside = lt_engine_beside(w->engine) &&
                                               !lt_engine_tiles(w->engine, j->h, j->w),
                                     .picture = *j,
                                     .since = lt_clock()};
    w->decoder.busy =
        lt_engine_picture_start(w->engine, j->h, j->w, j->latents, &w->s->progress, err);
    return w->decoder.busy;
}

/* Takes the picture. */
static void send(lt_worker *w, lt_image *picture)
{
    const lt_job *j = &w->decoder.picture;
    lt_worker_send(w, (lt_event){.kind = LT_EVENT_PICTURE,
                                 .id = j->id,
                                 .step = j->step,
                                 .image = j->image,
                                 .lens = j->lens,
                                 .seconds = w->decoder.seconds,
                                 .beside = w->decoder.beside,
                                 .picture = picture});
}

/* A picture that was made beside the steps waits until the one of a step before it was seen. */
static bool held_back(const lt_worker *w)
{
    const lt_worker_decoder *d = &w->decoder;
    return lt_engine_beside(w->engine) && d->of_run && !d->silent && d->picture.step != w->sent &&
           lt_worker_patience(w, w->unseen) > 0;
}

/* picture: NULL for one that failed with *err. */
static void finish_wanted(lt_worker *w, lt_image *picture, const lt_error *err)
{
    if (picture)
        send(w, picture);
    else
        lt_worker_send(w, (lt_event){.kind = LT_EVENT_FAILED, .error = *err});
    free(w->decoder.picture.latents);
    w->decoder.picture = (lt_job){0};
}

static void finish_of_run(lt_worker *w, lt_image *picture)
{
    w->decoding += w->decoder.seconds;
    send(w, picture);
    w->unseen = lt_clock();
    w->sent = w->decoder.picture.step;
    lt_worker_shown_all(w);
}

bool lt_worker_show_finished(lt_worker *w, lt_error *err)
{
    lt_worker_decoder *d = &w->decoder;
    bool ok = true, yes;
    if (!d->busy)
        return true;
    if (!d->made) {
        ok = lt_engine_picture_finished(w->engine, &yes, &d->made, err);
        if (ok && !yes)
            return true;
        d->seconds = lt_clock() - d->since;
    }
    if (ok && held_back(w))
        return true;
    lt_image *picture = d->made;
    d->made = NULL;
    d->busy = false;
    if (d->silent)
        lt_image_unref(picture);
    else if (!d->of_run)
        finish_wanted(w, picture, err);
    else if (ok)
        finish_of_run(w, picture);
    return ok || d->silent || !d->of_run;
}

void lt_worker_silence(lt_worker *w)
{
    w->decoder.silent |= w->decoder.of_run;
}

void lt_worker_decoder_drop(lt_worker *w)
{
    lt_worker_decoder *d = &w->decoder;
    if (d->busy && !d->of_run && !w->wanted.latents)
        w->wanted = d->picture;
    else if (d->busy && !d->of_run)
        free(d->picture.latents);
    lt_image_unref(d->made);
    *d = (lt_worker_decoder){0};
}

/* ---- of the run ---- */

/* The picture to decode next, the chosen one first; -1: none is left. */
int lt_worker_next_image(const lt_worker *w)
{
    int images = lt_run_about(w->run)->images;
    unsigned char all = LT_WORKER_SHOWN | (w->last ? LT_WORKER_PLAIN : 0);
    for (int i = -1; i < images; i++) {
        int image = i < 0 ? w->chosen : i;
        if (image >= 0 && image < images && !(w->state[image] & LT_WORKER_DROPPED) &&
            (w->state[image] & all) != all)
            return image;
    }
    return -1;
}

/* The run as it is now: through the lens that is watched, at the end also as it is. */
static bool begin_of_run(lt_worker *w, int image, lt_error *err)
{
    const lt_run_view *v = lt_run_about(w->run);
    size_t one = (size_t)v->channels * (size_t)v->h * (size_t)v->w;
    bool shown = w->state[image] & LT_WORKER_SHOWN;
    lt_lens lens = shown ? LT_LENS_LATENTS : w->watched;
    if (!reserve(&w->shown, &w->shown_count, (size_t)v->images * one, err))
        return false;
    lt_run_lens(w->run, lens, w->shown);
    lt_job j = {.id = w->id,
                .step = w->step,
                .image = image,
                .lens = lens,
                .latents = w->shown + (size_t)image * one,
                .h = v->h,
                .w = v->w,
                .tiled = v->tiled};
    w->state[image] |= LT_WORKER_SHOWN | (lens == LT_LENS_LATENTS ? LT_WORKER_PLAIN : 0);
    return begin(w, &j, true, err);
}

void lt_worker_shown_all(lt_worker *w)
{
    const lt_worker_decoder *d = &w->decoder;
    if (!w->showing || lt_worker_next_image(w) >= 0 || (d->busy && d->of_run && !d->silent))
        return;
    w->showing = false;
    if (w->last) {
        lt_worker_drop_run(w);
        lt_worker_tell(w, LT_EVENT_DONE);
    } else if (w->hold) {
        lt_worker_tell(w, LT_EVENT_PAUSED);
    }
}

static bool over_budget(const lt_worker *w)
{
    return !w->last && w->step > 0 && w->decoding > w->share * (w->stepping + w->decoding);
}

static void leave_out(lt_worker *w)
{
    int images = lt_run_about(w->run)->images;
    lt_worker_tell(w, LT_EVENT_SKIPPED);
    for (int i = 0; i < images; i++)
        w->state[i] |= LT_WORKER_SHOWN;
    lt_worker_shown_all(w);
}

/* In the order of the steps: after the picture that the decoder was at. */
static void tell_passed(lt_worker *w)
{
    for (int i = 0; i < w->passed; i++)
        lt_worker_send(
            w, (lt_event){.kind = LT_EVENT_SKIPPED, .id = w->id, .step = w->passed_from + i});
    w->passed = 0;
}

bool lt_worker_show_next(lt_worker *w, lt_error *err)
{
    int image = lt_worker_next_image(w);
    tell_passed(w);
    if (image < 0) {
        lt_worker_shown_all(w);
        return true;
    }
    if (over_budget(w)) {
        leave_out(w);
        return true;
    }
    return begin_of_run(w, image, err) && lt_worker_show_finished(w, err);
}

void lt_worker_show_again(lt_worker *w)
{
    int images = lt_run_about(w->run)->images;
    for (int i = 0; i < images; i++)
        w->state[i] &= (unsigned char)~LT_WORKER_SHOWN;
    w->showing = true;
}

bool lt_worker_show(lt_worker *w, bool last, lt_error *err)
{
    if (w->showing && lt_worker_next_image(w) >= 0 && w->passed++ == 0)
        w->passed_from = w->step - 1;
    w->last = last;
    w->stepped = lt_clock();
    for (int i = 0; i < lt_run_about(w->run)->images; i++)
        w->state[i] &= LT_WORKER_DROPPED;
    w->showing = true;
    return w->decoder.busy || lt_worker_show_next(w, err);
}

/* ---- what somebody wants ---- */

void lt_worker_show_wanted(lt_worker *w)
{
    lt_error err = {0};
    lt_job j = w->wanted;
    bool ok = w->engine ? begin(w, &j, false, &err)
                        : lt_fail(&err, LT_ERR_ARGUMENT, NULL, "no model is open to decode with");
    if (!ok) {
        if (err.code == LT_ERR_CANCELLED)
            return;
        lt_worker_send(w, (lt_event){.kind = LT_EVENT_FAILED, .error = err});
    }
    w->wanted = (lt_job){0};
    if (w->decoder.busy)
        (void)!lt_worker_show_finished(w, &err); /* it tells its errors */
    else
        free(j.latents);
}
