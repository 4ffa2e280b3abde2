/* test_vae_tiles.c - how tiles lie, what they share, and the engine that works in them.  Numbers
 * against diffusers' are in the golden file `tiled`. */
#include "pipeline/vae_tiles.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline_rig.h"
#include "support/check.h"

static const lt_vae_config sd = {.sample_size = 512, .factor = 8};
static const lt_vae_config small = {.sample_size = 64, .factor = 8};

static void check_tile(const lt_vae_tiles *t, int index, lt_vae_tile want)
{
    lt_vae_tile tile = lt_vae_tiles_at(t, index);
    assert_int_equal(tile.y, want.y);
    assert_int_equal(tile.x, want.x);
    assert_int_equal(tile.h, want.h);
    assert_int_equal(tile.w, want.w);
}

static void test_plan(void **state)
{
    (void)state;
    lt_vae_tiles t;
    lt_vae_config odd = {.sample_size = 48, .factor = 8};
    assert_false(lt_vae_tiles_plan(&sd, 64, 64, &t));
    assert_true(lt_vae_tiles_plan(&sd, 128, 64, &t));
    assert_int_equal(t.rows, 3);
    assert_int_equal(t.cols, 2); /* the second is inside the first, as in diffusers */
    check_tile(&t, 0, (lt_vae_tile){0, 0, 64, 64});
    check_tile(&t, 1, (lt_vae_tile){0, 48, 64, 16});
    check_tile(&t, 5, (lt_vae_tile){96, 48, 32, 16});
    assert_true(lt_vae_tiles_plan(&small, 13, 21, &t));
    assert_int_equal(lt_vae_tiles_count(&t), 12);
    check_tile(&t, 11, (lt_vae_tile){12, 18, 1, 3});
    assert_int_equal(lt_vae_tiles_numbers(&t, 5, 1, 1), 8 * (8 + 8 + 8 + 3) + 7 * 8);
    assert_int_equal(lt_vae_tiles_numbers(&t, 1, 8, 3), 64 * 64 * 3);
    CHECK_OK(lt_vae_tiles_check(&sd, err));
    CHECK_FAILS(lt_vae_tiles_check(&odd, err), LT_ERR_ARGUMENT, "sample_size is 48");
    assert_false(lt_vae_tiles_plan(&odd, 64, 64, &t));
}

/* Where they share nothing, tiles stay as they are; where they do, neighbours that agree give what
 * they agree on, to the rounding of two products. */
static void test_there_and_back(void **state)
{
    (void)state;
    lt_vae_tiles t;
    enum { H = 13, W = 21, SCALE = 2, C = 3, ALL = H * W * SCALE * SCALE * C };
    float *whole = lt_alloc_array(ALL, sizeof *whole), *back = lt_alloc_array(ALL, sizeof *back);
    assert_true(lt_vae_tiles_plan(&small, H, W, &t));
    size_t count = lt_vae_tiles_numbers(&t, lt_vae_tiles_count(&t), SCALE, C);
    float *tiles = lt_alloc_array(count, sizeof *tiles);
    for (int i = 0; i < ALL; i++)
        whole[i] = (float)(i % 251) - 125;
    for (int i = 0; i < lt_vae_tiles_count(&t); i++)
        lt_vae_tiles_cut(&t, i, SCALE, C, whole, tiles + lt_vae_tiles_numbers(&t, i, SCALE, C));
    lt_vae_tiles_join(&t, SCALE, C, tiles, back);
    for (int i = 0; i < ALL; i++)
        assert_float_equal(back[i], whole[i], 2e-5);
    free(whole);
    free(back);
    free(tiles);
}

/* A tile of zeros beside one of ones: the line from one to the other. */
static void test_blend(void **state)
{
    (void)state;
    lt_vae_tiles t;
    float tiles[6 * 8 + 6 * 6], whole[6 * 12], down[6 * 12];
    assert_true(lt_vae_tiles_plan(&small, 6, 12, &t)); /* 2 columns: 0..8 and 6..12 */
    assert_int_equal(lt_vae_tiles_count(&t), 2);
    for (int i = 0; i < 6 * 8 + 6 * 6; i++)
        tiles[i] = i < 6 * 8 ? 0.0f : 1.0f;
    lt_vae_tiles_join(&t, 1, 1, tiles, whole);
    const float want[] = {0, 0, 0, 0, 0, 0, 0, 0.5f, 1, 1, 1, 1};
    for (int y = 0; y < 6; y++)
        assert_memory_equal(whole + y * 12, want, sizeof want);
    for (int i = 0; i < 6 * 8 + 6 * 6; i++)
        tiles[i] = i < 6 * 8 ? 0.0f : 1.0f;
    assert_true(lt_vae_tiles_plan(&small, 12, 6, &t));
    lt_vae_tiles_join(&t, 1, 1, tiles, down);
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 6; x++)
            assert_true(down[y * 6 + x] == want[y]);
}

