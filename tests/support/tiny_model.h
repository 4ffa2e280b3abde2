/*
 * tiny_model.h - writes a complete diffusers directory with random weights.
 *
 * The variants are the folders of tests/data/tiny/: their configs, and in tiny.json the rule of
 * their weights (see detw.h).  Parameter names and shapes are those that lt_unet, lt_vae_* and
 * lt_clip_text ask for; the tokenizer is cut from assets/clip-vit-large-patch14/.  Variant `sd14`
 * has the exact size of Stable Diffusion 1.4: 4.3 GB in float32, half of that in the others.
 * tools/oracle/make_tiny.py writes the same tensors with diffusers' names and shapes.
 */
#pragma once

#include "base/error.h"
#include "tensor/tensor.h"

/* Containers and names that are met in the wild; or'ed. */
enum {
    TINY_LEGACY_ATTENTION = 1, /* the VAE's attention as query, key, value, proj_attn */
    TINY_UNPREFIXED = 2,       /* the text encoder without "text_model." */
    TINY_SHARDED = 4,          /* the UNet in two files with an index */
    TINY_POSITION_IDS = 8,     /* the text encoder with its constant int64 position_ids */
};

typedef struct tiny_model {
    const char *variant; /* "sd1" */
    const char *data;    /* tests/data */
    const char *assets;  /* assets */
    lt_dtype dtype;      /* of the weights: LT_F32, LT_F16 or LT_BF16 */
    unsigned extra;      /* TINY_... */
} tiny_model;

/* Makes `dir` if it is not there.  Fails like the config readers for a variant that latentty
 * refuses. */
bool tiny_model_write(const tiny_model *m, const char *dir, lt_error *err) LT_WARN_UNUSED;
