/* The worker: what it computes is what lt_run computes, whatever is asked of it meanwhile. */
#include "pipeline/session.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "pipeline_rig.h"
#include "session_rig.h"
#include "support/check.h"

static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};
static pipeline_rig *const rig = &pipeline_sd1;

static lt_params settings(int steps)
{
    lt_params p = pipeline_params("a fox", steps, "3", false, 0);
    p.model = lt_strdup(rig->dir);
    p.size = (lt_size){16, 16}; /* small: the thread sanitizer is slow */
    return p;
}

static lt_session *open_session(void)
{
    lt_session *s;
    CHECK_OK(lt_session_open(backends, &s, err));
    return s;
}

/* Takes a run to its end: the film, with all steps, and pictures by step (NULL: none came). */
static lt_film *collect(lt_session *s, uint64_t id, lt_image **pictures)
{
    lt_film *film = NULL;
    for (;;) {
        lt_event e = session_next(s);
        bool done = e.kind == LT_EVENT_DONE;
        if (e.kind == LT_EVENT_FAILED || e.kind == LT_EVENT_STOPPED)
            fail_msg("event %d: %s", (int)e.kind, e.error.message);
        if (e.kind == LT_EVENT_BEGUN) {
            assert_int_equal(e.id, id);
            film = e.film;
            e.film = NULL;
        } else if (e.kind == LT_EVENT_STEP) {
            lt_film_add(film, &e.taken);
            assert_int_equal(e.step, film->done);
        } else if (e.kind == LT_EVENT_PICTURE && e.lens == LT_LENS_LATENTS && pictures) {
            lt_image_unref(pictures[e.step]);
            pictures[e.step] = e.picture;
            e.picture = NULL;
        }
        lt_event_done(&e);
        if (done)
            return film;
    }
}

static void drop_pictures(lt_image **pictures, int count)
{
    for (int k = 0; k < count; k++)
        lt_image_unref(pictures[k]);
}

/* The picture that the rig's own engine makes of latents. */
static lt_image *decode(const lt_film *f, const float *latents)
{
    lt_image *image;
    float *pixels = lt_alloc_array((size_t)(3 * f->width * f->height), sizeof *pixels);
    CHECK_OK(lt_engine_decode(rig->engine, 1, f->h, f->w, latents, pixels, NULL, err));
    CHECK_OK(lt_image_from_chw(pixels, f->width, f->height, &image, err));
    free(pixels);
    return image;
}

static void same_image(const lt_image *a, const lt_image *b)
{
    assert_non_null(a);
    assert_int_equal(a->width, b->width);
    assert_memory_equal(a->rgb, b->rgb, lt_image_bytes(a));
}

enum { STEPS = 4 };

/* Every step and every picture, by bytes, against lt_run in this thread. */
static void test_equals_a_run(void **state)
{
    (void)state;
    lt_session *s = open_session();
    lt_params p = settings(STEPS);
    lt_image *pictures[STEPS + 1] = {NULL};
    lt_run *run;
    lt_run_options options = {.params = &p};
    lt_session_run(s, 7, &p, false);
    lt_film *f = collect(s, 7, pictures);
    assert_int_equal(f->done, STEPS);
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    const lt_run_view *v = lt_run_about(run);
    size_t bytes = f->all * sizeof(float);
    float *shown = lt_alloc(bytes), *again = lt_alloc(bytes);
    for (int k = 0; k <= STEPS; k++) {
        lt_run_lens(run, LT_LENS_LATENTS, shown);
        lt_film_lens(f, k, LT_LENS_LATENTS, again);
        assert_memory_equal(shown, again, bytes);
        lt_image *image = decode(f, shown);
        same_image(pictures[k], image);
        lt_image_unref(image);
        if (k > 0) {
            assert_memory_equal(f->at[k - 1].latents, v->latents, bytes);
            assert_memory_equal(f->at[k - 1].eps_text, v->eps_text, bytes);
            assert_memory_equal(f->at[k - 1].eps_uncond, v->eps_uncond, bytes);
            lt_run_lens(run, LT_LENS_X0, shown);
            lt_film_lens(f, k, LT_LENS_X0, again);
            assert_memory_equal(shown, again, bytes);
        }
        lt_error fault = {0};
        if (k < STEPS)
            assert_int_not_equal(lt_run_step(run, NULL, &fault), LT_STEP_FAILED);
    }
    drop_pictures(pictures, STEPS + 1);
    lt_run_free(run);
    lt_film_free(f);
    free(shown);
    free(again);
    lt_params_done(&p);
    lt_session_close(s);
}