static void test_words(void **state)
{
    (void)state;
    lt_tiling t;
    CHECK_OK(lt_tiling_parse(NULL, &t, err));
    assert_int_equal(t, LT_TILING_AUTO);
    CHECK_OK(lt_tiling_parse("off", &t, err));
    assert_int_equal(t, LT_TILING_OFF);
    assert_string_equal(lt_tiling_name(LT_TILING_ON), "on");
    CHECK_FAILS(lt_tiling_parse("sometimes", &t, err), LT_ERR_ARGUMENT,
                "'sometimes', expected auto, on or off");
}

/* A picture that is no larger than a tile is what it always is; a larger one goes in tiles, again
 * and again with the same bytes, and only as long as that is wanted. */
static void test_engine(void **state)
{
    (void)state;
    pipeline_rig r;
    enum { H = 9, W = 8 };
    pipeline_rig_open("sd1", &lt_ref_backend, "f32", &r);
    lt_engine *e = r.engine;
    int c = lt_engine_about(e)->vae->latent_channels, f = lt_engine_about(e)->vae->factor;
    size_t n = (size_t)(c * H * W), pixels = (size_t)(3 * H * W * f * f);
    float *z = lt_alloc_array(n, sizeof *z), *got[4];
    for (size_t i = 0; i < n; i++)
        z[i] = (float)((i * 7919) % 201) / 100 - 1;
    for (int i = 0; i < 4; i++)
        got[i] = lt_alloc_array(pixels, sizeof *got[i]);
    CHECK_OK(lt_engine_decode(e, 1, H, W, z, got[0], NULL, err));
    lt_engine_tile(e, true);
    assert_true(lt_engine_tiles(e, H, W));
    assert_false(lt_engine_tiles(e, 8, 8));
    CHECK_OK(lt_engine_decode(e, 1, H, W, z, got[1], NULL, err));
    CHECK_OK(lt_engine_decode(e, 1, H, W, z, got[2], NULL, err));
    lt_engine_tile(e, false);
    CHECK_OK(lt_engine_decode(e, 1, H, W, z, got[3], NULL, err));
    assert_memory_equal(got[1], got[2], pixels * sizeof(float));
    assert_memory_equal(got[0], got[3], pixels * sizeof(float));
    assert_memory_not_equal(got[0], got[1], pixels * sizeof(float));
    CHECK_OK(lt_engine_decode(e, 1, 8, 8, z, got[0], NULL, err));
    lt_engine_tile(e, true);
    CHECK_OK(lt_engine_decode(e, 1, 8, 8, z, got[1], NULL, err));
    assert_memory_equal(got[0], got[1], (size_t)(3 * 64 * f * f) * sizeof(float));
    for (int i = 0; i < 4; i++)
        free(got[i]);
    free(z);
    pipeline_rig_close(&r);
}

static int64_t most; /* bytes of the largest picture that the device which is played decodes */

/* Memory that seemed to be there is not. */
static bool compile_small(lt_backend *b, const lt_graph *g, lt_program **out, lt_progress *progress,
                          lt_error *err)
{
    for (int id = 0; id < lt_graph_nodes(g); id++)
        if (lt_graph_node(g, id)->op == LT_OP_RGB &&
            lt_shape_count(&lt_graph_node(g, id)->shape) > most + LT_RGB_PARTS)
            return lt_fail(err, LT_ERR_MEMORY, NULL, "no memory for so large a picture");
    return lt_ref_backend.compile(b, g, out, progress, err);
}

/* A run whose decoder turns out not to fit takes tiles as well, if it may, and if they fit. */
static void test_late(void **state)
{
    static const struct {
        const char *tiling;
        int side; /* of the largest picture, in latents */
        bool ok;
    } cases[] = {{"auto", 9, true}, {"auto", 8, true}, {"auto", 7, false}, {"off", 8, false}};
    lt_backend_ops device = lt_ref_backend;
    const lt_room room = {SIZE_MAX, "nothing"};
    (void)state;
    device.compile = compile_small;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pipeline_rig r;
        lt_run *run = NULL;
        lt_error fault = {0};
        lt_params p = pipeline_params("a fox", 1, "3", false, 1);
        pipeline_rig_open("sd1", &device, "f32", &r);
        int f = lt_engine_about(r.engine)->vae->factor;
        p.size = (lt_size){9 * f, 9 * f};
        p.vae_tiling = lt_strdup(cases[i].tiling);
        most = (int64_t)3 * cases[i].side * cases[i].side * f * f;
        lt_run_options options = {.params = &p, .room = &room};
        assert_true(lt_run_begin(r.engine, &options, &run, NULL, &fault) == cases[i].ok);
        assert_int_equal(fault.code, cases[i].ok ? LT_ERR_NONE : LT_ERR_MEMORY);
        if (cases[i].ok) {
            const lt_run_view *v = lt_run_about(run);
            lt_image *image;
            assert_int_equal(v->tiled, cases[i].side == 8);
            assert_int_equal(lt_run_step(run, NULL, &fault), LT_STEP_DONE);
            CHECK_OK(lt_engine_picture(r.engine, v->h, v->w, v->latents, &image, NULL, err));
            lt_image_unref(image);
            lt_run_free(run);
        }
        lt_params_done(&p);
        pipeline_rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),   cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_blend),  cmocka_unit_test(test_words),
        cmocka_unit_test(test_engine), cmocka_unit_test(test_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
