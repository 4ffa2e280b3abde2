/* test_checkpoint.c - which file is taken, shards, what is left over. */
#include "weights/checkpoint.h"

#include "support/temp.h"
#include "weights/files.h"

#define DATA LT_TEST_DATA "/weights/"

static const char *const some[] = {"a", NULL}, *const other[] = {"b", "c", NULL};

/* Makes each file in turn, the least wanted first: the newest must be taken. */
static void order(lt_component c, const char *variant, const char *const *names, int n)
{
    char *dir = temp_dir(), *path;
    CHECK_FAILS(lt_checkpoint_locate(dir, c, variant, &path, err), LT_ERR_IO, "cannot find");
    for (int i = 0; i < n; i++) {
        char *want = lt_path_join(dir, names[i]);
        put_text(dir, names[i], "");
        CHECK_OK(lt_checkpoint_locate(dir, c, variant, &path, err));
        assert_string_equal(path, want);
        free(path);
        free(want);
    }
    temp_dir_remove(dir);
}

static void test_search_order(void **state)
{
    (void)state;
    static const char *const plain[] = {"diffusion_pytorch_model.fp16.safetensors.index.json",
                                        "diffusion_pytorch_model.safetensors.fp16.index.json",
                                        "diffusion_pytorch_model.safetensors.index.fp16.json",
                                        "diffusion_pytorch_model.fp16.safetensors",
                                        "diffusion_pytorch_model.safetensors.index.json",
                                        "diffusion_pytorch_model.safetensors"};
    static const char *const variant[] = {"diffusion_pytorch_model.safetensors.index.json",
                                          "diffusion_pytorch_model.safetensors",
                                          "diffusion_pytorch_model.safetensors.non_ema.index.json",
                                          "diffusion_pytorch_model.safetensors.index.non_ema.json",
                                          "diffusion_pytorch_model.non_ema.safetensors"};
    static const char *const text[] = {"model.fp16.safetensors", "model.safetensors"};
    order(LT_UNET, NULL, plain, 6);
    order(LT_VAE, NULL, plain, 6);
    order(LT_UNET, "non_ema", variant, 5);
    order(LT_TEXT_ENCODER, NULL, text, 2);
}

static void test_variant_name(void **state)
{
    (void)state;
    char *path;
    CHECK_FAILS(lt_checkpoint_locate(".", LT_UNET, "../x", &path, err), LT_ERR_ARGUMENT,
                "'../x' cannot be a variant");
    CHECK_FAILS(lt_checkpoint_locate(".", LT_UNET, "", &path, err), LT_ERR_ARGUMENT,
                "'' cannot be a variant");
}

static void test_torch_files(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path;
    lt_error err = {0};
    put_text(dir, "pytorch_model.bin", "");
    assert_false(lt_checkpoint_locate(dir, LT_TEXT_ENCODER, NULL, &path, &err));
    assert_int_equal(err.code, LT_ERR_MODEL);
    assert_non_null(strstr(err.message, "/pytorch_model.bin': torch files can run code"));
    assert_string_equal(
        err.hint,
        "convert it, in its directory: python3 -c \"import torch, safetensors.torch as s; d "
        "= torch.load('pytorch_model.bin', weights_only=True); s.save_file({k: "
        "v.contiguous() for k, v in d.get('state_dict', d).items()}, "
        "'model.safetensors')\"");
    put_text(dir, "diffusion_pytorch_model.bin.index.json", "");
    assert_false(lt_checkpoint_locate(dir, LT_UNET, NULL, &path, &err));
    assert_int_equal(err.code, LT_ERR_MODEL);
    assert_non_null(strstr(err.hint, "safe_serialization=True"));
    temp_dir_remove(dir);
}

static void test_one_file(void **state)
{
    (void)state;
    lt_checkpoint *c = NULL;
    CHECK_OK(lt_checkpoint_open(DATA "numpy.safetensors", &c, err));
    assert_string_equal(lt_checkpoint_path(c), DATA "numpy.safetensors");
    assert_int_equal(lt_checkpoint_files(c), 1);
    assert_int_equal(lt_checkpoint_count(c), 6);
    assert_string_equal(lt_checkpoint_at(c, 0)->name, "byte");
    assert_ptr_equal(lt_checkpoint_find(c, "half"),
                     lt_safetensors_find(lt_checkpoint_file(c, 0), "half"));
    assert_null(lt_checkpoint_find(c, "hal"));
    assert_true(lt_checkpoint_has_prefix(c, "hal"));
    assert_true(lt_checkpoint_has_prefix(c, ""));
    assert_false(lt_checkpoint_has_prefix(c, "zz"));
    lt_checkpoint_close(c);
    lt_checkpoint_close(NULL);
    CHECK_FAILS(lt_checkpoint_open(DATA "bad/hole.safetensors", &c, err), LT_ERR_FORMAT,
                "unused bytes");
}

