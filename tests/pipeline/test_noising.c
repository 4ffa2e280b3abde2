/* The autoencoder and the forward process against diffusers' numbers (tools/oracle/noising.py) and
 * against the formulas once more, in double. */
#include "pipeline/noising.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/resize.h"
#include "pipeline/init_image.h"
#include "pipeline_rig.h"
#include "support/check.h"
#include "support/golden.h"

enum { CHANNELS = 4, SIDE = 8, N = CHANNELS * SIDE * SIDE, PIXELS = 64 };

typedef struct judge {
    golden file;
    pipeline_rig rig;
    lt_encoded *encoded;
} judge;

static lt_image *picture_of(const golden *g)
{
    lt_image *image;
    const lt_safetensors_tensor *t = lt_safetensors_find(g->file, "picture");
    CHECK_OK(lt_image_new(PIXELS, PIXELS, &image, err));
    assert_int_equal(t->bytes, lt_image_bytes(image));
    memcpy(image->rgb, t->data, t->bytes);
    return image;
}

static judge open_judge(const char *model)
{
    judge j = {0};
    char *path = lt_format(LT_TEST_DATA "/golden/noising/%s.safetensors", model);
    CHECK_OK(lt_safetensors_open(path, &j.file.file, err));
    free(path);
    pipeline_rig_open(model, &lt_ref_backend, "f32", &j.rig);
    lt_image *image = picture_of(&j.file);
    CHECK_OK(
        lt_encode_picture(j.rig.engine, image, &(lt_encode_options){0}, &j.encoded, NULL, err));
    lt_image_unref(image);
    return j;
}

static void close_judge(judge *j)
{
    lt_encoded_free(j->encoded);
    pipeline_rig_close(&j->rig);
    lt_safetensors_close(j->file.file);
}

/* Relative L2 distance to a tensor of the golden. */
static double error_of(const judge *j, const char *name, const float *ours, size_t n)
{
    size_t count;
    float *want = golden_values(&j->file, name, &count);
    assert_int_equal(count, n);
    double error = golden_distance(ours, want, n);
    free(want);
    return error;
}

/* Measured: 7.3e-7 for the mean, and values of the picture that are one step of 8 bits
 * apart, 2.4e-4 on average. */
static void check_encoded(const judge *j)
{
    const lt_encoded *e = j->encoded;
    size_t count;
    float mean[N], *decoded = golden_values(&j->file, "decoded", &count);
    lt_image *want;
    lt_image_distance d;
    assert_true(e->channels == CHANNELS && e->w == SIDE && e->h == SIDE && e->factor == 8);
    for (int i = 0; i < N; i++)
        mean[i] = e->latents[i] / e->scaling_factor;
    double error = error_of(j, "mean", mean, N);
    assert_true(error < 1e-5);
    CHECK_OK(lt_image_from_chw(decoded, PIXELS, PIXELS, &want, err));
    CHECK_OK(lt_image_compare(want, e->decoded, &d, err));
    printf("mean %.2g, decoded up to %d, %.2g\n", error, d.max, d.mae);
    assert_true(d.max <= 1 && d.mae < 1e-3);
    CHECK_OK(lt_image_compare(e->original, want, &d, err));
    assert_true(fabs(d.psnr - e->distance.psnr) < 1e-3);
    lt_image_unref(want);
    free(decoded);
}

static void check_timestep(const judge *j, int i, int t, const float *noise)
{
    char name[16];
    float x[N];
    lt_predicted *p;
    lt_noising at = lt_noising_at(&j->encoded->schedule, t);
    CHECK_OK(
        lt_schedule_add_noise(&j->encoded->schedule, t, j->encoded->latents, noise, N, x, err));
    snprintf(name, sizeof name, "%d.x_t", i);
    double x_error = error_of(j, name, x, N);
    lt_noise_call call = {"a fox", t, CHANNELS, SIDE, SIDE, at.abar, x};
    CHECK_OK(lt_predict_noise(j->rig.engine, &call, &p, NULL, err));
    assert_int_equal(p->t, t);
    snprintf(name, sizeof name, "%d.eps", i);
    double noise_error = error_of(j, name, p->noise, N);
    snprintf(name, sizeof name, "%d.x0", i);
    double x0_error = error_of(j, name, p->x0, N);
    printf("t %3d: x_t %.2g, noise %.2g, x0 %.2g\n", t, x_error, noise_error, x0_error);
    /* at most 7e-7, 2.7e-6 and 8.2e-7 */
    assert_true(x_error < 1e-5 && noise_error < 1e-5 && x0_error < 1e-5);
    lt_predicted_free(p);
}

