/* film.c - see film.h. */
#include "pipeline/film.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "sample/guidance.h"

static void count_tokens(lt_film *f, const lt_run_view *v)
{
    f->tokens = v->prompts[0].used;
    f->cut = v->prompts[0].total - v->prompts[0].used;
}

bool lt_film_new(const lt_engine *e, const lt_params *params, const lt_run *run, lt_film **out,
                 lt_error *err)
{
    const lt_run_view *v = lt_run_about(run);
    const lt_engine_info *about = lt_engine_about(e);
    void *noise;
    size_t all = (size_t)v->images * (size_t)v->channels * (size_t)v->h * (size_t)v->w;
    if (!lt_try_alloc(all * sizeof(float), "the noise", &noise, err))
        return false;
    lt_film *f = lt_alloc(sizeof *f);
    *f = (lt_film){.model = lt_strdup(about->model),
                   .backend = lt_strdup(about->backend),
                   .dtype = about->dtype,
                   .images = v->images,
                   .channels = v->channels,
                   .h = v->h,
                   .w = v->w,
                   .width = v->width,
                   .height = v->height,
                   .tiled = v->tiled,
                   .steps = v->steps,
                   .first = v->first,
                   .drawn_before = v->drawn_before,
                   .guidance_scale = v->guidance_scale,
                   .guided = v->guided,
                   .sampler = v->sampler,
                   .init_hash = v->init ? v->init->hash : 0,
                   .all = all,
                   .noise = noise,
                   .at = lt_alloc_array((size_t)v->steps, sizeof *f->at)};
    memcpy(f->model_hash, about->hash, sizeof f->model_hash);
    lt_params_copy(&f->params, params);
    memcpy(f->noise, v->latents, all * sizeof *f->noise);
    lt_trail_add(&f->trail, f->noise, f->images, all / (size_t)f->images);
    count_tokens(f, v);
    if (!lt_schedule_copy(&f->schedule, v->schedule, err)) {
        lt_film_free(f);
        return false;
    }
    *out = f;
    return true;
}

void lt_film_free(lt_film *f)
{
    if (!f)
        return;
    for (int k = 0; k < f->done; k++)
        lt_film_step_done(&f->at[k]);
    lt_params_done(&f->params);
    lt_schedule_done(&f->schedule);
    lt_trail_done(&f->trail);
    free(f->at);
    free(f->noise);
    free(f->model);
    free(f->backend);
    free(f);
}

bool lt_film_step_of(const lt_run *run, double seconds, lt_film_step *out, lt_error *err)
{
    const lt_run_view *v = lt_run_about(run);
    size_t all = (size_t)v->images * (size_t)v->channels * (size_t)v->h * (size_t)v->w;
    const float *from[] = {v->latents, v->x0, v->eps_text, v->guided ? v->eps_uncond : NULL};
    float **to[] = {&out->latents, &out->x0, &out->eps_text, &out->eps_uncond};
    void *memory;
    if (!lt_try_alloc(all * sizeof(float) * (v->guided ? 4 : 3), "a step of the run", &memory, err))
        return false;
    *out = (lt_film_step){.block = memory, .seconds = seconds, .guidance_scale = v->guidance_scale};
    float *next = memory;
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        if (!from[i])
            continue;
        *to[i] = memcpy(next, from[i], all * sizeof *next);
        next += all;
    }
    return true;
}

void lt_film_step_done(lt_film_step *s)
{
    free(s->block);
    *s = (lt_film_step){0};
}

void lt_film_add(lt_film *f, lt_film_step *step)
{
    LT_ASSERT(f->done < f->steps);
    lt_trail_add(&f->trail, step->latents, f->images, f->all / (size_t)f->images);
    f->at[f->done++] = *step;
    *step = (lt_film_step){0};
}

const float *lt_film_latents(const lt_film *f, int k)
{
    LT_ASSERT(k >= 0 && k <= f->done);
    return k == 0 ? f->noise : f->at[k - 1].latents;
}

/* The guided noise prediction of the step that made frame k. */
static void noise_of(const lt_film *f, int k, float *out)
{
    const lt_film_step *s = &f->at[k - 1];
    const float *before = lt_film_latents(f, k - 1);
    float sigma = f->schedule.sigmas[k - 1];
    if (f->schedule.config.prediction_type == LT_PREDICT_V)
        for (size_t i = 0; i < f->all; i++)
            out[i] = (before[i] - s->x0[i]) / sigma;
    else if (s->eps_uncond)
        lt_guidance_apply(s->eps_uncond, s->eps_text, s->guidance_scale, f->all, out);
    else
        memcpy(out, s->eps_text, f->all * sizeof *out);
}