/* Pauses, single steps, looked-at steps, another lens, no previews: the same end. */
static void test_nothing_changes_the_picture(void **state)
{
    (void)state;
    lt_params p = settings(STEPS);
    lt_image *plain[STEPS + 1] = {NULL}, *busy[STEPS + 1] = {NULL};
    lt_session *s = open_session();
    lt_session_run(s, 1, &p, false);
    lt_film *a = collect(s, 1, plain);
    lt_session_watch(s, LT_LENS_X0);
    lt_session_budget(s, 0);
    lt_session_run(s, 2, &p, true);
    session_skip_to(s, LT_EVENT_BEGUN, 2, 0); /* this film is dropped: only the end is looked at */
    session_skip_to(s, LT_EVENT_PAUSED, 2, 0);
    lt_session_decode(s, 2, 0, 0, LT_LENS_LATENTS, a->noise, a->channels, a->h, a->w);
    session_skip_to(s, LT_EVENT_PICTURE, 2, 0);
    lt_session_step(s);
    session_skip_to(s, LT_EVENT_STEP, 2, 1);
    session_skip_to(s, LT_EVENT_SKIPPED, 2, 1);
    session_skip_to(s, LT_EVENT_PAUSED, 2, 1);
    lt_session_go(s);
    lt_event e;
    for (int k = 2; k < STEPS; k++)
        session_skip_to(s, LT_EVENT_STEP, 2, k);
    e = session_wait_for(s, LT_EVENT_STEP);
    assert_memory_equal(e.taken.latents, a->at[STEPS - 1].latents, a->all * sizeof(float));
    lt_event_done(&e);
    do {
        e = session_wait_for(s, LT_EVENT_PICTURE);
        if (e.lens == LT_LENS_LATENTS)
            busy[STEPS] = lt_image_ref(e.picture);
        lt_event_done(&e);
    } while (!busy[STEPS]);
    same_image(plain[STEPS], busy[STEPS]);
    session_skip_to(s, LT_EVENT_DONE, 2, STEPS);
    lt_film_free(a);
    drop_pictures(plain, STEPS + 1);
    drop_pictures(busy, STEPS + 1);
    lt_params_done(&p);
    lt_session_close(s);
}

/* Another run takes the place of the one at work, which says where it stopped; a stop leaves the
 * session ready, and a late one does no harm. */
static void test_stop_and_replace(void **state)
{
    (void)state;
    lt_params p = settings(200), q = settings(2);
    lt_session *s = open_session();
    lt_session_run(s, 1, &p, false);
    session_skip_to(s, LT_EVENT_STEP, 1, 1);
    lt_session_run(s, 2, &q, false);
    lt_event e = session_wait_for(s, LT_EVENT_STOPPED);
    assert_int_equal(e.id, 1);
    assert_in_range(e.step, 1, 199);
    session_skip_to(s, LT_EVENT_DONE, 2, 2);
    lt_session_stop(s);
    lt_session_stop(s);
    lt_session_run(s, 3, &q, false);
    session_skip_to(s, LT_EVENT_DONE, 3, 2);
    lt_session_run(s, 4, &p, false);
    session_skip_to(s, LT_EVENT_BEGUN, 4, 0);
    lt_session_stop(s);
    session_skip_to(s, LT_EVENT_STOPPED, 4, -1);
    lt_session_run(s, 5, &q, false);
    session_skip_to(s, LT_EVENT_DONE, 5, 2);
    lt_session_run(s, 6, &p, false); /* closed at work */
    session_skip_to(s, LT_EVENT_STEP, 6, 1);
    lt_session_close(s);
    lt_params_done(&p);
    lt_params_done(&q);
}

