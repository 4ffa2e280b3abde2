/* What lenses show, against the formulas written out once more in double precision, against what
 * other code makes to the bit, and against the frames themselves. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/lens.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "image/font.h"
#include "pipeline/whatif.h"
#include "pipeline_rig.h"
#include "sample/rng.h"
#include "support/check.h"

enum { STEPS = 6 };
static pipeline_rig *const rig = &pipeline_sd1;

static lt_film *film(const char *sampler, double scale)
{
    lt_params p = pipeline_guided(sampler, STEPS, scale);
    lt_film *f = pipeline_film(rig, &p, NULL, 0);
    lt_params_done(&p);
    return f;
}

static const float *latents(const lt_film *f, int k)
{
    return k == 0 ? f->noise : f->at[k - 1].latents;
}

/* ---- words ---- */

static void test_words(void **state)
{
    (void)state;
    lt_lens lens;
    lt_error e = {0};
    CHECK_OK(lt_lens_find("noise", &lens, err));
    assert_int_equal(lens, LT_LENS_NOISE);
    for (int i = 0; lt_lens_at(i); i++) {
        CHECK_OK(lt_lens_find(lt_lens_at(i), &lens, err));
        assert_string_equal(lt_lens_name(lens), lt_lens_at(i));
    }
    assert_null(lt_lens_at(3));
    assert_false(lt_lens_find("x1", &lens, &e));
    assert_string_equal(e.message, "--lens is 'x1', expected latents, x0 or noise");
    assert_false(lt_lens_find("channels", &lens, &e));
    assert_string_equal(
        e.message,
        "--lens is 'channels', which only the studio shows, expected latents, x0 or noise");
    assert_string_equal(e.hint, "latentty studio");
}

/* ---- what is decoded ---- */

/* Both halves' x0: what the what-if at 0 and at 1 predicts, to the bit, and x - sigma eps. */
static void test_halves(void **state)
{
    (void)state;
    for (int i = 0; i < PIPELINE_SAMPLERS; i++) {
        lt_film *f = film(pipeline_samplers[i], 7.5);
        float *mine = lt_alloc_array(f->all, sizeof *mine),
              *other = lt_alloc_array(f->all, sizeof *other);
        for (int k = 1; k <= STEPS; k++)
            for (int half = 0; half < 2; half++) {
                const lt_film_step *s = &f->at[k - 1];
                const float *eps = half ? s->eps_text : s->eps_uncond;
                lt_film_lens(f, k, half ? LT_LENS_X0_TEXT : LT_LENS_X0_UNCOND, mine);
                CHECK_OK(lt_film_what_if(f, k, 0, half, LT_LENS_X0, other, err));
                assert_memory_equal(mine, other, f->all * sizeof *mine);
                for (size_t n = 0; n < f->all; n++) {
                    double x0 = (double)latents(f, k - 1)[n] -
                                (double)f->schedule.sigmas[k - 1] * (double)eps[n];
                    if (fabs(x0 - (double)mine[n]) > 1e-5 * (1 + fabs(x0)))
                        fail_msg("%g is not %g", (double)mine[n], x0);
                }
            }
        free(mine);
        free(other);
        lt_film_free(f);
    }
}

/* The guided noise: u + s (c - u), and x0 = x - sigma times it; the what-if has the same bits. */
static void test_noise(void **state)
{
    (void)state;
    lt_film *f = film("lms", 7.5);
    float *mine = lt_alloc_array(f->all, sizeof *mine),
          *other = lt_alloc_array(f->all, sizeof *other);
    for (int k = 1; k <= STEPS; k++) {
        const lt_film_step *s = &f->at[k - 1];
        lt_film_lens(f, k, LT_LENS_NOISE, mine);
        CHECK_OK(lt_film_what_if(f, k, 0, 7.5, LT_LENS_NOISE, other, err));
        assert_memory_equal(mine, other, f->all * sizeof *mine);
        for (size_t n = 0; n < f->all; n++) {
            double u = (double)s->eps_uncond[n], c = (double)s->eps_text[n];
            double eps = u + 7.5 * (c - u);
            double x0 = (double)latents(f, k - 1)[n] - (double)f->schedule.sigmas[k - 1] * eps;
            assert_true(fabs(eps - (double)mine[n]) < 1e-5 * (1 + fabs(eps)));
            assert_true(fabs(x0 - (double)s->x0[n]) < 2e-5 * (1 + fabs(x0)));
        }
    }
    /* before the first step there is the noise itself, as for every lens */
    lt_film_lens(f, 0, LT_LENS_NOISE, mine);
    lt_film_lens(f, 0, LT_LENS_LATENTS, other);
    assert_memory_equal(mine, other, f->all * sizeof *mine);
    free(mine);
    free(other);
    lt_film_free(f);
}

