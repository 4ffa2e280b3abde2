/* worker_beside.c - what is no run's: a picture through the autoencoder, and what the UNet says of
 * noise in it; see worker_impl.h. */
#include "base/clock.h"
#include "image/png.h"
#include "pipeline/worker_impl.h"

void lt_worker_beside_take(lt_worker *w, lt_job *j)
{
    lt_job_done(&w->beside);
    w->beside = *j; /* LEAVE has no id: none waits */
    *j = (lt_job){.kind = j->kind};
}

static bool encode(lt_worker *w, const lt_job *j, lt_error *err)
{
    lt_encoded *encoded;
    lt_image *image = NULL;
    if (j->picture)
        image = lt_image_ref(j->picture);
    else if (!lt_png_read(j->path, &image, NULL, err))
        return false;
    lt_worker_at(w, LT_AT_ENCODING);
    lt_encode_options o = {.size = j->params->size,
                           .tiling = lt_params_tiling(j->params),
                           .beside_run = w->run != NULL};
    bool ok = lt_encode_picture(w->engine, image, &o, &encoded, &w->s->beside, err) ||
              (err->code != LT_ERR_CANCELLED && j->path && lt_fail_in(err, "'%s'", j->path));
    lt_image_unref(image);
    if (ok && encoded->tiled && o.tiling == LT_TILING_AUTO)
        lt_worker_say(w, LT_EVENT_NOTE, LT_TILING_NOTE);
    if (ok)
        lt_worker_send(w, (lt_event){.kind = LT_EVENT_ENCODED, .id = j->id, .encoded = encoded});
    return ok;
}

/* latents [C,h,w] of the scale of x_t -> a picture. */
static bool decode(lt_worker *w, const lt_job *j, const float *latents, lt_image **out,
                   lt_error *err)
{
    lt_worker_at(w, LT_AT_PICTURE);
    lt_engine_tile(w->engine, j->tiled);
    return lt_engine_picture(w->engine, j->h, j->w, latents, out, &w->s->beside, err);
}

static bool predict(lt_worker *w, const lt_job *j, lt_error *err)
{
    lt_image *noised;
    lt_predicted *p;
    double start = lt_clock();
    lt_noise_call call = {.prompt = j->text,
                          .t = j->step,
                          .channels = j->channels,
                          .h = j->h,
                          .w = j->w,
                          .abar = j->abar,
                          .x_t = j->latents};
    if (!lt_noise_call_fits(w->engine, &call, err) || !decode(w, j, j->latents, &noised, err))
        return false;
    lt_worker_send(w, (lt_event){.kind = LT_EVENT_NOISED,
                                 .id = j->id,
                                 .step = j->step,
                                 .seconds = lt_clock() - start,
                                 .picture = noised});
    lt_worker_at(w, LT_AT_PREDICTING);
    if (!lt_predict_noise(w->engine, &call, &p, &w->s->beside, err))
        return false;
    if (!decode(w, j, p->x0, &p->picture, err)) {
        lt_predicted_free(p);
        return false;
    }
    lt_worker_send(w, (lt_event){.kind = LT_EVENT_PREDICTED,
                                 .id = j->id,
                                 .step = j->step,
                                 .seconds = lt_clock() - start,
                                 .predicted = p});
    return true;
}

void lt_worker_beside(lt_worker *w)
{
    lt_error err = {0};
    lt_job *j = &w->beside;
    w->id = w->run ? w->id : 0;
    bool ok = (w->engine || lt_worker_open(w, j->params, &err)) &&
              (j->kind == LT_JOB_ENCODE ? encode(w, j, &err) : predict(w, j, &err));
    lt_worker_at(w, LT_IDLE);
    if (!ok && err.code == LT_ERR_CANCELLED) /* what took its turn is the next job */
        return;
    if (!ok)
        lt_worker_send(w, (lt_event){.kind = LT_EVENT_FAILED, .id = j->id, .error = err});
    lt_job_done(j);
    *j = (lt_job){0};
}
