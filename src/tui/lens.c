/* lens.c - see lens.h: the table, and what is a picture. */
#include "tui/lens.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "image/compare.h"
#include "image/font.h"

enum { MOVED = 8 /* of 255: what an eye begins to see */, COLUMNS = 2 };

/* ---- several pictures as one ---- */

bool lt_look_put(const lt_look_at *at, lt_image *image, const char *caption, lt_image **out,
                 lt_error *err)
{
    if (!at->captions) {
        *out = image;
        return true;
    }
    bool ok = lt_font_caption(image, caption, NULL, out, err);
    lt_image_unref(image);
    return ok;
}

bool lt_look_join(lt_image **tiles, int count, int columns, bool ok, lt_image **out, lt_error *err)
{
    lt_grid layout = {.columns = columns, .gap = LT_LOOK_GAP};
    ok = ok && lt_image_grid((const lt_image *const *)tiles, count, &layout, out, err);
    for (int i = 0; i < count; i++)
        lt_image_unref(tiles[i]);
    return ok;
}

static const float *latents_at(const lt_film *f, int k, int image)
{
    return lt_film_latents(f, k) + f->all / (size_t)f->images * (size_t)image;
}

/* ---- 4: the channels ---- */

static int no_parts(const lt_film *f, int k, lt_look_part out[LT_LOOK_PARTS])
{
    (void)f;
    (void)k;
    (void)out;
    return 0;
}

bool lt_look_channels(const lt_look_at *at, int width, int height, int columns, lt_image **out,
                      lt_error *err)
{
    enum { MOST = 16 };
    const lt_film *f = at->film;
    const float *x[MOST], *latents = latents_at(f, at->step, at->image);
    int count = f->channels < MOST ? f->channels : MOST;
    for (int c = 0; c < count; c++)
        x[c] = latents + (size_t)c * (size_t)f->h * (size_t)f->w;
    lt_channel_grid grid = {.at = x,
                            .count = count,
                            .h = f->h,
                            .w = f->w,
                            .columns = columns,
                            .gap = LT_LOOK_GAP,
                            .width = width,
                            .height = height,
                            .ranges = at->captions};
    return lt_lens_channels(&grid, out, err);
}

static bool channels(const lt_look_at *at, lt_image **out, lt_error *err)
{
    return lt_look_channels(at, at->film->width, at->film->height, COLUMNS, out, err);
}

static void say_channels(const lt_look_at *at, lt_buf *out)
{
    const lt_film *f = at->film;
    size_t n = (size_t)f->h * (size_t)f->w;
    lt_buf_format(out, "Step %d of %d   %dx%d a channel\n", at->step, f->steps, f->w, f->h);
    lt_buf_format(out, "   %8s %7s %7s %6s\n", "min", "max", "mean", "rms");
    for (int c = 0; c < f->channels; c++) {
        lt_range r = lt_range_of(latents_at(f, at->step, at->image) + (size_t)c * n, n);
        lt_buf_format(out, " %d %8.3f %7.3f %7.3f %6.3f\n", c + 1, r.min, r.max, r.mean, r.rms);
    }
}

/* ---- 5: guidance ---- */

static int split_parts(const lt_film *f, int k, lt_look_part out[LT_LOOK_PARTS])
{
    out[0] = (lt_look_part){k, k ? LT_LENS_X0 : LT_LENS_LATENTS};
    if (k == 0 || !f->at[k - 1].eps_uncond)
        return 1;
    out[1] = (lt_look_part){k, LT_LENS_X0_UNCOND};
    out[2] = (lt_look_part){k, LT_LENS_X0_TEXT};
    return 3;
}

/* The text of u: what to avoid, or none.  NULL: a fork's parent had one of its own. */
static const char *avoided(const lt_look_at *at)
{
    const lt_film *f = at->film;
    return f->altered && at->step <= f->forked ? NULL : f->params.negative_prompt;
}

