/* view_compare.c - two runs side by side: the sheet of pictures, and how they differ in words. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tui/draw.h"
#include "tui/view.h"

enum { LABEL = 19, SENTENCE = 42, BAND = 6 /* rows of pixels that sixels come in */ };

/* ---- the pictures ---- */

static const char *state_of(const lt_studio *s, bool there)
{
    if (!lt_studio_compare_a(s))
        return "  A is gone";
    if (!s->reel || !s->reel->film)
        return "  B has no steps yet";
    return there ? "" : "  decoding...";
}

static void box(const lt_studio *s, bool there)
{
    const lt_comparing *c = &s->comparing;
    lt_rect r = s->layout.picture_box;
    char a[48], b[48], title[200];
    const char *lens = lt_studio_lens_name(s->lens);
    snprintf(a, sizeof a, "A: run %d step %d", lt_studio_run_number(s, c->a), c->a_step);
    snprintf(b, sizeof b, "B: run %d step %d", s->reel ? lt_studio_run_number(s, s->reel->id) : 0,
             s->step);
    if (c->mode == LT_COMPARE_FLICKER)
        snprintf(title, sizeof title, "%s: %s  %s%s", c->held ? "held" : "flicker",
                 c->second ? b : a, lens, state_of(s, there));
    else if (c->mode == LT_COMPARE_DIFFERENCE)
        snprintf(title, sizeof title, "|A-B| x%d  %s  %s  %s%s", c->gain, a, b, lens,
                 state_of(s, there));
    else
        snprintf(title, sizeof title, "%s  %s  |A-B| x%d  %s%s", a, b, c->gain, lens,
                 state_of(s, there));
    lt_draw_box(r, LT_STYLE_PLAIN, title);
}

void lt_view_sheet_room(const lt_studio *s, int *width, int *height)
{
    lt_rect area = s->layout.picture;
    *width = area.width * s->term.cell_width;
    *height = area.height * s->term.cell_height;
    if (s->graphics != LT_GRAPHICS_SIXEL)
        return;
    if (s->term.max_width > 0 && *width > s->term.max_width)
        *width = s->term.max_width;
    if (s->term.max_height > 0 && *height > s->term.max_height)
        *height = s->term.max_height;
    *height = *height / BAND * BAND;
}

bool lt_view_captions(const lt_studio *s)
{
    return s->graphics == LT_GRAPHICS_SIXEL || s->graphics == LT_GRAPHICS_KITTY;
}

void lt_view_sheet(lt_studio *s, lt_image *sheet, bool coarse)
{
    lt_draw_leave(s->layout.picture);
    lt_canvas_area(s->canvas, s->layout.picture, LT_ZOOM_ONE);
    if (sheet)
        lt_canvas_show(s->canvas, sheet, false, coarse);
}

/* False if not all is there. */
static bool pictures(lt_studio *s)
{
    int width, height;
    lt_view_sheet_room(s, &width, &height);
    lt_image *sheet = lt_studio_compare_sheet(s, width, height, lt_view_captions(s));
    lt_view_sheet(s, sheet, false);
    return sheet != NULL;
}

/* ---- the text ---- */

static void numbers(const lt_studio *s, bool there, const lt_film *a, const lt_film *b)
{
    lt_rect r = s->layout.text;
    const lt_comparing *c = &s->comparing;
    const lt_image_distance *d = &c->distance;
    char psnr[LT_IMAGE_PSNR_TEXT];
    if (a->width != b->width || a->height != b->height) {
        lt_draw_format(r.y, r.x + 1, r.width - 2, LT_STYLE_WARN,
                       "no difference: A has %dx%d pixels, B %dx%d", a->width, a->height, b->width,
                       b->height);
        return;
    }
    if (!there || !c->measured) {
        lt_draw_text(r.y, r.x + 1, r.width - 2, LT_STYLE_DIM, "decoding...");
        return;
    }
    lt_image_psnr_text(d, psnr);
    lt_draw_format(r.y, r.x + 1, r.width - 2, LT_STYLE_STRONG,
                   "mean |A-B| %.2f of 255   max %d   PSNR %s%s", d->mae, d->max, psnr,
                   d->max == 0 ? ": the same picture" : "");
}

