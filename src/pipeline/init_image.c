/* init_image.c - see init_image.h. */
#include "pipeline/init_image.h"

#include <math.h>

#include "base/hash.h"
#include "image/png.h"
#include "image/resize.h"

uint64_t lt_init_image_hash(const lt_image *image)
{
    const uint64_t parts[] = {(uint64_t)image->width, (uint64_t)image->height,
                              lt_hash_bytes(image->rgb, lt_image_bytes(image))};
    uint64_t hash = lt_hash_bytes(parts, sizeof parts);
    return hash ? hash : 1;
}

bool lt_init_image_read(const char *path, lt_init_image *out, lt_error *err)
{
    *out = (lt_init_image){0};
    if (!path)
        return true;
    if (!lt_png_read(path, &out->image, NULL, err))
        return lt_fail_in(err, "--init-image");
    out->hash = lt_init_image_hash(out->image);
    return true;
}

void lt_init_image_done(lt_init_image *i)
{
    lt_image_unref(i->image);
    *i = (lt_init_image){0};
}

bool lt_init_image_size(const lt_image *image, lt_size given, int factor, lt_size *out,
                        lt_error *err)
{
    int width = image->width / factor * factor, height = image->height / factor * factor;
    *out = given.width ? given : (lt_size){width, height};
    if (out->width && out->height && out->width <= LT_PARAMS_MAX_SIDE &&
        out->height <= LT_PARAMS_MAX_SIDE)
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, "--size 512x512 resizes it",
                   "--init-image has %dx%d pixels, expected sides of %d to %d", image->width,
                   image->height, factor, LT_PARAMS_MAX_SIDE);
}

bool lt_init_image_pixels(const lt_image *image, int width, int height, float *pixels,
                          lt_error *err)
{
    lt_image *fitting;
    if (image->width == width && image->height == height) {
        lt_image_to_chw(image, pixels);
        return true;
    }
    if (!lt_image_resize(image, width, height, LT_LANCZOS, &fitting, err))
        return false;
    lt_image_to_chw(fitting, pixels);
    lt_image_unref(fitting);
    return true;
}

void lt_init_image_sample(const float *mean, const float *logvar, const float *noise, float scale,
                          size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = scale * (mean[i] + expf(0.5f * logvar[i]) * noise[i]);
}
