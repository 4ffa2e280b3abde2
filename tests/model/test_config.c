/* What the readers of config.json take, what they assume, and what they refuse by name. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "model/clip.h"
#include "model/config.h"
#include "model/unet.h"
#include "model/vae.h"
#include "support/check.h"
#include "support/temp.h"

#define TINY LT_TEST_DATA "/tiny/"

/* A config of the variant sd1 in a directory of its own, where `key` is `value` (JSON) or, if that
 * is NULL, missing. */
static char *changed(const char *component, const char *key, const char *value)
{
    char *from = lt_format(TINY "sd1/%s/config.json", component);
    char *dir = temp_dir(), *to = lt_path_join(dir, "config.json");
    json_object *config = json_object_from_file(from);
    assert_non_null(config);
    json_object_object_del(config, key);
    if (value) {
        enum json_tokener_error why;
        json_object_object_add(config, key, json_tokener_parse_verbose(value, &why));
        assert_int_equal(why, json_tokener_success);
    }
    assert_int_equal(json_object_to_file(to, config), 0);
    json_object_put(config);
    free(from);
    free(to);
    return dir;
}

static bool read_component(const char *component, const char *dir, lt_error *err)
{
    lt_unet_config unet;
    lt_vae_config vae;
    lt_clip_config clip;
    if (strcmp(component, "unet") == 0)
        return lt_unet_config_read(dir, &unet, err);
    if (strcmp(component, "vae") == 0)
        return lt_vae_config_read(dir, &vae, err);
    return lt_clip_config_read(dir, &clip, err);
}

static const struct {
    const char *component, *key, *value, *part;
} refused[] = {
    /* other families of models */
    {"unet", "in_channels", "9", "'in_channels' is 9"},
    {"unet", "in_channels", "8", "'in_channels' is 8"},
    {"unet", "addition_embed_type", "\"text_time\"", "'addition_embed_type' is \"text_time\""},
    {"unet", "time_cond_proj_dim", "256", "'time_cond_proj_dim' is 256"},
    {"unet", "class_embed_type", "\"projection\"", "'class_embed_type' is \"projection\""},
    {"unet", "num_class_embeds", "1000", "'num_class_embeds' is 1000"},
    {"unet", "encoder_hid_dim", "4096", "'encoder_hid_dim' is 4096"},
    {"unet", "time_embedding_type", "\"fourier\"", "'time_embedding_type' is \"fourier\""},
    {"unet", "_class_name", "\"UNet3DConditionModel\"", "UNet3DConditionModel"},
    /* switches that change the arithmetic */
    {"unet", "act_fn", "\"gelu\"", "'act_fn' is \"gelu\""},
    {"unet", "resnet_time_scale_shift", "\"scale_shift\"", "'resnet_time_scale_shift'"},
    {"unet", "only_cross_attention", "true", "'only_cross_attention' is true"},
    {"unet", "dual_cross_attention", "true", "'dual_cross_attention' is true"},
    {"unet", "conv_in_kernel", "5", "'conv_in_kernel' is 5"},
    {"unet", "mid_block_type", "\"UNetMidBlock2D\"", "'mid_block_type' is \"UNetMidBlock2D\""},
    {"unet", "down_block_types",
     "[\"CrossAttnDownBlock2D\", \"X\", \"DownBlock2D\", \"DownBlock2D\"]",
     "'down_block_types' holds 'X'"},
    {"vae", "use_quant_conv", "false", "'use_quant_conv' is false"},
    {"vae", "mid_block_add_attention", "false", "'mid_block_add_attention' is false"},
    {"vae", "latents_mean", "[0.1, 0.2, 0.3, 0.4]", "'latents_mean' is [0.1,0.2,0.3,0.4]"},
    {"vae", "_class_name", "\"AutoencoderTiny\"", "AutoencoderTiny"},
    {"text_encoder", "hidden_act", "\"relu\"", "'hidden_act' is \"relu\""},
    {"text_encoder", "model_type", "\"t5\"", "'model_type' is \"t5\""},
    /* wrong types */
    {"unet", "block_out_channels", "320", "'block_out_channels'"},
    {"unet", "block_out_channels", "[32, \"x\", 96, 96]", "'block_out_channels'"},
    {"unet", "block_out_channels", "[32, null, 96, 96]", "'block_out_channels'"},
    {"unet", "down_block_types", "[1, 2, 3, 4]", "'down_block_types'"},
    {"unet", "use_linear_projection", "1", "'use_linear_projection'"},
    {"unet", "norm_eps", "\"1e-5\"", "'norm_eps'"},
    {"unet", "attention_head_dim", "[8, 8]", "'attention_head_dim'"},
    {"unet", "cross_attention_dim", "{}", "'cross_attention_dim'"},
    {"vae", "scaling_factor", "true", "'scaling_factor'"},
    {"text_encoder", "hidden_size", "\"48\"", "'hidden_size'"},
    /* sizes that nobody means */
    {"unet", "block_out_channels", "[]", "'block_out_channels'"},
    {"unet", "block_out_channels", "[32, 64, 96, 96, 96]", "'block_out_channels'"},
    {"unet", "block_out_channels", "[32, 64, 96, 1000000000]", "'block_out_channels'"},
    {"unet", "block_out_channels", "[32, 64, 96, 0]", "'block_out_channels'"},
    {"unet", "block_out_channels", "[33, 64, 96, 96]", "'block_out_channels'"},
    {"unet", "layers_per_block", "1e30", "'layers_per_block'"},
    {"unet", "layers_per_block", "1.5", "'layers_per_block'"},
    {"unet", "layers_per_block", "-1", "'layers_per_block'"},
    {"unet", "attention_head_dim", "0", "'attention_head_dim'"},
    {"unet", "cross_attention_dim", "99999999999999999999", "'cross_attention_dim'"},
    {"unet", "sample_size", "0", "'sample_size'"},
    {"unet", "norm_eps", "-1", "'norm_eps'"},
    {"unet", "mid_block_scale_factor", "0", "'mid_block_scale_factor'"},
    {"vae", "latent_channels", "1000", "'latent_channels'"},
    {"vae", "scaling_factor", "0", "'scaling_factor'"},
    {"vae", "layers_per_block", "0", "'layers_per_block'"},
    {"vae", "block_out_channels", "[8,8,8,8,8,8,8,8,8]", "'block_out_channels'"},
    {"text_encoder", "vocab_size", "0", "'vocab_size'"},
    {"text_encoder", "max_position_embeddings", "1000000000", "'max_position_embeddings'"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char *dir = changed(refused[i].component, refused[i].key, refused[i].value);
        lt_error e = {0};
        bool ok = read_component(refused[i].component, dir, &e);
        if (ok || e.code != LT_ERR_MODEL || !strstr(e.message, refused[i].part))
            fail_msg("%s: '%s' = %s: '%s'", refused[i].component, refused[i].key, refused[i].value,
                     ok ? "taken" : e.message);
        temp_dir_remove(dir);
    }
}

