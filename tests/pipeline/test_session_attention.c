/* test_session_attention.c - attention of steps as they are taken, and of steps that were taken
 * without; what the run makes does not change. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
    p.scheduler = lt_strdup("lms");
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
        if (e.kind == LT_EVENT_NOTE)
            assert_non_null(strstr(e.text, "the next steps come without attention: "));
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

/* ---- where memory is short ---- */

static atomic_size_t room;    /* of the device that is played */
static atomic_int unets;      /* that it compiled */
static atomic_size_t refused; /* bytes of an allocation that finds no memory; 0: none */

/* In the place of libc's. */
void *aligned_alloc(size_t alignment, size_t size)
{
    void *p;
    bool fails = size == atomic_load(&refused) || posix_memalign(&p, alignment, size) != 0;
    return fails ? NULL : p;
}

static atomic_int held; /* programs wait until they are cancelled: 1; one does: 2 */

/* At most a minute, and then it goes on. */
static bool run(lt_program *p, lt_progress *progress, lt_error *err)
{
    int one = 1;
    if (atomic_compare_exchange_strong(&held, &one, 2)) {
        const struct timespec glance = {.tv_nsec = 1000000};
        for (int i = 0; i < 60000 && !atomic_load(&progress->cancel); i++)
            nanosleep(&glance, NULL);
    }
    return lt_ref_backend.run(p, progress, err);
}

static size_t room_of_device(const lt_backend *b)
{
    (void)b;
    return atomic_load(&room);
}

static bool compile(lt_backend *b, const lt_graph *g, lt_program **out, lt_progress *progress,
                    lt_error *err)
{
    atomic_fetch_add(&unets, lt_graph_find(g, "latents") != NULL);
    return lt_ref_backend.compile(b, g, out, progress, err);
}

static lt_session *open_device(size_t bytes)
{
    static lt_backend_ops ops;
    static const lt_backend_ops *const list[] = {&ops, NULL};
    lt_session *s;
    ops = lt_ref_backend;
    ops.room = room_of_device;
    ops.compile = compile;
    ops.run = run;
    atomic_store(&room, bytes);
    atomic_store(&unets, 0);
    CHECK_OK(lt_session_open(list, &s, err));
    return s;
}

enum { PLENTY = 1 << 30 };

static lt_film *plain_film(void)
{
    lt_params p = settings("3");
    lt_film *f = pipeline_film(&pipeline_sd1, &p, NULL, 0);
    lt_params_done(&p);
    return f;
}

/* Steps from..to of a paused run; the last of a run is its end. */
static void take_steps(lt_session *s, seen *out, int from, int to)
{
    for (int k = from; k <= to; k++) {
        lt_session_step(s);
        collect(s, out, k < STEPS ? LT_EVENT_PAUSED : LT_EVENT_DONE);
    }
}

static void check(seen *out, int from, int to)
{
    lt_film *want = plain_film();
    pipeline_same_films(want, out->film);
    for (int k = 1; k <= STEPS; k++)
        assert_int_equal(out->at[k][0] != NULL, k >= from && k <= to);
    lt_film_free(want);
    seen_done(out);
}

/* A run that begins with its maps has one UNet. */
static void test_one_unet(void **state)
{
    (void)state;
    lt_session *s = open_device(PLENTY);
    seen live = {0};
    lt_params p = settings("3");
    lt_session_attend_words(s, true);
    lt_session_run(s, 1, &p, false);
    collect(s, &live, LT_EVENT_DONE);
    assert_int_equal(atomic_load(&unets), 1);
    check(&live, 1, STEPS);
    lt_params_done(&p);
    lt_session_close(s);
}

/* Room for the run, and not for its maps. */
static void test_no_room_at_first(void **state)
{
    (void)state;
    pipeline_rig fresh;
    lt_forecast need;
    lt_engine_load load = {.images = 1, .h = 2, .w = 2, .guided = true, .one_prompt = true};
    pipeline_rig_open("sd1", &lt_ref_backend, "f32", &fresh);
    CHECK_OK(lt_engine_forecast(fresh.engine, LT_F32, &load, &need, err));
    pipeline_rig_close(&fresh);
    lt_session *s = open_device(need.weights + need.activations);
    seen out = {0};
    lt_params p = settings("3");
    lt_session_attend_words(s, true);
    lt_session_run(s, 1, &p, false);
    collect(s, &out, LT_EVENT_NOTE);
    collect(s, &out, LT_EVENT_DONE);
    assert_int_equal(atomic_load(&unets), 1);
    assert_false(out.film->tiled);
    check(&out, 1, 0);
    lt_params_done(&p);
    lt_session_close(s);
}

