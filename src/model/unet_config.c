/* unet_config.c - config.json of a UNet2DConditionModel; see unet.h. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/config.h"
#include "model/unet.h"

/* Keys that change the arithmetic and whose other values are not computed. */
static void refuse_unsupported(lt_config *c)
{
    static const char *const null_keys[] = {
        "addition_embed_type",
        "class_embed_type",
        "num_class_embeds",
        "encoder_hid_dim",
        "encoder_hid_dim_type",
        "time_embedding_dim",
        "timestep_post_act",
        "time_embedding_act_fn",
        "cross_attention_norm",
        "num_attention_heads",
        "mid_block_only_cross_attention",
        "reverse_transformer_layers_per_block",
    };
    static const char *const false_keys[] = {"dual_cross_attention", "only_cross_attention",
                                             "resnet_skip_time_act", "class_embeddings_concat"};
    lt_config_only_string(c, "_class_name", "UNet2DConditionModel");
    lt_config_only_int(
        c, "in_channels", 4,
        "an inpainting (9) or pix2pix (8) model; latentty needs a text-to-image one");
    lt_config_only_int(c, "out_channels", 4, NULL);
    lt_config_only_null(c, "time_cond_proj_dim", "an LCM model; use its base model");
    for (size_t i = 0; i < sizeof null_keys / sizeof *null_keys; i++)
        lt_config_only_null(c, null_keys[i], NULL);
    for (size_t i = 0; i < sizeof false_keys / sizeof *false_keys; i++)
        lt_config_only_bool(c, false_keys[i], false);
    lt_config_only_string(c, "act_fn", "silu");
    lt_config_only_string(c, "resnet_time_scale_shift", "default");
    lt_config_only_string(c, "time_embedding_type", "positional");
    lt_config_only_string(c, "attention_type", "default");
    lt_config_only_int(c, "conv_in_kernel", 3, NULL);
    lt_config_only_int(c, "conv_out_kernel", 3, NULL);
}

/* Whether the block at place i has attention; anything but the two known types is refused. */
static bool attends(lt_config *c, const char *key, int i, const char *with, const char *without)
{
    const char *type = lt_config_item(c, key, i);
    if (strcmp(type, with) == 0)
        return true;
    if (strcmp(type, without) != 0)
        lt_config_fail(c, "'%s' holds '%s', expected '%s' or '%s'", key, type, with, without);
    return false;
}

static void read_blocks(lt_config *c, lt_unet_config *u)
{
    u->levels = lt_config_length(c, "block_out_channels");
    if (u->levels < 1 || u->levels > LT_UNET_LEVELS ||
        lt_config_length(c, "down_block_types") != u->levels ||
        lt_config_length(c, "up_block_types") != u->levels) {
        lt_config_fail(c,
                       "'block_out_channels', 'down_block_types' and 'up_block_types' must be "
                       "lists of one length from 1 to %d",
                       LT_UNET_LEVELS);
        u->levels = 0;
        return;
    }
    for (int i = 0; i < u->levels; i++) {
        u->channels[i] = lt_config_int_item(c, "block_out_channels", i, 1, 8192);
        u->down_attends[i] =
            attends(c, "down_block_types", i, "CrossAttnDownBlock2D", "DownBlock2D");
        u->up_attends[u->levels - 1 - i] =
            attends(c, "up_block_types", i, "CrossAttnUpBlock2D", "UpBlock2D");
    }
    lt_config_ints(c, "layers_per_block", 2, 1, LT_UNET_LAYERS - 2, u->levels, u->layers);
    lt_config_ints(c, "transformer_layers_per_block", 1, 1, 16, u->levels, u->depth);
    lt_config_ints(c, "attention_head_dim", 8, 1, 1024, u->levels, u->heads);
}

/* No mid block only where the key is written out as null. */
static bool has_mid_block(lt_config *c)
{
    if (lt_config_is_null(c, "mid_block_type"))
        return false;
    lt_config_only_string(c, "mid_block_type", "UNetMidBlock2DCrossAttn");
    return true;
}

bool lt_unet_config_read(const char *dir, lt_unet_config *out, lt_error *err)
{
    lt_config *c;
    lt_unet_config u = {0};
    char *path = lt_path_join(dir, "config.json");
    bool ok = lt_config_open(path, &c, err);
    free(path);
    if (!ok)
        return false;
    refuse_unsupported(c);
    read_blocks(c, &u);
    u.in_channels = u.out_channels = 4;
    u.cross_attention_dim = lt_config_int(c, "cross_attention_dim", 1280, 1, 16384);
    u.norm_num_groups = lt_config_int(c, "norm_num_groups", 32, 1, 1024);
    u.norm_eps = (float)lt_config_number(c, "norm_eps", 1e-5, 0, 1);
    u.mid_block = has_mid_block(c);
    u.mid_block_scale_factor = (float)lt_config_number(c, "mid_block_scale_factor", 1, 1e-3, 1e3);
    u.use_linear_projection = lt_config_bool(c, "use_linear_projection", false);
    u.flip_sin_to_cos = lt_config_bool(c, "flip_sin_to_cos", true);
    u.freq_shift = (float)lt_config_number(c, "freq_shift", 0, 0, 1);
    u.asymmetric_downsample = lt_config_int(c, "downsample_padding", 1, 0, 1) == 0;
    u.center_input_sample = lt_config_bool(c, "center_input_sample", false);
    u.sample_size = lt_config_int(c, "sample_size", 64, 1, 4096);
    if (u.levels && u.channels[0] % 2 != 0)
        lt_config_fail(c, "'block_out_channels' starts with %d, expected an even number",
                       u.channels[0]);
    *out = u;
    return lt_config_close(c, err);
}
