/*
 * Noise schedules against diffusers 0.42.1 on torch 2.15.  torch's square root of a tensor is not
 * correctly rounded, ours is: sigmas may be 1 ulp apart, and what is computed from roots a little
 * more.  Everything else is equal in every bit.
 */
#include "sample/schedule.h"

#include <math.h>
#include <stdlib.h>

#include "sample/fixture.h"
#include "support/check.h"

static lt_schedule_config config_of(int beta)
{
    lt_schedule_config c = fixture_sd14();
    c.beta_schedule = (lt_beta_schedule)beta;
    return c;
}

static void test_alphas(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    for (int beta = LT_BETA_LINEAR; beta <= LT_BETA_SQUAREDCOS_CAP_V2; beta++) {
        lt_schedule_config c = config_of(beta);
        lt_schedule s;
        CHECK_OK(lt_schedule_init(&s, &c, 1, err));
        float *want = fixture_floats(&f, 1000, "abar.%s", lt_beta_schedule_name(c.beta_schedule));
        assert_memory_equal(s.alphas_cumprod, want, 1000 * sizeof *want);
        free(want);
        lt_schedule_done(&s);
    }
    fixture_close(&f);
}

/* The betas that diffusers' abar are the product of; and the rules themselves, in double: 1.2e-7 of
 * a value was measured. */
static void test_betas(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    for (int beta = LT_BETA_LINEAR; beta <= LT_BETA_SQUAREDCOS_CAP_V2; beta++) {
        lt_schedule_config c = config_of(beta);
        float *want = fixture_floats(&f, 1000, "abar.%s", lt_beta_schedule_name(c.beta_schedule));
        double product = 1, from = sqrt(c.beta_start), to = sqrt(c.beta_end);
        for (int t = 0; t < 1000; t++) {
            double b = lt_schedule_beta(&c, t), way = t / 999.0;
            product *= (double)(1.0f - (float)b);
            assert_true((float)product == want[t]);
            double rule = beta == LT_BETA_LINEAR ? c.beta_start + way * (c.beta_end - c.beta_start)
                                                 : pow(from + way * (to - from), 2);
            if (beta != LT_BETA_SQUAREDCOS_CAP_V2)
                assert_true(fabs(b / rule - 1) < 5e-7);
        }
        free(want);
    }
    fixture_close(&f);
}

/* Measured: 3.8e-6 of a value where it is smallest, from the difference of two roots. */
static void test_zero_snr(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    lt_schedule_config c = fixture_sd14();
    c.rescale_betas_zero_snr = true;
    lt_schedule s;
    CHECK_OK(lt_schedule_init(&s, &c, 1, err));
    float *want = fixture_floats(&f, 1000, "abar.zero_snr");
    for (int t = 0; t < 1000; t++)
        assert_true(relative_error(&s.alphas_cumprod[t], &want[t], 1) < 5e-6);
    assert_true(s.alphas_cumprod[999] == 0x1p-24f);
    free(want);
    lt_schedule_done(&s);
    fixture_close(&f);
}

/* All of 1 to 1000 steps, in one hash a spacing. */
static void test_every_spacing(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    for (int spacing = LT_SPACING_LINSPACE; spacing <= LT_SPACING_TRAILING; spacing++) {
        lt_schedule_config c = fixture_sd14();
        c.timestep_spacing = (lt_spacing)spacing;
        uint64_t hash = HASH_START;
        for (int n = 1; n <= 1000; n++) {
            lt_schedule s;
            CHECK_OK(lt_schedule_init(&s, &c, n, err));
            hash = hash_floats(hash, s.timesteps, (size_t)n);
            lt_schedule_done(&s);
        }
        assert_true(hash == fixture_hash(&f, "spacing.%s", lt_spacing_name(c.timestep_spacing)));
    }
    fixture_close(&f);
}

/* Measured: timesteps equal, with Karras 5.6e-7 of their value (they come from logarithms of
 * sigmas); sigmas 1 ulp, with zero SNR 6.6e-6 of their value; init_noise_sigma 1 ulp, leading 2. */
