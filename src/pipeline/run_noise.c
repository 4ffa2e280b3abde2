/* run_noise.c - what a run draws: its noise, variations of it, the posterior of a picture, and what
 * a stochastic sampler adds. */
#include <string.h>

#include "base/mem.h"
#include "pipeline/run_impl.h"
#include "sample/slerp.h"

void lt_run_draw(lt_run *run, float *out)
{
    if (run->drawn) {
        lt_rng_normal(&run->generators[0], run->drawn, (size_t)run->of * run->one);
        memcpy(out, run->drawn + (size_t)run->place * run->one, run->one * sizeof *out);
        return;
    }
    if (!run->params->own_generators) {
        lt_rng_normal(&run->generators[0], out, run->all);
        return;
    }
    for (int i = 0; i < run->view.images; i++)
        lt_rng_normal(&run->generators[i], out + (size_t)i * run->one, run->one);
}

/* Mixes the noise of the variation seeds in, as it would be drawn from seeds. */
static void vary(lt_run *run)
{
    const lt_run_view *v = &run->view;
    bool own = run->params->own_generators;
    lt_rng rng;
    uint64_t seed;
    double strength;
    float *other = run->model_input; /* free until the first step */
    if (!lt_params_variation(run->params, 0, &seed, &strength))
        return;
    for (int i = 0; i < v->images; i++) {
        size_t at = (size_t)i * run->one;
        if (own || i == 0) {
            lt_params_variation(run->params, i, &seed, &strength);
            lt_rng_seed(&rng, seed);
            lt_rng_normal(&rng, other + at, own ? run->one : run->all);
        }
        lt_slerp(strength, run->noise + at, other + at, v->channels, v->h, v->w, run->noise + at);
    }
}

/* The generators' first normals choose among the latents that the picture may have; a run that goes
 * on from a step of another only draws them. */
static void draw_posterior(lt_run *run)
{
    const lt_run_view *v = &run->view;
    lt_run_init *init = &run->init;
    float *noise = init->noise ? init->noise : run->noise;
    float scale = lt_engine_about(run->engine)->vae->scaling_factor;
    int count = run->params->own_generators ? v->images : 1;
    for (int i = 0; i < count; i++)
        lt_rng_normal(&run->generators[i], noise + (size_t)i * run->one, run->one);
    for (int i = 0; i < v->images && init->noise; i++)
        lt_init_image_sample(init->mean, init->logvar,
                             noise + (count > 1 ? (size_t)i * run->one : 0), scale, run->one,
                             init->latents + (size_t)i * run->one);
}

void lt_run_draw_first(lt_run *run, const float *noise)
{
    int count = run->params->own_generators ? run->view.images : 1, place;
    run->generators = lt_alloc_array((size_t)count, sizeof *run->generators);
    for (int i = 0; i < count; i++)
        lt_rng_seed(&run->generators[i], lt_params_seed(run->params, i, &place));
    if (run->params->init_image)
        draw_posterior(run);
    if (noise) {
        memcpy(run->noise, noise, run->all * sizeof *noise);
    } else {
        lt_run_draw(run, run->noise);
        vary(run);
    }
    if (run->init.latents)
        lt_schedule_noised(&run->schedule, run->init.latents, run->noise, run->all, run->state.x);
    for (size_t i = 0; i < run->all && !run->init.latents; i++)
        run->state.x[i] = run->noise[i] * run->schedule.init_noise_sigma;
}

bool lt_run_resume(lt_run *run, const lt_run_start *s, lt_error *err)
{
    lt_run_view *v = &run->view;
    if (s->step < 1 || s->step >= v->steps || run->schedule.sigmas[s->step] != s->sigma)
        return lt_fail(err, LT_ERR_ARGUMENT, "the same steps and timestep spacing",
                       "cannot go on from step %d: %s of %d steps has another sigma there", s->step,
                       v->sampler->name, v->steps);
    lt_sampler_state_put(&run->state, s->step, s->latents, s->x0);
    for (int i = 0; i < s->known && i < v->sampler->slots; i++)
        lt_sampler_state_know(&run->state, &run->schedule, s->before[i], s->predicted[i]);
    for (int i = 0; run->step_noise && i < s->draws; i++)
        lt_run_draw(run, run->step_noise);
    v->done = s->step;
    v->first = run->state.first;
    v->drawn_before = s->draws - s->step;
    return true;
}
