/* run.c - the denoising loop, one step at a time; see run.h. */
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "pipeline/run_impl.h"
#include "sample/guidance.h"

void lt_run_free(lt_run *run)
{
    if (!run)
        return;
    for (int i = 0; run->prompts && i < run->params->prompt_count; i++)
        lt_tokens_done(&run->prompts[i]);
    lt_tokens_done(&run->negative);
    lt_schedule_done(&run->schedule);
    lt_sampler_state_done(&run->state);
    lt_run_forget_attention(run);
    free(run->prompts);
    free(run->generators);
    free(run->kept);
    free(run->packed);
    free(run->block);
    free(run);
}

static bool guide(lt_run *run, lt_error *err)
{
    const lt_run_view *v = &run->view;
    lt_guidance_apply(run->eps_uncond, run->eps_text, v->guidance_scale, run->all, run->eps);
    return lt_engine_finite(run->eps, run->all) ||
           lt_fail(err, LT_ERR_ARGUMENT, "--guidance-scale 7.5",
                   "step %d: a guidance of %g makes numbers that are not finite",
                   run->state.step + 1, v->guidance_scale);
}

static bool predict(lt_run *run, lt_progress *progress, lt_error *err)
{
    const lt_run_view *v = &run->view;
    const char *what = "the UNet's prediction";
    lt_sampler_scale(&run->schedule, run->state.step, run->state.x, run->all, run->model_input);
    lt_unet_call call = lt_run_call(run);
    size_t all = (size_t)call.images * run->one;
    if (!lt_engine_predict(run->engine, &call, progress, err))
        return false;
    if (!lt_engine_check_finite(run->engine, what, call.eps_cond, all, err) ||
        (v->guided && !lt_engine_check_finite(run->engine, what, call.eps_uncond, all, err)))
        return lt_fail_in(err, "step %d", run->state.step + 1);
    lt_run_unpack(run, &call);
    return !v->guided || guide(run, err);
}

lt_step_result lt_run_step(lt_run *run, lt_progress *progress, lt_error *err)
{
    lt_run_view *v = &run->view;
    if (v->done == v->steps)
        return LT_STEP_DONE;
    if (!predict(run, progress, err))
        return LT_STEP_FAILED;
    if (run->step_noise)
        lt_run_draw(run, run->step_noise);
    lt_sampler_step(v->sampler, &run->schedule, run->eps, run->step_noise, &run->state);
    v->done = run->state.step;
    v->model_input = run->model_input;
    v->eps_uncond = run->eps_uncond;
    v->eps_text = run->eps_text;
    v->eps = run->eps;
    v->x0 = run->state.x0;
    v->step_noise = run->step_noise;
    v->attention = (const lt_attention_maps *const *)run->attention;
    return v->done == v->steps ? LT_STEP_DONE : LT_STEP_MORE;
}

const lt_run_view *lt_run_about(const lt_run *run)
{
    return &run->view;
}

void lt_run_lens(const lt_run *run, lt_lens lens, float *out)
{
    const lt_sampler_state *now = &run->state;
    LT_ASSERT(lens <= LT_LENS_NOISE);
    if (lens == LT_LENS_X0 && run->view.x0)
        memcpy(out, run->view.x0, run->all * sizeof *out);
    else if (lens == LT_LENS_NOISE && run->view.eps &&
             run->schedule.config.prediction_type == LT_PREDICT_V)
        memcpy(out, now->past + (size_t)((now->step - 1) % now->slots) * now->n,
               run->all * sizeof *out); /* (x - x0) / sigma */
    else if (lens == LT_LENS_NOISE && run->view.eps)
        memcpy(out, run->view.eps, run->all * sizeof *out);
    else
        lt_sampler_scale(&run->schedule, run->state.step, run->state.x, run->all, out);
}
