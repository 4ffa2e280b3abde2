/* lens_pages.c - the pages of lens 8 after the first: what the schedule of a run is made of. */
#include <math.h>
#include <string.h>

#include "tui/lens.h"
#include "tui/plot.h"

/* A plot with a line above it, in so many rows; drawn by a function. */
typedef struct figure {
    const char *above;
    double right, low, high;
    bool logarithmic;
} figure;

typedef void draw_fn(lt_plot *p, const lt_look_at *at, const void *user);

static void put(const figure *f, int width, int height, const lt_look_at *at, draw_fn *draw,
                const void *user, lt_buf *out)
{
    lt_plot p;
    lt_buf_format(out, "%s\n", f->above);
    if (!lt_plot_init(&p, width, height - 1, 0, f->right, f->low, f->high))
        return;
    p.logarithmic = f->logarithmic;
    draw(&p, at, user);
    lt_plot_text(&p, out);
    lt_plot_done(&p);
}

/* ---- betas and abar ---- */

enum { KINDS = 3 };

/* The same ends with another rule: *out is to be released.  False: it has no usable sigmas. */
static bool other(const lt_film *f, int kind, lt_schedule *out)
{
    lt_error ignored;
    lt_schedule_config c = f->schedule.config;
    c.beta_schedule = (lt_beta_schedule)kind;
    return lt_schedule_init(out, &c, 1, &ignored);
}

/* The model's own, and linear and scaled_linear beside it. */
static bool shown(const lt_film *f, int kind)
{
    return kind != LT_BETA_SQUAREDCOS_CAP_V2 || (int)f->schedule.config.beta_schedule == kind;
}

static char mark_of(const lt_film *f, int kind)
{
    return kind == (int)f->schedule.config.beta_schedule ? '*' : kind == LT_BETA_LINEAR ? '.' : ':';
}

/* A curve for each kind, the model's last; abar: of that instead of the betas. */
static void curves(lt_plot *p, const lt_film *f, bool abar)
{
    int own = (int)f->schedule.config.beta_schedule;
    for (int i = 0; i < KINDS; i++) {
        int kind = i < KINDS - 1 ? (i < own ? i : i + 1) : own;
        lt_schedule s;
        if (!shown(f, kind) || !other(f, kind, &s))
            continue;
        for (int column = 0; column < p->width; column++) {
            int t = (int)lrint(lt_plot_x(p, column));
            double y = abar ? (double)s.alphas_cumprod[t] : lt_schedule_beta(&s.config, t);
            lt_plot_mark(p, t, y, mark_of(f, kind));
        }
        lt_schedule_done(&s);
    }
}

static void draw_betas(lt_plot *p, const lt_look_at *at, const void *user)
{
    (void)user;
    curves(p, at->film, false);
}

/* Also where the frame is. */
static void draw_abar(lt_plot *p, const lt_look_at *at, const void *user)
{
    const lt_schedule *s = &at->film->schedule;
    (void)user;
    curves(p, at->film, true);
    double t = at->step < s->steps ? (double)s->timesteps[at->step] : 0;
    lt_plot_mark(p, t, lt_sigma_abar((double)s->sigmas[at->step]), '@');
}

void lt_look_betas(const lt_look_at *at, int width, int height, lt_buf *out)
{
    const lt_schedule_config *c = &at->film->schedule.config;
    int last = c->num_train_timesteps - 1, upper = (height + 1) / 2;
    double most = 0;
    for (int t = 0; t <= last; t++)
        most = fmax(most, lt_schedule_beta(c, t));
    figure betas = {"beta by t: * the model's", last, 0, most, false};
    figure abar = {"abar by t: @ this step", last, 0, 1, false};
    put(&betas, width, upper, at, draw_betas, NULL, out);
    put(&abar, width, height - upper, at, draw_abar, NULL, out);
}

