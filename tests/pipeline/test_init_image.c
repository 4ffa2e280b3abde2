/* Runs that begin with a picture: what they are made of, forks, what-ifs, the history, the worker.
 * Their numbers are compared with diffusers' in the goldens init-*. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/init_image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "image/resize.h"
#include "pipeline/archive.h"
#include "pipeline/recall.h"
#include "pipeline/whatif.h"
#include "pipeline_rig.h"
#include "session_rig.h"
#include "support/check.h"
#include "support/temp.h"

enum { STEPS = 7, TAKEN = 5 }; /* int(7 * 0.75) */
static pipeline_rig *const rig = &pipeline_sd1;

static lt_params settings(const char *sampler)
{
    lt_params p = pipeline_params("a fox", STEPS, "3", false, 0);
    p.scheduler = lt_strdup(sampler);
    pipeline_begin_with(&p, "first.png", 0.75);
    return p;
}

static void test_size(void **state)
{
    (void)state;
    lt_init_image init = pipeline_init();
    lt_size size;
    CHECK_OK(lt_init_image_size(init.image, (lt_size){0}, 8, &size, err));
    assert_true(size.width == 16 && size.height == 16);
    CHECK_OK(lt_init_image_size(init.image, (lt_size){24, 32}, 8, &size, err));
    assert_true(size.width == 24 && size.height == 32);
    CHECK_FAILS(lt_init_image_size(init.image, (lt_size){0}, 32, &size, err), LT_ERR_ARGUMENT,
                "21x18 pixels, expected sides of 32 to 8192");
    lt_init_image_done(&init);
}

/* As it is where it fits, else resized as Pillow does it. */
static void test_pixels(void **state)
{
    (void)state;
    lt_init_image init = pipeline_init();
    float got[3 * 21 * 18], want[3 * 21 * 18];
    lt_image *small;
    CHECK_OK(lt_init_image_pixels(init.image, 21, 18, got, err));
    lt_image_to_chw(init.image, want);
    assert_memory_equal(got, want, sizeof got);
    CHECK_OK(lt_init_image_pixels(init.image, 16, 16, got, err));
    CHECK_OK(lt_image_resize(init.image, 16, 16, LT_LANCZOS, &small, err));
    lt_image_to_chw(small, want);
    assert_memory_equal(got, want, sizeof(float) * 3 * 16 * 16);
    lt_image_unref(small);
    lt_init_image_done(&init);
}

/* The size counts, too. */
static void test_hash(void **state)
{
    (void)state;
    lt_image *wide, *high;
    CHECK_OK(lt_image_new(4, 2, &wide, err));
    CHECK_OK(lt_image_new(2, 4, &high, err));
    uint64_t hash = lt_init_image_hash(wide);
    assert_true(hash != lt_init_image_hash(high));
    wide->rgb[23] = 1;
    assert_true(hash != lt_init_image_hash(wide));
    lt_image_unref(wide);
    lt_image_unref(high);
}

static void test_sample(void **state)
{
    (void)state;
    const float mean[2] = {1, -1}, logvar[2] = {0, 2}, noise[2] = {0.5f, -2};
    float out[2];
    lt_init_image_sample(mean, logvar, noise, 0.25f, 2, out);
    assert_true(out[0] == 0.375f);
    assert_true(fabs((double)out[1] - 0.25 * (-1 - 2 * exp(1))) < 1e-6);
}

/* A fork that changes nothing has its parent's bytes, and needs no picture. */
static void test_forks(void **state)
{
    (void)state;
    for (int i = 0; i < PIPELINE_SAMPLERS; i++) {
        lt_params p = settings(pipeline_samplers[i]);
        lt_film *f = pipeline_film(rig, &p, NULL, 0);
        assert_int_equal(f->steps, TAKEN);
        assert_int_equal(f->done, TAKEN);
        assert_int_equal(f->schedule.begin, STEPS - TAKEN);
        assert_true(f->width == 16 && f->height == 16 && f->init_hash != 0);
        p.size = (lt_size){16, 16};
        for (int k = 1; k < TAKEN; k++) {
            lt_film *fork = pipeline_film(rig, &p, f, k);
            pipeline_same_films(f, fork);
            assert_true(fork->init_hash == f->init_hash && !fork->altered);
            lt_film_free(fork);
        }
        lt_film_free(f);
        lt_params_done(&p);
    }
}

