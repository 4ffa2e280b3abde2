/*
 * test_studio_numbers.c - every number of a step on the screen, worked out once more: schedules as
 * diffusers makes them, the rest in double from what the history keeps of the run.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lens_rig.h"

/* LMSDiscreteScheduler of the demo model with 8 steps, leading: t is 125 (7 - i) + 1. */
static const double sigmas[] = {7.371847, 4.116698, 2.510922, 1.623693, 1.076032,
                                0.698399, 0.402218, 0.041314, 0};
static const double guidance = 7.5;

static double timestep(int i)
{
    return 125 * (7 - i) + 1;
}

static double at(const lt_store_floats *f, size_t i)
{
    return (double)((const float *)f->data)[i];
}

/* rms of x + by y. */
static double rms(const lt_store_floats *x, double by, const lt_store_floats *y)
{
    double sum = 0;
    for (size_t i = 0; i < x->count; i++) {
        double v = at(x, i) + (y ? by * at(y, i) : 0);
        sum += v * v;
    }
    return sqrt(sum / (double)x->count);
}

static double dot(const lt_store_floats *x, const lt_store_floats *y)
{
    double sum = 0;
    for (size_t i = 0; i < x->count; i++)
        sum += at(x, i) * at(y, i);
    return sum / (double)x->count;
}

/* Of a - b, and of b, both as the VAE is given them. */
static double changed(const lt_store_step *a, const lt_store_step *b)
{
    double by_a = sqrt(sigmas[a->k] * sigmas[a->k] + 1);
    double by_b = sqrt(sigmas[b->k] * sigmas[b->k] + 1), sum = 0, all = 0;
    for (size_t i = 0; i < a->latents.count; i++) {
        double was = at(&b->latents, i) / by_b, d = at(&a->latents, i) / by_a - was;
        sum += d * d;
        all += was * was;
    }
    return sqrt(sum / all);
}

static void check_step(rig *r, int k)
{
    lt_store_step *now = lens_kept(r, k), *before = lens_kept(r, k - 1);
    const lt_store_floats *u = &now->eps_uncond, *c = &now->eps_text;
    double text = rms(c, 0, NULL), uncond = rms(u, 0, NULL), apart = rms(c, -1, u);
    double guided = sqrt(pow(1 - guidance, 2) * uncond * uncond + pow(guidance * text, 2) +
                         2 * guidance * (1 - guidance) * dot(u, c));
    /* what the UNet is told in this state, not what it was told on the way to it */
    if (k == STEPS)
        rig_expect(r, "Step 8 of 8   t none left");
    else if (k == STEPS - 1)
        rig_expect(r, "Step 7 of 8   t %.4g, the last", timestep(7));
    else
        rig_expect(r, "Step %d of 8   t %.4g -> %.4g", k, timestep(k), timestep(k + 1));
    if (k < STEPS)
        rig_expect(r, "sigma             %.4g -> %.4g", sigmas[k], sigmas[k + 1]);
    rig_expect(r, "rms of latents    %.4g", rms(&now->latents, 0, NULL));
    rig_expect(r, "rms of x0, noise  %.4g, %.4g", rms(&now->x0, 0, NULL), guided);
    int columns, rows;
    terminal_size(r->t, &columns, &rows);
    if (columns == 120 && rows == 40) /* where the panel is wide */
        rig_expect(r, "%.4g at t %.4g", guided, timestep(k - 1));
    rig_expect(r, "guidance push     %.3g of noise", guidance * apart / uncond);
    rig_expect(r, "cosine of c, u    %.6f", dot(u, c) / (uncond * text));
    rig_expect(r, "changed           %.3g %%", 100 * changed(now, before));
    lt_store_steps_free(now, 1);
    lt_store_steps_free(before, 1);
}

/* All of them at once, on the smallest screen as well. */
static void test_step(void **state)
{
    (void)state;
    for (int large = 0; large < 2; large++) {
        rig r = lens_at_step(large ? &rig_large : NULL, 3);
        check_step(&r, 3);
        rig_keys(&r, ",,");
        check_step(&r, 1);
        rig_keys(&r, "<end>");
        check_step(&r, 8);
        rig_keys(&r, ",");
        check_step(&r, 7);
        rig_keys(&r, "<home>");
        lt_store_step *noise = lens_kept(&r, 0);
        rig_wait(&r, "Step 0 of 8: noise");
        rig_expect(&r, "timestep          %.4g -> %.4g", timestep(0), timestep(1));
        rig_expect(&r, "sigma             %.4g -> %.4g", sigmas[0], sigmas[1]);
        rig_expect(&r, "rms of latents    %.4g", rms(&noise->latents, 0, NULL));
        lt_store_steps_free(noise, 1);
        if (large) { /* high enough for the text of a lens above them */
            terminal_resize(r.t, 120, 60);
            rig_keys(&r, "4...");
            rig_wait(&r, "Step 3 of 8   8x8 a channel");
            check_step(&r, 3);
        }
        rig_sound_cleared(&r);
        rig_leave(&r);
    }
}

