/* test_session_faults.c - what a session makes of a run that fails, and of one that it must not let
 * fail.  On the reference, as a device that calls its numbers bf16 and has faults on demand. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline_rig.h"
#include "session_rig.h"
#include "support/check.h"

enum { STEPS = 3 };
static pipeline_rig *const rig = &pipeline_sd1;

/* Of the device; set between jobs. */
static atomic_bool narrow;  /* the one that is open computes in bf16 */
static atomic_bool no_unet; /* what the UNet gives is not finite in bf16 */
static atomic_bool no_run;  /* nothing runs */

static bool supports(lt_dtype dtype, bool *fast)
{
    *fast = false;
    return dtype == LT_F32 || dtype == LT_BF16;
}

static bool open(const lt_backend_options *options, lt_backend **out, lt_error *err)
{
    lt_backend_options plain = *options;
    atomic_store(&narrow, options->dtype == LT_BF16);
    plain.dtype = LT_F32;
    return lt_ref_backend.open(&plain, out, err);
}

static bool run(lt_program *p, lt_progress *progress, lt_error *err)
{
    if (atomic_load(&no_run))
        return lt_fail(err, LT_ERR_DEVICE, NULL, "the device fell off");
    return lt_ref_backend.run(p, progress, err);
}

/* A UNet's prediction has the 4 channels of latents. */
static bool read_output(lt_program *p, const lt_tensor *output, void *host, size_t count,
                        lt_error *err)
{
    float *numbers = host;
    if (!lt_ref_backend.read(p, output, host, count, err))
        return false;
    if (atomic_load(&narrow) && atomic_load(&no_unet) && output->shape.ndim == 4 &&
        output->shape.dim[3] == 4)
        numbers[0] = (float)NAN;
    return true;
}

static const lt_backend_ops *const *device(void)
{
    static lt_backend_ops ops;
    static const lt_backend_ops *const list[] = {&ops, NULL};
    ops = lt_ref_backend;
    ops.supports = supports;
    ops.open = open;
    ops.run = run;
    ops.read = read_output;
    return list;
}

static lt_params settings(void)
{
    lt_params p = pipeline_params("a fox", STEPS, "3", false, 0);
    p.model = lt_strdup(rig->dir);
    p.dtype = lt_strdup("bf16");
    p.size = (lt_size){16, 16};
    return p;
}

static lt_session *open_session(void)
{
    lt_session *s;
    atomic_store(&no_unet, false);
    atomic_store(&no_run, false);
    CHECK_OK(lt_session_open(device(), &s, err));
    return s;
}

/* The next event of one of two kinds; others are dropped. */
static lt_event either(lt_session *s, lt_event_kind a, lt_event_kind b)
{
    for (;;) {
        lt_event e = session_next(s);
        if (e.kind == a || e.kind == b)
            return e;
        lt_event_done(&e);
    }
}

/* A number that is not finite in a narrow type: again from the start in f32, and it says so. */
static void test_retry(void **state)
{
    (void)state;
    lt_session *s = open_session();
    lt_params p = settings();
    float *want = pipeline_run(rig, &p, NULL);
    atomic_store(&no_unet, true);
    lt_session_run(s, 1, &p, false);
    lt_event e = session_wait_for(s, LT_EVENT_NOTE);
    assert_string_equal(e.text, "step 1: the UNet's prediction is not finite in bf16; starting "
                                "again in f32");
    lt_event_done(&e);
    session_skip_to(s, LT_EVENT_STEP, 1, 1);
    session_skip_to(s, LT_EVENT_STEP, 1, 2);
    e = session_wait_for(s, LT_EVENT_STEP);
    assert_memory_equal(e.taken.latents, want, sizeof(float) * 4 * 2 * 2);
    lt_event_done(&e);
    session_skip_to(s, LT_EVENT_DONE, 1, STEPS);
    free(want);
    lt_params_done(&p);
    lt_session_close(s);
}

/* Something else was not finite once: a fault of another kind is none of the type's. */
static void test_no_retry(void **state)
{
    (void)state;
    const float one[4 * 2 * 2] = {0};
    lt_session *s = open_session();
    lt_params p = settings();
    lt_noise_call call = {
        .prompt = "a fox", .t = 500, .channels = 4, .h = 2, .w = 2, .abar = 0.5, .x_t = one};
    lt_session_run(s, 1, &p, true);
    session_skip_to(s, LT_EVENT_PAUSED, 1, 0);
    atomic_store(&no_unet, true);
    lt_session_predict(s, 2, &p, &call);
    lt_event e = either(s, LT_EVENT_FAILED, LT_EVENT_PREDICTED);
    assert_int_equal(e.kind, LT_EVENT_FAILED);
    assert_int_equal(e.id, 2);
    assert_int_equal(e.error.code, LT_ERR_RANGE);
    lt_event_done(&e);
    atomic_store(&no_run, true);
    lt_session_step(s);
    e = either(s, LT_EVENT_FAILED, LT_EVENT_NOTE);
    assert_int_equal(e.kind, LT_EVENT_FAILED);
    assert_int_equal(e.id, 1);
    assert_int_equal(e.error.code, LT_ERR_DEVICE);
    lt_event_done(&e);
    lt_params_done(&p);
    lt_session_close(s);
}

/* The fault of what no run is: the next one. */
static void fails(lt_session *s, lt_error_code code, const char *part)
{
    lt_event e = session_next(s);
    while (e.kind == LT_EVENT_LOADING)
        e = session_next(s);
    assert_int_equal(e.kind, LT_EVENT_FAILED);
    assert_int_equal(e.id, 0);
    assert_int_equal(e.error.code, code);
    assert_non_null(strstr(e.error.message, part));
    lt_event_done(&e);
}

/* Whoever asks is told. */
static void test_no_model(void **state)
{
    (void)state;
    lt_session *s = open_session();
    lt_params p = pipeline_guided("lms", STEPS, 7.5);
    lt_film *f = pipeline_film(rig, &p, NULL, 0);
    lt_session_decode(s, 1, 0, 0, LT_LENS_LATENTS, f->noise, f->channels, f->h, f->w);
    fails(s, LT_ERR_ARGUMENT, "no model is open to decode");
    lt_session_attention(s, 1, f, 1, 0, "a fox");
    fails(s, LT_ERR_ARGUMENT, "no model is open to look at words");
    lt_film_free(f);
    lt_params_done(&p);
    lt_session_close(s);
}

/* Maps of numbers that are not finite would be drawn. */
static void test_attention_not_finite(void **state)
{
    (void)state;
    lt_session *s = open_session();
    lt_params p = settings();
    p.scheduler = lt_strdup("lms");
    lt_film *f = pipeline_film(rig, &p, NULL, 0);
    lt_session_load(s, &p);
    session_skip_to(s, LT_EVENT_LOADED, 0, 0);
    atomic_store(&no_unet, true);
    lt_session_attention(s, 1, f, 1, 0, "a fox");
    fails(s, LT_ERR_RANGE, "the UNet's prediction is not finite in bf16");
    lt_film_free(f);
    lt_params_done(&p);
    lt_session_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_no_retry),
        cmocka_unit_test(test_no_model),
        cmocka_unit_test(test_attention_not_finite),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