static void check_tables(const fixture *f, const fixture_run *run, int n)
{
    lt_schedule s;
    fixture_schedule(run, n, &s);
    size_t count = (size_t)n;
    float *t = fixture_floats(f, count, "%s.%d.timesteps", run->name, n);
    float *sigmas = fixture_floats(f, count + 1, "%s.%d.sigmas", run->name, n);
    float *init = fixture_floats(f, 1, "%s.%d.init", run->name, n);
    float part = s.config.use_karras_sigmas ? 1e-6f : 0;
    for (int i = 0; i < n; i++)
        assert_true(fabsf(s.timesteps[i] - t[i]) <= part * fmaxf(t[i], 1));
    if (s.config.rescale_betas_zero_snr)
        for (int i = 0; i < n; i++)
            assert_true(relative_error(&s.sigmas[i], &sigmas[i], 1) < 1e-5);
    else
        assert_true(ulps_apart(s.sigmas, sigmas, count + 1) <= 1);
    assert_true((s.sigmas[n] == 0) == (sigmas[n] == 0)); /* zero, or sigma_min as above */
    assert_true(ulps_apart(&s.init_noise_sigma, init, 1) <= 2);
    free(t);
    free(sigmas);
    free(init);
    lt_schedule_done(&s);
}

static void test_tables(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    const int steps[] = {1, 2, 3, 4, 5, 7, 8, 10, 15, 20, 25, 30, 50, 100};
    fixture_run run;
    for (int r = 0; fixture_run_at(r, &run); r++) {
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++)
            check_tables(&f, &run, steps[k]);
        if (strcmp(run.name, "lms") == 0)
            check_tables(&f, &run, 999);
        if (strcmp(run.name, "lms") == 0 || strcmp(run.name, "lms+leading") == 0)
            check_tables(&f, &run, 1000);
        if (strcmp(run.name, "euler+trailing") == 0) {
            check_tables(&f, &run, 48); /* rounds otherwise without numpy.arange's stride */
            check_tables(&f, &run, 61); /* diffusers lists 62 */
            check_tables(&f, &run, 1000);
        }
    }
    fixture_close(&f);
}

/* The numbers that the literature and diffusers' documentation have. */
static void test_known(void **state)
{
    (void)state;
    lt_schedule_config c = fixture_sd14();
    lt_schedule s;
    CHECK_OK(lt_schedule_init(&s, &c, 4, err));
    const float want[] = {999, 666, 333, 0};
    assert_memory_equal(s.timesteps, want, sizeof want);
    assert_true(s.config.timestep_spacing == LT_SPACING_LINSPACE);
    assert_true(fabsf(s.sigmas[0] - 14.6146469f) < 2e-6f); /* 2 ulp: the decimal is rounded too */
    assert_true(fabsf(s.sigmas[3] - 0.0291675329f) < 4e-9f);
    assert_true(s.sigmas[4] == 0);
    lt_schedule_done(&s);
    CHECK_OK(lt_schedule_init(&s, &c, 1, err));
    assert_true(s.timesteps[0] == 0);
    lt_schedule_done(&s);
    c.timestep_spacing = LT_SPACING_LEADING;
    CHECK_OK(lt_schedule_init(&s, &c, 1000, err));
    assert_true(s.timesteps[0] == 1000 && s.sigmas[0] == s.sigmas[1]); /* beyond the table's end */
    lt_schedule_done(&s);
    c.timestep_spacing = LT_SPACING_TRAILING;
    CHECK_OK(lt_schedule_init(&s, &c, 61, err));
    assert_true(s.timesteps[60] > 0);
    lt_schedule_done(&s);
}

/* Measured: 6.7e-8 of the largest value. */
static void test_add_noise(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    lt_schedule_config c = fixture_sd14();
    lt_schedule s;
    CHECK_OK(lt_schedule_init(&s, &c, 10, err));
    float *x0 = fixture_floats(&f, 32, "guidance.uncond");
    float *eps = fixture_floats(&f, 32, "guidance.cond"), got[32];
    const int steps[] = {0, 500, 999};
    for (int k = 0; k < 3; k++) {
        float *want = fixture_floats(&f, 32, "noise.%d", steps[k]);
        CHECK_OK(lt_schedule_add_noise(&s, steps[k], x0, eps, 32, got, err));
        assert_true(relative_error(got, want, 32) < 1.2e-7);
        free(want);
    }
    CHECK_FAILS(lt_schedule_add_noise(&s, -1, x0, eps, 32, got, err), LT_ERR_ARGUMENT,
                "timestep is -1, expected 0 to 999");
    CHECK_FAILS(lt_schedule_add_noise(&s, 1000, x0, eps, 32, got, err), LT_ERR_ARGUMENT,
                "timestep is 1000, expected 0 to 999");
    free(x0);
    free(eps);
    lt_schedule_done(&s);
    fixture_close(&f);
}

static void test_wrong_steps(void **state)
{
    (void)state;
    lt_schedule_config c = fixture_sd14();
    lt_schedule s;
    CHECK_FAILS(lt_schedule_init(&s, &c, 0, err), LT_ERR_ARGUMENT,
                "steps is 0, expected 1 to 1000");
    CHECK_FAILS(lt_schedule_init(&s, &c, -5, err), LT_ERR_ARGUMENT, "steps is -5");
    CHECK_FAILS(lt_schedule_init(&s, &c, 1001, err), LT_ERR_ARGUMENT, "steps is 1001");
}

