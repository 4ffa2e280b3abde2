/* info_model.c - a model directory: its components, and what is missing. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/info_kinds.h"
#include "cli/output.h"
#include "pipeline/forecast.h"

/* One component as it is told. */
typedef struct part {
    const lt_info_component *found;
    lt_error problem;  /* of files, config or weights */
    lt_buf facts, sum; /* of the config; of the weights */
} part;

enum { SIZES = 2 }; /* that memory is forecast for: the model's own, and twice that */

typedef struct report {
    lt_info_model model;
    part parts[LT_COMPONENT_COUNT];
    lt_error problem; /* of the whole, where every part is well */
    bool runnable;
    int side[SIZES]; /* pixels; 0: not known */
    size_t bytes[SIZES];
    const char *dtype;
    lt_room room;
} report;

static bool unet_facts(const char *dir, lt_buf *out, lt_error *err)
{
    lt_unet_config u;
    if (!lt_unet_config_read(dir, &u, err))
        return false;
    lt_buf_str(out, "channels");
    for (int i = 0; i < u.levels; i++)
        lt_buf_format(out, "%c%d", i ? ',' : ' ', u.channels[i]);
    lt_buf_format(out, ", text width %d, latents %dx%dx%d", u.cross_attention_dim, u.in_channels,
                  u.sample_size, u.sample_size);
    return true;
}

static bool vae_facts(const char *dir, lt_buf *out, lt_error *err)
{
    lt_vae_config v;
    if (!lt_vae_config_read(dir, &v, err))
        return false;
    lt_buf_format(out, "factor %d, %d latent channels, scaling %g, trained at %d pixels", v.factor,
                  v.latent_channels, (double)v.scaling_factor, v.sample_size);
    return true;
}

static bool text_facts(const char *dir, lt_buf *out, lt_error *err)
{
    lt_clip_config t;
    if (!lt_clip_config_read(dir, &t, err))
        return false;
    lt_buf_format(out, "width %d, %d layers, %d heads, %d tokens", t.hidden_size,
                  t.num_hidden_layers, t.num_attention_heads, t.max_position_embeddings);
    return true;
}

static bool tokenizer_facts(const char *dir, lt_buf *out, lt_error *err)
{
    lt_tokenizer *t = NULL;
    if (!lt_tokenizer_open(dir, &t, err))
        return false;
    lt_buf_format(out, "%zu tokens, length %zu, padded with %d", lt_tokenizer_vocab_size(t),
                  lt_tokenizer_length(t), lt_tokenizer_pad(t));
    lt_tokenizer_close(t);
    return true;
}

static bool scheduler_facts(const char *dir, const char *model, lt_buf *out, lt_error *err)
{
    lt_scheduler_config s;
    if (!lt_scheduler_config_read(dir, model, &s, err))
        return false;
    lt_buf_format(out, "predicts %s, betas %s, %s spacing; used here: %s, %d steps, guidance %g",
                  lt_prediction_name(s.base.prediction_type),
                  lt_beta_schedule_name(s.base.beta_schedule),
                  lt_spacing_name(s.base.timestep_spacing), s.sampler, s.steps, s.guidance_scale);
    return true;
}

static bool facts(const lt_info_model *m, lt_component c, lt_buf *out, lt_error *err)
{
    const char *dir = m->component[c].path;
    switch (c) {
    case LT_UNET:
        return unet_facts(dir, out, err);
    case LT_VAE:
        return vae_facts(dir, out, err);
    case LT_TEXT_ENCODER:
        return text_facts(dir, out, err);
    case LT_TOKENIZER:
        return tokenizer_facts(dir, out, err);
    default:
        return scheduler_facts(dir, m->dir, out, err);
    }
}

static void look_at(const lt_info_model *m, lt_component c, part *p)
{
    lt_info_weights w = {0};
    p->found = &m->component[c];
    p->problem = p->found->problem;
    if (!p->found->path || p->problem.code != LT_ERR_NONE || !facts(m, c, &p->facts, &p->problem))
        return;
    if (p->found->weights && lt_info_weights_open(p->found->weights, &w, &p->problem)) {
        lt_cli_info_sum(&w, &p->sum);
        lt_info_weights_done(&w);
    }
}

/* What one picture takes with the backend and the type that are chosen without options. */
static void forecast(lt_engine *e, report *r)
{
    lt_dtype dtype = lt_engine_about(e)->dtype;
    int side = lt_engine_default_side(e);
    lt_error ignored;
    r->dtype = lt_dtype_name(dtype);
    r->room = lt_room_find("");
    for (int i = 0; i < SIZES; i++, side *= 2) {
        lt_work work = {.prompts = 1,
                        .per_prompt = 1,
                        .width = side,
                        .height = side,
                        .steps = lt_engine_about(e)->scheduler->steps,
                        .guided = true};
        if (lt_forecast_bytes(e, &work, dtype, &r->bytes[i], &ignored))
            r->side[i] = side;
    }
}

/* Whether every tensor is there: what opening the model for a run would say. */
static void try_whole(const lt_context *c, const char *model, report *r)
{
    lt_engine *e = NULL;
    lt_engine_options options = {.backends = c->backends,
                                 .backend = "auto",
                                 .dtype = "auto",
                                 .model = model,
                                 .variant = lt_args_value(c->args, "variant"),
                                 .needs = LT_NEEDS_ALL};
    r->runnable = lt_engine_open(&options, &e, &r->problem);
    if (r->runnable)
        forecast(e, r);
    lt_engine_close(e);
}

