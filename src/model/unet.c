/*
 * unet.c - eps = unet(x_t, t, c)                Rombach et al. 2022, section 3.3 and figure 3
 *
 * Names and order follow diffusers' UNet2DConditionModel, so a parameter's path here is its path in
 * the checkpoint.  N batch, H W latent height and width, C channels, S = H*W tokens, T text tokens,
 * D text width.
 */
#include "model/unet.h"

#include <math.h>

/* What every block needs to know. */
typedef struct unet {
    lt_graph *g;
    const lt_unet_config *c;
    lt_tensor *shifts; /* of time, of all resnets side by side [N,lt_unet_shifts] */
    int64_t shifted;   /* channels of them that the resnets so far took */
    lt_tensor *text;   /* [N,T,D], or [P,T,D]: a row for several results */
    int64_t results;   /* N */
} unet;

static lt_tensor *norm_silu(const unet *u, const char *name, lt_tensor *x)
{
    lt_tensor *h = lt_group_norm(u->g, name, x, u->c->norm_num_groups, u->c->norm_eps);
    return lt_activation(u->g, LT_SILU, h);
}

/* ---- time ---- */

/* The timesteps' work on its way through the resnets. */
typedef struct clock {
    lt_graph *g;
    lt_tensor *time; /* silu of the time embedding [S,4C0] */
    lt_tensor *all;  /* the shifts so far [S,...]; NULL: none */
} clock;

/* -> [S,out] more */
static void resnet_time(clock *t, int i, int out)
{
    lt_enter(t->g, "resnets.%d", i);
    lt_tensor *shift = lt_linear(t->g, "time_emb_proj", t->time, out, true);
    t->all = t->all ? lt_concat(t->g, t->all, shift) : shift;
    lt_leave(t->g);
}

static void block_time(clock *t, int resnets, int channels)
{
    for (int i = 0; i < resnets; i++)
        resnet_time(t, i, channels);
    lt_leave(t->g);
}

lt_tensor *lt_unet_time(lt_graph *g, const lt_unet_config *c, lt_tensor *time)
{
    int width = 4 * c->channels[0], last = c->levels - 1;
    lt_tensor *x = lt_linear(g, "time_embedding.linear_1", time, width, true); /* [S,4C0] */
    x = lt_linear(g, "time_embedding.linear_2", lt_activation(g, LT_SILU, x), width, true);
    clock t = {.g = g, .time = lt_activation(g, LT_SILU, x)};
    for (int level = 0; level <= last; level++) {
        lt_enter(g, "down_blocks.%d", level);
        block_time(&t, c->layers[level], c->channels[level]);
    }
    if (c->mid_block) {
        lt_enter(g, "mid_block");
        block_time(&t, 2, c->channels[last]);
    }
    for (int level = last; level >= 0; level--) {
        lt_enter(g, "up_blocks.%d", last - level);
        block_time(&t, c->layers[level] + 1, c->channels[level]);
    }
    return t.all;
}

int64_t lt_unet_shifts(const lt_unet_config *c)
{
    int64_t sum = c->mid_block ? 2 * (int64_t)c->channels[c->levels - 1] : 0;
    for (int level = 0; level < c->levels; level++)
        sum += (2 * (int64_t)c->layers[level] + 1) * c->channels[level];
    return sum;
}

/* ---- space ---- */

/* The next resnet's part of the shifts [N,out]. */
static lt_tensor *next_shift(unet *u, int out)
{
    int64_t from = u->shifted;
    u->shifted += out;
    return lt_slice(u->g, u->shifts, from, u->shifted);
}

/* h = conv(silu(norm(x))) + time;  (conv(silu(norm(h))) + skip(x)) / scale.
 * x [N,H,W,C] -> [N,H,W,out] */
static lt_tensor *resnet(unet *u, int i, lt_tensor *x, int out, float scale)
{
    lt_graph *g = u->g;
    lt_enter(g, "resnets.%d", i);
    lt_tensor *h = lt_conv2d(g, "conv1", norm_silu(u, "norm1", x), out, 3);
    h = lt_add(g, h, next_shift(u, out));
    h = lt_conv2d(g, "conv2", norm_silu(u, "norm2", h), out, 3);
    bool widens = x->shape.dim[3] != out;
    x = lt_add(g, h, widens ? lt_conv2d(g, "conv_shortcut", x, out, 1) : x);
    if (scale != 1.0f)
        x = lt_scale(g, x, 1.0f / scale, 0.0f);
    x = lt_tap(g, "out", x);
    lt_leave(g);
    return x;
}

