/* run.c - the denoising loop, one step at a time; see run.h. */
#include "pipeline/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "pipeline/forecast.h"
#include "sample/guidance.h"
#include "sample/rng.h"
#include "sample/slerp.h"

struct lt_run {
    lt_engine *engine;       /* borrowed */
    const lt_params *params; /* borrowed */
    lt_run_view view;
    lt_work work; /* as it was forecast */
    lt_schedule schedule;
    lt_sampler_state state;
    lt_rng *generators; /* owned: one, or one a picture */
    size_t one, all;    /* numbers in a picture's latents, in all */
    int place, of;      /* as in the options, or 0 and 1 */
    lt_run_init init;   /* inside block; without a picture only NULLs */
    lt_tokens *prompts; /* owned [prompts] */
    lt_tokens negative;
    int *kept; /* owned: pictures that are not dropped; NULL: all */
    int kept_count;
    float *packed; /* owned: what the UNet is given and gives of those; NULL likewise */
    lt_attention_maps **attention; /* owned [B], of every picture; NULL: not asked for */
    lt_attention_maps **attending; /* owned [B]: of the kept pictures, borrowed; NULL likewise */
    float *block;                  /* owned: everything below */
    float *shifts;                 /* [steps,lt_unet_shifts] */
    float *text_cond, *text_uncond, *noise, *model_input, *eps_uncond, *eps_text, *eps, *step_noise;
    float *drawn; /* [of,C,h,w], NULL unless of > 1 */
};

/* ---- attention ---- */

static lt_engine_load load_of(const lt_run *run, int images, bool maps)
{
    const lt_run_view *v = &run->view;
    return (lt_engine_load){.images = images,
                            .h = v->h,
                            .w = v->w,
                            .guided = v->guided,
                            .maps = maps,
                            .one_prompt = run->params->prompt_count == 1};
}

static bool prepare(lt_run *run, int images, bool maps, lt_progress *progress, lt_error *err)
{
    lt_engine_load load = load_of(run, images, maps);
    lt_engine_tile(run->engine, run->view.tiled); /* others may have decoded since */
    return lt_engine_prepare(run->engine, &load, progress, err);
}

static void forget_attention(lt_run *run)
{
    for (int i = 0; run->attention && i < run->view.images; i++)
        lt_attention_free(run->attention[i]);
    free(run->attention);
    free(run->attending);
    run->attention = run->attending = NULL;
    run->view.attention = NULL;
}

/* One for every picture, with the words of its prompt. */
static bool make_attention(lt_run *run, lt_error *err)
{
    const lt_run_view *v = &run->view;
    const lt_engine_info *about = lt_engine_about(run->engine);
    run->attention = lt_alloc_array((size_t)v->images, sizeof(lt_attention_maps *));
    run->attending = lt_alloc_array((size_t)v->images, sizeof(lt_attention_maps *));
    for (int i = 0; i < v->images; i++) {
        int prompt = i / v->per_prompt;
        if (!lt_attention_new(about->unet, v->tokens, v->h, v->w, &run->attention[i], err))
            return false;
        lt_words_of(run->params->prompts[prompt], &run->prompts[prompt], &run->attention[i]->words);
    }
    return true;
}

bool lt_run_attend(lt_run *run, bool on, lt_progress *progress, lt_error *err)
{
    if (on == (run->attention != NULL))
        return true;
    if (!prepare(run, lt_run_kept(run), on, progress, err))
        return false;
    if (on && make_attention(run, err))
        return true;
    forget_attention(run);
    return !on;
}

/* ---- begin ---- */

static bool check_size(lt_run *run, const lt_init_image *init, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(run->engine);
    lt_size size = run->params->size;
    int f = about->vae->factor, side = lt_engine_default_side(run->engine);
    if (init && !lt_init_image_size(init->image, size, f, &size, err))
        return false;
    int width = size.width ? size.width : side, height = size.height ? size.height : side;
    if (!lt_engine_check_size(run->engine, width, height, err))
        return false;
    run->view.width = width;
    run->view.height = height;
    run->view.w = width / f;
    run->view.h = height / f;
    run->view.channels = about->unet->in_channels;
    return true;
}