static void table(const lt_film *f, int kind, lt_buf *out)
{
    lt_schedule s;
    bool own = kind == (int)f->schedule.config.beta_schedule;
    if (!shown(f, kind) || !other(f, kind, &s))
        return;
    int last = s.config.num_train_timesteps - 1;
    const int at[] = {0, last / 2, last};
    lt_buf_format(out, "%c %s%s\n", mark_of(f, kind), lt_beta_schedule_name((lt_beta_schedule)kind),
                  own ? ", the model's" : "");
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        lt_buf_format(out, "%6d  beta %-9.4g abar %.4g\n", at[i],
                      lt_schedule_beta(&s.config, at[i]), (double)s.alphas_cumprod[at[i]]);
    lt_schedule_done(&s);
}

void lt_look_say_betas(const lt_look_at *at, lt_buf *out)
{
    int own = (int)at->film->schedule.config.beta_schedule;
    lt_buf_str(out, "Betas: the noise of training\n"
                    "x_t = sqrt(1-b) x_(t-1) + sqrt(b) z\n"
                    "abar_t: all 1 - b up to t multiplied\n");
    table(at->film, own, out);
    for (int kind = 0; kind < KINDS; kind++)
        if (kind != own)
            table(at->film, kind, out);
}

/* ---- the sigmas of this run ---- */

/* With Karras's sigmas, or without where the run has them; cut as the run's. */
static bool otherwise(const lt_film *f, lt_schedule *out)
{
    lt_error ignored;
    lt_schedule_config c = f->schedule.config;
    c.use_karras_sigmas = !c.use_karras_sigmas;
    if (!lt_schedule_init(out, &c, f->schedule.begin + f->steps, &ignored))
        return false;
    lt_schedule_cut(out, f->schedule.begin);
    return true;
}

/* Those that a logarithm has. */
static double smallest(const lt_schedule *s)
{
    double least = (double)s->sigmas[0];
    for (int i = 0; i <= s->steps; i++)
        if (s->sigmas[i] > 0)
            least = fmin(least, (double)s->sigmas[i]);
    return least;
}

static void marks(lt_plot *p, const lt_schedule *s, char how)
{
    for (int i = 0; i < s->steps; i++)
        lt_plot_mark(p, i, (double)s->sigmas[i], how);
}

static void draw_sigmas(lt_plot *p, const lt_look_at *at, const void *user)
{
    const lt_schedule *s = &at->film->schedule;
    marks(p, user, '.');
    marks(p, s, '*');
    if (at->step < s->steps)
        lt_plot_mark(p, at->step, (double)s->sigmas[at->step], '@');
}

static void draw_timesteps(lt_plot *p, const lt_look_at *at, const void *user)
{
    const lt_schedule *s = &at->film->schedule, *karras = user;
    for (int i = 0; i < s->steps; i++)
        lt_plot_mark(p, i, (double)karras->timesteps[i], '.');
    for (int i = 0; i < s->steps; i++)
        lt_plot_mark(p, i, (double)s->timesteps[i], i == at->step ? '@' : '*');
}

void lt_look_sigmas(const lt_look_at *at, int width, int height, lt_buf *out)
{
    const lt_schedule *s = &at->film->schedule;
    lt_schedule another;
    int upper = (height + 1) / 2;
    if (!otherwise(at->film, &another))
        return;
    double most = fmax((double)s->sigmas[0], (double)another.sigmas[0]);
    const char *what =
        s->config.use_karras_sigmas ? "sigma by step: . as trained" : "sigma by step: . Karras";
    double end = s->steps > 1 ? s->steps - 1 : 1;
    figure sigmas = {what, end, fmin(smallest(s), smallest(&another)), most, true};
    figure timesteps = {"t by step", end, 0, s->config.num_train_timesteps - 1, false};
    put(&sigmas, width, upper, at, draw_sigmas, &another, out);
    put(&timesteps, width, height - upper, at, draw_timesteps, &another, out);
    lt_schedule_done(&another);
}