static const char *name_of_u(const lt_look_at *at)
{
    const char *text = avoided(at);
    return !text ? "u" : *text ? "u: what to avoid" : "u: no prompt";
}

static bool split(const lt_look_at *at, lt_image **out, lt_error *err)
{
    lt_look_part ignored[LT_LOOK_PARTS];
    lt_image *const *p = at->parts, *tiles[4] = {NULL}, *difference;
    char gain[32];
    if (split_parts(at->film, at->step, ignored) == 1) {
        *out = lt_image_ref(p[0]);
        return true;
    }
    snprintf(gain, sizeof gain, "|c-u| x%d", at->gain);
    bool ok = lt_look_put(at, lt_image_ref(p[1]), name_of_u(at), &tiles[0], err) &&
              lt_look_put(at, lt_image_ref(p[2]), "c: the prompt", &tiles[1], err) &&
              lt_look_put(at, lt_image_ref(p[0]), "guided", &tiles[2], err) &&
              lt_image_difference(p[1], p[2], at->gain, &difference, err) &&
              lt_look_put(at, difference, gain, &tiles[3], err);
    return lt_look_join(tiles, 4, COLUMNS, ok, out, err);
}

static void say_avoided(const lt_look_at *at, lt_buf *out)
{
    char text[256];
    const char *avoid = avoided(at);
    if (!avoid || !*avoid)
        return;
    lt_text_escape(text, sizeof text, avoid, strlen(avoid));
    lt_buf_format(out, "u is of\t%s\n", text);
}

static void say_split(const lt_look_at *at, lt_buf *out)
{
    lt_push p;
    lt_buf_format(out, "Step %d of %d: x0 of u, c, and guided\n", at->step, at->film->steps);
    if (!lt_film_push(at->film, at->step, at->image, &p)) {
        lt_buf_str(out, at->step ? "Made without guidance: one prediction,\nnothing to split.\n"
                                 : "The noise: nothing is predicted yet.\n");
        return;
    }
    lt_buf_format(out, "eps = u + %.4g (c - u)\n", p.scale);
    say_avoided(at, out);
    lt_buf_format(out, "rms of u, c\t%.4g, %.4g\n", p.rms_uncond, p.rms_text);
    lt_buf_format(out, "push, rms\t%.3g: %.3g of u\n", p.length,
                  p.rms_uncond > 0 ? p.length / p.rms_uncond : 0);
    lt_buf_format(out, "push to u\t%.1f degrees\n", p.angle);
    lt_buf_format(out, "c to u\t%.2f degrees\n", p.apart);
    lt_buf_format(out, "difference\tx%d; > < change it\n", at->gain);
}

/* ---- 6: the words ---- */

static bool words(const lt_look_at *at, lt_image **out, lt_error *err)
{
    const lt_attention_maps *a = at->attention;
    if (a)
        return lt_attention_draw(a, at->size, &a->words.at[at->word], at->parts[0], out, err);
    *out = lt_image_ref(at->parts[0]);
    return true;
}

/* ---- 7: since the step before ---- */

static int change_parts(const lt_film *f, int k, lt_look_part out[LT_LOOK_PARTS])
{
    (void)f;
    out[0] = (lt_look_part){k, LT_LENS_LATENTS};
    if (k == 0)
        return 1;
    out[1] = (lt_look_part){k - 1, LT_LENS_LATENTS};
    return 2;
}

static bool change(const lt_look_at *at, lt_image **out, lt_error *err)
{
    if (at->step > 0)
        return lt_image_difference(at->parts[0], at->parts[1], at->gain, out, err);
    *out = lt_image_ref(at->parts[0]);
    return true;
}