static void test_wrong_numbers(void **state)
{
    (void)state;
    lt_schedule s;
    lt_schedule_config c = fixture_sd14();
    c.num_train_timesteps = 1;
    CHECK_FAILS(lt_schedule_init(&s, &c, 1, err), LT_ERR_MODEL, "'num_train_timesteps' is 1");
    c.num_train_timesteps = LT_SCHEDULE_MAX_TRAIN + 1;
    CHECK_FAILS(lt_schedule_init(&s, &c, 1, err), LT_ERR_MODEL, "expected 2 to 100000");
    c = fixture_sd14();
    c.steps_offset = -1;
    CHECK_FAILS(lt_schedule_config_check(&c, err), LT_ERR_MODEL, "'steps_offset' is -1");
    c.steps_offset = 1001;
    CHECK_FAILS(lt_schedule_config_check(&c, err), LT_ERR_MODEL, "'steps_offset' is 1001");
    c = fixture_sd14();
    c.beta_start = 0;
    CHECK_FAILS(lt_schedule_config_check(&c, err), LT_ERR_MODEL, "'beta_start' is 0");
    c = fixture_sd14();
    c.beta_end = 1;
    CHECK_FAILS(lt_schedule_config_check(&c, err), LT_ERR_MODEL, "'beta_end' is 1");
    c.beta_end = (double)NAN;
    CHECK_FAILS(lt_schedule_config_check(&c, err), LT_ERR_MODEL, "'beta_end' is nan");
}

/* Legal numbers whose product leaves nothing to interpolate. */
static void test_unusable_betas(void **state)
{
    (void)state;
    lt_schedule s;
    lt_schedule_config c = fixture_sd14();
    c.beta_end = 0.99;
    CHECK_FAILS(lt_schedule_init(&s, &c, 10, err), LT_ERR_MODEL, "sigma inf at timestep");
    c = fixture_sd14();
    c.beta_start = 1e-12;
    CHECK_FAILS(lt_schedule_init(&s, &c, 10, err), LT_ERR_MODEL, "sigma 0 at timestep 0");
    c = fixture_sd14();
    c.num_train_timesteps = 2; /* the smallest */
    CHECK_OK(lt_schedule_init(&s, &c, 2, err));
    assert_true(s.timesteps[0] == 1 && s.timesteps[1] == 0);
    lt_schedule_done(&s);
    lt_schedule_done(&s); /* zero is fine */
}

static void test_words(void **state)
{
    (void)state;
    lt_schedule_config c = lt_schedule_config_default();
    assert_true(c.timestep_spacing == LT_SPACING_UNSET);
    CHECK_OK(lt_schedule_config_set_word(&c, "beta_schedule", "scaled_linear", err));
    CHECK_OK(lt_schedule_config_set_word(&c, "prediction_type", "v_prediction", err));
    CHECK_OK(lt_schedule_config_set_word(&c, "timestep_spacing", "trailing", err));
    CHECK_OK(lt_schedule_config_set_word(&c, "final_sigmas_type", "sigma_min", err));
    CHECK_OK(lt_schedule_config_set_word(&c, "interpolation_type", "linear", err));
    CHECK_OK(lt_schedule_config_set_word(&c, "timestep_type", "discrete", err));
    CHECK_OK(lt_schedule_config_set_word(&c, "solver_type", "midpoint", err));
    assert_string_equal(lt_beta_schedule_name(c.beta_schedule), "scaled_linear");
    assert_string_equal(lt_prediction_name(c.prediction_type), "v_prediction");
    assert_string_equal(lt_spacing_name(c.timestep_spacing), "trailing");
    assert_string_equal(lt_final_sigma_name(c.final_sigmas_type), "sigma_min");
    CHECK_FAILS(
        lt_schedule_config_set_word(&c, "beta_schedule", "sigmoid", err), LT_ERR_MODEL,
        "'beta_schedule' is 'sigmoid', expected linear, scaled_linear or squaredcos_cap_v2");
    CHECK_FAILS(lt_schedule_config_set_word(&c, "prediction_type", "sample", err), LT_ERR_MODEL,
                "'prediction_type' is 'sample', expected epsilon or v_prediction");
    CHECK_FAILS(lt_schedule_config_set_word(&c, "timestep_spacing", "unset", err), LT_ERR_MODEL,
                "'timestep_spacing' is 'unset', expected linspace, leading or trailing");
    CHECK_FAILS(lt_schedule_config_set_word(&c, "final_sigmas_type", "\n", err), LT_ERR_MODEL,
                "'final_sigmas_type' is '\\n'");
    CHECK_FAILS(lt_schedule_config_set_word(&c, "interpolation_type", "log_linear", err),
                LT_ERR_MODEL, "'interpolation_type' is 'log_linear', expected linear");
    CHECK_FAILS(lt_schedule_config_set_word(&c, "timestep_type", "continuous", err), LT_ERR_MODEL,
                "expected discrete");
    assert_true(c.prediction_type == LT_PREDICT_V); /* a refused word changes nothing */
}

