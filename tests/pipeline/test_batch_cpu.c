/*
 * test_batch_cpu.c - on the oneDNN backend a picture made in a batch equals the one made alone, and
 * looking at a run changes nothing.  Measured: no difference at all with AVX-512 and with AVX2 (of
 * which the second test of this program is; 1.7e-5 before products were taken picture by picture).
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cpu/cpu.h"
#include "pipeline_rig.h"
#include "support/check.h"
#include "support/golden.h"

static pipeline_rig rig;

static int open_rig(void **state)
{
    (void)state;
    pipeline_rig_open("demo", &lt_cpu_backend, "f32", &rig);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    pipeline_rig_close(&rig);
    return 0;
}

/* Keys and values once for all pictures of a prompt, or for each: the same bytes. */
static void test_one_prompt(void **state)
{
    static const struct {
        const char *model, *dtype;
        int side;
    } cases[] = {{"demo", "f32", 64}, {"sd1", "f32", 64}, {"sd1", "f32", 88}, {"sd1", "bf16", 88}};
    bool fast;
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        float *got[2];
        size_t n = 0;
        if (strcmp(cases[k].dtype, "bf16") == 0 && !lt_cpu_backend.supports(LT_BF16, &fast))
            continue;
        for (int together = 0; together < 2; together++) {
            pipeline_rig r;
            lt_backend_ops ops = lt_cpu_backend;
            lt_params p = pipeline_params("a red apple", 2, "40..42", true, 0);
            ops.one_prompt = together == 1;
            p.size = (lt_size){cases[k].side, cases[k].side};
            pipeline_rig_open(cases[k].model, &ops, cases[k].dtype, &r);
            got[together] = pipeline_run(&r, &p, &n);
            pipeline_rig_close(&r);
            lt_params_done(&p);
        }
        assert_memory_equal(got[0], got[1], n * sizeof(float));
        free(got[0]);
        free(got[1]);
    }
}

/* The bytes that a backend makes of a picture are those of its numbers, whole or in tiles. */
static void check_picture(const lt_backend_ops *ops, const char *dtype, bool tiled)
{
    enum { H = 9, W = 11 };
    pipeline_rig r;
    lt_image *want, *got;
    pipeline_rig_open("sd1", ops, dtype, &r);
    const lt_vae_config *vae = lt_engine_about(r.engine)->vae;
    size_t n = (size_t)(vae->latent_channels * H * W);
    int height = H * vae->factor, width = W * vae->factor;
    float *latents = lt_alloc_array(n, sizeof *latents);
    float *pixels = lt_alloc_array((size_t)(3 * height * width), sizeof *pixels);
    for (size_t i = 0; i < n; i++)
        latents[i] = (float)((i * 7919) % 401) / 100 - 2;
    lt_engine_tile(r.engine, tiled);
    CHECK_OK(lt_engine_decode(r.engine, 1, H, W, latents, pixels, NULL, err));
    CHECK_OK(lt_image_from_chw(pixels, width, height, &want, err));
    CHECK_OK(lt_engine_picture(r.engine, H, W, latents, &got, NULL, err));
    assert_int_equal(got->width, width);
    assert_memory_equal(got->rgb, want->rgb, lt_image_bytes(want));
    lt_image_unref(want);
    lt_image_unref(got);
    free(latents);
    free(pixels);
    pipeline_rig_close(&r);
}

static void test_pictures(void **state)
{
    bool fast;
    (void)state;
    for (int tiled = 0; tiled < 2; tiled++) {
        check_picture(&lt_ref_backend, "f32", tiled == 1);
        check_picture(&lt_cpu_backend, "f32", tiled == 1);
        if (lt_cpu_backend.supports(LT_BF16, &fast))
            check_picture(&lt_cpu_backend, "bf16", tiled == 1);
    }
}

/* Six pictures: four go through the UNet at once, then two. */
static void test_alone_or_in_a_batch(void **state)
{
    (void)state;
    size_t n;
    lt_params all = pipeline_params("a red apple", 5, "40..45", true, 0);
    float *batch = pipeline_run(&rig, &all, NULL);
    for (int i = 0; i < 6; i += 5) {
        lt_params one = pipeline_params("a red apple", 5, i ? "45" : "40", false, 0);
        float *alone = pipeline_run(&rig, &one, &n);
        double d = golden_distance(batch + (size_t)i * n, alone, n);
        print_message("picture %d: %.1e\n", i, d);
        assert_true(d <= 1e-5);
        free(alone);
        lt_params_done(&one);
    }
    free(batch);
    lt_params_done(&all);
}

static void test_looking_changes_nothing(void **state)
{
    (void)state;
    size_t n;
    lt_params p = pipeline_params("a red apple", 3, "40", false, 0);
    float *want = pipeline_run(&rig, &p, &n);
    float *frame = lt_alloc_array(n, sizeof *frame);
    float *pixels = lt_alloc_array(3 * 128 * 128, sizeof *pixels);
    lt_run *run;
    lt_run_options options = {.params = &p, .keep_uncond = true};
    lt_error fault = {0};
    CHECK_OK(lt_run_begin(rig.engine, &options, &run, NULL, err));
    const lt_run_view *v = lt_run_about(run);
    lt_step_result result;
    do {
        lt_run_lens(run, LT_LENS_X0, frame);
        CHECK_OK(lt_engine_decode(rig.engine, 1, v->h, v->w, frame, pixels, NULL, err));
        result = lt_run_step(run, NULL, &fault);
    } while (result == LT_STEP_MORE);
    assert_memory_equal(v->latents, want, n * sizeof *want);
    lt_run_free(run);
    free(want);
    free(frame);
    free(pixels);
    lt_params_done(&p);
}

/* The cpu backend keeps the keys and values of a text; the engine tells it when the text changes.
 * Prompts in turn on one engine are what each is on its own. */
static void test_prompts_in_turn(void **state)
{
    static const char *const prompts[] = {"a fox", "a red apple", "a fox"};
    pipeline_rig used;
    float *alone[3];
    (void)state;
    pipeline_rig_open("sd1", &lt_cpu_backend, "f32", &used);
    for (int i = 0; i < 3; i++) {
        pipeline_rig fresh;
        size_t count = 0;
        lt_params p = pipeline_params(prompts[i], 3, "7", false, 1);
        pipeline_rig_open("sd1", &lt_cpu_backend, "f32", &fresh);
        alone[i] = pipeline_run(&fresh, &p, &count);
        float *got = pipeline_run(&used, &p, &count);
        assert_memory_equal(got, alone[i], count * sizeof *got);
        assert_true(i != 1 || memcmp(got, alone[0], count * sizeof *got) != 0);
        free(got);
        lt_params_done(&p);
        pipeline_rig_close(&fresh);
    }
    for (int i = 0; i < 3; i++)
        free(alone[i]);
    pipeline_rig_close(&used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone_or_in_a_batch),
        cmocka_unit_test(test_one_prompt),
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_looking_changes_nothing),
        cmocka_unit_test(test_prompts_in_turn),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
