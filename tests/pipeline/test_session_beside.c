/* What the worker makes beside runs: a picture through the autoencoder, and what the UNet says of
 * noise in it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "pipeline/init_image.h"
#include "pipeline_rig.h"
#include "session_rig.h"
#include "support/check.h"
#include "support/temp.h"

static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};
static pipeline_rig *const rig = &pipeline_sd1;

static lt_params settings(void)
{
    lt_params p = pipeline_params("a fox", 3, "3", false, 0);
    p.model = lt_strdup(rig->dir);
    return p;
}

static lt_session *open_session(void)
{
    lt_session *s;
    CHECK_OK(lt_session_open(backends, &s, err));
    return s;
}

/* The event of this kind and id; others are dropped, a fault fails. */
static lt_event wait_for(lt_session *s, lt_event_kind kind, uint64_t id)
{
    lt_event e = session_wait_for(s, kind);
    assert_int_equal(e.id, id);
    return e;
}

static void fails(lt_session *s, uint64_t id, const char *part)
{
    for (;;) {
        lt_event e = session_next(s);
        assert_true(e.kind != LT_EVENT_ENCODED && e.kind != LT_EVENT_PREDICTED);
        bool failed = e.kind == LT_EVENT_FAILED;
        if (failed && (e.id != id || !strstr(e.error.message, part)))
            fail_msg("%d: '%s', wanted '%s'", (int)e.id, e.error.message, part);
        lt_event_done(&e);
        if (failed)
            return;
    }
}

static void same(const lt_encoded *a, const lt_encoded *b)
{
    size_t n = (size_t)a->channels * (size_t)a->h * (size_t)a->w;
    assert_memory_equal(a->latents, b->latents, n * sizeof(float));
    assert_memory_equal(a->decoded->rgb, b->decoded->rgb, lt_image_bytes(a->decoded));
    assert_true(a->distance.mse == b->distance.mse);
    assert_string_equal(a->model_hash, b->model_hash);
}

/* From a file and from memory, with a model that is opened for it; then its noise. */
static void test_both(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_format("%s/a.png", dir);
    lt_init_image init = pipeline_init();
    lt_params p = settings();
    lt_session *s = open_session();
    lt_encoded *want;
    lt_predicted *said;
    CHECK_OK(lt_encode_picture(rig->engine, init.image, &(lt_encode_options){.size = p.size}, &want,
                               NULL, err));
    CHECK_OK(lt_png_write(path, init.image, NULL, 1, err));
    lt_session_encode_picture(s, 1, &p, path, NULL);
    lt_event e = wait_for(s, LT_EVENT_ENCODED, 1);
    same(want, e.encoded);
    lt_event_done(&e);
    lt_session_encode_picture(s, 2, &p, NULL, init.image);
    e = wait_for(s, LT_EVENT_ENCODED, 2);
    same(want, e.encoded);
    lt_event_done(&e);
    lt_noise_call call = {"a fox",      400,     want->channels,
                          want->h,      want->w, lt_noising_at(&want->schedule, 400).abar,
                          want->latents};
    lt_session_predict(s, 3, &p, &call);
    e = wait_for(s, LT_EVENT_NOISED, 3);
    assert_int_equal(e.step, 400);
    assert_memory_equal(e.picture->rgb, want->decoded->rgb, 64); /* of latents without noise */
    lt_event_done(&e);
    e = wait_for(s, LT_EVENT_PREDICTED, 3);
    CHECK_OK(lt_predict_noise(rig->engine, &call, &said, NULL, err));
    size_t bytes = 2 * sizeof(float) * (size_t)(want->channels * want->h * want->w);
    assert_memory_equal(said->noise, e.predicted->noise, bytes);
    assert_int_equal(e.predicted->picture->width, 16);
    lt_event_done(&e);
    lt_predicted_free(said);
    lt_session_close(s);
    lt_encoded_free(want);
    lt_init_image_done(&init);
    lt_params_done(&p);
    free(path);
    temp_dir_remove(dir);
}