/* A film is made anew for a model that predicts v from numbers of any kind. */
static void test_v(void **state)
{
    (void)state;
    lt_film *f = film("euler", 7.5);
    float *x0 = lt_alloc_array(f->all, sizeof *x0), *noise = lt_alloc_array(f->all, sizeof *noise);
    lt_update u;
    f->schedule.config.prediction_type = LT_PREDICT_V;
    double sigma = (double)f->schedule.sigmas[2];
    const float *x = latents(f, 2), *v = f->at[2].eps_text;
    lt_film_lens(f, 3, LT_LENS_X0_TEXT, x0);
    assert_true(lt_film_update(f, 2, &u));
    assert_true(u.v);
    for (size_t n = 0; n < f->all; n++) { /* alpha x_t - sigma_t v of the unit circle */
        double alpha = 1 / sqrt(sigma * sigma + 1), beta = sigma * alpha;
        double want = alpha * (double)x[n] * alpha - beta * (double)v[n];
        assert_true(fabs(want - (double)x0[n]) < 2e-5 * (1 + fabs(want)));
        double by = u.of_x * (double)x[n] + u.of_output * (double)v[n];
        assert_true(fabs(want - by) < 1e-6 * (1 + fabs(want)));
    }
    lt_film_lens(f, 3, LT_LENS_NOISE, noise);
    for (size_t n = 0; n < f->all; n++) {
        double want = ((double)x[n] - (double)f->at[2].x0[n]) / sigma;
        assert_true(fabs(want - (double)noise[n]) < 1e-5 * (1 + fabs(want)));
    }
    free(x0);
    free(noise);
    lt_film_free(f);
}

/* Without guidance there are no halves: they are the x0 of the step. */
static void test_unguided(void **state)
{
    (void)state;
    lt_film *f = film("lms", 1);
    lt_push push;
    float *mine = lt_alloc_array(f->all, sizeof *mine);
    for (int half = LT_LENS_X0_UNCOND; half <= LT_LENS_X0_TEXT; half++) {
        lt_film_lens(f, 2, (lt_lens)half, mine);
        assert_memory_equal(mine, f->at[1].x0, f->all * sizeof *mine);
    }
    lt_film_lens(f, 2, LT_LENS_NOISE, mine);
    assert_memory_equal(mine, f->at[1].eps_text, f->all * sizeof *mine);
    assert_false(lt_film_push(f, 2, 0, &push));
    free(mine);
    lt_film_free(f);
}

/* What a run decodes through a lens is what its film has. */
static void test_of_a_run(void **state)
{
    (void)state;
    lt_error err = {0};
    lt_run *run;
    lt_params p = pipeline_guided("lms", STEPS, 7.5);
    lt_film *f = pipeline_film(rig, &p, NULL, 0);
    lt_run_options options = {.params = &p, .film = true};
    float *mine = lt_alloc_array(f->all, sizeof *mine),
          *kept = lt_alloc_array(f->all, sizeof *kept);
    if (!lt_run_begin(rig->engine, &options, &run, NULL, &err))
        fail_msg("%s", err.message);
    for (int k = 0; k <= 3; k++) {
        for (int i = 0; lt_lens_at(i); i++) {
            lt_run_lens(run, (lt_lens)i, mine);
            lt_film_lens(f, k, (lt_lens)i, kept);
            assert_memory_equal(mine, kept, f->all * sizeof *mine);
        }
        assert_true(lt_run_step(run, NULL, &err) == LT_STEP_MORE);
    }
    lt_run_free(run);
    free(mine);
    free(kept);
    lt_film_free(f);
    lt_params_done(&p);
}

