/* picture.c - see picture.h. */
#include "cli/picture.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/output.h"
#include "image/font.h"
#include "image/resize.h"
#include "pipeline/init_image.h"
#include "pipeline/noising.h"

/* As --init-image is made to fit, so that views and commands show the same. */
static bool fit(lt_picture *p, const lt_image *full, int factor, lt_error *err)
{
    lt_size size;
    lt_error ignored; /* names --init-image */
    p->full_width = full->width;
    p->full_height = full->height;
    if (!lt_init_image_size(full, (lt_size){0}, factor, &size, &ignored))
        return lt_fail(err, LT_ERR_MODEL, NULL,
                       "it has %dx%d pixels, expected sides of %d to %d for this VAE", full->width,
                       full->height, factor, LT_PARAMS_MAX_SIDE);
    p->width = size.width;
    p->height = size.height;
    p->w = size.width / factor;
    p->h = size.height / factor;
    return lt_image_resize(full, size.width, size.height, LT_LANCZOS, &p->image, err);
}

bool lt_picture_open(const char *path, const lt_vae_config *vae, lt_picture *out, lt_error *err)
{
    lt_image *full = NULL;
    void *memory = NULL;
    *out = (lt_picture){.channels = vae->latent_channels};
    bool ok = lt_png_read(path, &full, NULL, err) &&
              (fit(out, full, vae->factor, err) || lt_fail_in(err, "cannot use '%s'", path));
    lt_image_unref(full);
    if (!ok)
        return false;
    size_t pixels = (size_t)3 * (size_t)out->width * (size_t)out->height;
    size_t latents = (size_t)out->channels * (size_t)out->w * (size_t)out->h;
    if (!lt_try_alloc((pixels + 2 * latents) * sizeof(float), "the picture", &memory, err))
        return false;
    out->pixels = memory;
    out->mean = out->pixels + pixels;
    out->logvar = out->mean + latents;
    lt_image_to_chw(out->image, out->pixels);
    return true;
}

bool lt_picture_encode(const lt_context *c, lt_picture *p, lt_engine *e, lt_tiling tiling,
                       lt_error *err)
{
    lt_encode_options o = {.tiling = tiling};
    if (!lt_encode_check_room(e, (lt_size){p->width, p->height}, &o, err))
        return false;
    if (tiling == LT_TILING_AUTO && lt_engine_tiles(e, p->h, p->w))
        lt_output_note(c, "%s", LT_TILING_NOTE);
    return lt_engine_encode_image(e, p->h, p->w, p->pixels, p->mean, p->logvar, c->progress, err);
}

void lt_picture_done(lt_picture *p)
{
    lt_image_unref(p->image);
    free(p->pixels);
    *p = (lt_picture){0};
}

bool lt_picture_resized(const lt_picture *p)
{
    return p->width != p->full_width || p->height != p->full_height;
}

void lt_picture_say_resized(const lt_context *c, const lt_picture *p, int factor)
{
    if (lt_picture_resized(p))
        lt_output_note(c, "resized %dx%d to %dx%d: sides must be multiples of %d", p->full_width,
                       p->full_height, p->width, p->height, factor);
}

static int caption_scale(int width)
{
    int scale = width / 256;
    return scale < 1 ? 1 : scale > 4 ? 4 : scale;
}

int lt_picture_caption_height(int width)
{
    return (LT_FONT_HEIGHT + 4) * caption_scale(width);
}

bool lt_picture_caption(const lt_image *image, const char *text, lt_image **out, lt_error *err)
{
    lt_caption style = {.scale = caption_scale(image->width),
                        .colour = {255, 255, 255},
                        .background = {32, 32, 32}};
    return lt_font_caption(image, text, &style, out, err);
}

bool lt_picture_write_grid(const char *path, lt_image *const *images, int count, int columns,
                           const lt_png_texts *texts, lt_error *err)
{
    lt_image *grid = NULL;
    lt_grid layout = {.columns = columns, .gap = LT_PICTURE_GAP, .background = {32, 32, 32}};
    bool ok = lt_image_grid((const lt_image *const *)images, count, &layout, &grid, err) &&
              lt_png_write(path, grid, texts, LT_PNG_LEVEL, err);
    lt_image_unref(grid);
    return ok;
}

bool lt_picture_write_row(const char *path, lt_image *const *images, int count, lt_error *err)
{
    return lt_picture_write_grid(path, images, count, count, NULL, err);
}
