/* Settings of ComfyUI, InvokeAI, SwarmUI and Fooocus: what is mapped, and that the rest is listed.
 */
#include "pipeline/recall.h"

#include <math.h>

#include "support/check.h"

/* lt_recall_texts of one chunk; notes are compared and released. */
static lt_params from(const char *key, const char *text, const char *want)
{
    lt_params p;
    lt_buf notes = {0};
    lt_png_texts texts = {0};
    lt_png_texts_add(&texts, key, text);
    CHECK_OK(lt_recall_texts(&texts, &p, &notes, err));
    assert_string_equal(notes.len ? notes.data : "", want);
    lt_png_texts_done(&texts);
    lt_buf_done(&notes);
    return p;
}

static void is(lt_params *p, const char *prompt, const char *negative, uint64_t seed, int steps,
               double guidance, int width, int height, const char *sampler)
{
    assert_string_equal(p->prompts[0], prompt);
    assert_string_equal(p->negative_prompt ? p->negative_prompt : "", negative);
    assert_true(p->seeds[0] == seed);
    assert_int_equal(p->steps, steps);
    assert_true(fabs(p->guidance_scale - guidance) < 1e-12);
    assert_int_equal(p->size.width, width);
    assert_int_equal(p->size.height, height);
    assert_string_equal(p->scheduler ? p->scheduler : "", sampler);
    lt_params_done(p);
}

#define SAMPLER                                                                                    \
    "\"3\":{\"class_type\":\"KSampler\",\"inputs\":{\"cfg\":8.0,\"denoise\":1.0,\"latent_image\":" \
    "[\"5\",0],\"model\":[\"4\",0],\"negative\":[\"7\",0],\"positive\":[\"6\",0],\"sampler_name\"" \
    ":\"euler\",\"scheduler\":\"normal\",\"seed\":8566257,\"steps\":20}},"
#define MODEL                                                                                      \
    "\"4\":{\"class_type\":\"CheckpointLoaderSimple\",\"inputs\":{\"ckpt_name\":\"sd15.ckpt\"}},"
#define LATENT                                                                                     \
    "\"5\":{\"class_type\":\"EmptyLatentImage\",\"inputs\":{\"batch_size\":1,\"height\":512,"      \
    "\"width\":768}},"
#define TEXTS                                                                                      \
    "\"6\":{\"class_type\":\"CLIPTextEncode\",\"inputs\":{\"clip\":[\"4\",1],\"text\":\"a fox\"}}" \
    ",\"7\":{\"class_type\":\"CLIPTextEncode\",\"inputs\":{\"clip\":[\"4\",1],\"text\":\"bad\"}},"
#define SAVING                                                                                     \
    "\"8\":{\"class_type\":\"VAEDecode\",\"inputs\":{\"samples\":[\"3\",0],\"vae\":[\"4\",2]}},"   \
    "\"9\":{\"class_type\":\"SaveImage\",\"inputs\":{\"filename_prefix\":\"x\",\"images\":[\"8\"," \
    "0]}}"

static void test_comfy(void **state)
{
    (void)state;
    lt_params p = from("prompt", "{" SAMPLER MODEL LATENT TEXTS SAVING "}", "model sd15.ckpt");
    is(&p, "a fox", "bad", 8566257, 20, 8, 768, 512, "euler");
}