static void sentence(const lt_compare_steps *t, const lt_film *b, char *to, size_t size)
{
    float most = 0;
    int first = lt_compare_first(t);
    for (int k = 0; k < t->count; k++)
        most = t->rms[k] > most ? t->rms[k] : most;
    if (t->count == 0)
        snprintf(to, size, "latents of another size");
    else if (first < t->count && first == 0)
        snprintf(to, size, "differs from the noise on, rms up to %.3g", (double)most);
    else if (first < t->count)
        snprintf(to, size, "differs from step %d on, rms up to %.3g", first, (double)most);
    else if (t->count <= b->steps)
        snprintf(to, size, "equal up to step %d", t->count - 1);
    else
        snprintf(to, size, "equal in all steps");
}

/* Two steps of one run. */
static void one_run(const lt_studio *s, lt_rect r, const lt_film *f)
{
    int a = s->comparing.a_step;
    lt_draw_format(r.y + 1, r.x + 1, r.width - 2, LT_STYLE_PLAIN,
                   "one run: the latents of its steps %d and %d differ by an rms of %.3g", a,
                   s->step, lt_compare_latents(f, a, f, s->step));
}

static void bar(lt_studio *s, lt_rect r, const lt_film *a, const lt_film *b)
{
    lt_compare_steps *t = &s->comparing.steps;
    char text[64], cells[3 * 256 + 1];
    int y = r.y + 1, most = r.width - SENTENCE - 13;
    lt_compare_steps_add(t, a, b);
    sentence(t, b, text, sizeof text);
    most = most > 256 ? 256 : most;
    int used = lt_compare_bar(t, b->steps, most, s->options->utf8, cells, sizeof cells);
    int n = lt_draw_text(y, r.x + 1, 9, LT_STYLE_PLAIN, "latents |");
    lt_draw_text(y, r.x + 1 + n, used, LT_STYLE_PLAIN, cells);
    lt_draw_format(y, r.x + 1 + n + used, r.width - n - used - 2, LT_STYLE_PLAIN, "|  %s", text);
}

/* "A: run 1", "B: run 2, fork of 1 @ 3" */
static void heading(const lt_studio *s, const lt_reel *r, char letter, char *to, size_t size)
{
    int parent = r->parent ? lt_studio_run_number(s, r->parent) : 0;
    int n = snprintf(to, size, "%c: run %d", letter, lt_studio_run_number(s, r->id));
    if (parent)
        snprintf(to + n, size - (size_t)n, ", fork of %d @ %d", parent, r->forked);
}

static void row(lt_rect r, int at, lt_style style, const char *label, const char *a, const char *b)
{
    int half = (r.width - LABEL - 2) / 2, y = r.y + at;
    lt_draw_fit(y, r.x + 1, LABEL - 1, style, label);
    lt_draw_fit(y, r.x + 1 + LABEL, half - 1, style, a);
    lt_draw_fit(y, r.x + 1 + LABEL + half, half, style, b);
}

/* In one line what is the same. */
static void same(lt_rect r, int at, const lt_compare_setting *all, int from, int count)
{
    lt_buf line = {0};
    for (int i = from; i < count; i++)
        lt_buf_format(&line, "%s%s", i == from ? "the same: " : ", ", all[i].label);
    if (line.len)
        lt_draw_fit(r.y + at, r.x + 1, r.width - 2, LT_STYLE_DIM, line.data);
    lt_buf_done(&line);
}

static void settings(const lt_studio *s, lt_rect r, const lt_reel *a, const lt_reel *b)
{
    int differ, at = 2;
    char left[64], right[64];
    lt_compare_setting *all = lt_alloc_array(LT_COMPARE_SETTINGS, sizeof *all);
    int count = lt_compare_settings(a->film, b->film, all, &differ);
    heading(s, a, 'A', left, sizeof left);
    heading(s, b, 'B', right, sizeof right);
    row(r, at++, LT_STYLE_STRONG, differ ? "what differs" : "nothing differs", left, right);
    for (int i = 0; i < differ && at < r.height; i++, at++) {
        if (at == r.height - 1 && i < differ - 1) {
            lt_draw_format(r.y + at, r.x + 1, r.width - 2, LT_STYLE_DIM, "and %d more", differ - i);
            break;
        }
        row(r, at, LT_STYLE_PLAIN, all[i].label, all[i].a, all[i].b);
    }
    if (at < r.height)
        same(r, at, all, differ, count);
    free(all);
}

void lt_view_compare(lt_studio *s)
{
    const lt_reel *a = lt_studio_compare_a(s), *b = s->reel;
    bool there = pictures(s);
    box(s, there);
    if (!a || !b || !b->film)
        return;
    numbers(s, there, a->film, b->film);
    if (a == b) {
        one_run(s, s->layout.text, b->film);
        return;
    }
    bar(s, s->layout.text, a->film, b->film);
    settings(s, s->layout.text, a, b);
}
