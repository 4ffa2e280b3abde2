/*
 * euler.c - Euler's method on the probability flow ODE (Karras 2022, algorithm 2 without churn and
 * without its second order).  Source: diffusers' EulerDiscreteScheduler.
 */
#include "sample/sampler.h"

static void advance(const lt_schedule *schedule, const float *noise, lt_sampler_state *state)
{
    (void)noise;
    float dt = schedule->sigmas[state->step + 1] - schedule->sigmas[state->step];
    for (size_t k = 0; k < state->n; k++)
        state->x[k] += state->past[k] * dt;
}

static lt_schedule_config from_model(const lt_schedule_config *model)
{
    lt_schedule_config c = *model;
    if (c.timestep_spacing == LT_SPACING_UNSET)
        c.timestep_spacing = LT_SPACING_LINSPACE;
    return c;
}

const lt_sampler lt_sampler_euler = {
    .name = "euler", .label = "Euler", .slots = 1, .config = from_model, .advance = advance};
