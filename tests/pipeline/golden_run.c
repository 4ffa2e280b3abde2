/* golden_run.c - see golden_run.h. */
#define _XOPEN_SOURCE 700
#include "golden_run.h"

#include <glob.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "pipeline/trace.h"
#include "pipeline_rig.h"
#include "support/check.h"
#include "support/golden.h"

typedef struct job {
    const lt_backend_ops *ops;
    lt_dtype dtype;
    char *name;
} job;

typedef struct bench {
    golden golden;
    lt_params params;
    lt_init_image init;
    pipeline_rig rig;
    lt_run *run;
    double error[GOLDEN_STAGE_COUNT];
} bench;

static json_object *member(json_object *o, const char *key)
{
    return json_object_object_get(o, key);
}

/* The golden's arguments as settings. */
static void read_params(bench *b)
{
    json_object *args = json_tokener_parse(lt_safetensors_meta(b->golden.file, "args"));
    json_object *prompts = member(args, "prompt"), *seeds = member(args, "seed");
    const char *scheduler = json_object_get_string(member(args, "scheduler"));
    lt_params *p = &b->params;
    lt_buf text = {0};
    lt_params_init(p);
    for (size_t i = 0; i < json_object_array_length(prompts); i++)
        lt_params_add_prompt(p, json_object_get_string(json_object_array_get_idx(prompts, i)));
    for (size_t i = 0; i < json_object_array_length(seeds); i++)
        lt_buf_format(&text, "%s%s", i ? "," : "",
                      json_object_get_string(json_object_array_get_idx(seeds, i)));
    bool own = strcmp(json_object_get_string(member(args, "generator")), "list") == 0;
    CHECK_OK(lt_params_set_seeds(p, text.data, own, err));
    p->batch = json_object_get_int(member(args, "images_per_prompt"));
    p->negative_prompt = lt_strdup(json_object_get_string(member(args, "negative")));
    p->guidance_scale = json_object_get_double(member(args, "guidance"));
    p->steps = json_object_get_int(member(args, "steps"));
    if (strcmp(scheduler, "config") != 0) /* else the model's own */
        p->scheduler = lt_strdup(scheduler);
    p->size = (lt_size){json_object_get_int(member(args, "width")),
                        json_object_get_int(member(args, "height"))};
    if (golden_has(&b->golden, "init.picture")) {
        p->init_image = lt_strdup("init.picture");
        p->strength = json_object_get_double(member(args, "strength"));
    }
    if (b->golden.tiled)
        p->vae_tiling = lt_strdup("on");
    CHECK_OK(lt_params_check(p, err));
    lt_buf_done(&text);
    json_object_put(args);
}

/* The picture to begin with; nothing without one. */
static void read_init(bench *b)
{
    const lt_safetensors_tensor *t = lt_safetensors_find(b->golden.file, "init.picture");
    if (!t)
        return;
    CHECK_OK(lt_image_new((int)t->dim[1], (int)t->dim[0], &b->init.image, err));
    assert_int_equal(t->bytes, lt_image_bytes(b->init.image));
    memcpy(b->init.image->rgb, t->data, t->bytes);
    b->init.hash = lt_init_image_hash(b->init.image);
}

static void same_bytes(const bench *b, const char *name, const void *ours, size_t have)
{
    size_t count;
    void *want = golden_values(&b->golden, name, &count);
    assert_int_equal(count, have);
    if (memcmp(want, ours, count * 4) != 0)
        fail_msg("%s differs", name);
    free(want);
}

static void near(bench *b, golden_stage stage, const char *name, const float *ours)
{
    size_t count;
    float *want = golden_values(&b->golden, name, &count);
    double error = golden_worst(ours, want, b->golden.images, count / (size_t)b->golden.images);
    b->error[stage] = golden_worse(b->error[stage], error);
    free(want);
}