/* One step again without the UNet, at the run's own scale. */
static void check_what_if(const lt_film *f)
{
    size_t one = f->all / (size_t)f->images;
    float *now = lt_alloc_array(one, sizeof *now), *kept = lt_alloc_array(f->all, sizeof *kept);
    for (int k = 1; k <= f->done; k++)
        for (int image = 0; image < f->images; image++) {
            CHECK_OK(lt_film_what_if(f, k, image, f->guidance_scale, LT_LENS_LATENTS, now, err));
            lt_film_lens(f, k, LT_LENS_LATENTS, kept);
            assert_memory_equal(now, kept + (size_t)image * one, one * sizeof *now);
        }
    free(now);
    free(kept);
}

static void test_what_if(void **state)
{
    (void)state;
    for (int i = 0; i < PIPELINE_SAMPLERS; i++) {
        lt_params p = settings(pipeline_samplers[i]);
        lt_film *f = pipeline_film(rig, &p, NULL, 0);
        check_what_if(f);
        lt_film_free(f);
        lt_params_done(&p);
    }
    for (int own = 0; own < 2; own++) {
        lt_params p = pipeline_params("a fox", 4, own ? "3,4" : "3", own, own ? 0 : 2);
        p.scheduler = lt_strdup("euler_a");
        pipeline_begin_with(&p, "first.png", 0.5);
        lt_film *f = pipeline_film(rig, &p, NULL, 0);
        assert_int_equal(f->images, 2);
        check_what_if(f);
        lt_film_free(f);
        lt_params_done(&p);
    }
}

/* A picture of several, each from its own generator or all from one, made alone. */
static void test_alone(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        lt_params p = pipeline_params("a fox", 4, own ? "3,4" : "3", own, own ? 0 : 2), q;
        p.scheduler = lt_strdup("euler_a");
        pipeline_begin_with(&p, "first.png", 0.5);
        size_t all, one;
        float *both = pipeline_run(rig, &p, &all);
        lt_params_copy(&q, &p);
        lt_params_pick(&q, 1);
        lt_init_image init = pipeline_init();
        lt_run_options options = {.params = &q, .init = &init, .place = !own, .of = own ? 1 : 2};
        lt_run *run;
        lt_error fault = {0};
        CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
        while (lt_run_step(run, NULL, &fault) == LT_STEP_MORE) {
        }
        const lt_run_view *v = lt_run_about(run);
        one = (size_t)v->channels * (size_t)v->h * (size_t)v->w;
        assert_int_equal(all, 2 * one);
        assert_memory_equal(both + one, v->latents, one * sizeof *both);
        lt_run_free(run);
        lt_init_image_done(&init);
        free(both);
        lt_params_done(&p);
        lt_params_done(&q);
    }
}

/* With all of the strength the noise of the first step is still added to the picture. */
static void test_strengths(void **state)
{
    (void)state;
    lt_init_image init = pipeline_init();
    lt_run *run;
    lt_params p = settings("lms");
    lt_run_options options = {.params = &p, .init = &init};
    p.strength = 0.1;
    CHECK_FAILS(lt_run_begin(rig->engine, &options, &run, NULL, err), LT_ERR_ARGUMENT,
                "--strength 0.1 leaves none of 7 steps to be taken");
    const float noise[16] = {0};
    options.noise = noise;
    CHECK_FAILS(lt_run_begin(rig->engine, &options, &run, NULL, err), LT_ERR_ARGUMENT,
                "--init-image and --latents both say");
    options.noise = NULL;
    p.strength = 1;
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    const lt_run_view *v = lt_run_about(run);
    assert_int_equal(v->steps, STEPS);
    assert_int_equal(v->schedule->begin, 0);
    for (int i = 0; i < v->channels * v->h * v->w; i++)
        assert_true(v->latents[i] == v->init->latents[i] + v->noise[i] * v->schedule->sigmas[0]);
    lt_run_free(run);
    lt_init_image_done(&init);
    lt_params_done(&p);
}

