/*
 * fuzz_config.c - input: the config.json of a UNet, an autoencoder or a text encoder.  Every reader
 * gets it, and what one accepts is recorded as a network.
 */
#include "base/panic.h"
#include "fuzz.h"
#include "model/clip.h"
#include "model/unet.h"
#include "model/vae.h"

/* The graph keeps a fault of the sizes; it must not be more than a fault. */
static void finish(lt_graph *g)
{
    lt_error err = {0};
    if (!lt_graph_ok(g, &err))
        LT_ASSERT(err.code != LT_ERR_NONE && *err.message);
    lt_graph_free(g);
}

static lt_tensor *image(lt_graph *g, const char *name, int64_t side, int64_t channels)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = 4, .dim = {1, side, side, channels}});
}

static void record_unet(const lt_unet_config *c)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *time =
        lt_input(g, "time", LT_F32, (lt_shape){.ndim = 2, .dim = {1, c->channels[0]}});
    lt_tensor *text =
        lt_input(g, "text", LT_F32, (lt_shape){.ndim = 3, .dim = {1, 77, c->cross_attention_dim}});
    lt_output(
        g, "out",
        lt_unet(g, c, image(g, "latents", 9, c->in_channels), lt_unet_time(g, c, time), text));
    finish(g);
}

static void record_vae(const lt_vae_config *c)
{
    LT_ASSERT(c->factor >= 1);
    lt_graph *g = lt_graph_new();
    lt_output(g, "out", lt_vae_decode(g, c, image(g, "z", 3, c->latent_channels)));
    finish(g);
    g = lt_graph_new();
    lt_output(g, "out", lt_vae_encode(g, c, image(g, "image", 2 * (int64_t)c->factor, 3)));
    finish(g);
}

static void record_clip(const lt_clip_config *c)
{
    static const int32_t ids[3] = {1, 2, 0};
    lt_graph *g = lt_graph_new();
    lt_shape tokens = {.ndim = 2, .dim = {1, c->max_position_embeddings}};
    lt_output(g, "out", lt_clip_text(g, c, lt_input(g, "ids", LT_I32, tokens)));
    finish(g);
    int row = lt_clip_pooled_row(c, ids, 3);
    LT_ASSERT(row >= 0 && row < 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_unet_config unet;
    lt_vae_config vae;
    lt_clip_config clip;
    lt_error err[3] = {{0}};
    fuzz_write("config.json", data, size);
    if (lt_unet_config_read(fuzz_dir(), &unet, &err[0]))
        record_unet(&unet);
    if (lt_vae_config_read(fuzz_dir(), &vae, &err[1]))
        record_vae(&vae);
    if (lt_clip_config_read(fuzz_dir(), &clip, &err[2]))
        record_clip(&clip);
    return 0;
}
