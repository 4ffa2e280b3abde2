/* test_model_dir.c - directories, bare components, the cache, and what is said when they are no
 * use. */
#define _POSIX_C_SOURCE 200809L
#include "weights/model_dir.h"

#include <unistd.h>

#include "support/temp.h"
#include "weights/files.h"

static const char index_text[] =
    "{\"_class_name\": \"StableDiffusionPipeline\", \"requires_safety_checker\": false,"
    " \"safety_checker\": [null, null], \"feature_extractor\": [\"transformers\", "
    "\"CLIPImageProcessor\"],"
    " \"scheduler\": [\"diffusers\", \"PNDMScheduler\"],"
    " \"text_encoder\": [\"transformers\", \"CLIPTextModel\"],"
    " \"tokenizer\": [\"transformers\", \"CLIPTokenizer\"],"
    " \"unet\": [\"diffusers\", \"UNet2DConditionModel\"], \"vae\": [\"diffusers\", "
    "\"AutoencoderKL\"]}";
static const char vae_config[] = "{\"_class_name\": \"AutoencoderKL\"}";

/* A whole model, with empty files where the contents do not matter here. */
static void put_model(const char *dir)
{
    put_text(dir, "model_index.json", index_text);
    put_text(dir, "unet/config.json", "{}");
    put_text(dir, "unet/diffusion_pytorch_model.safetensors", "");
    put_text(dir, "vae/config.json", "{}");
    put_text(dir, "vae/diffusion_pytorch_model.safetensors", "");
    put_text(dir, "text_encoder/config.json", "{}");
    put_text(dir, "text_encoder/model.safetensors", "");
    put_text(dir, "tokenizer/vocab.json", "{}");
    put_text(dir, "tokenizer/merges.txt", "");
    put_text(dir, "scheduler/scheduler_config.json", "{}");
}

static lt_model_request request_of(const char *model)
{
    return (lt_model_request){.model = model, .needed = LT_COMPONENTS_ALL};
}

/* path is dir/below. */
static void is_at(const char *path, const char *dir, const char *below)
{
    char *want = *below ? lt_path_join(dir, below) : lt_strdup(dir);
    assert_non_null(path);
    assert_string_equal(path, want);
    free(want);
}

static void fails(const lt_model_request *r, lt_error_code code, const char *part, const char *hint)
{
    lt_model_dir m = {0};
    lt_error err = {0};
    if (lt_model_dir_resolve(r, &m, &err))
        fail_msg("resolved; wanted '%s'", part);
    if (err.code != code || !strstr(err.message, part) || !strstr(err.hint, hint))
        fail_msg("code %d, '%s', hint '%s'; wanted '%s'", (int)err.code, err.message, err.hint,
                 part);
    lt_model_dir_done(&m);
}

static void test_directory(void **state)
{
    (void)state;
    char *dir = temp_dir();
    put_model(dir);
    lt_model_dir m = {0};
    lt_model_request r = request_of(dir);
    CHECK_OK(lt_model_dir_resolve(&r, &m, err));
    is_at(m.path[LT_UNET], dir, "unet");
    is_at(m.path[LT_VAE], dir, "vae");
    is_at(m.path[LT_TEXT_ENCODER], dir, "text_encoder");
    is_at(m.path[LT_TOKENIZER], dir, "tokenizer");
    is_at(m.path[LT_SCHEDULER], dir, "scheduler");
    is_at(m.weights[LT_UNET], dir, "unet/diffusion_pytorch_model.safetensors");
    is_at(m.weights[LT_TEXT_ENCODER], dir, "text_encoder/model.safetensors");
    assert_null(m.weights[LT_TOKENIZER]);
    lt_model_dir_done(&m);

    put_text(dir, "unet/diffusion_pytorch_model.fp16.safetensors", "");
    r.variant = "fp16";
    CHECK_OK(lt_model_dir_resolve(&r, &m, err));
    is_at(m.weights[LT_UNET], dir, "unet/diffusion_pytorch_model.fp16.safetensors");
    is_at(m.weights[LT_VAE], dir, "vae/diffusion_pytorch_model.safetensors");
    lt_model_dir_done(&m);
    temp_dir_remove(dir);
}

