/* One step with another guidance, without the UNet: what was kept at the run's own scale, what a
 * fork makes at others. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/whatif.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "pipeline_rig.h"
#include "sample/guidance.h"
#include "support/check.h"

enum { STEPS = 6 };
static pipeline_rig *const rig = &pipeline_sd1;

/* Frame k of a film with this scale is frame k of another film, to the bit and in both lenses. */
static void check_same(const lt_film *f, int k, double scale, const lt_film *other)
{
    size_t one = f->all / (size_t)f->images;
    float *now = lt_alloc_array(one, sizeof *now), *kept = lt_alloc_array(f->all, sizeof *kept);
    for (int lens = LT_LENS_LATENTS; lens <= LT_LENS_X0; lens++)
        for (int image = 0; image < f->images; image++) {
            CHECK_OK(lt_film_what_if(f, k, image, scale, (lt_lens)lens, now, err));
            lt_film_lens(other, k, (lt_lens)lens, kept);
            if (memcmp(now, kept + (size_t)image * one, one * sizeof *now) != 0)
                fail_msg("%s: step %d with %g differs in lens %d of picture %d", f->sampler->name,
                         k, scale, lens, image);
        }
    free(now);
    free(kept);
}

static void test_own_scale(void **state)
{
    (void)state;
    for (int i = 0; i < PIPELINE_SAMPLERS; i++) {
        lt_params p = pipeline_guided(pipeline_samplers[i], STEPS, 7.5);
        lt_film *f = pipeline_film_to(rig, &p, NULL, 0, STEPS);
        for (int k = 1; k <= STEPS; k++)
            check_same(f, k, 7.5, f);
        lt_film *fork = pipeline_film_to(rig, &p, f, 3, STEPS),
                *again = pipeline_film_to(rig, &p, fork, 5, STEPS);
        for (int k = 4; k <= STEPS; k++)
            check_same(fork, k, 7.5, fork);
        check_same(again, STEPS, 7.5, again);
        lt_film_free(f);
        lt_film_free(fork);
        lt_film_free(again);
        lt_params_done(&p);
    }
}

/* Other scales against runs that the UNet made: a fork from the step before. */
static void test_as_a_fork(void **state)
{
    (void)state;
    static const double scales[] = {3, 12.25, 1};
    for (int i = 0; i < PIPELINE_SAMPLERS; i++) {
        lt_params p = pipeline_guided(pipeline_samplers[i], STEPS, 7.5);
        lt_film *f = pipeline_film_to(rig, &p, NULL, 0, STEPS);
        for (int k = 1; k <= STEPS; k++) {
            double scale = scales[k % 3];
            lt_params q = pipeline_guided(pipeline_samplers[i], STEPS, scale);
            lt_film *fork = k == 1 ? pipeline_film_to(rig, &q, NULL, 0, 1)
                                   : pipeline_film_to(rig, &q, f, k - 1, k);
            check_same(f, k, scale, fork);
            lt_film_free(fork);
            lt_params_done(&q);
        }
        lt_film_free(f);
        lt_params_done(&p);
    }
}

/* A sampler that took over from another one: its history and its noise begin at the fork. */
static void test_other_sampler(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"euler_a", "lms"}, {"lms", "euler"}, {"euler", "euler_a"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        lt_params p = pipeline_guided(pairs[i][0], STEPS, 7.5),
                  q = pipeline_guided(pairs[i][1], STEPS, 5);
        lt_film *parent = pipeline_film_to(rig, &p, NULL, 0, 2),
                *f = pipeline_film_to(rig, &q, parent, 2, STEPS);
        for (int k = 3; k <= STEPS; k++)
            check_same(f, k, 5, f);
        lt_film_free(f);
        lt_film_free(parent);
        lt_params_done(&p);
        lt_params_done(&q);
    }
}

/* Every picture of a batch, with one generator for all and with one each. */
static void test_batch(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        lt_params p = pipeline_params("a fox", 3, own ? "3,4" : "3", own, own ? 0 : 2);
        p.scheduler = lt_strdup("euler_a");
        p.size = (lt_size){16, 16};
        lt_film *f = pipeline_film_to(rig, &p, NULL, 0, 3);
        assert_int_equal(f->images, 2);
        for (int k = 1; k <= 3; k++)
            check_same(f, k, f->guidance_scale, f);
        lt_film_free(f);
        lt_params_done(&p);
    }
}

