/* test_bench.c - that the right work is measured, all of it, and how it is summed up; how long it
 * takes is nobody's promise.  A small model with random weights on the reference. */
#include "pipeline/bench.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "beside_backend.h"
#include "support/check.h"

enum { SIDE = 2 }; /* latents */

static lt_engine *open_with(const lt_backend_ops *const *backends)
{
    lt_synthetic_model m = {.name = "small"};
    lt_engine *e;
    CHECK_OK(lt_clip_config_read(LT_TEST_DATA "/tiny/sd1/text_encoder", &m.clip, err));
    CHECK_OK(lt_unet_config_read(LT_TEST_DATA "/tiny/sd1/unet", &m.unet, err));
    CHECK_OK(lt_vae_config_read(LT_TEST_DATA "/tiny/sd1/vae", &m.vae, err));
    lt_engine_options options = {.backends = backends,
                                 .backend = "auto",
                                 .dtype = "auto",
                                 .needs = LT_NEEDS_ALL,
                                 .synthetic = &m};
    CHECK_OK(lt_engine_open(&options, &e, err));
    return e;
}

static lt_engine *open(void)
{
    static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};
    return open_with(backends);
}

static lt_bench *begin(lt_engine *e, int images, int repeat)
{
    lt_bench *b;
    lt_bench_options options = {.images = images, .h = SIDE, .w = SIDE, .repeat = repeat};
    CHECK_OK(lt_bench_begin(e, &options, &b, NULL, err));
    return b;
}

static void test_engine_without_files(void **state)
{
    lt_engine *e = open();
    const lt_engine_info *about = lt_engine_about(e);
    (void)state;
    assert_string_equal(about->model, "small");
    assert_string_equal(about->warnings, "");
    assert_null(about->tokenizer);
    assert_int_equal(about->scheduler->steps, 30);
    lt_engine_close(e);
}

static void check_time(const lt_bench_time *t)
{
    assert_true(t->least > 0);
    assert_true(t->least <= t->median && t->median <= t->most);
}

/* The kinds are all steps, once each, the slowest kind first. */
static void check_part(const lt_bench_part *p)
{
    double seconds = 0, flop = 0;
    bool seen[LT_OP_COUNT] = {false};
    check_time(&p->time);
    assert_true(p->kind_count > 3);
    for (int i = 0; i < p->kind_count; i++) {
        const lt_bench_kind *k = &p->kinds[i];
        assert_false(seen[k->op]);
        seen[k->op] = true;
        assert_true(k->count > 0);
        assert_true(i == 0 || k->seconds <= p->kinds[i - 1].seconds);
        seconds += k->seconds;
        flop += k->flop;
    }
    assert_true(fabs(seconds - p->seconds) <= 1e-9 * p->seconds);
    assert_true(flop == p->flop && flop > 0);
    assert_true(seen[LT_OP_CONV2D] && seen[LT_OP_LINEAR] && seen[LT_OP_ATTENTION]);
}

static void test_parts(void **state)
{
    lt_engine *e = open();
    lt_bench *b = begin(e, 1, 3);
    lt_bench_time text;
    lt_bench_part step, decode;
    (void)state;
    CHECK_OK(lt_bench_text(b, &text, NULL, err));
    check_time(&text);
    CHECK_OK(lt_bench_guided_step(b, &step, NULL, err));
    check_part(&step);
    CHECK_OK(lt_bench_decode(b, &decode, NULL, err));
    check_part(&decode);
    lt_bench_free(b);
    lt_engine_close(e);
}

/* The last picture's decoding goes on beside the step, and is over when the call is. */
static void test_beside(void **state)
{
    (void)state;
    for (int images = 1; images <= 3; images += 2)
        for (int there = 0; there < 2; there++) {
            lt_engine *e = there ? open_with(beside_backends()) : open();
            lt_bench *b = begin(e, images, 2);
            lt_bench_time t;
            lt_bench_part decode;
            lt_progress progress = {.cancel = true};
            beside_reset(50);
            CHECK_OK(lt_bench_beside(b, &t, NULL, err));
            check_time(&t);
            assert_int_equal(atomic_load(&beside.starts), there ? 3 : 0); /* one to warm up */
            assert_int_equal(atomic_load(&beside.runs_meanwhile), there ? 3 : 0);
            CHECK_OK(lt_bench_decode(b, &decode, NULL, err));
            CHECK_FAILS(lt_bench_beside(b, &t, &progress, err), LT_ERR_CANCELLED, "cancelled");
            CHECK_OK(lt_bench_decode(b, &decode, NULL, err));
            lt_bench_free(b);
            lt_engine_close(e);
        }
}

static int shown; /* pictures that were read as bytes */

static bool read_output(lt_program *p, const lt_tensor *output, void *host, size_t count,
                        lt_error *err)
{
    shown += output->dtype == LT_U8;
    return lt_ref_backend.read(p, output, host, count, err);
}

/* What is measured is what is shown. */
static void test_bytes(void **state)
{
    (void)state;
    lt_backend_ops ops = lt_ref_backend;
    const lt_backend_ops *const backends[] = {&ops, NULL};
    lt_bench_part decode;
    ops.read = read_output;
    lt_engine *e = open_with(backends);
    lt_bench *b = begin(e, 3, 1);
    CHECK_OK(lt_bench_decode(b, &decode, NULL, err));
    assert_int_equal(shown, 3 * 3); /* to warm up, timed, measured */
    lt_bench_free(b);
    lt_engine_close(e);
}

