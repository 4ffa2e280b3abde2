/* image.c - pictures: making, cutting, joining, floats; see image.h. */
#include "image/image.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"

bool lt_image_size_ok(int width, int height)
{
    return width >= 1 && height >= 1 && width <= LT_IMAGE_MAX_SIDE && height <= LT_IMAGE_MAX_SIDE &&
           (int64_t)width * height <= LT_IMAGE_MAX_PIXELS;
}

bool lt_image_new(int width, int height, lt_image **out, lt_error *err)
{
    void *pixels;
    if (!lt_image_size_ok(width, height))
        return lt_fail(err, LT_ERR_ARGUMENT, "a smaller size",
                       "a picture of %dx%d pixels: expected 1 to %d a side and at most %d in all",
                       width, height, LT_IMAGE_MAX_SIDE, LT_IMAGE_MAX_PIXELS);
    if (!lt_try_alloc((size_t)width * (size_t)height * 3, "a picture", &pixels, err))
        return false;
    lt_image *image = lt_alloc(sizeof *image);
    image->width = width;
    image->height = height;
    image->rgb = pixels;
    atomic_init(&image->refs, 1);
    *out = image;
    return true;
}

lt_image *lt_image_ref(lt_image *image)
{
    int before = atomic_fetch_add_explicit(&image->refs, 1, memory_order_relaxed);
    LT_ASSERT(before > 0);
    return image;
}

void lt_image_unref(lt_image *image)
{
    if (!image || atomic_fetch_sub_explicit(&image->refs, 1, memory_order_acq_rel) != 1)
        return;
    free(image->rgb);
    free(image);
}

size_t lt_image_bytes(const lt_image *image)
{
    return (size_t)image->width * (size_t)image->height * 3;
}

static unsigned char *pixel(const lt_image *image, int x, int y)
{
    return image->rgb + ((size_t)y * (size_t)image->width + (size_t)x) * 3;
}

lt_rect lt_rect_centre(int width, int height, int aspect_width, int aspect_height)
{
    int64_t w = width, h = height;
    LT_ASSERT(width >= 1 && height >= 1 && aspect_width >= 1 && aspect_height >= 1);
    if (w * aspect_height > h * aspect_width)
        w = h * aspect_width / aspect_height;
    else
        h = w * aspect_height / aspect_width;
    w = w ? w : 1;
    h = h ? h : 1;
    return (lt_rect){(int)(width - w) / 2, (int)(height - h) / 2, (int)w, (int)h};
}

bool lt_image_crop(const lt_image *image, lt_rect part, lt_image **out, lt_error *err)
{
    lt_image *copy;
    if (part.x < 0 || part.y < 0 || part.width < 1 || part.height < 1 ||
        part.width > image->width - part.x || part.height > image->height - part.y)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "cannot cut %dx%d pixels at (%d,%d) out of a picture of %dx%d", part.width,
                       part.height, part.x, part.y, image->width, image->height);
    if (!lt_image_new(part.width, part.height, &copy, err))
        return false;
    for (int y = 0; y < part.height; y++)
        memcpy(pixel(copy, 0, y), pixel(image, part.x, part.y + y), (size_t)part.width * 3);
    *out = copy;
    return true;
}

/* The part of [at, at + length) that lies in [0, limit); empty if *to <= *from. */
static void clip(int at, int length, int limit, int *from, int *to)
{
    int64_t end = (int64_t)at + length;
    *from = at > 0 ? at : 0;
    *to = end < limit ? (int)(end > 0 ? end : 0) : limit;
}

static bool is_ours(lt_image *image)
{
    return atomic_load_explicit(&image->refs, memory_order_relaxed) == 1;
}

void lt_image_fill(lt_image *to, lt_rect part, lt_rgb colour)
{
    int x0, x1, y0, y1;
    LT_ASSERT(is_ours(to));
    clip(part.x, part.width, to->width, &x0, &x1);
    clip(part.y, part.height, to->height, &y0, &y1);
    for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
            unsigned char *p = pixel(to, x, y);
            p[0] = colour.r;
            p[1] = colour.g;
            p[2] = colour.b;
        }
    }
}

