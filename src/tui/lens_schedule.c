/* lens_schedule.c - lens 8: the schedule of a run as text, and the update with its numbers. */
#include <math.h>

#include "tui/lens.h"
#include "tui/plot.h"

/* ---- the equation ---- */

static double ended(double x)
{
    return x == 0 ? 0 : x; /* no "-0" */
}

/* " + 0.23 d_11", " - 0.4 d_12" */
static void term(lt_buf *out, double by, const char *what, int index)
{
    lt_buf_format(out, " %c %.4g %s", by < 0 ? '-' : '+', fabs(by), what);
    if (index >= 0)
        lt_buf_format(out, "_%d", index);
}

/* Two weights a line. */
static void weights(const lt_update *u, lt_buf *out)
{
    lt_buf_format(out, "x_%d = x_%d", u->step + 1, u->step);
    for (int j = 0; j < u->order; j++) {
        if (j % 2 == 1)
            lt_buf_str(out, "\n   ");
        term(out, u->weight[j], "d", u->step - j);
    }
    if (u->noise > 0)
        term(out, u->noise, "z", -1);
    lt_buf_char(out, '\n');
}

/* What the weights come from. */
static void sums(const lt_update *u, lt_buf *out)
{
    double sum = 0;
    for (int j = 0; j < u->order; j++)
        sum += u->weight[j];
    if (u->noise > 0) {
        double down = u->sigma + sum;
        lt_buf_format(out, "down to %.4g, then noise z up\n", ended(down));
        lt_buf_format(out, "to %.4g = sqrt(%.4g^2 + %.4g^2)\n", u->sigma_next, ended(down),
                      u->noise);
    } else if (fabs(sum - (u->sigma_next - u->sigma)) < 1e-4 * u->sigma) {
        lt_buf_format(out, "%s %.4g = %.4g - %.4g\n", u->order > 1 ? "sum:" : "as", sum,
                      u->sigma_next, u->sigma);
    } else { /* image to image: LMS counts on derivatives that there are not */
        lt_buf_format(out, "sum: %.4g, but sigma goes %.4g\n", sum, u->sigma_next - u->sigma);
    }
}

/* rms of d of a step that the film has. */
static double rms_of_derivative(const lt_look_at *at, int i)
{
    const lt_film *f = at->film;
    size_t n = f->all / (size_t)f->images, from = (size_t)at->image * n;
    const float *x = lt_film_latents(f, i) + from, *x0 = f->at[i].x0 + from;
    double sum = 0, sigma = (double)f->schedule.sigmas[i];
    for (size_t k = 0; k < n; k++) {
        double d = ((double)x[k] - (double)x0[k]) / sigma;
        sum += d * d;
    }
    return sqrt(sum / (double)n);
}

/* What it is that they weigh. */
static void derivatives(const lt_look_at *at, const lt_update *u, lt_buf *out)
{
    for (int j = 0; j < u->order; j++) {
        int i = u->step - j;
        lt_buf_format(out, "d_%d\tt %.4g, ", i, (double)at->film->schedule.timesteps[i]);
        if (i < at->film->done)
            lt_buf_format(out, "rms %.4g\n", rms_of_derivative(at, i));
        else
            lt_buf_str(out, "not taken yet\n");
    }
}

/* The equation of the step after this frame with its numbers. */
static void equation(const lt_look_at *at, lt_buf *out)
{
    lt_update u;
    const lt_film *f = at->film;
    int i = at->step < f->steps ? at->step : f->steps - 1;
    if (!at->maker || !lt_film_update(at->maker, i, &u)) {
        lt_buf_format(out, "Step %d to %d\nTaken by a run that is not open.\n", i, i + 1);
        return;
    }
    lt_buf_format(out, "Step %d to %d: %s", i, i + 1, at->maker->sampler->label);
    if (u.order > 1)
        lt_buf_format(out, ", order %d", u.order);
    const char *y = u.v ? "v" : "eps";
    lt_buf_str(out, "\nx0 =");
    if (u.v)
        lt_buf_format(out, " %.4g", u.of_x);
    lt_buf_format(out, " x_%d", i);
    term(out, u.of_output, y, i);
    lt_buf_format(out, "\nd_%d = (x_%d - x0) / %.4g\n", i, i, u.sigma);
    weights(&u, out);
    sums(&u, out);
    derivatives(at, &u, out);
}

/* ---- the plot ---- */

enum { TEXT = 5 /* lines around the plot */ };

/* Timesteps are as high as the first sigma where they begin. */
static void curves(const lt_look_at *at, lt_plot *p)
{
    const lt_schedule *s = &at->film->schedule;
    double t = (double)s->timesteps[0];
    int k = at->step;
    for (int i = 0; i < s->steps && t > 0; i++)
        lt_plot_mark(p, i, (double)s->timesteps[i] / t * p->high, ':');
    for (int i = 0; i <= s->steps; i++)
        lt_plot_mark(p, i, (double)s->sigmas[i], i <= at->film->done ? 'o' : '.');
    if (k < s->steps)
        lt_plot_mark(p, k + 1, (double)s->sigmas[k + 1], '>');
    lt_plot_mark(p, k, (double)s->sigmas[k], '@');
}