void lt_film_lens(const lt_film *f, int k, lt_lens lens, float *out)
{
    const lt_film_step *s = k > 0 ? &f->at[k - 1] : NULL;
    const float *latents = lt_film_latents(f, k);
    bool half = (lens == LT_LENS_X0_UNCOND || lens == LT_LENS_X0_TEXT) && s && s->eps_uncond;
    if (half)
        lt_sampler_x0(&f->schedule, k - 1, lt_film_latents(f, k - 1),
                      lens == LT_LENS_X0_TEXT ? s->eps_text : s->eps_uncond, f->all, out);
    else if (lens == LT_LENS_NOISE && s)
        noise_of(f, k, out);
    else if (lens != LT_LENS_LATENTS && s)
        memcpy(out, s->x0, f->all * sizeof *out);
    else
        lt_sampler_scale(&f->schedule, k, latents, f->all, out);
}

lt_run_start lt_film_start(const lt_film *f, int k, const lt_sampler *sampler)
{
    LT_ASSERT(k >= 1 && k <= f->done);
    lt_run_start s = {.step = k,
                      .sigma = f->schedule.sigmas[k],
                      .latents = f->at[k - 1].latents,
                      .x0 = f->at[k - 1].x0,
                      .draws = f->sampler->stochastic ? k + f->drawn_before : 0};
    for (int i = 0; i < LT_LMS_ORDER && i < k - f->first && sampler == f->sampler; i++) {
        s.before[i] = lt_film_latents(f, k - 1 - i);
        s.predicted[i] = f->at[k - 1 - i].x0;
        s.known++;
    }
    return s;
}

/* n numbers of every array, from the from-th on. */
static bool copy_step(const lt_film_step *step, size_t from, size_t n, lt_film_step *to,
                      lt_error *err)
{
    const float *arrays[] = {step->latents, step->x0, step->eps_text, step->eps_uncond};
    float **places[] = {&to->latents, &to->x0, &to->eps_text, &to->eps_uncond};
    void *block;
    if (!lt_try_alloc((step->eps_uncond ? 4 : 3) * n * sizeof(float), "a step of the run", &block,
                      err))
        return false;
    *to = (lt_film_step){
        .block = block, .seconds = step->seconds, .guidance_scale = step->guidance_scale};
    float *next = block;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays && arrays[i]; i++) {
        *places[i] = memcpy(next, arrays[i] + from, n * sizeof *next);
        next += n;
    }
    return true;
}

/* f's numbers are those of `from` from number `at` on. */
static bool take_frames(lt_film *f, const lt_film *from, size_t at, int k, lt_error *err)
{
    memcpy(f->noise, from->noise + at, f->all * sizeof *f->noise);
    for (; f->done < k; f->done++)
        if (!copy_step(&from->at[f->done], at, f->all, &f->at[f->done], err))
            return false;
    return true;
}

/* What makes every picture of a film, without how it came about. */
static void settings_of(const lt_film *f, lt_buf *out)
{
    lt_meta meta = lt_film_meta(f, f->steps);
    meta.forked = 0;
    meta.trail = NULL;
    meta.tiled &= f->init_hash != 0; /* else no latents come from the VAE */
    for (int i = 0; i < f->images; i++)
        lt_meta_json(&meta, i, out);
}

static bool same_settings(const lt_film *a, const lt_film *b)
{
    lt_buf one = {0}, two = {0};
    settings_of(a, &one);
    settings_of(b, &two);
    bool same = strcmp(one.data, two.data) == 0;
    lt_buf_done(&one);
    lt_buf_done(&two);
    return same;
}

bool lt_film_inherit(lt_film *f, const lt_film *from, int k, lt_error *err)
{
    LT_ASSERT(f->done == 0 && f->all == from->all && k <= from->done && k <= f->steps);
    if (!take_frames(f, from, 0, k, err))
        return false;
    lt_trail_copy(&f->trail, &from->trail, k + 1);
    f->forked = k;
    f->init_hash = from->init_hash;
    f->altered = from->altered || !same_settings(f, from);
    return true;
}

