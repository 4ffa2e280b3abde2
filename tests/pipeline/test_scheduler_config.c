/* test_scheduler_config.c - scheduler_config.json and the model's advice. */
#include "pipeline/scheduler_config.h"

#include <stdlib.h>

#include "base/file.h"
#include "support/check.h"
#include "support/temp.h"

static char *dir;

static int make(void **state)
{
    (void)state;
    dir = temp_dir();
    return 0;
}

static int clean(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

static void put(const char *name, const char *text)
{
    char *path = lt_path_join(dir, name);
    CHECK_OK(lt_file_write(path, text, strlen(text), err));
    free(path);
}

static lt_scheduler_config read_with(const char *config)
{
    lt_scheduler_config c;
    put("scheduler_config.json", config);
    CHECK_OK(lt_scheduler_config_read(dir, NULL, &c, err));
    return c;
}

/* The file of Stable Diffusion 1.4: PNDM is not ours, so the sampler is lms. */
static void test_sd14(void **state)
{
    (void)state;
    lt_scheduler_config c = read_with(
        "{\"_class_name\":\"PNDMScheduler\",\"beta_start\":0.00085,\"beta_end\":0.012,"
        "\"beta_schedule\":\"scaled_linear\",\"num_train_timesteps\":1000,\"set_alpha_to_one\":"
        "false,"
        "\"skip_prk_steps\":true,\"steps_offset\":1,\"trained_betas\":null,\"clip_sample\":false}");
    assert_string_equal(c.class_name, "PNDMScheduler");
    assert_string_equal(c.sampler, "lms");
    assert_int_equal(c.steps, 30);
    assert_true(c.guidance_scale == 7.5);
    assert_true(c.base.beta_start == 0.00085 && c.base.beta_end == 0.012);
    assert_int_equal(c.base.beta_schedule, LT_BETA_SCALED_LINEAR);
    assert_int_equal(c.base.timestep_spacing, LT_SPACING_UNSET);
    assert_int_equal(c.base.steps_offset, 1);
}

static void test_published_class(void **state)
{
    (void)state;
    lt_scheduler_config c = read_with("{\"_class_name\":\"EulerDiscreteScheduler\","
                                      "\"timestep_spacing\":\"trailing\","
                                      "\"prediction_type\":\"v_prediction\"}");
    assert_string_equal(c.sampler, "euler");
    assert_int_equal(c.base.timestep_spacing, LT_SPACING_TRAILING);
    assert_int_equal(c.base.prediction_type, LT_PREDICT_V);
    c = read_with("{\"_class_name\":\"EulerAncestralDiscreteScheduler\"}");
    assert_string_equal(c.sampler, "euler_a");
}

static void test_advice(void **state)
{
    (void)state;
    lt_scheduler_config c;
    put("scheduler_config.json", "{}");
    put("latentty.json", "{\"scheduler\":\"euler\",\"steps\":4,\"guidance_scale\":0}");
    CHECK_OK(lt_scheduler_config_read(dir, dir, &c, err));
    assert_string_equal(c.sampler, "euler");
    assert_int_equal(c.steps, 4);
    assert_true(c.guidance_scale == 0);
    put("latentty.json", "{\"scheduler\":\"ddpm9\"}");
    CHECK_FAILS(lt_scheduler_config_read(dir, dir, &c, err), LT_ERR_MODEL, "'ddpm9'");
    put("latentty.json", "{\"steps\":0}");
    CHECK_FAILS(lt_scheduler_config_read(dir, dir, &c, err), LT_ERR_MODEL, "'steps' is 0");
}

static void test_refusals(void **state)
{
    (void)state;
    const char *const wrong[][2] = {
        {"{\"trained_betas\":[0.1]}", "'trained_betas'"},
        {"{\"sigma_min\":0.1}", "'sigma_min'"},
        {"{\"prediction_type\":\"sample\"}", "sample"},
        {"{\"beta_schedule\":\"sigmoid\"}", "sigmoid"},
        {"{\"beta_end\":2}", "'beta_end' is 2"},
        {"{\"num_train_timesteps\":\"many\"}", "'num_train_timesteps' is \"many\""},
        {"{\"use_beta_sigmas\":true}", "use_beta_sigmas"},
    };
    lt_scheduler_config c;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put("scheduler_config.json", wrong[i][0]);
        CHECK_FAILS(lt_scheduler_config_read(dir, NULL, &c, err), LT_ERR_MODEL, wrong[i][1]);
    }
    put("scheduler_config.json", "[]");
    CHECK_FAILS(lt_scheduler_config_read(dir, NULL, &c, err), LT_ERR_FORMAT, "JSON object");
    CHECK_FAILS(lt_scheduler_config_read("/nonexistent", NULL, &c, err), LT_ERR_IO, "cannot open");
}

/* Components that were given one by one have no scheduler: Stable Diffusion 1.x's numbers. */
static void test_no_directory(void **state)
{
    (void)state;
    lt_scheduler_config c;
    CHECK_OK(lt_scheduler_config_read(NULL, NULL, &c, err));
    assert_true(c.base.beta_start == 0.00085);
    assert_int_equal(c.base.beta_schedule, LT_BETA_SCALED_LINEAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sd14, make, clean),
        cmocka_unit_test_setup_teardown(test_published_class, make, clean),
        cmocka_unit_test_setup_teardown(test_advice, make, clean),
        cmocka_unit_test_setup_teardown(test_refusals, make, clean),
        cmocka_unit_test(test_no_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