static void words(const lt_look_at *at, lt_buf *out)
{
    const lt_schedule *s = &at->film->schedule;
    int k = at->step;
    double sigma = (double)s->sigmas[k];
    if (k == s->steps) {
        lt_buf_format(out, "step  @ %d of %d, the last\n", k, s->steps);
        lt_buf_format(out, "sigma %.4g\nabar  %.4g\n", sigma, lt_sigma_abar(sigma));
        return;
    }
    double next = (double)s->sigmas[k + 1];
    lt_buf_format(out, "step  @ %d -> > %d of %d\n", k, k + 1, s->steps);
    lt_buf_format(out, "sigma %.4g -> %.4g\n", sigma, next);
    lt_buf_format(out, "abar  %.4g -> %.4g\n", lt_sigma_abar(sigma), lt_sigma_abar(next));
    lt_buf_format(out, "t     %.4g", (double)s->timesteps[k]);
    if (k + 1 < s->steps)
        lt_buf_format(out, " -> %.4g", (double)s->timesteps[k + 1]);
    lt_buf_str(out, k + 1 < s->steps ? "\n" : " -> the end\n");
}

/* Sigmas and timesteps by step, "@" where the frame is and ">" where the next step leads. */
static void by_step(const lt_look_at *at, int width, int height, lt_buf *out)
{
    const lt_schedule *s = &at->film->schedule;
    double first = (double)s->sigmas[0];
    lt_plot p;
    lt_buf_format(out, "o sigma %.4g   : t %.4g\n", first, (double)s->timesteps[0]);
    if (lt_plot_init(&p, width, height - TEXT, 0, s->steps, 0, first)) {
        curves(at, &p);
        lt_plot_text(&p, out);
        lt_plot_done(&p);
    }
    words(at, out);
}

/* ---- small ---- */

static const lt_rgb ground = {44, 44, 50}, blue = {110, 150, 210}, light = {214, 214, 214},
                    bright = {255, 190, 40};

/* A square around a place, 0 to 1 from the left and the bottom. */
static void square(lt_image *to, double x, double y, int side, lt_rgb colour)
{
    int margin = to->width / 16 + 1, w = to->width - 2 * margin - 1,
        h = to->height - 2 * margin - 1;
    int left = margin + (int)lrint(x * w), top = margin + (int)lrint((1 - y) * h);
    lt_image_fill(to, (lt_rect){left - side / 2, top - side / 2, side, side}, colour);
}

/* As shares of the first: a line from value to value. */
static void line(lt_image *to, const float *v, int last, int steps, int side, lt_rgb colour)
{
    int points = 2 * (to->width + to->height); /* no gap, however steep it is */
    for (int i = 0; v[0] > 0 && last > 0 && i <= points; i++) {
        double at = (double)i / points * last;
        int from = (int)at < last ? (int)at : last - 1;
        double way = at - from, y = (1 - way) * (double)v[from] + way * (double)v[from + 1];
        square(to, at / steps, y / (double)v[0], side, colour);
    }
}

bool lt_look_schedule_small(const lt_look_at *at, lt_image **out, lt_error *err)
{
    const lt_film *f = at->film;
    const lt_schedule *s = &f->schedule;
    int k = at->step, thin = f->width / 128 + 1, side = f->width / 16 + 1;
    if (!lt_image_new(f->width, f->height, out, err))
        return false;
    lt_image_fill(*out, (lt_rect){0, 0, f->width, f->height}, ground);
    line(*out, s->timesteps, s->steps - 1, s->steps, thin, blue);
    line(*out, s->sigmas, s->steps, s->steps, thin, light);
    square(*out, (double)k / s->steps, (double)s->sigmas[k] / (double)s->sigmas[0], side, bright);
    return true;
}

/* ---- the pages ---- */

static const struct {
    void (*say)(const lt_look_at *at, lt_buf *out);
    void (*plot)(const lt_look_at *at, int width, int height, lt_buf *out);
} pages[LT_LOOK_PAGES] = {
    {equation, by_step},
    {lt_look_say_betas, lt_look_betas},
    {lt_look_say_sigmas, lt_look_sigmas},
    {lt_look_say_cuts, lt_look_cuts},
};

void lt_look_say_schedule(const lt_look_at *at, lt_buf *out)
{
    pages[at->page].say(at, out);
}

void lt_look_schedule(const lt_look_at *at, int width, int height, lt_buf *out)
{
    pages[at->page].plot(at, width, height, out);
}