/* ---- numbers ---- */

static void test_range(void **state)
{
    (void)state;
    static const float x[] = {-2, 1, 3, 0};
    lt_range r = lt_range_of(x, 4);
    assert_true(r.min == -2 && r.max == 3 && r.mean == 0.5);
    assert_true(fabs(r.rms - sqrt(14.0 / 4)) < 1e-12);
}

static void test_grey(void **state)
{
    (void)state;
    static const float x[] = {-2, 3, 0.5F, -2}, flat[] = {1, 1, 1, 1};
    static const int want[] = {0, 255, 128, 0}; /* 127.5 to even */
    lt_image *image;
    CHECK_OK(lt_lens_grey(x, 2, 2, 8, 6, &image, err));
    assert_int_equal(image->width, 8);
    for (int y = 0; y < 6; y++)
        for (int i = 0; i < 8; i++)
            for (int c = 0; c < 3; c++)
                assert_int_equal(image->rgb[3 * (y * 8 + i) + c], want[y / 3 * 2 + i / 4]);
    lt_image_unref(image);
    CHECK_OK(lt_lens_grey(flat, 2, 2, 2, 2, &image, err));
    assert_int_equal(image->rgb[0], 128);
    lt_image_unref(image);
}

/* Two in a row, the second of which is not there; with their ranges below, counted from 1. */
static void test_channels(void **state)
{
    (void)state;
    enum { SIDE = 32, GAP = 3 };
    static const float x[] = {-2, 3, 0.5F, -2}, y[] = {0, 1, 2, 3};
    const float *all[] = {x, NULL, y};
    lt_channel_grid grid = {.at = all,
                            .count = 3,
                            .h = 2,
                            .w = 2,
                            .columns = 2,
                            .gap = GAP,
                            .width = SIDE,
                            .height = SIDE};
    lt_image *out, *grey, *part;
    CHECK_OK(lt_lens_channels(&grid, &out, err));
    assert_int_equal(out->width, 2 * SIDE + GAP);
    assert_int_equal(out->height, 2 * SIDE + GAP);
    for (int i = 0; i < 3; i++) {
        lt_rect at = {i % 2 * (SIDE + GAP), i / 2 * (SIDE + GAP), SIDE, SIDE};
        CHECK_OK(lt_image_crop(out, at, &part, err));
        if (all[i])
            CHECK_OK(lt_lens_grey(all[i], 2, 2, SIDE, SIDE, &grey, err));
        else
            CHECK_OK(lt_image_new(SIDE, SIDE, &grey, err));
        assert_memory_equal(part->rgb, grey->rgb, lt_image_bytes(grey));
        lt_image_unref(grey);
        lt_image_unref(part);
    }
    lt_image_unref(out);
    grid.ranges = true;
    CHECK_OK(lt_lens_channels(&grid, &out, err));
    assert_int_equal(out->height, 2 * (SIDE + LT_FONT_HEIGHT + 4) + GAP);
    lt_image_unref(out);
    grid.width = grid.height = 0; /* no room */
    grid.ranges = false;
    CHECK_OK(lt_lens_channels(&grid, &out, err));
    assert_int_equal(out->width, 2 + GAP);
    lt_image_unref(out);
}

