/* test_programs.c - weights that turn out wrong only when they are read. */
#define _DEFAULT_SOURCE
#include "pipeline/programs.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "cpu/cpu.h"
#include "pipeline/engine.h"
#include "pipeline_rig.h"
#include "support/check.h"
#include "tensor/half.h"
#include "weights/safetensors.h"

static const lt_backend_ops *const all[] = {&lt_ref_backend, &lt_cpu_backend};

static char *file_of(const pipeline_rig *r, const char *name)
{
    return lt_path_join(r->dir, name);
}

#define UNET "unet/diffusion_pytorch_model.safetensors"
#define VAE  "vae/diffusion_pytorch_model.safetensors"
#define TEXT "text_encoder/model.safetensors"

/* The file loses its second half after it was checked: SIGBUS, if nobody cared. */
static void test_shrinks(void **state)
{
    (void)state;
    lt_map_guard();
    for (int b = 0; b < 2; b++) {
        pipeline_rig r;
        lt_buf whole = {0};
        lt_engine_load load = {.images = 1, .h = 8, .w = 8};
        pipeline_rig_open("sd1", all[b], "f32", &r);
        char *path = file_of(&r, UNET);
        CHECK_OK(lt_file_read(path, 1 << 28, &whole, err));
        assert_int_equal(truncate(path, (off_t)(whole.len / 2)), 0);
        CHECK_FAILS(lt_engine_prepare(r.engine, &load, NULL, err), LT_ERR_IO, UNET);
        CHECK_FAILS(lt_engine_prepare(r.engine, &load, NULL, err), LT_ERR_IO, "bytes now");
        assert_int_equal(lt_engine_memory(r.engine).weights, 0); /* nothing is kept of it */
        lt_buf_done(&whole);
        free(path);
        pipeline_rig_close(&r);
    }
}

/* The rows of words may be read when a prompt has them, long after compiling. */
static void test_shrinks_late(void **state)
{
    (void)state;
    lt_map_guard();
    for (int b = 0; b < 2; b++) {
        pipeline_rig r;
        pipeline_rig_open("sd1", all[b], "f32", &r);
        const lt_clip_config *clip = lt_engine_about(r.engine)->clip;
        size_t tokens = (size_t)clip->max_position_embeddings;
        int32_t *ids = lt_alloc_array(tokens, sizeof *ids);
        float *text = lt_alloc_array(tokens * (size_t)clip->hidden_size, sizeof *text);
        CHECK_OK(lt_engine_encode_text(r.engine, ids, text, NULL, err));
        char *path = file_of(&r, TEXT);
        assert_int_equal(truncate(path, 4096), 0);
        ids[1] = clip->vocab_size - 1;
        CHECK_FAILS(lt_engine_encode_text(r.engine, ids, text, NULL, err), LT_ERR_IO, TEXT);
        free(ids);
        free(text);
        free(path);
        pipeline_rig_close(&r);
    }
}

/* Puts one number in the place of a tensor's number i. */
static void spoil(const char *path, const char *tensor, size_t i, float x)
{
    lt_safetensors *f;
    unsigned char bytes[4];
    lt_dtype dtype;
    CHECK_OK(lt_safetensors_open(path, &f, err));
    const lt_safetensors_tensor *t = lt_safetensors_find(f, tensor);
    assert_non_null(t);
    assert_true(lt_safetensors_dtype_compute(t->type, &dtype));
    lt_from_f32(bytes, dtype, &x, 1);
    size_t size = lt_dtype_size(dtype), at = t->offset + i * size;
    lt_safetensors_close(f);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, size, (off_t)at), size);
    close(fd);
}

