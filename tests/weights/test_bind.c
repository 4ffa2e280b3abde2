/* test_bind.c - parameters find their tensors, and what is said when they do not. */
#include "weights/bind.h"

#include "support/temp.h"
#include "weights/files.h"

typedef struct part {
    const char *name;
    lt_safetensors_dtype type;
    int ndim;
    int64_t dim[4];
} part;

/* A checkpoint of parts (ends with a NULL name), whose bytes are all zero but the first: its
 * number. */
static lt_checkpoint *checkpoint_of(const char *dir, const part *parts)
{
    lt_checkpoint *c = NULL;
    lt_safetensors_writer *w = lt_safetensors_writer_new();
    char *path = lt_path_join(dir, "x.safetensors");
    for (int i = 0; parts[i].name; i++) {
        size_t bytes = lt_safetensors_dtype_bits(parts[i].type) / 8;
        for (int k = 0; k < parts[i].ndim; k++)
            bytes *= (size_t)parts[i].dim[k];
        unsigned char *data = lt_alloc(bytes);
        data[0] = (unsigned char)i;
        CHECK_OK(lt_safetensors_writer_collect(w, parts[i].name, parts[i].type, parts[i].ndim,
                                               parts[i].dim, data, err));
        free(data);
    }
    CHECK_OK(lt_safetensors_writer_save(w, path, err));
    lt_safetensors_writer_free(w);
    CHECK_OK(lt_checkpoint_open(path, &c, err));
    free(path);
    return c;
}

static lt_tensor *image(lt_graph *g, int64_t channels)
{
    return lt_input(g, "x", LT_F32, (lt_shape){4, {1, 4, 4, channels}});
}

static int number_of(const lt_graph *g, const char *path)
{
    for (int i = 0; i < lt_graph_params(g); i++) {
        const lt_param *p = lt_graph_param(g, i);
        if (strcmp(p->path, path) == 0)
            return p->source.data ? *(const unsigned char *)p->source.data : -1;
    }
    return -2;
}

static lt_graph *conv_graph(void)
{
    lt_graph *g = lt_graph_new();
    lt_output(g, "y", lt_conv2d(g, "conv_in", image(g, 4), 8, 3));
    CHECK_OK(lt_graph_ok(g, err));
    return g;
}

static void test_binds(void **state)
{
    (void)state;
    static const part parts[] = {{"other", LT_ST_I64, 1, {2}},
                                 {"conv_in.weight", LT_ST_F16, 4, {8, 4, 3, 3}},
                                 {"conv_in.bias", LT_ST_BF16, 1, {8}},
                                 {NULL, LT_ST_F32, 0, {0}}};
    char *dir = temp_dir();
    lt_checkpoint *c = checkpoint_of(dir, parts);
    lt_graph *g = conv_graph();
    lt_buf text = {0};
    CHECK_OK(lt_bind_graph(g, c, err));
    assert_int_equal(number_of(g, "conv_in.weight"), 1);
    assert_int_equal(number_of(g, "conv_in.bias"), 2);
    for (int i = 0; i < lt_graph_params(g); i++)
        assert_true(lt_graph_param(g, i)->source.dtype ==
                    (strcmp(lt_graph_param(g, i)->path, "conv_in.bias") == 0 ? LT_BF16 : LT_F16));
    assert_int_equal(lt_checkpoint_unused(c, &text), 1);
    assert_non_null(strstr(text.data, "1 tensor is not used: 'other'"));
    lt_buf_done(&text);
    lt_graph_free(g);
    lt_checkpoint_close(c);
    temp_dir_remove(dir);
}

/* Two graphs use different halves of one checkpoint: nothing is left over. */
static void test_union(void **state)
{
    (void)state;
    static const part parts[] = {{"a.weight", LT_ST_F32, 2, {8, 4}},
                                 {"b.weight", LT_ST_F32, 2, {8, 4}},
                                 {NULL, LT_ST_F32, 0, {0}}};
    char *dir = temp_dir();
    lt_checkpoint *c = checkpoint_of(dir, parts);
    lt_buf text = {0};
    for (int i = 0; i < 2; i++) {
        lt_graph *g = lt_graph_new();
        lt_output(g, "y", lt_linear(g, i ? "b" : "a", image(g, 4), 8, false));
        CHECK_OK(lt_bind_graph(g, c, err));
        lt_graph_free(g);
        assert_int_equal(lt_checkpoint_unused(c, &text), 1 - i);
    }
    lt_buf_done(&text);
    lt_checkpoint_close(c);
    temp_dir_remove(dir);
}