/* Values and texts through other nodes; the sampler is the saved picture's, not the first. */
static void test_comfy_links(void **state)
{
    (void)state;
    lt_params p = from(
        "prompt",
        "{\"1\":{\"class_type\":\"KSampler\",\"inputs\":{\"seed\":1}},"
        "\"2\":{\"class_type\":\"KSamplerAdvanced\",\"inputs\":{\"noise_seed\":[\"10\",0],"
        "\"steps\":[\"11\",0],\"cfg\":7.5,\"sampler_name\":\"dpmpp_2m\",\"scheduler\":\"karras\","
        "\"start_at_step\":4,\"latent_image\":[\"12\",0],\"positive\":[\"13\",0],"
        "\"negative\":[\"14\",0]}},"
        "\"10\":{\"class_type\":\"SeedNode\",\"inputs\":{\"seed\":18446744073709551615}},"
        "\"11\":{\"class_type\":\"PrimitiveInt\",\"inputs\":{\"value\":12}}," LATENT
        "\"12\":{\"class_type\":\"LatentBlend\",\"inputs\":{\"samples\":[5,0]}},"
        "\"13\":{\"class_type\":\"ControlNetApply\",\"inputs\":{\"strength\":1.0,"
        "\"conditioning\":[\"6\",0]}},\"14\":{\"class_type\":\"ConditioningZeroOut\","
        "\"inputs\":{}},\"6\":{\"class_type\":\"CLIPTextEncode\",\"inputs\":{\"text\":[\"15\",0]}},"
        "\"15\":{\"class_type\":\"PrimitiveString\",\"inputs\":{\"value\":\"a \\u00e9 fox\"}},"
        "\"8\":{\"class_type\":\"VAEDecode\",\"inputs\":{\"samples\":[\"2\",0]}},"
        "\"9\":{\"class_type\":\"PreviewImage\",\"inputs\":{\"images\":[\"8\",0]}}}",
        "sampler dpmpp_2m, scheduler karras, start_at_step 4, SeedNode, PrimitiveInt, LatentBlend, "
        "ControlNetApply, ConditioningZeroOut, PrimitiveString, more than one sampler");
    is(&p, "a \xC3\xA9 fox", "", UINT64_MAX, 12, 7.5, 768, 512, "");
}

/* Circles, links to nowhere and values of other kinds end. */
static void test_comfy_odd(void **state)
{
    (void)state;
    lt_params p = from("prompt",
                       "{\"1\":{\"class_type\":\"KSampler\",\"inputs\":{\"positive\":[\"2\",0],"
                       "\"negative\":[\"9\",0],\"seed\":[\"2\",0],\"steps\":[1,2,3],\"cfg\":{},"
                       "\"sampler_name\":null,\"latent_image\":[null,0],\"denoise\":\"x\"}},"
                       "\"2\":{\"class_type\":\"Loop\",\"inputs\":{\"a\":[\"2\",0],\"b\":[\"1\",0],"
                       "\"value\":[\"2\",0]}},\"3\":7,\"4\":{\"inputs\":[]},\"5\":null}",
                       "prompt, denoise x, Loop");
    assert_string_equal(p.prompts[0], "");
    assert_int_equal(p.seed_count, 0);
    assert_int_equal(p.steps, 0);
    lt_params_done(&p);
}

static void test_invoke(void **state)
{
    (void)state;
    lt_params p = from(
        "invokeai_metadata",
        "{\"app_version\":\"4.2.7\",\"generation_mode\":\"txt2img\",\"positive_prompt\":\"a fox\","
        "\"negative_prompt\":\"bad\",\"width\":512,\"height\":768,\"seed\":123,\"rand_device\":"
        "\"cpu\",\"cfg_scale\":7.5,\"cfg_rescale_multiplier\":0,\"steps\":30,\"scheduler\":"
        "\"euler_a\",\"seamless_x\":false,\"loras\":[{\"weight\":1}],\"controlnets\":[],"
        "\"model\":{\"key\":\"k\",\"name\":\"stable-diffusion-v1-5\"}}",
        "loras, model stable-diffusion-v1-5");
    is(&p, "a fox", "bad", 123, 30, 7.5, 512, 768, "euler_a");
    p = from(
        "invokeai_metadata",
        "{\"positive_prompt\":\"\",\"scheduler\":\"dpmpp_2m_k\",\"generation_mode\":\"img2img\""
        ",\"seed\":\"x\",\"width\":8}",
        "sampler dpmpp_2m_k, generation_mode img2img, seed");
    assert_int_equal(p.size.width, 0);
    assert_int_equal(p.seed_count, 0);
    lt_params_done(&p);
}

