/* session.c - the thread, and the side of its caller; see session.h. */
#include "pipeline/session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "pipeline/worker.h"

struct lt_session {
    lt_shared shared;
    pthread_t thread;
    bool tiled; /* of what is asked for */
};

bool lt_session_open(const lt_backend_ops *const *backends, lt_session **out, lt_error *err)
{
    lt_session *s = lt_alloc(sizeof *s);
    s->shared.backends = backends;
    bool ok = lt_queue_new(sizeof(lt_job), &s->shared.jobs, err) &&
              lt_queue_new(sizeof(lt_event), &s->shared.events, err);
    if (ok && pthread_create(&s->thread, NULL, lt_worker_run, &s->shared) != 0)
        ok = lt_fail(err, LT_ERR_IO, NULL, "cannot start a thread");
    if (!ok) {
        lt_queue_free(s->shared.jobs);
        lt_queue_free(s->shared.events);
        free(s);
        return false;
    }
    *out = s;
    return true;
}

static void cancel(lt_progress *progress, atomic_int *count)
{
    atomic_fetch_add(count, 1);
    atomic_store(&progress->cancel, true);
}

static void put(lt_session *s, lt_job j)
{
    if (lt_job_cancels(&j))
        cancel(&s->shared.progress, &s->shared.stops);
    if (lt_job_turns(&j))
        cancel(&s->shared.beside, &s->shared.turns);
    if (lt_job_looks(&j))
        cancel(&s->shared.attention, &s->shared.looks);
    lt_queue_put(s->shared.jobs, &j);
}

void lt_session_close(lt_session *s)
{
    lt_event e;
    if (!s)
        return;
    put(s, (lt_job){.kind = LT_JOB_QUIT});
    LT_ASSERT(pthread_join(s->thread, NULL) == 0);
    while (lt_session_poll(s, &e))
        lt_event_done(&e);
    lt_queue_free(s->shared.jobs);
    lt_queue_free(s->shared.events);
    free(s);
}

static lt_params *copy(const lt_params *p)
{
    lt_params *c = lt_alloc(sizeof *c);
    lt_params_copy(c, p);
    return c;
}

void lt_session_load(lt_session *s, const lt_params *p)
{
    put(s, (lt_job){.kind = LT_JOB_LOAD, .params = copy(p)});
}

void lt_session_run(lt_session *s, uint64_t id, const lt_params *p, bool hold)
{
    put(s, (lt_job){.kind = LT_JOB_RUN, .id = id, .params = copy(p), .hold = hold});
}

bool lt_session_fork(lt_session *s, uint64_t id, const lt_params *p, const lt_film *parent, int k,
                     bool hold, lt_error *err)
{
    lt_film *film;
    if (!lt_film_copy(parent, k, &film, err))
        return false;
    put(s, (lt_job){.kind = LT_JOB_RUN, .id = id, .params = copy(p), .parent = film, .hold = hold});
    return true;
}

void lt_session_hold(lt_session *s)
{
    put(s, (lt_job){.kind = LT_JOB_HOLD});
}

void lt_session_go(lt_session *s)
{
    put(s, (lt_job){.kind = LT_JOB_GO});
}

void lt_session_step(lt_session *s)
{
    put(s, (lt_job){.kind = LT_JOB_STEP});
}

void lt_session_stop(lt_session *s)
{
    put(s, (lt_job){.kind = LT_JOB_STOP});
}

void lt_session_watch(lt_session *s, lt_lens lens)
{
    put(s, (lt_job){.kind = LT_JOB_WATCH, .lens = lens});
}

void lt_session_budget(lt_session *s, double share)
{
    put(s, (lt_job){.kind = LT_JOB_BUDGET, .share = share});
}

void lt_session_attend(lt_session *s, double seconds)
{
    put(s, (lt_job){.kind = LT_JOB_ATTEND, .share = seconds});
}

void lt_session_seen(lt_session *s)
{
    put(s, (lt_job){.kind = LT_JOB_SEEN});
}

void lt_session_choose(lt_session *s, int image)
{
    put(s, (lt_job){.kind = LT_JOB_CHOOSE, .image = image});
}

void lt_session_drop(lt_session *s, uint64_t id, int image)
{
    put(s, (lt_job){.kind = LT_JOB_DROP, .id = id, .image = image});
}

