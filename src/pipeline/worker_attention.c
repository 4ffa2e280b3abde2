/* worker_attention.c - where the words of a prompt are looked at: of steps as they are taken, and
 * of those that were taken without; see worker_impl.h. */
#include <stdlib.h>

#include "base/mem.h"
#include "pipeline/forecast.h"
#include "pipeline/worker_impl.h"

static void give_up(lt_worker *w, const lt_error *why)
{
    char *text = lt_format("the next steps come without attention: %s", why->message);
    lt_worker_say(w, LT_EVENT_NOTE, text);
    free(text);
    w->attends = false;
}

bool lt_worker_begin_attending(lt_worker *w, lt_run_options *o, lt_error *err)
{
    o->attention = w->attends;
    if (lt_run_begin(w->engine, o, &w->run, &w->s->progress, err))
        return true;
    if (!o->attention || (err->code != LT_ERR_MEMORY && err->code != LT_ERR_MODEL))
        return false;
    lt_error why = *err;
    *err = (lt_error){0};
    o->attention = false;
    if (!lt_run_begin(w->engine, o, &w->run, &w->s->progress, err))
        return false;
    give_up(w, &why);
    return true;
}

bool lt_worker_attend(lt_worker *w, lt_error *err)
{
    if (lt_run_attend(w->run, w->attends, &w->s->progress, err))
        return true;
    if (err->code == LT_ERR_CANCELLED || (!w->attends && err->code != LT_ERR_MEMORY))
        return false;
    if (w->attends)
        give_up(w, err);
    *err = (lt_error){0}; /* no room for a UNet without maps: the one with them does as well */
    return true;
}

/* Takes the maps over. */
static void send(lt_worker *w, uint64_t id, int step, int image, lt_attention_maps *maps)
{
    lt_worker_send(
        w,
        (lt_event){
            .kind = LT_EVENT_ATTENTION, .id = id, .step = step, .image = image, .attention = maps});
}

void lt_worker_send_attention(lt_worker *w)
{
    const lt_run_view *v = lt_run_about(w->run);
    for (int i = 0; w->attends && v->attention && i < v->images; i++) {
        lt_error err;
        lt_attention_maps *copy;
        if (w->state[i] & LT_WORKER_DROPPED)
            continue;
        if (lt_attention_copy(v->attention[i], &copy, &err))
            send(w, w->id, w->step, i, copy);
        else
            give_up(w, &err);
    }
}

/* For a UNet of its own, unless there is one. */
static bool check_room(lt_worker *w, const lt_job *j, lt_error *err)
{
    int f = lt_engine_about(w->engine)->vae->factor;
    lt_work work = {.prompts = 1,
                    .per_prompt = 1,
                    .width = j->w * f,
                    .height = j->h * f,
                    .maps = true,
                    .beside_run = w->run != NULL};
    lt_room room = lt_room_find("");
    return lt_forecast_check(w->engine, &work, &room, err);
}

/* The conditional pass once more, for its maps alone; what else it gives is not looked at. */
static bool pass(lt_worker *w, const lt_job *j, float *eps, lt_attention_maps *maps, lt_error *err)
{
    lt_once_call call = {.prompt = j->text,
                         .timestep = j->timestep,
                         .h = j->h,
                         .w = j->w,
                         .latents = j->latents,
                         .eps = eps,
                         .attention = maps};
    return lt_engine_predict_once(w->engine, &call, &w->s->attention, err);
}

static bool make(lt_worker *w, const lt_job *j, lt_error *err)
{
    lt_attention_maps *maps;
    void *eps;
    if (!w->engine)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "no model is open to look at words with");
    const lt_engine_info *about = lt_engine_about(w->engine);
    size_t n = (size_t)j->channels * (size_t)j->h * (size_t)j->w;
    if (about->unet->in_channels != j->channels)
        return lt_fail(err, LT_ERR_MODEL, NULL, "the model that is open has %d channels, not %d",
                       about->unet->in_channels, j->channels);
    if (!check_room(w, j, err) ||
        !lt_attention_new(about->unet, about->clip->max_position_embeddings, j->h, j->w, &maps,
                          err))
        return false;
    lt_worker_at(w, LT_AT_ATTENTION);
    bool ok = lt_try_alloc(n * sizeof(float), "the prediction", &eps, err);
    if (ok) {
        ok = pass(w, j, eps, maps, err);
        free(eps);
    }
    if (ok)
        send(w, j->id, j->step, j->image, maps);
    else
        lt_attention_free(maps);
    return ok;
}

void lt_worker_attention_wanted(lt_worker *w)
{
    lt_error err = {0};
    bool ok = make(w, &w->wanted_attention, &err);
    lt_worker_at(w, LT_IDLE);
    if (!ok && err.code == LT_ERR_CANCELLED) /* for the run, or a newer one takes its place */
        return;
    if (!ok)
        lt_worker_send(w, (lt_event){.kind = LT_EVENT_FAILED, .error = err});
    lt_job_done(&w->wanted_attention);
    w->wanted_attention = (lt_job){0};
}
