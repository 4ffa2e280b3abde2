/* test_cuda_session.c - runs of a session on the CUDA backend and the host floor: pictures that are
 * decoded between the pieces of the steps, and memory that runs out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cuda_rig.h"
#include "pipeline/pipeline_rig.h"
#include "pipeline/session_rig.h"
#include "support/check.h"

enum { STEPS = 3 };

static const lt_backend_ops *const backends[] = {&lt_cuda_ops, NULL};
static pipeline_rig *const rig = &pipeline_sd1; /* for its files */

static lt_params settings(int side)
{
    lt_params p = pipeline_params("a fox", STEPS, "3", false, 0);
    p.model = lt_strdup(rig->dir);
    p.size = (lt_size){side, side};
    return p;
}

static lt_session *open_session(void)
{
    lt_session *s;
    lt_host_reset();
    CHECK_OK(lt_session_open(backends, &s, err));
    return s;
}

/* Nothing of it is left on the floor. */
static void close_session(lt_session *s)
{
    lt_session_close(s);
    assert_int_equal(lt_host()->live, 0);
    assert_int_equal(lt_host()->used, 0);
}

typedef struct made {
    float *latents; /* the last */
    lt_image *picture;
    int pictures, skipped;
} made;

static void made_done(made *m)
{
    free(m->latents);
    lt_image_unref(m->picture);
}

/* To the end; an error ends it as well, and is the answer. */
static lt_error finish(lt_session *s, made *m)
{
    lt_event_kind kind;
    lt_error fault = {0};
    *m = (made){0};
    do {
        lt_event e = session_next(s);
        kind = e.kind;
        fault = e.error;
        m->pictures += kind == LT_EVENT_PICTURE;
        m->skipped += kind == LT_EVENT_SKIPPED;
        if (kind == LT_EVENT_STEP && e.step == STEPS) {
            m->latents = e.taken.block; /* begins with the latents */
            e.taken.block = NULL;
        } else if (kind == LT_EVENT_PICTURE && e.step == STEPS && e.lens == LT_LENS_LATENTS) {
            m->picture = lt_image_ref(e.picture);
        }
        lt_event_done(&e);
    } while (kind != LT_EVENT_DONE && kind != LT_EVENT_FAILED);
    return fault;
}

static lt_error run(lt_session *s, uint64_t id, int side, made *m)
{
    lt_params p = settings(side);
    lt_session_run(s, id, &p, false);
    lt_error fault = finish(s, m);
    lt_params_done(&p);
    return fault;
}

/* Latents and picture are the same bytes without previews, with them, and through another lens. */
static void test_previews(void **state)
{
    (void)state;
    made plain, other;
    lt_session *s = open_session();
    lt_session_budget(s, 0);
    assert_int_equal(run(s, 1, 16, &plain).code, LT_ERR_NONE);
    assert_int_equal(plain.pictures, 2);
    assert_int_equal(plain.skipped, STEPS - 1);
    lt_session_budget(s, 1);
    for (uint64_t way = 0; way < 2; way++) {
        long before = lt_host()->between;
        lt_session_watch(s, way == 1 ? LT_LENS_X0 : LT_LENS_LATENTS);
        assert_int_equal(run(s, 2 + way, 16, &other).code, LT_ERR_NONE);
        assert_true(lt_host()->between > before); /* of the decoder, between others */
        assert_true(plain.picture && other.picture);
        assert_memory_equal(other.picture->rgb, plain.picture->rgb, lt_image_bytes(plain.picture));
        assert_memory_equal(other.latents, plain.latents, 2 * 2 * 4 * sizeof(float));
        made_done(&other);
    }
    made_done(&plain);
    close_session(s);
}

/* Of this, and no more, with a word of what fits.  Dimensions of the hint: 0 where it has none. */
static int offered(const lt_error *fault)
{
    int width = 0, height = 0;
    assert_int_equal(fault->code, LT_ERR_MEMORY);
    if (sscanf(fault->hint, "--size %dx%d", &width, &height) != 2)
        return 0;
    assert_int_equal(width, height);
    return width;
}