static void test_loading(void **state)
{
    (void)state;
    lt_params p = settings(2), wrong = settings(2);
    free(wrong.model);
    wrong.model = lt_strdup("/nonexistent/model");
    lt_session *s = open_session();
    lt_session_load(s, &p);
    session_skip_to(s, LT_EVENT_LOADING, 0, 0);
    lt_event e = session_next(s);
    assert_int_equal(e.kind, LT_EVENT_LOADED);
    assert_int_equal(e.model->side, 64);
    assert_string_equal(e.model->backend, "ref");
    assert_int_equal(lt_tokenizer_length(e.model->tokenizer), 77);
    lt_event_done(&e);
    lt_session_run(s, 1, &wrong, false);
    e = session_wait_for(s, LT_EVENT_FAILED);
    assert_int_equal(e.id, 1);
    assert_int_equal(e.error.code, LT_ERR_IO);
    assert_non_null(strstr(e.error.message, "/nonexistent/model"));
    lt_session_run(s, 2, &p, false); /* the first model again */
    session_skip_to(s, LT_EVENT_DONE, 2, 2);
    lt_params_done(&p);
    lt_params_done(&wrong);
    lt_session_close(s);
}

/* Of pictures that wait only the newest is made. */
static void test_newest_picture(void **state)
{
    (void)state;
    lt_params p = settings(2);
    lt_session *s = open_session();
    lt_session_run(s, 1, &p, false);
    lt_film *f = collect(s, 1, NULL);
    float *shown = lt_alloc_array(f->all, sizeof *shown);
    lt_session_run(s, 2, &p, true); /* keeps the worker busy until all three are in the queue */
    for (int k = 0; k <= 2; k++) {
        lt_film_lens(f, k, LT_LENS_X0, shown);
        lt_session_decode(s, 1, k, 0, LT_LENS_X0, shown, f->channels, f->h, f->w);
    }
    lt_event e = session_wait_for(s, LT_EVENT_PAUSED);
    lt_event_done(&e);
    e = session_wait_for(s, LT_EVENT_PICTURE);
    assert_int_equal(e.id, 1);
    assert_int_equal(e.step, 2);
    lt_image *image = decode(f, shown);
    same_image(e.picture, image);
    lt_image_unref(image);
    lt_event_done(&e);
    free(shown);
    lt_film_free(f);
    lt_params_done(&p);
    lt_session_close(s);
}

/* A fork has its parent's frames, and, where nothing changed, its end. */
static void test_fork(void **state)
{
    (void)state;
    lt_params p = settings(STEPS), q = settings(STEPS);
    lt_image *pictures[STEPS + 1] = {NULL};
    lt_session *s = open_session();
    lt_error err = {0};
    lt_session_run(s, 1, &p, false);
    lt_film *parent = collect(s, 1, pictures);
    assert_true(lt_session_fork(s, 2, &p, parent, 2, false, &err));
    lt_event e = session_wait_for(s, LT_EVENT_BEGUN);
    assert_int_equal(e.film->done, 2);
    for (int k = 0; k < 2; k++)
        assert_memory_equal(e.film->at[k].block, parent->at[k].block,
                            4 * parent->all * sizeof(float));
    assert_memory_equal(e.film->noise, parent->noise, parent->all * sizeof(float));
    lt_event_done(&e);
    session_skip_to(s, LT_EVENT_PICTURE, 2, 2);
    session_skip_to(s, LT_EVENT_STEP, 2, 3);
    e = session_wait_for(s, LT_EVENT_STEP);
    assert_int_equal(e.step, STEPS);
    assert_memory_equal(e.taken.latents, parent->at[STEPS - 1].latents,
                        parent->all * sizeof(float));
    lt_event_done(&e);
    session_skip_to(s, LT_EVENT_DONE, 2, STEPS);
    q.steps = STEPS + 1; /* not the parent's */
    assert_true(lt_session_fork(s, 3, &q, parent, 2, false, &err));
    e = session_wait_for(s, LT_EVENT_FAILED);
    assert_non_null(strstr(e.error.message, "a fork has its parent's 4 steps"));
    lt_event_done(&e);
    lt_film_free(parent);
    drop_pictures(pictures, STEPS + 1);
    lt_params_done(&p);
    lt_params_done(&q);
    lt_session_close(s);
}