/* Written by diffusers: tests/data/weights/make_fixtures.py. */
static void test_diffusers_shards(void **state)
{
    (void)state;
    static const struct {
        const char *dir, *variant, *index;
        lt_safetensors_dtype type;
    } cases[] = {
        {DATA "diffusers-shards", NULL, "/diffusion_pytorch_model.safetensors.index.json",
         LT_ST_F32},
        {DATA "diffusers-shards-fp16", "fp16",
         "/diffusion_pytorch_model.safetensors.index.fp16.json", LT_ST_F16},
        {DATA "diffusers-shards-fp16", NULL, "/diffusion_pytorch_model.safetensors.index.fp16.json",
         LT_ST_F16},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = NULL, *want = lt_format("%s%s", cases[i].dir, cases[i].index);
        lt_checkpoint *c = NULL;
        CHECK_OK(lt_checkpoint_locate(cases[i].dir, LT_UNET, cases[i].variant, &path, err));
        assert_string_equal(path, want);
        CHECK_OK(lt_checkpoint_open(path, &c, err));
        assert_int_equal(lt_checkpoint_files(c), 3);
        const lt_safetensors_tensor *t = lt_checkpoint_find(c, "conv_in.weight");
        assert_non_null(t);
        assert_int_equal(t->type, cases[i].type);
        assert_int_equal(t->dim[1], 4);
        assert_non_null(lt_checkpoint_find(c, "conv_out.bias"));
        assert_non_null(lt_checkpoint_find(c, "up_blocks.0.resnets.1.conv2.weight"));
        lt_checkpoint_close(c);
        free(path);
        free(want);
    }
}

static void index_fails(const char *index, lt_error_code code, const char *part)
{
    char *dir = temp_dir(), *path = lt_path_join(dir, "m.safetensors.index.json");
    lt_checkpoint *c;
    put_tensors(dir, "1.safetensors", some);
    put_tensors(dir, "2.safetensors", other);
    put_tensors(dir, "3.safetensors", some);
    put_tensors(dir, "sub/1.safetensors", some);
    put_text(dir, "m.safetensors.index.json", index);
    CHECK_FAILS(lt_checkpoint_open(path, &c, err), code, part);
    free(path);
    temp_dir_remove(dir);
}

static void test_bad_indexes(void **state)
{
    (void)state;
    index_fails("{", LT_ERR_FORMAT, "the JSON ends in the middle");
    index_fails("{}", LT_ERR_FORMAT, "expected a weight_map");
    index_fails("{\"weight_map\": {}}", LT_ERR_FORMAT, "expected a weight_map");
    index_fails("{\"weight_map\": [\"1.safetensors\"]}", LT_ERR_FORMAT, "expected a weight_map");
    index_fails("{\"weight_map\": {\"a\": 1}}", LT_ERR_FORMAT, "'a' is in '(not a string)'");
    index_fails("{\"weight_map\": {\"a\": \"\"}}", LT_ERR_FORMAT, "'a' is in ''");
    index_fails("{\"weight_map\": {\"a\": \"sub/1.safetensors\"}}", LT_ERR_FORMAT,
                "'a' is in 'sub/1.safetensors', expected the name of a file beside the index");
    index_fails("{\"weight_map\": {\"a\": \"../1.safetensors\"}}", LT_ERR_FORMAT,
                "beside the index");
    index_fails("{\"weight_map\": {\"a\": \"..\"}}", LT_ERR_FORMAT, "beside the index");
    index_fails("{\"weight_map\": {\"a\": \"/etc/passwd\"}}", LT_ERR_FORMAT, "beside the index");
    index_fails("{\"weight_map\": {\"a\": \"9.safetensors\"}}", LT_ERR_IO, "/9.safetensors'");
    index_fails("{\"weight_map\": {\"z\": \"1.safetensors\"}}", LT_ERR_FORMAT,
                "tensor 'z' is not in '1.safetensors'");
    index_fails("{\"weight_map\": {\"a\": \"1.safetensors\", \"b\": \"3.safetensors\"}}",
                LT_ERR_FORMAT, "tensor 'a' is in both");
    index_fails("{\"weight_map\": {\"a\": \"m.safetensors.index.json\"}}", LT_ERR_FORMAT,
                "header length");
}

