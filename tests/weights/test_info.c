/* test_info.c - summaries of files and directories. */
#define _POSIX_C_SOURCE 200809L
#include "weights/info.h"

#include "support/temp.h"
#include "weights/files.h"

#define DATA LT_TEST_DATA "/weights/"

static void test_file(void **state)
{
    (void)state;
    lt_info_weights w = {0};
    CHECK_OK(lt_info_weights_open(DATA "numpy.safetensors", &w, err));
    assert_int_equal(w.tensors, 6);
    assert_int_equal(w.parameters, 2 + 2 + 1 + 6 + 1 + 0);
    assert_int_equal(w.bytes, 4 + 16 + 1 + 24 + 4);
    assert_int_equal(w.dtypes[LT_ST_F32], 3);
    assert_int_equal(w.dtypes[LT_ST_F16], 1);
    assert_int_equal(w.dtypes[LT_ST_I64], 1);
    assert_int_equal(w.dtypes[LT_ST_U8], 1);
    assert_int_equal(w.kind, LT_KIND_UNKNOWN);
    assert_string_equal(lt_safetensors_meta(lt_checkpoint_file(w.checkpoint, 0), "format"), "np");
    lt_info_weights_done(&w);
    lt_info_weights_done(&w);
    CHECK_OK(lt_info_weights_open(DATA "transformers-text/model.safetensors", &w, err));
    assert_int_equal(w.kind, LT_KIND_TEXT_ENCODER);
    lt_info_weights_done(&w);
    CHECK_OK(lt_info_weights_open(
        DATA "diffusers-shards/diffusion_pytorch_model.safetensors.index.json", &w, err));
    assert_int_equal(w.kind, LT_KIND_UNET);
    assert_int_equal(w.dtypes[LT_ST_F32], w.tensors);
    assert_int_equal(w.bytes, w.parameters * 4);
    lt_info_weights_done(&w);
    CHECK_FAILS(lt_info_weights_open(DATA "bad/html.safetensors", &w, err), LT_ERR_FORMAT,
                "a web page");
}

static void test_demo(void **state)
{
    (void)state;
    lt_info_model m = {0};
    CHECK_OK(lt_info_model_open(LT_ASSETS "/demo", NULL, &m, err));
    assert_true(m.runnable);
    assert_string_equal(m.pipeline, "StableDiffusionPipeline");
    assert_string_equal(m.component[LT_SCHEDULER].class_name, "PNDMScheduler");
    assert_non_null(m.component[LT_UNET].weights);
    for (int c = 0; c < LT_COMPONENT_COUNT; c++)
        assert_int_equal(m.component[c].problem.code, LT_ERR_NONE);
    lt_info_model_done(&m);
}

/* What is missing or foreign is told where it is, and the rest is still told. */
static void test_broken(void **state)
{
    (void)state;
    char *dir = temp_dir();
    lt_info_model m = {0};
    put_text(dir, "model_index.json",
             "{\"_class_name\": \"StableDiffusionXLPipeline\", \"unet\": [\"diffusers\", "
             "\"UNet2DConditionModel\"], \"vae\": [\"diffusers\", \"AutoencoderTiny\"], "
             "\"text_encoder\": "
             "[null, null], \"scheduler\": [\"diffusers\", \"EulerDiscreteScheduler\"]}");
    put_text(dir, "vae/config.json", "{}");
    put_text(dir, "vae/diffusion_pytorch_model.safetensors", "");
    put_text(dir, "unet/config.json", "{}");
    put_text(dir, "scheduler/scheduler_config.json", "{}");
    CHECK_OK(lt_info_model_open(dir, NULL, &m, err));
    assert_false(m.runnable);
    assert_string_equal(m.pipeline, "StableDiffusionXLPipeline");
    assert_int_equal(m.component[LT_UNET].problem.code, LT_ERR_IO);
    assert_non_null(
        strstr(m.component[LT_UNET].problem.message, "diffusion_pytorch_model.safetensors"));
    assert_int_equal(m.component[LT_VAE].problem.code, LT_ERR_MODEL);
    assert_non_null(strstr(m.component[LT_VAE].problem.message, "its vae is AutoencoderTiny"));
    assert_non_null(m.component[LT_VAE].weights);
    assert_string_equal(m.component[LT_TEXT_ENCODER].problem.message,
                        "the model has no text_encoder");
    assert_null(m.component[LT_TEXT_ENCODER].class_name);
    assert_int_equal(m.component[LT_SCHEDULER].problem.code, LT_ERR_NONE);
    lt_info_model_done(&m);
    temp_dir_remove(dir);
}

static void test_component(void **state)
{
    (void)state;
    lt_info_model m = {0};
    CHECK_OK(lt_info_model_open(DATA "transformers-text", NULL, &m, err));
    assert_null(m.pipeline);
    assert_false(m.runnable);
    assert_string_equal(m.component[LT_TEXT_ENCODER].class_name, "CLIPTextModel");
    assert_int_equal(m.component[LT_TEXT_ENCODER].problem.code, LT_ERR_NONE);
    assert_null(m.component[LT_UNET].class_name);
    assert_int_equal(m.component[LT_UNET].problem.code, LT_ERR_NONE);
    lt_info_model_done(&m);
    CHECK_FAILS(lt_info_model_open(DATA "bad", NULL, &m, err), LT_ERR_IO, "bad/model_index.json'");
    lt_info_model_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_demo),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_component),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
