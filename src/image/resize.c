/* resize.c - see resize.h. */
#include "image/resize.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

enum { PRECISION = 22 }; /* fractional bits of a weight: 8 bits of colour and 2 of room are left */

static double box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static double triangle(double x)
{
    return fabs(x) < 1.0 ? 1.0 - fabs(x) : 0.0;
}

static double sinc(double x)
{
    const double pi = 3.14159265358979323846;
    return x == 0.0 ? 1.0 : sin(x * pi) / (x * pi);
}

static double lanczos(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

static const struct {
    double (*weight)(double x);
    double support; /* half the width, in source pixels at scale 1 */
} filters[] = {
    [LT_BOX] = {box, 0.5}, [LT_BILINEAR] = {triangle, 1.0}, [LT_LANCZOS] = {lanczos, 3.0}};

/* One side: target pixel i is the sum over k < count[i] of weights[i * most + k] * source[first[i]
 * + k]. */
typedef struct side {
    int most;
    int *first, *count;
    int32_t *weights;
} side;

static void side_done(side *s)
{
    free(s->first);
    free(s->count);
    free(s->weights);
}

static int32_t fixed(double w)
{
    return (int32_t)(w * (1 << PRECISION) + (w < 0 ? -0.5 : 0.5));
}

static bool side_make(int from, int to, lt_filter filter, side *out, lt_error *err)
{
    double scale = (double)from / to, stretch = scale < 1.0 ? 1.0 : scale;
    double support = filters[filter].support * stretch;
    int most = (int)ceil(support) * 2 + 1;
    void *weights;
    if (!lt_try_alloc((size_t)to * (size_t)most * sizeof(int32_t), "resizing", &weights, err))
        return false;
    *out = (side){most, lt_alloc_array((size_t)to, sizeof(int)),
                  lt_alloc_array((size_t)to, sizeof(int)), weights};
    double *w = lt_alloc_array((size_t)most, sizeof *w);
    for (int i = 0; i < to; i++) {
        double centre = (i + 0.5) * scale, sum = 0.0;
        int first = (int)(centre - support + 0.5), end = (int)(centre + support + 0.5);
        first = first > 0 ? first : 0;
        end = end < from ? end : from;
        for (int k = 0; k < end - first; k++)
            sum += w[k] = filters[filter].weight((k + first - centre + 0.5) * (1.0 / stretch));
        for (int k = 0; k < end - first; k++)
            out->weights[(size_t)i * (size_t)most + (size_t)k] =
                fixed(sum != 0.0 ? w[k] * (1.0 / sum) : w[k]);
        out->first[i] = first;
        out->count[i] = end - first;
    }
    free(w);
    return true;
}

/* A sum of three channels over `count` pixels that lie `stride` bytes apart. */
static void weigh(const unsigned char *from, size_t stride, const int32_t *w, int count,
                  unsigned char *to)
{
    int32_t sum[3] = {1 << (PRECISION - 1), 1 << (PRECISION - 1), 1 << (PRECISION - 1)};
    for (int k = 0; k < count; k++, from += stride)
        for (int c = 0; c < 3; c++)
            sum[c] += from[c] * w[k];
    for (int c = 0; c < 3; c++) {
        int32_t v = sum[c] < 0 ? 0 : sum[c] >> PRECISION;
        to[c] = (unsigned char)(v < 255 ? v : 255);
    }
}

static void apply_rows(const lt_image *from, const side *s, lt_image *to)
{
    for (int y = 0; y < to->height; y++) {
        const unsigned char *row = from->rgb + (size_t)y * (size_t)from->width * 3;
        unsigned char *out = to->rgb + (size_t)y * (size_t)to->width * 3;
        for (int x = 0; x < to->width; x++)
            weigh(row + (size_t)s->first[x] * 3, 3, s->weights + (size_t)x * (size_t)s->most,
                  s->count[x], out + (size_t)x * 3);
    }
}

static void apply_columns(const lt_image *from, const side *s, lt_image *to)
{
    size_t stride = (size_t)from->width * 3;
    for (int y = 0; y < to->height; y++) {
        const unsigned char *rows = from->rgb + (size_t)s->first[y] * stride;
        const int32_t *w = s->weights + (size_t)y * (size_t)s->most;
        for (size_t x = 0; x < stride; x += 3)
            weigh(rows + x, stride, w, s->count[y], to->rgb + (size_t)y * stride + x);
    }
}

/* One pass: a picture of width x height, of which one side equals from's. */
static bool pass(const lt_image *from, int width, int height, lt_filter filter, lt_image **out,
                 lt_error *err)
{
    bool rows = width != from->width;
    lt_image *to = NULL;
    side s = {0};
    bool ok = lt_image_new(width, height, &to, err) &&
              side_make(rows ? from->width : from->height, rows ? width : height, filter, &s, err);
    if (ok) {
        (rows ? apply_rows : apply_columns)(from, &s, to);
        *out = to;
    } else {
        lt_image_unref(to);
    }
    side_done(&s);
    return ok;
}

static int nearest(int i, int from, int to)
{
    return (int)((2 * (int64_t)i + 1) * from / (2 * (int64_t)to));
}

static bool resize_nearest(const lt_image *from, int width, int height, lt_image **out,
                           lt_error *err)
{
    lt_image *to;
    if (!lt_image_new(width, height, &to, err))
        return false;
    unsigned char *p = to->rgb;
    for (int y = 0; y < height; y++) {
        const unsigned char *row =
            from->rgb + (size_t)nearest(y, from->height, height) * (size_t)from->width * 3;
        for (int x = 0; x < width; x++, p += 3)
            for (int c = 0; c < 3; c++)
                p[c] = row[nearest(x, from->width, width) * 3 + c];
    }
    *out = to;
    return true;
}

bool lt_image_resize(const lt_image *image, int width, int height, lt_filter filter, lt_image **out,
                     lt_error *err)
{
    lt_image *between = NULL;
    if (width == image->width && height == image->height)
        return lt_image_crop(image, (lt_rect){0, 0, width, height}, out, err);
    if (filter == LT_NEAREST || !lt_image_size_ok(width, height))
        return resize_nearest(image, width, height, out, err);
    if (width == image->width || height == image->height)
        return pass(image, width, height, filter, out, err);
    int less = image->height - height; /* the side that sheds more goes first; Pillow's rule */
    bool columns = less > 0 && less > 2 * (image->width - width);
    bool ok = pass(image, columns ? image->width : width, columns ? height : image->height, filter,
                   &between, err) &&
              pass(between, width, height, filter, out, err);
    lt_image_unref(between);
    return ok;
}