/* A linear may be stored as a 1x1 convolution, and the reverse. */
static void test_same_bytes(void **state)
{
    (void)state;
    static const part parts[] = {{"linear.weight", LT_ST_F32, 4, {8, 4, 1, 1}},
                                 {"conv.weight", LT_ST_F32, 2, {8, 4}},
                                 {"conv.bias", LT_ST_F32, 1, {8}},
                                 {NULL, LT_ST_F32, 0, {0}}};
    char *dir = temp_dir();
    lt_checkpoint *c = checkpoint_of(dir, parts);
    lt_graph *g = lt_graph_new();
    lt_output(g, "y", lt_linear(g, "linear", image(g, 4), 8, false));
    lt_output(g, "z", lt_conv2d(g, "conv", lt_graph_node(g, 0), 8, 1));
    CHECK_OK(lt_bind_graph(g, c, err));
    assert_int_equal(number_of(g, "linear.weight"), 0);
    assert_int_equal(number_of(g, "conv.weight"), 1);
    lt_graph_free(g);
    lt_checkpoint_close(c);
    temp_dir_remove(dir);
}

static void test_legacy_attention(void **state)
{
    (void)state;
#define AT "decoder.mid_block.attentions.0."
    static const char *const now[] = {"to_q", "to_k", "to_v", "to_out.0"};
    static const part parts[] = {{AT "query.weight", LT_ST_F32, 2, {4, 4}},
                                 {AT "key.weight", LT_ST_F32, 2, {4, 4}},
                                 {AT "value.weight", LT_ST_F32, 4, {4, 4, 1, 1}},
                                 {AT "proj_attn.weight", LT_ST_F32, 2, {4, 4}},
                                 {AT "query.bias", LT_ST_F32, 1, {4}},
                                 {AT "key.bias", LT_ST_F32, 1, {4}},
                                 {AT "value.bias", LT_ST_F32, 1, {4}},
                                 {AT "proj_attn.bias", LT_ST_F32, 1, {4}},
                                 {NULL, LT_ST_F32, 0, {0}}};
    char *dir = temp_dir();
    lt_checkpoint *c = checkpoint_of(dir, parts);
    lt_graph *g = lt_graph_new();
    lt_buf text = {0};
    lt_tensor *x = image(g, 4);
    lt_enter(g, "decoder");
    lt_enter(g, "mid_block");
    lt_enter(g, "attentions.0");
    for (int i = 0; i < 4; i++)
        lt_output(g, now[i], lt_linear(g, now[i], x, 4, true));
    lt_leave(g);
    lt_leave(g);
    lt_leave(g);
    CHECK_OK(lt_graph_ok(g, err));
    CHECK_OK(lt_bind_graph(g, c, err));
    for (int i = 0; i < 4; i++) {
        char *path = lt_format(AT "%s.weight", now[i]), *bias = lt_format(AT "%s.bias", now[i]);
        assert_int_equal(number_of(g, path), i);
        assert_int_equal(number_of(g, bias), i + 4);
        free(path);
        free(bias);
    }
    assert_int_equal(lt_checkpoint_unused(c, &text), 0);
    lt_buf_done(&text);
    lt_graph_free(g);
    lt_checkpoint_close(c);
    temp_dir_remove(dir);
#undef AT
}

/* Written by transformers 5.23, which leaves `text_model.` out; and the older spelling. */
static void test_text_prefix(void **state)
{
    (void)state;
    static const part old[] = {{"text_model.final_layer_norm.weight", LT_ST_F32, 1, {4}},
                               {"text_model.final_layer_norm.bias", LT_ST_F32, 1, {4}},
                               {"text_model.embeddings.position_ids", LT_ST_I64, 2, {1, 77}},
                               {NULL, LT_ST_F32, 0, {0}}};
    char *dir = temp_dir();
    for (int i = 0; i < 2; i++) {
        lt_checkpoint *c = NULL;
        if (i)
            c = checkpoint_of(dir, old);
        else
            CHECK_OK(lt_checkpoint_open(LT_TEST_DATA "/weights/transformers-text/model.safetensors",
                                        &c, err));
        lt_graph *g = lt_graph_new();
        lt_tensor *x = image(g, 4);
        lt_enter(g, "text_model");
        lt_output(g, "y", lt_layer_norm(g, "final_layer_norm", x, 1e-5f));
        lt_leave(g);
        CHECK_OK(lt_bind_graph(g, c, err));
        float one = 1; /* a fresh layer norm's weight */
        if (!i)
            assert_memory_equal(lt_graph_param(g, 0)->source.data, &one, sizeof one);
        lt_graph_free(g);
        lt_checkpoint_close(c);
    }
    temp_dir_remove(dir);
}

static void fails(lt_graph *g, const part *parts, const char *message, const char *hint)
{
    char *dir = temp_dir(), *want = lt_format("cannot load '%s/x.safetensors': %s", dir, message);
    lt_checkpoint *c = checkpoint_of(dir, parts);
    lt_error err = {0};
    lt_buf text = {0};
    assert_false(lt_bind_graph(g, c, &err));
    assert_int_equal(err.code, LT_ERR_MODEL);
    assert_string_equal(err.message, want);
    assert_string_equal(err.hint, hint);
    for (int i = 0; i < lt_graph_params(g); i++)
        assert_null(lt_graph_param(g, i)->source.data);
    assert_int_equal(lt_checkpoint_unused(c, &text), lt_checkpoint_count(c));
    lt_buf_done(&text);
    lt_graph_free(g);
    lt_checkpoint_close(c);
    free(want);
    temp_dir_remove(dir);
}

