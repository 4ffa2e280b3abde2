/* archive.c - see archive.h. */
#include "pipeline/archive.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- writing ---- */

static void text_member(lt_buf *out, const char *key, const char *text)
{
    lt_buf_format(out, ",\"%s\":", key);
    lt_buf_json(out, text);
}

/* What was asked for; what was not given is not there. */
static void put_params(const lt_params *p, lt_buf *out)
{
    lt_buf value = {0};
    lt_buf_format(out, "\"own_generators\":%s,\"batch\":%d", p->own_generators ? "true" : "false",
                  p->batch);
    for (int i = 0; i < p->prompt_count; i++) {
        lt_buf_str(out, i ? "," : ",\"prompts\":[");
        lt_buf_json(out, p->prompts[i]);
    }
    lt_buf_str(out, p->prompt_count ? "]" : "");
    for (int i = 0; i < p->seed_count; i++)
        lt_buf_format(out, "%s\"%" PRIu64 "\"", i ? "," : ",\"seeds\":[", p->seeds[i]);
    lt_buf_str(out, p->seed_count ? "]" : "");
    for (int i = 0; i < lt_param_count; i++) {
        lt_buf_clear(&value);
        if (lt_params_value(p, &lt_param_infos[i], &value))
            text_member(out, lt_param_infos[i].flag, value.len ? value.data : "");
    }
    lt_buf_done(&value);
}

static void put_schedule(const lt_schedule_config *c, lt_buf *out)
{
    lt_buf_format(out,
                  "{\"num_train_timesteps\":%d,\"beta_start\":%.17g,\"beta_end\":%.17g,"
                  "\"steps_offset\":%d,\"use_karras_sigmas\":%s,\"rescale_betas_zero_snr\":%s",
                  c->num_train_timesteps, c->beta_start, c->beta_end, c->steps_offset,
                  c->use_karras_sigmas ? "true" : "false",
                  c->rescale_betas_zero_snr ? "true" : "false");
    text_member(out, "beta_schedule", lt_beta_schedule_name(c->beta_schedule));
    text_member(out, "prediction_type", lt_prediction_name(c->prediction_type));
    text_member(out, "timestep_spacing", lt_spacing_name(c->timestep_spacing));
    text_member(out, "final_sigmas_type", lt_final_sigma_name(c->final_sigmas_type));
    lt_buf_char(out, '}');
}

static void put_settings(const lt_film *f, lt_buf *out)
{
    lt_buf_format(
        out,
        "{\"images\":%d,\"channels\":%d,\"h\":%d,\"w\":%d,\"first\":%d,"
        "\"drawn_before\":%d,\"forked\":%d,\"altered\":%s,\"guided\":%s,\"guidance_scale\":%.17g,"
        "\"begin_seconds\":%.17g,\"tokens\":%zu,\"cut\":%zu,\"begin\":%d,\"tiled\":%s,"
        "\"init_image_hash\":\"%016" PRIx64 "\"",
        f->images, f->channels, f->h, f->w, f->first, f->drawn_before, f->forked,
        f->altered ? "true" : "false", f->guided ? "true" : "false", f->guidance_scale,
        f->begin_seconds, f->tokens, f->cut, f->schedule.begin, f->tiled ? "true" : "false",
        f->init_hash);
    for (int k = 0; k < f->forked && k < f->done; k++) /* the others have the run's own */
        lt_buf_format(out, "%s%.17g", k ? "," : ",\"guidance_scales\":[", f->at[k].guidance_scale);
    lt_buf_str(out, f->forked > 0 && f->done > 0 ? "]" : "");
    text_member(out, "backend", f->backend);
    text_member(out, "dtype", lt_dtype_name(f->dtype));
    lt_buf_str(out, ",\"schedule\":");
    put_schedule(&f->schedule.config, out);
    lt_buf_str(out, ",\"params\":{");
    put_params(&f->params, out);
    lt_buf_str(out, "}}");
}

