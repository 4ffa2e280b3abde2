/* lens_sheet.c - lens 0: all lenses on one sheet, small.  What is not decoded yet has a dark tile
 * that says so, and lens 6, whose maps only it asks for, one that says how they come. */
#include <stdio.h>

#include "image/compare.h"
#include "image/font.h"
#include "tui/lens.h"

enum { COLUMNS = 3, TILES = 8, ROWS = (TILES + COLUMNS - 1) / COLUMNS, NAME = 64 };

/* The pictures of the VAE that it is made of. */
enum { LATENTS, X0, NOISE, BEFORE, UNCOND, TEXT };

/* As the tiles lie. */
static const char *const captions[TILES] = {"1 latents", "2 x0",    "3 noise",  "4 channels",
                                            "5 |c-u|",   "6 words", "7 change", "8 schedule"};

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

/* Larger than other captions: the sheet is made small for the screen.  The longest of those above
 * fits. */
static int letters(const lt_film *f)
{
    int scale = (f->width + 32) / 80;
    return scale > 1 ? scale : 1;
}

/* The tile with its caption; takes it over. */
static bool named(const lt_look_at *at, lt_image *tile, const char *caption, lt_image **out,
                  lt_error *err)
{
    if (!at->captions) {
        *out = tile;
        return true;
    }
    lt_caption style = lt_caption_for(tile);
    style.scale = letters(at->film);
    bool ok = lt_font_caption(tile, caption, &style, out, err);
    lt_image_unref(tile);
    return ok;
}

/* A tile without a picture: why. */
static bool blank(const lt_look_at *at, const char *why, lt_image **out, lt_error *err)
{
    static const lt_rgb empty = {44, 44, 50}, ink = {160, 160, 160};
    const lt_film *f = at->film;
    if (!lt_image_new(f->width, f->height, out, err))
        return false;
    int scale = letters(f);
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

/* The map of a word. */
static bool words(const lt_look_at *at, int count, lt_image **out, lt_error *err)
{
    const lt_attention_maps *a = at->attention;
    if (count == 1 || !a)
        return blank(at, count == 1 ? "not yet" : "press 6", out, err);
    if (!at->parts[X0])
        return blank(at, "decoding", out, err);
    return lt_attention_draw(a, at->size, &a->words.at[at->word], at->parts[X0], out, err);
}

/* What the VAE made of one of them. */
static bool plain(const lt_look_at *at, int part, int count, lt_image **out, lt_error *err)
{
    if (part >= count)
        return blank(at, "not yet", out, err);
    if (!at->parts[part])
        return blank(at, "decoding", out, err);
    *out = lt_image_ref(at->parts[part]);
    return true;
}

/* Without its caption. */
static bool tile(const lt_look_at *at, int i, int count, lt_image **out, lt_error *err)
{
    static const int parts[TILES] = {LATENTS, X0, NOISE};
    const lt_film *f = at->film;
    lt_look_at bare = *at;
    switch (captions[i][0]) {
    case '4':
        bare.captions = false; /* no room for theirs */
        return lt_look_channels(&bare, (f->width - LT_LOOK_GAP) / 2, (f->height - LT_LOOK_GAP) / 2,
                                2, out, err);
    case '5':
        if (count == UNCOND)
            return blank(at, "unguided", out, err);
        return count > 1 ? difference(at, TEXT, UNCOND, out, err) : blank(at, "not yet", out, err);
    case '6':
        return words(at, count, out, err);
    case '7':
        return count > 1 ? difference(at, LATENTS, BEFORE, out, err)
                         : blank(at, "not yet", out, err);
    case '8':
        return lt_look_schedule_small(at, out, err);
    default:
        return plain(at, parts[i], count, out, err);
    }
}

/* Lens 6's has the word. */
static const char *caption(const lt_look_at *at, int i, int count, char to[NAME])
{
    if (captions[i][0] != '6' || count == 1 || !at->attention)
        return captions[i];
    snprintf(to, NAME, "6 %s", at->attention->words.at[at->word].text);
    return to;
}

bool lt_look_sheet(const lt_look_at *at, lt_image **out, lt_error *err)
{
    lt_look_part parts[LT_LOOK_PARTS];
    lt_image *tiles[TILES] = {NULL}, *one;
    char name[NAME];
    int count = lt_look_sheet_parts(at->film, at->step, parts);
    bool ok = true;
    for (int i = 0; i < TILES && ok; i++)
        ok = tile(at, i, count, &one, err) &&
             named(at, one, caption(at, i, count, name), &tiles[i], err);
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
                      i % COLUMNS < COLUMNS - 1 && i < TILES - 1 ? "" : "\n");
    if (count > 1 && !at->attention)
        lt_buf_str(out, "maps of words\t6 computes them\n");
    if (there < count)
        lt_buf_format(out, "decoding...\t%d of %d are there\n", there, count);
    else
        lt_buf_format(out, "differences\tx%d; > < change it\n", at->gain);
}

int lt_look_sheet_at(double x, double y)
{
    int column = (int)(x * COLUMNS), row = (int)(y * ROWS), at = 0;
    column = column < 0 ? 0 : column >= COLUMNS ? COLUMNS - 1 : column;
    row = row < 0 ? 0 : row >= ROWS ? ROWS - 1 : row;
    if (row * COLUMNS + column >= TILES)
        return -1;
    while (lt_look_key(lt_look_row(at)) != captions[row * COLUMNS + column][0])
        at++;
    return at;
}