/* A run that begins with a picture takes the last steps only. */
static bool cut_schedule(lt_run *run, lt_error *err)
{
    int steps = run->schedule.steps;
    double strength = lt_params_strength(run->params);
    int begin = run->params->init_image ? lt_schedule_begin(steps, strength) : 0;
    if (begin == steps) {
        lt_fail(err, LT_ERR_ARGUMENT, NULL, "--strength %g leaves none of %d step%s to be taken",
                strength, steps, steps == 1 ? "" : "s");
        return lt_fail_hint(err, "--strength %g", ceil(100.0 / steps) / 100);
    }
    lt_schedule_cut(&run->schedule, begin);
    run->view.steps = run->schedule.steps;
    return true;
}

/* The sampler and its schedule, from the settings or the model's advice. */
static bool set_schedule(lt_run *run, lt_error *err)
{
    const lt_params *p = run->params;
    const lt_scheduler_config *model = lt_engine_about(run->engine)->scheduler;
    lt_run_view *v = &run->view;
    v->guidance_scale = isnan(p->guidance_scale) ? model->guidance_scale : p->guidance_scale;
    v->guided = v->guidance_scale > 1.0;
    v->schedule = &run->schedule;
    return lt_scheduler_schedule(model, p, &v->sampler, &run->schedule, err) &&
           cut_schedule(run, err);
}

/* Whether everything below, and the steps, will find their memory, and how. */
static bool check_room(lt_run *run, const lt_run_options *o, lt_error *err)
{
    lt_run_view *v = &run->view;
    run->work = (lt_work){.prompts = o->params->prompt_count,
                          .per_prompt = v->per_prompt,
                          .width = v->width,
                          .height = v->height,
                          .steps = v->steps,
                          .guided = v->guided,
                          .own_generators = o->params->own_generators,
                          .encode = run->init.generators > 0,
                          .maps = o->attention,
                          .tiling = lt_params_tiling(o->params),
                          .traced_steps = o->keep_uncond ? (size_t)v->steps : 0,
                          .film_steps = o->film ? (size_t)v->steps : 0,
                          .drawn = run->of > 1 ? run->of : 0};
    lt_room room = o->room ? *o->room : lt_room_find("");
    if (!lt_forecast_check(run->engine, &run->work, &room, err))
        return false;
    v->tiled = lt_engine_tiles(run->engine, v->h, v->w);
    return true;
}

/* Where memory that seemed to be there was not, *err says what fits, nothing being compiled. */
static bool offer(const lt_run *run, const lt_run_options *o, lt_error *err)
{
    if (err->code != LT_ERR_MEMORY)
        return false;
    lt_engine_trim(run->engine, 0, 0);
    lt_room room = o->room ? *o->room : lt_room_find("");
    return lt_forecast_offer(run->engine, &run->work, &room, err);
}

/* One block for every array of the run. */
static bool make_memory(lt_run *run, bool keep_uncond, lt_error *err)
{
    lt_run_view *v = &run->view;
    size_t images = (size_t)v->images;
    size_t text = images * (size_t)v->tokens * (size_t)v->text_width;
    run->one = (size_t)v->channels * (size_t)v->h * (size_t)v->w;
    run->all = images * run->one;
    size_t uncond = v->guided || keep_uncond ? text : 0;
    size_t shift = (size_t)lt_unet_shifts(lt_engine_about(run->engine)->unet);
    size_t half = v->guided ? run->all : 0, fresh = v->sampler->stochastic ? run->all : 0;
    size_t generators = (size_t)run->init.generators, own = generators ? run->one : 0;
    size_t pixels = generators ? 3 * (size_t)v->width * (size_t)v->height : 0;
    struct {
        float **at;
        size_t count;
    } parts[] = {
        {&run->text_cond, text},
        {&run->text_uncond, uncond},
        {&run->shifts, (size_t)v->steps * shift},
        {&run->noise, run->all},
        {&run->model_input, run->all},
        {&run->eps_uncond, half},
        {&run->eps_text, run->all},
        {&run->eps, half},
        {&run->step_noise, fresh},
        {&run->drawn, run->of > 1 ? (size_t)run->of * run->one : 0},
        {&run->init.pixels, pixels},
        {&run->init.mean, own},
        {&run->init.logvar, own},
        {&run->init.noise, generators * own},
        {&run->init.latents, generators ? run->all : 0},
    };
    size_t total = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        total += parts[i].count;
    if (!lt_try_alloc(total * sizeof(float), "the latents", (void **)&run->block, err))
        return false;
    float *next = run->block;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *parts[i].at = parts[i].count ? next : NULL;
        next += parts[i].count;
    }
    if (!run->eps) /* without guidance the prompt's prediction is the prediction */
        run->eps = run->eps_text;
    return lt_sampler_state_init(&run->state, v->sampler, run->all, err);
}

