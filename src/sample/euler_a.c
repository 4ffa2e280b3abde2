/*
 * euler_a.c - ancestral sampling: Euler to a lower noise level than asked for, then fresh noise up
 * to it.  Source: diffusers' EulerAncestralDiscreteScheduler, after Crowson's k-diffusion.
 */
#include "sample/sampler.h"

#include <math.h>

/* How far the derivative is followed, and how much noise is added then. */
static void split(const lt_schedule *schedule, int i, float *dt, float *up)
{
    float from = schedule->sigmas[i], to = schedule->sigmas[i + 1];
    float from2 = from * from, to2 = to * to;
    *up = sqrtf(to2 * (from2 - to2) / from2);
    /* rounding may go below 0 where to << from */
    *dt = sqrtf(fmaxf(to2 - *up * *up, 0)) - from;
}

static void advance(const lt_schedule *schedule, const float *noise, lt_sampler_state *state)
{
    float dt, up;
    split(schedule, state->step, &dt, &up);
    for (size_t k = 0; k < state->n; k++)
        state->x[k] = (state->x[k] + state->past[k] * dt) + noise[k] * up;
}

static int weigh(const lt_schedule *schedule, int first, int i, double out[LT_LMS_ORDER],
                 double *noise)
{
    float dt, up;
    (void)first;
    split(schedule, i, &dt, &up);
    out[0] = (double)dt;
    *noise = (double)up;
    return 1;
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
                                       .advance = advance,
                                       .weigh = weigh};