/* The first k frames of one picture, the at-th, or of all. */
static bool copy_film(const lt_film *f, int at, int images, int k, lt_film **out, lt_error *err)
{
    void *noise;
    size_t one = f->all / (size_t)f->images;
    if (!lt_try_alloc((size_t)images * one * sizeof(float), "the noise", &noise, err))
        return false;
    lt_film *copy = lt_alloc(sizeof *copy);
    *copy = *f;
    copy->images = images;
    copy->all = (size_t)images * one;
    copy->noise = noise;
    copy->done = 0;
    copy->at = lt_alloc_array((size_t)f->steps, sizeof *copy->at);
    copy->model = lt_strdup(f->model);
    copy->backend = lt_strdup(f->backend);
    copy->schedule = (lt_schedule){0};
    copy->trail = (lt_trail){0};
    lt_params_copy(&copy->params, &f->params);
    for (int i = 0; i <= k && images != f->images; i++)
        lt_trail_append(&copy->trail, lt_trail_at(&f->trail, i, at));
    if (images == f->images)
        lt_trail_copy(&copy->trail, &f->trail, k + 1);
    if (!lt_schedule_copy(&copy->schedule, &f->schedule, err) ||
        !take_frames(copy, f, (size_t)at * one, k, err)) {
        lt_film_free(copy);
        return false;
    }
    *out = copy;
    return true;
}

bool lt_film_copy(const lt_film *f, int k, lt_film **out, lt_error *err)
{
    return copy_film(f, 0, f->images, k, out, err);
}

bool lt_film_pick(const lt_film *f, int image, int k, lt_film **out, lt_error *err)
{
    lt_film *one;
    LT_ASSERT(image >= 0 && image < f->images && (f->images == 1 || f->params.own_generators));
    if (!copy_film(f, image, 1, k, &one, err))
        return false;
    lt_params_pick(&one->params, image);
    *out = one;
    return true;
}

lt_meta lt_film_meta(const lt_film *f, int k)
{
    return (lt_meta){.params = &f->params,
                     .model = f->model,
                     .backend = f->backend,
                     .dtype = f->dtype,
                     .sampler = f->sampler,
                     .guidance_scale = f->guidance_scale,
                     .steps = f->steps,
                     .begin = f->schedule.begin,
                     .init_hash = f->init_hash,
                     .width = f->width,
                     .height = f->height,
                     .tiled = f->tiled,
                     .images = f->images,
                     .per_prompt = lt_params_per_prompt(&f->params),
                     .shown = k,
                     .forked = f->altered ? f->forked : 0,
                     .trail = &f->trail};
}

/* ---- numbers ---- */

static double rms(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum / (double)n);
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

/* Of the guided prediction eps = u + s (c - u): its size, what the push adds to u, and the angle
 * between c and u. */
static void predictions(double s, const float *u, const float *c, size_t n, lt_film_numbers *out)
{
    double eps = 0, push = 0, uu = 0, cc = 0, uc = 0;
    for (size_t i = 0; i < n; i++) {
        double a = (double)u[i], b = (double)c[i], g = a + s * (b - a);
        eps += g * g;
        push += (g - a) * (g - a);
        uu += a * a;
        cc += b * b;
        uc += a * b;
    }
    out->rms_eps = sqrt(eps / (double)n);
    out->push = ratio(sqrt(push), sqrt(uu));
    out->cosine = ratio(uc, sqrt(uu) * sqrt(cc));
}

/* How far the frame's latents, as the VAE sees them, are from those of the one before. */
static double changed(const lt_film *f, int k, size_t from, size_t n)
{
    const float *now = lt_film_latents(f, k) + from, *then = lt_film_latents(f, k - 1) + from;
    double a = 1 / sqrt((double)f->schedule.sigmas[k] * (double)f->schedule.sigmas[k] + 1),
           b = 1 / sqrt((double)f->schedule.sigmas[k - 1] * (double)f->schedule.sigmas[k - 1] + 1),
           sum = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        double x = a * (double)now[i], y = b * (double)then[i];
        sum += (x - y) * (x - y);
        all += y * y;
    }
    return ratio(sqrt(sum), sqrt(all));
}

/* -1: the UNet is not asked there. */
static double timestep(const lt_film *f, int k)
{
    return k >= 0 && k < f->steps ? (double)f->schedule.timesteps[k] : -1;
}

void lt_film_numbers_at(const lt_film *f, int k, int image, lt_film_numbers *out)
{
    size_t n = f->all / (size_t)f->images, from = (size_t)image * n;
    *out = (lt_film_numbers){
        .timestep = timestep(f, k),
        .timestep_next = timestep(f, k + 1),
        .timestep_before = timestep(f, k - 1),
        .sigma = (double)f->schedule.sigmas[k],
        .sigma_next = (double)f->schedule.sigmas[k < f->steps ? k + 1 : k],
        .rms_latents = rms(lt_film_latents(f, k) + from, n),
    };
    if (k == 0)
        return;
    const lt_film_step *s = &f->at[k - 1];
    out->rms_x0 = rms(s->x0 + from, n);
    if (s->eps_uncond)
        predictions(s->guidance_scale, s->eps_uncond + from, s->eps_text + from, n, out);
    else
        out->rms_eps = rms(s->eps_text + from, n);
    out->changed = changed(f, k, from, n);
}