static bool tokenize(lt_run *run, lt_error *err)
{
    const lt_params *p = run->params;
    const lt_tokenizer *t = lt_engine_about(run->engine)->tokenizer;
    const char *negative = p->negative_prompt ? p->negative_prompt : "";
    run->prompts = lt_alloc_array((size_t)p->prompt_count, sizeof *run->prompts);
    for (int i = 0; i < p->prompt_count; i++)
        if (!lt_tokenizer_encode(t, p->prompts[i], strlen(p->prompts[i]), &run->prompts[i], err))
            return lt_fail_in(err, "prompt %d", i + 1);
    if (!lt_tokenizer_encode(t, negative, strlen(negative), &run->negative, err))
        return lt_fail_in(err, "--negative-prompt");
    run->view.prompts = run->prompts;
    run->view.negative = &run->negative;
    return true;
}

/* Encodes each prompt once and repeats it for its pictures. */
static bool encode(lt_run *run, lt_progress *progress, lt_error *err)
{
    const lt_run_view *v = &run->view;
    size_t row = (size_t)v->tokens * (size_t)v->text_width;
    for (int i = 0; i < v->images; i++) {
        float *to = run->text_cond + (size_t)i * row;
        if (i % v->per_prompt)
            memcpy(to, to - row, row * sizeof *to);
        else if (!lt_engine_encode_text(run->engine, run->prompts[i / v->per_prompt].ids, to,
                                        progress, err))
            return false;
    }
    if (!run->text_uncond)
        return true;
    if (!lt_engine_encode_text(run->engine, run->negative.ids, run->text_uncond, progress, err))
        return false;
    for (int i = 1; i < v->images; i++)
        memcpy(run->text_uncond + (size_t)i * row, run->text_uncond, row * sizeof(float));
    return true;
}

/* As torch.randn of the whole tensor, of which one picture may be wanted, or of each picture from
 * its own generator. */
static void draw(lt_run *run, float *out)
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

static void start(lt_run *run, const float *noise)
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
        draw(run, run->noise);
        vary(run);
    }
    if (run->init.latents)
        lt_schedule_noised(&run->schedule, run->init.latents, run->noise, run->all, run->state.x);
    for (size_t i = 0; i < run->all && !run->init.latents; i++)
        run->state.x[i] = run->noise[i] * run->schedule.init_noise_sigma;
}

/* In the middle of another run: its latents, its history, its generators. */
static bool resume(lt_run *run, const lt_run_start *s, lt_error *err)
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
        draw(run, run->step_noise);
    v->done = s->step;
    v->first = run->state.first;
    v->drawn_before = s->draws - s->step;
    return true;
}

static void publish(lt_run *run)
{
    lt_run_view *v = &run->view;
    v->text_cond = run->text_cond;
    v->text_uncond = run->text_uncond;
    v->noise = run->noise;
    v->latents = run->state.x;
    v->init = run->init.generators ? &run->init : NULL;
}

static bool check_noise(const lt_run_options *o, lt_error *err)
{
    uint64_t seed;
    double strength;
    if (o->noise && o->params->init_image)
        return lt_fail(err, LT_ERR_ARGUMENT, "leave out one of them",
                       "--init-image and --latents both say what the run begins with");
    if (!o->noise || !lt_params_variation(o->params, 0, &seed, &strength))
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, "leave out --latents or the variation",
                   "--latents gives the noise itself: there is no seed to vary");
}

/* The picture through the VAE; nothing without one. */
static bool encode_picture(lt_run *run, const lt_init_image *init, lt_progress *progress,
                           lt_error *err)
{
    const lt_run_view *v = &run->view;
    const lt_run_init *to = &run->init;
    return !init || (lt_init_image_pixels(init->image, v->width, v->height, to->pixels, err) &&
                     lt_engine_encode_image(run->engine, v->h, v->w, to->pixels, to->mean,
                                            to->logvar, progress, err));
}

/* Where it seemed to fit and then did not, it may with the VAE in tiles. */
static bool prepare_first(lt_run *run, bool maps, lt_progress *progress, lt_error *err)
{
    lt_run_view *v = &run->view;
    lt_engine_load load = load_of(run, v->images, maps);
    if (lt_engine_prepare_first(run->engine, &load, progress, err))
        return true;
    if (err->code != LT_ERR_MEMORY || run->work.tiling != LT_TILING_AUTO || v->tiled)
        return false;
    lt_engine_tile(run->engine, true);
    v->tiled = lt_engine_tiles(run->engine, v->h, v->w);
    if (!v->tiled)
        return false;
    *err = (lt_error){0};
    return lt_engine_prepare_first(run->engine, &load, progress, err);
}