/* Scaled dot-product attention; self-attention when context == x.  x [N,S,C]  context [N,T,D], or
 * a row for several of x (lt_attention) */
static lt_tensor *attention(lt_graph *g, const char *name, lt_tensor *x, lt_tensor *context,
                            int heads)
{
    int width = (int)x->shape.dim[2];
    lt_enter(g, "%s", name);
    lt_tensor *q = lt_linear(g, "to_q", x, width, false);
    lt_tensor *k = lt_linear(g, "to_k", context, width, false);
    lt_tensor *v = lt_linear(g, "to_v", context, width, false);
    x = lt_linear(g, "to_out.0", lt_attention(g, q, k, v, heads, false), width, true);
    lt_leave(g);
    return x;
}

/* The halves of guidance are the same until the text comes in: what was made once, for every
 * result.  x [B,...] -> [N,...], N a multiple of B */
static lt_tensor *for_every_text(const unet *u, lt_tensor *x)
{
    int times = (int)(u->results / x->shape.dim[0]);
    return times > 1 ? lt_repeat(u->g, x, times) : x;
}

/* Self-attention, cross-attention to the prompt, gated feed-forward.  x [B,S,C] -> [N,S,C] */
static lt_tensor *transformer_block(const unet *u, lt_tensor *x, int heads)
{
    lt_graph *g = u->g;
    const float eps = 1e-5f; /* LayerNorm's default in BasicTransformerBlock */
    int width = (int)x->shape.dim[2];
    lt_tensor *h = lt_layer_norm(g, "norm1", x, eps);
    x = for_every_text(u, lt_add(g, attention(g, "attn1", h, h, heads), x));
    x = lt_add(g, attention(g, "attn2", lt_layer_norm(g, "norm2", x, eps), u->text, heads), x);
    h = lt_linear(g, "ff.net.0.proj", lt_layer_norm(g, "norm3", x, eps), 8 * width, true);
    return lt_add(g, lt_linear(g, "ff.net.2", lt_geglu(g, h), width, true), x);
}

/* Into and out of the transformer: a 1x1 convolution or, the same product, a linear layer. */
static lt_tensor *project(const unet *u, const char *name, lt_tensor *x)
{
    int width = (int)x->shape.dim[3];
    return u->c->use_linear_projection ? lt_linear(u->g, name, x, width, true)
                                       : lt_conv2d(u->g, name, x, width, 1);
}

/* Pixels become tokens and back; channels last makes both reshapes free.  x [B,H,W,C] -> [N,H,W,C]
 */
static lt_tensor *transformer(const unet *u, int i, lt_tensor *x, int level)
{
    lt_graph *g = u->g;
    lt_shape image = x->shape;
    lt_shape tokens = {.ndim = 3, .dim = {image.dim[0], image.dim[1] * image.dim[2], image.dim[3]}};
    image.dim[0] = u->results;
    lt_enter(g, "attentions.%d", i);
    lt_tensor *h = lt_group_norm(g, "norm", x, u->c->norm_num_groups, 1e-6f);
    h = lt_reshape(g, project(u, "proj_in", h), tokens); /* [N,S,C] */
    for (int block = 0; block < u->c->depth[level]; block++) {
        lt_enter(g, "transformer_blocks.%d", block);
        h = transformer_block(u, h, u->c->heads[level]);
        lt_leave(g);
    }
    h = project(u, "proj_out", lt_reshape(g, h, image));
    x = lt_add(g, h, for_every_text(u, x));
    x = lt_tap(g, "out", x);
    lt_leave(g);
    return x;
}

/* The skips: every value of the way down, popped on the way up. */
typedef struct stack {
    lt_tensor *at[LT_UNET_LEVELS * LT_UNET_LAYERS + 1];
    int count;
} stack;

static lt_tensor *push(stack *s, lt_tensor *x)
{
    return s->at[s->count++] = x;
}

static lt_tensor *down(unet *u, int level, lt_tensor *x, stack *skips)
{
    const lt_unet_config *c = u->c;
    lt_enter(u->g, "down_blocks.%d", level);
    for (int i = 0; i < c->layers[level]; i++) {
        x = resnet(u, i, x, c->channels[level], 1.0f);
        if (c->down_attends[level])
            x = transformer(u, i, x, level);
        push(skips, x);
    }
    if (level < c->levels - 1) {
        lt_enter(u->g, "downsamplers.0");
        x = lt_conv2d_down(u->g, "conv", x, c->channels[level], c->asymmetric_downsample);
        push(skips, lt_tap(u->g, "out", x));
        lt_leave(u->g);
    }
    lt_leave(u->g);
    return x;
}