static void test_median_of_two(void **state)
{
    lt_engine *e = open();
    lt_bench *b = begin(e, 1, 2);
    lt_bench_time t;
    (void)state;
    CHECK_OK(lt_bench_text(b, &t, NULL, err));
    assert_true(fabs(t.median - (t.least + t.most) / 2) < 1e-12);
    lt_bench_free(b);
    lt_engine_close(e);
}

/* The engine takes many pictures in turns: the work of all turns is counted.  Each turn makes the
 * keys and values of the prompt once, for two, four or two pictures. */
static void test_all_pictures(void **state)
{
    lt_engine *e = open();
    lt_bench_part step[2], decode[2];
    static const int images[2] = {2, 6};
    (void)state;
    for (int i = 0; i < 2; i++) {
        lt_bench *b = begin(e, images[i], 1);
        CHECK_OK(lt_bench_guided_step(b, &step[i], NULL, err));
        CHECK_OK(lt_bench_decode(b, &decode[i], NULL, err));
        lt_bench_free(b);
    }
    assert_true(step[1].flop > 2 * step[0].flop && step[1].flop < 3 * step[0].flop); /* 2.61 */
    assert_true(decode[1].flop == 3 * decode[0].flop);
    lt_engine_close(e);
}

static float *decode_noise(lt_engine *e, lt_profile *p, size_t *bytes)
{
    const lt_vae_config *vae = lt_engine_about(e)->vae;
    size_t pixels = (size_t)(3 * SIDE * SIDE * vae->factor * vae->factor);
    float *latents = lt_alloc_array((size_t)(SIDE * SIDE * vae->latent_channels), sizeof *latents);
    float *out = lt_alloc_array(pixels, sizeof *out);
    latents[0] = 1;
    lt_engine_profile(e, p);
    CHECK_OK(lt_engine_decode(e, 1, SIDE, SIDE, latents, out, NULL, err));
    lt_engine_profile(e, NULL);
    free(latents);
    *bytes = pixels * sizeof *out;
    return out;
}

/* Measuring changes no number, and ends when it should. */
static void test_profile(void **state)
{
    lt_engine *e = open();
    lt_profile p = {0};
    size_t bytes;
    float *measured = decode_noise(e, &p, &bytes);
    int once = p.count;
    (void)state;
    assert_true(once > 0);
    float *plain = decode_noise(e, NULL, &bytes);
    assert_int_equal(p.count, once);
    assert_memory_equal(plain, measured, bytes);
    free(plain);
    free(decode_noise(e, &p, &bytes)); /* appends */
    assert_int_equal(p.count, 2 * once);
    assert_string_equal(p.rows[once].name, p.rows[0].name);
    free(p.rows);
    free(measured);
    lt_engine_close(e);
}

static void test_cancel(void **state)
{
    lt_engine *e = open();
    lt_bench *b = begin(e, 1, 1);
    lt_bench_time time;
    lt_bench_part part;
    lt_profile p = {0};
    lt_progress progress = {.cancel = true};
    lt_bench_options options = {.images = 1, .h = SIDE, .w = SIDE, .repeat = 1};
    const lt_clip_config *clip = lt_engine_about(e)->clip;
    int tokens = clip->max_position_embeddings;
    int32_t *ids = lt_alloc_array((size_t)tokens, sizeof *ids);
    float *text = lt_alloc_array((size_t)(tokens * clip->hidden_size), sizeof *text);
    (void)state;
    CHECK_FAILS(lt_bench_text(b, &time, &progress, err), LT_ERR_CANCELLED, "cancelled");
    CHECK_FAILS(lt_bench_guided_step(b, &part, &progress, err), LT_ERR_CANCELLED, "cancelled");
    CHECK_FAILS(lt_bench_decode(b, &part, &progress, err), LT_ERR_CANCELLED, "cancelled");
    lt_bench_free(b);
    CHECK_FAILS(lt_bench_begin(e, &options, &b, &progress, err), LT_ERR_CANCELLED, "cancelled");
    lt_engine_profile(e, &p);
    CHECK_FAILS(lt_engine_encode_text(e, ids, text, &progress, err), LT_ERR_CANCELLED, "cancelled");
    assert_int_equal(p.count, 0);
    free(ids);
    free(text);
    lt_engine_close(e);
}

static void test_too_large(void **state)
{
    lt_engine *e = open();
    lt_bench *b;
    lt_bench_options options = {.images = 1024, .h = 1 << 24, .w = 1 << 24, .repeat = 1};
    (void)state;
    CHECK_FAILS(lt_bench_begin(e, &options, &b, NULL, err), LT_ERR_MEMORY, "latents");
    lt_engine_close(e);
}

static void test_peak(void **state)
{
    enum { BYTES = 64 << 20 };
    void *block;
    (void)state;
    CHECK_OK(lt_try_alloc(BYTES, "a block", &block, err));
    memset(block, 1, BYTES);
    assert_true(lt_bench_peak_rss() >= BYTES);
    assert_true(lt_bench_peak_rss() < (size_t)64 << 30);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_without_files),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_beside),
        cmocka_unit_test(test_median_of_two),
        cmocka_unit_test(test_all_pictures),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_peak),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
