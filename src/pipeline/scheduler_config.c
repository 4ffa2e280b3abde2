/* scheduler_config.c - see scheduler_config.h. */
#include "pipeline/scheduler_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/config.h"

static void read_words(lt_config *c, lt_schedule_config *s)
{
    static const char *const words[] = {"beta_schedule",      "prediction_type",
                                        "timestep_spacing",   "final_sigmas_type",
                                        "interpolation_type", "timestep_type"};
    static const char *const flags[] = {"use_karras_sigmas", "rescale_betas_zero_snr",
                                        "use_exponential_sigmas", "use_beta_sigmas"};
    lt_error fault;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *word = lt_config_string(c, words[i], NULL);
        if (word && !lt_schedule_config_set_word(s, words[i], word, &fault))
            lt_config_fail(c, "%s", fault.message);
    }
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (lt_config_has(c, flags[i]) && !lt_config_is_null(c, flags[i]) &&
            !lt_schedule_config_set_flag(s, flags[i], lt_config_bool(c, flags[i], false), &fault))
            lt_config_fail(c, "%s", fault.message);
}

/* The sampler of the class that the model was published with, where there is one. */
static const char *sampler_of(const char *class_name)
{
    static const char *const pairs[][2] = {
        {"LMSDiscreteScheduler", "lms"},
        {"EulerDiscreteScheduler", "euler"},
        {"EulerAncestralDiscreteScheduler", "euler_a"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strcmp(class_name, pairs[i][0]) == 0)
            return pairs[i][1];
    return "lms";
}

static void read_scheduler(lt_config *c, lt_scheduler_config *out)
{
    lt_schedule_config *s = &out->base;
    lt_error fault;
    const char *name = lt_config_string(c, "_class_name", "");
    snprintf(out->class_name, sizeof out->class_name, "%.63s", name);
    snprintf(out->sampler, sizeof out->sampler, "%s", sampler_of(name));
    read_words(c, s);
    s->num_train_timesteps =
        lt_config_int(c, "num_train_timesteps", s->num_train_timesteps, 2, LT_SCHEDULE_MAX_TRAIN);
    s->beta_start = lt_config_number(c, "beta_start", s->beta_start, 1e-9, 1);
    s->beta_end = lt_config_number(c, "beta_end", s->beta_end, 1e-9, 1);
    s->steps_offset = lt_config_int(c, "steps_offset", s->steps_offset, 0, s->num_train_timesteps);
    lt_config_only_null(c, "trained_betas", NULL);
    lt_config_only_null(c, "sigma_min", NULL);
    lt_config_only_null(c, "sigma_max", NULL);
    if (!lt_schedule_config_check(s, &fault))
        lt_config_fail(c, "%s", fault.message);
}

static void read_advice(lt_config *c, lt_scheduler_config *out)
{
    lt_error fault;
    const lt_sampler *sampler;
    const char *name = lt_config_string(c, "scheduler", out->sampler);
    if (!lt_sampler_find(name, &sampler, &fault))
        lt_config_fail(c, "%s", fault.message);
    else
        snprintf(out->sampler, sizeof out->sampler, "%s", sampler->name);
    out->steps = lt_config_int(c, "steps", out->steps, 1, LT_PARAMS_MAX_STEPS);
    out->guidance_scale = lt_config_number(c, "guidance_scale", out->guidance_scale, 0, 1000);
}

/* Reads DIR/NAME with `read`; a file that is not there changes nothing if it may be missing. */
static bool read_file(const char *dir, const char *name, bool required,
                      void (*read)(lt_config *, lt_scheduler_config *), lt_scheduler_config *out,
                      lt_error *err)
{
    lt_config *c;
    char *path = lt_path_join(dir, name);
    bool there = required || lt_file_exists(path), ok = !there || lt_config_open(path, &c, err);
    if (there && ok) {
        read(c, out);
        ok = lt_config_close(c, err);
    }
    free(path);
    return ok;
}

bool lt_scheduler_config_read(const char *dir, const char *model, lt_scheduler_config *out,
                              lt_error *err)
{
    lt_scheduler_config s = {
        .base = lt_schedule_config_default(), .sampler = "lms", .steps = 30, .guidance_scale = 7.5};
    if (!dir) { /* components given one by one: what Stable Diffusion 1.x was trained with */
        s.base.beta_start = 0.00085;
        s.base.beta_end = 0.012;
        s.base.beta_schedule = LT_BETA_SCALED_LINEAR;
    } else if (!read_file(dir, "scheduler_config.json", true, read_scheduler, &s, err)) {
        return false;
    }
    if (model && !read_file(model, "latentty.json", false, read_advice, &s, err))
        return false;
    *out = s;
    return true;
}

bool lt_scheduler_schedule(const lt_scheduler_config *model, const lt_params *p,
                           const lt_sampler **sampler, lt_schedule *out, lt_error *err)
{
    if (!lt_sampler_find(p->scheduler ? p->scheduler : model->sampler, sampler, err))
        return false;
    lt_schedule_config config = (*sampler)->config(&model->base);
    if (p->timestep_spacing &&
        !lt_spacing_parse(p->timestep_spacing, &config.timestep_spacing, err))
        return false;
    return lt_schedule_init(out, &config, p->steps ? p->steps : model->steps, err);
}