void lt_archive_run(const lt_film *f, lt_store_run *out)
{
    int place;
    lt_buf settings = {0};
    put_settings(f, &settings);
    *out = (lt_store_run){
        .prompt = lt_strdup(f->params.prompts[0]),
        .negative = lt_strdup(f->params.negative_prompt ? f->params.negative_prompt : ""),
        .settings = settings.data,
        .sampler = lt_strdup(f->sampler->name),
        .model = lt_strdup(f->model),
        .model_hash = lt_strdup(f->model_hash),
        .seed = lt_params_seed(&f->params, 0, &place),
        .steps = f->steps,
        .width = f->width,
        .height = f->height,
        .guidance = f->guidance_scale,
        .seconds = f->begin_seconds,
    };
}

lt_store_step lt_archive_step(const lt_film *f, int k)
{
    if (k == 0)
        return (lt_store_step){.latents = {f->noise, f->all}};
    const lt_film_step *s = &f->at[k - 1];
    return (lt_store_step){.k = k,
                           .seconds = s->seconds,
                           .latents = {s->latents, f->all},
                           .x0 = {s->x0, f->all},
                           .eps_text = {s->eps_text, f->all},
                           .eps_uncond = {s->eps_uncond, s->eps_uncond ? f->all : 0}};
}

/* ---- reading ---- */

static json_object *member(json_object *o, const char *key)
{
    json_object *value;
    return o && json_object_is_type(o, json_type_object) &&
                   json_object_object_get_ex(o, key, &value)
               ? value
               : NULL;
}

static const char *text_of(json_object *o, const char *key)
{
    json_object *value = member(o, key);
    return value && json_object_is_type(value, json_type_string) ? json_object_get_string(value)
                                                                 : "";
}

static double number_of(json_object *o, const char *key)
{
    json_object *value = member(o, key);
    return value ? json_object_get_double(value) : 0;
}

static bool flag_of(json_object *o, const char *key)
{
    json_object *value = member(o, key);
    return value && json_object_get_boolean(value);
}

/* A whole number from 0 to `most`, or -1, which fits nowhere. */
static int count_of(json_object *o, const char *key, int most)
{
    json_object *value = member(o, key);
    int64_t n =
        value && json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;
    return n < 0 || n > most ? -1 : (int)n;
}

/* Steps that were left out: none of a run that was kept before there were such. */
static int begin_of(json_object *o)
{
    return member(o, "begin") ? count_of(o, "begin", LT_PARAMS_MAX_STEPS) : 0;
}

static int length_of(json_object *list)
{
    return list && json_object_is_type(list, json_type_array) ? (int)json_object_array_length(list)
                                                              : 0;
}

static bool take_params(json_object *o, lt_params *p, lt_error *err)
{
    json_object *prompts = member(o, "prompts"), *seeds = member(o, "seeds");
    lt_buf list = {0};
    for (int i = 0; i < length_of(prompts); i++) {
        const char *prompt = json_object_get_string(json_object_array_get_idx(prompts, (size_t)i));
        lt_params_add_prompt(p, prompt ? prompt : "");
    }
    for (int i = 0; i < length_of(seeds); i++)
        lt_buf_format(&list, "%s%s", i ? "," : "",
                      json_object_get_string(json_object_array_get_idx(seeds, (size_t)i)));
    bool ok = !list.len || lt_params_set_seeds(p, list.data, flag_of(o, "own_generators"), err);
    lt_buf_done(&list);
    p->batch = count_of(o, "batch", LT_PARAMS_MAX_BATCH);
    for (int i = 0; ok && i < lt_param_count; i++)
        if (member(o, lt_param_infos[i].flag))
            ok = lt_params_set(p, &lt_param_infos[i], text_of(o, lt_param_infos[i].flag), err);
    if (ok && (p->prompt_count == 0 || p->seed_count == 0 || p->batch < 0))
        return lt_fail(err, LT_ERR_FORMAT, NULL, "its settings lack a prompt, a seed or a batch");
    return ok && lt_params_check(p, err);
}

static bool parse(const lt_store_run *run, json_object **out, lt_error *err)
{
    *out = json_tokener_parse(run->settings);
    if (*out && json_object_is_type(*out, json_type_object))
        return true;
    return lt_fail(err, LT_ERR_FORMAT, NULL, "its settings are no JSON object");
}

