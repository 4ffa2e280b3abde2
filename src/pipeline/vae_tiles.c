/* vae_tiles.c - see vae_tiles.h. */
#include "pipeline/vae_tiles.h"

#include <string.h>

static const char *const names[] = {
    [LT_TILING_AUTO] = "auto", [LT_TILING_ON] = "on", [LT_TILING_OFF] = "off"};

bool lt_tiling_parse(const char *text, lt_tiling *out, lt_error *err)
{
    *out = LT_TILING_AUTO;
    for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (lt_tiling)i;
            return true;
        }
    return !text || lt_fail(err, LT_ERR_ARGUMENT, NULL,
                            "--vae-tiling is '%s', expected auto, on or off", text);
}

const char *lt_tiling_name(lt_tiling t)
{
    return names[t];
}

static bool quartered(const lt_vae_config *c)
{
    return c->sample_size % (4 * c->factor) == 0;
}

bool lt_vae_tiles_check(const lt_vae_config *c, lt_error *err)
{
    return quartered(c) ||
           lt_fail(err, LT_ERR_ARGUMENT, "--vae-tiling off",
                   "this VAE has no tiles: its sample_size is %d, expected a multiple of %d",
                   c->sample_size, 4 * c->factor);
}

bool lt_vae_tiles_plan(const lt_vae_config *c, int h, int w, lt_vae_tiles *out)
{
    int side = c->sample_size / c->factor, step = side / 4 * 3;
    if (!quartered(c) || (h <= side && w <= side))
        return false;
    *out = (lt_vae_tiles){.h = h,
                          .w = w,
                          .side = side,
                          .step = step,
                          .blend = side / 4,
                          .rows = (h + step - 1) / step,
                          .cols = (w + step - 1) / step};
    return true;
}

int lt_vae_tiles_count(const lt_vae_tiles *t)
{
    return t->rows * t->cols;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

lt_vae_tile lt_vae_tiles_at(const lt_vae_tiles *t, int index)
{
    int y = index / t->cols * t->step, x = index % t->cols * t->step;
    return (lt_vae_tile){y, x, least(t->side, t->h - y), least(t->side, t->w - x)};
}

size_t lt_vae_tiles_numbers(const lt_vae_tiles *t, int count, int scale, int channels)
{
    size_t latents = 0;
    for (int i = 0; i < count; i++) {
        lt_vae_tile tile = lt_vae_tiles_at(t, i);
        latents += (size_t)tile.h * (size_t)tile.w;
    }
    return latents * (size_t)scale * (size_t)scale * (size_t)channels;
}

void lt_vae_tiles_cut(const lt_vae_tiles *t, int index, int scale, int channels, const float *whole,
                      float *tile)
{
    lt_vae_tile at = lt_vae_tiles_at(t, index);
    size_t unit = (size_t)scale * (size_t)channels, pitch = (size_t)t->w * unit,
           row = (size_t)at.w * unit;
    whole += (size_t)at.y * (size_t)scale * pitch + (size_t)at.x * unit;
    for (int y = 0; y < at.h * scale; y++)
        memcpy(tile + (size_t)y * row, whole + (size_t)y * pitch, row * sizeof *tile);
}

/* How much of the later one is in place k of n that are shared.  As diffusers: in double, then
 * rounded to the float32 that is multiplied with. */
typedef struct weights {
    float before, after;
} weights;

static weights weights_of(int k, int n)
{
    double share = (double)k / n;
    return (weights){(float)(1 - share), (float)share};
}

static void mix(const float *before, float *after, weights w, size_t count)
{
    for (size_t i = 0; i < count; i++)
        after[i] = before[i] * w.before + after[i] * w.after;
}

/* Rows of two tiles, one below the other; each is `row` numbers long, `above` has `height`. */
static void blend_rows(const float *above, int height, float *below, int n, size_t row)
{
    for (int y = 0; y < n; y++)
        mix(above + (size_t)(height - n + y) * row, below + (size_t)y * row, weights_of(y, n), row);
}

/* Columns of two tiles of the same height, side by side. */
static void blend_columns(const float *left, int left_width, float *right, int right_width, int n,
                          int height, size_t channels)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < n; x++)
            mix(left + ((size_t)(y + 1) * (size_t)left_width - (size_t)(n - x)) * channels,
                right + ((size_t)y * (size_t)right_width + (size_t)x) * channels, weights_of(x, n),
                channels);
}

/* The part of a tile that is its own. */
static void place(const lt_vae_tiles *t, lt_vae_tile at, int scale, int channels, const float *tile,
                  float *whole)
{
    size_t unit = (size_t)scale * (size_t)channels, pitch = (size_t)t->w * unit,
           row = (size_t)at.w * unit, own = (size_t)least(at.w, t->step) * unit;
    whole += (size_t)at.y * (size_t)scale * pitch + (size_t)at.x * unit;
    for (int y = 0; y < least(at.h, t->step) * scale; y++)
        memcpy(whole + (size_t)y * pitch, tile + (size_t)y * row, own * sizeof *whole);
}

void lt_vae_tiles_join(const lt_vae_tiles *t, int scale, int channels, float *tiles, float *whole)
{
    float *tile = tiles;
    for (int i = 0; i < lt_vae_tiles_count(t); i++) {
        lt_vae_tile at = lt_vae_tiles_at(t, i);
        size_t row = (size_t)at.w * (size_t)scale * (size_t)channels;
        if (i >= t->cols) {
            lt_vae_tile above = lt_vae_tiles_at(t, i - t->cols);
            const float *from = tiles + lt_vae_tiles_numbers(t, i - t->cols, scale, channels);
            blend_rows(from, above.h * scale, tile, least(at.h, t->blend) * scale, row);
        }
        if (i % t->cols) {
            lt_vae_tile left = lt_vae_tiles_at(t, i - 1);
            const float *from = tiles + lt_vae_tiles_numbers(t, i - 1, scale, channels);
            blend_columns(from, left.w * scale, tile, at.w * scale, least(at.w, t->blend) * scale,
                          at.h * scale, (size_t)channels);
        }
        place(t, at, scale, channels, tile, whole);
        tile += (size_t)at.h * (size_t)scale * row;
    }
}
