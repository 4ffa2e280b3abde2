/*
 * unet.h - the noise predictor: UNet2DConditionModel of diffusers (Rombach et al. 2022,
 * section 3.3).
 *
 * Covers Stable Diffusion 1.x and 2.x, SD-Turbo and the BK-SDM distillations: everything that
 * differs between them is in config.json.  A config that asks for more is refused by naming the
 * key.
 */
#pragma once

#include "base/error.h"
#include "tensor/graph.h"

enum { LT_UNET_LEVELS = 8, LT_UNET_LAYERS = 16 };

/* Index 0 is the level of the highest resolution.  Names are diffusers' where they are clear. */
typedef struct lt_unet_config {
    int levels;                        /* 1..LT_UNET_LEVELS */
    int channels[LT_UNET_LEVELS];      /* block_out_channels */
    bool down_attends[LT_UNET_LEVELS]; /* CrossAttnDownBlock2D, else DownBlock2D */
    bool up_attends[LT_UNET_LEVELS]; /* by level, not by up block: up block i is level levels-1-i */
    int layers[LT_UNET_LEVELS];      /* layers_per_block; up blocks have one more */
    int depth[LT_UNET_LEVELS];       /* transformer_layers_per_block */
    int heads[LT_UNET_LEVELS];       /* the key attention_head_dim, which holds head COUNTS */
    int in_channels, out_channels;   /* 4 and 4 */
    int cross_attention_dim;         /* width D of the text states */
    int norm_num_groups;
    float norm_eps;               /* of resnets and the last norm; transformers use 1e-6 */
    bool mid_block;               /* UNetMidBlock2DCrossAttn, or none (BK-SDM-Tiny) */
    float mid_block_scale_factor; /* divides the mid resnets' sums */
    bool use_linear_projection;   /* proj_in and proj_out stored as [C,C], else [C,C,1,1] */
    bool flip_sin_to_cos;         /* time embedding is [cos | sin], else [sin | cos] */
    float freq_shift;
    bool asymmetric_downsample; /* downsample_padding 0: pad right and bottom by one */
    bool center_input_sample;   /* 2x - 1 first */
    int sample_size;            /* latent side that the model was trained for */
} lt_unet_config;

/* Reads DIR/config.json. */
bool lt_unet_config_read(const char *dir, lt_unet_config *out, lt_error *err) LT_WARN_UNUSED;

/*
 * Records what the UNet does with the timesteps alone, so that all steps of a run need it once: the
 * time embedding and, of it, the shift of every resnet (its time_emb_proj), side by side in the
 * order in which lt_unet meets them.
 *   time [S,channels[0]]   sinusoids, see lt_timestep_embedding
 * Returns the shifts [S,lt_unet_shifts].
 */
lt_tensor *lt_unet_time(lt_graph *g, const lt_unet_config *c, lt_tensor *time);
int64_t lt_unet_shifts(const lt_unet_config *c); /* numbers of a timestep */

/*
 * Records the rest of the UNet.
 *   latents [B,H,W,in_channels]   scaled by the scheduler (scale_model_input)
 *   shifts  [B,lt_unet_shifts]    of the timesteps, from lt_unet_time; or one row
 *   text    [N,T,D]               hidden states of the prompts
 * N is a multiple of B: texts n, n + B, n + 2B, ... belong to latents n, as those of both halves of
 * guidance do, and what comes before the first text is computed once for them; shifts then have
 * one row.
 * Returns the prediction [N,H,W,out_channels].  H and W are any size >= 1: where a side does not
 * halve evenly the way up is resized to the skip's size, as diffusers does. Offers taps
 * "<block>.out" for every resnet, attention, downsampler and upsampler, and
 * "<attention>.map" for every attention.
 */
lt_tensor *lt_unet(lt_graph *g, const lt_unet_config *c, lt_tensor *latents, lt_tensor *shifts,
                   lt_tensor *text);

/* The height and width of a level's values for latents h x w. */
void lt_unet_level(const lt_unet_config *c, int level, int *h, int *w);

/* The same for latents that all have one prompt: text [P,T,D], one row for each half of guidance.
 * Its keys and values are made once for all of them; the results, halves first, are the same as
 * those of lt_unet with that row for every latent. */
lt_tensor *lt_unet_of_one(lt_graph *g, const lt_unet_config *c, lt_tensor *latents,
                          lt_tensor *shifts, lt_tensor *text);

/* The sinusoid of a timestep, which may be fractional: out[width], width even.
 * Source: get_timestep_embedding of diffusers, in float32 as torch evaluates it. */
void lt_timestep_embedding(const lt_unet_config *c, float timestep, float *out);