static void test_overrides(void **state)
{
    (void)state;
    char *dir = temp_dir(), *second = temp_dir(), *bare = temp_dir(), *folders = temp_dir();
    put_model(dir);
    put_model(second);
    put_text(bare, "config.json", vae_config);
    put_text(bare, "diffusion_pytorch_model.safetensors", "");
    put_text(folders, "unet/config.json", "{\"_class_name\": \"UNet2DConditionModel\"}");
    put_text(folders, "unet/diffusion_pytorch_model.safetensors", "");
    char *tokenizer = lt_path_join(second, "tokenizer"),
         *text = lt_path_join(second, "text_encoder");
    put_text(text, "config.json", "{\"architectures\": [\"CLIPTextModel\"]}");
    lt_model_dir m = {0};
    lt_model_request r = request_of(dir);
    r.component[LT_VAE] = bare;
    r.component[LT_UNET] = folders;
    r.component[LT_TOKENIZER] = tokenizer;
    r.component[LT_TEXT_ENCODER] = text;
    r.component[LT_SCHEDULER] = second;
    CHECK_OK(lt_model_dir_resolve(&r, &m, err));
    is_at(m.path[LT_VAE], bare, "");
    is_at(m.weights[LT_VAE], bare, "diffusion_pytorch_model.safetensors");
    is_at(m.path[LT_UNET], folders, "unet");
    is_at(m.path[LT_TOKENIZER], tokenizer, "");
    is_at(m.path[LT_TEXT_ENCODER], text, "");
    is_at(m.path[LT_SCHEDULER], second, "scheduler");
    lt_model_dir_done(&m);

    r.model = NULL; /* everything is given */
    CHECK_OK(lt_model_dir_resolve(&r, &m, err));
    lt_model_dir_done(&m);
    r.component[LT_VAE] = NULL;
    fails(&r, LT_ERR_MODEL, "cannot use '(no model)': it has no vae", "--vae DIR");
    r.component[LT_VAE] = text;
    fails(&r, LT_ERR_MODEL, "as vae: it has no vae", "");
    r.component[LT_VAE] = tokenizer;
    fails(&r, LT_ERR_MODEL, "as vae: it has no vae", "");
    r.component[LT_VAE] = bare;
    r.component[LT_TOKENIZER] = bare;
    fails(&r, LT_ERR_IO, "/vocab.json'", "");
    free(tokenizer);
    free(text);
    temp_dir_remove(dir);
    temp_dir_remove(second);
    temp_dir_remove(bare);
    temp_dir_remove(folders);
}

/* A model that is one component serves what needs only that. */
static void test_bare(void **state)
{
    (void)state;
    char *dir = temp_dir();
    put_text(dir, "config.json", vae_config);
    put_text(dir, "diffusion_pytorch_model.safetensors", "");
    lt_model_dir m = {0};
    lt_model_request r = {.model = dir, .needed = 1u << LT_VAE};
    CHECK_OK(lt_model_dir_resolve(&r, &m, err));
    is_at(m.path[LT_VAE], dir, "");
    assert_null(m.path[LT_UNET]);
    lt_model_dir_done(&m);
    r.needed |= 1u << LT_UNET;
    fails(&r, LT_ERR_MODEL, "it has no unet", "give one with --unet DIR");
    put_text(dir, "config.json", "{\"_class_name\": \"ControlNetModel\"}");
    fails(&r, LT_ERR_MODEL, "'config.json' is for ControlNetModel, which latentty does not run",
          "");
    put_text(dir, "config.json", "{\"a\": 1}");
    fails(&r, LT_ERR_MODEL, "'config.json' is for no class", "");
    temp_dir_remove(dir);
}

static void put_class(const char *dir, const char *name)
{
    char *text = lt_format("{\"_class_name\": \"%s\"}", name);
    put_text(dir, "model_index.json", text);
    free(text);
}

static void test_other_classes(void **state)
{
    (void)state;
    char *dir = temp_dir();
    lt_model_request r = request_of(dir);
    put_class(dir, "StableDiffusionXLPipeline");
    fails(&r, LT_ERR_MODEL, "it is for StableDiffusionXLPipeline, expected StableDiffusionPipeline",
          "SDXL is another family");
    put_class(dir, "StableDiffusionInpaintPipeline");
    fails(&r, LT_ERR_MODEL, "it is for StableDiffusionInpaintPipeline",
          "this is an inpainting model");
    put_class(dir, "FluxPipeline");
    fails(&r, LT_ERR_MODEL, "it is for FluxPipeline", "SD 1.x and 2.x");
    put_text(dir, "model_index.json", "{");
    fails(&r, LT_ERR_FORMAT, "the JSON ends in the middle", "");
    put_text(dir, "model_index.json", "{}");
    fails(&r, LT_ERR_MODEL, "it is for (no class)", "");
    put_text(dir, "model_index.json",
             "{\"_class_name\": \"StableDiffusionPipeline\", \"vae\": [\"diffusers\", "
             "\"AutoencoderTiny\"]}");
    fails(&r, LT_ERR_MODEL, "its vae is AutoencoderTiny, expected AutoencoderKL", "");
    temp_dir_remove(dir);
}

