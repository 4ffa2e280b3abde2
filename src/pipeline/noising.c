/* noising.c - see noising.h. */
#include "pipeline/noising.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/forecast.h"
#include "pipeline/init_image.h"
#include "sample/rng.h"

/* ---- the autoencoder ---- */

static bool fitting_size(const lt_image *image, lt_size given, int factor, lt_size *out,
                         lt_error *err)
{
    if (lt_init_image_size(image, given, factor, out, err))
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, ":set size 512x512 resizes it",
                   "the picture has %dx%d pixels, expected sides of %d to %d", image->width,
                   image->height, factor, LT_PARAMS_MAX_SIDE);
}

bool lt_encode_check_room(lt_engine *e, lt_size size, const lt_encode_options *o, lt_error *err)
{
    lt_work work = {.prompts = 1,
                    .per_prompt = 1,
                    .width = size.width,
                    .height = size.height,
                    .encode = true,
                    .tiling = o->tiling,
                    .beside_run = o->beside_run};
    lt_room room = lt_room_find("");
    return lt_forecast_check(e, &work, &room, err);
}

/* Both ways; pixels [3,H,W] are read and then written over, mean [C,h,w]. */
static bool both_ways(lt_engine *e, lt_encoded *c, float *pixels, lt_progress *progress,
                      lt_error *err)
{
    int width = c->w * c->factor, height = c->h * c->factor;
    double start = lt_clock();
    if (!lt_image_from_chw(pixels, width, height, &c->original, err) ||
        !lt_engine_encode_image(e, c->h, c->w, pixels, c->latents, NULL, progress, err))
        return false;
    c->encode_seconds = lt_clock() - start;
    start = lt_clock();
    if (!lt_engine_decode_mean(e, c->h, c->w, c->latents, pixels, progress, err) ||
        !lt_image_from_chw(pixels, width, height, &c->decoded, err))
        return false;
    c->decode_seconds = lt_clock() - start;
    size_t n = (size_t)c->channels * (size_t)c->h * (size_t)c->w;
    for (size_t i = 0; i < n; i++)
        c->latents[i] *= c->scaling_factor;
    return lt_image_compare(c->original, c->decoded, &c->distance, err);
}

static bool encode(lt_engine *e, const lt_image *image, const lt_encode_options *o, lt_encoded *c,
                   lt_progress *progress, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(e);
    lt_size size;
    void *latents, *pixels;
    if (!lt_schedule_init(&c->schedule, &about->scheduler->base, about->scheduler->steps, err) ||
        !fitting_size(image, o->size, c->factor, &size, err) ||
        !lt_engine_check_size(e, size.width, size.height, err) ||
        !lt_encode_check_room(e, size, o, err))
        return false;
    c->w = size.width / c->factor;
    c->h = size.height / c->factor;
    c->tiled = lt_engine_tiles(e, c->h, c->w);
    size_t n = (size_t)c->channels * (size_t)c->h * (size_t)c->w;
    size_t area = (size_t)size.width * (size_t)size.height;
    if (!lt_try_alloc(n * sizeof(float), "the latents", &latents, err))
        return false;
    c->latents = latents;
    if (!lt_try_alloc(3 * area * sizeof(float), "the picture", &pixels, err))
        return false;
    bool ok = lt_init_image_pixels(image, size.width, size.height, pixels, err) &&
              both_ways(e, c, pixels, progress, err);
    free(pixels);
    return ok;
}

bool lt_encode_picture(lt_engine *e, const lt_image *image, const lt_encode_options *o,
                       lt_encoded **out, lt_progress *progress, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(e);
    lt_encoded *c = lt_alloc(sizeof *c);
    *c = (lt_encoded){.full_width = image->width,
                      .full_height = image->height,
                      .channels = about->vae->latent_channels,
                      .factor = about->vae->factor,
                      .scaling_factor = about->vae->scaling_factor,
                      .scheduler = *about->scheduler,
                      .model = lt_strdup(about->model)};
    memcpy(c->model_hash, about->hash, sizeof c->model_hash);
    if (!encode(e, image, o, c, progress, err)) {
        lt_encoded_free(c);
        return false;
    }
    *out = c;
    return true;
}

void lt_encoded_free(lt_encoded *e)
{
    if (!e)
        return;
    lt_image_unref(e->original);
    lt_image_unref(e->decoded);
    lt_schedule_done(&e->schedule);
    free(e->latents);
    free(e->model);
    free(e);
}

double lt_encoded_fewer_positions(const lt_encoded *e)
{
    return (double)e->original->width * e->original->height / ((double)e->w * e->h);
}

