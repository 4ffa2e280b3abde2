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

/* What a job of LT_JOB_DECODE says. */
static bool decode(lt_worker *w, const lt_job *j, lt_error *err)
{
    lt_image *picture;
    double start = lt_clock();
    int f = lt_engine_about(w->engine)->vae->factor;
    size_t pixels = 3 * (size_t)j->h * (size_t)j->w * (size_t)f * (size_t)f;
    lt_worker_at(w, LT_AT_PICTURE);
    if (!reserve(&w->pixels, &w->pixel_count, pixels, err) ||
        !lt_engine_decode(w->engine, 1, j->h, j->w, j->latents, w->pixels, &w->s->progress, err) ||
        !lt_image_from_chw(w->pixels, j->w * f, j->h * f, &picture, err))
        return false;
    lt_worker_send(w, (lt_event){.kind = LT_EVENT_PICTURE,
                                 .id = j->id,
                                 .step = j->step,
                                 .image = j->image,
                                 .lens = j->lens,
                                 .seconds = lt_clock() - start,
                                 .picture = picture});
    return true;
}

/* One picture of the run as it is now. */
static bool decode_run(lt_worker *w, int image, lt_lens lens, lt_error *err)
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
int lt_worker_next_image(const lt_worker *w)
{
    int images = lt_run_about(w->run)->images;
    if (w->chosen >= 0 && w->chosen < images && !w->state[w->chosen])
        return w->chosen;
    for (int i = 0; i < images; i++)
        if (!w->state[i])
            return i;
    return -1;
}

void lt_worker_shown_all(lt_worker *w)
{
    w->showing = false;
    w->unseen = lt_clock();
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

/* The next picture of the step, through the lens that is watched; at the end also as it is. */
bool lt_worker_show_next(lt_worker *w, lt_error *err)
{
    double start = lt_clock();
    int image = lt_worker_next_image(w);
    if (image >= 0 && over_budget(w)) {
        lt_worker_tell(w, LT_EVENT_SKIPPED);
        image = -1;
    }
    if (image >= 0) {
        bool ok =
            decode_run(w, image, w->watched, err) && (!w->last || w->watched == LT_LENS_LATENTS ||
                                                      decode_run(w, image, LT_LENS_LATENTS, err));
        w->decoding += lt_clock() - start;
        if (!ok)
            return false;
        w->state[image] |= LT_WORKER_SHOWN;
    }
    if (image < 0 || lt_worker_next_image(w) < 0)
        lt_worker_shown_all(w);
    return true;
}

/* Every picture is to be decoded, again if it was. */
void lt_worker_show_again(lt_worker *w)
{
    int images = lt_run_about(w->run)->images;
    for (int i = 0; i < images; i++)
        w->state[i] &= LT_WORKER_DROPPED;
    w->showing = true;
}

/* Begins with the pictures of the step that was taken. */
bool lt_worker_show(lt_worker *w, bool last, lt_error *err)
{
    w->last = last;
    lt_worker_show_again(w);
    return lt_worker_show_next(w, err);
}

/* One that is cancelled stays wanted: that was meant for the run. */
void lt_worker_show_wanted(lt_worker *w)
{
    lt_error err = {0};
    lt_job *j = &w->wanted;
    bool ok = !w->engine || decode(w, j, &err);
    lt_worker_at(w, LT_IDLE);
    if (!ok && err.code == LT_ERR_CANCELLED)
        return;
    if (!ok)
        lt_worker_send(w, (lt_event){.kind = LT_EVENT_FAILED, .error = err});
    free(j->latents);
    *j = (lt_job){0};
}