/* Whole models of other families, as make_tiny.py once wrote them for diffusers. */
static void test_families(void **state)
{
    (void)state;
    CHECK_FAILS(read_component("unet", TINY "lcm/unet", err), LT_ERR_MODEL,
                "'time_cond_proj_dim' is 24");
    CHECK_FAILS(read_component("unet", TINY "rare/unet", err), LT_ERR_MODEL,
                "'resnet_time_scale_shift' is \"scale_shift\"");
    CHECK_FAILS(read_component("vae", TINY "rare/vae", err), LT_ERR_MODEL,
                "'use_quant_conv' is false");
}

/* What a null or a missing key must be read as: the default of the class. */
static void test_nulls(void **state)
{
    (void)state;
    static const char *const null_is_fine[][2] = {
        {"unet", "addition_embed_type"},
        {"unet", "class_embed_type"},
        {"unet", "time_cond_proj_dim"},
        {"unet", "num_attention_heads"},
        {"unet", "upcast_attention"},
        {"unet", "transformer_layers_per_block"},
        {"unet", "norm_eps"},
        {"vae", "scaling_factor"},
        {"vae", "latents_mean"},
        {"text_encoder", "hidden_act"},
    };
    for (size_t i = 0; i < sizeof null_is_fine / sizeof *null_is_fine; i++) {
        char *dir = changed(null_is_fine[i][0], null_is_fine[i][1], "null");
        CHECK_OK(read_component(null_is_fine[i][0], dir, err));
        temp_dir_remove(dir);
    }
}

static void test_unet_defaults(void **state)
{
    (void)state;
    lt_unet_config c;
    static const char *const optional[] = {
        "norm_eps",        "norm_num_groups",    "layers_per_block",       "attention_head_dim",
        "flip_sin_to_cos", "freq_shift",         "mid_block_scale_factor", "cross_attention_dim",
        "act_fn",          "downsample_padding", "center_input_sample"};
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
        char *dir = changed("unet", optional[i], NULL);
        CHECK_OK(lt_unet_config_read(dir, &c, err));
        assert_true(c.norm_eps == 1e-5f);
        assert_int_equal(c.norm_num_groups, 32);
        assert_int_equal(c.layers[3], 2);
        assert_int_equal(c.heads[3], 8);
        assert_true(c.flip_sin_to_cos);
        assert_true(c.freq_shift == 0.0f);
        assert_true(c.mid_block_scale_factor == 1.0f);
        assert_false(c.asymmetric_downsample);
        assert_false(c.center_input_sample);
        bool width_missing = strcmp(optional[i], "cross_attention_dim") == 0;
        assert_int_equal(c.cross_attention_dim, width_missing ? 1280 : 48);
        temp_dir_remove(dir);
    }
}