/* A device that is too small for a picture says which size fits, what was compiled for others being
 * out of its way; that size is then made. */
static void test_too_large(void **state)
{
    (void)state;
    made m;
    lt_session *s = open_session();
    assert_int_equal(run(s, 1, 32, &m).code, LT_ERR_NONE);
    made_done(&m);
    lt_host()->memory = lt_host()->used + (1500 << 10);
    lt_error fault = run(s, 2, 256, &m);
    assert_non_null(strstr(fault.message, "1 picture of 256x256 in f16: needs about "));
    int side = offered(&fault);
    assert_in_range(side, 64, 192);
    made_done(&m);
    assert_int_equal(run(s, 3, side, &m).code, LT_ERR_NONE);
    assert_non_null(m.picture);
    made_done(&m);
    close_session(s);
}

/* A run of one step of a small picture. */
static void make_small(lt_engine *e)
{
    lt_run *r;
    lt_error fault = {0};
    lt_params p = settings(16);
    p.steps = 1;
    CHECK_OK(lt_run_begin(e, &(lt_run_options){.params = &p}, &r, NULL, err));
    assert_int_equal(lt_run_step(r, NULL, &fault), LT_STEP_DONE);
    lt_run_free(r);
    lt_params_done(&p);
}

/* Piece n of the memory of a run of 128x128 is refused, kept: while programs of another size are
 * there.  False: it takes fewer. */
static bool refuse(lt_engine *e, const lt_params *p, bool kept, long n)
{
    lt_run *run;
    lt_error fault = {0};
    lt_run_options options = {.params = p};
    lt_engine_trim(e, kept ? 2 : 0, kept ? 2 : 0);
    lt_host()->allocs = 0;
    lt_host()->fail_alloc_at = n;
    bool ok = lt_run_begin(e, &options, &run, NULL, &fault);
    bool met = lt_host()->allocs >= n;
    lt_host()->fail_alloc_at = 0;
    assert_true(ok == (kept || !met));
    if (ok) {
        lt_run_free(run);
    } else {
        assert_non_null(strstr(fault.message, "asked"));
        assert_int_equal(offered(&fault), 64);
    }
    return met;
}

/* Each piece of memory in turn is not there, though there seemed to be room: without what was
 * compiled for other sizes the run begins, or else it says what fits; and the next one is made. */
static void test_runs_out(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_params p = settings(128);
    p.vae_tiling = lt_strdup("off"); /* they would fit */
    lt_host_reset();
    pipeline_rig_open("sd1", &lt_cuda_ops, "auto", &r);
    for (int kept = 0; kept < 2; kept++) {
        long n = 1;
        make_small(r.engine);
        for (; refuse(r.engine, &p, kept, n); n++)
            make_small(r.engine);
        assert_int_equal(n - 1, 4); /* values, inputs and outputs, of UNet and decoder */
    }
    lt_params_done(&p);
    pipeline_rig_close(&r);
    assert_int_equal(lt_host()->live, 0);
}

/* In f32 it does not fit, and in the type that the backend is made for it does. */
static void test_other_type(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_run *run;
    lt_forecast narrow;
    lt_engine_load load = {.images = 1, .h = 16, .w = 16, .guided = true};
    lt_params p = settings(128);
    lt_run_options options = {.params = &p};
    lt_error fault = {0};
    lt_host_reset();
    pipeline_rig_open("sd1", &lt_cuda_ops, "f32", &r);
    CHECK_OK(lt_engine_forecast(r.engine, LT_F16, &load, &narrow, err));
    lt_host()->memory = lt_host()->used + narrow.weights + narrow.activations;
    assert_false(lt_run_begin(r.engine, &options, &run, NULL, &fault));
    assert_int_equal(fault.code, LT_ERR_MEMORY);
    assert_non_null(strstr(fault.hint, "--dtype f16"));
    lt_params_done(&p);
    pipeline_rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_previews),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_runs_out),
        cmocka_unit_test(test_other_type),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