/* None for a second UNet: turned on, the run goes on without; turned off, with what it has. */
static void test_no_room_midway(void **state)
{
    (void)state;
    lt_params p = settings("3");
    for (int on = 0; on < 2; on++) {
        lt_session *s = open_device(PLENTY);
        seen out = {0};
        lt_session_attend_words(s, on);
        lt_session_run(s, 1, &p, true);
        collect(s, &out, LT_EVENT_PAUSED);
        take_steps(s, &out, 1, 1);
        atomic_store(&room, 0);
        lt_session_attend_words(s, !on);
        if (!on) {
            lt_session_step(s);
            collect(s, &out, LT_EVENT_NOTE);
            collect(s, &out, LT_EVENT_PAUSED);
        }
        take_steps(s, &out, on ? 2 : 3, STEPS);
        assert_int_equal(atomic_load(&unets), 1);
        check(&out, 1, on);
        lt_session_close(s);
    }
    lt_params_done(&p);
}

/* None for the copy that an event takes along. */
static void test_no_room_for_maps(void **state)
{
    (void)state;
    lt_session *s = open_device(PLENTY);
    seen out = {0};
    lt_params p = settings("3");
    lt_session_attend_words(s, true);
    lt_session_run(s, 1, &p, true);
    collect(s, &out, LT_EVENT_PAUSED);
    take_steps(s, &out, 1, 1);
    atomic_store(&refused, (out.at[1][0]->bytes + 63) & ~(size_t)63);
    lt_session_step(s);
    collect(s, &out, LT_EVENT_NOTE);
    collect(s, &out, LT_EVENT_PAUSED);
    atomic_store(&refused, 0);
    take_steps(s, &out, 3, STEPS);
    check(&out, 1, 1);
    lt_params_done(&p);
    lt_session_close(s);
}

/* ---- that is asked for ---- */

/* The newest ends the one at work. */
static void test_newest(void **state)
{
    (void)state;
    lt_session *s = open_device(PLENTY);
    const struct timespec glance = {.tv_nsec = 1000000};
    seen out = {0};
    lt_params p = settings("3");
    lt_session_run(s, 1, &p, false);
    collect(s, &out, LT_EVENT_DONE);
    atomic_store(&held, 1);
    lt_session_attention(s, 1, out.film, 1, 0, PROMPT);
    while (atomic_load(&held) != 2)
        nanosleep(&glance, NULL);
    lt_session_attention(s, 1, out.film, 2, 0, PROMPT);
    lt_event e = session_wait_for(s, LT_EVENT_ATTENTION);
    assert_int_equal(e.step, 2);
    lt_event_done(&e);
    seen_done(&out);
    lt_params_done(&p);
    lt_session_close(s);
}

/* What does not fit fails by itself, before anything is compiled for it. */
static void test_no_room_asked(void **state)
{
    (void)state;
    lt_session *s = open_device(PLENTY);
    seen out = {0};
    lt_params p = settings("3");
    lt_session_run(s, 1, &p, false);
    collect(s, &out, LT_EVENT_DONE);
    atomic_store(&room, 0);
    lt_session_attention(s, 1, out.film, 1, 0, PROMPT);
    lt_event e = session_next(s);
    assert_int_equal(e.kind, LT_EVENT_FAILED);
    assert_int_equal(e.id, 0);
    assert_int_equal(e.error.code, LT_ERR_MEMORY);
    assert_int_equal(atomic_load(&unets), 1);
    lt_event_done(&e);
    atomic_store(&room, PLENTY);
    lt_attention_free(ask(s, 1, out.film, 1, 0));
    atomic_store(&room, 0);
    lt_attention_free(ask(s, 1, out.film, 2, 0)); /* it is there now */
    seen_done(&out);
    lt_params_done(&p);
    lt_session_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live),
        cmocka_unit_test(test_midway),
        cmocka_unit_test(test_afterwards),
        cmocka_unit_test(test_one_unet),
        cmocka_unit_test(test_no_room_at_first),
        cmocka_unit_test(test_no_room_midway),
        cmocka_unit_test(test_no_room_for_maps),
        cmocka_unit_test(test_newest),
        cmocka_unit_test(test_no_room_asked),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