/* What is computed before the first step. */
static bool compute(lt_run *run, const lt_init_image *init, bool maps, lt_progress *progress,
                    lt_error *err)
{
    const lt_run_view *v = &run->view;
    return encode(run, progress, err) && encode_picture(run, init, progress, err) &&
           lt_engine_time(run->engine, v->steps, run->schedule.timesteps, run->shifts, progress,
                          err) &&
           prepare_first(run, maps, progress, err) &&
           (!maps || lt_run_attend(run, true, progress, err));
}

bool lt_run_begin(lt_engine *e, const lt_run_options *options, lt_run **out, lt_progress *progress,
                  lt_error *err)
{
    lt_run *run = lt_alloc(sizeof *run);
    const lt_engine_info *about = lt_engine_about(e);
    const lt_init_image *init = options->start ? NULL : options->init;
    LT_ASSERT(!options->params->init_image == !init || options->start);
    run->engine = e;
    run->params = options->params;
    run->place = options->place;
    run->of = options->of;
    run->view.images = lt_params_images(options->params);
    LT_ASSERT(options->of <= 1 || (run->view.images == 1 && options->place < options->of));
    run->view.per_prompt = lt_params_per_prompt(options->params);
    run->view.tokens = about->clip->max_position_embeddings;
    run->view.text_width = about->clip->hidden_size;
    if (init) {
        run->init.hash = init->hash;
        run->init.generators = options->params->own_generators ? run->view.images : 1;
    }
    if (!check_noise(options, err) || !check_size(run, init, err) || !set_schedule(run, err) ||
        !tokenize(run, err) || !check_room(run, options, err) ||
        !make_memory(run, options->keep_uncond, err) ||
        (!compute(run, init, options->attention, progress, err) && !offer(run, options, err))) {
        lt_run_free(run);
        return false;
    }
    start(run, options->noise);
    if (options->start && !resume(run, options->start, err)) {
        lt_run_free(run);
        return false;
    }
    publish(run);
    *out = run;
    return true;
}

void lt_run_free(lt_run *run)
{
    if (!run)
        return;
    for (int i = 0; run->prompts && i < run->params->prompt_count; i++)
        lt_tokens_done(&run->prompts[i]);
    lt_tokens_done(&run->negative);
    lt_schedule_done(&run->schedule);
    lt_sampler_state_done(&run->state);
    forget_attention(run);
    free(run->prompts);
    free(run->generators);
    free(run->kept);
    free(run->packed);
    free(run->block);
    free(run);
}

/* ---- without some of the pictures ---- */

typedef struct packed {
    float *input, *cond, *uncond, *eps_cond, *eps_uncond;
} packed;

/* Numbers in the texts of n pictures. */
static size_t texts_of(const lt_run *run, int n)
{
    return (size_t)n * (size_t)run->view.tokens * (size_t)run->view.text_width;
}

/* The parts of a block for n pictures. */
static packed packed_of(const lt_run *run, float *block, int n)
{
    size_t latents = (size_t)n * run->one, text = texts_of(run, n);
    packed p = {.input = block};
    p.cond = p.input + latents;
    p.uncond = p.cond + text;
    p.eps_cond = p.uncond + text;
    p.eps_uncond = p.eps_cond + latents;
    return p;
}

int lt_run_kept(const lt_run *run)
{
    return run->kept ? run->kept_count : run->view.images;
}

/* Those that are kept without `image`; how many.  [images] */
static int without(const lt_run *run, int image, int *out)
{
    int n = 0;
    for (int k = 0; k < lt_run_kept(run); k++) {
        int i = run->kept ? run->kept[k] : k;
        out[n] = i;
        n += i != image;
    }
    return n;
}

/* The texts of the kept pictures, which stay as they are. */
static void pack_texts(lt_run *run)
{
    const lt_run_view *v = &run->view;
    packed p = packed_of(run, run->packed, run->kept_count);
    size_t row = texts_of(run, 1);
    for (int k = 0; k < run->kept_count; k++) {
        size_t from = (size_t)run->kept[k] * row, to = (size_t)k * row;
        memcpy(p.cond + to, run->text_cond + from, row * sizeof(float));
        if (v->guided)
            memcpy(p.uncond + to, run->text_uncond + from, row * sizeof(float));
    }
}