double lt_encoded_fewer_numbers(const lt_encoded *e)
{
    return 3 * lt_encoded_fewer_positions(e) / e->channels;
}

/* ---- noise ---- */

void lt_noising_noise(uint64_t seed, size_t n, float *out)
{
    lt_rng rng;
    lt_rng_seed(&rng, seed);
    lt_rng_normal(&rng, out, n);
    lt_rng_normal(&rng, out, n);
}

lt_noising lt_noising_at(const lt_schedule *s, int t)
{
    double abar = (double)s->alphas_cumprod[t];
    return (lt_noising){.t = t,
                        .abar = abar,
                        .signal = sqrt(abar),
                        .noise = sqrt(1 - abar),
                        .snr_db = 10 * log10(abar / (1 - abar))};
}

lt_noise_error lt_noise_compare(const float *predicted, const float *truth, size_t n)
{
    double pp = 0, tt = 0, pt = 0, dd = 0;
    for (size_t i = 0; i < n; i++) {
        double p = (double)predicted[i], t = (double)truth[i];
        pp += p * p;
        tt += t * t;
        pt += p * t;
        dd += (p - t) * (p - t);
    }
    return (lt_noise_error){.rms = sqrt(dd / (double)n),
                            .cosine = pp > 0 && tt > 0 ? pt / (sqrt(pp) * sqrt(tt)) : 0};
}

/* noise: the UNet's output, which becomes the noise that it means. */
static void follow(const lt_noise_call *c, lt_prediction type, size_t n, float *noise, float *x0)
{
    double keep = sqrt(c->abar), add = sqrt(1 - c->abar);
    for (size_t i = 0; i < n; i++) {
        double x = (double)c->x_t[i], y = (double)noise[i];
        bool v = type == LT_PREDICT_V;
        noise[i] = (float)(v ? keep * y + add * x : y);
        x0[i] = (float)(v ? keep * x - add * y : (x - add * y) / keep);
    }
}

bool lt_noise_call_fits(const lt_engine *e, const lt_noise_call *call, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(e);
    return call->channels == about->vae->latent_channels ||
           lt_fail(err, LT_ERR_ARGUMENT, NULL,
                   "the latents have %d channels and those of %s %d: another model encoded them",
                   call->channels, about->model, about->vae->latent_channels);
}

bool lt_predict_noise(lt_engine *e, const lt_noise_call *call, lt_predicted **out,
                      lt_progress *progress, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(e);
    size_t n = (size_t)call->channels * (size_t)call->h * (size_t)call->w;
    void *block;
    if (!lt_noise_call_fits(e, call, err) ||
        !lt_try_alloc(2 * n * sizeof(float), "the prediction", &block, err))
        return false;
    lt_predicted *p = lt_alloc(sizeof *p);
    p->t = call->t;
    p->noise = block;
    p->x0 = p->noise + n;
    lt_once_call once = {.prompt = call->prompt,
                         .timestep = (float)call->t,
                         .h = call->h,
                         .w = call->w,
                         .latents = call->x_t,
                         .eps = p->noise};
    if (!lt_engine_predict_once(e, &once, progress, err)) {
        lt_predicted_free(p);
        return false;
    }
    follow(call, about->scheduler->base.prediction_type, n, p->noise, p->x0);
    *out = p;
    return true;
}

void lt_predicted_free(lt_predicted *p)
{
    if (!p)
        return;
    lt_image_unref(p->picture);
    free(p->noise);
    free(p);
}

/* ---- a run from there ---- */

/* The shortest number that takes so many of n steps. */
static double strength_for(int n, int taken)
{
    double strength = 1;
    for (double unit = 10; unit < 1e9; unit *= 10) {
        strength = ceil((double)taken / n * unit) / unit;
        if (lt_schedule_begin(n, strength) == n - taken)
            break;
    }
    return strength;
}

bool lt_noising_start_at(const lt_scheduler_config *model, const lt_params *p, int t,
                         lt_noising_start *out, lt_error *err)
{
    lt_schedule s;
    const lt_sampler *sampler;
    if (!lt_scheduler_schedule(model, p, &sampler, &s, err))
        return false;
    int at = 0;
    for (int i = 1; i < s.steps; i++)
        if (fabs((double)s.timesteps[i] - t) < fabs((double)s.timesteps[at] - t))
            at = i;
    *out = (lt_noising_start){.sampler = sampler,
                              .steps = s.steps,
                              .taken = s.steps - at,
                              .timestep = (double)s.timesteps[at],
                              .strength = strength_for(s.steps, s.steps - at)};
    lt_schedule_done(&s);
    return true;
}
