/* worker_attention.c - where the words of a prompt are looked at: of steps as they are taken, and
 * of those that were taken without; see worker_impl.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

/* What the conditional pass needs beside the latents, and what it gives. */
typedef struct pass {
    float *text;             /* owned [T,D] */
    float *shifts;           /* owned */
    float *eps;              /* owned [C,h,w]: not looked at */
    lt_attention_maps *maps; /* owned */
} pass;

static void pass_done(pass *p)
{
    free(p->text);
    free(p->shifts);
    free(p->eps);
    lt_attention_free(p->maps);
}

/* Room for all, and the words and text of the prompt. */
static bool begin_pass(lt_worker *w, const lt_job *j, pass *p, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(w->engine);
    int tokens = about->clip->max_position_embeddings;
    lt_tokens ids;
    if (about->unet->in_channels != j->channels)
        return lt_fail(err, LT_ERR_MODEL, NULL, "the model that is open has %d channels, not %d",
                       about->unet->in_channels, j->channels);
    p->text = lt_alloc_array((size_t)tokens * (size_t)about->clip->hidden_size, sizeof(float));
    p->shifts = lt_alloc_array((size_t)lt_unet_shifts(about->unet), sizeof(float));
    p->eps = lt_alloc_array((size_t)j->channels * (size_t)j->h * (size_t)j->w, sizeof(float));
    if (!lt_attention_new(about->unet, tokens, j->h, j->w, &p->maps, err) ||
        !lt_tokenizer_encode(about->tokenizer, j->text, strlen(j->text), &ids, err))
        return false;
    lt_words_of(j->text, &ids, &p->maps->words);
    bool ok = lt_engine_encode_text(w->engine, ids.ids, p->text, &w->s->progress, err);
    lt_tokens_done(&ids);
    return ok;
}

static bool make(lt_worker *w, const lt_job *j, lt_error *err)
{
    pass p = {0};
    lt_progress *progress = &w->s->progress;
    lt_worker_at(w, LT_AT_ATTENTION);
    bool ok = begin_pass(w, j, &p, err) &&
              lt_engine_time(w->engine, 1, &j->timestep, p.shifts, progress, err);
    lt_unet_call call = {.images = 1,
                         .h = j->h,
                         .w = j->w,
                         .latents = j->latents,
                         .shifts = p.shifts,
                         .cond = p.text,
                         .eps_cond = p.eps,
                         .attention = &p.maps};
    ok = ok && lt_engine_predict(w->engine, &call, progress, err);
    if (ok) {
        send(w, j->id, j->step, j->image, p.maps);
        p.maps = NULL;
    }
    pass_done(&p);
    return ok;
}

void lt_worker_attention_wanted(lt_worker *w)
{
    lt_error err = {0};
    bool ok = !w->engine || make(w, &w->wanted_attention, &err);
    lt_worker_at(w, LT_IDLE);
    if (!ok && err.code == LT_ERR_CANCELLED)
        return;
    if (!ok)
        lt_worker_send(w, (lt_event){.kind = LT_EVENT_FAILED, .error = err});
    lt_job_done(&w->wanted_attention);
    w->wanted_attention = (lt_job){0};
}
