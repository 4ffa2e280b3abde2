/* view_noising.c - the forward process: the sheet of pictures, the slider over the timesteps, what
 * is kept of the picture, and the numbers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/slider.h"
#include "tui/view.h"

enum { ROWS = 6 };

int lt_view_noising_rows(void)
{
    return ROWS;
}

static void box(const lt_studio *s)
{
    const lt_noising_view *v = &s->noising;
    const lt_encoded *e = s->vae.encoded;
    char title[256];
    int room = s->layout.picture_box.width - 6; /* beside a lesson not for all */
    const char *guess = v->guessed ? "  linear preview" : "";
    if (v->of)
        snprintf(title, sizeof title, "noising  %s %dx%d  %dx%dx%d  t = %d of %d%s", s->vae.name,
                 e->original->width, e->original->height, e->channels, e->h, e->w, v->at.t,
                 lt_studio_noising_last(s), guess);
    if (v->of && lt_cells_width(title, strlen(title)) > room)
        snprintf(title, sizeof title, "noising  t = %d%s", v->at.t, guess);
    if (!v->of)
        snprintf(title, sizeof title, "noising  %s", s->vae.name);
    lt_draw_box(s->layout.picture_box, LT_STYLE_PLAIN, title);
}

/* ---- the text ---- */

static void formula(const lt_studio *s, lt_rect r)
{
    const lt_noising *n = &s->noising.at;
    lt_draw_format(r.y, r.x + 1, r.width - 2, LT_STYLE_ACCENT,
                   "x_t = %.4f x0 + %.4f noise   = sqrt(abar) x0 + sqrt(1 - abar) noise", n->signal,
                   n->noise);
    lt_draw_format(r.y + 1, r.x + 1, r.width - 2, LT_STYLE_PLAIN,
                   "signal %.4g %% of the variance   SNR %.1f dB   noise of seed %" PRIu64,
                   100 * n->abar, n->snr_db, s->noising.seed);
}

static void predicted(const lt_studio *s, lt_rect r)
{
    const lt_noising_view *v = &s->noising;
    char psnr[LT_IMAGE_PSNR_TEXT];
    if (!v->said) {
        lt_draw_text(r.y + 2, r.x + 1, r.width - 2, LT_STYLE_DIM,
                     v->asked         ? "the UNet is asked..."
                     : v->rest_at > 0 ? "the UNet is asked when the slider rests"
                                      : "the UNet said nothing");
        return;
    }
    lt_image_psnr_text(&v->distance, psnr);
    lt_draw_format(r.y + 2, r.x + 1, r.width - 2, LT_STYLE_PLAIN,
                   "the UNet's noise: rms error %.4f, cosine %.4f   its x0: PSNR %s", v->error.rms,
                   v->error.cosine, psnr);
}

static void start(const lt_studio *s, lt_rect r)
{
    lt_noising_start n;
    lt_error err = {0};
    if (lt_studio_noising_start(s, &n, &err))
        lt_draw_format(r.y + 3, r.x + 1, r.width - 2, LT_STYLE_PLAIN,
                       "Enter: image to image from t %.4g, strength %.9g: %d of %d steps of %s",
                       n.timestep, n.strength, n.taken, n.steps, n.sampler->name);
    else
        lt_draw_fit(r.y + 3, r.x + 1, r.width - 2, LT_STYLE_WARN, err.message);
}

static void prompt(const lt_studio *s, lt_rect r)
{
    int n = lt_draw_text(r.y + 4, r.x + 1, 8, LT_STYLE_DIM, "prompt> ");
    lt_draw_fit(r.y + 4, r.x + 1 + n, r.width - n - 2, LT_STYLE_PLAIN,
                lt_edit_text(s->form.prompt, NULL));
}

/* ---- the slider: " t    0 |=====[@]=====| 999", and above it what is kept ---- */

static lt_slider slider(const lt_studio *s)
{
    return lt_slider_in(s->layout.timeline, "t    0 ");
}

static int timestep_at(const lt_studio *s, const lt_slider *k, int x)
{
    return (int)(lt_slider_share(k, x) * lt_studio_noising_last(s) + 0.5);
}

int lt_view_noising_at(const lt_studio *s, int x)
{
    lt_slider k = slider(s);
    return timestep_at(s, &k, x);
}

/* sqrt(abar) of the slider's cells, from 1 to 0. */
static void kept(const lt_studio *s, lt_rect r)
{
    static const char ramp[] = " .:-=+*#%@";
    lt_slider k = slider(s);
    int y = r.y + 5;
    const lt_schedule *schedule = &s->vae.encoded->schedule;
    lt_draw_text(y, r.x + 1, k.x - r.x - 2, LT_STYLE_DIM, "kept");
    for (int i = -1; i <= k.cells; i++) {
        char mark[2] = "|";
        if (i >= 0 && i < k.cells) {
            lt_noising at = lt_noising_at(schedule, timestep_at(s, &k, k.x + i));
            mark[0] = ramp[(int)(at.signal * 9 + 0.5)];
        }
        lt_draw_text(y, k.x + i, 1, LT_STYLE_DIM, mark);
    }
    lt_draw_text(y, k.x + k.cells + 2, 6, LT_STYLE_DIM, "noise");
}

void lt_view_noising_line(const lt_studio *s)
{
    int last = lt_studio_noising_last(s);
    char end[16];
    if (!s->noising.of)
        return;
    lt_slider k = slider(s);
    snprintf(end, sizeof end, "%d", last);
    lt_slider_draw(&k, "=", end, (double)s->noising.at.t / last);
}

void lt_view_noising(lt_studio *s)
{
    int width, height;
    lt_rect r = s->layout.text;
    lt_view_sheet_room(s, &width, &height);
    lt_image *sheet = lt_studio_noising_sheet(s, width, height, lt_view_captions(s));
    box(s);
    if (!sheet) {
        lt_view_coming(s);
        return;
    }
    lt_view_sheet(s, sheet, s->noising.guessed);
    formula(s, r);
    predicted(s, r);
    start(s, r);
    prompt(s, r);
    kept(s, r);
}
