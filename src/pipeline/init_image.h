/*
 * init_image.h - the picture that an image-to-image run begins with.
 *
 * Source: VaeImageProcessor.preprocess and StableDiffusionImg2ImgPipeline.prepare_latents of
 * diffusers.
 */
#pragma once

#include <stdint.h>

#include "image/image.h"
#include "pipeline/params.h"

typedef struct lt_init_image {
    lt_image *image; /* owned, as the file has it; NULL: none */
    uint64_t hash;   /* of its size and pixels, by which it is known again; 0: none */
} lt_init_image;

/* Reads a PNG file; nothing where path is NULL.  LT_ERR_IO, LT_ERR_FORMAT. */
bool lt_init_image_read(const char *path, lt_init_image *out, lt_error *err) LT_WARN_UNUSED;
void lt_init_image_done(lt_init_image *i); /* {0} is fine */

/* Size and pixels as one number that is not 0. */
uint64_t lt_init_image_hash(const lt_image *image);

/* Pixels of the run: `given`, else the picture's own sides, each rounded down to a multiple of
 * `factor`; LT_ERR_ARGUMENT where nothing is left of it or it is above LT_PARAMS_MAX_SIDE. */
bool lt_init_image_size(const lt_image *image, lt_size given, int factor, lt_size *out,
                        lt_error *err) LT_WARN_UNUSED;

/* As the VAE takes it: resized with LT_LANCZOS where it has another size, pixels [3,H,W] in -1..1.
 * LT_ERR_MEMORY. */
bool lt_init_image_pixels(const lt_image *image, int width, int height, float *pixels,
                          lt_error *err) LT_WARN_UNUSED;

/* out [n] = scale (mean + exp(logvar / 2) noise): a sample of the posterior, as the sampler holds
 * latents. */
void lt_init_image_sample(const float *mean, const float *logvar, const float *noise, float scale,
                          size_t n, float *out);
