/*
 * Samplers against diffusers 0.42.1 on torch 2.15: every step of 16 settings with 1, 2, 4, 10 and
 * 25 steps, the model's outputs given.  1 ulp of the largest value is 1.2e-7 at most.
 */
#include "sample/sampler.h"

#include <math.h>
#include <stdlib.h>

#include "sample/fixture.h"
#include "sample/rng.h"
#include "support/check.h"
#include "support/panics.h"

enum { N = 32 };
static const int STEPS[] = {1, 2, 4, 10, 25};

/* How far a run is from the reference, in parts of the largest value that a step starts from. */
typedef struct errors {
    double next, x0, input;
} errors;

static double largest(const float *x)
{
    float most = 0;
    for (int k = 0; k < N; k++)
        most = fmaxf(most, fabsf(x[k]));
    return (double)most;
}

static double apart(const float *a, const float *b, double scale)
{
    double most = 0;
    for (int k = 0; k < N; k++) {
        double d = fabs((double)a[k] - (double)b[k]);
        if (isnan(d))
            return (double)INFINITY;
        most = fmax(most, d);
    }
    return most / scale;
}

/* forced: every step starts from the reference's x, so that errors do not add up. */
static errors follow(const fixture *f, const fixture_run *run, int n, bool forced)
{
    lt_schedule s;
    fixture_schedule(run, n, &s);
    size_t count = (size_t)n * N;
    float *x = fixture_floats(f, count + N, "%s.%d.x", run->name, n);
    float *input = fixture_floats(f, count, "%s.%d.in", run->name, n);
    float *output = fixture_floats(f, count, "%s.%d.out", run->name, n);
    float *x0 = fixture_floats(f, count, "%s.%d.x0", run->name, n);
    float scaled[N], noise[N];
    errors worst = {0};
    lt_rng rng;
    lt_rng_seed(&rng, 1234);
    lt_sampler_state state;
    CHECK_OK(lt_sampler_state_init(&state, run->sampler, N, err));
    memcpy(state.x, x, sizeof scaled);
    for (int i = 0; i < n; i++) {
        const float *from = x + i * N;
        if (forced)
            memcpy(state.x, from, sizeof scaled);
        lt_sampler_scale(&s, i, state.x, N, scaled);
        if (run->sampler->stochastic)
            lt_rng_normal(&rng, noise, N);
        lt_sampler_step(run->sampler, &s, output + i * N, run->sampler->stochastic ? noise : NULL,
                        &state);
        assert_int_equal(state.step, i + 1);
        double size = largest(from);
        worst.input = fmax(worst.input, apart(scaled, input + i * N, largest(input + i * N)));
        worst.x0 = fmax(worst.x0, apart(state.x0, x0 + i * N, size));
        worst.next = fmax(worst.next, apart(state.x, from + N, size));
    }
    lt_sampler_state_done(&state);
    free(x);
    free(input);
    free(output);
    free(x0);
    lt_schedule_done(&s);
    return worst;
}

/* The largest errors over all settings and step counts. */
static void follow_all(bool forced, bool zero_snr, errors *worst)
{
    fixture f;
    fixture_open(&f);
    fixture_run run;
    for (int r = 0; fixture_run_at(r, &run); r++) {
        if ((strcmp(run.name, "euler+zsnr") == 0) != zero_snr)
            continue;
        for (size_t k = 0; k < sizeof STEPS / sizeof STEPS[0]; k++) {
            errors e = follow(&f, &run, STEPS[k], forced);
            worst->next = fmax(worst->next, e.next);
            worst->x0 = fmax(worst->x0, e.x0);
            worst->input = fmax(worst->input, e.input);
        }
    }
    fixture_close(&f);
}

/* Measured: 2.3e-7, 1.2e-7, 2.2e-7; with zero SNR, whose sigmas differ
 * most, 3.2e-7, 6.1e-7, 1.9e-7. */
