/*
 * picture.h - a picture from a file, as the VAE takes it.
 */
#pragma once

#include "cli/command.h"
#include "image/image.h"
#include "image/png.h"
#include "pipeline/engine.h"
#include "pipeline/vae_tiles.h"

/* h w: latents; width, height: pixels, multiples of the VAE's factor. */
typedef struct lt_picture {
    lt_image *image; /* owned: resized to whole latents where it has others (lt_init_image_size) */
    int width, height, h, w, channels;
    int full_width, full_height; /* of the file */
    float *pixels;               /* owned [3,H,W], -1..1 */
    float *mean, *logvar;        /* owned [C,h,w], before scaling; inside pixels' memory */
} lt_picture;

/* Reads a PNG; the picture's other half, its latents, is filled by lt_picture_encode.  Release *out
 * with lt_picture_done in both cases. */
bool lt_picture_open(const char *path, const lt_vae_config *vae, lt_picture *out,
                     lt_error *err) LT_WARN_UNUSED;
/* How the VAE goes about it is also how the engine decodes from then on; says what auto chose. */
bool lt_picture_encode(const lt_context *c, lt_picture *p, lt_engine *e, lt_tiling tiling,
                       lt_error *err) LT_WARN_UNUSED;
void lt_picture_done(lt_picture *p); /* {0} is fine */

bool lt_picture_resized(const lt_picture *p);
/* Says so, if it was. */
void lt_picture_say_resized(const lt_context *c, const lt_picture *p, int factor);

enum { LT_PICTURE_GAP = 2 }; /* pixels between pictures of a row or grid */

/* Pixels that a caption adds to a picture of that width. */
int lt_picture_caption_height(int width);
/* A copy with a line of text below it. */
bool lt_picture_caption(const lt_image *image, const char *text, lt_image **out,
                        lt_error *err) LT_WARN_UNUSED;
/* `count` pictures row by row, written to path; texts may be NULL. */
bool lt_picture_write_grid(const char *path, lt_image *const *images, int count, int columns,
                           const lt_png_texts *texts, lt_error *err) LT_WARN_UNUSED;
/* All of them in one row. */
bool lt_picture_write_row(const char *path, lt_image *const *images, int count,
                          lt_error *err) LT_WARN_UNUSED;