static void test_good_index(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "m.safetensors.index.json");
    lt_checkpoint *c = NULL;
    put_tensors(dir, "1.safetensors", some);
    put_tensors(dir, "2.safetensors", other);
    put_text(
        dir, "m.safetensors.index.json",
        "{\"metadata\": {\"total_size\": 12}, \"weight_map\": {\"c\": \"2.safetensors\", \"a\": "
        "\"1.safetensors\", \"b\": \"2.safetensors\"}}");
    CHECK_OK(lt_checkpoint_open(path, &c, err));
    assert_int_equal(lt_checkpoint_files(c), 2);
    assert_int_equal(lt_checkpoint_count(c), 3);
    assert_string_equal(lt_checkpoint_at(c, 2)->name, "c");
    lt_checkpoint_close(c);
    free(path);
    temp_dir_remove(dir);
}

static uint64_t fingerprint_of(const char *dir, const char *name, int64_t side, float last)
{
    char *path = lt_path_join(dir, "file.safetensors");
    float data[100] = {1, 2, 3};
    lt_checkpoint *c;
    lt_safetensors_writer *w = lt_safetensors_writer_new();
    int64_t shape[2] = {side, 100 / side};
    data[99] = last;
    CHECK_OK(lt_safetensors_writer_collect(w, name, LT_ST_F32, 2, shape, data, err));
    CHECK_OK(lt_safetensors_writer_save(w, path, err));
    lt_safetensors_writer_free(w);
    CHECK_OK(lt_checkpoint_open(path, &c, err));
    uint64_t hash = lt_checkpoint_fingerprint(c);
    lt_checkpoint_close(c);
    free(path);
    return hash;
}

/* A name, a shape or a number that is another one. */
static void test_fingerprint(void **state)
{
    (void)state;
    char *dir = temp_dir();
    uint64_t hash = fingerprint_of(dir, "a", 10, 4);
    assert_true(hash == fingerprint_of(dir, "a", 10, 4));
    assert_true(hash != fingerprint_of(dir, "b", 10, 4));
    assert_true(hash != fingerprint_of(dir, "a", 20, 4));
    assert_true(hash != fingerprint_of(dir, "a", 10, 5));
    temp_dir_remove(dir);
}

static void test_unused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "a", "b", "c", "d", "e", "text_model.embeddings.position_ids", "position_ids", NULL};
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.safetensors");
    lt_checkpoint *c = NULL;
    lt_buf text = {0};
    put_tensors(dir, "x.safetensors", names);
    CHECK_OK(lt_checkpoint_open(path, &c, err));
    assert_non_null(lt_checkpoint_use(c, "b"));
    assert_null(lt_checkpoint_use(c, "absent"));
    assert_int_equal(lt_checkpoint_unused(c, &text), 4);
    char *want = lt_format("'%s': 4 tensors are not used: 'a', 'c', 'd', ...", path);
    assert_string_equal(text.data, want);
    free(want);
    lt_buf_clear(&text);
    lt_checkpoint_use(c, "a");
    lt_checkpoint_use(c, "c");
    lt_checkpoint_use(c, "d");
    assert_int_equal(lt_checkpoint_unused(c, &text), 1);
    want = lt_format("'%s': 1 tensor is not used: 'e'", path);
    assert_string_equal(text.data, want);
    free(want);
    lt_buf_clear(&text);
    lt_checkpoint_use(c, "e");
    assert_int_equal(lt_checkpoint_unused(c, &text), 0);
    assert_int_equal(text.len, 0);
    lt_buf_done(&text);
    lt_checkpoint_close(c);
    free(path);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search_order),     cmocka_unit_test(test_variant_name),
        cmocka_unit_test(test_torch_files),      cmocka_unit_test(test_one_file),
        cmocka_unit_test(test_diffusers_shards), cmocka_unit_test(test_bad_indexes),
        cmocka_unit_test(test_good_index),       cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_unused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
