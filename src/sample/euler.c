/*
 * euler.c - Euler's method on the probability flow ODE (Karras 2022, algorithm 2 without churn and
 * without its second order).  Source: diffusers' EulerDiscreteScheduler.
 */
#include "sample/sampler.h"

static float length(const lt_schedule *schedule, int i)
{
    return schedule->sigmas[i + 1] - schedule->sigmas[i];
}

static void advance(const lt_schedule *schedule, const float *noise, lt_sampler_state *state)
{
    (void)noise;
    float dt = length(schedule, state->step);
    for (size_t k = 0; k < state->n; k++)
        state->x[k] += state->past[k] * dt;
}

static int weigh(const lt_schedule *schedule, int first, int i, double out[LT_LMS_ORDER],
                 double *noise)
{
    (void)first;
    out[0] = (double)length(schedule, i);
    *noise = 0;
    return 1;
}

static lt_schedule_config from_model(const lt_schedule_config *model)
{
    lt_schedule_config c = *model;
    if (c.timestep_spacing == LT_SPACING_UNSET)
        c.timestep_spacing = LT_SPACING_LINSPACE;
    return c;
}

const lt_sampler lt_sampler_euler = {.name = "euler",
                                     .label = "Euler",
                                     .slots = 1,
                                     .config = from_model,
                                     .advance = advance,
                                     .weigh = weigh};