void lt_image_place(lt_image *to, const lt_image *from, int x, int y)
{
    int x0, x1, y0, y1;
    LT_ASSERT(is_ours(to));
    clip(x, from->width, to->width, &x0, &x1);
    clip(y, from->height, to->height, &y0, &y1);
    for (int row = y0; row < y1 && x0 < x1; row++)
        memcpy(pixel(to, x0, row), pixel(from, x0 - x, row - y), (size_t)(x1 - x0) * 3);
}

enum { MAX_GAP = 1024 };

/* Where each column or row begins, and the size of the whole in *total (saturated). */
static void lay_out(const int *sizes, int n, int gap, int *starts, int *total)
{
    int64_t at = 0;
    for (int i = 0; i < n; i++) {
        starts[i] = (int)at;
        at += sizes[i] + (i + 1 < n ? gap : 0);
        at = at < INT32_MAX ? at : INT32_MAX;
    }
    *total = (int)at;
}

static void measure(const lt_image *const *images, int count, int columns, int *widths,
                    int *heights)
{
    for (int i = 0; i < count; i++) {
        int *w = &widths[i % columns], *h = &heights[i / columns];
        if (!images[i])
            continue;
        *w = images[i]->width > *w ? images[i]->width : *w;
        *h = images[i]->height > *h ? images[i]->height : *h;
    }
}

bool lt_image_grid(const lt_image *const *images, int count, const lt_grid *layout, lt_image **out,
                   lt_error *err)
{
    lt_image *whole = NULL;
    int width, height;
    if (count < 1 || layout->columns < 1 || layout->gap < 0 || layout->gap > MAX_GAP)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "cannot lay out %d pictures in %d columns with gaps of %d pixels", count,
                       layout->columns, layout->gap);
    int columns = layout->columns < count ? layout->columns : count;
    int rows = (count - 1) / columns + 1;
    int *sizes = lt_alloc_array(2 * ((size_t)columns + (size_t)rows), sizeof *sizes);
    int *xs = sizes + columns + rows, *ys = xs + columns;
    measure(images, count, columns, sizes, sizes + columns);
    lay_out(sizes, columns, layout->gap, xs, &width);
    lay_out(sizes + columns, rows, layout->gap, ys, &height);
    bool ok = lt_image_new(width, height, &whole, err);
    if (ok) {
        lt_image_fill(whole, (lt_rect){0, 0, width, height}, layout->background);
        for (int i = 0; i < count; i++)
            if (images[i])
                lt_image_place(whole, images[i], xs[i % columns], ys[i / columns]);
        *out = whole;
    }
    free(sizes);
    return ok;
}

/* Comparisons with NaN are false, so NaN takes the first branch. */
static unsigned char to_byte(float x)
{
    float v = x * 0.5f + 0.5f;
    if (!(v > 0.0f))
        return 0;
    return v < 1.0f ? (unsigned char)lrintf(v * 255.0f) : 255;
}

static float from_byte(unsigned char v)
{
    return 2.0f * ((float)v / 255.0f) - 1.0f;
}

bool lt_image_from_chw(const float *chw, int width, int height, lt_image **out, lt_error *err)
{
    lt_image *image;
    if (!lt_image_new(width, height, &image, err))
        return false;
    size_t n = lt_image_bytes(image) / 3;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 3; c++)
            image->rgb[i * 3 + c] = to_byte(chw[c * n + i]);
    *out = image;
    return true;
}

bool lt_image_from_hwc(const float *hwc, int width, int height, lt_image **out, lt_error *err)
{
    lt_image *image;
    if (!lt_image_new(width, height, &image, err))
        return false;
    for (size_t i = 0, n = lt_image_bytes(image); i < n; i++)
        image->rgb[i] = to_byte(hwc[i]);
    *out = image;
    return true;
}

void lt_image_to_chw(const lt_image *image, float *chw)
{
    size_t n = lt_image_bytes(image) / 3;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 3; c++)
            chw[c * n + i] = from_byte(image->rgb[i * 3 + c]);
}

void lt_image_to_hwc(const lt_image *image, float *hwc)
{
    for (size_t i = 0, n = lt_image_bytes(image); i < n; i++)
        hwc[i] = from_byte(image->rgb[i]);
}