static void test_forced(void **state)
{
    (void)state;
    errors worst = {0}, zero_snr = {0};
    follow_all(true, false, &worst);
    follow_all(true, true, &zero_snr);
    assert_true(worst.next < 5e-7 && worst.x0 < 2.5e-7 && worst.input < 5e-7);
    assert_true(zero_snr.next < 6e-7 && zero_snr.x0 < 1.2e-6 && zero_snr.input < 4e-7);
}

/* Measured: 3.4e-6 in all three, from a step that takes sigma from 15 to 0.03; the other runs stay
 * below 4.6e-7.  With zero SNR, which starts at sigma 4096, 4.0e-5, 4.0e-5, 1.3e-4. */
static void test_whole_runs(void **state)
{
    (void)state;
    errors worst = {0}, zero_snr = {0};
    follow_all(false, false, &worst);
    follow_all(false, true, &zero_snr);
    assert_true(worst.next < 7e-6 && worst.x0 < 7e-6 && worst.input < 7e-6);
    assert_true(zero_snr.next < 8e-5 && zero_snr.x0 < 8e-5 && zero_snr.input < 2.5e-4);
}

static lt_schedule schedule_of(const lt_sampler *sampler, int n)
{
    lt_schedule_config model = fixture_sd14(), c = sampler->config(&model);
    lt_schedule s;
    CHECK_OK(lt_schedule_init(&s, &c, n, err));
    return s;
}

/* The reference's sigmas, integrated by scipy in double.  Measured: 3.5e-16 of the largest. */
static void test_coefficients(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    const int steps[] = {4, 10, 30};
    for (int k = 0; k < 3; k++) {
        int n = steps[k];
        lt_schedule s = schedule_of(&lt_sampler_lms, n);
        free(s.sigmas);
        s.sigmas = fixture_floats(&f, (size_t)n + 1, "lms.%d.sigmas", n);
        double *want = fixture_doubles(&f, (size_t)n * 4, "lms.coefficients.%d", n);
        double worst = 0;
        for (int i = 0; i < n; i++) {
            double got[LT_LMS_ORDER], size = 0, sum = 0;
            assert_int_equal(lt_lms_coefficients(&s, i, got), i < 4 ? i + 1 : 4);
            for (int j = 0; j < 4; j++) {
                size = fmax(size, fabs(want[i * 4 + j]));
                sum += got[j];
            }
            for (int j = 0; j < 4; j++)
                worst = fmax(worst, fabs(got[j] - want[i * 4 + j]) / size);
            worst = fmax(worst, fabs(sum - ((double)s.sigmas[i + 1] - (double)s.sigmas[i])) / size);
        }
        assert_true(worst < 1e-15);
        free(want);
        lt_schedule_done(&s);
    }
    fixture_close(&f);
}

static void test_coefficients_of_four(void **state)
{
    (void)state;
    const double want[4][4] = {{-11.696338415},
                               {-2.154549863, 0.168599691},
                               {-1.147420918, 0.250826383, -0.006596257},
                               {-0.029818894, 0.000736283, -8.5411e-5, 4.89e-7}};
    lt_schedule s = schedule_of(&lt_sampler_lms, 4);
    for (int i = 0; i < 4; i++) {
        double got[LT_LMS_ORDER];
        lt_lms_coefficients(&s, i, got);
        for (int j = 0; j < 4; j++) /* half a unit of the last printed digit, and 1 ulp of sigma */
            assert_true(fabs(got[j] - want[i][j]) < 1.5e-6);
    }
    lt_schedule_done(&s);
}

/* A cut schedule has the basis of the whole one and those derivatives that exist; after a fork with
 * nothing known it starts anew. */
