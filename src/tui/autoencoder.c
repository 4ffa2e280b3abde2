/* autoencoder.c - the view "autoencoder": original, decoded, their difference and the channels
 * between as one sheet; its keys. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "pipeline/lens.h"
#include "tui/studio.h"

enum { GAIN = 4, MOST_GAIN = 64, GAP = 2 /* pixels between channels */ };

/* ---- the sheet ---- */

/* The channels in grey, nearly square, as large as the picture. */
static bool channels(const lt_encoded *e, lt_image **out, lt_error *err)
{
    int columns = (int)ceil(sqrt(e->channels)), rows = (e->channels + columns - 1) / columns;
    int width = (e->original->width - (columns - 1) * GAP) / columns;
    int height = (e->original->height - (rows - 1) * GAP) / rows;
    const float **x = lt_alloc_array((size_t)e->channels, sizeof *x);
    for (int c = 0; c < e->channels; c++)
        x[c] = e->latents + (size_t)c * (size_t)e->h * (size_t)e->w;
    lt_channel_grid grid = {.at = x,
                            .count = e->channels,
                            .h = e->h,
                            .w = e->w,
                            .columns = columns,
                            .gap = GAP,
                            .width = width,
                            .height = height};
    bool ok = lt_lens_channels(&grid, out, err);
    free(x);
    return ok;
}

static bool make(const lt_encoded *e, int gain, int width, int height, bool captions,
                 lt_image **out, lt_error *err)
{
    char psnr[LT_IMAGE_PSNR_TEXT], text[3][48], brief[2][48];
    lt_image *d = NULL, *c = NULL;
    lt_image_psnr_text(&e->distance, psnr);
    snprintf(text[0], sizeof text[0], "decoded, PSNR %s", psnr);
    snprintf(text[1], sizeof text[1], "difference x%d", gain);
    snprintf(text[2], sizeof text[2], "%d channels of %dx%d", e->channels, e->w, e->h);
    snprintf(brief[0], sizeof brief[0], "diff x%d", gain);
    snprintf(brief[1], sizeof brief[1], "%dx%dx%d", e->channels, e->h, e->w);
    bool ok = lt_image_difference(e->original, e->decoded, gain, &d, err) && channels(e, &c, err);
    lt_compare_panel p[] = {{.image = e->original, .caption = "original"},
                            {.image = e->decoded, .caption = text[0], .brief = "decoded"},
                            {.image = d, .caption = text[1], .brief = brief[0]},
                            {.image = c, .caption = text[2], .brief = brief[1]}};
    for (int i = 0; i < LT_COMPARE_MOST && !captions; i++)
        p[i].caption = NULL;
    ok = ok && lt_compare_sheet(p, LT_COMPARE_MOST, width, height, out, err);
    lt_image_unref(d);
    lt_image_unref(c);
    return ok;
}

lt_image *lt_studio_autoencoder_sheet(lt_studio *s, int width, int height, bool captions)
{
    lt_vae_view *v = &s->vae;
    lt_error err = {0};
    v->gain = v->gain ? v->gain : GAIN;
    if (!v->encoded ||
        (v->made_gain == v->gain && v->made_width == width && v->made_height == height))
        return v->sheet; /* NULL: it failed, and that was said */
    lt_image_unref(v->sheet);
    v->sheet = NULL;
    v->made_gain = v->gain;
    v->made_width = width;
    v->made_height = height;
    if (!make(v->encoded, v->gain, width, height, captions, &v->sheet, &err))
        lt_studio_fault(s, &err);
    return v->sheet;
}

void lt_studio_autoencoder_save(lt_studio *s, const char *path)
{
    const lt_vae_view *v = &s->vae;
    lt_error err = {0};
    lt_image *sheet;
    char psnr[LT_IMAGE_PSNR_TEXT];
    if (!v->encoded) {
        lt_studio_say(s, LT_NOTE_INFO, "there is nothing to save yet");
        return;
    }
    if (!make(v->encoded, v->gain, 0, 0, true, &sheet, &err)) {
        lt_studio_fault(s, &err);
        return;
    }
    lt_image_psnr_text(&v->encoded->distance, psnr);
    char *text = lt_format("%s through the autoencoder of %s: original, decoded, difference x%d, "
                           "latent channels; PSNR %s",
                           v->name, v->encoded->model, v->gain, psnr);
    lt_studio_save_described(s, "latentty-autoencoder", path, sheet, text);
    lt_image_unref(sheet);
    free(text);
}

/* ---- keys ---- */

static void set_gain(lt_studio *s, int gain)
{
    s->vae.gain = gain < 1 ? 1 : gain > MOST_GAIN ? MOST_GAIN : gain;
}

bool lt_studio_autoencoder_act(lt_studio *s, lt_action action)
{
    if (action == LT_ACTION_AUTOENCODER && s->view != LT_VIEW_AUTOENCODER) {
        lt_studio_vae_open(s, LT_VIEW_AUTOENCODER, NULL);
        return true;
    }
    if (s->view != LT_VIEW_AUTOENCODER || s->help || s->details)
        return false;
    switch (action) {
    case LT_ACTION_GAIN_MORE:
        set_gain(s, s->vae.gain * 2);
        return true;
    case LT_ACTION_GAIN_LESS:
        set_gain(s, s->vae.gain / 2);
        return true;
    case LT_ACTION_SAVE:
        lt_studio_autoencoder_save(s, NULL);
        return true;
    case LT_ACTION_CLOSE:
        lt_studio_close_view(s);
        return true;
    default:
        return action == LT_ACTION_AUTOENCODER;
    }
}
