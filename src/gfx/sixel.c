/* sixel.c - see sixel.h. */
#include "gfx/sixel.h"

#include <sixel.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BAND = 6 };

static int write_bytes(char *data, int size, void *to)
{
    lt_buf_add(to, data, (size_t)size);
    return size;
}

/* The colours that are used, in order, at least two as libsixel wants; new_of[old index]. */
static int compact(const lt_indexed *p, unsigned char rgb[256][3], unsigned char new_of[256])
{
    size_t n = (size_t)p->width * (size_t)p->height;
    bool used[256] = {false};
    int count = 0;
    for (size_t i = 0; i < n; i++)
        used[p->indices[i]] = true;
    for (int i = 0; i < p->palette->count; i++)
        if (used[i]) {
            memcpy(rgb[count], p->palette->rgb[i], 3);
            new_of[i] = (unsigned char)count++;
        }
    if (count == 1)
        memcpy(rgb[count++], rgb[0], 3);
    return count;
}

/* Pixels after enlarging, before padding. */
typedef struct extent {
    int width, height;
} extent;

static extent extent_of(const lt_indexed *p)
{
    return (extent){p->full_width > 0 ? p->full_width : p->width * p->times,
                    p->full_height > 0 ? p->full_height : p->height * p->times};
}

static void enlarge_row(const unsigned char *row, int times, const unsigned char new_of[256],
                        unsigned char *out, int width)
{
    if (times == 1)
        for (int x = 0; x < width; x++)
            out[x] = new_of[row[x]];
    else
        for (int x = 0; x < width; x += times)
            memset(out + x, new_of[row[x / times]],
                   (size_t)(times < width - x ? times : width - x));
}

/* out [height, width], the rows below the picture repeat its last. */
static void enlarge(const lt_indexed *p, const unsigned char new_of[256], int height,
                    unsigned char *out)
{
    extent e = extent_of(p);
    size_t width = (size_t)e.width;
    for (int y = 0; y < height; y++, out += width)
        if (y > 0 && (y % p->times || y >= e.height))
            memcpy(out, out - width, width);
        else
            enlarge_row(p->indices + (size_t)(y / p->times) * (size_t)p->width, p->times, new_of,
                        out, e.width);
}

static bool check(SIXELSTATUS status, lt_error *err)
{
    if (SIXEL_SUCCEEDED(status))
        return true;
    return lt_fail(err, status == SIXEL_BAD_ALLOCATION ? LT_ERR_MEMORY : LT_ERR_DEVICE, NULL,
                   "libsixel failed: %s", sixel_helper_format_error(status));
}

static bool encode(unsigned char *pixels, int width, int height, unsigned char rgb[256][3],
                   int count, lt_buf *out, lt_error *err)
{
    sixel_output_t *output = NULL;
    sixel_dither_t *dither = NULL;
    bool ok = check(sixel_output_new(&output, write_bytes, out, NULL), err) &&
              check(sixel_dither_new(&dither, count, NULL), err);
    if (ok) {
        sixel_output_set_skip_dcs_envelope(output, 1);
        sixel_output_set_encode_policy(output, SIXEL_ENCODEPOLICY_FAST);
        sixel_dither_set_palette(dither, &rgb[0][0]);
        sixel_dither_set_pixelformat(dither, SIXEL_PIXELFORMAT_PAL8);
        ok = check(sixel_encode(pixels, width, height, 1, dither, output), err);
    }
    if (dither)
        sixel_dither_unref(dither);
    if (output)
        sixel_output_unref(output);
    return ok;
}

bool lt_sixel_encode(const lt_indexed *picture, lt_buf *out, lt_error *err)
{
    unsigned char rgb[256][3] = {{0}}, new_of[256] = {0};
    extent e = extent_of(picture);
    int width = e.width, height = (e.height + BAND - 1) / BAND * BAND;
    void *pixels;
    if (!lt_try_alloc((size_t)width * (size_t)height, "a picture of sixels", &pixels, err))
        return false;
    int count = compact(picture, rgb, new_of);
    enlarge(picture, new_of, height, pixels);
    lt_buf_str(out, "\033P0;0;0");
    bool ok = encode(pixels, width, height, rgb, count, out, err);
    lt_buf_str(out, "\033\\");
    free(pixels);
    return ok;
}
