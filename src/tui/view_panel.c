/* view_panel.c - the panel beside the picture: lenses, settings, the numbers of the step. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/draw.h"
#include "tui/gauge.h"
#include "tui/tour.h"
#include "tui/view.h"
#include "tui/wrap.h"

enum {
    LABEL = 18,
    NUMBERS = 7,
    MORE = 11 /* with those of times */,
    TALL = 28,  /* rows for these */
    WITH_T = 26 /* columns of "0.1234, 0.1234 at t 123.4" */
};

/* A place that moves down the panel. */
typedef struct pen {
    lt_rect area;
    int y, end; /* rows of the screen */
} pen;

static bool room(const pen *p)
{
    return p->y < p->end;
}

/* ---- settings ---- */

static void row_of_form(const lt_studio *s, const pen *p, int row)
{
    char now[128] = "-", next[128];
    bool chosen = s->focus == LT_FOCUS_PARAMS && row == s->row;
    bool set = lt_form_next(&s->form, row, next, sizeof next);
    int x = p->area.x + 1, width = p->area.width - 2, half = (width - LABEL) / 2;
    const lt_film *f = s->reel ? s->reel->film : NULL;
    if (f)
        lt_form_this(f, s->image, row, now, sizeof now);
    if (f && f->schedule.begin && row == lt_form_row_of("steps"))
        snprintf(now, sizeof now, "%d of %d", f->steps, f->schedule.begin + f->steps);
    if (f && row == lt_form_row_of("timestep-spacing")) /* what "the scheduler's" was */
        snprintf(now, sizeof now, "%s", lt_spacing_name(f->schedule.config.timestep_spacing));
    if (chosen)
        lt_draw_fill((lt_rect){x, p->y, width, 1}, LT_STYLE_CHOSEN);
    lt_style plain = chosen ? LT_STYLE_CHOSEN : LT_STYLE_PLAIN;
    lt_draw_fit(p->y, x + 1, LABEL - 2, plain, lt_form_label(row));
    lt_draw_fit(p->y, x + LABEL, half - 1, chosen ? plain : LT_STYLE_DIM, now);
    lt_draw_fit(p->y, x + LABEL + half, width - LABEL - half,
                chosen ? plain
                : set  ? LT_STYLE_STRONG
                       : LT_STYLE_PLAIN,
                next);
}

/* So that the chosen row is seen; without one the first are. */
static void scroll(lt_studio *s, int rows, int count)
{
    if (s->focus != LT_FOCUS_PARAMS) {
        s->top = 0;
        return;
    }
    if (s->row < s->top)
        s->top = s->row;
    if (s->row >= s->top + rows)
        s->top = s->row - rows + 1;
    s->top = s->top > count - rows ? count - rows : s->top;
}

static void settings(lt_studio *s, pen *p, int rows)
{
    int x = p->area.x + 1, width = p->area.width - 2, half = (width - LABEL) / 2;
    int count = lt_form_rows();
    rows = rows < count ? rows : count;
    scroll(s, rows, count);
    if (rows < count)
        lt_draw_format(p->y, x, LABEL, LT_STYLE_STRONG, "Settings %d-%d/%d", s->top + 1,
                       s->top + rows, count);
    else
        lt_draw_text(p->y, x, LABEL, LT_STYLE_STRONG, "Settings");
    lt_draw_text(p->y, x + LABEL, half - 1, LT_STYLE_STRONG, "this run");
    lt_draw_text(p->y, x + LABEL + half, width - LABEL - half, LT_STYLE_STRONG, "next run");
    p->y++;
    for (int i = 0; i < rows && room(p); i++, p->y++)
        row_of_form(s, p, s->top + i);
}

/* What the chosen setting means, in as many rows as it takes: the numbers below give way. */
static void help(const lt_studio *s, pen *p)
{
    lt_buf text = {0};
    const char *what = lt_form_help(s->row);
    lt_wrap_text(&text, what, strlen(what), p->area.width - 2, s->options->utf8);
    for (const char *at = text.data; *at && room(p); p->y++) {
        size_t n = strcspn(at, "\n");
        lt_draw_bytes(p->y, p->area.x + 1, p->area.width - 2, LT_STYLE_DIM, at, n);
        at += n + (at[n] == '\n');
    }
    lt_buf_done(&text);
}

/* ---- numbers ---- */

LT_PRINTF(3, 4) static void number(pen *p, const char *label, const char *format, ...)
{
    char text[64];
    va_list args;
    if (!room(p))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lt_draw_text(p->y, p->area.x + 2, LABEL, LT_STYLE_PLAIN, label);
    lt_draw_text(p->y, p->area.x + 2 + LABEL, p->area.width - LABEL - 3, LT_STYLE_PLAIN, text);
    p->y++;
}

/* What it began with, where there is room for it. */
static void picture_before(const lt_film *f, pen *p)
{
    if (f->params.init_image)
        number(p, "from a picture", "strength %.4g: %d of %d", lt_params_strength(&f->params),
               f->steps, f->schedule.begin + f->steps);
}

/* What the UNet is told in this state, as lens 8 has it. */
static void timesteps(const lt_film_numbers *n, char to[40])
{
    if (n->timestep < 0)
        snprintf(to, 40, "none left");
    else if (n->timestep_next < 0)
        snprintf(to, 40, "%.4g, the last", n->timestep);
    else
        snprintf(to, 40, "%.4g -> %.4g", n->timestep, n->timestep_next);
}