/* [null, null], and values that are no pairs, are no components. */
static void test_absent_components(void **state)
{
    (void)state;
    static const char *const values[] = {
        "[null, null]", "null", "[\"diffusers\"]", "true", "[1, 2]", "\"AutoencoderKL\"", "{}"};
    char *dir = temp_dir();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char *text =
            lt_format("{\"_class_name\": \"StableDiffusionPipeline\", \"vae\": %s}", values[i]);
        put_text(dir, "model_index.json", text);
        lt_model_request r = {.model = dir, .needed = 1u << LT_VAE};
        fails(&r, LT_ERR_MODEL, "it has no vae", "give one with --vae DIR");
        free(text);
    }
    temp_dir_remove(dir);
}

static void test_missing_files(void **state)
{
    (void)state;
    static const char *const files[] = {"unet/config.json",
                                        "unet/diffusion_pytorch_model.safetensors",
                                        "vae/diffusion_pytorch_model.safetensors",
                                        "text_encoder/model.safetensors",
                                        "tokenizer/vocab.json",
                                        "tokenizer/merges.txt",
                                        "scheduler/scheduler_config.json",
                                        "model_index.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *dir = temp_dir(), *path = lt_path_join(dir, files[i]);
        lt_model_request r = request_of(dir);
        put_model(dir);
        assert_int_equal(unlink(path), 0);
        fails(&r, LT_ERR_IO, files[i], "");
        if (strcmp(files[i], "vae/diffusion_pytorch_model.safetensors") == 0) {
            r.needed = LT_COMPONENTS_ALL & ~(1u << LT_VAE);
            lt_model_dir m = {0};
            CHECK_OK(lt_model_dir_resolve(&r, &m, err));
            lt_model_dir_done(&m);
        }
        free(path);
        temp_dir_remove(dir);
    }
    char *dir = temp_dir();
    lt_model_request r = request_of(dir);
    put_text(dir, "model_index.json", index_text);
    fails(&r, LT_ERR_IO, "/unet'", "");
    temp_dir_remove(dir);
}

static void test_not_a_directory(void **state)
{
    (void)state;
    char *dir = temp_dir(), *file = lt_path_join(dir, "x.safetensors");
    put_text(dir, "x.safetensors", "");
    lt_model_request r = request_of(file);
    fails(&r, LT_ERR_MODEL, "it is a file, expected a diffusers directory", "from_single_file");
    r.model = "/no/such/directory";
    fails(&r, LT_ERR_IO, "cannot find model '/no/such/directory': no such directory", "ORG/NAME");
    free(file);
    temp_dir_remove(dir);
}

/* As huggingface_hub lays it out: links into blobs. */
static void test_cache(void **state)
{
    (void)state;
    char *root = temp_dir(), *repo = lt_path_join(root, "models--org--name");
    char *snapshot = lt_path_join(repo, "snapshots/abc");
    char *link = lt_path_join(snapshot, "unet/diffusion_pytorch_model.safetensors");
    setenv("HF_HUB_CACHE", root, 1);
    put_text(repo, "refs/main", "abc");
    put_model(snapshot);
    put_text(repo, "blobs/0123", "");
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("../../../blobs/0123", link), 0);
    lt_model_dir m = {0};
    lt_model_request r = request_of("org/name");
    CHECK_OK(lt_model_dir_resolve(&r, &m, err));
    is_at(m.path[LT_UNET], snapshot, "unet");
    lt_model_dir_done(&m);
    r.model = "org/name@abc";
    CHECK_OK(lt_model_dir_resolve(&r, &m, err));
    lt_model_dir_done(&m);

    char *blob = lt_path_join(repo, "blobs/0123");
    assert_int_equal(unlink(blob), 0);
    fails(&r, LT_ERR_IO, "the link is there, the file behind it is not", "hf download org/name");
    assert_int_equal(unlink(link), 0);
    put_text(repo, "blobs/0123.incomplete", "");
    fails(&r, LT_ERR_IO, "the download did not finish", "hf download org/name");
    r.model = "org/other";
    fails(&r, LT_ERR_IO, "'models--org--other' is not in the Hugging Face cache",
          "hf download org/other");
    unsetenv("HF_HUB_CACHE");
    free(blob);
    free(link);
    free(snapshot);
    free(repo);
    temp_dir_remove(root);
}

static void test_demo(void **state)
{
    (void)state;
    lt_model_dir m = {0};
    lt_model_request r = request_of(LT_ASSETS "/demo");
    CHECK_OK(lt_model_dir_resolve(&r, &m, err));
    lt_model_dir_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_bare),
        cmocka_unit_test(test_other_classes),
        cmocka_unit_test(test_absent_components),
        cmocka_unit_test(test_missing_files),
        cmocka_unit_test(test_not_a_directory),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_demo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
