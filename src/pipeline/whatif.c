/* whatif.c - see whatif.h. */
#include "pipeline/whatif.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "sample/guidance.h"
#include "sample/rng.h"

static size_t one_picture(const lt_film *f)
{
    return f->all / (size_t)f->images;
}

bool lt_film_can_what_if(const lt_film *f, int k)
{
    return k > f->forked && k >= 1 && k <= f->done && f->at[k - 1].eps_uncond;
}

/* eps [n] of one picture. */
static void guide(const float *u, const float *c, double scale, size_t n, float *eps)
{
    if (scale == 0 || scale == 1)
        memcpy(eps, scale == 0 ? u : c, n * sizeof *eps);
    else
        lt_guidance_apply(u, c, scale, n, eps);
}

/* The normals of the step after frame `before`, as the run drew them: out [C,h,w] of one picture.
 * work [B,C,h,w]. */
static void draw_again(const lt_film *f, int before, int image, float *work, float *out)
{
    lt_rng rng;
    int place;
    bool own = f->params.own_generators;
    size_t one = one_picture(f), count = own ? one : f->all;
    lt_rng_seed(&rng, lt_params_seed(&f->params, own ? image : 0, &place));
    if (f->params.init_image) /* the sample of its posterior comes first */
        lt_rng_normal(&rng, work, one);
    /* the first noise, those of the steps before, and this one */
    for (int i = 0; i < 1 + before + f->drawn_before + 1; i++)
        lt_rng_normal(&rng, work, count);
    memcpy(out, own ? work : work + (size_t)image * one, one * sizeof *out);
}

/* The sampler as it was after frame `before`, for one picture. */
static void rewind_to(const lt_film *f, int before, int image, lt_sampler_state *state)
{
    size_t from = (size_t)image * one_picture(f);
    if (before == 0) {
        lt_sampler_state_put(state, 0, f->noise + from, NULL);
        return;
    }
    lt_run_start s = lt_film_start(f, before, f->sampler);
    lt_sampler_state_put(state, before, s.latents + from, s.x0 + from);
    for (int i = 0; i < s.known && i < f->sampler->slots; i++)
        lt_sampler_state_know(state, &f->schedule, s.before[i] + from, s.predicted[i] + from);
}

static bool finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

/* work: eps [n], noise [n], and [all] for drawing. */
static bool take_step(const lt_film *f, int k, int image, double scale, lt_sampler_state *state,
                      float *work, lt_error *err)
{
    size_t n = one_picture(f), from = (size_t)image * n;
    const lt_film_step *step = &f->at[k - 1];
    float *eps = work, *noise = f->sampler->stochastic ? work + n : NULL;
    guide(step->eps_uncond + from, step->eps_text + from, scale, n, eps);
    if (!finite(eps, n))
        return lt_fail(err, LT_ERR_ARGUMENT, "a scale from 0 to 30",
                       "step %d: a guidance of %g makes numbers that are not finite", k, scale);
    rewind_to(f, k - 1, image, state);
    if (noise)
        draw_again(f, k - 1, image, work + 2 * n, noise);
    lt_sampler_step(f->sampler, &f->schedule, eps, noise, state);
    return true;
}

bool lt_film_what_if(const lt_film *f, int k, int image, double scale, lt_lens lens, float *out,
                     lt_error *err)
{
    lt_sampler_state state;
    void *work;
    size_t n = one_picture(f);
    LT_ASSERT(image >= 0 && image < f->images);
    if (!lt_film_can_what_if(f, k))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "step %d of %d has no two predictions of this run to guide with", k,
                       f->steps);
    if (!lt_try_alloc((2 * n + f->all) * sizeof(float), "a step of the run", &work, err))
        return false;
    if (!lt_sampler_state_init(&state, f->sampler, n, err)) {
        free(work);
        return false;
    }
    bool ok = take_step(f, k, image, scale, &state, work, err);
    if (ok && lens == LT_LENS_X0)
        memcpy(out, state.x0, n * sizeof *out);
    else if (ok && lens == LT_LENS_NOISE && f->schedule.config.prediction_type == LT_PREDICT_V)
        memcpy(out, state.past + (size_t)((k - 1) % state.slots) * n, n * sizeof *out);
    else if (ok && lens == LT_LENS_NOISE)
        memcpy(out, work, n * sizeof *out); /* the guided prediction */
    else if (ok)
        lt_sampler_scale(&f->schedule, k, state.x, n, out);
    lt_sampler_state_done(&state);
    free(work);
    return ok;
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

void lt_film_what_if_numbers(const lt_film *f, int k, int image, double scale, const float *kept,
                             const float *now, lt_what_if_numbers *out)
{
    size_t n = one_picture(f), from = (size_t)image * n;
    const float *u = f->at[k - 1].eps_uncond + from, *c = f->at[k - 1].eps_text + from;
    double dd = 0, uu = 0, cc = 0, uc = 0, moved = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        double a = (double)u[i], b = (double)c[i], x = (double)now[i], y = (double)kept[i];
        dd += (b - a) * (b - a);
        uu += a * a;
        cc += b * b;
        uc += a * b;
        moved += (x - y) * (x - y);
        all += y * y;
    }
    out->push = ratio(fabs(scale) * sqrt(dd), sqrt(uu));
    out->cosine = ratio(uc, sqrt(uu) * sqrt(cc));
    out->changed = ratio(sqrt(moved), sqrt(all));
}