static void test_push(void **state)
{
    (void)state;
    lt_push p;
    lt_film *f = film("euler", 4);
    const lt_film_step *s = &f->at[1];
    double uu = 0, dd = 0, ud = 0, cc = 0, uc = 0;
    for (size_t i = 0; i < f->all; i++) {
        double u = (double)s->eps_uncond[i], d = 4 * ((double)s->eps_text[i] - u);
        uu += u * u;
        dd += d * d;
        ud += u * d;
        cc += (double)s->eps_text[i] * (double)s->eps_text[i];
        uc += u * (double)s->eps_text[i];
    }
    assert_true(lt_film_push(f, 2, 0, &p));
    assert_true(p.scale == 4);
    assert_true(fabs(p.length - sqrt(dd / (double)f->all)) < 1e-9);
    assert_true(fabs(p.rms_uncond - sqrt(uu / (double)f->all)) < 1e-9);
    assert_true(fabs(p.rms_text - sqrt(cc / (double)f->all)) < 1e-9);
    assert_true(fabs(cos(p.angle * acos(-1) / 180) - ud / sqrt(uu * dd)) < 1e-9);
    assert_true(fabs(cos(p.apart * acos(-1) / 180) - uc / sqrt(uu * cc)) < 1e-9);
    assert_false(lt_film_push(f, 0, 0, &p));
    /* a right angle, and the same prediction twice */
    for (size_t i = 0; i < f->all; i++) {
        f->at[1].eps_uncond[i] = i % 2 ? 1.0F : 0.0F;
        f->at[1].eps_text[i] = 1;
    }
    assert_true(lt_film_push(f, 2, 0, &p));
    assert_true(fabs(p.angle - 90) < 1e-9 && fabs(p.apart - 45) < 1e-6);
    memcpy(f->at[1].eps_text, f->at[1].eps_uncond, f->all * sizeof(float));
    assert_true(lt_film_push(f, 2, 0, &p));
    assert_true(p.length == 0 && p.apart < 1e-5);
    lt_film_free(f);
}

static long double dot(const float *a, const float *b, size_t n)
{
    long double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (long double)a[i] * (long double)b[i];
    return sum;
}

/* What a step's numbers say, from products of whole vectors: |a - b|^2 = aa - 2ab + bb, and a frame
 * of latents as the VAE sees it is cos(atan(sigma)) times as long. */
static void test_step_numbers(void **state)
{
    (void)state;
    static const double scale = 4;
    lt_film *f = film("lms", scale);
    size_t n = f->all;
    for (int k = 1; k <= f->steps; k++) {
        const lt_film_step *s = &f->at[k - 1];
        const float *u = s->eps_uncond, *c = s->eps_text, *now = latents(f, k),
                    *then = latents(f, k - 1);
        double uu = (double)dot(u, u, n), cc = (double)dot(c, c, n), uc = (double)dot(u, c, n);
        double eps =
            (1 - scale) * (1 - scale) * uu + scale * scale * cc + 2 * scale * (1 - scale) * uc;
        double a = cos(atan((double)f->schedule.sigmas[k])),
               b = cos(atan((double)f->schedule.sigmas[k - 1]));
        double yy = b * b * (double)dot(then, then, n);
        double apart =
            a * a * (double)dot(now, now, n) - 2 * a * b * (double)dot(now, then, n) + yy;
        lt_film_numbers got;
        lt_film_numbers_at(f, k, 0, &got);
        assert_true(fabs(got.rms_eps - sqrt(eps / (double)n)) < 1e-9);
        assert_true(fabs(got.push - scale * sqrt((cc - 2 * uc + uu) / uu)) < 1e-6);
        assert_true(fabs(got.cosine - uc / sqrt(uu * cc)) < 1e-12);
        assert_true(fabs(got.changed - sqrt(apart / yy)) < 1e-6);
        assert_true(got.push > 1e-3 && got.changed > 1e-3);
    }
    lt_film_free(f);
}

static void test_moved(void **state)
{
    (void)state;
    lt_image *a, *b;
    CHECK_OK(lt_image_new(2, 2, &a, err));
    CHECK_OK(lt_image_new(2, 2, &b, err));
    a->rgb[1] = 8;
    b->rgb[5] = 7;
    a->rgb[9] = a->rgb[10] = 200;
    assert_true(lt_lens_moved(a, b, 8) == 0.5);
    assert_true(lt_lens_moved(a, b, 7) == 0.75);
    assert_true(lt_lens_moved(a, a, 1) == 0);
    lt_image_unref(a);
    lt_image_unref(b);
}

/* ---- the update ---- */