/* The posterior and its sample; in bfloat16 the goldens hold no error of them. */
static void check_init(bench *b, lt_dtype dtype)
{
    const lt_run_view *v = lt_run_about(b->run);
    size_t one = (size_t)v->channels * (size_t)v->h * (size_t)v->w, images = (size_t)v->images;
    assert_int_equal(v->init != NULL, golden_has(&b->golden, "init.picture"));
    if (!v->init)
        return;
    same_bytes(b, "init.pixels", v->init->pixels, (size_t)3 * (size_t)v->width * (size_t)v->height);
    same_bytes(b, "init.noise", v->init->noise, (size_t)v->init->generators * one);
    assert_int_equal(v->schedule->begin + v->steps, b->params.steps);
    if (dtype != LT_F32)
        return;
    const struct {
        const char *name;
        const float *ours;
        size_t count;
        golden_stage stage;
    } parts[] = {{"init.mean", v->init->mean, one, GOLDEN_ENCODE},
                 {"init.logvar", v->init->logvar, one, GOLDEN_ENCODE},
                 {"init.latents", v->init->latents, images * one, GOLDEN_LATENTS},
                 {"latents.init", v->latents, images * one, GOLDEN_LATENTS}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t count;
        float *want = golden_values(&b->golden, parts[i].name, &count);
        assert_int_equal(count, parts[i].count);
        double error = golden_worst(parts[i].ours, want, (int)(count / one), one);
        b->error[parts[i].stage] = golden_worse(b->error[parts[i].stage], error);
        free(want);
    }
}

static void check_start(bench *b, lt_dtype dtype)
{
    const lt_run_view *v = lt_run_about(b->run);
    size_t length = v->negative->length;
    int32_t *ids = lt_alloc_array((size_t)v->images * length, sizeof *ids);
    for (int i = 0; i < v->images; i++)
        memcpy(ids + (size_t)i * length, v->prompts[i / v->per_prompt].ids, length * sizeof *ids);
    same_bytes(b, "ids.cond", ids, (size_t)v->images * length);
    free(ids);
    same_bytes(b, "noise", v->noise,
               (size_t)v->images * (size_t)v->channels * (size_t)v->h * (size_t)v->w);
    same_bytes(b, "sched.timesteps", v->schedule->timesteps, (size_t)v->steps);
    check_init(b, dtype);
    near(b, GOLDEN_TEXT, "text.cond", v->text_cond);
}

/* x0 only in float32: of bfloat16 the goldens hold diffusers' own error of the latents. */
static void check_step(bench *b, lt_dtype dtype)
{
    const lt_run_view *v = lt_run_about(b->run);
    char name[64];
    snprintf(name, sizeof name, "step.%03d.latents", v->done - 1);
    if (golden_has(&b->golden, name))
        near(b, GOLDEN_LATENTS, name, v->latents);
    snprintf(name, sizeof name, "step.%03d.x0", v->done - 1);
    if (dtype == LT_F32 && golden_has(&b->golden, name))
        near(b, GOLDEN_LATENTS, name, v->x0);
}

/* PSNR of our picture against the golden's 8-bit one, dB. */
static double psnr(const bench *b, const float *pixels)
{
    const lt_safetensors_tensor *want = lt_safetensors_find(b->golden.file, "image.u8");
    const lt_run_view *v = lt_run_about(b->run);
    size_t area = (size_t)v->width * (size_t)v->height;
    double sum = 0;
    for (int i = 0; i < v->images; i++) {
        lt_image *image;
        CHECK_OK(
            lt_image_from_chw(pixels + 3 * area * (size_t)i, v->width, v->height, &image, err));
        for (size_t k = 0; k < 3 * area; k++) {
            int d = image->rgb[k] - ((const unsigned char *)want->data)[3 * area * (size_t)i + k];
            sum += d * d;
        }
        lt_image_unref(image);
    }
    return 10 * log10(255.0 * 255.0 * 3.0 * (double)area * v->images / sum);
}