void lt_session_decode(lt_session *s, uint64_t id, int step, int image, lt_lens lens,
                       const float *latents, int channels, int h, int w)
{
    size_t count = (size_t)channels * (size_t)h * (size_t)w;
    float *own = lt_alloc_array(count, sizeof *own);
    memcpy(own, latents, count * sizeof *own);
    put(s, (lt_job){.kind = LT_JOB_DECODE,
                    .id = id,
                    .step = step,
                    .image = image,
                    .lens = lens,
                    .latents = own,
                    .channels = channels,
                    .h = h,
                    .w = w,
                    .tiled = s->tiled});
}

void lt_session_tile(lt_session *s, bool on)
{
    s->tiled = on;
}

void lt_session_encode_text(lt_session *s, const char *text)
{
    put(s, (lt_job){.kind = LT_JOB_TEXT, .text = lt_strdup(text)});
}

void lt_session_encode_picture(lt_session *s, uint64_t id, const lt_params *p, const char *path,
                               lt_image *picture)
{
    put(s, (lt_job){.kind = LT_JOB_ENCODE,
                    .id = id,
                    .params = copy(p),
                    .path = path ? lt_strdup(path) : NULL,
                    .picture = path ? NULL : lt_image_ref(picture)});
}

void lt_session_predict(lt_session *s, uint64_t id, const lt_params *p, const lt_noise_call *call)
{
    size_t count = (size_t)call->channels * (size_t)call->h * (size_t)call->w;
    float *own = lt_alloc_array(count, sizeof *own);
    memcpy(own, call->x_t, count * sizeof *own);
    put(s, (lt_job){.kind = LT_JOB_PREDICT,
                    .id = id,
                    .params = copy(p),
                    .text = lt_strdup(call->prompt),
                    .step = call->t,
                    .abar = call->abar,
                    .latents = own,
                    .channels = call->channels,
                    .h = call->h,
                    .w = call->w,
                    .tiled = s->tiled});
}

void lt_session_leave(lt_session *s)
{
    put(s, (lt_job){.kind = LT_JOB_LEAVE});
}

void lt_session_attend_words(lt_session *s, bool on)
{
    put(s, (lt_job){.kind = LT_JOB_ATTEND_WORDS, .hold = on});
}

void lt_session_attention(lt_session *s, uint64_t id, const lt_film *f, int k, int image,
                          const char *prompt)
{
    LT_ASSERT(k >= 1 && k <= f->done && image < f->images);
    size_t one = f->all / (size_t)f->images;
    float *input = lt_alloc_array(one, sizeof *input);
    lt_sampler_scale(&f->schedule, k - 1, lt_film_latents(f, k - 1) + (size_t)image * one, one,
                     input);
    put(s, (lt_job){.kind = LT_JOB_ATTENTION,
                    .id = id,
                    .step = k,
                    .image = image,
                    .latents = input,
                    .text = lt_strdup(prompt),
                    .timestep = f->schedule.timesteps[k - 1],
                    .channels = f->channels,
                    .h = f->h,
                    .w = f->w});
}

int lt_session_fd(const lt_session *s)
{
    return lt_queue_fd(s->shared.events);
}

bool lt_session_poll(lt_session *s, lt_event *out)
{
    return lt_queue_take(s->shared.events, out);
}

void lt_model_facts_free(lt_model_facts *m)
{
    if (!m)
        return;
    lt_tokenizer_close(m->tokenizer);
    free(m->name);
    free(m->backend);
    free(m);
}

void lt_event_done(lt_event *e)
{
    free(e->text);
    lt_film_free(e->film);
    lt_film_step_done(&e->taken);
    lt_image_unref(e->picture);
    lt_model_facts_free(e->model);
    lt_encoding_free(e->encoding);
    lt_encoded_free(e->encoded);
    lt_predicted_free(e->predicted);
    lt_attention_free(e->attention);
    *e = (lt_event){0};
}

lt_activity_now lt_session_now(const lt_session *s)
{
    const lt_progress *each[] = {&s->shared.progress, &s->shared.beside, &s->shared.attention};
    lt_activity_now now = {.what = (lt_activity)atomic_load(&s->shared.activity)};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        now.done += atomic_load(&each[i]->done);
        now.total += atomic_load(&each[i]->total);
    }
    return now;
}