static void test_wrong_shape(void **state)
{
    (void)state;
    part parts[] = {{"conv_in.weight", LT_ST_F32, 4, {8, 9, 3, 3}},
                    {"conv_in.bias", LT_ST_F32, 1, {8}},
                    {NULL, LT_ST_F32, 0, {0}}};
    fails(conv_graph(), parts, "'conv_in.weight' is [8,9,3,3], expected [8,4,3,3]",
          "this is an inpainting model; latentty needs a text-to-image one");
    parts[0].dim[1] = 8;
    fails(conv_graph(), parts, "'conv_in.weight' is [8,8,3,3], expected [8,4,3,3]",
          "this is an instruct-pix2pix model; latentty needs a text-to-image one");
    parts[0].dim[1] = 5;
    fails(conv_graph(), parts, "'conv_in.weight' is [8,5,3,3], expected [8,4,3,3]",
          "the weights do not belong to the config.json beside them");
    parts[0] = (part){"conv_in.weight", LT_ST_F32, 2, {8, 36}};
    fails(conv_graph(), parts, "'conv_in.weight' is [8,36], expected [8,4,3,3]",
          "the weights do not belong to the config.json beside them");
}

static void test_wrong_context(void **state)
{
    (void)state;
    static const struct {
        int64_t width;
        const char *message, *hint;
    } cases[] = {
        {2048, "'attn2.to_k.weight' is [8,2048], expected [8,4]",
         "this is an SDXL UNet; latentty runs the SD 1.x and 2.x families"},
        {1024, "'attn2.to_k.weight' is [8,1024], expected [8,4]",
         "this is an SD 2.x UNet; its own config.json must lie beside it"},
    };
    for (int i = 0; i < 2; i++) {
        const part parts[] = {{"attn2.to_k.weight", LT_ST_F32, 2, {8, cases[i].width}},
                              {NULL, LT_ST_F32, 0, {0}}};
        lt_graph *g = lt_graph_new();
        lt_tensor *x = image(g, 4);
        lt_enter(g, "attn2");
        lt_output(g, "y", lt_linear(g, "to_k", x, 8, false));
        lt_leave(g);
        fails(g, parts, cases[i].message, cases[i].hint);
    }
}

static void test_wrong_dtype(void **state)
{
    (void)state;
    const part parts[] = {{"conv_in.weight", LT_ST_F8_E4M3, 4, {8, 4, 3, 3}},
                          {"conv_in.bias", LT_ST_F32, 1, {8}},
                          {NULL, LT_ST_F32, 0, {0}}};
    const part ints[] = {{"conv_in.weight", LT_ST_I32, 4, {8, 4, 3, 3}},
                         {"conv_in.bias", LT_ST_F32, 1, {8}},
                         {NULL, LT_ST_F32, 0, {0}}};
    fails(conv_graph(), parts, "'conv_in.weight' has dtype F8_E4M3, expected F32, F16 or BF16",
          "use the F16 or F32 files of the model");
    fails(conv_graph(), ints, "'conv_in.weight' has dtype I32, expected F32, F16 or BF16",
          "use the F16 or F32 files of the model");
}

static void test_missing(void **state)
{
    (void)state;
    static const part lora[] = {{"lora_unet_x.lora_down.weight", LT_ST_F32, 1, {1}},
                                {NULL, LT_ST_F32, 0, {0}}};
    lt_graph *g = lt_graph_new();
    lt_tensor *x = image(g, 4);
    for (int i = 0; i < 3; i++) {
        lt_enter(g, "block.%d", i);
        x = lt_conv2d(g, "conv", x, 4, 3);
        lt_leave(g);
    }
    lt_output(g, "y", x);
    fails(g, lora,
          "6 of 6 tensors are missing: 'block.0.conv.weight', 'block.0.conv.bias', "
          "'block.1.conv.weight', 'block.1.conv.bias', ...",
          "by its tensors, the file is a LoRA");
    static const part half[] = {{"conv_in.weight", LT_ST_F32, 4, {8, 4, 3, 3}},
                                {NULL, LT_ST_F32, 0, {0}}};
    fails(conv_graph(), half, "1 of 2 tensors are missing: 'conv_in.bias'",
          "by its tensors, the file is something else");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binds),         cmocka_unit_test(test_union),
        cmocka_unit_test(test_same_bytes),    cmocka_unit_test(test_legacy_attention),
        cmocka_unit_test(test_text_prefix),   cmocka_unit_test(test_wrong_shape),
        cmocka_unit_test(test_wrong_context), cmocka_unit_test(test_wrong_dtype),
        cmocka_unit_test(test_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