static void say_change(const lt_look_at *at, lt_buf *out)
{
    lt_film_numbers n;
    lt_image_distance d;
    lt_error ignored;
    if (at->step == 0) {
        lt_buf_format(out, "Step 0 of %d: noise\nNo step is before it.\n", at->film->steps);
        return;
    }
    lt_film_numbers_at(at->film, at->step, at->image, &n);
    lt_buf_format(out, "Step %d against %d of %d\n", at->step, at->step - 1, at->film->steps);
    lt_buf_format(out, "latents changed\t%.3g %%\n", 100 * n.changed);
    if (!at->parts) {
        lt_buf_str(out, "pixels changed\tdecoding...\n");
    } else if (lt_image_compare(at->parts[0], at->parts[1], &d, &ignored)) {
        lt_buf_format(out, "pixels changed\t%.1f %%, by %d or more\n",
                      100 * lt_lens_moved(at->parts[0], at->parts[1], MOVED), MOVED);
        lt_buf_format(out, "mean change\t%.2f of 255\n", d.mae);
        lt_buf_format(out, "largest\t%d of 255\n", d.max);
    }
    lt_buf_format(out, "difference\tx%d; > < change it\n", at->gain);
}

/* ---- the table ---- */

static const lt_look rows[] = {
    {.action = LT_ACTION_LENS_1,
     .name = "1 current latents",
     .brief = "latents",
     .file = "",
     .lens = LT_LENS_LATENTS},
    {.action = LT_ACTION_LENS_2,
     .name = "2 predicted x0",
     .brief = "x0",
     .file = "-x0",
     .lens = LT_LENS_X0},
    {.action = LT_ACTION_LENS_3,
     .name = "3 predicted noise",
     .brief = "noise",
     .file = "-noise",
     .lens = LT_LENS_NOISE},
    {.action = LT_ACTION_LENS_4,
     .name = "4 latent channels",
     .brief = "channels",
     .file = "-channels",
     .screen = "channels",
     .lens = LT_LENS_LATENTS,
     .parts = no_parts,
     .make = channels,
     .say = say_channels},
    {.action = LT_ACTION_LENS_5,
     .name = "5 guidance split",
     .brief = "split",
     .file = "-split",
     .screen = "split",
     .gains = true,
     .lens = LT_LENS_X0,
     .parts = split_parts,
     .tiles = true,
     .make = split,
     .say = say_split},
    {.action = LT_ACTION_LENS_6,
     .name = "6 word attention",
     .brief = "words",
     .file = "-words",
     .screen = "words",
     .attends = true,
     .lens = LT_LENS_X0,
     .make = words},
    {.action = LT_ACTION_LENS_7,
     .name = "7 change per step",
     .brief = "change",
     .file = "-change",
     .screen = "change",
     .gains = true,
     .lens = LT_LENS_LATENTS,
     .parts = change_parts,
     .make = change,
     .say = say_change},
    {.action = LT_ACTION_LENS_8,
     .name = "8 schedule",
     .brief = "schedule",
     .file = "",
     .lens = LT_LENS_LATENTS,
     .say = lt_look_say_schedule,
     .plot = lt_look_schedule},
    {.action = LT_ACTION_LENS_0,
     .name = "0 all of them",
     .brief = "all",
     .file = "-all",
     .screen = "all",
     .gains = true,
     .partly = true,
     .maps = true,
     .lens = LT_LENS_LATENTS,
     .parts = lt_look_sheet_parts,
     .make = lt_look_sheet,
     .say = lt_look_say_sheet},
};

enum { ROWS = sizeof rows / sizeof *rows };

lt_zoom lt_look_zoom(const lt_look *look)
{
    return look->partly || look->tiles ? LT_ZOOM_FILL : LT_ZOOM_AUTO;
}

const lt_look *lt_look_row(int i)
{
    return i >= 0 && i < ROWS ? &rows[i] : NULL;
}

int lt_look_of(lt_lens lens)
{
    for (int i = 0; i < ROWS; i++)
        if (rows[i].lens == lens && !rows[i].make && !rows[i].plot)
            return i;
    return 0;
}

int lt_look_rows(void)
{
    return ROWS;
}

char lt_look_key(const lt_look *look)
{
    return look->name[0];
}