static void test_json_parameters(void **state)
{
    (void)state;
    lt_params p = from("parameters",
                       "{\"sui_image_params\":{\"prompt\":\"a fox\",\"negativeprompt\":\"\","
                       "\"model\":\"sd15\",\"seed\":5,\"steps\":20,\"cfgscale\":7,\"aspectratio\":"
                       "\"1:1\",\"width\":512,\"height\":256,\"sampler\":\"euler_ancestral\","
                       "\"scheduler\":\"karras\",\"swarm_version\":\"0.9\"},\"sui_extra_data\":{}}",
                       "model sd15, scheduler karras");
    is(&p, "a fox", "", 5, 20, 7, 512, 256, "euler_a");
    p = from("parameters",
             "{\"prompt\":\"a fox\",\"negative_prompt\":\"bad\",\"seed\":\"77\",\"steps\":30,"
             "\"guidance_scale\":4.0,\"resolution\":\"(1152, 896)\",\"sampler\":\"lms\","
             "\"scheduler\":\"normal\",\"base_model\":\"xl\",\"refiner_model\":\"None\","
             "\"sharpness\":2.0,\"styles\":\"[]\",\"version\":\"Fooocus v2.5\"}",
             "base_model xl, sharpness, styles");
    is(&p, "a fox", "bad", 77, 30, 4, 1152, 896, "lms");
    p = from("parameters", "{\"prompt\":\"x\",\"resolution\":\"big\"}", "size");
    lt_params_done(&p);
}

/* AUTOMATIC1111's text may begin with a brace. */
static void test_order(void **state)
{
    (void)state;
    lt_params p = from("parameters", "{a fox}\nSteps: 9, CFG scale: 2, Seed: 4", "");
    is(&p, "{a fox}", "", 4, 9, 2, 0, 0, "");
    p = from("parameters", "x\nSteps: 9, : 3, Hires: 2, : 4", "a value without a name, Hires");
    lt_params_done(&p);
}

/* Names of strangers are short here, and each is told once. */
static void test_notes(void **state)
{
    (void)state;
    lt_buf json = {0}, notes = {0};
    lt_params p;
    lt_buf_str(&json, "{\"prompt\":\"x\"");
    for (int i = 0; i < 100; i++)
        lt_buf_format(&json, ",\"\xC3\xA9%03d%096d\":1,\"same\":2", i, 0);
    lt_buf_char(&json, '}');
    assert_true(lt_recall_parameters(json.data, &p, &notes));
    assert_true(notes.len < 1200);
    assert_non_null(strstr(notes.data, "00..., same, \xC3\xA9"));
    assert_null(strstr(strstr(notes.data, "same") + 1, "same"));
    assert_string_equal(notes.data + notes.len - strlen("and more"), "and more");
    lt_params_done(&p);
    lt_buf_done(&json);
    lt_buf_done(&notes);
}

static void test_nothing(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"prompt", "a fox"},
        {"prompt", "{\"1\":{\"class_type\":\"SaveImage\"}}"},
        {"prompt", "[]"},
        {"invokeai_metadata", "{\"positive_prompt\":7}"},
        {"invokeai_metadata", "null"},
        {"parameters", "{\"sui_image_params\":[]}"},
        {"parameters", "{\"prompt\":null}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lt_params p;
        lt_buf notes = {0};
        lt_png_texts texts = {0};
        lt_png_texts_add(&texts, rows[i][0], rows[i][1]);
        CHECK_FAILS(lt_recall_texts(&texts, &p, &notes, err), LT_ERR_FORMAT, "no settings");
        assert_int_equal(notes.len, 0);
        lt_params_done(&p);
        lt_png_texts_done(&texts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comfy),           cmocka_unit_test(test_comfy_links),
        cmocka_unit_test(test_comfy_odd),       cmocka_unit_test(test_invoke),
        cmocka_unit_test(test_json_parameters), cmocka_unit_test(test_order),
        cmocka_unit_test(test_notes),           cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
