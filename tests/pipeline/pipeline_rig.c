/* pipeline_rig.c - see pipeline_rig.h. */
#include "pipeline_rig.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/check.h"
#include "support/temp.h"
#include "support/tiny_model.h"

static void open_engine(const char *model, const lt_backend_ops *ops, const char *dtype,
                        lt_engine **out)
{
    const lt_backend_ops *backends[] = {ops, NULL};
    lt_engine_options options = {.backends = backends,
                                 .backend = "auto",
                                 .dtype = dtype,
                                 .threads = 2,
                                 .model = model,
                                 .needs = LT_NEEDS_ALL};
    CHECK_OK(lt_engine_open(&options, out, err));
}

void pipeline_rig_open(const char *variant, const lt_backend_ops *ops, const char *dtype,
                       pipeline_rig *out)
{
    *out = (pipeline_rig){0};
    if (strcmp(variant, "demo") != 0) {
        tiny_model m = {
            .variant = variant, .data = LT_TEST_DATA, .assets = LT_ASSETS, .dtype = LT_F32};
        out->dir = temp_dir();
        CHECK_OK(tiny_model_write(&m, out->dir, err));
    }
    open_engine(out->dir ? out->dir : LT_ASSETS "/demo", ops, dtype, &out->engine);
}

void pipeline_rig_reopen(pipeline_rig *r, const lt_backend_ops *ops, const char *dtype)
{
    lt_engine_close(r->engine);
    open_engine(r->dir ? r->dir : LT_ASSETS "/demo", ops, dtype, &r->engine);
}

void pipeline_rig_close(pipeline_rig *r)
{
    lt_engine_close(r->engine);
    if (r->dir)
        temp_dir_remove(r->dir);
}

pipeline_rig pipeline_sd1;

int pipeline_sd1_open(void **state)
{
    (void)state;
    pipeline_rig_open("sd1", &lt_ref_backend, "auto", &pipeline_sd1);
    return 0;
}

int pipeline_sd1_close(void **state)
{
    (void)state;
    pipeline_rig_close(&pipeline_sd1);
    return 0;
}

lt_params pipeline_params(const char *prompt, int steps, const char *seeds, bool own, int batch)
{
    lt_params p;
    lt_params_init(&p);
    lt_params_add_prompt(&p, prompt);
    p.steps = steps;
    p.batch = batch;
    CHECK_OK(lt_params_set_seeds(&p, seeds, own, err));
    CHECK_OK(lt_params_check(&p, err));
    return p;
}

lt_init_image pipeline_init(void)
{
    lt_init_image init = {0};
    CHECK_OK(lt_image_new(21, 18, &init.image, err));
    for (int i = 0; i < 21 * 18; i++) {
        unsigned char *at = init.image->rgb + 3 * i;
        at[0] = (unsigned char)(i % 21 * 12);
        at[1] = (unsigned char)(i / 21 * 14);
        at[2] = (unsigned char)(i * 7 % 256);
    }
    init.hash = lt_init_image_hash(init.image);
    return init;
}

void pipeline_begin_with(lt_params *p, const char *path, double strength)
{
    p->init_image = lt_strdup(path);
    p->strength = strength;
}

const char *const pipeline_samplers[PIPELINE_SAMPLERS] = {"lms", "lms-blog", "euler", "euler_a"};

lt_params pipeline_guided(const char *sampler, int steps, double scale)
{
    lt_params p = pipeline_params("a fox", steps, "3", false, 0);
    p.scheduler = lt_strdup(sampler);
    p.size = (lt_size){16, 16};
    p.guidance_scale = scale;
    return p;
}

float *pipeline_run(pipeline_rig *r, const lt_params *p, size_t *count)
{
    lt_run *run;
    lt_init_image init = pipeline_init();
    lt_run_options options = {.params = p, .init = p->init_image ? &init : NULL};
    CHECK_OK(lt_run_begin(r->engine, &options, &run, NULL, err));
    lt_init_image_done(&init);
    lt_error fault = {0};
    lt_step_result result;
    do
        result = lt_run_step(run, NULL, &fault);
    while (result == LT_STEP_MORE);
    if (result == LT_STEP_FAILED)
        fail_msg("a step failed: %s", fault.message);
    const lt_run_view *v = lt_run_about(run);
    size_t n = (size_t)v->images * (size_t)v->channels * (size_t)v->h * (size_t)v->w;
    float *latents = lt_alloc_array(n, sizeof *latents);
    memcpy(latents, v->latents, n * sizeof *latents);
    if (count)
        *count = n;
    lt_run_free(run);
    return latents;
}

lt_film *pipeline_film(pipeline_rig *r, const lt_params *p, const lt_film *parent, int k)
{
    return pipeline_film_to(r, p, parent, k, p->steps);
}

lt_film *pipeline_film_to(pipeline_rig *r, const lt_params *p, const lt_film *parent, int k,
                          int steps)
{
    lt_run *run;
    lt_film *f;
    const lt_sampler *sampler;
    lt_run_start start;
    lt_error fault = {0};
    CHECK_OK(lt_sampler_find(p->scheduler, &sampler, err));
    if (parent)
        start = lt_film_start(parent, k, sampler);
    lt_init_image init = pipeline_init();
    lt_run_options options = {.params = p,
                              .start = parent ? &start : NULL,
                              .init = p->init_image && !parent ? &init : NULL};
    CHECK_OK(lt_run_begin(r->engine, &options, &run, NULL, err));
    lt_init_image_done(&init);
    CHECK_OK(lt_film_new(r->engine, p, run, &f, err));
    if (parent)
        CHECK_OK(lt_film_inherit(f, parent, k, err));
    while (f->done < steps && f->done < f->steps) {
        lt_film_step step;
        if (lt_run_step(run, NULL, &fault) == LT_STEP_FAILED)
            fail_msg("%s", fault.message);
        CHECK_OK(lt_film_step_of(run, 0, &step, err));
        lt_film_add(f, &step);
    }
    lt_run_free(run);
    return f;
}

void pipeline_same_films(const lt_film *a, const lt_film *b)
{
    for (int k = 0; k < a->steps; k++) {
        size_t arrays = a->at[k].eps_uncond ? 4 : 3;
        if (memcmp(a->at[k].block, b->at[k].block, arrays * a->all * sizeof(float)) != 0)
            fail_msg("step %d differs", k + 1);
    }
    assert_memory_equal(a->noise, b->noise, a->all * sizeof(float));
}
