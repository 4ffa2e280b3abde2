/* view_autoencoder.c - a picture through the autoencoder: the sheet of pictures, and its numbers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/lens.h"
#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/view.h"

enum { ABOVE = 4 /* rows above the channels */, LEAST = 6 };

int lt_view_autoencoder_rows(const lt_studio *s)
{
    int rows = s->vae.encoded ? ABOVE + (s->vae.encoded->channels + 1) / 2 : 0;
    return rows > LEAST ? rows : LEAST;
}

void lt_view_coming(lt_studio *s)
{
    const lt_vae_view *v = &s->vae;
    lt_rect r = s->layout.picture, none = {0};
    lt_canvas_area(s->canvas, none, LT_ZOOM_AUTO);
    lt_draw_format(r.y + r.height / 2, r.x + 3, r.width - 6, LT_STYLE_DIM, "%s %s",
                   v->asked ? "encoding" : "there is no picture of", v->name);
}

static void box(const lt_studio *s)
{
    const lt_vae_view *v = &s->vae;
    const lt_encoded *e = v->encoded;
    char title[256], from[48] = "";
    int room = s->layout.picture_box.width - 6; /* beside a lesson not for all */
    if (e && (e->full_width != e->original->width || e->full_height != e->original->height))
        snprintf(from, sizeof from, ", resized from %dx%d", e->full_width, e->full_height);
    if (e)
        snprintf(title, sizeof title, "autoencoder  %s  %dx%d%s  difference x%d", v->name,
                 e->original->width, e->original->height, from, v->gain);
    if (!e || lt_cells_width(title, strlen(title)) > room)
        snprintf(title, sizeof title, "autoencoder  %s", v->name);
    lt_draw_box(s->layout.picture_box, LT_STYLE_PLAIN, title);
}

static void errors(lt_rect r, const lt_encoded *e)
{
    const lt_image_distance *d = &e->distance;
    char psnr[LT_IMAGE_PSNR_TEXT];
    lt_image_psnr_text(d, psnr);
    if (d->max == 0)
        lt_draw_text(r.y, r.x + 1, r.width - 2, LT_STYLE_STRONG,
                     "decoded from the posterior's mean: identical in 8 bits");
    else
        lt_draw_format(r.y, r.x + 1, r.width - 2, LT_STYLE_STRONG,
                       "PSNR %s   mean |difference| %.2f of 255   largest %d", psnr, d->mae,
                       d->max);
}

static void sizes(lt_rect r, const lt_encoded *e)
{
    int64_t pixels = 3 * (int64_t)e->original->width * e->original->height;
    int64_t latents = (int64_t)e->channels * e->w * e->h;
    lt_draw_format(r.y + 1, r.x + 1, r.width - 2, LT_STYLE_ACCENT,
                   "%.4g times fewer positions, %.4g times fewer numbers",
                   lt_encoded_fewer_positions(e), lt_encoded_fewer_numbers(e));
    lt_draw_format(r.y + 2, r.x + 1, r.width - 2, LT_STYLE_PLAIN,
                   "%dx%d pixels x3 = %" PRId64 " numbers became %dx%d latents x%d = %" PRId64,
                   e->original->width, e->original->height, pixels, e->w, e->h, e->channels,
                   latents);
}

/* Two in a row. */
static void channels(lt_rect r, const lt_encoded *e)
{
    size_t one = (size_t)e->h * (size_t)e->w;
    int half = (r.width - 1) / 2;
    lt_draw_format(r.y + 3, r.x + 1, r.width - 2, LT_STYLE_DIM,
                   "mean of the posterior times the scaling factor %.5g, by channel:",
                   (double)e->scaling_factor);
    for (int c = 0; c < e->channels && ABOVE + c / 2 < r.height; c++) {
        lt_range a = lt_range_of(e->latents + (size_t)c * one, one);
        lt_draw_format(r.y + ABOVE + c / 2, r.x + 1 + c % 2 * half, half - 1, LT_STYLE_PLAIN,
                       "%2d %6.2f to %5.2f mean %5.2f rms %.2f", c + 1, a.min, a.max, a.mean,
                       a.rms);
    }
}

void lt_view_autoencoder_line(const lt_studio *s)
{
    const lt_encoded *e = s->vae.encoded;
    lt_rect r = s->layout.timeline;
    if (e)
        lt_draw_format(r.y, r.x + 1, r.width - 2, LT_STYLE_DIM,
                       "encoded in %.3f s, decoded in %.3f s by %s", e->encode_seconds,
                       e->decode_seconds, e->model);
}

void lt_view_autoencoder(lt_studio *s)
{
    int width, height;
    lt_view_sheet_room(s, &width, &height);
    lt_image *sheet = lt_studio_autoencoder_sheet(s, width, height, lt_view_captions(s));
    box(s);
    if (!sheet) {
        lt_view_coming(s);
        return;
    }
    lt_view_sheet(s, sheet, false);
    errors(s->layout.text, s->vae.encoded);
    sizes(s->layout.text, s->vae.encoded);
    channels(s->layout.text, s->vae.encoded);
}
