/* A picture that is decoded beside other work is the one that is waited for, to the bit. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "beside_backend.h"
#include "pipeline_rig.h"
#include "support/check.h"

enum { H = 3, W = 2, NEVER = 1 << 30 };

typedef struct scene {
    pipeline_rig rig;
    float *latents;
    lt_image *want, *got; /* owned; got: NULL until it is finished */
} scene;

static scene scene_new(void)
{
    scene s = {0};
    beside_reset(3);
    pipeline_rig_open("sd1", beside_backends()[0], "f32", &s.rig);
    int c = 4;
    s.latents = lt_alloc_array((size_t)(c * H * W), sizeof *s.latents);
    for (int i = 0; i < c * H * W; i++)
        s.latents[i] = (float)(i % 7) / 4 - 0.5f;
    CHECK_OK(lt_engine_picture(s.rig.engine, H, W, s.latents, &s.want, NULL, err));
    return s;
}

static void scene_free(scene *s)
{
    free(s->latents);
    lt_image_unref(s->want);
    lt_image_unref(s->got);
    pipeline_rig_close(&s->rig);
}

static void begin(scene *s)
{
    CHECK_OK(lt_engine_picture_start(s->rig.engine, H, W, s->latents, NULL, err));
}

/* What came before is let go. */
static bool finished(scene *s, bool *yes, lt_error *err)
{
    lt_image_unref(s->got);
    return lt_engine_picture_finished(s->rig.engine, yes, &s->got, err);
}

static bool is_over(scene *s)
{
    bool yes = false;
    CHECK_OK(finished(s, &yes, err));
    assert_true(yes || !s->got);
    return yes;
}

static void same(const lt_image *got, const lt_image *want)
{
    assert_non_null(got);
    assert_int_equal(lt_image_bytes(got), lt_image_bytes(want));
    assert_memory_equal(got->rgb, want->rgb, lt_image_bytes(want));
}

static void test_in_two_parts(void **state)
{
    scene s = scene_new();
    (void)state;
    assert_true(lt_engine_beside(s.rig.engine));
    assert_true(is_over(&s) && !s.got); /* there is none */
    for (int i = 0; i < 2; i++) {
        begin(&s);
        memset(s.latents, 0, sizeof *s.latents); /* they were read */
        assert_false(is_over(&s));
        assert_false(is_over(&s));
        assert_true(is_over(&s));
        same(s.got, s.want);
        s.latents[0] = -0.5f;
    }
    assert_int_equal(atomic_load(&beside.starts), 2);
    scene_free(&s);
}

/* Other programs come and go, more of them than are kept. */
static void test_is_kept(void **state)
{
    scene s = scene_new();
    lt_engine *e = s.rig.engine;
    int f = lt_engine_about(e)->vae->factor;
    float *image = lt_alloc_array((size_t)(3 * 20 * f * f), sizeof *image), mean[4 * 20];
    (void)state;
    begin(&s);
    for (int w = 1; w <= 20; w++)
        CHECK_OK(lt_engine_encode_image(e, 1, w, image, mean, NULL, NULL, err));
    atomic_store(&beside.asks, 1);
    assert_true(is_over(&s));
    same(s.got, s.want);
    for (int w = 1; w <= 20; w++) /* and it may go now */
        CHECK_OK(lt_engine_encode_image(e, 1, w, image, mean, NULL, NULL, err));
    begin(&s);
    assert_true(is_over(&s));
    same(s.got, s.want);
    free(image);
    scene_free(&s);
}

/* Another picture waits for it, and takes neither its numbers nor its error. */
static void test_another_waits(void **state)
{
    scene s = scene_new();
    lt_engine *e = s.rig.engine;
    float latents[4 * H * W] = {1};
    lt_image *other[2], *want;
    bool yes;
    (void)state;
    CHECK_OK(lt_engine_picture(e, H, W, latents, &want, NULL, err));
    for (int fails = 0; fails < 2; fails++) {
        begin(&s);
        if (fails)
            atomic_store(&beside.fail_finish, 0);
        for (int i = 0; i < 2; i++) {
            CHECK_OK(lt_engine_picture(e, H, W, latents, &other[i], NULL, err));
            same(other[i], want);
            lt_image_unref(other[i]);
        }
        if (fails)
            CHECK_FAILS(finished(&s, &yes, err), LT_ERR_DEVICE, "finished was made to fail");
        assert_true(is_over(&s));
        if (!fails)
            same(s.got, s.want);
    }
    lt_image_unref(want);
    scene_free(&s);
}

