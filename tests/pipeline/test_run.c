/* test_run.c - the loop: batches, generators, cancel, lenses; on the reference backend, by bytes.
 */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/run.h"

#include <stdlib.h>

#include "pipeline_rig.h"
#include "sample/slerp.h"
#include "support/check.h"

static pipeline_rig *const rig = &pipeline_sd1;

/* Picture `image` of one run equals picture 0 of another, byte for byte. */
static void same_picture(const lt_params *batch, int image, const lt_params *alone)
{
    size_t n;
    float *one = pipeline_run(rig, alone, &n), *all = pipeline_run(rig, batch, NULL);
    assert_memory_equal(all + (size_t)image * n, one, n * sizeof *one);
    free(one);
    free(all);
}

/* The noise of a run of one picture; the caller's. */
static float *first_noise(const lt_params *p)
{
    lt_run *run;
    lt_run_options options = {.params = p};
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    const lt_run_view *v = lt_run_about(run);
    size_t bytes = (size_t)(v->channels * v->h * v->w) * sizeof(float);
    float *noise = malloc(bytes);
    assert_non_null(noise);
    memcpy(noise, v->noise, bytes);
    lt_run_free(run);
    return noise;
}

/* Six pictures: more than go through the UNet at once. */
static void test_seeds_alone_or_together(void **state)
{
    (void)state;
    lt_params all = pipeline_params("a fox", 2, "3..8", true, 0);
    for (int i = 0; i < 6; i += 5) {
        char seed[2] = {(char)('3' + i), 0};
        lt_params one = pipeline_params("a fox", 2, seed, false, 0);
        same_picture(&all, i, &one);
        lt_params_done(&one);
    }
    lt_params_done(&all);
}

/* The first picture of a batch from one generator is the one made alone; the second is not that of
 * the next seed. */
static void test_one_generator(void **state)
{
    (void)state;
    lt_params batch = pipeline_params("a fox", 2, "44", false, 3);
    lt_params one = pipeline_params("a fox", 2, "44", false, 0);
    lt_params next = pipeline_params("a fox", 2, "45", false, 0);
    same_picture(&batch, 0, &one);
    size_t n;
    float *all = pipeline_run(rig, &batch, NULL), *other = pipeline_run(rig, &next, &n);
    assert_memory_not_equal(all + n, other, n * sizeof *all);
    free(all);
    free(other);
    lt_params_done(&batch);
    lt_params_done(&one);
    lt_params_done(&next);
}

/* Each picture of a batch from one generator, made alone with its place; a stochastic sampler, too.
 */
static void test_place_of_several(void **state)
{
    (void)state;
    static const char *const samplers[] = {"lms", "euler_a"};
    for (int s = 0; s < 2; s++) {
        lt_params batch = pipeline_params("a fox", 2, "44", false, 3);
        lt_params one = pipeline_params("a fox", 2, "44", false, 0);
        batch.scheduler = strdup(samplers[s]);
        one.scheduler = strdup(samplers[s]);
        size_t n;
        float *all = pipeline_run(rig, &batch, NULL), *first = pipeline_run(rig, &one, &n);
        for (int i = 0; i < 3; i++) {
            lt_run *run;
            lt_error fault = {0};
            lt_run_options options = {.params = &one, .place = i, .of = 3};
            CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
            while (lt_run_step(run, NULL, &fault) == LT_STEP_MORE)
                ;
            assert_memory_equal(lt_run_about(run)->latents, all + (size_t)i * n, n * sizeof *all);
            lt_run_free(run);
        }
        /* without its place even the first differs, once steps draw */
        assert_int_equal(memcmp(first, all, n * sizeof *all) != 0, s == 1);
        free(all);
        free(first);
        lt_params_done(&batch);
        lt_params_done(&one);
    }
}

static void test_prompts_are_major(void **state)
{
    (void)state;
    lt_params all = pipeline_params("a fox", 2, "1,2", true, 0);
    lt_params_add_prompt(&all, "a truck");
    lt_params one = pipeline_params("a truck", 2, "1", false, 0);
    same_picture(&all, 2, &one);
    lt_params_done(&all);
    lt_params_done(&one);
}

/* A stochastic sampler goes on with the generator that drew the noise. */
static void test_stochastic_seeds(void **state)
{
    (void)state;
    lt_params all = pipeline_params("a fox", 3, "1,2", true, 0);
    lt_params one = pipeline_params("a fox", 3, "2", false, 0);
    all.scheduler = strdup("euler_a");
    one.scheduler = strdup("euler_a");
    same_picture(&all, 1, &one);
    lt_params_done(&all);
    lt_params_done(&one);
}