/* Of a model that predicts the noise, and of one that predicts v. */
static void test_golden(void **state)
{
    (void)state;
    static const char *const models[] = {"sd1", "sd2"};
    const int t[] = {0, 401, 999};
    for (int m = 0; m < 2; m++) {
        judge j = open_judge(models[m]);
        size_t count;
        float ours[N], *noise = golden_values(&j.file, "noise", &count);
        check_encoded(&j);
        lt_noising_noise(9, N, ours);
        assert_memory_equal(ours, noise, sizeof ours);
        for (int i = 0; i < 3; i++)
            check_timestep(&j, i, t[i], noise);
        free(noise);
        close_judge(&j);
    }
}

/* abar from the betas, in double. */
static void test_numbers(void **state)
{
    (void)state;
    lt_schedule s;
    lt_schedule_config c = lt_engine_about(pipeline_sd1.engine)->scheduler->base;
    double worst = 0, abar = 1, a = sqrt(c.beta_start), b = sqrt(c.beta_end);
    assert_int_equal(c.beta_schedule, LT_BETA_SCALED_LINEAR);
    CHECK_OK(lt_schedule_init(&s, &c, 20, err));
    for (int t = 0; t < 1000; t++) {
        double root = a + (b - a) * t / 999;
        abar *= 1 - root * root;
        lt_noising n = lt_noising_at(&s, t);
        assert_int_equal(n.t, t);
        worst = fmax(worst, fabs(n.abar / abar - 1));
        assert_true(fabs(n.signal * n.signal + n.noise * n.noise - 1) < 1e-12);
        assert_true(fabs(n.snr_db - 20 * log10(n.signal / n.noise)) < 1e-9);
    }
    printf("abar %.2g\n", worst);
    assert_true(worst < 1e-5); /* it is a product in float32 there: 9.3e-7 */
    lt_schedule_done(&s);
    const float x[4] = {1, 2, 3, 4}, y[4] = {2, 2, 1, 4}, none[4] = {0};
    lt_noise_error e = lt_noise_compare(x, y, 4);
    assert_true(fabs(e.rms - sqrt(5.0 / 4)) < 1e-12);
    assert_true(fabs(e.cosine - 25 / sqrt(30.0 * 25)) < 1e-12);
    assert_true(lt_noise_compare(x, none, 4).cosine == 0);
    assert_true(lt_noise_compare(y, y, 4).rms == 0);
}

/* "64 times fewer positions, 48 times fewer numbers", from the sizes. */
static void test_fewer(void **state)
{
    (void)state;
    lt_image image = {.width = 512, .height = 384};
    lt_encoded e = {.original = &image, .channels = 4, .w = 64, .h = 48};
    assert_true(lt_encoded_fewer_positions(&e) == 64 && lt_encoded_fewer_numbers(&e) == 48);
    e.channels = 16;
    assert_true(lt_encoded_fewer_numbers(&e) == 12);
}

/* Sizes are those of --init-image. */
static void test_sizes(void **state)
{
    (void)state;
    lt_encoded *e;
    lt_image *small;
    lt_init_image init = pipeline_init(); /* 21x18 */
    lt_engine *engine = pipeline_sd1.engine;
    CHECK_OK(lt_encode_picture(engine, init.image, &(lt_encode_options){0}, &e, NULL, err));
    assert_true(e->full_width == 21 && e->full_height == 18);
    assert_true(e->original->width == 16 && e->original->height == 16 && e->w == 2);
    CHECK_OK(lt_image_resize(init.image, 16, 16, LT_LANCZOS, &small, err));
    assert_memory_equal(small->rgb, e->original->rgb, lt_image_bytes(small));
    lt_image_unref(small);
    lt_encoded_free(e);
    CHECK_OK(lt_encode_picture(engine, init.image, &(lt_encode_options){.size = {24, 32}}, &e, NULL,
                               err));
    assert_true(e->decoded->width == 24 && e->decoded->height == 32 && e->w == 3 && e->h == 4);
    lt_encoded_free(e);
    lt_encoded *tiled;
    CHECK_OK(lt_encode_picture(engine, init.image, &(lt_encode_options){.size = {72, 16}}, &e, NULL,
                               err));
    CHECK_OK(lt_encode_picture(engine, init.image,
                               &(lt_encode_options){.size = {72, 16}, .tiling = LT_TILING_ON},
                               &tiled, NULL, err));
    assert_true(tiled->tiled && !e->tiled);
    assert_memory_not_equal(tiled->decoded->rgb, e->decoded->rgb, lt_image_bytes(e->decoded));
    assert_memory_not_equal(tiled->latents, e->latents, 9 * 2 * sizeof(float));
    lt_encoded_free(e);
    lt_encoded_free(tiled);
    lt_engine_tile(engine, false);
    CHECK_FAILS(lt_encode_picture(engine, init.image, &(lt_encode_options){.size = {20, 32}}, &e,
                                  NULL, err),
                LT_ERR_ARGUMENT, "20x32");
    CHECK_OK(lt_image_new(7, 40, &small, err));
    CHECK_FAILS(lt_encode_picture(engine, small, &(lt_encode_options){0}, &e, NULL, err),
                LT_ERR_ARGUMENT, "the picture has 7x40 pixels, expected sides of 8 to 8192");
    lt_image_unref(small);
    lt_init_image_done(&init);
}