/* Frame i + 1 from the equation, in double; noise: that of the step, or NULL. */
static void check_update(const lt_film *f, int i, const float *noise)
{
    lt_update u;
    assert_true(lt_film_update(f, i, &u));
    assert_int_equal(u.step, i);
    assert_true(u.sigma == (double)f->schedule.sigmas[i]);
    assert_true(u.timestep == (double)f->schedule.timesteps[i]);
    assert_true(fabs(sqrt((1 - u.abar) / u.abar) - u.sigma) < 1e-9);
    assert_true((noise != NULL) == (u.noise > 0) || i == f->steps - 1);
    for (size_t n = 0; n < f->all; n++) {
        double x = (double)latents(f, i)[n], size = fabs(x);
        double y =
            (double)f->at[i].eps_uncond[n] +
            f->guidance_scale * ((double)f->at[i].eps_text[n] - (double)f->at[i].eps_uncond[n]);
        for (int j = 0; j < u.order; j++) {
            double then = (double)latents(f, i - j)[n], sigma = (double)f->schedule.sigmas[i - j];
            double x0 = j == 0 ? u.of_x * then + u.of_output * y : (double)f->at[i - j].x0[n];
            x += u.weight[j] * (then - x0) / sigma;
        }
        x += noise ? u.noise * (double)noise[n] : 0;
        double want = (double)latents(f, i + 1)[n];
        if (fabs(x - want) > 1e-4 * (1 + size)) /* 2e-5 was measured */
            fail_msg("%s, step %d: the equation makes %g, the run %g", f->sampler->name, i, x,
                     want);
    }
}

static void test_update(void **state)
{
    (void)state;
    for (int i = 0; i < PIPELINE_SAMPLERS; i++) {
        lt_film *f = film(pipeline_samplers[i], 7.5);
        float *z = lt_alloc_array(f->all, sizeof *z);
        lt_rng rng;
        lt_rng_seed(&rng, 3);
        lt_rng_normal(&rng, z, f->all); /* the first noise */
        for (int k = 0; k < STEPS; k++) {
            if (f->sampler->stochastic)
                lt_rng_normal(&rng, z, f->all);
            check_update(f, k, f->sampler->stochastic ? z : NULL);
        }
        free(z);
        lt_film_free(f);
    }
}

/* LMS begins at order 1; its weights are integrals, which sum to the length of the step. */
static void test_orders(void **state)
{
    (void)state;
    lt_update u;
    lt_film *f = film("lms", 7.5);
    for (int i = 0; i < STEPS; i++) {
        double sum = 0;
        assert_true(lt_film_update(f, i, &u));
        assert_int_equal(u.order, i < 4 ? i + 1 : 4);
        for (int j = 0; j < 4; j++)
            sum += u.weight[j];
        assert_true(fabs(sum - (u.sigma_next - u.sigma)) < 1e-6);
    }
    lt_film_free(f);
}

/* A fork knows its own steps only; those of another sampler begin anew at the fork. */
static void test_forks(void **state)
{
    (void)state;
    lt_update u;
    lt_params p = pipeline_guided("euler", STEPS, 7.5), q = pipeline_guided("lms", STEPS, 7.5);
    lt_film *parent = pipeline_film(rig, &p, NULL, 0), *f = pipeline_film(rig, &q, parent, 2),
            *again = pipeline_film(rig, &q, f, 4);
    assert_false(lt_film_update(f, 1, &u));
    assert_true(lt_film_update(parent, 1, &u));
    assert_int_equal(u.order, 1);
    for (int i = 2; i < STEPS; i++) {
        check_update(f, i, NULL);
        assert_true(lt_film_update(f, i, &u));
        assert_int_equal(u.order, i - 1);
    }
    assert_false(lt_film_update(again, 3, &u));
    assert_true(lt_film_update(again, 4, &u));
    assert_int_equal(u.order, 3); /* the history goes on */
    check_update(again, 4, NULL);
    lt_film_free(again);
    lt_film_free(f);
    lt_film_free(parent);
    lt_params_done(&p);
    lt_params_done(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),    cmocka_unit_test(test_halves),
        cmocka_unit_test(test_noise),    cmocka_unit_test(test_v),
        cmocka_unit_test(test_unguided), cmocka_unit_test(test_of_a_run),
        cmocka_unit_test(test_range),    cmocka_unit_test(test_grey),
        cmocka_unit_test(test_push),     cmocka_unit_test(test_step_numbers),
        cmocka_unit_test(test_moved),    cmocka_unit_test(test_update),
        cmocka_unit_test(test_orders),   cmocka_unit_test(test_forks),
        cmocka_unit_test(test_channels),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
