/* test_session_attention.c - attention of steps as they are taken, and of steps that were taken
 * without; what the run makes does not change. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "pipeline_rig.h"
#include "session_rig.h"
#include "support/check.h"

enum { STEPS = 4 };
#define PROMPT "a fox, hippopotamuses"
static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};

/* Largest difference between a step's own maps and those of the conditional pass made for it: 0 was
 * measured on ref, whose rows do not depend on each other. */
#define NEAR 1e-6

static lt_params settings(const char *seeds)
{
    lt_params p = pipeline_params(PROMPT, STEPS, seeds, true, 0);
    p.model = lt_strdup(pipeline_sd1.dir);
    p.size = (lt_size){16, 16};
    return p;
}

/* A run's film and its attention by step and image, NULL where none came. */
typedef struct seen {
    lt_film *film;
    lt_attention_maps *at[STEPS + 1][2];
} seen;

static void seen_done(seen *s)
{
    lt_film_free(s->film);
    for (int k = 0; k <= STEPS; k++)
        for (int i = 0; i < 2; i++)
            lt_attention_free(s->at[k][i]);
}

/* Up to an event of that kind, and with it. */
static void collect(lt_session *s, seen *out, lt_event_kind end)
{
    bool pictured = false; /* of this step */
    for (bool over = false; !over;) {
        lt_event e = session_next(s);
        over = e.kind == end;
        if (e.kind == LT_EVENT_FAILED)
            fail_msg("%s", e.error.message);
        if (e.kind == LT_EVENT_BEGUN) {
            out->film = e.film;
            e.film = NULL;
        } else if (e.kind == LT_EVENT_STEP) {
            lt_film_add(out->film, &e.taken);
        } else if (e.kind == LT_EVENT_ATTENTION) {
            assert_int_equal(e.step, out->film->done); /* after the step, before its picture */
            out->at[e.step][e.image] = e.attention;
            e.attention = NULL;
            assert_false(pictured);
        }
        pictured = e.kind == LT_EVENT_PICTURE || (pictured && e.kind != LT_EVENT_STEP);
        lt_event_done(&e);
    }
}

static double apart(const lt_attention_maps *a, const lt_attention_maps *b)
{
    double most = 0;
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(a->bytes, b->bytes);
    for (size_t i = 0; i < a->bytes / sizeof(float); i++)
        most = fmax(most, fabs((double)a->block[i] - (double)b->block[i]));
    return most;
}

static void test_live(void **state)
{
    (void)state;
    lt_session *s;
    seen plain = {0}, live = {0};
    lt_params p = settings("3,4");
    CHECK_OK(lt_session_open(backends, &s, err));
    lt_session_run(s, 1, &p, false);
    collect(s, &plain, LT_EVENT_DONE);
    assert_null(plain.at[1][0]);
    lt_session_attend_words(s, true);
    lt_session_run(s, 2, &p, false);
    collect(s, &live, LT_EVENT_DONE);
    pipeline_same_films(plain.film, live.film);
    assert_null(live.at[0][0]); /* the noise is no step */
    for (int k = 1; k <= STEPS; k++)
        for (int i = 0; i < 2; i++) {
            assert_non_null(live.at[k][i]);
            assert_string_equal(live.at[k][i]->words.at[2].text, "fox");
        }
    assert_true(apart(live.at[1][0], live.at[1][1]) > 0);
    seen_done(&plain);
    seen_done(&live);
    lt_params_done(&p);
    lt_session_close(s);
}

/* Turned on after two steps, off after three. */
static void test_midway(void **state)
{
    (void)state;
    lt_session *s;
    seen all = {0}, plain = {0};
    lt_params p = settings("3");
    CHECK_OK(lt_session_open(backends, &s, err));
    lt_session_run(s, 1, &p, true);
    collect(s, &all, LT_EVENT_PAUSED);
    for (int k = 1; k <= STEPS; k++) {
        lt_session_attend_words(s, k == 3);
        lt_session_step(s);
        collect(s, &all, k < STEPS ? LT_EVENT_PAUSED : LT_EVENT_DONE);
        assert_int_equal(all.at[k][0] != NULL, k == 3);
    }
    lt_session_run(s, 2, &p, false);
    collect(s, &plain, LT_EVENT_DONE);
    pipeline_same_films(plain.film, all.film);
    seen_done(&plain);
    seen_done(&all);
    lt_params_done(&p);
    lt_session_close(s);
}

static lt_attention_maps *ask(lt_session *s, uint64_t id, const lt_film *f, int k, int image)
{
    lt_session_attention(s, id, f, k, image, PROMPT);
    for (;;) {
        lt_event e = session_wait_for(s, LT_EVENT_ATTENTION);
        lt_attention_maps *maps = e.attention;
        e.attention = NULL;
        assert_int_equal(e.id, id);
        bool mine = e.step == k && e.image == image;
        lt_event_done(&e);
        if (mine)
            return maps;
        lt_attention_free(maps);
    }
}

/* What was taken without is made again, for each picture of a run, and while another is at work. */
static void test_afterwards(void **state)
{
    (void)state;
    lt_session *s;
    seen live = {0};
    lt_params p = settings("3,4");
    double most = 0;
    CHECK_OK(lt_session_open(backends, &s, err));
    lt_session_attend_words(s, true);
    lt_session_run(s, 1, &p, false);
    collect(s, &live, LT_EVENT_DONE);
    lt_session_attend_words(s, false);
    for (int k = 1; k <= STEPS; k++)
        for (int i = 0; i < 2; i++) {
            lt_attention_maps *again = ask(s, 1, live.film, k, i);
            most = fmax(most, apart(again, live.at[k][i]));
            assert_int_equal(again->words.count, live.at[k][i]->words.count);
            lt_attention_free(again);
        }
    printf("made again: %.2g apart\n", most);
    assert_true(most <= NEAR);
    lt_session_run(s, 2, &p, false);
    lt_session_attention(s, 1, live.film, 2, 0,
                         PROMPT); /* the newest is made, others may be dropped */
    lt_session_attention(s, 1, live.film, 3, 0, PROMPT);
    lt_attention_maps *newest = ask(s, 1, live.film, 4, 1);
    assert_true(apart(newest, live.at[4][1]) <= NEAR);
    lt_attention_free(newest);
    session_skip_to(s, LT_EVENT_DONE, 2, STEPS);
    seen_done(&live);
    lt_params_done(&p);
    lt_session_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live),
        cmocka_unit_test(test_midway),
        cmocka_unit_test(test_afterwards),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
