/* test_engine.c - components from different places, containers in the wild, what does not fit. */
#include "pipeline/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "support/temp.h"
#include "support/tiny_model.h"

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

/* A tiny model in the test's directory; the path is owned by the caller. */
static char *model(const char *variant, lt_dtype dtype, unsigned extra)
{
    tiny_model m = {.variant = variant,
                    .data = LT_TEST_DATA,
                    .assets = LT_ASSETS,
                    .dtype = dtype,
                    .extra = extra};
    char *path = lt_path_join(dir, variant);
    CHECK_OK(tiny_model_write(&m, path, err));
    return path;
}

static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};

static lt_engine_options options_for(const char *path)
{
    return (lt_engine_options){.backends = backends,
                               .backend = "auto",
                               .dtype = "auto",
                               .model = path,
                               .needs = LT_NEEDS_ALL};
}

/* The text states of a fixed prompt. */
static float *encode(lt_engine *e, size_t *count)
{
    const lt_engine_info *about = lt_engine_about(e);
    lt_tokens tokens;
    CHECK_OK(lt_tokenizer_encode(about->tokenizer, "a fox", 5, &tokens, err));
    *count = tokens.length * (size_t)about->clip->hidden_size;
    float *text = lt_alloc_array(*count, sizeof *text);
    CHECK_OK(lt_engine_encode_text(e, tokens.ids, text, NULL, err));
    lt_tokens_done(&tokens);
    return text;
}

/* Old names, no prefix, shards and stray position_ids hold the same numbers and give no warning. */
static void test_containers(void **state)
{
    (void)state;
    lt_engine *plain, *wild;
    size_t n;
    char *path = model("sd1", LT_F32, 0);
    lt_engine_options o = options_for(path);
    CHECK_OK(lt_engine_open(&o, &plain, err));
    float *want = encode(plain, &n);
    lt_engine_close(plain);
    temp_dir_remove(path); /* frees the name as well */
    path = model("sd1", LT_F32,
                 TINY_LEGACY_ATTENTION | TINY_UNPREFIXED | TINY_SHARDED | TINY_POSITION_IDS);
    o.model = path;
    CHECK_OK(lt_engine_open(&o, &wild, err));
    assert_string_equal(lt_engine_about(wild)->warnings, "");
    float *found = encode(wild, &n);
    assert_memory_equal(found, want, n * sizeof *want);
    lt_engine_close(wild);
    free(want);
    free(found);
    free(path);
}

static void test_components_from_elsewhere(void **state)
{
    (void)state;
    lt_engine *e;
    char *sd1 = model("sd1", LT_F16, 0), *eps = model("eps", LT_F32, 0);
    char *bare = lt_path_join(eps, "vae");
    lt_engine_options o = options_for(sd1);
    o.vae = bare; /* a component's own directory */
    o.text_encoder = eps;
    CHECK_OK(lt_engine_open(&o, &e, err));
    assert_int_equal(lt_engine_default_side(e), 64);
    lt_engine_close(e);
    free(bare);
    free(sd1);
    free(eps);
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    lt_engine *e;
    char *sd1 = model("sd1", LT_F32, 0), *sd2 = model("sd2", LT_F32, 0);
    lt_engine_options o = options_for(sd1);
    o.text_encoder = o.tokenizer = sd2;
    CHECK_FAILS(lt_engine_open(&o, &e, err), LT_ERR_MODEL,
                "the text encoder gives 64 numbers a token, the UNet reads 48");
    o = options_for(sd1);
    o.backend = "cuda";
    CHECK_FAILS(lt_engine_open(&o, &e, err), LT_ERR_ARGUMENT, "--backend is 'cuda'");
    o = options_for(sd1);
    o.dtype = "int4";
    CHECK_FAILS(lt_engine_open(&o, &e, err), LT_ERR_ARGUMENT, "--dtype is 'int4'");
    o.dtype = "bf16";
    CHECK_FAILS(lt_engine_open(&o, &e, err), LT_ERR_ARGUMENT, "'ref' cannot compute in bf16");
    o = options_for("/nonexistent");
    CHECK_FAILS(lt_engine_open(&o, &e, err), LT_ERR_IO, "nonexistent");
    free(sd1);
    free(sd2);
}

