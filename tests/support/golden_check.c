/* golden_check.c - see golden_check.h. */
#include "support/golden_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "support/rig.h"
#include "support/temp.h"
#include "support/tiny_model.h"

static const char *const names[] = {"sd1-lms20",
                                    "sd1-lmsblog-single",
                                    "sd1-lmsblog-list",
                                    "sd1-euler",
                                    "sd1-euler-a",
                                    "sd1-noguidance",
                                    "sd1-oddsize",
                                    "sd2-lms",
                                    "sd2-euler",
                                    "bk-tiny",
                                    "small-sd",
                                    "odd",
                                    "turbo-1",
                                    "turbo-4",
                                    "eps",
                                    "demo"};

enum { GOLDENS = sizeof names / sizeof *names };

/* What all tests of a group share. */
typedef struct group {
    const lt_backend_ops *ops;
    lt_dtype dtype;
    char *dir; /* where models are written */
} group;

typedef struct job {
    const group *group;
    const char *name;
} job;

typedef struct bench {
    golden golden;
    rig rig;
    double error[GOLDEN_STAGE_COUNT];
} bench;

static void note(bench *b, golden_stage stage, double error)
{
    if (!(error <= b->error[stage]))
        b->error[stage] = error;
}

static size_t pixels_of(const bench *b)
{
    return (size_t)b->golden.h * (size_t)b->golden.w;
}

/* Compares the output of a network of one picture or one batch; frees want. */
static void run_and_note(bench *b, rig_network *net, const void *const *in, golden_stage stage,
                         int images, float *want)
{
    size_t count = rig_network_count(net);
    float *got = lt_alloc_array(count, sizeof *got);
    CHECK_OK(rig_network_run(net, in, got, err));
    note(b, stage, golden_worst(got, want, images, count / (size_t)images));
    free(got);
    free(want);
}

static void check_text(bench *b)
{
    static const char *const halves[][2] = {{"ids.cond", "text.cond"},
                                            {"ids.uncond", "text.uncond"}};
    const golden *g = &b->golden;
    rig_network net = {0};
    CHECK_OK(rig_network_open(&b->rig, RIG_TEXT, g->images, 0, 0, &net, err));
    for (int i = 0; i < 2; i++) {
        int32_t *ids = golden_values(g, halves[i][0], NULL);
        run_and_note(b, &net, (const void *[]){ids}, GOLDEN_TEXT, g->images,
                     golden_values(g, halves[i][1], NULL));
        free(ids);
    }
    rig_network_close(&net);
}

/* Appends n floats at *at and frees them. */
static void append(float **at, float *values, size_t n)
{
    memcpy(*at, values, n * sizeof *values);
    *at += n;
    free(values);
}

/* The inputs of a UNet call: [uncond; cond] where the run was guided, as diffusers does it. */
typedef struct unet_inputs {
    int batch;
    float *latents, *time, *text; /* owned */
} unet_inputs;

static unet_inputs inputs_new(const bench *b)
{
    const golden *g = &b->golden;
    unet_inputs in = {.batch = g->guided ? 2 * g->images : g->images};
    size_t text_each = (size_t)g->tokens * (size_t)g->text_width;
    size_t n = (size_t)g->images * text_each;
    in.latents = lt_alloc_array((size_t)(in.batch * g->channels) * pixels_of(b), sizeof(float));
    in.time = lt_alloc_array((size_t)(in.batch * b->rig.unet.channels[0]), sizeof(float));
    in.text = lt_alloc_array((size_t)in.batch * text_each, sizeof(float));
    float *at = in.text;
    if (g->guided)
        append(&at, golden_values(g, "text.uncond", NULL), n);
    append(&at, golden_values(g, "text.cond", NULL), n);
    return in;
}

static void inputs_set(const bench *b, int step, float timestep, unet_inputs *in)
{
    size_t n, width = (size_t)b->rig.unet.channels[0];
    float *at = in->latents;
    for (int half = 0; half < (b->golden.guided ? 2 : 1); half++) {
        float *latents = golden_step(&b->golden, step, "model_input", &n);
        append(&at, latents, n);
    }
    for (int i = 0; i < in->batch; i++)
        lt_timestep_embedding(&b->rig.unet, timestep, in->time + (size_t)i * width);
}

static float *expected_eps(const golden *g, int step)
{
    size_t n;
    if (!g->guided)
        return golden_step(g, step, "eps", &n);
    float *uncond = golden_step(g, step, "eps_uncond", &n);
    float *both = lt_alloc_array(2 * n, sizeof *both), *at = both;
    append(&at, uncond, n);
    append(&at, golden_step(g, step, "eps_text", &n), n);
    return both;
}