static void test_coefficients_of_a_cut(void **state)
{
    (void)state;
    lt_schedule whole = schedule_of(&lt_sampler_lms, 10), part = schedule_of(&lt_sampler_lms, 10);
    lt_schedule_cut(&part, 4);
    for (int i = 0; i < part.steps; i++) {
        double want[LT_LMS_ORDER], got[LT_LMS_ORDER];
        lt_lms_coefficients(&whole, i + 4, want);
        assert_int_equal(lt_lms_coefficients(&part, i, got), i < 4 ? i + 1 : 4);
        for (int j = 0; j < 4; j++)
            assert_true(got[j] == (j <= i ? want[j] : 0));
        assert_int_equal(lt_lms_coefficients_from(&part, i, i, got), 1);
        double step = (double)part.sigmas[i + 1] - (double)part.sigmas[i];
        if (i > 0)
            assert_true(fabs(got[0] - step) < 1e-12);
    }
    lt_schedule_done(&whole);
    lt_schedule_done(&part);
}

/* Timesteps 1000 and 999 have one sigma: no polynomial passes through both. */
static void test_equal_sigmas(void **state)
{
    (void)state;
    lt_schedule_config c = fixture_sd14();
    c.timestep_spacing = LT_SPACING_LEADING;
    lt_schedule s;
    CHECK_OK(lt_schedule_init(&s, &c, 1000, err));
    const int order[] = {1, 1, 2, 3, 4, 4};
    for (int i = 0; i < 6; i++) {
        double got[LT_LMS_ORDER];
        assert_int_equal(lt_lms_coefficients(&s, i, got), order[i]);
        for (int j = 0; j < 4; j++)
            assert_true(isfinite(got[j]));
    }
    lt_schedule_done(&s);
}

/* Outputs that depend on x, so that a wrong x would show. */
static void walk(const lt_sampler *sampler, const lt_schedule *s, int until, lt_rng *rng,
                 lt_sampler_state *state)
{
    float output[N], noise[N];
    while (state->step < until) {
        lt_sampler_scale(s, state->step, state->x, N, output);
        for (int k = 0; k < N; k++)
            output[k] = tanhf(output[k]);
        if (sampler->stochastic)
            lt_rng_normal(rng, noise, N);
        lt_sampler_step(sampler, s, output, sampler->stochastic ? noise : NULL, state);
    }
}

/* From every step of a run, a copy of its state ends in the same bytes. */
static void test_rewind(void **state)
{
    (void)state;
    enum { TOTAL = 7 };
    const lt_sampler *sampler;
    for (int k = 0; (sampler = lt_sampler_at(k)); k++) {
        lt_schedule s = schedule_of(sampler, TOTAL);
        lt_rng rng, saved_rng[TOTAL];
        lt_sampler_state run, saved[TOTAL];
        lt_rng_seed(&rng, 3);
        CHECK_OK(lt_sampler_state_init(&run, sampler, N, err));
        lt_rng_normal(&rng, run.x, N);
        for (int i = 0; i < TOTAL; i++) {
            CHECK_OK(lt_sampler_state_copy(&saved[i], &run, err));
            saved_rng[i] = rng;
            walk(sampler, &s, i + 1, &rng, &run);
        }
        for (int i = TOTAL - 1; i >= 0; i--) {
            walk(sampler, &s, TOTAL, &saved_rng[i], &saved[i]);
            assert_memory_equal(saved[i].x, run.x, N * sizeof(float));
            assert_memory_equal(saved[i].x0, run.x0, N * sizeof(float));
            assert_ptr_not_equal(saved[i].x, run.x);
            lt_sampler_state_done(&saved[i]);
        }
        lt_sampler_state_done(&run);
        lt_sampler_state_done(&run); /* zero is fine */
        lt_schedule_done(&s);
    }
}