/* Through a history file and back, and on from there. */
static void test_history(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_format("%s/history.db", dir);
    lt_params p = settings("lms");
    lt_film *f = pipeline_film(rig, &p, NULL, 0), *back;
    lt_error note = {0};
    lt_store *s = lt_store_open(path, &note);
    lt_store_run run;
    int64_t id;
    lt_archive_run(f, &run);
    CHECK_OK(lt_store_begin(s, &run, &id, err));
    for (int k = 0; k <= f->done; k++) {
        lt_store_step step = lt_archive_step(f, k);
        CHECK_OK(lt_store_append(s, id, &step, err));
    }
    CHECK_OK(lt_store_finish(s, id, LT_STORE_DONE, err));
    CHECK_OK(lt_archive_read(s, id, NULL, &back, err));
    pipeline_same_films(f, back);
    assert_int_equal(back->schedule.begin, STEPS - TAKEN);
    assert_memory_equal(back->schedule.sigmas - 2, f->schedule.sigmas - 2,
                        (STEPS + 1) * sizeof(float));
    assert_true(back->init_hash == f->init_hash);
    assert_string_equal(back->params.init_image, "first.png");
    back->params.size = (lt_size){16, 16};
    lt_film *onward = pipeline_film(rig, &back->params, back, 2);
    pipeline_same_films(f, onward);
    lt_store_run_done(&run);
    lt_store_close(s);
    lt_film_free(f);
    lt_film_free(back);
    lt_film_free(onward);
    lt_params_done(&p);
    free(path);
    temp_dir_remove(dir);
}

/* What a file says: the steps and the strength that were asked for, the picture and its hash. */
static void test_meta(void **state)
{
    (void)state;
    lt_params p = settings("lms"), q;
    lt_film *f = pipeline_film(rig, &p, NULL, 0);
    lt_meta meta = lt_film_meta(f, f->done);
    lt_png_texts texts = {0};
    lt_origin origin;
    lt_buf notes = {0};
    lt_meta_texts(&meta, 0, &texts);
    const char *text = lt_png_texts_get(&texts, LT_META_PARAMETERS);
    assert_non_null(strstr(text, "Steps: 7, "));
    assert_non_null(strstr(text, ", Denoising strength: 0.75"));
    CHECK_OK(lt_recall_origin(&texts, &q, &origin, &notes, err));
    assert_int_equal(q.steps, STEPS);
    assert_string_equal(q.init_image, "first.png");
    assert_true(q.strength == 0.75 && origin.init_hash == f->init_hash);
    assert_int_equal(origin.shown, -1);
    assert_int_equal(origin.trail.frames, TAKEN + 1);
    assert_int_equal(notes.len, 0);
    lt_origin_done(&origin);
    lt_png_texts_done(&texts);
    lt_params_done(&p);
    lt_params_done(&q);
    lt_film_free(f);
}

