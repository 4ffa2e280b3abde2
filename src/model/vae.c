/*
 * vae.c - AutoencoderKL: parameter paths as in diffusers.
 * N batch, H W height and width, C channels, S = H*W positions.
 */
#include "model/vae.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/config.h"

static const float eps = 1e-6f; /* of every norm in AutoencoderKL */

static lt_tensor *norm_silu(lt_graph *g, const lt_vae_config *c, const char *name, lt_tensor *x)
{
    return lt_activation(g, LT_SILU, lt_group_norm(g, name, x, c->norm_num_groups, eps));
}

/* x [N,H,W,C] -> [N,H,W,out] */
static lt_tensor *resnet(lt_graph *g, const lt_vae_config *c, int i, lt_tensor *x, int out)
{
    lt_enter(g, "resnets.%d", i);
    lt_tensor *h = lt_conv2d(g, "conv1", norm_silu(g, c, "norm1", x), out, 3);
    h = lt_conv2d(g, "conv2", norm_silu(g, c, "norm2", h), out, 3);
    bool widens = x->shape.dim[3] != out;
    x = lt_add(g, h, widens ? lt_conv2d(g, "conv_shortcut", x, out, 1) : x);
    x = lt_tap(g, "out", x);
    lt_leave(g);
    return x;
}

/* One head of attention over all H*W positions.  x [N,H,W,C] */
static lt_tensor *attention(lt_graph *g, const lt_vae_config *c, lt_tensor *x)
{
    lt_shape image = x->shape;
    lt_shape tokens = {.ndim = 3, .dim = {image.dim[0], image.dim[1] * image.dim[2], image.dim[3]}};
    int width = (int)image.dim[3];
    lt_enter(g, "attentions.0");
    lt_tensor *h = lt_group_norm(g, "group_norm", x, c->norm_num_groups, eps);
    h = lt_reshape(g, h, tokens); /* [N,S,C] */
    lt_tensor *q = lt_linear(g, "to_q", h, width, true);
    lt_tensor *k = lt_linear(g, "to_k", h, width, true);
    lt_tensor *v = lt_linear(g, "to_v", h, width, true);
    h = lt_linear(g, "to_out.0", lt_attention(g, q, k, v, 1, false), width, true);
    lt_leave(g);
    return lt_add(g, lt_reshape(g, h, image), x);
}

static lt_tensor *mid_block(lt_graph *g, const lt_vae_config *c, lt_tensor *x)
{
    int widest = c->channels[c->levels - 1];
    lt_enter(g, "mid_block");
    x = resnet(g, c, 0, x, widest);
    x = attention(g, c, x);
    x = resnet(g, c, 1, x, widest);
    lt_leave(g);
    return x;
}

lt_tensor *lt_vae_decode(lt_graph *g, const lt_vae_config *c, lt_tensor *z)
{
    lt_tensor *x = lt_conv2d(g, "post_quant_conv", z, c->latent_channels, 1);
    lt_enter(g, "decoder");
    x = lt_conv2d(g, "conv_in", x, c->channels[c->levels - 1], 3);
    x = mid_block(g, c, x);
    for (int level = c->levels - 1; level >= 0; level--) {
        lt_enter(g, "up_blocks.%d", c->levels - 1 - level);
        for (int i = 0; i < c->layers_per_block + 1; i++)
            x = resnet(g, c, i, x, c->channels[level]);
        if (level > 0) {
            x = lt_resize(g, x, 2 * x->shape.dim[1], 2 * x->shape.dim[2]);
            x = lt_conv2d(g, "upsamplers.0.conv", x, c->channels[level], 3);
        }
        lt_leave(g);
    }
    x = lt_conv2d(g, "conv_out", norm_silu(g, c, "conv_norm_out", x), 3, 3); /* [N,H,W,3] */
    lt_leave(g);
    return x;
}

lt_tensor *lt_vae_encode(lt_graph *g, const lt_vae_config *c, lt_tensor *image)
{
    int moments = 2 * c->latent_channels;
    lt_enter(g, "encoder");
    lt_tensor *x = lt_conv2d(g, "conv_in", image, c->channels[0], 3);
    for (int level = 0; level < c->levels; level++) {
        lt_enter(g, "down_blocks.%d", level);
        for (int i = 0; i < c->layers_per_block; i++)
            x = resnet(g, c, i, x, c->channels[level]);
        if (level < c->levels - 1) /* pads right and bottom only, unlike the UNet's */
            x = lt_conv2d_down(g, "downsamplers.0.conv", x, c->channels[level], true);
        lt_leave(g);
    }
    x = mid_block(g, c, x);
    x = lt_conv2d(g, "conv_out", norm_silu(g, c, "conv_norm_out", x), moments, 3);
    lt_leave(g);
    return lt_conv2d(g, "quant_conv", x, moments, 1); /* [N,h,w,2*latent_channels] */
}

static void only_blocks(lt_config *c, const char *key, int levels, const char *type)
{
    int n = lt_config_length(c, key);
    if (n != levels)
        lt_config_fail(c, "'%s' has %d entries, expected %d", key, n, levels);
    for (int i = 0; i < n; i++)
        if (strcmp(lt_config_item(c, key, i), type) != 0)
            lt_config_refuse(c, key, NULL);
}

static void read_vae(lt_config *c, lt_vae_config *v)
{
    lt_config_only_string(c, "_class_name", "AutoencoderKL");
    lt_config_only_string(c, "act_fn", "silu");
    lt_config_only_int(c, "in_channels", 3, NULL);
    lt_config_only_int(c, "out_channels", 3, NULL);
    lt_config_only_bool(c, "use_quant_conv", true);
    lt_config_only_bool(c, "use_post_quant_conv", true);
    lt_config_only_bool(c, "mid_block_add_attention", true);
    lt_config_only_null(c, "shift_factor", NULL);
    lt_config_only_null(c, "latents_mean", NULL);
    lt_config_only_null(c, "latents_std", NULL);
    v->levels = lt_config_length(c, "block_out_channels");
    if (v->levels < 1 || v->levels > LT_VAE_LEVELS) {
        lt_config_fail(c, "'block_out_channels' has %d entries, expected 1 to %d", v->levels,
                       LT_VAE_LEVELS);
        v->levels = 1;
    }
    only_blocks(c, "down_block_types", v->levels, "DownEncoderBlock2D");
    only_blocks(c, "up_block_types", v->levels, "UpDecoderBlock2D");
    lt_config_ints(c, "block_out_channels", 64, 1, 8192, v->levels, v->channels);
    v->layers_per_block = lt_config_int(c, "layers_per_block", 1, 1, 16);
    v->latent_channels = lt_config_int(c, "latent_channels", 4, 1, 64);
    v->norm_num_groups = lt_config_int(c, "norm_num_groups", 32, 1, 1024);
    v->scaling_factor = (float)lt_config_number(c, "scaling_factor", 0.18215, 1e-6, 1e6);
    v->sample_size = lt_config_int(c, "sample_size", 32, 1, 32768);
    v->factor = 1 << (v->levels - 1);
}

bool lt_vae_config_read(const char *dir, lt_vae_config *out, lt_error *err)
{
    lt_config *c;
    lt_vae_config v = {0};
    char *path = lt_path_join(dir, "config.json");
    bool ok = lt_config_open(path, &c, err);
    free(path);
    if (!ok)
        return false;
    read_vae(c, &v);
    *out = v;
    return lt_config_close(c, err);
}
