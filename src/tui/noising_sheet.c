/* noising_sheet.c - the pictures of the view "noising" on one sheet: original, noised, the x0 that
 * the UNet predicts, and the noise, true beside predicted. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "image/resize.h"
#include "pipeline/lens.h"
#include "tui/studio.h"

enum { GAP = 2, ROWS = 4 /* channels below each other */ };

/* What is not there yet. */
static bool dark(lt_noising_view *v, const lt_image *like, lt_image **out, lt_error *err)
{
    if (!v->dark && !lt_image_new(like->width, like->height, &v->dark, err))
        return false;
    *out = lt_image_ref(v->dark);
    return true;
}

/* x_t decoded, or at once a linear preview. */
static bool noised(lt_studio *s, lt_image **out, lt_error *err)
{
    lt_noising_view *v = &s->noising;
    const lt_encoded *e = s->vae.encoded;
    lt_image *small;
    v->guessed = false;
    if (v->noised) {
        *out = lt_image_ref(v->noised);
        return true;
    }
    if (!lt_linear_picture(&s->linear, v->x_t, e->channels, e->h, e->w, &small))
        return dark(v, e->original, out, err);
    v->guessed = true;
    bool ok = lt_image_resize(small, e->original->width, e->original->height, LT_NEAREST, out, err);
    lt_image_unref(small);
    return ok;
}

/* The channels in grey, each true beside predicted, as high as the picture. */
static bool both_noises(lt_noising_view *v, const lt_encoded *e, lt_error *err)
{
    if (v->noises)
        return true;
    int pairs = (e->channels + ROWS - 1) / ROWS, rows = (e->channels + pairs - 1) / pairs;
    int height = (e->original->height - (rows - 1) * GAP) / rows, width = height * e->w / e->h;
    size_t one = (size_t)e->h * (size_t)e->w;
    const float **x = lt_alloc_array(2 * (size_t)e->channels, sizeof *x);
    for (int c = 0; c < e->channels; c++) {
        x[2 * c] = v->noise + (size_t)c * one;
        x[2 * c + 1] = v->said ? v->said->noise + (size_t)c * one : NULL;
    }
    lt_channel_grid grid = {.at = x,
                            .count = 2 * e->channels,
                            .h = e->h,
                            .w = e->w,
                            .columns = 2 * pairs,
                            .gap = GAP,
                            .width = width,
                            .height = height};
    bool ok = lt_lens_channels(&grid, &v->noises, err);
    free(x);
    return ok;
}

/* Three pictures, and the noise in a column beside them that is as high; width 0: as large as the
 * pictures are. */
static bool join(const lt_compare_panel p[LT_COMPARE_MOST], int width, int height, lt_image **out,
                 lt_error *err)
{
    enum { PICTURES = LT_COMPARE_MOST - 1 };
    const lt_grid grid = {.columns = 2, .gap = LT_COMPARE_GAP};
    lt_image *parts[2] = {NULL};
    int column = width / (2 * PICTURES + 1); /* a picture has two of them */
    bool ok =
        lt_compare_sheet(p, PICTURES, width ? width - column - LT_COMPARE_GAP : 0, height,
                         &parts[0], err) &&
        lt_compare_sheet(p + PICTURES, 1, column, width ? parts[0]->height : 0, &parts[1], err) &&
        lt_image_grid((const lt_image *const *)parts, 2, &grid, out, err);
    lt_image_unref(parts[0]);
    lt_image_unref(parts[1]);
    return ok;
}

static bool make(lt_studio *s, int width, int height, bool captions, lt_image **out, lt_error *err)
{
    lt_noising_view *v = &s->noising;
    const lt_encoded *e = s->vae.encoded;
    lt_image *x = NULL, *x0 = NULL;
    char text[48], brief[24];
    bool ok = noised(s, &x, err) && both_noises(v, e, err);
    if (ok && v->said)
        x0 = lt_image_ref(v->said->picture);
    else
        ok = ok && dark(v, e->original, &x0, err);
    snprintf(text, sizeof text, v->guessed ? "linear preview" : "noised to t %d", v->at.t);
    snprintf(brief, sizeof brief, v->guessed ? "preview" : "t %d", v->at.t);
    lt_compare_panel p[LT_COMPARE_MOST] = {
        {.image = e->original, .caption = "original"},
        {.image = x, .caption = text, .brief = brief},
        {.image = x0, .caption = v->said ? "predicted x0" : "x0 is coming", .brief = "x0"},
        {.image = v->noises, .caption = v->said ? "true|UNet" : "true|...", .brief = "eps"}};
    for (int i = 0; i < LT_COMPARE_MOST; i++) {
        p[i].caption = captions ? p[i].caption : NULL;
        p[i].kept = width ? &v->kept[i] : NULL; /* a file's are of another size */
    }
    ok = ok && join(p, width, height, out, err);
    lt_image_unref(x);
    lt_image_unref(x0);
    return ok;
}

lt_image *lt_studio_noising_sheet(lt_studio *s, int width, int height, bool captions)
{
    lt_noising_view *v = &s->noising;
    lt_error err = {0};
    bool made = v->made_changes == v->changes && v->made_width == width && v->made_height == height;
    if (!v->of || made)
        return v->of ? v->sheet : NULL;
    lt_image_unref(v->sheet);
    v->sheet = NULL;
    v->made_changes = v->changes;
    v->made_width = width;
    v->made_height = height;
    if (!make(s, width, height, captions, &v->sheet, &err))
        lt_studio_fault(s, &err);
    return v->sheet;
}

void lt_studio_noising_save(lt_studio *s, const char *path)
{
    const lt_noising_view *v = &s->noising;
    lt_error err = {0};
    lt_image *sheet;
    if (!v->said) {
        lt_studio_say(s, LT_NOTE_INFO, "there is nothing to save yet");
        return;
    }
    if (!make(s, 0, 0, true, &sheet, &err)) {
        lt_studio_fault(s, &err);
        return;
    }
    char *text = lt_format("%s noised to t %d: original, noised, x0 as the UNet of %s predicts it "
                           "for '%s', noise, true beside predicted",
                           s->vae.name, v->at.t, s->vae.encoded->model, v->prompt);
    lt_studio_save_described(s, "latentty-noising", path, sheet, text);
    lt_image_unref(sheet);
    free(text);
}
