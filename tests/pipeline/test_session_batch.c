/* Several pictures at once in a session: each is what it would be alone, and the others stay what
 * they are when one is chosen, dropped or looked at. */
#include <stdlib.h>

#include "base/mem.h"
#include "pipeline_rig.h"
#include "session_rig.h"
#include "support/check.h"

enum { STEPS = 4, SEEDS = 3 };

static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};
static pipeline_rig *const rig = &pipeline_sd1;

static lt_params settings(const char *seeds, bool own)
{
    lt_params p = pipeline_params("a fox", STEPS, seeds, own, 0);
    p.model = lt_strdup(rig->dir);
    p.size = (lt_size){16, 16}; /* small: the thread sanitizer is slow */
    return p;
}

/* What came of a run. */
typedef struct made {
    lt_film *film;
    lt_image *picture[STEPS + 1][SEEDS][LT_LENS_X0 + 1];
    int first[STEPS + 1]; /* the image of which the step's first picture was, plus 1 */
    int pictures, skipped, dropped_after;
} made;

static void take(made *m, lt_event *e)
{
    switch (e->kind) {
    case LT_EVENT_BEGUN:
        m->film = e->film;
        e->film = NULL;
        break;
    case LT_EVENT_STEP:
        lt_film_add(m->film, &e->taken);
        break;
    case LT_EVENT_PICTURE:
        assert_in_range(e->image, 0, SEEDS - 1);
        m->pictures++;
        m->first[e->step] = m->first[e->step] ? m->first[e->step] : e->image + 1;
        lt_image_unref(m->picture[e->step][e->image][e->lens]);
        m->picture[e->step][e->image][e->lens] = e->picture;
        e->picture = NULL;
        break;
    case LT_EVENT_SKIPPED:
        m->skipped++;
        break;
    case LT_EVENT_DROPPED:
        m->dropped_after = e->step;
        break;
    default:
        break;
    }
}

/* Up to an event of that kind, or the end. */
static lt_event_kind collect(lt_session *s, lt_event_kind kind, made *m)
{
    lt_event_kind now;
    do {
        lt_event e = session_next(s);
        if (e.kind == LT_EVENT_FAILED)
            fail_msg("%s", e.error.message);
        now = e.kind;
        take(m, &e);
        lt_event_done(&e);
    } while (now != kind && now != LT_EVENT_DONE);
    return now;
}

static void made_done(made *m)
{
    for (int k = 0; k <= STEPS; k++)
        for (int i = 0; i < SEEDS; i++)
            for (int lens = 0; lens <= LT_LENS_X0; lens++)
                lt_image_unref(m->picture[k][i][lens]);
    lt_film_free(m->film);
}

static lt_session *open_session(void)
{
    lt_session *s;
    CHECK_OK(lt_session_open(backends, &s, err));
    return s;
}

/* The run of the (image + 3)rd seed alone. */
static made alone(lt_session *s, int image)
{
    made m = {0};
    char seed[2] = {(char)('3' + image), 0};
    lt_params p = settings(seed, false);
    lt_session_run(s, 100 + (uint64_t)image, &p, false);
    collect(s, LT_EVENT_DONE, &m);
    lt_params_done(&p);
    return m;
}

static void same_image(const lt_image *a, const lt_image *b)
{
    assert_non_null(a);
    assert_non_null(b);
    assert_memory_equal(a->rgb, b->rgb, lt_image_bytes(a));
}

/* Of frames first..last: numbers and pictures of one image, against its run alone. */
static void same_frames(const made *all, int image, const made *one, int last)
{
    size_t n = one->film->all, at = (size_t)image * n, bytes = n * sizeof(float);
    assert_memory_equal(all->film->noise + at, one->film->noise, bytes);
    for (int k = 0; k <= last; k++) {
        same_image(all->picture[k][image][LT_LENS_LATENTS], one->picture[k][0][LT_LENS_LATENTS]);
        if (k == 0)
            continue;
        const lt_film_step *a = &all->film->at[k - 1], *b = &one->film->at[k - 1];
        assert_memory_equal(a->latents + at, b->latents, bytes);
        assert_memory_equal(a->x0 + at, b->x0, bytes);
        assert_memory_equal(a->eps_text + at, b->eps_text, bytes);
        assert_memory_equal(a->eps_uncond + at, b->eps_uncond, bytes);
    }
}

/* A film of one picture is that of its run alone. */
static void same_film(const lt_film *a, const lt_film *b)
{
    size_t bytes = b->all * sizeof(float);
    int place;
    assert_true(a->images == 1 && a->all == b->all && a->done == b->done);
    assert_memory_equal(a->noise, b->noise, bytes);
    for (int k = 0; k < b->done; k++)
        assert_memory_equal(a->at[k].block, b->at[k].block, 4 * bytes);
    assert_true(lt_params_seed(&a->params, 0, &place) == lt_params_seed(&b->params, 0, &place));
    assert_int_equal(lt_params_images(&a->params), 1);
    assert_false(a->params.own_generators);
}

/* Every step and every picture, by bytes; the chosen one is decoded first. */
static void test_equals_single_runs(void **state)
{
    (void)state;
    lt_session *s = open_session();
    lt_params p = settings("3..5", true);
    made all = {0};
    lt_session_choose(s, 2);
    lt_session_run(s, 1, &p, false);
    collect(s, LT_EVENT_DONE, &all);
    assert_int_equal(all.film->images, SEEDS);
    assert_int_equal(all.pictures, SEEDS * (STEPS + 1));
    for (int k = 0; k <= STEPS; k++)
        assert_int_equal(all.first[k], 2 + 1);
    for (int i = 0; i < SEEDS; i++) {
        lt_film *picked;
        made one = alone(s, i);
        same_frames(&all, i, &one, STEPS);
        CHECK_OK(lt_film_pick(all.film, i, STEPS, &picked, err));
        same_film(picked, one.film);
        lt_film_free(picked);
        made_done(&one);
    }
    made_done(&all);
    lt_params_done(&p);
    lt_session_close(s);
}

