/* cmd_schedule.c - `latentty schedule`: how noisy the latents are at every step. */
#include <stdlib.h>
#include <string.h>

#include "cli/open.h"
#include "cli/output.h"
#include "pipeline/scheduler_config.h"
#include "sample/sampler.h"
#include "weights/model_dir.h"

typedef struct plan {
    lt_scheduler_config model;
    const lt_sampler *sampler;
    lt_schedule schedule;
} plan;

static bool read_config(const char *model, lt_scheduler_config *out, lt_error *err)
{
    lt_model_request request = {.model = model};
    lt_model_dir parts = {0};
    char *dir = NULL;
    bool ok = lt_model_dir_find(model, &dir, err) && lt_model_dir_resolve(&request, &parts, err) &&
              lt_scheduler_config_read(parts.path[LT_SCHEDULER], dir, out, err);
    lt_model_dir_done(&parts);
    free(dir);
    return ok;
}

static bool make(const lt_params *p, plan *out, lt_error *err)
{
    const lt_scheduler_config *m = &out->model;
    if (!read_config(p->model, &out->model, err) ||
        !lt_sampler_find(p->scheduler ? p->scheduler : m->sampler, &out->sampler, err))
        return false;
    lt_schedule_config config = out->sampler->config(&m->base);
    if (p->timestep_spacing &&
        !lt_spacing_parse(p->timestep_spacing, &config.timestep_spacing, err))
        return false;
    return lt_schedule_init(&out->schedule, &config, p->steps ? p->steps : m->steps, err);
}

static bool is_lms(const plan *s)
{
    return s->sampler == &lt_sampler_lms || s->sampler == &lt_sampler_lms_blog;
}

static json_object *coefficients_json(const lt_schedule *s)
{
    json_object *rows = json_object_new_array();
    for (int i = 0; i < s->steps; i++) {
        double a[LT_LMS_ORDER];
        int order = lt_lms_coefficients(s, i, a);
        json_object *row = json_object_new_array();
        for (int j = 0; j < order; j++)
            json_object_array_add(row, json_object_new_double(a[j]));
        json_object_array_add(rows, row);
    }
    return rows;
}

static void print_json(const plan *s)
{
    const lt_schedule *t = &s->schedule;
    const lt_schedule_config *k = &t->config;
    json_object *o = json_object_new_object();
    lt_output_set(o, "scheduler", json_object_new_string(s->sampler->name));
    lt_output_set(o, "model_scheduler", lt_output_text(s->model.class_name));
    lt_output_set(o, "steps", json_object_new_int(t->steps));
    lt_output_set(o, "timestep_spacing",
                  json_object_new_string(lt_spacing_name(k->timestep_spacing)));
    lt_output_set(o, "steps_offset", json_object_new_int(k->steps_offset));
    lt_output_set(o, "prediction_type",
                  json_object_new_string(lt_prediction_name(k->prediction_type)));
    lt_output_set(o, "beta_schedule",
                  json_object_new_string(lt_beta_schedule_name(k->beta_schedule)));
    lt_output_set(o, "beta_start", lt_output_number(k->beta_start));
    lt_output_set(o, "beta_end", lt_output_number(k->beta_end));
    lt_output_set(o, "num_train_timesteps", json_object_new_int(k->num_train_timesteps));
    lt_output_set(o, "use_karras_sigmas", json_object_new_boolean(k->use_karras_sigmas));
    lt_output_set(o, "init_noise_sigma", lt_output_number((double)t->init_noise_sigma));
    lt_output_set(o, "timesteps", lt_output_floats(t->timesteps, (size_t)t->steps));
    lt_output_set(o, "sigmas", lt_output_floats(t->sigmas, (size_t)t->steps + 1));
    lt_output_set(o, "lms_order", is_lms(s) ? json_object_new_int(LT_LMS_ORDER) : NULL);
    lt_output_set(o, "lms_coefficients", is_lms(s) ? coefficients_json(t) : NULL);
    lt_output_json(o);
}

static void print_table(const plan *s)
{
    const lt_schedule *t = &s->schedule;
    lt_output_line(stdout, "%s, %d steps, %s spacing, predicts %s, init_noise_sigma %.9g",
                   s->sampler->name, t->steps, lt_spacing_name(t->config.timestep_spacing),
                   lt_prediction_name(t->config.prediction_type), (double)t->init_noise_sigma);
    lt_output_line(stdout, "betas %s %g to %g over %d timesteps; the model was published with %s",
                   lt_beta_schedule_name(t->config.beta_schedule), t->config.beta_start,
                   t->config.beta_end, t->config.num_train_timesteps,
                   *s->model.class_name ? s->model.class_name : "no scheduler");
    lt_output_line(stdout, "step    timestep       sigma%s",
                   is_lms(s) ? "   LMS coefficients, newest first" : "");
    for (int i = 0; i < t->steps; i++) {
        double a[LT_LMS_ORDER];
        int order = is_lms(s) ? lt_lms_coefficients(t, i, a) : 0;
        lt_buf row = {0};
        lt_buf_format(&row, "%4d  %10.4f  %10.6f ", i, (double)t->timesteps[i],
                      (double)t->sigmas[i]);
        for (int j = 0; j < order; j++)
            lt_buf_format(&row, " %10.6f", a[j]);
        lt_output_line(stdout, "%s", row.data);
        lt_buf_done(&row);
    }
    lt_output_line(stdout, " end              %10.6f", (double)t->sigmas[t->steps]);
}

static bool run(const lt_context *c, lt_error *err)
{
    lt_params p;
    plan s = {0};
    bool ok = lt_open_params(c, &p, err) && lt_open_defaults(c, &p, 0, err) && make(&p, &s, err);
    if (ok && c->json)
        print_json(&s);
    else if (ok && !c->quiet)
        print_table(&s);
    lt_schedule_done(&s.schedule);
    lt_params_done(&p);
    return ok;
}

static const char *const settings[] = {"steps", "scheduler", "timestep-spacing", "model", NULL};

const lt_command lt_command_schedule = {
    .name = "schedule",
    .summary = "timesteps, sigmas and coefficients of the scheduler in use",
    .synopsis = "[--steps N] [options]",
    .about = "The timesteps and sigmas that the scheduler takes with a model, as diffusers' "
             "from_config makes it from the model's scheduler_config.json: spacing, "
             "init_noise_sigma and, for lms, the coefficients of every step.",
    .example = "latentty schedule --steps 70 --scheduler lms-blog",
    .settings = settings,
    .run = run,
};
