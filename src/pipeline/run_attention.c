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

/* With the words of their prompts. */
bool lt_run_make_attention(lt_run *run, lt_error *err)
{
    const lt_run_view *v = &run->view;
    const lt_engine_info *about = lt_engine_about(run->engine);
    run->attention = lt_alloc_array((size_t)v->images, sizeof(lt_attention_maps *));
    run->attending = lt_alloc_array((size_t)v->images, sizeof(lt_attention_maps *));
    for (int i = 0; i < v->images; i++) {
        int prompt = i / v->per_prompt;
        if (!lt_attention_new(about->unet, v->tokens, v->h, v->w, &run->attention[i], err))
            return false;
        lt_attention_of(run->attention[i], run->params->prompts[prompt], &run->prompts[prompt]);
    }
    return true;
}

/* For another UNet beside what the run has. */
static bool check_room(const lt_run *run, bool maps, lt_error *err)
{
    const lt_run_view *v = &run->view;
    bool one_prompt = run->params->prompt_count == 1;
    int kept = lt_run_kept(run);
    lt_work work = {.prompts = one_prompt ? 1 : kept,
                    .per_prompt = one_prompt ? kept : 1,
                    .width = v->width,
                    .height = v->height,
                    .guided = v->guided,
                    .own_generators = run->params->own_generators,
                    .maps = maps,
                    .tiling = v->tiled ? LT_TILING_ON : LT_TILING_OFF,
                    .beside_run = true};
    lt_room room = lt_run_room(run);
    return lt_forecast_check(run->engine, &work, &room, err);
}

/* The same, without what was compiled for other sizes if need be. */
static bool make_room(const lt_run *run, bool maps, lt_error *err)
{
    if (check_room(run, maps, err))
        return true;
    if (err->code != LT_ERR_MEMORY || !lt_engine_trim(run->engine, run->view.h, run->view.w))
        return false;
    *err = (lt_error){0};
    return check_room(run, maps, err);
}

bool lt_run_attend(lt_run *run, bool on, lt_progress *progress, lt_error *err)
{
    if (on == (run->attention != NULL))
        return true;
    if (!make_room(run, on, err) || !lt_run_prepare(run, lt_run_kept(run), on, progress, err))
        return false;
    if (on && lt_run_make_attention(run, err))
        return true;
    lt_run_forget_attention(run);
    return !on;
}