static void test_faults(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_format("%s/a.png", dir);
    lt_params p = settings();
    lt_session *s = open_session();
    lt_image *narrow;
    const float x[3] = {0};
    lt_session_encode_picture(s, 1, &p, path, NULL);
    fails(s, 1, "a.png");
    CHECK_OK(lt_file_write(path, "text", 4, err));
    lt_session_encode_picture(s, 2, &p, path, NULL);
    fails(s, 2, "a.png");
    CHECK_OK(lt_image_new(9000, 4, &narrow, err));
    CHECK_OK(lt_png_write(path, narrow, NULL, 1, err));
    lt_session_encode_picture(s, 3, &p, path, NULL);
    fails(s, 3, "the picture has 9000x4 pixels, expected sides of 8 to 8192");
    lt_noise_call call = {"a fox", 1, 3, 1, 1, 0.5, x};
    lt_session_predict(s, 4, &p, &call);
    fails(s, 4, "another model encoded them");
    lt_session_close(s);
    free(p.model);
    p.model = lt_strdup("/nowhere");
    s = open_session(); /* none is open */
    lt_session_encode_picture(s, 5, &p, NULL, narrow);
    fails(s, 5, "/nowhere");
    lt_session_close(s);
    lt_image_unref(narrow);
    lt_params_done(&p);
    free(path);
    temp_dir_remove(dir);
}

/* Of many the last one comes; what was left is not made; closing does not wait. */
static void test_newest(void **state)
{
    (void)state;
    lt_params p = settings();
    lt_init_image init = pipeline_init();
    lt_session *s = open_session();
    p.size = (lt_size){64, 64};
    for (uint64_t id = 1; id <= 20; id++)
        lt_session_encode_picture(s, id, &p, NULL, init.image);
    int encoded = 0;
    for (uint64_t id = 0; id < 20;) {
        lt_event e = session_next(s);
        assert_int_not_equal(e.kind, LT_EVENT_FAILED);
        encoded += e.kind == LT_EVENT_ENCODED;
        id = e.kind == LT_EVENT_ENCODED ? e.id : id;
        lt_event_done(&e);
    }
    assert_true(encoded < 10); /* 1 if all were put while the model was opened */
    lt_session_encode_picture(s, 21, &p, NULL, init.image);
    lt_session_leave(s);
    lt_session_run(s, 22, &p, false);
    for (bool done = false; !done;) {
        lt_event e = session_next(s);
        assert_int_not_equal(e.kind, LT_EVENT_FAILED);
        assert_int_not_equal(e.kind, LT_EVENT_ENCODED);
        done = e.kind == LT_EVENT_DONE;
        lt_event_done(&e);
    }
    lt_session_encode_picture(s, 23, &p, NULL, init.image);
    lt_session_close(s);
    lt_init_image_done(&init);
    lt_params_done(&p);
}

/* A run goes on around it, to the same bits; stopping the run does not lose it. */
static void test_run(void **state)
{
    (void)state;
    lt_params p = settings();
    lt_init_image init = pipeline_init();
    lt_session *s = open_session();
    p.size = (lt_size){16, 16};
    p.scheduler = lt_strdup("lms");
    lt_film *want = pipeline_film(rig, &p, NULL, 0), *got = NULL;
    bool encoded = false;
    lt_session_run(s, 1, &p, false);
    for (bool done = false; !done;) {
        lt_event e = session_next(s);
        assert_int_not_equal(e.kind, LT_EVENT_FAILED);
        if (e.kind == LT_EVENT_BEGUN) {
            got = e.film;
            e.film = NULL;
            lt_session_encode_picture(s, 2, &p, NULL, init.image);
        }
        if (e.kind == LT_EVENT_STEP)
            lt_film_add(got, &e.taken);
        encoded |= e.kind == LT_EVENT_ENCODED;
        done = e.kind == LT_EVENT_DONE;
        lt_event_done(&e);
    }
    pipeline_same_films(want, got);
    if (!encoded)
        session_skip_to(s, LT_EVENT_ENCODED, 2, -1);
    lt_session_encode_picture(s, 3, &p, NULL, init.image);
    lt_session_stop(s);
    session_skip_to(s, LT_EVENT_ENCODED, 3, -1);
    lt_session_close(s);
    lt_film_free(want);
    lt_film_free(got);
    lt_init_image_done(&init);
    lt_params_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_newest),
        cmocka_unit_test(test_run),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
