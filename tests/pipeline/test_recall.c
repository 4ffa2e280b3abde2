/* Settings from PNG texts: what we write comes back, what others write as far as we can follow. */
#include "pipeline/recall.h"

#include <math.h>

#include "pipeline/meta.h"
#include "sample/sampler.h"
#include "support/check.h"

static void from(const char *key, const char *text, lt_params *out, lt_buf *notes)
{
    lt_png_texts texts = {0};
    lt_png_texts_add(&texts, key, text);
    CHECK_OK(lt_recall_texts(&texts, out, notes, err));
    lt_png_texts_done(&texts);
}

static void test_ours(void **state)
{
    (void)state;
    lt_params p, back;
    lt_buf json = {0}, notes = {0};
    lt_params_init(&p);
    lt_params_add_prompt(&p, "a \"fox\",\nin snow");
    CHECK_OK(lt_params_set(&p, lt_params_find("negative-prompt"), "blurry", err));
    CHECK_OK(lt_params_set(&p, lt_params_find("timestep-spacing"), "leading", err));
    CHECK_OK(lt_params_set(&p, lt_params_find("unet"), "other", err));
    CHECK_OK(lt_params_set_seeds(&p, "18446744073709551615", false, err));
    lt_meta meta = {.params = &p,
                    .model = "demo",
                    .backend = "cpu",
                    .dtype = LT_BF16,
                    .sampler = &lt_sampler_euler_a,
                    .guidance_scale = 4.25,
                    .steps = 17,
                    .width = 128,
                    .height = 64,
                    .images = 1,
                    .per_prompt = 1,
                    .shown = 3};
    lt_meta_json(&meta, 0, &json);
    from(LT_META_JSON, json.data, &back, &notes);
    assert_string_equal(back.prompts[0], p.prompts[0]);
    assert_string_equal(back.negative_prompt, "blurry");
    assert_string_equal(back.scheduler, "euler_a");
    assert_string_equal(back.timestep_spacing, "leading");
    assert_string_equal(back.model, "demo");
    assert_string_equal(back.unet, "other");
    assert_true(back.seeds[0] == UINT64_MAX);
    assert_true(back.guidance_scale == 4.25);
    assert_int_equal(back.steps, 17);
    assert_int_equal(back.size.width, 128);
    assert_int_equal(back.size.height, 64);
    assert_null(back.dtype);
    assert_int_equal(notes.len, 0);
    lt_params_done(&back);
    lt_params_done(&p);
    lt_buf_done(&json);
}

static void test_of_many(void **state)
{
    (void)state;
    lt_params back;
    lt_buf notes = {0};
    from(LT_META_JSON, "{\"prompt\":\"x\",\"seed\":7,\"images\":4,\"steps\":\"many\"}", &back,
         &notes);
    assert_string_equal(notes.data, "steps, its place among several pictures");
    assert_int_equal(back.seeds[0], 7);
    assert_int_equal(back.steps, 0);
    lt_params_done(&back);
    lt_buf_done(&notes);
}

static void test_others(void **state)
{
    (void)state;
    lt_params back;
    lt_buf notes = {0};
    from(LT_META_PARAMETERS,
         "a fox\nin snow\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, "
         "Seed: 1234, Size: 512x768, Model hash: 6ce0161689, Clip skip: 2",
         &back, &notes);
    assert_string_equal(back.prompts[0], "a fox\nin snow");
    assert_string_equal(back.negative_prompt, "blurry");
    assert_int_equal(back.steps, 20);
    assert_string_equal(back.scheduler, "euler_a");
    assert_true(back.guidance_scale == 7);
    assert_int_equal(back.seeds[0], 1234);
    assert_int_equal(back.size.height, 768);
    assert_string_equal(notes.data, "Model hash, Clip skip");
    lt_params_done(&back);
    lt_buf_clear(&notes);
    from(LT_META_PARAMETERS, "x\nSteps: 9, Sampler: DPM++ 2M, Seed: -5, CFG scale: abc", &back,
         &notes);
    assert_null(back.scheduler);
    assert_true(back.seeds[0] == (uint64_t)-5);
    assert_true(isnan(back.guidance_scale));
    assert_string_equal(notes.data, "Sampler, guidance-scale");
    lt_params_done(&back);
    lt_buf_done(&notes);
}

static void test_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}", "[1]", "{\"prompt\"", "", "null"};
    lt_params p;
    lt_buf notes = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        lt_png_texts t = {0};
        lt_png_texts_add(&t, LT_META_JSON, texts[i]);
        CHECK_FAILS(lt_recall_texts(&t, &p, &notes, err), LT_ERR_FORMAT, "no settings");
        lt_params_done(&p);
        lt_png_texts_done(&t);
    }
    assert_false(lt_recall_parameters("only a prompt", &p, &notes));
    lt_params_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ours), cmocka_unit_test(test_of_many),
                                       cmocka_unit_test(test_others),
                                       cmocka_unit_test(test_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