/* The tensor is named, be it a product's, a norm's, or the row of a word that no prompt has. */
static void test_not_finite(void **state)
{
    (void)state;
    static const struct {
        const char *file, *tensor;
        size_t at;
        float x;
        const char *want;
    } cases[] = {
        {UNET, "conv_in.weight", 5, NAN, "'conv_in.weight' holds NaN, number 5 of"},
        {UNET, "conv_norm_out.bias", 1, INFINITY, "'conv_norm_out.bias' holds infinity, number 1"},
        {UNET, "time_embedding.linear_1.weight", 0, NAN, "linear_1.weight' holds NaN, number 0"},
        {TEXT, "text_model.embeddings.token_embedding.weight", 4000, -INFINITY,
         "token_embedding.weight' holds infinity, number 4000"},
        {VAE, "decoder.conv_out.weight", 2, NAN, "'decoder.conv_out.weight' holds NaN, number 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int b = 0; b < 2; b++) {
            pipeline_rig r;
            lt_run *run;
            pipeline_rig_open("sd1", all[b], "f32", &r);
            char *path = file_of(&r, cases[i].file);
            spoil(path, cases[i].tensor, cases[i].at, cases[i].x);
            pipeline_rig_reopen(&r, all[b], "f32");
            lt_params p = pipeline_params("a fox", 1, "1", false, 1);
            lt_run_options options = {.params = &p};
            lt_error fault = {0};
            assert_false(lt_run_begin(r.engine, &options, &run, NULL, &fault));
            assert_int_equal(fault.code, LT_ERR_MODEL);
            assert_non_null(strstr(fault.message, cases[i].want));
            assert_non_null(strstr(fault.message, cases[i].file));
            lt_params_done(&p);
            free(path);
            pipeline_rig_close(&r);
        }
}

/* 3.4e38 is a float32, and rounds to infinity in bfloat16; what reads it has a weight of zero, so
 * in f32 it changes nothing. */
static void make_too_wide(const char *path, int hidden)
{
    spoil(path, "time_embedding.linear_1.weight", 0, 3.4e38f);
    for (int i = 0; i < hidden; i++)
        spoil(path, "time_embedding.linear_2.weight", (size_t)i * (size_t)hidden, 0);
}

static lt_step_result first_step(lt_engine *e, double guidance, lt_error *fault)
{
    lt_run *run;
    lt_params p = pipeline_params("a fox", 2, "1", false, 1);
    lt_run_options options = {.params = &p};
    p.guidance_scale = guidance;
    CHECK_OK(lt_run_begin(e, &options, &run, NULL, err));
    lt_step_result result = lt_run_step(run, NULL, fault);
    assert_int_equal(lt_run_about(run)->done, result == LT_STEP_FAILED ? 0 : 1);
    lt_run_free(run);
    lt_params_done(&p);
    return result;
}

static void test_too_wide_for_bf16(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_error err = {0};
    bool fast;
    if (!lt_cpu_backend.supports(LT_BF16, &fast))
        skip();
    pipeline_rig_open("sd1", &lt_cpu_backend, "bf16", &r);
    char *path = file_of(&r, UNET);
    make_too_wide(path, 4 * lt_engine_about(r.engine)->unet->channels[0]);
    for (int guided = 0; guided < 2; guided++) {
        pipeline_rig_reopen(&r, &lt_cpu_backend, "bf16");
        assert_false(lt_engine_needs_f32(r.engine));
        assert_int_equal(first_step(r.engine, guided ? 7.5 : 1.0, &err), LT_STEP_FAILED);
        assert_int_equal(err.code, LT_ERR_RANGE);
        assert_string_equal(err.message, "step 1: the UNet's prediction is not finite in bf16");
        assert_true(lt_engine_needs_f32(r.engine));
    }
    pipeline_rig_reopen(&r, &lt_cpu_backend, "f32");
    assert_int_equal(first_step(r.engine, 7.5, &err), LT_STEP_MORE);
    assert_false(lt_engine_needs_f32(r.engine));
    spoil(path, "time_embedding.linear_2.weight", 0, 3.4e38f); /* now f32 has too little as well */
    pipeline_rig_reopen(&r, &lt_cpu_backend, "f32");
    assert_int_equal(first_step(r.engine, 7.5, &err), LT_STEP_FAILED);
    assert_string_equal(err.message, "step 1: the UNet's prediction is not finite in f32");
    assert_non_null(strstr(err.hint, "damaged"));
    assert_false(lt_engine_needs_f32(r.engine));
    free(path);
    pipeline_rig_close(&r);
}

/* Finite predictions, and a scale that makes something else of them: no type would help. */
static void test_guidance_too_large(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_error err = {0};
    pipeline_rig_open("sd1", &lt_ref_backend, "f32", &r);
    assert_int_equal(first_step(r.engine, 1e39, &err), LT_STEP_FAILED);
    assert_int_equal(err.code, LT_ERR_ARGUMENT);
    assert_string_equal(err.message,
                        "step 1: a guidance of 1e+39 makes numbers that are not finite");
    pipeline_rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shrinks),
        cmocka_unit_test(test_shrinks_late),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_too_wide_for_bf16),
        cmocka_unit_test(test_guidance_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