/* With Euler x0 = x - sigma eps: so eps can be read from what came out. */
static void test_formula(void **state)
{
    (void)state;
    lt_params p = pipeline_guided("euler", STEPS, 7.5);
    lt_film *f = pipeline_film_to(rig, &p, NULL, 0, 2);
    float *x0 = lt_alloc_array(f->all, sizeof *x0), *eps = lt_alloc_array(f->all, sizeof *eps);
    const lt_film_step *s = &f->at[1];
    static const double scales[] = {0, 1, 3};
    for (size_t j = 0; j < 3; j++) {
        const float *expected = scales[j] == 0 ? s->eps_uncond : s->eps_text;
        if (scales[j] == 3) {
            lt_guidance_apply(s->eps_uncond, s->eps_text, 3, f->all, eps);
            expected = eps;
        }
        CHECK_OK(lt_film_what_if(f, 2, 0, scales[j], LT_LENS_X0, x0, err));
        for (size_t i = 0; i < f->all; i++) {
            float sigma = f->schedule.sigmas[1];
            assert_true(x0[i] == f->at[0].latents[i] - sigma * expected[i]);
        }
    }
    free(x0);
    free(eps);
    lt_film_free(f);
    lt_params_done(&p);
}

static void test_numbers(void **state)
{
    (void)state;
    lt_params p = pipeline_guided("lms", STEPS, 7.5);
    lt_film *f = pipeline_film_to(rig, &p, NULL, 0, 2);
    float *kept = lt_alloc_array(f->all, sizeof *kept), *now = lt_alloc_array(f->all, sizeof *now);
    lt_what_if_numbers own, other;
    lt_film_numbers film;
    lt_film_lens(f, 2, LT_LENS_LATENTS, kept);
    lt_film_numbers_at(f, 2, 0, &film);
    lt_film_what_if_numbers(f, 2, 0, 7.5, kept, kept, &own);
    assert_true(fabs(own.push - film.push) < 1e-9 && fabs(own.cosine - film.cosine) < 1e-12);
    assert_true(own.changed == 0);
    CHECK_OK(lt_film_what_if(f, 2, 0, 3.75, LT_LENS_LATENTS, now, err));
    lt_film_what_if_numbers(f, 2, 0, 3.75, kept, now, &other);
    assert_true(fabs(other.push - own.push / 2) < 1e-9 && other.cosine == own.cosine);
    assert_true(other.changed > 0 && other.changed < 1);
    free(kept);
    free(now);
    lt_film_free(f);
    lt_params_done(&p);
}

static void test_refused(void **state)
{
    (void)state;
    lt_params p = pipeline_guided("lms", STEPS, 7.5), half = pipeline_guided("lms", STEPS, 1);
    lt_film *f = pipeline_film_to(rig, &p, NULL, 0, 3), *fork = pipeline_film_to(rig, &p, f, 2, 3);
    lt_film *unguided = pipeline_film_to(rig, &half, NULL, 0, 1);
    float *out = lt_alloc_array(f->all, sizeof *out);
    assert_false(lt_film_can_what_if(f, 0) || lt_film_can_what_if(f, 4));
    assert_false(lt_film_can_what_if(fork, 2) || lt_film_can_what_if(unguided, 1));
    assert_true(lt_film_can_what_if(f, 3) && lt_film_can_what_if(fork, 3));
    CHECK_FAILS(lt_film_what_if(fork, 2, 0, 3, LT_LENS_X0, out, err), LT_ERR_ARGUMENT,
                "step 2 of 6 has no two predictions of this run");
    CHECK_FAILS(lt_film_what_if(unguided, 1, 0, 3, LT_LENS_X0, out, err), LT_ERR_ARGUMENT,
                "step 1 of 6 has no two predictions");
    CHECK_FAILS(lt_film_what_if(f, 2, 0, 1e39, LT_LENS_X0, out, err), LT_ERR_ARGUMENT,
                "step 2: a guidance of 1e+39 makes numbers that are not finite");
    free(out);
    lt_film_free(f);
    lt_film_free(fork);
    lt_film_free(unguided);
    lt_params_done(&p);
    lt_params_done(&half);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_scale),     cmocka_unit_test(test_as_a_fork),
        cmocka_unit_test(test_other_sampler), cmocka_unit_test(test_batch),
        cmocka_unit_test(test_formula),       cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
