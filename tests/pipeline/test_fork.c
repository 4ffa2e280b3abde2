/* Going on from a step of another run: what changes nothing gives the same bytes. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/film.h"

#include <stdlib.h>

#include "base/mem.h"
#include "pipeline_rig.h"
#include "support/check.h"

enum { STEPS = 6 };
static pipeline_rig *const rig = &pipeline_sd1;

static lt_params settings(const char *sampler)
{
    lt_params p = pipeline_params("a fox", STEPS, "3", false, 0);
    p.scheduler = lt_strdup(sampler);
    p.size = (lt_size){16, 16};
    return p;
}

static bool same_step(const lt_film *a, const lt_film *b, int k)
{
    return memcmp(a->at[k].latents, b->at[k].latents, a->all * sizeof(float)) == 0;
}

/* Every sampler, every step, and a fork of the fork. */
static void test_nothing_changed(void **state)
{
    (void)state;
    for (int i = 0; i < PIPELINE_SAMPLERS; i++) {
        lt_params p = settings(pipeline_samplers[i]);
        lt_film *parent = pipeline_film(rig, &p, NULL, 0);
        for (int k = 1; k < STEPS; k += 2) {
            lt_film *child = pipeline_film(rig, &p, parent, k), *grandchild;
            pipeline_same_films(parent, child);
            grandchild = pipeline_film(rig, &p, child, STEPS - 1);
            pipeline_same_films(parent, grandchild);
            lt_film_free(grandchild);
            lt_film_free(child);
        }
        lt_film_free(parent);
        lt_params_done(&p);
    }
}

/* Another guidance acts from the next step on, and its fork goes on from what it made. */
static void test_other_guidance(void **state)
{
    (void)state;
    lt_params p = settings("lms"), q = settings("lms");
    q.guidance_scale = 2;
    lt_film *parent = pipeline_film(rig, &p, NULL, 0), *child = pipeline_film(rig, &q, parent, 3);
    for (int k = 0; k < STEPS; k++)
        assert_int_equal(same_step(parent, child, k), k < 3);
    lt_film_numbers then, now;
    lt_film_numbers_at(parent, 2, 0, &then);
    lt_film_numbers_at(child, 2, 0, &now);
    assert_true(then.push == now.push && then.rms_eps == now.rms_eps); /* made with its guidance */
    /* the first step after the fork sees what the parent's did */
    assert_memory_equal(parent->at[3].eps_text, child->at[3].eps_text, parent->all * sizeof(float));
    lt_film *again = pipeline_film(rig, &q, child, 4);
    pipeline_same_films(child, again);
    lt_meta meta = lt_film_meta(child, STEPS), of_again = lt_film_meta(again, STEPS);
    lt_buf json = {0};
    lt_meta_json(&meta, 0, &json);
    assert_non_null(strstr(json.data, "\"forked_at_step\":3,"));
    assert_int_equal(of_again.forked, 4); /* its own settings do not make the first steps, either */
    for (int k = 0; k <= STEPS; k++)      /* frame 3 is the last that both have */
        assert_int_equal(lt_trail_at(&parent->trail, k, 0) == lt_trail_at(&child->trail, k, 0),
                         k <= 3);
    lt_buf_done(&json);
    lt_film_free(parent);
    lt_film_free(child);
    lt_film_free(again);
    lt_params_done(&p);
    lt_params_done(&q);
}

/* Another sampler starts at order 1: its first step is Euler's; and a fork of such a fork knows
 * only what there is. */
static void test_other_sampler(void **state)
{
    (void)state;
    lt_params lms = settings("lms"), euler = settings("euler"), ancestral = settings("euler_a");
    lt_film *parent = pipeline_film(rig, &euler, NULL, 0),
            *child = pipeline_film(rig, &lms, parent, 3);
    float *step = lt_alloc_array(parent->all, sizeof *step);
    for (size_t i = 0; i < parent->all; i++) { /* x + (sigma' - sigma) d */
        float d = (parent->at[2].latents[i] - child->at[3].x0[i]) / child->schedule.sigmas[3];
        double by = (double)child->schedule.sigmas[4] - (double)child->schedule.sigmas[3];
        step[i] = parent->at[2].latents[i] + (float)by * d;
    }
    assert_memory_equal(step, child->at[3].latents, parent->all * sizeof *step);
    assert_int_equal(child->first, 3);
    lt_film *again = pipeline_film(rig, &lms, child, 5);
    pipeline_same_films(child, again);
    lt_film *noisy = pipeline_film(rig, &ancestral, child, 4),
            *noisy_again = pipeline_film(rig, &ancestral, noisy, 5);
    assert_false(same_step(noisy, child, 4));
    pipeline_same_films(noisy, noisy_again);
    lt_film_free(parent);
    lt_film_free(child);
    lt_film_free(again);
    lt_film_free(noisy);
    lt_film_free(noisy_again);
    free(step);
    lt_params_done(&lms);
    lt_params_done(&euler);
    lt_params_done(&ancestral);
}

static void test_refused(void **state)
{
    (void)state;
    lt_params p = settings("lms"), q = settings("lms");
    lt_run *run;
    q.timestep_spacing = lt_strdup("trailing");
    lt_film *parent = pipeline_film(rig, &p, NULL, 0);
    lt_run_start start = lt_film_start(parent, 3, &lt_sampler_lms);
    lt_run_options options = {.params = &q, .start = &start};
    CHECK_FAILS(lt_run_begin(rig->engine, &options, &run, NULL, err), LT_ERR_ARGUMENT,
                "cannot go on from step 3: lms of 6 steps has another sigma there");
    q.steps = 3;
    CHECK_FAILS(lt_run_begin(rig->engine, &options, &run, NULL, err), LT_ERR_ARGUMENT,
                "cannot go on from step 3");
    lt_film_free(parent);
    lt_params_done(&p);
    lt_params_done(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changed), cmocka_unit_test(test_other_guidance),
        cmocka_unit_test(test_other_sampler), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