/* A run that is stopped does not take the picture with it that somebody waits for. */
static void test_picture_survives_stop(void **state)
{
    (void)state;
    lt_params p = settings(2);
    lt_session *s = open_session();
    lt_session_run(s, 1, &p, false);
    lt_film *f = collect(s, 1, NULL);
    float *shown = lt_alloc_array(f->all, sizeof *shown);
    lt_film_lens(f, 1, LT_LENS_X0, shown);
    for (int i = 0; i < 20; i++) { /* wherever the stop meets it */
        lt_session_decode(s, 1, 1, 0, LT_LENS_X0, shown, f->channels, f->h, f->w);
        lt_session_stop(s);
        session_skip_to(s, LT_EVENT_PICTURE, 1, 1);
    }
    free(shown);
    lt_film_free(f);
    lt_params_done(&p);
    lt_session_close(s);
}

/* The numbers of a frame against sums made another way. */
static void test_numbers(void **state)
{
    (void)state;
    lt_params p = settings(3);
    lt_session *s = open_session();
    lt_session_run(s, 1, &p, false);
    lt_film *f = collect(s, 1, NULL);
    lt_film_numbers n;
    lt_film_numbers_at(f, 0, 0, &n);
    assert_true(n.rms_x0 == 0 && n.push == 0 && n.changed == 0);
    assert_true(n.sigma == (double)f->schedule.sigmas[0]);
    assert_true(n.timestep == (double)f->schedule.timesteps[0] && n.timestep_before == -1);
    lt_film_numbers_at(f, 2, 0, &n);
    assert_true(n.timestep == (double)f->schedule.timesteps[2] && n.timestep_next == -1);
    assert_true(n.timestep_before == (double)f->schedule.timesteps[1]);
    assert_true(n.sigma == (double)f->schedule.sigmas[2]);
    lt_film_numbers_at(f, 3, 0, &n);
    assert_true(n.timestep == -1 && n.timestep_next == -1);
    assert_true(n.timestep_before == (double)f->schedule.timesteps[2]);
    assert_true(n.sigma == 0 && n.sigma_next == 0);
    double x0 = 0, latents = 0;
    for (size_t i = 0; i < f->all; i++) {
        x0 += (double)f->at[2].x0[i] * (double)f->at[2].x0[i];
        latents += (double)f->at[2].latents[i] * (double)f->at[2].latents[i];
    }
    assert_true(fabs(n.rms_x0 * n.rms_x0 * (double)f->all - x0) < 1e-9 * x0);
    assert_true(fabs(n.rms_latents * n.rms_latents * (double)f->all - latents) < 1e-9 * latents);
    assert_true(n.cosine > 0.5 && n.cosine <= 1);
    assert_true(n.push > 0 && n.changed > 0);
    lt_meta meta = lt_film_meta(f, 2);
    lt_buf text = {0};
    lt_meta_parameters(&meta, 0, &text);
    assert_non_null(strstr(text.data, "a fox\nSteps: 2, Sampler: LMS"));
    lt_buf_clear(&text);
    lt_meta_json(&meta, 0, &text); /* of the noise and two steps, in what came from the worker */
    assert_true(strlen(strstr(text.data, "\"trail\":[")) == strlen("\"trail\":[]}") + 3 * 19 - 1);
    assert_true(lt_trail_at(&f->trail, 2, 0) == lt_hash_floats(f->at[1].latents, f->all));
    lt_buf_done(&text);
    lt_film_free(f);
    lt_params_done(&p);
    lt_session_close(s);
}