static void check_unet(bench *b)
{
    const golden *g = &b->golden;
    rig_network net = {0};
    unet_inputs in = inputs_new(b);
    float *timesteps = golden_values(g, "sched.timesteps", NULL);
    CHECK_OK(rig_network_open(&b->rig, RIG_UNET, in.batch, g->h, g->w, &net, err));
    for (int step = 0; step < g->steps; step++) {
        if (!golden_has_step(g, step, "model_input"))
            continue; /* a long run keeps only the first and the last */
        inputs_set(b, step, timesteps[step], &in);
        run_and_note(b, &net, (const void *[]){in.latents, in.time, in.text}, GOLDEN_EPS, in.batch,
                     expected_eps(g, step));
    }
    rig_network_close(&net);
    free(timesteps);
    free(in.latents);
    free(in.time);
    free(in.text);
}

static void check_decode(bench *b)
{
    const golden *g = &b->golden;
    size_t n;
    rig_network net = {0};
    float *z = golden_step(g, g->steps - 1, "latents", &n);
    for (size_t i = 0; i < n; i++)
        z[i] /= b->rig.vae.scaling_factor;
    CHECK_OK(rig_network_open(&b->rig, RIG_DECODE, g->images, g->h, g->w, &net, err));
    run_and_note(b, &net, (const void *[]){z}, GOLDEN_DECODE, g->images,
                 golden_values(g, "image.float", NULL));
    rig_network_close(&net);
    free(z);

    float *mean = golden_values(g, "vae.enc.mean", NULL);
    CHECK_OK(rig_network_open(&b->rig, RIG_DECODE, 1, g->h, g->w, &net, err));
    run_and_note(b, &net, (const void *[]){mean}, GOLDEN_ROUNDTRIP, 1,
                 golden_values(g, "vae.roundtrip.float", NULL));
    rig_network_close(&net);
    free(mean);
}

static void check_encode(bench *b)
{
    const golden *g = &b->golden;
    size_t n;
    rig_network net = {0};
    float *picture = golden_values(g, "vae.enc.input", NULL);
    float *mean = golden_values(g, "vae.enc.mean", &n);
    float *logvar = golden_values(g, "vae.enc.logvar", NULL);
    CHECK_OK(rig_network_open(&b->rig, RIG_ENCODE, 1, g->h, g->w, &net, err));
    assert_int_equal(rig_network_count(&net), 2 * n);
    float *got = lt_alloc_array(2 * n, sizeof *got);
    CHECK_OK(rig_network_run(&net, (const void *[]){picture}, got, err));
    note(b, GOLDEN_ENCODE, golden_distance(got, mean, n));
    note(b, GOLDEN_ENCODE, golden_distance(got + n, logvar, n));
    rig_network_close(&net);
    free(got);
    free(picture);
    free(mean);
    free(logvar);
}

static void report(const bench *b, const char *what, lt_dtype dtype)
{
    int over = 0;
    for (int stage = GOLDEN_TEXT; stage <= GOLDEN_ROUNDTRIP; stage++) {
        double limit = golden_limit(&b->golden, stage, dtype);
        bool fits = b->error[stage] <= limit;
        print_message("%-28s %-10s %9.2e  limit %8.1e%s\n", what, golden_stage_name(stage),
                      b->error[stage], limit, fits ? "" : "  OVER");
        over += !fits;
    }
    assert_int_equal(over, 0);
}

/* The directory of the golden's model, written if it is not there yet; owned. */
static char *model_dir(const bench *b, const char *dir)
{
    if (strcmp(b->golden.model, "demo") == 0)
        return lt_strdup(LT_ASSETS "/demo");
    char *model = lt_path_join(dir, b->golden.model);
    tiny_model tiny = {.variant = b->golden.model, .data = LT_TEST_DATA, .assets = LT_ASSETS};
    if (!lt_dir_exists(model))
        CHECK_OK(tiny_model_write(&tiny, model, err));
    return model;
}

static void check_golden(void **state)
{
    const job *j = *state;
    bench b = {0};
    char what[64];
    CHECK_OK(golden_open(LT_TEST_DATA, j->name, &b.golden, err));
    char *model = model_dir(&b, j->group->dir);
    CHECK_OK(rig_open(j->group->ops, j->group->dtype, model, &b.rig, err));
    free(model);
    check_text(&b);
    check_unet(&b);
    check_decode(&b);
    check_encode(&b);
    snprintf(what, sizeof what, "%s %s %s", j->name, j->group->ops->name,
             lt_dtype_name(j->group->dtype));
    report(&b, what, j->group->dtype);
    rig_close(&b.rig);
    golden_close(&b.golden);
}

int golden_check_all(const lt_backend_ops *ops, lt_dtype dtype)
{
    group shared = {.ops = ops, .dtype = dtype, .dir = temp_dir()};
    job jobs[GOLDENS];
    struct CMUnitTest tests[GOLDENS];
    for (int i = 0; i < GOLDENS; i++) {
        jobs[i] = (job){&shared, names[i]};
        tests[i] = (struct CMUnitTest){names[i], check_golden, NULL, NULL, &jobs[i]};
    }
    int failed = cmocka_run_group_tests_name("golden", tests, NULL, NULL);
    temp_dir_remove(shared.dir);
    return failed;
}