static void test_mid_block(void **state)
{
    (void)state;
    lt_unet_config c;
    char *dir = changed("unet", "mid_block_type", NULL);
    CHECK_OK(lt_unet_config_read(dir, &c, err));
    assert_true(c.mid_block);
    temp_dir_remove(dir);
    dir = changed("unet", "mid_block_type", "null");
    CHECK_OK(lt_unet_config_read(dir, &c, err));
    assert_false(c.mid_block);
    temp_dir_remove(dir);
}

static void test_unet_odd(void **state)
{
    (void)state;
    lt_unet_config c;
    CHECK_OK(lt_unet_config_read(TINY "odd/unet", &c, err));
    assert_int_equal(c.levels, 3);
    assert_int_equal(c.layers[1], 3);
    assert_int_equal(c.depth[1], 2);
    assert_int_equal(c.heads[2], 13);
    assert_false(c.down_attends[0]);
    assert_true(c.down_attends[2]);
    assert_true(c.up_attends[2]); /* up block 0 */
    assert_false(c.up_attends[0]);
    assert_true(c.asymmetric_downsample);
    assert_true(c.center_input_sample);
    assert_false(c.flip_sin_to_cos);
    assert_true(c.freq_shift == 1.0f);
    assert_true(c.norm_eps == 1e-6f);
    assert_true(c.mid_block_scale_factor == 1.4142f);
}

static void test_vae(void **state)
{
    (void)state;
    lt_vae_config c;
    CHECK_OK(lt_vae_config_read(TINY "sd2/vae", &c, err)); /* has no scaling_factor */
    assert_true(c.scaling_factor == 0.18215f);
    assert_int_equal(c.factor, 8);
    CHECK_OK(lt_vae_config_read(TINY "odd/vae", &c, err));
    assert_true(c.scaling_factor == 0.31f);
    assert_int_equal(c.factor, 4);
}

static void test_clip(void **state)
{
    (void)state;
    lt_clip_config c;
    CHECK_OK(lt_clip_config_read(TINY "sd1/text_encoder", &c, err));
    assert_int_equal(c.hidden_act, LT_QUICK_GELU);
    CHECK_OK(lt_clip_config_read(TINY "sd2/text_encoder", &c, err));
    assert_int_equal(c.hidden_act, LT_GELU);
    assert_int_equal(c.num_hidden_layers, 4);

    char *dir = temp_dir(), *path = lt_path_join(dir, "config.json");
    static const char clip[] = "{\"model_type\": \"clip\", \"hidden_size\": 1, \"text_config\": "
                               "{\"hidden_size\": 64, \"num_attention_heads\": 4}}";
    CHECK_OK(lt_file_write(path, clip, sizeof clip - 1, err));
    CHECK_OK(lt_clip_config_read(dir, &c, err));
    assert_int_equal(c.hidden_size, 64);
    assert_int_equal(c.vocab_size, 49408);
    free(path);
    temp_dir_remove(dir);
}

static void test_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
        lt_error_code code;
    } bad[] = {
        {"", "cannot read", LT_ERR_FORMAT},
        {"{\"in_channels\": 4", "cannot read", LT_ERR_FORMAT},
        {"[]", "expected a JSON object", LT_ERR_FORMAT},
        {"null", "expected a JSON object", LT_ERR_FORMAT},
        {"{\"in_channels\": 4,}", "config.json", LT_ERR_FORMAT},
        {"{\"\xff\": 4}", "config.json", LT_ERR_FORMAT},
        {"{}", "'block_out_channels'", LT_ERR_MODEL},
    };
    char *dir = temp_dir(), *path = lt_path_join(dir, "config.json");
    CHECK_FAILS(read_component("unet", dir, err), LT_ERR_IO, "config.json");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_OK(lt_file_write(path, bad[i].text, strlen(bad[i].text), err));
        CHECK_FAILS(read_component("unet", dir, err), bad[i].code, bad[i].part);
    }
    lt_buf deep = {0};
    lt_buf_str(&deep, "{\"a\":");
    for (int i = 0; i < 100000; i++)
        lt_buf_char(&deep, '[');
    CHECK_OK(lt_file_write(path, deep.data, deep.len, err));
    CHECK_FAILS(read_component("unet", dir, err), LT_ERR_FORMAT, "config.json");
    lt_buf_done(&deep);
    free(path);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_families),
        cmocka_unit_test(test_nulls),     cmocka_unit_test(test_unet_defaults),
        cmocka_unit_test(test_mid_block), cmocka_unit_test(test_unet_odd),
        cmocka_unit_test(test_vae),       cmocka_unit_test(test_clip),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
