/* test_cuda_steps.c - what the steps of a run ask of the GPU once they are warm, call by call: no
 * memory, no preparation, and one wait, for the copy of the predictions. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cuda_rig.h"
#include "pipeline/pipeline_rig.h"
#include "support/check.h"

/* Of the first steps one brings the text, one is done kernel by kernel and one is recorded. */
enum { STEPS = 5, WARM = 3, SIDE = 16, LATENTS = SIDE / 8 };

static pipeline_rig *const rig = &pipeline_sd1; /* for its files */

/* Calls since the last time that it was asked. */
typedef struct tally {
    long upload, replay, download, wait, idle, all;
} tally;

static tally take(tally *before)
{
    tally now = {lt_host_called("lt_gpu_upload"),   lt_host_called("lt_gpu_replay"),
                 lt_host_called("lt_gpu_download"), lt_host_called("lt_gpu_wait"),
                 lt_host_called("lt_gpu_idle"),     lt_host_called(NULL)};
    tally since = {now.upload - before->upload,     now.replay - before->replay,
                   now.download - before->download, now.wait - before->wait,
                   now.idle - before->idle,         now.all - before->all};
    *before = now;
    return since;
}

static void check_warm(const tally *t, long calls)
{
    assert_int_equal(t->upload, 2 * calls); /* latents, shifts */
    assert_int_equal(t->replay, calls);
    assert_int_equal(t->download, calls);
    assert_int_equal(t->wait, calls);
    assert_int_equal(t->all, 5 * calls); /* and nothing else */
}

static lt_params settings(const char *seeds, double scale)
{
    lt_params p = pipeline_params("a fox", STEPS, seeds, strchr(seeds, ',') != NULL, 0);
    p.model = lt_strdup(rig->dir);
    p.size = (lt_size){SIDE, SIDE};
    p.guidance_scale = scale;
    return p;
}

static lt_run *begin(lt_engine *e, const lt_params *p)
{
    lt_run *r = NULL;
    CHECK_OK(lt_run_begin(e, &(lt_run_options){.params = p}, &r, NULL, err));
    return r;
}

static void step(lt_run *r)
{
    lt_error fault = {0};
    assert_int_not_equal(lt_run_step(r, NULL, &fault), LT_STEP_FAILED);
}

/* A run of the engine, and the same again: the second is warm from where its text is known. */
static void check_run(lt_engine *e, const char *seeds, double scale)
{
    lt_params p = settings(seeds, scale);
    for (int again = 0; again < 2; again++) {
        lt_run *r = begin(e, &p);
        tally so_far = {0};
        for (int i = 0; i < STEPS; i++) {
            (void)take(&so_far);
            step(r);
            tally t = take(&so_far);
            if (i >= (again ? 0 : WARM))
                check_warm(&t, 1);
            else
                assert_true(t.all > 5);
        }
        lt_run_free(r);
    }
    lt_params_done(&p);
}

static void test_steps(void **state)
{
    pipeline_rig r;
    (void)state;
    lt_host_reset();
    pipeline_rig_open("sd1", &lt_cuda_ops, "f16", &r);
    check_run(r.engine, "3", 7.5);
    check_run(r.engine, "4", 1);
    check_run(r.engine, "5,6", 7.5);
    pipeline_rig_close(&r);
    assert_int_equal(lt_host()->live, 0);
}

/* A picture that is decoded beside them is asked for, never waited for. */
static void decode(lt_engine *e, lt_run *r, tally *so_far, bool warm)
{
    static const float latents[LATENTS * LATENTS * 4];
    lt_image *picture = NULL;
    bool over = false;
    (void)take(so_far);
    CHECK_OK(lt_engine_picture_start(e, LATENTS, LATENTS, latents, NULL, err));
    tally t = take(so_far);
    if (warm)
        assert_int_equal(t.all, t.upload + t.replay + t.download);
    step(r);
    t = take(so_far);
    if (warm)
        check_warm(&t, 1);
    while (!over)
        CHECK_OK(lt_engine_picture_finished(e, &over, &picture, err));
    t = take(so_far);
    if (warm)
        assert_int_equal(t.all, t.idle);
    lt_image_unref(picture);
}

static void test_pictures_beside(void **state)
{
    pipeline_rig rigged;
    tally so_far = {0};
    (void)state;
    lt_host_reset();
    pipeline_rig_open("sd1", &lt_cuda_ops, "f16", &rigged);
    lt_params p = settings("3", 7.5);
    lt_run *r = begin(rigged.engine, &p);
    for (int i = 0; i < STEPS; i++)
        decode(rigged.engine, r, &so_far, i >= WARM);
    lt_run_free(r);
    lt_params_done(&p);
    pipeline_rig_close(&rigged);
    assert_int_equal(lt_host()->live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_pictures_beside),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