static void test_flags(void **state)
{
    (void)state;
    lt_schedule_config c = lt_schedule_config_default();
    CHECK_OK(lt_schedule_config_set_flag(&c, "use_karras_sigmas", true, err));
    CHECK_OK(lt_schedule_config_set_flag(&c, "rescale_betas_zero_snr", true, err));
    CHECK_OK(lt_schedule_config_set_flag(&c, "use_beta_sigmas", false, err));
    CHECK_OK(lt_schedule_config_set_flag(&c, "clip_sample", true, err));
    assert_true(c.use_karras_sigmas && c.rescale_betas_zero_snr);
    CHECK_FAILS(lt_schedule_config_set_flag(&c, "use_beta_sigmas", true, err), LT_ERR_MODEL,
                "'use_beta_sigmas' is 'true', expected false");
    CHECK_FAILS(lt_schedule_config_set_flag(&c, "use_exponential_sigmas", true, err), LT_ERR_MODEL,
                "'use_exponential_sigmas'");
}

/* Strengths k/20 of 1 to 50 steps, the product of which is not always a whole number where it
 * should be. */
static void test_begin(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    double *want = fixture_doubles(&f, 50 * 20, "img2img.begin");
    for (int n = 1; n <= 50; n++)
        for (int k = 1; k <= 20; k++)
            if (lt_schedule_begin(n, k / 20.0) != (int)want[(n - 1) * 20 + k - 1])
                fail_msg("%d steps with strength %g leave out %d, expected %g", n, k / 20.0,
                         lt_schedule_begin(n, k / 20.0), want[(n - 1) * 20 + k - 1]);
    assert_int_equal(lt_schedule_begin(50, 0.58), 50 - 28); /* 50 * 0.58 is 28.999999999999996 */
    assert_int_equal(lt_schedule_begin(50, 0), 50);
    free(want);
    fixture_close(&f);
}

/* The rest of the tables, with those of the steps left out before them; and a copy. */
static void test_cut(void **state)
{
    (void)state;
    lt_schedule_config c = fixture_sd14();
    lt_schedule whole, part, copy;
    CHECK_OK(lt_schedule_init(&whole, &c, 10, err));
    CHECK_OK(lt_schedule_init(&part, &c, 10, err));
    lt_schedule_cut(&part, 4);
    CHECK_OK(lt_schedule_copy(&copy, &part, err));
    for (const lt_schedule *s = &part; s; s = s == &part ? &copy : NULL) {
        assert_int_equal(s->steps, 6);
        assert_int_equal(s->begin, 4);
        assert_memory_equal(s->timesteps, whole.timesteps + 4, 6 * sizeof(float));
        assert_memory_equal(s->sigmas - 4, whole.sigmas, 11 * sizeof(float));
    }
    const float x0[2] = {1, -2}, eps[2] = {0.5f, 3};
    float out[2];
    lt_schedule_noised(&part, x0, eps, 2, out);
    for (int i = 0; i < 2; i++)
        assert_true(out[i] == x0[i] + eps[i] * whole.sigmas[4]);
    lt_schedule_done(&whole);
    lt_schedule_done(&part);
    lt_schedule_done(&copy);
}

static void test_parse(void **state)
{
    (void)state;
    lt_spacing spacing = LT_SPACING_UNSET;
    CHECK_OK(lt_spacing_parse("leading", &spacing, err));
    assert_true(spacing == LT_SPACING_LEADING);
    CHECK_FAILS(lt_spacing_parse("karras", &spacing, err), LT_ERR_ARGUMENT,
                "'timestep spacing' is 'karras', expected linspace, leading or trailing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alphas),        cmocka_unit_test(test_betas),
        cmocka_unit_test(test_zero_snr),      cmocka_unit_test(test_every_spacing),
        cmocka_unit_test(test_tables),        cmocka_unit_test(test_known),
        cmocka_unit_test(test_add_noise),     cmocka_unit_test(test_wrong_steps),
        cmocka_unit_test(test_wrong_numbers), cmocka_unit_test(test_unusable_betas),
        cmocka_unit_test(test_words),         cmocka_unit_test(test_flags),
        cmocka_unit_test(test_parse),         cmocka_unit_test(test_begin),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