static lt_tensor *middle(unet *u, lt_tensor *x)
{
    const lt_unet_config *c = u->c;
    int level = c->levels - 1;
    lt_enter(u->g, "mid_block");
    x = resnet(u, 0, x, c->channels[level], c->mid_block_scale_factor);
    x = transformer(u, 0, x, level);
    x = resnet(u, 1, x, c->channels[level], c->mid_block_scale_factor);
    lt_leave(u->g);
    return x;
}

static lt_tensor *up(unet *u, int level, lt_tensor *x, stack *skips)
{
    const lt_unet_config *c = u->c;
    lt_enter(u->g, "up_blocks.%d", c->levels - 1 - level);
    for (int i = 0; i < c->layers[level] + 1; i++) {
        lt_tensor *skip = skips->at[--skips->count];
        if (skip->shape.dim[0] < x->shape.dim[0])
            skip = for_every_text(u, skip);
        x = resnet(u, i, lt_concat(u->g, x, skip), c->channels[level], 1.0f);
        if (c->up_attends[level])
            x = transformer(u, i, x, level);
    }
    if (level > 0) { /* to the size of the next skip: twice this one, or twice less one */
        const lt_shape *next = &skips->at[skips->count - 1]->shape;
        lt_enter(u->g, "upsamplers.0");
        x = lt_resize(u->g, x, next->dim[1], next->dim[2]);
        x = lt_tap(u->g, "out", lt_conv2d(u->g, "conv", x, c->channels[level], 3));
        lt_leave(u->g);
    }
    lt_leave(u->g);
    return x;
}

static lt_tensor *record(unet *u, lt_tensor *latents)
{
    stack skips = {.count = 0};
    lt_graph *g = u->g;
    const lt_unet_config *c = u->c;
    lt_tensor *x = c->center_input_sample ? lt_scale(g, latents, 2.0f, -1.0f) : latents;
    x = push(&skips, lt_conv2d(g, "conv_in", x, c->channels[0], 3)); /* [N,H,W,C0] */
    for (int level = 0; level < c->levels; level++)
        x = down(u, level, x, &skips);
    if (c->mid_block)
        x = middle(u, x);
    for (int level = c->levels - 1; level >= 0; level--)
        x = up(u, level, x, &skips);
    x = lt_conv2d(g, "conv_out", norm_silu(u, "conv_norm_out", x), c->out_channels, 3);
    return for_every_text(u, x); /* a UNet without attention has not met the text */
}

lt_tensor *lt_unet(lt_graph *g, const lt_unet_config *c, lt_tensor *latents, lt_tensor *shifts,
                   lt_tensor *text)
{
    unet u = {.g = g, .c = c, .shifts = shifts, .text = text, .results = text->shape.dim[0]};
    return record(&u, latents);
}

lt_tensor *lt_unet_of_one(lt_graph *g, const lt_unet_config *c, lt_tensor *latents,
                          lt_tensor *shifts, lt_tensor *text)
{
    unet u = {.g = g,
              .c = c,
              .shifts = shifts,
              .text = text,
              .results = text->shape.dim[0] * latents->shape.dim[0]};
    return record(&u, latents);
}

void lt_unet_level(const lt_unet_config *c, int level, int *h, int *w)
{
    int odd = c->asymmetric_downsample ? 0 : 1; /* one side more: a last odd row is kept */
    for (int i = 0; i < level; i++) {
        *h = (*h + odd) / 2;
        *w = (*w + odd) / 2;
    }
}

void lt_timestep_embedding(const lt_unet_config *c, float timestep, float *out)
{
    int half = c->channels[0] / 2;
    float *sines = c->flip_sin_to_cos ? out + half : out;
    float *cosines = c->flip_sin_to_cos ? out : out + half;
    for (int i = 0; i < half; i++) {
        /* One ulp of the frequency at t = 999 is 6e-5 in the angle, so the exponent must be rounded
         * where torch rounds it. */
        float exponent = -9.210340371976184f * (float)i / ((float)half - c->freq_shift);
        float angle = timestep * (float)exp((double)exponent);
        sines[i] = (float)sin((double)angle);
        cosines[i] = (float)cos((double)angle);
    }
}
