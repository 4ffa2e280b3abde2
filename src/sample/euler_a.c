/*
 * euler_a.c - ancestral sampling: Euler to a lower noise level than asked for, then fresh noise up
 * to it.  Source: diffusers' EulerAncestralDiscreteScheduler, after Crowson's k-diffusion.
 */
#include "sample/sampler.h"

#include <math.h>

static void advance(const lt_schedule *schedule, const float *noise, lt_sampler_state *state)
{
    float from = schedule->sigmas[state->step], to = schedule->sigmas[state->step + 1];
    float from2 = from * from, to2 = to * to;
    float up = sqrtf(to2 * (from2 - to2) / from2);
    float down = sqrtf(fmaxf(to2 - up * up, 0)); /* rounding may go below 0 where to << from */
    float dt = down - from;
    for (size_t k = 0; k < state->n; k++)
        state->x[k] = (state->x[k] + state->past[k] * dt) + noise[k] * up;
}

static lt_schedule_config from_model(const lt_schedule_config *model)
{
    lt_schedule_config c = *model;
    if (c.timestep_spacing == LT_SPACING_UNSET)
        c.timestep_spacing = LT_SPACING_LINSPACE;
    c.use_karras_sigmas = false;
    c.final_sigmas_type = LT_FINAL_ZERO;
    return c;
}

const lt_sampler lt_sampler_euler_a = {.name = "euler_a",
                                       .label = "Euler ancestral",
                                       .slots = 1,
                                       .stochastic = true,
                                       .config = from_model,
                                       .advance = advance};
