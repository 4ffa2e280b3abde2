/* test_trace.c - names, shapes and types of a trace, and that tracing changes nothing; the texts of
 * a picture. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/trace.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "pipeline/meta.h"
#include "pipeline_rig.h"
#include "support/check.h"
#include "support/temp.h"
#include "weights/safetensors.h"

static void check_tensor(const lt_safetensors *f, const char *name, const char *type,
                         const char *shape)
{
    char text[96];
    const lt_safetensors_tensor *t = lt_safetensors_find(f, name);
    if (!t)
        fail_msg("no tensor '%s'", name);
    assert_string_equal(lt_safetensors_dtype_name(t->type), type);
    assert_string_equal(lt_safetensors_shape_text(t, text), shape);
}

static void check_latents(const lt_safetensors *f, const char *name)
{
    check_tensor(f, name, "F32", "[2,4,8,8]");
}

static void trace_run(pipeline_rig *r, const lt_params *p, const char *path)
{
    lt_run *run;
    lt_run_options options = {.params = p, .keep_uncond = true};
    lt_trace *trace = lt_trace_new();
    lt_error fault = {0};
    CHECK_OK(lt_run_begin(r->engine, &options, &run, NULL, err));
    CHECK_OK(lt_trace_begin(trace, r->engine, run, err));
    lt_step_result result;
    do {
        result = lt_run_step(run, NULL, &fault);
        CHECK_OK(lt_trace_step(trace, run, err));
    } while (result == LT_STEP_MORE);
    float pixels[2 * 3 * 64 * 64];
    lt_image *images[2];
    CHECK_OK(lt_engine_decode(r->engine, 2, 8, 8, lt_run_about(run)->latents, pixels, NULL, err));
    for (int i = 0; i < 2; i++)
        CHECK_OK(lt_image_from_chw(pixels + i * 3 * 64 * 64, 64, 64, &images[i], err));
    CHECK_OK(lt_trace_images(trace, 2, pixels, images, err));
    CHECK_OK(lt_trace_save(trace, path, err));
    lt_image_unref(images[0]);
    lt_image_unref(images[1]);
    lt_trace_free(trace);
    lt_run_free(run);
}

static void test_names_and_shapes(void **state)
{
    (void)state;
    pipeline_rig r;
    pipeline_rig_open("sd1", &lt_ref_backend, "auto", &r);
    char *path = lt_path_join(r.dir, "t.safetensors");
    lt_params p = pipeline_params("a fox", 2, "5", false, 2);
    lt_safetensors *f;
    float *plain = pipeline_run(&r, &p, NULL);
    trace_run(&r, &p, path);
    CHECK_OK(lt_safetensors_open(path, &f, err));
    const char *const ids[] = {"ids.cond", "ids.uncond"}, *const text[] = {"text.cond",
                                                                           "text.uncond"};
    const char *const pooled[] = {"text.pooled.cond", "text.pooled.uncond"};
    for (int i = 0; i < 2; i++) {
        check_tensor(f, ids[i], "I32", "[2,77]");
        check_tensor(f, text[i], "F32", "[2,77,48]");
        check_tensor(f, pooled[i], "F32", "[2,48]");
    }
    check_latents(f, "noise");
    check_latents(f, "latents.init");
    check_tensor(f, "sched.timesteps", "F32", "[2]");
    check_tensor(f, "sched.sigmas", "F32", "[3]");
    const char *const parts[] = {"model_input", "eps_uncond", "eps_text", "eps", "latents", "x0"};
    for (int step = 0; step < 2; step++)
        for (int i = 0; i < 6; i++) {
            char name[64];
            snprintf(name, sizeof name, "step.%03d.%s", step, parts[i]);
            check_latents(f, name);
        }
    assert_null(lt_safetensors_find(f, "step.000.noise")); /* lms draws none */
    check_tensor(f, "image.float", "F32", "[2,3,64,64]");
    check_tensor(f, "image.u8", "U8", "[2,64,64,3]");
    const lt_safetensors_tensor *last = lt_safetensors_find(f, "step.001.latents");
    assert_memory_equal(last->data, plain, last->bytes);
    lt_safetensors_close(f);
    lt_params_done(&p);
    free(plain);
    free(path);
    pipeline_rig_close(&r);
}

/* The pooled row is where the prompt ends: the first token after it. */
static void test_pooled_row(void **state)
{
    (void)state;
    const int32_t ids[] = {998, 5, 7, 999, 999}, odd[] = {998, 5, 7, 40, 40};
    lt_clip_config old = {.eos_token_id = 2}, named = {.eos_token_id = 40};
    assert_int_equal(lt_clip_pooled_row(&old, ids, 5), 3);   /* the largest id */
    assert_int_equal(lt_clip_pooled_row(&named, odd, 5), 3); /* the named one */
}

static void test_texts(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_run *run;
    lt_buf text = {0}, json = {0};
    pipeline_rig_open("sd1", &lt_ref_backend, "auto", &r);
    lt_params p = pipeline_params("a \"fox\"\n\x01", 2, "7,8", true, 0);
    p.negative_prompt = strdup("blurry");
    lt_run_options options = {.params = &p};
    CHECK_OK(lt_run_begin(r.engine, &options, &run, NULL, err));
    lt_meta meta = lt_meta_of(r.engine, &p, run);
    lt_meta_parameters(&meta, 1, &text);
    lt_meta_json(&meta, 1, &json);
    assert_non_null(strstr(text.data, "Negative prompt: blurry\nSteps: 2, Sampler: LMS, CFG scale: "
                                      "7.5, Seed: 8, Size: 64x64"));
    json_object *o = json_tokener_parse(json.data);
    assert_non_null(o);
    assert_string_equal(json_object_get_string(json_object_object_get(o, "prompt")),
                        "a \"fox\"\n\x01");
    assert_int_equal(json_object_get_int(json_object_object_get(o, "seed")), 8);
    assert_string_equal(json_object_get_string(json_object_object_get(o, "backend")), "ref");
    json_object_put(o);
    lt_buf_done(&text);
    lt_buf_done(&json);
    lt_run_free(run);
    lt_params_done(&p);
    pipeline_rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_shapes),
        cmocka_unit_test(test_pooled_row),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