/* The noise is between those of both seeds; one of several is the one made alone, with its own
 * variation seed; and the generator of the steps is the first seed's. */
static void test_variations(void **state)
{
    (void)state;
    lt_params all = pipeline_params("a fox", 3, "1,1", true, 0);
    lt_params one = pipeline_params("a fox", 3, "1", false, 0);
    lt_params other = pipeline_params("a fox", 3, "8", false, 0);
    float *noise[3], mixed[4 * 8 * 8];
    all.scheduler = strdup("euler_a");
    one.scheduler = strdup("euler_a");
    all.variation_strength = 0.25;
    all.variation_seed = 7;
    noise[0] = first_noise(&one);
    one.variation_strength = 0.25;
    one.variation_seed = 8;
    noise[1] = first_noise(&one);
    noise[2] = first_noise(&other);
    lt_slerp(0.25, noise[0], noise[2], 4, 8, 8, mixed);
    assert_memory_equal(noise[1], mixed, sizeof mixed);
    same_picture(&all, 1, &one);
    for (int i = 0; i < 3; i++)
        free(noise[i]);
    lt_params_done(&all);
    lt_params_done(&one);
    lt_params_done(&other);
}

static void test_cancel_and_resume(void **state)
{
    (void)state;
    lt_params p = pipeline_params("a fox", 3, "9", false, 0);
    float *want = pipeline_run(rig, &p, NULL);
    lt_run *run;
    lt_run_options options = {.params = &p};
    lt_progress progress = {0};
    lt_error fault = {0};
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    const lt_run_view *v = lt_run_about(run);
    assert_int_equal(lt_run_step(run, &progress, &fault), LT_STEP_MORE);
    atomic_store(&progress.cancel, true);
    assert_int_equal(lt_run_step(run, &progress, &fault), LT_STEP_FAILED);
    assert_int_equal(fault.code, LT_ERR_CANCELLED);
    assert_int_equal(v->done, 1);
    atomic_store(&progress.cancel, false);
    assert_int_equal(lt_run_step(run, &progress, &fault), LT_STEP_MORE);
    assert_int_equal(lt_run_step(run, &progress, &fault), LT_STEP_DONE);
    assert_int_equal(lt_run_step(run, &progress, &fault), LT_STEP_DONE); /* no further */
    size_t n = (size_t)v->channels * (size_t)v->h * (size_t)v->w;
    assert_memory_equal(v->latents, want, n * sizeof *want);
    lt_run_free(run);
    free(want);
    lt_params_done(&p);
}

/* Latents of picture i after so many steps, without those that are dropped on the way. */
static void drop_some(const char *scheduler, double guidance)
{
    lt_params all = pipeline_params("a fox", 5, "3..8", true, 0);
    all.scheduler = strdup(scheduler);
    all.guidance_scale = guidance;
    size_t n = 4 * 8 * 8;
    float *want = pipeline_run(rig, &all, NULL);
    lt_run *run;
    lt_run_options options = {.params = &all};
    lt_error fault = {0};
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    const lt_run_view *v = lt_run_about(run);
    assert_int_equal(lt_run_kept(run), 6);
    CHECK_OK(lt_run_drop(run, 0, NULL, err)); /* before the first step */
    assert_int_equal(lt_run_step(run, NULL, &fault), LT_STEP_MORE);
    assert_int_equal(lt_run_step(run, NULL, &fault), LT_STEP_MORE);
    CHECK_OK(lt_run_drop(run, 4, NULL, err));
    CHECK_OK(lt_run_drop(run, 2, NULL, err));
    CHECK_OK(lt_run_drop(run, 2, NULL, err)); /* again */
    assert_int_equal(lt_run_kept(run), 3);
    while (v->done < v->steps)
        assert_int_not_equal(lt_run_step(run, NULL, &fault), LT_STEP_FAILED);
    for (size_t i = 1; i < 6; i += 2)
        assert_memory_equal(v->latents + i * n, want + i * n, n * sizeof *want);
    assert_memory_not_equal(v->latents + 4 * n, want + 4 * n, n * sizeof *want);
    assert_true(lt_engine_finite(v->latents, 6 * n));
    lt_run_free(run);
    free(want);
    lt_params_done(&all);
}

static void test_drop(void **state)
{
    (void)state;
    drop_some("lms", 7.5);
    drop_some("euler_a", 7.5);
    drop_some("euler", 1);
}