/* A picture of several varies by the seed that it would have alone. */
static void test_picked_variation(void **state)
{
    (void)state;
    lt_session *s = open_session();
    lt_params p = settings("3,3,3", true), q = settings("3", false);
    made all = {0}, one = {0};
    lt_film *picked;
    p.variation_seed = 20;
    q.variation_seed = 21;
    lt_session_run(s, 1, &p, false);
    collect(s, LT_EVENT_DONE, &all);
    lt_session_run(s, 2, &q, false);
    collect(s, LT_EVENT_DONE, &one);
    same_frames(&all, 1, &one, STEPS);
    CHECK_OK(lt_film_pick(all.film, 1, STEPS, &picked, err));
    same_film(picked, one.film);
    assert_true(picked->params.variation_seed == 21);
    lt_film_free(picked);
    made_done(&all);
    made_done(&one);
    lt_params_done(&p);
    lt_params_done(&q);
    lt_session_close(s);
}

/* Without one of them the others end as they would have; without the last the run is over. */
static void test_drop(void **state)
{
    (void)state;
    lt_session *s = open_session();
    lt_params p = settings("3..5", true);
    made all = {0}, first = alone(s, 0), last = alone(s, 2), middle = alone(s, 1);
    lt_session_run(s, 1, &p, true);
    collect(s, LT_EVENT_PAUSED, &all);
    lt_session_step(s);
    collect(s, LT_EVENT_PAUSED, &all);
    lt_session_drop(s, 9, 1); /* of a run that is not at work */
    lt_session_drop(s, 1, 7);
    lt_session_drop(s, 1, 1);
    lt_session_drop(s, 1, 1);
    collect(s, LT_EVENT_DROPPED, &all);
    assert_int_equal(all.dropped_after, 1);
    lt_session_go(s);
    collect(s, LT_EVENT_DONE, &all);
    same_frames(&all, 0, &first, STEPS);
    same_frames(&all, 2, &last, STEPS);
    same_frames(&all, 1, &middle, 1);
    for (int k = 2; k <= STEPS; k++)
        assert_null(all.picture[k][1][LT_LENS_LATENTS]);
    lt_session_run(s, 2, &p, true);
    session_skip_to(s, LT_EVENT_PAUSED, 2, 0);
    for (int i = 0; i < SEEDS; i++)
        lt_session_drop(s, 2, i);
    session_skip_to(s, LT_EVENT_DROPPED, 2, 0);
    session_skip_to(s, LT_EVENT_DROPPED, 2, 0);
    session_skip_to(s, LT_EVENT_STOPPED, 2, 0);
    made_done(&all);
    made_done(&first);
    made_done(&middle);
    made_done(&last);
    lt_params_done(&p);
    lt_session_close(s);
}

/* Dropped, watched, held and chosen wherever that meets the worker between two pictures. */
static void test_at_any_moment(void **state)
{
    (void)state;
    lt_session *s = open_session();
    lt_params p = settings("3..5", true);
    made one = alone(s, 0);
    for (int round = 0; round < 8; round++) {
        made all = {0};
        lt_session_watch(s, LT_LENS_LATENTS);
        lt_session_run(s, 1, &p, false);
        for (int n = 0; n <= round; n++)
            collect(s, LT_EVENT_PICTURE, &all);
        lt_session_watch(s, LT_LENS_X0);
        lt_session_choose(s, round % SEEDS);
        lt_session_drop(s, 1, 1 + round % 2);
        lt_session_hold(s);
        if (collect(s, LT_EVENT_PAUSED, &all) != LT_EVENT_DONE) {
            lt_session_watch(s, LT_LENS_LATENTS);
            lt_session_go(s);
            collect(s, LT_EVENT_DONE, &all);
        }
        assert_int_equal(all.film->done, STEPS);
        assert_memory_equal(all.film->at[STEPS - 1].latents, one.film->at[STEPS - 1].latents,
                            one.film->all * sizeof(float));
        same_image(all.picture[STEPS][0][LT_LENS_LATENTS], one.picture[STEPS][0][LT_LENS_LATENTS]);
        made_done(&all);
    }
    made_done(&one);
    lt_params_done(&p);
    lt_session_close(s);
}

/* Without time for pictures only those of the first and the last step are made, all of them. */
static void test_budget(void **state)
{
    (void)state;
    lt_session *s = open_session();
    lt_params p = settings("3..5", true);
    made all = {0};
    lt_session_budget(s, 0);
    lt_session_watch(s, LT_LENS_X0);
    lt_session_run(s, 1, &p, false);
    collect(s, LT_EVENT_DONE, &all);
    assert_int_equal(all.skipped, STEPS - 1);
    assert_int_equal(all.pictures, SEEDS + 2 * SEEDS); /* the last ones through both lenses */
    for (int i = 0; i < SEEDS; i++) {
        assert_non_null(all.picture[STEPS][i][LT_LENS_X0]);
        assert_non_null(all.picture[STEPS][i][LT_LENS_LATENTS]);
    }
    made_done(&all);
    lt_params_done(&p);
    lt_session_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_single_runs),
        cmocka_unit_test(test_picked_variation),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_at_any_moment),
        cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
