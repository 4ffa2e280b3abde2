/* run_attention.c - a run with the cross-attention maps of its steps, or without; see run.h. */
#include <stdlib.h>

#include "base/mem.h"
#include "pipeline/run_impl.h"

lt_engine_load lt_run_load(const lt_run *run, int images, bool maps)
{
    const lt_run_view *v = &run->view;
    return (lt_engine_load){.images = images,
                            .h = v->h,
                            .w = v->w,
                            .guided = v->guided,
                            .maps = maps,
                            .one_prompt = run->params->prompt_count == 1};
}

bool lt_run_prepare(lt_run *run, int images, bool maps, lt_progress *progress, lt_error *err)
{
    lt_engine_load load = lt_run_load(run, images, maps);
    lt_engine_tile(run->engine, run->view.tiled); /* others may have decoded since */
    return lt_engine_prepare(run->engine, &load, progress, err);
}

void lt_run_forget_attention(lt_run *run)
{
    for (int i = 0; run->attention && i < run->view.images; i++)
        lt_attention_free(run->attention[i]);
    free(run->attention);
    free(run->attending);
    run->attention = run->attending = NULL;
    run->view.attention = NULL;
}

/* One for every picture, with the words of its prompt. */
static bool make_attention(lt_run *run, lt_error *err)
{
    const lt_run_view *v = &run->view;
    const lt_engine_info *about = lt_engine_about(run->engine);
    run->attention = lt_alloc_array((size_t)v->images, sizeof(lt_attention_maps *));
    run->attending = lt_alloc_array((size_t)v->images, sizeof(lt_attention_maps *));
    for (int i = 0; i < v->images; i++) {
        int prompt = i / v->per_prompt;
        if (!lt_attention_new(about->unet, v->tokens, v->h, v->w, &run->attention[i], err))
            return false;
        lt_words_of(run->params->prompts[prompt], &run->prompts[prompt], &run->attention[i]->words);
    }
    return true;
}

bool lt_run_attend(lt_run *run, bool on, lt_progress *progress, lt_error *err)
{
    if (on == (run->attention != NULL))
        return true;
    if (!lt_run_prepare(run, lt_run_kept(run), on, progress, err))
        return false;
    if (on && make_attention(run, err))
        return true;
    lt_run_forget_attention(run);
    return !on;
}
