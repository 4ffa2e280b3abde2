/* lens_sheet.c - lens 0: all lenses that have a picture on one sheet, small.  What is not decoded
 * yet has a dark tile that says so. */
#include <stdio.h>

#include "image/compare.h"
#include "image/font.h"
#include "tui/lens.h"

enum { COLUMNS = 3, TILES = 6 };

/* The pictures of the VAE that it is made of. */
enum { LATENTS, X0, NOISE, BEFORE, UNCOND, TEXT };

/* As the tiles lie. */
static const char keys[TILES] = {'1', '2', '3', '4', '5', '7'};
static const char *const captions[TILES] = {"1 latents",  "2 x0",    "3 noise",
                                            "4 channels", "5 |c-u|", "7 change"};

int lt_look_sheet_parts(const lt_film *f, int k, lt_look_part out[LT_LOOK_PARTS])
{
    out[LATENTS] = (lt_look_part){k, LT_LENS_LATENTS};
    if (k == 0)
        return 1;
    out[X0] = (lt_look_part){k, LT_LENS_X0};
    out[NOISE] = (lt_look_part){k, LT_LENS_NOISE};
    out[BEFORE] = (lt_look_part){k - 1, LT_LENS_LATENTS};
    if (!f->at[k - 1].eps_uncond)
        return UNCOND;
    out[UNCOND] = (lt_look_part){k, LT_LENS_X0_UNCOND};
    out[TEXT] = (lt_look_part){k, LT_LENS_X0_TEXT};
    return LT_LOOK_PARTS;
}

/* A tile without a picture: why. */
static bool blank(const lt_look_at *at, const char *why, lt_image **out, lt_error *err)
{
    static const lt_rgb empty = {44, 44, 50}, ink = {160, 160, 160};
    const lt_film *f = at->film;
    if (!lt_image_new(f->width, f->height, out, err))
        return false;
    int scale = lt_caption_for(*out).scale;
    lt_image_fill(*out, (lt_rect){0, 0, f->width, f->height}, empty);
    if (at->captions)
        lt_font_draw(*out, (f->width - lt_font_width(why, scale)) / 2,
                     (f->height - scale * LT_FONT_HEIGHT) / 2, why, scale, ink);
    return true;
}

static bool difference(const lt_look_at *at, int a, int b, lt_image **out, lt_error *err)
{
    if (!at->parts[a] || !at->parts[b])
        return blank(at, "decoding", out, err);
    return lt_image_difference(at->parts[a], at->parts[b], at->gain, out, err);
}

/* Without its caption. */
static bool tile(const lt_look_at *at, int i, int count, lt_image **out, lt_error *err)
{
    static const int part[TILES] = {LATENTS, X0, NOISE};
    const lt_film *f = at->film;
    lt_look_at plain = *at;
    switch (keys[i]) {
    case '4':
        plain.captions = false; /* no room for theirs */
        return lt_look_channels(&plain, (f->width - LT_LOOK_GAP) / 2, (f->height - LT_LOOK_GAP) / 2,
                                2, out, err);
    case '5':
        if (count == UNCOND)
            return blank(at, "unguided", out, err);
        return count > 1 ? difference(at, TEXT, UNCOND, out, err) : blank(at, "not yet", out, err);
    case '7':
        return count > 1 ? difference(at, LATENTS, BEFORE, out, err)
                         : blank(at, "not yet", out, err);
    default:
        if (part[i] >= count)
            return blank(at, "not yet", out, err);
        if (!at->parts[part[i]])
            return blank(at, "decoding", out, err);
        *out = lt_image_ref(at->parts[part[i]]);
        return true;
    }
}

bool lt_look_sheet(const lt_look_at *at, lt_image **out, lt_error *err)
{
    lt_look_part parts[LT_LOOK_PARTS];
    lt_image *tiles[TILES] = {NULL}, *one;
    int count = lt_look_sheet_parts(at->film, at->step, parts);
    bool ok = true;
    for (int i = 0; i < TILES && ok; i++)
        ok = tile(at, i, count, &one, err) && lt_look_put(at, one, captions[i], &tiles[i], err);
    return lt_look_join(tiles, TILES, COLUMNS, ok, out, err);
}

void lt_look_say_sheet(const lt_look_at *at, lt_buf *out)
{
    lt_look_part parts[LT_LOOK_PARTS];
    int count = lt_look_sheet_parts(at->film, at->step, parts), there = 0;
    for (int i = 0; i < count; i++)
        there += at->parts[i] != NULL;
    lt_buf_format(out, "Step %d of %d: all lenses\n", at->step, at->film->steps);
    for (int i = 0; i < TILES; i++)
        lt_buf_format(out, "%-*s%s", i % COLUMNS < COLUMNS - 1 ? 12 : 0, captions[i],
                      i % COLUMNS < COLUMNS - 1 ? "" : "\n");
    if (there < count)
        lt_buf_format(out, "decoding...\t%d of %d are there\n", there, count);
    else
        lt_buf_format(out, "differences\tx%d; > < change it\n", at->gain);
}

int lt_look_sheet_at(double x, double y)
{
    int column = (int)(x * COLUMNS), row = (int)(y * (TILES / COLUMNS)), at = 0;
    column = column < 0 ? 0 : column >= COLUMNS ? COLUMNS - 1 : column;
    row = row < 0 ? 0 : row >= TILES / COLUMNS ? TILES / COLUMNS - 1 : row;
    while (lt_look_key(lt_look_row(at)) != keys[row * COLUMNS + column])
        at++;
    return at;
}