static void test_guidance(void **state)
{
    (void)state;
    const double degrees = 180 / acos(-1);
    rig r = lens_at_step(NULL, 2);
    lt_store_step *step = lens_kept(&r, 2);
    const lt_store_floats *u = &step->eps_uncond, *c = &step->eps_text;
    double text = rms(c, 0, NULL), uncond = rms(u, 0, NULL), apart = rms(c, -1, u);
    rig_keys(&r, "5");
    rig_expect(&r, "rms of u, c       %.4g, %.4g", uncond, text);
    rig_expect(&r, "push, rms         %.3g: %.3g of u", guidance * apart,
               guidance * apart / uncond);
    double along = (dot(u, c) - uncond * uncond) / (uncond * apart);
    rig_expect(&r, "push to u         %.1f degrees", degrees * acos(along));
    rig_expect(&r, "c to u            %.2f degrees", degrees * acos(dot(u, c) / (uncond * text)));
    lt_store_steps_free(step, 1);
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* ---- the equation ---- */

/* The integral over the step of the j-th Lagrange polynomial on the sigmas before it, by Simpson's
 * rule, which is exact for cubics. */
static double weight(int i, int order, int j)
{
    double from = sigmas[i], to = sigmas[i + 1], sum = 0;
    for (int p = 0; p < 3; p++) {
        double x = from + (to - from) * p / 2, value = 1;
        for (int k = 0; k < order; k++)
            if (k != j)
                value *= (x - sigmas[i - k]) / (sigmas[i - j] - sigmas[i - k]);
        sum += value * (p == 1 ? 4 : 1);
    }
    return sum * (to - from) / 6;
}

/* d_i [n] of what was kept, the caller's. */
static double *derivative(rig *r, int i, size_t *n)
{
    lt_store_step *from = lens_kept(r, i), *to = lens_kept(r, i + 1);
    *n = from->latents.count;
    double *d = calloc(*n, sizeof *d);
    assert_non_null(d);
    for (size_t k = 0; k < *n; k++)
        d[k] = (at(&from->latents, k) - at(&to->x0, k)) / sigmas[i];
    lt_store_steps_free(from, 1);
    lt_store_steps_free(to, 1);
    return d;
}

/* The four weights, what they weigh, and that this is what the step did: 3.7e-6 of the latents was
 * measured, with the sigmas' six digits above. */
static void check_equation(rig *r, int i)
{
    enum { ORDER = 4 };
    size_t n;
    lt_store_step *from = lens_kept(r, i), *to = lens_kept(r, i + 1);
    double *sum = calloc(from->latents.count, sizeof *sum), worst = 0, total = 0;
    assert_non_null(sum);
    int order = i + 1 < ORDER ? i + 1 : ORDER;
    for (int j = 0; j < order; j++) {
        double w = weight(i, order, j), squares = 0, *d = derivative(r, i - j, &n);
        for (size_t k = 0; k < n; k++) {
            sum[k] += w * d[k];
            squares += d[k] * d[k];
        }
        rig_expect(r, "%c %.4g d_%d", w < 0 ? '-' : '+', fabs(w), i - j);
        rig_expect(r, "d_%d               t %.4g, rms %.4g", i - j, timestep(i - j),
                   sqrt(squares / (double)n));
        total += w;
        free(d);
    }
    for (size_t k = 0; k < n; k++)
        worst = fmax(worst, fabs(at(&from->latents, k) + sum[k] - at(&to->latents, k)));
    if (worst > 1e-5 * rms(&from->latents, 0, NULL))
        fail_msg("the equation of step %d is %g off", i, worst);
    rig_expect(r, "x0 = x_%d - %.4g eps_%d", i, sigmas[i], i);
    rig_expect(r, "d_%d = (x_%d - x0) / %.4g", i, i, sigmas[i]);
    rig_expect(r, "%.4g = %.4g - %.4g", total, sigmas[i + 1], sigmas[i]);
    rig_expect(r, "abar  %.4g -> %.4g", 1 / (pow(sigmas[i], 2) + 1),
               1 / (pow(sigmas[i + 1], 2) + 1));
    lt_store_steps_free(from, 1);
    lt_store_steps_free(to, 1);
    free(sum);
}

static void test_equation(void **state)
{
    (void)state;
    rig r = lens_at_step(NULL, 6); /* 80x24 has room for all of it */
    rig_keys(&r, "8");
    rig_wait(&r, "Step 6 to 7: LMS, order 4");
    check_equation(&r, 6);
    rig_keys(&r, ",,");
    rig_wait(&r, "Step 4 to 5: LMS, order 4");
    check_equation(&r, 4);
    rig_keys(&r, ",,,");
    rig_wait(&r, "Step 1 to 2: LMS, order 2");
    check_equation(&r, 1);
    rig_keys(&r, "p"); /* the settings come back for whom wants them */
    rig_wait(&r, "scheduler");
    rig_keys(&r, "<esc>");
    rig_gone(&r, "scheduler");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_step), cmocka_unit_test(test_guidance),
                                       cmocka_unit_test(test_equation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