/* A drop that is cancelled leaves the run as it was. */
static void test_drop_cancelled(void **state)
{
    (void)state;
    lt_params all = pipeline_params("a fox", 2, "3..8", true, 0);
    lt_run *run;
    lt_run_options options = {.params = &all};
    lt_progress progress = {0};
    lt_error fault = {0};
    pipeline_rig_reopen(rig, &lt_ref_backend, "auto"); /* nothing is compiled for five */
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    atomic_store(&progress.cancel, true);
    CHECK_FAILS(lt_run_drop(run, 1, &progress, err), LT_ERR_CANCELLED, "");
    assert_int_equal(lt_run_kept(run), 6);
    assert_int_equal(lt_run_step(run, NULL, &fault), LT_STEP_MORE);
    lt_run_free(run);
    lt_params_done(&all);
}

/* Looking at a run changes nothing; the last frame of both lenses is the final picture. */
static void test_lenses(void **state)
{
    (void)state;
    lt_params p = pipeline_params("a fox", 3, "9", false, 0);
    float *want = pipeline_run(rig, &p, NULL), frame[4 * 8 * 8], pixels[3 * 64 * 64];
    lt_run *run;
    lt_run_options options = {.params = &p};
    lt_error fault = {0};
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    const lt_run_view *v = lt_run_about(run);
    lt_step_result result;
    do {
        for (int lens = LT_LENS_LATENTS; lens <= LT_LENS_X0; lens++) {
            lt_run_lens(run, (lt_lens)lens, frame);
            CHECK_OK(lt_engine_decode(rig->engine, 1, v->h, v->w, frame, pixels, NULL, err));
        }
        result = lt_run_step(run, NULL, &fault);
    } while (result == LT_STEP_MORE);
    assert_int_equal(result, LT_STEP_DONE);
    assert_memory_equal(v->latents, want, sizeof frame);
    lt_run_lens(run, LT_LENS_LATENTS, frame);
    assert_memory_equal(frame, want, sizeof frame);
    lt_run_free(run);
    free(want);
    lt_params_done(&p);
}

static void test_given_noise(void **state)
{
    (void)state;
    lt_params p = pipeline_params("a fox", 1, "9", false, 0);
    float noise[4 * 8 * 8] = {0.5f, -1.0f};
    lt_run *run;
    lt_run_options options = {.params = &p, .noise = noise};
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    const lt_run_view *v = lt_run_about(run);
    assert_memory_equal(v->noise, noise, sizeof noise);
    assert_true(v->latents[1] == -v->schedule->init_noise_sigma);
    lt_run_free(run);
    p.variation_seed = 3;
    CHECK_FAILS(lt_run_begin(rig->engine, &options, &run, NULL, err), LT_ERR_ARGUMENT,
                "--latents gives the noise itself");
    lt_params_done(&p);
}

/* At 1 or below the UNet runs for the prompt alone and nothing is mixed. */
static void test_without_guidance(void **state)
{
    (void)state;
    lt_params p = pipeline_params("a fox", 1, "9", false, 0);
    p.guidance_scale = 1.0;
    lt_run *run;
    lt_run_options options = {.params = &p};
    lt_error fault = {0};
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    const lt_run_view *v = lt_run_about(run);
    assert_false(v->guided);
    assert_null(v->text_uncond);
    assert_int_equal(lt_run_step(run, NULL, &fault), LT_STEP_DONE);
    assert_null(v->eps_uncond);
    assert_ptr_equal(v->eps, v->eps_text);
    lt_run_free(run);
    lt_params_done(&p);
}

static void fails_to_begin(lt_params *p, lt_error_code code, const char *message)
{
    lt_run *run;
    lt_run_options options = {.params = p};
    CHECK_FAILS(lt_run_begin(rig->engine, &options, &run, NULL, err), code, message);
    lt_params_done(p);
}

static void test_refusals(void **state)
{
    (void)state;
    lt_params p = pipeline_params("a fox", 1, "9", false, 0);
    p.size = (lt_size){100, 64};
    fails_to_begin(&p, LT_ERR_ARGUMENT, "--size is 100x64, expected multiples of 8");
    p = pipeline_params("a fox", 1, "9", false, 0);
    p.scheduler = strdup("ddpm9");
    fails_to_begin(&p, LT_ERR_ARGUMENT, "'ddpm9'");
    p = pipeline_params("a fox", 1, "9", false, 0);
    p.timestep_spacing = strdup("middle");
    fails_to_begin(&p, LT_ERR_ARGUMENT, "'middle'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeds_alone_or_together),
        cmocka_unit_test(test_one_generator),
        cmocka_unit_test(test_place_of_several),
        cmocka_unit_test(test_prompts_are_major),
        cmocka_unit_test(test_stochastic_seeds),
        cmocka_unit_test(test_variations),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_drop_cancelled),
        cmocka_unit_test(test_cancel_and_resume),
        cmocka_unit_test(test_lenses),
        cmocka_unit_test(test_given_noise),
        cmocka_unit_test(test_without_guidance),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