/* What was begun is thrown away; and what is measured is waited for. */
static void test_closed_and_measured(void **state)
{
    scene s = scene_new();
    lt_profile profile = {0};
    (void)state;
    lt_engine_profile(s.rig.engine, &profile);
    begin(&s);
    assert_true(is_over(&s));
    same(s.got, s.want);
    assert_true(profile.count > 10 && atomic_load(&beside.starts) == 0);
    lt_engine_profile(s.rig.engine, NULL);
    atomic_store(&beside.asks, NEVER);
    begin(&s);
    assert_false(is_over(&s));
    free(profile.rows);
    scene_free(&s);
}

/* Both of its errors leave it free. */
static void test_faults(void **state)
{
    scene s = scene_new();
    bool yes;
    (void)state;
    atomic_store(&beside.fail_start, 0);
    CHECK_FAILS(lt_engine_picture_start(s.rig.engine, H, W, s.latents, NULL, err), LT_ERR_DEVICE,
                "start was made to fail");
    assert_true(is_over(&s));
    atomic_store(&beside.asks, 1);
    atomic_store(&beside.fail_finish, 0);
    begin(&s);
    CHECK_FAILS(finished(&s, &yes, err), LT_ERR_DEVICE, "finished was made to fail");
    assert_true(is_over(&s));
    s.latents[5] = 3e38f; /* what it makes is not finite */
    begin(&s);
    CHECK_FAILS(finished(&s, &yes, err), LT_ERR_RANGE, "the VAE's picture is not finite in f32");
    s.latents[5] = (float)(5 % 7) / 4 - 0.5f;
    begin(&s);
    assert_true(is_over(&s));
    same(s.got, s.want);
    scene_free(&s);
}

/* A backend without such programs makes the picture at once. */
static void test_without(void **state)
{
    scene s = scene_new();
    (void)state;
    pipeline_rig_reopen(&s.rig, &lt_ref_backend, "f32");
    assert_false(lt_engine_beside(s.rig.engine));
    begin(&s);
    assert_true(is_over(&s));
    same(s.got, s.want);
    assert_true(is_over(&s) && !s.got);
    begin(&s); /* and is not asked for it */
    scene_free(&s);
}

/* A picture in tiles is made at once, after the one that is at work. */
static void test_tiles(void **state)
{
    enum { TILED = 9 };
    scene s = scene_new();
    lt_engine *e = s.rig.engine;
    float latents[4 * TILED * W];
    lt_image *want;
    (void)state;
    for (size_t i = 0; i < sizeof latents / sizeof *latents; i++)
        latents[i] = (float)(i % 5) / 4 - 0.5f;
    begin(&s);
    lt_engine_tile(e, true);
    assert_true(lt_engine_tiles(e, TILED, W) && !lt_engine_tiles(e, H, W));
    CHECK_OK(lt_engine_picture(e, TILED, W, latents, &want, NULL, err));
    assert_true(is_over(&s));
    same(s.got, s.want);
    CHECK_OK(lt_engine_picture_start(e, TILED, W, latents, NULL, err));
    assert_true(is_over(&s));
    same(s.got, want);
    assert_int_equal(atomic_load(&beside.starts), 1);
    begin(&s); /* no tile fits into it */
    assert_false(is_over(&s));
    lt_image_unref(want);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_two_parts),  cmocka_unit_test(test_is_kept),
        cmocka_unit_test(test_another_waits), cmocka_unit_test(test_closed_and_measured),
        cmocka_unit_test(test_faults),        cmocka_unit_test(test_without),
        cmocka_unit_test(test_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