void lt_look_say_sigmas(const lt_look_at *at, lt_buf *out)
{
    enum { ROWS = 8 };
    const lt_schedule *s = &at->film->schedule;
    lt_schedule another;
    if (!otherwise(at->film, &another))
        return;
    bool karras = s->config.use_karras_sigmas;
    lt_buf_format(out, "Sigmas: * this run's, . %s\n", karras ? "as trained" : "Karras's");
    lt_buf_str(out, "Karras: (a + i/(n-1) (b - a))^7, of\n"
                    "a, b: 7th roots of first and last\n");
    lt_buf_format(out, "   i  *sigma      t  .sigma      t\n");
    int from = at->step - ROWS / 2;
    from = from > s->steps - ROWS ? s->steps - ROWS : from;
    from = from < 0 ? 0 : from;
    for (int i = from; i < from + ROWS && i < s->steps; i++)
        lt_buf_format(out, "%4d %7.4g %6.4g %7.4g %6.4g\n", i, (double)s->sigmas[i],
                      (double)s->timesteps[i], (double)another.sigmas[i],
                      (double)another.timesteps[i]);
    lt_schedule_done(&another);
}

/* ---- few steps and many ---- */

enum { FEW = 10, MANY = 70 };

typedef struct cuts {
    lt_schedule few, many;
} cuts;

static bool cut(const lt_film *f, cuts *out)
{
    lt_error ignored;
    if (!lt_schedule_init(&out->few, &f->schedule.config, FEW, &ignored))
        return false;
    if (lt_schedule_init(&out->many, &f->schedule.config, MANY, &ignored))
        return true;
    lt_schedule_done(&out->few);
    return false;
}

static void cuts_done(cuts *c)
{
    lt_schedule_done(&c->few);
    lt_schedule_done(&c->many);
}

/* By the share of the run that is behind. */
static void draw_cuts(lt_plot *p, const lt_look_at *at, const void *user)
{
    const cuts *c = user;
    (void)at;
    for (int i = 0; i < MANY; i++)
        lt_plot_mark(p, 100.0 * i / MANY, (double)c->many.sigmas[i], '.');
    for (int i = 0; i < FEW; i++)
        lt_plot_mark(p, 100.0 * i / FEW, (double)c->few.sigmas[i], 'O');
}

void lt_look_cuts(const lt_look_at *at, int width, int height, lt_buf *out)
{
    cuts c;
    if (!cut(at->film, &c))
        return;
    figure f = {"sigma by % of run: O 10 . 70", 100, fmin(smallest(&c.few), smallest(&c.many)),
                fmax((double)c.few.sigmas[0], (double)c.many.sigmas[0]), true};
    put(&f, width, height, at, draw_cuts, &c, out);
    cuts_done(&c);
}

static int between(const lt_schedule *s, double low, double high)
{
    int count = 0;
    for (int i = 0; i < s->steps; i++)
        count += (double)s->sigmas[i] >= low && (double)s->sigmas[i] < high;
    return count;
}

void lt_look_say_cuts(const lt_look_at *at, lt_buf *out)
{
    static const double ends[] = {HUGE_VAL, 10, 3, 1, 0.3, 0};
    static const char *const bands[] = {"10 and more", "3 to 10", "1 to 3", "0.3 to 1",
                                        "below 0.3"};
    cuts c;
    if (!cut(at->film, &c))
        return;
    const float *few = c.few.sigmas, *many = c.many.sigmas;
    lt_buf_format(out, "The schedule in 10 and in 70 steps\n");
    lt_buf_format(out, "steps\t%6d %8d\n", FEW, MANY);
    lt_buf_format(out, "first sigma\t%6.4g %8.4g\n", (double)few[0], (double)many[0]);
    lt_buf_format(out, "last before 0\t%6.4g %8.4g\n", (double)few[FEW - 1],
                  (double)many[MANY - 1]);
    lt_buf_format(out, "first step\t%6.3g %8.3g\n", (double)few[1] - (double)few[0],
                  (double)many[1] - (double)many[0]);
    lt_buf_str(out, "steps that begin with a sigma of\n");
    for (size_t i = 0; i < sizeof bands / sizeof *bands; i++)
        lt_buf_format(out, "  %s\t%6d %8d\n", bands[i], between(&c.few, ends[i + 1], ends[i]),
                      between(&c.many, ends[i + 1], ends[i]));
    cuts_done(&c);
}