static void look(const lt_context *c, const char *model, report *r)
{
    bool sound = r->model.runnable;
    for (int i = 0; i < LT_COMPONENT_COUNT; i++) {
        look_at(&r->model, (lt_component)i, &r->parts[i]);
        sound = sound && r->parts[i].problem.code == LT_ERR_NONE;
    }
    if (sound)
        try_whole(c, model, r);
}

static void report_done(report *r)
{
    for (int i = 0; i < LT_COMPONENT_COUNT; i++) {
        lt_buf_done(&r->parts[i].facts);
        lt_buf_done(&r->parts[i].sum);
    }
    lt_info_model_done(&r->model);
}

static json_object *problem_json(const lt_error *problem)
{
    if (problem->code == LT_ERR_NONE)
        return NULL;
    json_object *o = json_object_new_object();
    lt_output_set(o, "code", json_object_new_string(lt_error_name(problem->code)));
    lt_output_set(o, "message", lt_output_text(problem->message));
    lt_output_set(o, "hint", *problem->hint ? lt_output_text(problem->hint) : NULL);
    return o;
}

static json_object *memory_json(const report *r)
{
    json_object *list = json_object_new_array();
    for (int i = 0; i < SIZES && r->side[i]; i++) {
        json_object *o = json_object_new_object();
        lt_output_set(o, "width", json_object_new_int(r->side[i]));
        lt_output_set(o, "height", json_object_new_int(r->side[i]));
        lt_output_set(o, "dtype", json_object_new_string(r->dtype));
        lt_output_set(o, "bytes", json_object_new_uint64(r->bytes[i]));
        json_object_array_add(list, o);
    }
    return list;
}

/* What the model needs; what there is changes from one moment to the next, and is only said where
 * it is too little. */
static void print_memory(const report *r)
{
    if (!r->side[0])
        return;
    lt_output_line(stdout, "memory        in %s", r->dtype);
    for (int i = 0; i < SIZES && r->side[i]; i++) {
        lt_buf much = {0};
        if (r->bytes[i] > r->room.bytes)
            lt_buf_format(&much, ": more than the %.2f GB that may be used (%s)",
                          (double)r->room.bytes * 1e-9, r->room.what);
        lt_output_line(stdout, "              about %.2f GB for a picture of %dx%d%s",
                       (double)r->bytes[i] * 1e-9, r->side[i], r->side[i],
                       much.len ? much.data : "");
        lt_buf_done(&much);
    }
}

static void print_json(const char *model, const report *r)
{
    json_object *o = json_object_new_object(), *list = json_object_new_object();
    for (int i = 0; i < LT_COMPONENT_COUNT; i++) {
        const part *p = &r->parts[i];
        json_object *row = json_object_new_object();
        lt_output_set(row, "class", lt_output_text(p->found->class_name));
        lt_output_set(row, "path", lt_output_text(p->found->path));
        lt_output_set(row, "weights_file", lt_output_text(p->found->weights));
        lt_output_set(row, "config", lt_output_text(p->facts.data));
        lt_output_set(row, "weights", lt_output_text(p->sum.data));
        lt_output_set(row, "problem", problem_json(&p->problem));
        lt_output_set(list, lt_component_get((lt_component)i)->name, row);
    }
    lt_output_set(o, "kind", json_object_new_string("model"));
    lt_output_set(o, "model", lt_output_text(model));
    lt_output_set(o, "directory", lt_output_text(r->model.dir));
    lt_output_set(o, "pipeline", lt_output_text(r->model.pipeline));
    lt_output_set(o, "runnable", json_object_new_boolean(r->runnable));
    lt_output_set(o, "problem", problem_json(&r->problem));
    lt_output_set(o, "memory", memory_json(r));
    lt_output_set(o, "components", list);
    lt_output_json(o);
}

static void print_problem(const char *before, const lt_error *problem)
{
    lt_output_line(stdout, "%s%s", before, problem->message);
    if (*problem->hint)
        lt_output_line(stdout, "%shint: %s", before, problem->hint);
}

static void print_part(const char *name, const part *p)
{
    if (!p->found->class_name && p->problem.code == LT_ERR_NONE)
        return;
    lt_output_line(stdout, "%-13s %s", name, p->found->class_name ? p->found->class_name : "-");
    if (p->facts.len)
        lt_output_line(stdout, "              %s", p->facts.data);
    if (p->sum.len)
        lt_output_line(stdout, "              %s", p->sum.data);
    if (p->problem.code != LT_ERR_NONE)
        print_problem("              MISSING OR WRONG: ", &p->problem);
}

static void print_table(const char *model, const report *r)
{
    const lt_info_model *m = &r->model;
    lt_output_line(stdout, "%s: %s", model,
                   m->pipeline ? m->pipeline : "components by themselves, without a pipeline");
    if (strcmp(model, m->dir) != 0)
        lt_output_line(stdout, "in %s", m->dir);
    for (int i = 0; i < LT_COMPONENT_COUNT; i++)
        print_part(lt_component_get((lt_component)i)->name, &r->parts[i]);
    if (r->problem.code != LT_ERR_NONE)
        print_problem("", &r->problem);
    print_memory(r);
    if (m->pipeline)
        lt_output_line(stdout, r->runnable ? "latentty can run this model"
                                           : "latentty cannot run this model");
}

bool lt_cli_info_model(const lt_context *c, const char *model, lt_error *err)
{
    report *r = lt_alloc(sizeof *r);
    bool ok = lt_info_model_open(model, lt_args_value(c->args, "variant"), &r->model, err);
    if (ok) {
        look(c, model, r);
        if (c->json)
            print_json(model, r);
        else if (!c->quiet)
            print_table(model, r);
    }
    report_done(r);
    free(r);
    return ok;
}
