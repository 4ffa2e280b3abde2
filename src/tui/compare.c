/* compare.c - see compare.h. */
#include "tui/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/font.h"
#include "image/resize.h"
#include "tui/form.h"

/* ---- pictures ---- */

static int least(int a, int b)
{
    return a < b ? a : b;
}

static const lt_caption caption_style = {1, {200, 200, 200}, {0, 0, 0}};
enum { CAPTION = LT_FONT_HEIGHT + 4 }; /* rows of a caption */

void lt_compare_kept_done(lt_compare_kept *k)
{
    lt_image_unref(k->of);
    lt_image_unref(k->made);
    free(k->caption);
    *k = (lt_compare_kept){0};
}

/* Below a picture of this width. */
static const char *said(const lt_compare_panel *p, int width)
{
    bool cut = lt_font_width(p->caption, caption_style.scale) > width;
    return cut && p->brief ? p->brief : p->caption;
}

static bool is_kept(const lt_compare_panel *p, int width, int height)
{
    const lt_compare_kept *k = p->kept;
    return k->made && k->of == p->image && k->width == width && k->height == height &&
           !k->caption == !p->caption && (!p->caption || strcmp(k->caption, p->caption) == 0);
}

/* One picture in its room, with its caption. */
static bool make(const lt_compare_panel *p, int width, int height, lt_image **out, lt_error *err)
{
    int w = p->image->width, h = p->image->height;
    int room = height - (p->caption ? CAPTION : 0);
    lt_rect fit = lt_rect_centre(width, room > 1 ? room : 1, w, h);
    int times = least(fit.width / w, fit.height / h);
    lt_image *image;
    lt_filter filter = times >= 1 ? LT_BILINEAR : LT_BOX;
    if (times >= 1 && 4 * times * w >= 3 * fit.width) { /* squares stay squares */
        fit.width = times * w;
        fit.height = times * h;
        filter = LT_NEAREST;
    }
    if (!lt_image_resize(p->image, fit.width, fit.height, filter, &image, err))
        return false;
    if (!p->caption) {
        *out = image;
        return true;
    }
    bool ok = lt_font_caption(image, said(p, image->width), &caption_style, out, err);
    lt_image_unref(image);
    return ok;
}

static bool panel(const lt_compare_panel *p, int width, int height, lt_image **out, lt_error *err)
{
    lt_compare_kept *k = p->kept;
    if (k && is_kept(p, width, height)) {
        *out = lt_image_ref(k->made);
        return true;
    }
    if (!make(p, width, height, out, err))
        return false;
    if (k) {
        lt_compare_kept_done(k);
        *k = (lt_compare_kept){.of = lt_image_ref(p->image),
                               .made = lt_image_ref(*out),
                               .caption = p->caption ? lt_strdup(p->caption) : NULL,
                               .width = width,
                               .height = height};
    }
    return true;
}

bool lt_compare_sheet(const lt_compare_panel *panels, int count, int width, int height,
                      lt_image **out, lt_error *err)
{
    lt_image *made[LT_COMPARE_MOST] = {NULL};
    const lt_grid grid = {.columns = count, .gap = LT_COMPARE_GAP};
    int share = (width - (count - 1) * LT_COMPARE_GAP) / count;
    bool ok = true;
    for (int i = 0; ok && i < count; i++) {
        lt_image *p = panels[i].image;
        if (width == 0)
            ok = panel(&panels[i], p->width, p->height + CAPTION, &made[i], err);
        else
            ok = panel(&panels[i], share > 1 ? share : 1, height, &made[i], err);
    }
    ok = ok && lt_image_grid((const lt_image *const *)made, count, &grid, out, err);
    for (int i = 0; i < count; i++)
        lt_image_unref(made[i]);
    return ok;
}

/* ---- steps ---- */

/* Made or not. */
static int counterpart(const lt_film *from, int k, const lt_film *to)
{
    if (from->steps == to->steps)
        return k;
    return (2 * k * to->steps + from->steps) / (2 * from->steps);
}

int lt_compare_step(const lt_film *from, int k, const lt_film *to)
{
    return least(counterpart(from, k, to), to->done);
}

bool lt_compare_fits(const lt_film *a, const lt_film *b)
{
    return a->channels == b->channels && a->h == b->h && a->w == b->w;
}

/* Frame k of the first picture, and what the VAE's view of it is divided by. */
static const float *frame(const lt_film *f, int k, double *by)
{
    double sigma = (double)f->schedule.sigmas[k];
    *by = sqrt(sigma * sigma + 1);
    return lt_film_latents(f, k);
}

double lt_compare_latents(const lt_film *a, int i, const lt_film *b, int j)
{
    double by_a, by_b, sum = 0;
    size_t n = a->all / (size_t)a->images;
    const float *x = frame(a, i, &by_a), *y = frame(b, j, &by_b);
    for (size_t k = 0; k < n; k++) {
        double d = (double)x[k] / by_a - (double)y[k] / by_b;
        sum += d * d;
    }
    return sqrt(sum / (double)n);
}

