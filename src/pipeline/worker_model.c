/* worker_model.c - the model that is open; see worker_impl.h. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/resolve.h"
#include "pipeline/worker_impl.h"

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool lt_worker_same_model(const lt_params *a, const lt_params *b)
{
    return same_text(a->model, b->model) && same_text(a->unet, b->unet) &&
           same_text(a->vae, b->vae) && same_text(a->text_encoder, b->text_encoder) &&
           same_text(a->tokenizer, b->tokenizer) && same_text(a->variant, b->variant) &&
           same_text(a->backend, b->backend) && same_text(a->dtype, b->dtype) &&
           same_text(a->device, b->device) && a->threads == b->threads;
}

void lt_worker_close(lt_worker *w)
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
    if (w->engine && lt_worker_same_model(&w->opened, p))
        return true;
    lt_worker_close(w);
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