/* Of a picture that is not computed any more: with no noise found, its latents stay finite. */
static void silence(lt_run *run, int image)
{
    size_t at = (size_t)image * run->one, bytes = run->one * sizeof(float);
    memset(run->eps_text + at, 0, bytes);
    memset(run->eps + at, 0, bytes);
    if (run->eps_uncond)
        memset(run->eps_uncond + at, 0, bytes);
}

bool lt_run_drop(lt_run *run, int image, lt_progress *progress, lt_error *err)
{
    const lt_run_view *v = &run->view;
    int *kept = lt_alloc_array((size_t)v->images, sizeof *kept), n = without(run, image, kept);
    void *block;
    LT_ASSERT(n > 0);
    if (n == lt_run_kept(run)) {
        free(kept);
        return true;
    }
    size_t numbers = 3 * (size_t)n * run->one + 2 * texts_of(run, n);
    if (!prepare(run, n, run->attention, progress, err) ||
        !lt_try_alloc(numbers * sizeof(float), "the latents", &block, err)) {
        free(kept);
        return false;
    }
    free(run->kept);
    free(run->packed);
    run->kept = kept;
    run->kept_count = n;
    run->packed = block;
    pack_texts(run);
    silence(run, image);
    return true;
}

/* ---- step ---- */

static bool guide(lt_run *run, lt_error *err)
{
    const lt_run_view *v = &run->view;
    lt_guidance_apply(run->eps_uncond, run->eps_text, v->guidance_scale, run->all, run->eps);
    return lt_engine_finite(run->eps, run->all) ||
           lt_fail(err, LT_ERR_ARGUMENT, "--guidance-scale 7.5",
                   "step %d: a guidance of %g makes numbers that are not finite",
                   run->state.step + 1, v->guidance_scale);
}

/* What the UNet is asked: all pictures, or those that are kept, as lt_run_drop packed them. */
static lt_unet_call call_of(lt_run *run)
{
    const lt_run_view *v = &run->view;
    size_t shift = (size_t)lt_unet_shifts(lt_engine_about(run->engine)->unet);
    lt_unet_call call = {.images = lt_run_kept(run),
                         .h = v->h,
                         .w = v->w,
                         .latents = run->model_input,
                         .shifts = run->shifts + (size_t)run->state.step * shift,
                         .cond = run->text_cond,
                         .uncond = v->guided ? run->text_uncond : NULL,
                         .one_prompt = run->params->prompt_count == 1,
                         .eps_cond = run->eps_text,
                         .eps_uncond = run->eps_uncond};
    for (int k = 0; run->attention && k < call.images; k++)
        run->attending[k] = run->attention[run->kept ? run->kept[k] : k];
    call.attention = run->attending;
    if (!run->kept)
        return call;
    packed p = packed_of(run, run->packed, run->kept_count);
    for (int k = 0; k < run->kept_count; k++)
        memcpy(p.input + (size_t)k * run->one, run->model_input + (size_t)run->kept[k] * run->one,
               run->one * sizeof(float));
    call.latents = p.input;
    call.cond = p.cond;
    call.uncond = v->guided ? p.uncond : NULL;
    call.eps_cond = p.eps_cond;
    call.eps_uncond = p.eps_uncond;
    return call;
}

/* Predictions of the kept pictures, to where they belong. */
static void unpack(lt_run *run, const lt_unet_call *call)
{
    for (int k = 0; run->kept && k < run->kept_count; k++) {
        size_t from = (size_t)k * run->one, to = (size_t)run->kept[k] * run->one;
        memcpy(run->eps_text + to, call->eps_cond + from, run->one * sizeof(float));
        if (call->uncond)
            memcpy(run->eps_uncond + to, call->eps_uncond + from, run->one * sizeof(float));
    }
}

static bool predict(lt_run *run, lt_progress *progress, lt_error *err)
{
    const lt_run_view *v = &run->view;
    const char *what = "the UNet's prediction";
    lt_sampler_scale(&run->schedule, run->state.step, run->state.x, run->all, run->model_input);
    lt_unet_call call = call_of(run);
    size_t all = (size_t)call.images * run->one;
    if (!lt_engine_predict(run->engine, &call, progress, err))
        return false;
    if (!lt_engine_check_finite(run->engine, what, call.eps_cond, all, err) ||
        (v->guided && !lt_engine_check_finite(run->engine, what, call.eps_uncond, all, err)))
        return lt_fail_in(err, "step %d", run->state.step + 1);
    unpack(run, &call);
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
        draw(run, run->step_noise);
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