void lt_compare_steps_add(lt_compare_steps *s, const lt_film *a, const lt_film *b)
{
    if (s->a != a || s->b != b || s->count > b->done + 1) {
        s->a = a;
        s->b = b;
        s->count = 0;
    }
    if (s->room < b->steps + 1) {
        s->room = b->steps + 1;
        s->rms = lt_grow(s->rms, (size_t)s->room, sizeof *s->rms);
    }
    for (int k = s->count; lt_compare_fits(a, b) && k <= b->done; k++) {
        int i = counterpart(b, k, a);
        if (i > a->done)
            break;
        s->rms[s->count++] = (float)lt_compare_latents(a, i, b, k);
    }
}

void lt_compare_steps_done(lt_compare_steps *s)
{
    free(s->rms);
    *s = (lt_compare_steps){0};
}

int lt_compare_first(const lt_compare_steps *s)
{
    int k = 0;
    while (k < s->count && s->rms[k] == 0)
        k++;
    return k;
}

int lt_compare_cell(int step, int steps, int cells)
{
    return steps < cells ? step : (int)((long long)step * cells / (steps + 1));
}

/* One of eight heights. */
static const char *block(float share, bool utf8)
{
    static const char *const blocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    static const char *const letters[] = {":", "-", "=", "+", "*", "#", "%", "@"};
    int height = (int)ceilf(share * 8) - 1;
    height = height < 0 ? 0 : height > 7 ? 7 : height;
    return utf8 ? blocks[height] : letters[height];
}

int lt_compare_bar(const lt_compare_steps *s, int steps, int cells, bool utf8, char *to,
                   size_t size)
{
    float most = 0;
    int used = least(steps + 1, cells), k = 0;
    size_t at = 0;
    for (int i = 0; i < s->count; i++)
        most = s->rms[i] > most ? s->rms[i] : most;
    to[0] = '\0';
    for (int cell = 0; cell < used; cell++) {
        float here = -1; /* the largest of its frames */
        for (; k <= steps && lt_compare_cell(k, steps, cells) == cell; k++)
            here = k < s->count && s->rms[k] > here ? s->rms[k] : here;
        const char *mark = here < 0 ? " " : here > 0 ? block(here / most, utf8) : ".";
        at += (size_t)snprintf(to + at, size - at, "%s", mark);
    }
    return used;
}

/* ---- settings ---- */

static void put(lt_compare_setting *s, const char *label)
{
    s->label = label;
    s->same = strcmp(s->a, s->b) == 0;
}

/* Texts are compared whole and shown as far as there is room. */
static void text_setting(lt_compare_setting *s, const char *label, const char *a, const char *b)
{
    a = a ? a : "";
    b = b ? b : "";
    snprintf(s->a, sizeof s->a, "%s", *a ? a : "-");
    snprintf(s->b, sizeof s->b, "%s", *b ? b : "-");
    put(s, label);
    s->same = strcmp(a, b) == 0;
}

static int all_settings(const lt_film *a, const lt_film *b, lt_compare_setting *out)
{
    int n = 0, guidance = lt_form_row_of("guidance-scale");
    lt_form_this(a, 0, guidance, out[n].a, LT_COMPARE_VALUE);
    lt_form_this(b, 0, guidance, out[n].b, LT_COMPARE_VALUE);
    put(&out[n++], "guidance-scale");
    text_setting(&out[n++], "prompt", a->params.prompt_count ? a->params.prompts[0] : NULL,
                 b->params.prompt_count ? b->params.prompts[0] : NULL);
    text_setting(&out[n++], "avoid", a->params.negative_prompt, b->params.negative_prompt);
    for (int row = 0; row < lt_form_rows() && n < LT_COMPARE_SETTINGS; row++) {
        if (row == guidance)
            continue;
        lt_form_this(a, 0, row, out[n].a, LT_COMPARE_VALUE);
        lt_form_this(b, 0, row, out[n].b, LT_COMPARE_VALUE);
        put(&out[n++], lt_form_label(row));
    }
    return n;
}

int lt_compare_settings(const lt_film *a, const lt_film *b,
                        lt_compare_setting out[LT_COMPARE_SETTINGS], int *differ)
{
    lt_compare_setting *all = lt_alloc_array(LT_COMPARE_SETTINGS, sizeof *all);
    int n = all_settings(a, b, all), at = 0;
    for (int same = 0; same < 2; same++) {
        for (int i = 0; i < n; i++)
            if (all[i].same == same)
                out[at++] = all[i];
        *differ = same == 0 ? at : *differ;
    }
    free(all);
    return n;
}