/* What the step before predicted, and at which t if there is room for it. */
static void predicted(pen *p, const lt_film_numbers *n)
{
    if (p->area.width - LABEL - 3 < WITH_T)
        number(p, "rms of x0, noise", "%.4g, %.4g", n->rms_x0, n->rms_eps);
    else
        number(p, "rms of x0, noise", "%.4g, %.4g at t %.4g", n->rms_x0, n->rms_eps,
               n->timestep_before);
}

/* Which state it is, and its t; of the first, which has fewer numbers, in a row of its own. */
static void heading(const lt_studio *s, const lt_film_numbers *n, pen *p)
{
    char t[40], text[120];
    const lt_film *f = s->reel->film;
    bool picture = f->params.init_image;
    timesteps(n, t);
    if (s->step == 0)
        snprintf(text, sizeof text, "Step 0 of %d: %s", f->steps,
                 picture ? "picture with noise" : "noise");
    else
        snprintf(text, sizeof text, "Step %d of %d%s   t %s", s->step, f->steps,
                 picture ? " from a picture" : "", t);
    lt_draw_fit(p->y++, p->area.x + 1, p->area.width - 2, LT_STYLE_STRONG, text);
    if (s->step == 0)
        number(p, "timestep", "%s", t);
}

/* NUMBERS rows at most, and one of a run that began with a picture. */
static void numbers(const lt_studio *s, pen *p)
{
    lt_film_numbers n;
    const lt_film *f = s->reel ? s->reel->film : NULL;
    if (!f || s->step > f->done || !room(p))
        return;
    lt_film_numbers_at(f, s->step, s->image, &n);
    heading(s, &n, p);
    if (s->step < f->steps)
        number(p, "sigma", "%.4g -> %.4g", n.sigma, n.sigma_next);
    else
        number(p, "sigma", "%.4g", n.sigma);
    number(p, "rms of latents", "%.4g", n.rms_latents);
    if (s->step == 0) {
        picture_before(f, p);
        return;
    }
    predicted(p, &n);
    if (f->at[s->step - 1].eps_uncond) {
        number(p, "guidance push", "%.3g of noise", n.push);
        number(p, "cosine of c, u", "%.6f", n.cosine);
    }
    number(p, "changed", "%.3g %%", 100 * n.changed);
    picture_before(f, p);
}

static void statistics(const lt_studio *s, pen *p)
{
    lt_canvas_facts c = lt_canvas_about(s->canvas);
    char size[LT_GAUGE_TEXT];
    if (!room(p))
        return;
    lt_draw_format(p->y++, p->area.x + 1, p->area.width - 2, LT_STYLE_STRONG, "Frames: %s",
                   lt_graphics_name(c.kind));
    lt_gauge_size(c.bytes, size);
    number(p, "sent", "%d", c.sent);
    number(p, "bytes", "%s", size);
    number(p, "encoded in", "%.1f ms", c.encode * 1e3);
    number(p, "written in", "%.1f ms", c.write * 1e3);
    if (c.round_trip >= 0)
        number(p, "acknowledged in", "%.1f ms", c.round_trip * 1e3);
    if (s->reel) {
        number(p, "step", "%.1f ms", s->reel->step_seconds * 1e3);
        number(p, "VAE", "%.1f ms", s->reel->picture_seconds * 1e3);
    }
}

/* Rows for numbers, below everything else.  A lens may need more than there are: the settings make
 * room while nobody is at them. */
static int rows_of_numbers(lt_studio *s, lt_rect area)
{
    int rows = area.height >= TALL ? MORE : NUMBERS;
    int lines = lt_studio_what_if(s) || s->statistics ? 0 : lt_studio_look_numbers(s)->lines;
    if (lt_view_attention_rows(s) > 0 && !s->statistics)
        lines = lt_view_attention_rows(s);
    return s->focus != LT_FOCUS_PARAMS && lines > rows ? lines : rows;
}

/* Those of the lens, if it has any, and then the step's as far as there is room. */
static void of_the_step(lt_studio *s, pen *p)
{
    int rows = lt_view_lens_numbers(s, (lt_rect){p->area.x, p->y, p->area.width, p->end - p->y});
    p->y += rows;
    if (rows && p->end - p->y < NUMBERS + 1)
        return;
    p->y += rows > 0;
    numbers(s, p);
}

void lt_view_numbers(lt_studio *s, lt_rect area)
{
    pen p = {area, area.y, area.y + area.height};
    if (lt_studio_what_if(s))
        lt_view_what_if(s, area);
    else if (s->statistics)
        statistics(s, &p);
    else if (lt_view_attention_rows(s) > 0)
        lt_view_attention(s, area);
    else
        of_the_step(s, &p);
}

void lt_view_panel(lt_studio *s)
{
    lt_rect area = s->layout.panel;
    pen p = {area, area.y, area.y + area.height};
    bool airy = area.height > 18;
    s->attending.rows.height = 0;
    if (s->ask == LT_ASK_LESSON) {
        lt_view_lessons(s);
        return;
    }
    if (s->tour && s->focus != LT_FOCUS_PARAMS) {
        lt_view_tour(s);
        return;
    }
    lt_draw_box(s->layout.panel_box, LT_STYLE_PLAIN, "");
    lt_view_lenses(s, area);
    p.y += lt_view_lens_rows(area) + airy;
    int rows = area.height - lt_view_lens_rows(area) - 1 - rows_of_numbers(s, area) - 2 * airy;
    if (rows > 0 || s->focus == LT_FOCUS_PARAMS) {
        settings(s, &p, rows > 1 ? rows : 1);
        p.y += airy;
    }
    if (s->focus == LT_FOCUS_PARAMS) {
        help(s, &p);
        p.y += area.height >= TALL;
    }
    lt_view_numbers(s, (lt_rect){area.x, p.y, area.width, p.end - p.y});
}