/* Every t of every schedule: the nearest timestep, and a strength that takes just those steps. */
static void test_start(void **state)
{
    (void)state;
    const lt_scheduler_config *model = lt_engine_about(pipeline_sd1.engine)->scheduler;
    lt_params p = pipeline_params("a fox", 20, "3", false, 0);
    lt_noising_start start;
    for (int i = 0; i < PIPELINE_SAMPLERS; i++) {
        lt_schedule s;
        const lt_sampler *sampler;
        free(p.scheduler);
        p.scheduler = lt_strdup(pipeline_samplers[i]);
        for (p.steps = 1; p.steps <= 70; p.steps += 3) {
            CHECK_OK(lt_scheduler_schedule(model, &p, &sampler, &s, err));
            for (int t = 0; t < 1000; t += 7) {
                CHECK_OK(lt_noising_start_at(model, &p, t, &start, err));
                assert_int_equal(lt_schedule_begin(p.steps, start.strength), p.steps - start.taken);
                assert_true(start.strength > 0 && start.strength <= 1);
                assert_true(start.timestep == (double)s.timesteps[p.steps - start.taken]);
                for (int k = 0; k < p.steps; k++)
                    assert_true(fabs((double)s.timesteps[k] - t) >= fabs(start.timestep - t));
            }
            lt_schedule_done(&s);
        }
    }
    p.steps = 20;
    CHECK_OK(lt_noising_start_at(model, &p, 401, &start, err));
    assert_true(start.steps == 20 && start.taken == 9 && start.strength == 0.45);
    CHECK_OK(lt_noising_start_at(model, &p, 999, &start, err));
    assert_true(start.taken == 20 && start.strength == 1);
    free(p.scheduler);
    p.scheduler = lt_strdup("none");
    CHECK_FAILS(lt_noising_start_at(model, &p, 1, &start, err), LT_ERR_ARGUMENT, "none");
    lt_params_done(&p);
}

/* A run from there has the noise that was shown, and its first latents are x_t, but for the
 * posterior, which it samples. */
static void test_run_begins_there(void **state)
{
    (void)state;
    pipeline_rig *rig = &pipeline_sd1;
    lt_params p = pipeline_params("a fox", 8, "77", false, 0);
    lt_init_image init = pipeline_init();
    lt_noising_start start;
    lt_encoded *e;
    lt_run *run;
    CHECK_OK(lt_encode_picture(rig->engine, init.image, &(lt_encode_options){.size = p.size}, &e,
                               NULL, err));
    CHECK_OK(lt_noising_start_at(&e->scheduler, &p, 600, &start, err));
    pipeline_begin_with(&p, "first.png", start.strength);
    lt_run_options options = {.params = &p, .init = &init};
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    const lt_run_view *v = lt_run_about(run);
    size_t n = (size_t)v->channels * (size_t)v->h * (size_t)v->w;
    float noise[16];
    assert_int_equal(n, sizeof noise / sizeof *noise);
    lt_noising_noise(77, n, noise);
    assert_memory_equal(noise, v->noise, sizeof noise);
    assert_int_equal(v->steps, start.taken);
    assert_true((double)v->schedule->timesteps[0] == start.timestep);
    for (size_t i = 0; i < n; i++) {
        assert_true(fabsf(v->init->mean[i] * e->scaling_factor - e->latents[i]) < 1e-6f);
        float want = v->init->latents[i] + v->schedule->sigmas[0] * noise[i];
        assert_true(fabsf(v->latents[i] - want) < 1e-5f);
    }
    lt_run_free(run);
    lt_encoded_free(e);
    lt_init_image_done(&init);
    lt_params_done(&p);
}

static void test_other_model(void **state)
{
    (void)state;
    float x[3] = {0};
    lt_predicted *p;
    lt_noise_call call = {"a fox", 1, 3, 1, 1, 0.5, x};
    CHECK_FAILS(lt_predict_noise(pipeline_sd1.engine, &call, &p, NULL, err), LT_ERR_ARGUMENT,
                "the latents have 3 channels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),      cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_fewer),       cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_start),       cmocka_unit_test(test_run_begins_there),
        cmocka_unit_test(test_other_model),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