/* The worker reads the file itself; a fork there does not. */
static void test_session(void **state)
{
    (void)state;
    static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};
    char *dir = temp_dir(), *path = lt_format("%s/first.png", dir);
    lt_init_image init = pipeline_init();
    lt_params p = settings("euler_a");
    CHECK_OK(lt_png_write(path, init.image, NULL, 1, err));
    lt_film *want = pipeline_film(rig, &p, NULL, 0), *got = NULL;
    free(p.init_image);
    p.init_image = lt_strdup(path);
    p.model = lt_strdup(rig->dir);
    lt_session *s;
    CHECK_OK(lt_session_open(backends, &s, err));
    for (int fork = 0; fork < 2; fork++) {
        if (fork)
            CHECK_OK(lt_session_fork(s, 2, &p, got, 2, false, err));
        else
            lt_session_run(s, 1, &p, false);
        for (bool done = false; !done;) {
            lt_event e = session_next(s);
            if (e.kind == LT_EVENT_FAILED)
                fail_msg("%s", e.error.message);
            if (e.kind == LT_EVENT_BEGUN) {
                lt_film_free(got);
                got = e.film;
                e.film = NULL;
            }
            if (e.kind == LT_EVENT_STEP)
                lt_film_add(got, &e.taken);
            done = e.kind == LT_EVENT_DONE;
            lt_event_done(&e);
        }
        pipeline_same_films(want, got);
        assert_true(got->init_hash == want->init_hash);
        unlink(path);
    }
    lt_session_run(s, 3, &p, false);
    lt_event e = session_next(s);
    while (e.kind != LT_EVENT_FAILED) {
        lt_event_done(&e);
        e = session_next(s);
    }
    assert_non_null(strstr(e.error.message, "first.png"));
    lt_event_done(&e);
    lt_session_close(s);
    lt_film_free(want);
    lt_film_free(got);
    lt_init_image_done(&init);
    lt_params_done(&p);
    free(path);
    temp_dir_remove(dir);
}

/* A device on which one of the VAE's networks does not fit whole, though it seemed to. */
static int narrow; /* channels of what goes into it */
static bool compile_narrow(lt_backend *b, const lt_graph *g, lt_program **out,
                           lt_progress *progress, lt_error *err)
{
    const lt_tensor *in = lt_graph_find(g, "image");
    if (in && in->shape.dim[2] == (narrow == 3 ? 72 : 9) && in->shape.dim[3] == narrow)
        return lt_fail(err, LT_ERR_MEMORY, NULL, "too wide");
    return lt_ref_backend.compile(b, g, out, progress, err);
}

/* Whichever does not fit, the run is one in tiles from its picture on. */
static void test_tiles_found_late(void **state)
{
    (void)state;
    lt_backend_ops ops = lt_ref_backend;
    lt_init_image init = pipeline_init();
    lt_params p = settings("lms");
    lt_run *run;
    lt_run_options options = {.params = &p, .init = &init};
    float whole[4 * 2 * 9], want[4 * 2 * 9];
    p.size = (lt_size){72, 16};
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    assert_false(lt_run_about(run)->tiled);
    memcpy(whole, lt_run_about(run)->init->mean, sizeof whole);
    lt_run_free(run);
    p.vae_tiling = lt_strdup("on");
    CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
    memcpy(want, lt_run_about(run)->init->mean, sizeof want);
    lt_run_free(run);
    assert_memory_not_equal(whole, want, sizeof want);
    free(p.vae_tiling);
    p.vae_tiling = NULL;
    ops.compile = compile_narrow;
    for (narrow = 3; narrow <= 4; narrow++) {
        pipeline_rig_reopen(rig, &ops, "auto");
        CHECK_OK(lt_run_begin(rig->engine, &options, &run, NULL, err));
        assert_true(lt_run_about(run)->tiled);
        assert_memory_equal(lt_run_about(run)->init->mean, want, sizeof want);
        lt_run_free(run);
    }
    narrow = 3;
    p.vae_tiling = lt_strdup("off");
    CHECK_FAILS(lt_run_begin(rig->engine, &options, &run, NULL, err), LT_ERR_MEMORY, "too wide");
    pipeline_rig_reopen(rig, &lt_ref_backend, "auto");
    lt_init_image_done(&init);
    lt_params_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size),    cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_hash),    cmocka_unit_test(test_sample),
        cmocka_unit_test(test_forks),   cmocka_unit_test(test_what_if),
        cmocka_unit_test(test_alone),   cmocka_unit_test(test_strengths),
        cmocka_unit_test(test_history), cmocka_unit_test(test_meta),
        cmocka_unit_test(test_session), cmocka_unit_test(test_tiles_found_late),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
