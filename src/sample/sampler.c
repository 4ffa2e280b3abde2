/* sampler.c - what all samplers share: the table, the state, and the step up to the derivative. */
#include "sample/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/panic.h"

static const lt_sampler *const SAMPLERS[] = {&lt_sampler_lms, &lt_sampler_lms_blog,
                                             &lt_sampler_euler, &lt_sampler_euler_a};

const lt_sampler *lt_sampler_at(int i)
{
    int count = sizeof SAMPLERS / sizeof SAMPLERS[0];
    return i >= 0 && i < count ? SAMPLERS[i] : NULL;
}

bool lt_sampler_find(const char *name, const lt_sampler **out, lt_error *err)
{
    for (int i = 0; lt_sampler_at(i); i++) {
        if (strcmp(lt_sampler_at(i)->name, name) == 0) {
            *out = lt_sampler_at(i);
            return true;
        }
    }
    lt_buf known = {0}, shown = {0};
    for (int i = 0; lt_sampler_at(i); i++)
        lt_buf_format(&known, "%s%s", i > 0 ? ", " : "", lt_sampler_at(i)->name);
    lt_buf_escape(&shown, name, strlen(name));
    lt_fail(err, LT_ERR_ARGUMENT, NULL, "unknown scheduler '%.200s', expected one of %s",
            shown.data ? shown.data : "", known.data);
    lt_buf_done(&known);
    lt_buf_done(&shown);
    return false;
}

/* Memory for x, x0 and the derivatives: [2 + slots, n]. */
static bool allocate(lt_sampler_state *state, lt_error *err)
{
    size_t bytes;
    if (!lt_mul(state->n, sizeof(float) * (size_t)(2 + state->slots), &bytes))
        return lt_fail(err, LT_ERR_MEMORY, NULL, "latents of %zu values are too large", state->n);
    void *memory;
    if (!lt_try_alloc(bytes, "latents", &memory, err))
        return false;
    state->x = memory;
    state->x0 = state->x + state->n;
    state->past = state->x0 + state->n;
    return true;
}

bool lt_sampler_state_init(lt_sampler_state *state, const lt_sampler *sampler, size_t n,
                           lt_error *err)
{
    lt_sampler_state fresh = {.n = n, .slots = sampler->slots};
    if (!allocate(&fresh, err))
        return false;
    *state = fresh;
    return true;
}

void lt_sampler_state_done(lt_sampler_state *state)
{
    free(state->x);
    *state = (lt_sampler_state){0};
}

bool lt_sampler_state_copy(lt_sampler_state *to, const lt_sampler_state *from, lt_error *err)
{
    lt_sampler_state copy = *from;
    if (!allocate(&copy, err))
        return false;
    memcpy(copy.x, from->x, from->n * sizeof(float) * (size_t)(2 + from->slots));
    *to = copy;
    return true;
}

/* d [n] = (x - x0) / sigma. */
static void derive(float sigma, const float *x, const float *x0, size_t n, float *d)
{
    for (size_t k = 0; k < n; k++)
        d[k] = (x[k] - x0[k]) / sigma;
}

void lt_sampler_state_put(lt_sampler_state *state, int step, const float *x, const float *x0)
{
    LT_ASSERT(step >= 0);
    memcpy(state->x, x, state->n * sizeof *x);
    if (x0)
        memcpy(state->x0, x0, state->n * sizeof *x0);
    state->step = state->first = step;
}

void lt_sampler_state_know(lt_sampler_state *state, const lt_schedule *schedule, const float *x,
                           const float *x0)
{
    LT_ASSERT(state->first > 0);
    state->first--;
    derive(schedule->sigmas[state->first], x, x0, state->n,
           state->past + (size_t)(state->first % state->slots) * state->n);
}

void lt_sampler_scale(const lt_schedule *schedule, int i, const float *x, size_t n, float *out)
{
    LT_ASSERT(i >= 0 && i <= schedule->steps);
    float sigma = schedule->sigmas[i];
    float by = sqrtf(sigma * sigma + 1.0f);
    for (size_t k = 0; k < n; k++)
        out[k] = x[k] / by;
}

void lt_sampler_x0(const lt_schedule *schedule, int i, const float *x, const float *output,
                   size_t n, float *x0)
{
    float sigma = schedule->sigmas[i];
    if (schedule->config.prediction_type == LT_PREDICT_V) {
        float squared = sigma * sigma + 1.0f;
        float of_output = -sigma / sqrtf(squared);
        for (size_t k = 0; k < n; k++)
            x0[k] = output[k] * of_output + x[k] / squared;
    } else {
        for (size_t k = 0; k < n; k++)
            x0[k] = x[k] - sigma * output[k];
    }
}

void lt_sampler_x0_of(const lt_schedule *schedule, int i, double *of_x, double *of_output)
{
    double sigma = (double)schedule->sigmas[i], squared = sigma * sigma + 1;
    bool v = schedule->config.prediction_type == LT_PREDICT_V;
    *of_x = v ? 1 / squared : 1;
    *of_output = v ? -sigma / sqrt(squared) : -sigma;
}

void lt_sampler_step(const lt_sampler *sampler, const lt_schedule *schedule, const float *output,
                     const float *noise, lt_sampler_state *state)
{
    LT_ASSERT(state->step >= 0 && state->step < schedule->steps);
    LT_ASSERT(state->slots == sampler->slots);
    LT_ASSERT(sampler->stochastic == (noise != NULL));
    lt_sampler_x0(schedule, state->step, state->x, output, state->n, state->x0);
    derive(schedule->sigmas[state->step], state->x, state->x0, state->n,
           state->past + (size_t)(state->step % state->slots) * state->n);
    sampler->advance(schedule, noise, state);
    state->step++;
}