/* What was left out for the budget is nothing to wait for. */
static void test_attention_to_nothing(void **state)
{
    (void)state;
    lt_params p = settings(STEPS);
    lt_session *s = open_session();
    lt_session_budget(s, 0);
    lt_session_attend(s, 3600);
    lt_session_run(s, 1, &p, false);
    session_skip_to(s, LT_EVENT_PICTURE, 1, 0);
    lt_session_seen(s);
    session_skip_to(s, LT_EVENT_DONE, 1, STEPS);
    lt_params_done(&p);
    lt_session_close(s);
}

static size_t device_room; /* of the device that is played */

static size_t room_of_device(const lt_backend *b)
{
    (void)b;
    return device_room;
}

/* Where the decoder does not fit, it takes tiles, says so, and makes the same pictures again when
 * it is asked, whatever the run at work does. */
static void test_tiles(void **state)
{
    (void)state;
    enum { W = 9, H = 3 };
    lt_backend_ops device = lt_ref_backend;
    const lt_backend_ops *const list[] = {&device, NULL};
    lt_session *s;
    lt_forecast need;
    lt_image *pictures[2] = {NULL};
    lt_params p = settings(1);
    lt_engine_load load = {.images = 1, .h = H, .w = W, .guided = true, .tiled = true};
    pipeline_rig fresh;
    int f = lt_engine_about(rig->engine)->vae->factor;
    p.size = (lt_size){W * f, H * f};
    pipeline_rig_open("sd1", &lt_ref_backend, "f32", &fresh);
    CHECK_OK(lt_engine_forecast(fresh.engine, LT_F32, &load, &need, err));
    pipeline_rig_close(&fresh);
    device.room = room_of_device;
    device_room = need.weights + need.activations;
    CHECK_OK(lt_session_open(list, &s, err));
    lt_session_run(s, 1, &p, false);
    lt_event e = session_wait_for(s, LT_EVENT_NOTE);
    assert_string_equal(e.text, LT_TILING_NOTE);
    lt_event_done(&e);
    lt_film *film = collect(s, 1, pictures);
    assert_true(film->tiled && lt_film_meta(film, 1).tiled);
    float *latents = lt_alloc_array(film->all, sizeof *latents);
    lt_film_lens(film, 1, LT_LENS_LATENTS, latents);
    lt_image *whole = decode(film, latents);
    lt_engine_tile(rig->engine, true);
    lt_image *tiled = decode(film, latents);
    lt_engine_tile(rig->engine, false);
    same_image(pictures[1], tiled);
    assert_memory_not_equal(whole->rgb, tiled->rgb, lt_image_bytes(whole));
    for (int on = 0; on < 2; on++) {
        lt_session_tile(s, on == 1);
        lt_session_decode(s, 2, 1, 0, LT_LENS_LATENTS, latents, film->channels, H, W);
        e = session_wait_for(s, LT_EVENT_PICTURE);
        same_image(e.picture, on ? tiled : whole);
        lt_event_done(&e);
    }
    lt_image_unref(whole);
    lt_image_unref(tiled);
    free(latents);
    drop_pictures(pictures, 2);
    lt_film_free(film);
    lt_params_done(&p);
    lt_session_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_a_run),
        cmocka_unit_test(test_nothing_changes_the_picture),
        cmocka_unit_test(test_stop_and_replace),
        cmocka_unit_test(test_loading),
        cmocka_unit_test(test_newest_picture),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_picture_survives_stop),
        cmocka_unit_test(test_attention_to_nothing),
        cmocka_unit_test(test_tiles),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
