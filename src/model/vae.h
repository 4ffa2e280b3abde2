/*
 * vae.h - the autoencoder between pixels and latents: AutoencoderKL of diffusers (Rombach et al.
 * 2022, section 3.1).  A patch of factor x factor pixels <-> one latent of latent_channels numbers.
 */
#pragma once

#include "base/error.h"
#include "tensor/graph.h"

enum { LT_VAE_LEVELS = 8 };

typedef struct lt_vae_config {
    int levels;                  /* 1..LT_VAE_LEVELS */
    int channels[LT_VAE_LEVELS]; /* block_out_channels; index 0 is the highest resolution */
    int layers_per_block;        /* of the encoder; the decoder has one more */
    int latent_channels;
    int norm_num_groups;
    float scaling_factor; /* latents = encoding * scaling_factor; 0.18215 in SD 1.x */
    int sample_size;      /* pixels a side that the model was trained for */
    int factor;           /* 2^(levels-1): pixels a latent, along each side */
} lt_vae_config;

/* Reads DIR/config.json. */
bool lt_vae_config_read(const char *dir, lt_vae_config *out, lt_error *err) LT_WARN_UNUSED;

/* z [N,h,w,latent_channels], already divided by scaling_factor -> image [N,h*f,w*f,3], about -1..1,
 * not clamped. */
lt_tensor *lt_vae_decode(lt_graph *g, const lt_vae_config *c, lt_tensor *z);

/* image [N,H,W,3] in -1..1, H and W multiples of factor -> moments [N,H/f,W/f,2*latent_channels]:
 * the mean, then the log variance (not clamped to diffusers' -30..20).  Latents are mean *
 * scaling_factor. */
lt_tensor *lt_vae_encode(lt_graph *g, const lt_vae_config *c, lt_tensor *image);
