/* lens.c - see lens.h. */
#include "pipeline/lens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/panic.h"
#include "image/font.h"
#include "image/resize.h"

enum { ALONE = LT_LENS_NOISE + 1 }; /* lenses that a run has without a film */

static const char *const names[LT_LENSES] = {
    [LT_LENS_LATENTS] = "latents",     [LT_LENS_X0] = "x0",           [LT_LENS_NOISE] = "noise",
    [LT_LENS_X0_UNCOND] = "x0-uncond", [LT_LENS_X0_TEXT] = "x0-text",
};

const char *lt_lens_name(lt_lens lens)
{
    return names[lens];
}

const char *lt_lens_at(int i)
{
    return i >= 0 && i < ALONE ? names[i] : NULL;
}

bool lt_lens_find(const char *word, lt_lens *out, lt_error *err)
{
    static const char *const screens[] = {"channels", "split",     "change",  "schedule",
                                          "all",      "x0-uncond", "x0-text", NULL};
    lt_buf shown = {0};
    for (int i = 0; lt_lens_at(i); i++)
        if (strcmp(word, lt_lens_at(i)) == 0) {
            *out = (lt_lens)i;
            return true;
        }
    int at = 0;
    while (screens[at] && strcmp(word, screens[at]) != 0)
        at++;
    lt_buf_escape(&shown, word, strlen(word));
    lt_fail(err, LT_ERR_ARGUMENT, screens[at] ? "latentty studio" : NULL,
            "--lens is '%.200s', %sexpected latents, x0 or noise", shown.data ? shown.data : "",
            screens[at] ? "which only the studio shows, " : "");
    lt_buf_done(&shown);
    return false;
}

/* ---- channels ---- */

lt_range lt_range_of(const float *x, size_t n)
{
    lt_range r = {.min = (double)x[0], .max = (double)x[0]};
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        double v = (double)x[i];
        r.min = v < r.min ? v : r.min;
        r.max = v > r.max ? v : r.max;
        r.mean += v;
        squares += v * v;
    }
    r.mean /= (double)n;
    r.rms = sqrt(squares / (double)n);
    return r;
}

bool lt_lens_grey(const float *x, int w, int h, int width, int height, lt_image **out,
                  lt_error *err)
{
    lt_image *small;
    size_t n = (size_t)w * (size_t)h;
    lt_range r = lt_range_of(x, n);
    if (!lt_image_new(w, h, &small, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        double v = r.max > r.min ? ((double)x[i] - r.min) / (r.max - r.min) : 0.5;
        memset(small->rgb + 3 * i, (int)lrint(255 * v), 3);
    }
    bool ok = lt_image_resize(small, width, height, LT_NEAREST, out, err);
    lt_image_unref(small);
    return ok;
}

/* The i-th with its caption. */
static bool channel(const lt_channel_grid *g, int i, lt_image **out, lt_error *err)
{
    int width = g->width > 1 ? g->width : 1, height = g->height > 1 ? g->height : 1;
    char text[64] = "";
    lt_image *grey;
    if (!g->at[i])
        return lt_image_new(width, height, out, err);
    if (!lt_lens_grey(g->at[i], g->w, g->h, width, height, &grey, err))
        return false;
    if (!g->ranges) {
        *out = grey;
        return true;
    }
    lt_range r = lt_range_of(g->at[i], (size_t)g->w * (size_t)g->h);
    snprintf(text, sizeof text, "%d: %.3g to %.3g", i + 1, r.min, r.max);
    bool ok = lt_font_caption(grey, text, NULL, out, err);
    lt_image_unref(grey);
    return ok;
}

bool lt_lens_channels(const lt_channel_grid *g, lt_image **out, lt_error *err)
{
    const lt_grid grid = {.columns = g->columns, .gap = g->gap};
    lt_image **made = lt_alloc_array((size_t)g->count, sizeof *made);
    bool ok = true;
    for (int i = 0; ok && i < g->count; i++)
        ok = channel(g, i, &made[i], err);
    ok = ok && lt_image_grid((const lt_image *const *)made, g->count, &grid, out, err);
    for (int i = 0; i < g->count; i++)
        lt_image_unref(made[i]);
    free(made);
    return ok;
}

/* ---- guidance ---- */

static double degrees(double dot, double a, double b)
{
    const double half_turn = 180 / 3.14159265358979323846;
    double cosine = a > 0 && b > 0 ? dot / (sqrt(a) * sqrt(b)) : 1;
    return half_turn * acos(cosine > 1 ? 1 : cosine < -1 ? -1 : cosine);
}

bool lt_film_push(const lt_film *f, int k, int image, lt_push *out)
{
    const lt_film_step *s = k > 0 && k <= f->done ? &f->at[k - 1] : NULL;
    size_t n = f->all / (size_t)f->images, from = (size_t)image * n;
    double uu = 0, cc = 0, uc = 0, dd = 0, ud = 0;
    if (!s || !s->eps_uncond)
        return false;
    for (size_t i = from; i < from + n; i++) {
        double u = (double)s->eps_uncond[i], c = (double)s->eps_text[i];
        uu += u * u;
        cc += c * c;
        uc += u * c;
        dd += (c - u) * (c - u);
        ud += u * (c - u);
    }
    *out = (lt_push){.scale = s->guidance_scale,
                     .rms_uncond = sqrt(uu / (double)n),
                     .rms_text = sqrt(cc / (double)n),
                     .length = s->guidance_scale * sqrt(dd / (double)n),
                     .angle = degrees(ud, uu, dd),
                     .apart = degrees(uc, uu, cc)};
    return true;
}

/* ---- what changed ---- */

double lt_lens_moved(const lt_image *a, const lt_image *b, int least)
{
    LT_ASSERT(a->width == b->width && a->height == b->height);
    size_t count = (size_t)a->width * (size_t)a->height, moved = 0;
    for (size_t i = 0; i < count; i++) {
        int most = 0;
        for (int c = 0; c < 3; c++) {
            int d = a->rgb[3 * i + (size_t)c] - b->rgb[3 * i + (size_t)c];
            d = d < 0 ? -d : d;
            most = d > most ? d : most;
        }
        moved += most >= least;
    }
    return (double)moved / (double)count;
}

/* ---- the update ---- */

bool lt_film_update(const lt_film *f, int i, lt_update *out)
{
    const lt_schedule *s = &f->schedule;
    LT_ASSERT(i >= 0 && i < f->steps);
    if (i < f->forked || i < f->first)
        return false;
    *out = (lt_update){.step = i,
                       .timestep = (double)s->timesteps[i],
                       .sigma = (double)s->sigmas[i],
                       .sigma_next = (double)s->sigmas[i + 1],
                       .v = s->config.prediction_type == LT_PREDICT_V};
    out->abar = lt_sigma_abar(out->sigma);
    out->abar_next = lt_sigma_abar(out->sigma_next);
    lt_sampler_x0_of(s, i, &out->of_x, &out->of_output);
    out->order = f->sampler->weigh(s, f->first, i, out->weight, &out->noise);
    return true;
}