static bool found(const lt_store_run *run, bool ok, lt_error *err)
{
    lt_error why = *err;
    if (ok)
        return true;
    return lt_fail(err, why.code == LT_ERR_MEMORY ? LT_ERR_MEMORY : LT_ERR_FORMAT, NULL,
                   "run %" PRId64 " of the history: %s", run->id, why.message);
}

bool lt_archive_params(const lt_store_run *run, lt_params *out, lt_error *err)
{
    json_object *o;
    lt_params_init(out);
    bool ok = parse(run, &o, err) && take_params(member(o, "params"), out, err);
    json_object_put(o);
    return found(run, ok, err);
}

/* Of the `steps` that were taken and the `begin` that were left out before them. */
static bool take_schedule(json_object *o, int begin, int steps, lt_schedule *out, lt_error *err)
{
    static const char *const words[] = {"beta_schedule", "prediction_type", "timestep_spacing",
                                        "final_sigmas_type"};
    lt_schedule_config c = {
        .num_train_timesteps = count_of(o, "num_train_timesteps", LT_SCHEDULE_MAX_TRAIN),
        .beta_start = number_of(o, "beta_start"),
        .beta_end = number_of(o, "beta_end"),
        .steps_offset = count_of(o, "steps_offset", LT_SCHEDULE_MAX_TRAIN),
        .use_karras_sigmas = flag_of(o, "use_karras_sigmas"),
        .rescale_betas_zero_snr = flag_of(o, "rescale_betas_zero_snr"),
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!lt_schedule_config_set_word(&c, words[i], text_of(o, words[i]), err))
            return false;
    if (begin < 0 || begin > LT_PARAMS_MAX_STEPS - steps)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "its steps begin nowhere");
    if (!lt_schedule_config_check(&c, err) || !lt_schedule_init(out, &c, begin + steps, err))
        return false;
    lt_schedule_cut(out, begin);
    return true;
}

static bool take_dtype(const char *name, lt_dtype *out, lt_error *err)
{
    static const lt_dtype known[] = {LT_F32, LT_BF16, LT_F16};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(lt_dtype_name(known[i]), name) == 0) {
            *out = known[i];
            return true;
        }
    return lt_fail(err, LT_ERR_FORMAT, NULL, "its type '%s' is not known", name);
}

/* Sizes that agree with each other. */
static bool take_sizes(json_object *o, const lt_store_run *run, lt_film *f, lt_error *err)
{
    enum { SIDE = LT_PARAMS_MAX_SIDE, CHANNELS = 64 };
    size_t all = 0;
    *f = (lt_film){.images = count_of(o, "images", LT_PARAMS_MAX_BATCH),
                   .channels = count_of(o, "channels", CHANNELS),
                   .h = count_of(o, "h", SIDE),
                   .w = count_of(o, "w", SIDE),
                   .first = count_of(o, "first", LT_PARAMS_MAX_STEPS),
                   .drawn_before = (int)number_of(o, "drawn_before"),
                   .forked = count_of(o, "forked", LT_PARAMS_MAX_STEPS),
                   .altered = !member(o, "altered") || flag_of(o, "altered"),
                   .width = run->width,
                   .height = run->height,
                   .steps = run->steps,
                   .tiled = flag_of(o, "tiled"),
                   .guided = flag_of(o, "guided"),
                   .guidance_scale = number_of(o, "guidance_scale"),
                   .begin_seconds = number_of(o, "begin_seconds"),
                   .tokens = (size_t)count_of(o, "tokens", INT32_MAX),
                   .cut = (size_t)count_of(o, "cut", INT32_MAX)};
    bool ok = f->images > 0 && f->channels > 0 && f->h > 0 && f->w > 0 && f->first >= 0 &&
              f->forked >= 0 && f->steps > 0 && f->steps <= LT_PARAMS_MAX_STEPS && f->width > 0 &&
              f->height > 0 && f->width <= SIDE && f->height <= SIDE && f->width % f->w == 0 &&
              f->height % f->h == 0 && isfinite(f->guidance_scale) &&
              lt_mul((size_t)f->images * (size_t)f->channels, (size_t)f->h * (size_t)f->w, &all);
    f->all = all;
    if (ok)
        return true;
    return lt_fail(err, LT_ERR_FORMAT, NULL, "its sizes contradict each other");
}