/* A needed file that is gone is named before anything runs. */
static void test_missing_weights(void **state)
{
    (void)state;
    lt_engine *e;
    char *sd1 = model("sd1", LT_F32, 0);
    char *file = lt_format("%s/vae/diffusion_pytorch_model.safetensors", sd1);
    lt_engine_options o = options_for(sd1);
    assert_int_equal(remove(file), 0);
    CHECK_FAILS(lt_engine_open(&o, &e, err), LT_ERR_IO, "vae");
    o.needs = LT_NEEDS_TEXT; /* what is not needed is not missed */
    CHECK_OK(lt_engine_open(&o, &e, err));
    lt_engine_close(e);
    free(file);
    free(sd1);
}

/* Broken weights, or numbers too large for a type, must not become a black picture. */
static void test_not_finite(void **state)
{
    (void)state;
    lt_engine *e;
    char *sd1 = model("sd1", LT_F32, 0);
    lt_engine_options o = options_for(sd1);
    CHECK_OK(lt_engine_open(&o, &e, err));
    const lt_vae_config *vae = lt_engine_about(e)->vae;
    size_t count = (size_t)(3 * vae->factor * vae->factor);
    float *pixels = lt_alloc_array(count, sizeof *pixels);
    float *latents = lt_alloc_array((size_t)vae->latent_channels, sizeof *latents);
    latents[0] = NAN;
    CHECK_FAILS(lt_engine_decode(e, 1, 1, 1, latents, pixels, NULL, err), LT_ERR_RANGE,
                "the VAE's picture is not finite");
    CHECK_FAILS(lt_engine_decode_mean(e, 1, 1, latents, pixels, NULL, err), LT_ERR_RANGE,
                "the VAE's picture is not finite");
    lt_image *image;
    CHECK_FAILS(lt_engine_picture(e, 1, 1, latents, &image, NULL, err), LT_ERR_RANGE,
                "the VAE's picture is not finite");
    memset(pixels, 0, count * sizeof *pixels);
    pixels[count - 1] = INFINITY;
    CHECK_FAILS(lt_engine_encode_image(e, 1, 1, pixels, latents, NULL, NULL, err), LT_ERR_RANGE,
                "the VAE's encoding is not finite");
    lt_error err = {0};
    assert_false(lt_engine_check_finite(e, "x", pixels, count, &err));
    assert_null(strstr(err.hint, "--dtype")); /* it is f32 already */
    lt_engine_close(e);
    free(pixels);
    free(latents);
    free(sd1);
}

static bool nothing_there(lt_error *why)
{
    return lt_fail(why, LT_ERR_DEVICE, "plug one in", "there is no abacus");
}

/* `auto` passes over what cannot be used; by its name the reason is told. */
static void test_unusable_backend(void **state)
{
    (void)state;
    lt_engine *e;
    char *path = model("sd1", LT_F32, 0);
    lt_backend_ops abacus = lt_ref_backend;
    abacus.name = "abacus";
    abacus.usable = nothing_there;
    const lt_backend_ops *const both[] = {&abacus, &lt_ref_backend, NULL};
    lt_engine_options o = options_for(path);
    o.backends = both;
    CHECK_OK(lt_engine_open(&o, &e, err));
    assert_string_equal(lt_engine_about(e)->backend, "ref");
    lt_engine_close(e);
    o.backend = "abacus";
    CHECK_FAILS(lt_engine_open(&o, &e, err), LT_ERR_DEVICE,
                "backend 'abacus' cannot be used: there is no abacus");
    o.backend = "ref";
    o.dtype = "f16";
    CHECK_FAILS(lt_engine_open(&o, &e, err), LT_ERR_ARGUMENT, "cannot compute in f16");
    o.dtype = "f8";
    CHECK_FAILS(lt_engine_open(&o, &e, err), LT_ERR_ARGUMENT, "'f8', expected auto, f32, f16");
    temp_dir_remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_containers, make, clean),
        cmocka_unit_test_setup_teardown(test_components_from_elsewhere, make, clean),
        cmocka_unit_test_setup_teardown(test_what_does_not_fit, make, clean),
        cmocka_unit_test_setup_teardown(test_missing_weights, make, clean),
        cmocka_unit_test_setup_teardown(test_not_finite, make, clean),
        cmocka_unit_test_setup_teardown(test_unusable_backend, make, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
