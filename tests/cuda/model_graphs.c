/* model_graphs.c - see model_graphs.h. */
#include "model_graphs.h"

#include <stdio.h>

#include "support/check.h"

model_configs model_configs_read(const char *variant)
{
    model_configs c;
    char dir[3][512];
    static const char *const parts[] = {"unet", "vae", "text_encoder"};
    for (int i = 0; i < 3; i++)
        snprintf(dir[i], sizeof dir[i], "%s/tiny/%s/%s", LT_TEST_DATA, variant, parts[i]);
    CHECK_OK(lt_unet_config_read(dir[0], &c.unet, err));
    CHECK_OK(lt_vae_config_read(dir[1], &c.vae, err));
    CHECK_OK(lt_clip_config_read(dir[2], &c.clip, err));
    return c;
}

static lt_tensor *input(lt_graph *g, const char *name, int ndim, int64_t a, int64_t b, int64_t c,
                        int64_t d)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = ndim, .dim = {a, b, c, d}});
}

static lt_tensor *one_prompt(lt_graph *g, const model_configs *c, int n, int h, int w)
{
    lt_tensor *latents = input(g, "latents", 4, n, h, w, c->unet.in_channels);
    lt_tensor *shifts = input(g, "shifts", 2, 1, lt_unet_shifts(&c->unet), 0, 0);
    lt_tensor *text = input(g, "text", 3, 2, 77, c->unet.cross_attention_dim, 0);
    return lt_unet_of_one(g, &c->unet, latents, shifts, text);
}

static lt_tensor *guided(lt_graph *g, const model_configs *c, int n, int h, int w)
{
    lt_tensor *latents = input(g, "latents", 4, n, h, w, c->unet.in_channels);
    lt_tensor *shifts = input(g, "shifts", 2, 1, lt_unet_shifts(&c->unet), 0, 0);
    lt_tensor *text = input(g, "text", 3, 2 * n, 77, c->unet.cross_attention_dim, 0);
    return lt_unet(g, &c->unet, latents, shifts, text);
}

lt_graph *model_graph(const model_configs *c, model_part part, int n, int h, int w)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *out = NULL, *ids;
    int f = c->vae.factor;
    switch (part) {
    case MODEL_TEXT:
        ids = lt_input(g, "ids", LT_I32, (lt_shape){.ndim = 2, .dim = {n, 77}});
        out = lt_clip_text(g, &c->clip, ids);
        break;
    case MODEL_TIME:
        out = lt_unet_time(g, &c->unet, input(g, "time", 2, n, c->unet.channels[0], 0, 0));
        break;
    case MODEL_GUIDED:
        out = guided(g, c, n, h, w);
        break;
    case MODEL_ONE_PROMPT:
        out = one_prompt(g, c, n, h, w);
        break;
    case MODEL_DECODE:
        out = lt_vae_decode(g, &c->vae, input(g, "z", 4, n, h, w, c->vae.latent_channels));
        lt_output(g, "rgb", lt_to_rgb(g, out));
        break;
    case MODEL_ENCODE:
        out = lt_vae_encode(g, &c->vae, input(g, "image", 4, n, h * f, w * f, 3));
        break;
    }
    lt_output(g, "out", out);
    CHECK_OK(lt_graph_ok(g, err));
    return g;
}
