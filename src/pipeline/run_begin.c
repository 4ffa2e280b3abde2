/* run_begin.c - all that a run does before its first step; see run.h. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "pipeline/run_impl.h"

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

lt_room lt_run_room(const lt_run *run)
{
    return run->room.what ? run->room : lt_room_find("");
}

/* The same with maps, for which no picture becomes another one: in tiles it is or is not already.
 */
static bool check_maps(lt_run *run, const lt_room *room, lt_error *err)
{
    run->work.maps = true;
    run->work.tiling = run->view.tiled ? LT_TILING_ON : LT_TILING_OFF;
    return lt_forecast_check(run->engine, &run->work, room, err);
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
                          .tiling = lt_params_tiling(o->params),
                          .traced_steps = o->keep_uncond ? (size_t)v->steps : 0,
                          .film_steps = o->film ? (size_t)v->steps : 0,
                          .drawn = run->of > 1 ? run->of : 0};
    lt_room room = lt_run_room(run);
    if (!lt_forecast_check(run->engine, &run->work, &room, err))
        return false;
    v->tiled = lt_engine_tiles(run->engine, v->h, v->w);
    return !o->attention || check_maps(run, &room, err);
}

/* Where memory that seemed to be there was not, *err says what fits, nothing being compiled. */
static bool offer(const lt_run *run, lt_error *err)
{
    if (err->code != LT_ERR_MEMORY)
        return false;
    lt_engine_trim(run->engine, 0, 0);
    lt_room room = lt_run_room(run);
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

/* What depends on the size. */
static bool make_ready(lt_run *run, const lt_init_image *init, bool maps, lt_progress *progress,
                       lt_error *err)
{
    const lt_run_view *v = &run->view;
    lt_engine_load load = lt_run_load(run, v->images, maps);
    return encode_picture(run, init, progress, err) &&
           lt_engine_time(run->engine, v->steps, run->schedule.timesteps, run->shifts, progress,
                          err) &&
           lt_engine_prepare_first(run->engine, &load, progress, err);
}

/* Where it seemed to fit and then did not, it may with the VAE in tiles: then all of it, so that
 * the numbers are those of a run that began so. */
static bool take_tiles(lt_run *run, lt_error *err)
{
    lt_run_view *v = &run->view;
    if (err->code != LT_ERR_MEMORY || run->work.tiling != LT_TILING_AUTO || v->tiled)
        return false;
    lt_engine_tile(run->engine, true);
    v->tiled = lt_engine_tiles(run->engine, v->h, v->w);
    if (!v->tiled)
        return false;
    lt_engine_trim(run->engine, 0, 0);
    *err = (lt_error){0};
    return true;
}

/* What is computed before the first step. */
static bool compute(lt_run *run, const lt_init_image *init, bool maps, lt_progress *progress,
                    lt_error *err)
{
    return encode(run, progress, err) &&
           (make_ready(run, init, maps, progress, err) ||
            (take_tiles(run, err) && make_ready(run, init, maps, progress, err))) &&
           (!maps || lt_run_make_attention(run, err));
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
    run->room = options->room ? *options->room : (lt_room){0};
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
        (!compute(run, init, options->attention, progress, err) && !offer(run, err))) {
        lt_run_free(run);
        return false;
    }
    lt_run_draw_first(run, options->noise);
    if (options->start && !lt_run_resume(run, options->start, err)) {
        lt_run_free(run);
        return false;
    }
    publish(run);
    *out = run;
    return true;
}