static bool same_images(const lt_film *f, lt_error *err)
{
    if (f->images == lt_params_images(&f->params))
        return true;
    return lt_fail(err, LT_ERR_FORMAT, NULL, "its settings are of %d pictures, its numbers of %d",
                   lt_params_images(&f->params), f->images);
}

/* Of the step before frame k + 1. */
static double scale_of(const lt_film *f, json_object *scales, int k)
{
    return k < length_of(scales)
               ? json_object_get_double(json_object_array_get_idx(scales, (size_t)k))
               : f->guidance_scale;
}

/* The frames are from 0 on without a gap, each with all of its numbers. */
static bool take_steps(lt_film *f, json_object *scales, lt_store_step *steps, size_t count,
                       lt_error *err)
{
    if (count == 0 || count > (size_t)f->steps + 1 || steps[0].latents.count != f->all)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "its noise is not there");
    f->noise = steps[0].block;
    steps[0].block = NULL;
    f->at = lt_alloc_array((size_t)f->steps, sizeof *f->at);
    lt_trail_add(&f->trail, f->noise, f->images, f->all / (size_t)f->images);
    for (size_t k = 1; k < count; k++) {
        lt_store_step *s = &steps[k];
        size_t uncond = s->eps_uncond.count;
        if (s->k != (int)k || s->latents.count != f->all || s->x0.count != f->all ||
            s->eps_text.count != f->all || (uncond != f->all && uncond != 0))
            return lt_fail(err, LT_ERR_FORMAT, NULL, "step %zu lacks some of its numbers", k);
        float *block = s->block;
        lt_film_step step = {.block = block,
                             .latents = block,
                             .x0 = block + f->all,
                             .eps_text = block + 2 * f->all,
                             .eps_uncond = uncond ? block + 3 * f->all : NULL,
                             .seconds = s->seconds,
                             .guidance_scale = scale_of(f, scales, (int)k - 1)};
        lt_film_add(f, &step);
        s->block = NULL;
    }
    return true;
}

bool lt_archive_film(const lt_store_run *run, lt_store_step *steps, size_t count, lt_film **out,
                     lt_error *err)
{
    json_object *o = NULL;
    lt_film *f = lt_alloc(sizeof *f);
    lt_params_init(&f->params);
    bool ok = parse(run, &o, err) && take_sizes(o, run, f, err);
    if (ok) {
        lt_params_init(&f->params);
        f->model = lt_strdup(run->model);
        f->backend = lt_strdup(text_of(o, "backend"));
        f->init_hash = strtoull(text_of(o, "init_image_hash"), NULL, 16);
        snprintf(f->model_hash, sizeof f->model_hash, "%s", run->model_hash);
        ok = take_params(member(o, "params"), &f->params, err) && same_images(f, err) &&
             take_dtype(text_of(o, "dtype"), &f->dtype, err) &&
             lt_sampler_find(run->sampler, &f->sampler, err) &&
             take_schedule(member(o, "schedule"), begin_of(o), f->steps, &f->schedule, err) &&
             take_steps(f, member(o, "guidance_scales"), steps, count, err);
    }
    json_object_put(o);
    if (!found(run, ok, err)) {
        lt_film_free(f);
        return false;
    }
    *out = f;
    return true;
}

bool lt_archive_read(lt_store *s, int64_t id, lt_store_run *run, lt_film **out, lt_error *err)
{
    lt_store_run own = {0}, *about = run ? run : &own;
    lt_store_step *steps = NULL;
    size_t count = 0;
    *about = (lt_store_run){0};
    bool ok = lt_store_read(s, id, about, err) &&
              lt_store_read_steps(s, id, 0, about->steps, &steps, &count, err) &&
              lt_archive_film(about, steps, count, out, err);
    lt_store_steps_free(steps, count);
    lt_store_run_done(&own);
    return ok;
}