/* The blog's constructor call knows nothing of the model. */
static void test_blog(void **state)
{
    (void)state;
    lt_schedule_config model = {.num_train_timesteps = 500,
                                .beta_start = 0.1,
                                .beta_end = 0.2,
                                .prediction_type = LT_PREDICT_V,
                                .timestep_spacing = LT_SPACING_TRAILING,
                                .use_karras_sigmas = true,
                                .rescale_betas_zero_snr = true,
                                .final_sigmas_type = LT_FINAL_SIGMA_MIN};
    lt_schedule_config sd = fixture_sd14();
    lt_schedule_config blog = lt_sampler_lms_blog.config(&model);
    lt_schedule_config own = lt_sampler_lms.config(&sd);
    lt_schedule a, b;
    CHECK_OK(lt_schedule_init(&a, &blog, 50, err));
    CHECK_OK(lt_schedule_init(&b, &own, 50, err));
    assert_memory_equal(a.timesteps, b.timesteps, 50 * sizeof(float));
    assert_memory_equal(a.sigmas, b.sigmas, 51 * sizeof(float));
    assert_true(a.config.prediction_type == LT_PREDICT_EPSILON);
    lt_schedule_done(&a);
    lt_schedule_done(&b);
}

static void test_table(void **state)
{
    (void)state;
    const char *const names[] = {"lms", "lms-blog", "euler", "euler_a"};
    for (int i = 0; i < 4; i++) {
        const lt_sampler *found = NULL;
        CHECK_OK(lt_sampler_find(names[i], &found, err));
        assert_ptr_equal(found, lt_sampler_at(i));
        assert_string_equal(found->name, names[i]);
        assert_int_equal(found->stochastic, i == 3);
    }
    assert_null(lt_sampler_at(4));
    assert_null(lt_sampler_at(-1));
    const lt_sampler *none = NULL;
    CHECK_FAILS(lt_sampler_find("ddim\n", &none, err), LT_ERR_ARGUMENT,
                "unknown scheduler 'ddim\\n', expected one of lms, lms-blog, euler, euler_a");
    CHECK_FAILS(lt_sampler_find("", &none, err), LT_ERR_ARGUMENT, "unknown scheduler ''");
}

static void test_too_large(void **state)
{
    (void)state;
    lt_sampler_state s;
    CHECK_FAILS(lt_sampler_state_init(&s, &lt_sampler_lms, SIZE_MAX / 8, err), LT_ERR_MEMORY,
                "latents");
}

/* At the end of a schedule that ends in sigma 0 the latents are what the VAE takes. */
static void test_scale_at_end(void **state)
{
    (void)state;
    lt_schedule s = schedule_of(&lt_sampler_euler, 3);
    const float x[3] = {1.5f, -2, 0};
    float out[3];
    lt_sampler_scale(&s, 3, x, 3, out);
    assert_memory_equal(out, x, sizeof x);
    lt_schedule_done(&s);
}

static void step_past_the_end(void)
{
    lt_schedule s = schedule_of(&lt_sampler_euler, 1);
    lt_sampler_state state = {0};
    lt_error err;
    float output[1] = {0};
    if (!lt_sampler_state_init(&state, &lt_sampler_euler, 1, &err))
        return;
    lt_sampler_step(&lt_sampler_euler, &s, output, NULL, &state);
    lt_sampler_step(&lt_sampler_euler, &s, output, NULL, &state);
}

static void step_without_noise(void)
{
    lt_schedule s = schedule_of(&lt_sampler_euler_a, 1);
    lt_sampler_state state = {0};
    lt_error err;
    float output[1] = {0};
    if (!lt_sampler_state_init(&state, &lt_sampler_euler_a, 1, &err))
        return;
    lt_sampler_step(&lt_sampler_euler_a, &s, output, NULL, &state);
}

static void test_misuse(void **state)
{
    (void)state;
    check_panics(step_past_the_end, "state->step < schedule->steps");
    check_panics(step_without_noise, "sampler->stochastic == (noise != NULL)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forced),
        cmocka_unit_test(test_whole_runs),
        cmocka_unit_test(test_coefficients),
        cmocka_unit_test(test_coefficients_of_four),
        cmocka_unit_test(test_coefficients_of_a_cut),
        cmocka_unit_test(test_equal_sigmas),
        cmocka_unit_test(test_rewind),
        cmocka_unit_test(test_blog),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_scale_at_end),
        cmocka_unit_test(test_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