static double check_picture(bench *b)
{
    const lt_run_view *v = lt_run_about(b->run);
    size_t count = 3 * (size_t)v->width * (size_t)v->height * (size_t)v->images;
    float *pixels = lt_alloc_array(count, sizeof *pixels);
    CHECK_OK(lt_engine_decode(b->rig.engine, v->images, v->h, v->w, v->latents, pixels, NULL, err));
    double db = golden_has(&b->golden, "image.u8") ? psnr(b, pixels) : (double)NAN;
    if (golden_has(&b->golden, "image.float"))
        near(b, GOLDEN_IMAGE, "image.float", pixels);
    free(pixels);
    return db;
}

static void report(const bench *b, const job *j, double db)
{
    const golden_stage stages[] = {GOLDEN_TEXT, GOLDEN_LATENTS, GOLDEN_IMAGE, GOLDEN_ENCODE};
    int count = b->init.image && j->dtype == LT_F32 ? 4 : 3;
    printf("%-20s %s %s ", j->name, j->ops->name, lt_dtype_name(j->dtype));
    for (int i = 0; i < count; i++)
        printf(" %s %.1e/%.1e", golden_stage_name(stages[i]), b->error[stages[i]],
               golden_limit(&b->golden, stages[i], j->dtype));
    printf("  %.1f dB\n", db);
    for (int i = 0; i < count; i++)
        if (!(b->error[stages[i]] <= golden_limit(&b->golden, stages[i], j->dtype)))
            fail_msg("%s: %s is over its limit", j->name, golden_stage_name(stages[i]));
}

static void test_one(void **state)
{
    const job *j = *state;
    bench b = {0};
    lt_error fault = {0};
    CHECK_OK(golden_open(LT_TEST_DATA, j->name, &b.golden, err));
    read_params(&b);
    read_init(&b);
    pipeline_rig_open(b.golden.model, j->ops, lt_dtype_name(j->dtype), &b.rig);
    lt_run_options options = {.params = &b.params, .init = b.init.image ? &b.init : NULL};
    CHECK_OK(lt_run_begin(b.rig.engine, &options, &b.run, NULL, err));
    assert_int_equal(lt_run_about(b.run)->tiled, b.golden.tiled);
    check_start(&b, j->dtype);
    lt_step_result result;
    do {
        result = lt_run_step(b.run, NULL, &fault);
        if (result == LT_STEP_FAILED)
            fail_msg("%s", fault.message);
        check_step(&b, j->dtype);
    } while (result == LT_STEP_MORE);
    double db = check_picture(&b);
    lt_run_free(b.run);
    pipeline_rig_close(&b.rig);
    lt_params_done(&b.params);
    report(&b, j, db);
    lt_init_image_done(&b.init);
    golden_close(&b.golden);
}

/* "…/sd1-euler.safetensors" to "sd1-euler", owned by the caller. */
static char *stem(const char *path)
{
    const char *base = strrchr(path, '/') + 1;
    return lt_strndup(base, strlen(base) - strlen(".safetensors"));
}

/* Those of something else than a run know no arguments of one. */
static bool is_of_run(const char *path)
{
    lt_safetensors *file;
    CHECK_OK(lt_safetensors_open(path, &file, err));
    bool yes = lt_safetensors_meta(file, "args") != NULL;
    lt_safetensors_close(file);
    return yes;
}

int golden_run_all(const lt_backend_ops *ops, lt_dtype dtype)
{
    glob_t files;
    assert_int_equal(glob(LT_TEST_DATA "/golden/*.safetensors", 0, NULL, &files), 0);
    struct CMUnitTest *tests = lt_alloc_array(files.gl_pathc, sizeof *tests);
    job *jobs = lt_alloc_array(files.gl_pathc, sizeof *jobs);
    size_t count = 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        if (!is_of_run(files.gl_pathv[i]))
            continue;
        jobs[count] = (job){.ops = ops, .dtype = dtype, .name = stem(files.gl_pathv[i])};
        tests[count] = (struct CMUnitTest){
            .name = jobs[count].name, .test_func = test_one, .initial_state = &jobs[count]};
        count++;
    }
    int failed = _cmocka_run_group_tests("runs against diffusers", tests, count, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        free(jobs[i].name);
    free(jobs);
    free(tests);
    globfree(&files);
    return failed;
}
