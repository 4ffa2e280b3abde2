/* test_cuda.c - the CUDA backend as a backend, on the host floor: types, batches, taps, weights
 * shared and forgotten, cancel, errors.  test_replay.c has what is recorded. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cuda_rig.h"
#include "support/check.h"
#include "tensor/cost.h"

static const lt_backend_ops *const cuda = &lt_cuda_ops;
static const lt_dtype types[] = {LT_F32, LT_F16, LT_BF16};

/* Against the reference: measured f32 8.3e-7 (rms 2.4e-7), f16 0.0022 (5.8e-4), bf16 0.020
 * (0.0045).
 */
static void test_net(void **state)
{
    static const graph_difference limits[] = {{2e-6, 5e-7}, {0.005, 0.0012}, {0.04, 0.009}};
    net t = net_new(2, 12, NULL, NULL);
    float *want = cu_reference(t.g, t.y, 9);
    (void)state;
    for (int i = 0; i < 3; i++) {
        lt_backend *b = cu_backend(types[i]);
        lt_program *p = cu_program(b, t.g, 9);
        cu_run(p);
        float *got = cu_read(p, t.y);
        graph_difference d = graph_compare(got, want, cu_count(t.y));
        print_message("net %s: max %.2g, rms %.2g\n", lt_dtype_name(types[i]), d.max, d.rms);
        assert_true(d.max < limits[i].max && d.rms < limits[i].rms);
        free(got);
        cuda->discard(b, p);
        cu_close(b);
    }
    free(want);
    net_free(&t);
}

/* An image in a batch of two is what it is alone, to the bit. */
static void test_batch(void **state)
{
    enum { X = 12 * 12 * 32, T = 16 };
    net one = net_new(1, 12, NULL, NULL), two = net_new(2, 12, NULL, &one);
    float *x = calloc(2 * X, sizeof *x), *time = calloc(2 * T, sizeof *time);
    (void)state;
    graph_values(x, 2 * X, 4);
    graph_values(time, 2 * T, 5);
    for (int k = 0; k < 3; k++) {
        lt_backend *b = cu_backend(types[k]);
        lt_program *p1 = cu_program(b, one.g, 1), *p2 = cu_program(b, two.g, 1);
        CHECK_OK(cuda->write(p2, lt_graph_find(two.g, "x"), x, 2 * X, err));
        CHECK_OK(cuda->write(p2, lt_graph_find(two.g, "t"), time, 2 * T, err));
        cu_run(p2);
        float *both = cu_read(p2, two.y);
        for (size_t i = 0; i < 2; i++) {
            CHECK_OK(cuda->write(p1, lt_graph_find(one.g, "x"), x + i * X, X, err));
            CHECK_OK(cuda->write(p1, lt_graph_find(one.g, "t"), time + i * T, T, err));
            cu_run(p1);
            float *alone = cu_read(p1, one.y);
            size_t n = cu_count(one.y);
            assert_memory_equal(alone, both + i * n, n * sizeof *alone);
            free(alone);
        }
        free(both);
        cuda->discard(b, p1);
        cuda->discard(b, p2);
        cu_close(b);
    }
    free(x);
    free(time);
    net_free(&one);
    net_free(&two);
}

/* Asking for taps changes no bit of the output, and a tap is what the reference says. */
static void test_taps(void **state)
{
    static const char *const names[] = {"norm2", "conv2", "map", "y"};
    net plain = net_new(2, 12, NULL, NULL), tapped = net_new(2, 12, "*", &plain);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, plain.g, 2), *q = cu_program(b, tapped.g, 2);
    (void)state;
    cu_run(p);
    cu_run(q);
    float *want = cu_read(p, plain.y), *got = cu_read(q, tapped.y);
    assert_memory_equal(want, got, cu_count(plain.y) * sizeof *want);
    free(want);
    free(got);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const lt_tensor *tap = lt_graph_find(tapped.g, names[k]);
        got = cu_read(q, tap);
        want = cu_reference(tapped.g, tap, 2);
        graph_difference d = graph_compare(got, want, cu_count(tap));
        print_message("tap %s: max %.2g, rms %.2g\n", names[k], d.max, d.rms);
        assert_true(d.rms < 0.0012); /* 5.8e-4 */
        free(got);
        free(want);
    }
    cuda->discard(b, p);
    cuda->discard(b, q);
    cu_close(b);
    net_free(&plain);
    net_free(&tapped);
}

/* Another batch and another size cost activations, not weights; forget gives all back.  The
 * forecast is exact but for the workspace, which programs share. */
static void test_weights_are_shared(void **state)
{
    net one = net_new(1, 12, NULL, NULL), other = net_new(3, 22, NULL, &one);
    (void)state;
    for (int i = 0; i < 3; i++) {
        lt_backend *b = cu_backend(types[i]);
        lt_forecast first, second;
        CHECK_OK(cuda->forecast(b, one.g, &first, err));
        assert_int_equal(lt_host()->used, 0);
        assert_int_equal(lt_host()->saved, 0);
        assert_true(first.weights > 0 && first.packing > 0);
        lt_program *p = cu_program(b, one.g, 1);
        lt_memory m = cuda->memory(b);
        assert_int_equal(m.weights, first.weights);
        assert_int_equal(lt_host()->saved, 1);
        assert_true(m.activations >= first.activations);
        assert_int_equal(m.weights + m.activations, lt_host()->used);
        CHECK_OK(cuda->forecast(b, other.g, &second, err));
        assert_int_equal(second.weights, 0);
        assert_int_equal(second.packing, 0);
        lt_program *q = cu_program(b, other.g, 1);
        assert_int_equal(cuda->memory(b).weights, m.weights);
        assert_true(cuda->memory(b).activations > 2 * first.activations);
        cuda->discard(b, q);
        cuda->forget(b, one.w.bytes, one.w.size);
        assert_int_equal(cuda->memory(b).weights, m.weights); /* p still uses them */
        CHECK_OK(cuda->forecast(b, other.g, &second, err));
        assert_int_equal(second.weights, m.weights); /* and nobody else will */
        cuda->discard(b, p);
        assert_int_equal(cuda->memory(b).weights, 0);
        cu_close(b);
    }
    net_free(&one);
    net_free(&other);
}

/* After forget, the same addresses with other numbers are packed anew. */
static void test_forget(void **state)
{
    net t = net_new(1, 8, NULL, NULL);
    lt_backend *b = cu_backend(LT_F16);
    (void)state;
    lt_program *p = cu_program(b, t.g, 1);
    const lt_param *conv = lt_graph_node(t.g, t.y->id)->weight;
    cuda->discard(b, p);
    cuda->forget(b, conv->source.data, 1);
    memset((void *)(uintptr_t)conv->source.data, 0,
           (size_t)lt_shape_count(&conv->shape) * sizeof(float));
    p = cu_program(b, t.g, 1);
    cu_run(p);
    float *after = cu_read(p, t.y);
    for (size_t i = 0; i < cu_count(t.y); i++) /* only the bias is left */
        assert_true(after[i] == after[i % 4]);
    free(after);
    cuda->discard(b, p);
    cu_close(b);
    net_free(&t);
}

static void test_cancel_and_progress(void **state)
{
    net t = net_new(1, 8, NULL, NULL);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, t.g, 1), *none = NULL;
    lt_progress progress = {0};
    lt_step_time *rows;
    int count;
    (void)state;
    for (int run = 0; run < 4; run++) { /* step by step, nothing to do, recorded, replayed */
        atomic_store(&progress.cancel, true);
        CHECK_FAILS(cuda->run(p, &progress, err), LT_ERR_CANCELLED, "cancelled");
        assert_int_equal(atomic_load(&progress.done), 0);
        atomic_store(&progress.cancel, false);
        CHECK_OK(cuda->run(p, &progress, err));
        assert_true(atomic_load(&progress.total) > 10);
        assert_int_equal(atomic_load(&progress.done), atomic_load(&progress.total));
        if (run > 0)
            CHECK_OK(graph_write_inputs(cuda, p, t.g, 1, err));
    }
    atomic_store(&progress.cancel, true);
    CHECK_FAILS(cuda->measure(p, &rows, &count, &progress, err), LT_ERR_CANCELLED, "cancelled");
    CHECK_FAILS(cuda->compile(b, t.g, &none, &progress, err), LT_ERR_CANCELLED, "cancelled");
    cuda->discard(b, p);
    cu_close(b);
    net_free(&t);
}

/* Measuring computes what a run does; the products' work is that of the recorded graph. */
static void test_measure(void **state)
{
    net t = net_new(1, 12, NULL, NULL);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, t.g, 9), *q = cu_program(b, t.g, 9);
    lt_step_time *rows = NULL;
    int count = 0;
    double flop = 0, want = 0;
    (void)state;
    cu_run(q);
    CHECK_OK(cuda->measure(p, &rows, &count, NULL, err));
    float *run = cu_read(q, t.y), *measured = cu_read(p, t.y);
    assert_memory_equal(run, measured, cu_count(t.y) * sizeof *run);
    for (int i = 0; i < count; i++) {
        assert_true(rows[i].seconds >= 0 && rows[i].name);
        flop += rows[i].flop;
    }
    for (int i = 0; i < lt_graph_nodes(t.g); i++)
        want += lt_tensor_flop(lt_graph_node(t.g, i));
    assert_true(want > 0 && fabs(flop - want) < 1);
    free(rows);
    CHECK_OK(cuda->measure(p, &rows, &count, NULL, err));
    assert_int_equal(count, 0); /* nothing was written */
    cuda->discard(b, p);
    cuda->discard(b, q);
    cu_close(b);
    free(rows);
    free(run);
    free(measured);
    net_free(&t);
}

static void test_errors(void **state)
{
    net t = net_new(1, 8, NULL, NULL), other = net_new(1, 8, NULL, &t);
    lt_backend *b = cu_backend(LT_F32), *none = NULL;
    lt_program *p = cu_program(b, t.g, 1), *q = NULL;
    float host[8] = {0};
    (void)state;
    CHECK_FAILS(cuda->write(p, lt_graph_find(t.g, "t"), host, 8, err), LT_ERR_ARGUMENT, "[1,16]");
    CHECK_FAILS(cuda->write(p, t.y, host, cu_count(t.y), err), LT_ERR_ARGUMENT, "not an input");
    CHECK_FAILS(cuda->read(p, t.y, host, 8, err), LT_ERR_ARGUMENT, "not 8 values");
    const lt_tensor *inner = t.y->src[0];
    CHECK_FAILS(cuda->read(p, inner, host, cu_count(inner), err), LT_ERR_ARGUMENT, "not an output");
    CHECK_FAILS(cuda->read(p, other.y, host, 8, err), LT_ERR_ARGUMENT, "not of this program");
    CHECK_FAILS(cuda->open(&(lt_backend_options){.dtype = LT_I32}, &none, err), LT_ERR_ARGUMENT,
                "i32");
    CHECK_FAILS(cuda->open(&(lt_backend_options){.dtype = LT_F16, .device = 1}, &none, err),
                LT_ERR_DEVICE, "no NVIDIA GPU");
    cuda->discard(b, p);
    cuda->discard(b, NULL);
    lt_graph_param(t.g, 2)->source.data = NULL;
    CHECK_FAILS(cuda->compile(b, t.g, &q, NULL, err), LT_ERR_MODEL, "conv1.weight");
    cu_close(b);
    cuda->close(NULL);
    net_free(&other);
    net_free(&t);
}

/* What there is, and what there is not. */
static void test_devices(void **state)
{
    bool fast;
    lt_buf text = {0};
    lt_backend *none = NULL, *b = cu_backend(LT_F16);
    (void)state;
    CHECK_OK(cuda->usable(err));
    assert_int_equal(cuda->room(b), lt_host()->memory);
    cuda->describe(&text);
    assert_string_equal(text.data,
                        "GPU 0: plain memory, compute capability 9.0, 16.0 of 16.0 GiB free\n"
                        "CUDA 13.0, driver for 13.0, cuDNN 9.19.0, cuBLASLt 13.1.0\n");
    lt_buf_done(&text);
    assert_true(cuda->supports(LT_F16, &fast) && fast);
    assert_true(cuda->supports(LT_BF16, &fast) && !fast);
    assert_true(cuda->supports(LT_F32, &fast) && !fast);
    assert_false(cuda->supports(LT_I32, &fast));
    cu_close(b);
    lt_host()->fail_at = lt_host()->calls + 2; /* the facts of the one GPU */
    CHECK_FAILS(cuda->usable(err), LT_ERR_DEVICE, "lt_gpu_facts_of");
    lt_host()->fail_at = lt_host()->calls + 2;
    cuda->describe(&text);
    assert_string_equal(text.data, "GPU 0: not used: lt_gpu_facts_of was made to fail\n");
    lt_buf_done(&text);
    lt_host()->devices = 0;
    assert_false(cuda->supports(LT_F16, &fast));
    CHECK_FAILS(cuda->usable(err), LT_ERR_DEVICE, "no NVIDIA GPU");
    CHECK_FAILS(cuda->open(&(lt_backend_options){.dtype = LT_F16}, &none, err), LT_ERR_DEVICE,
                "no NVIDIA GPU");
    cuda->describe(&text);
    assert_int_equal(text.len, 0);
    lt_buf_done(&text);
}

static void test_token_out_of_range(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *ids = lt_input(g, "ids", LT_I32, (lt_shape){.ndim = 2, .dim = {1, 2}});
    lt_output(g, "y", lt_embed(g, "tokens", "positions", ids, 60, 8));
    graph_weights w = graph_weights_set(g, 3, LT_F32, 0);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, g, 1);
    (void)state;
    CHECK_FAILS(cuda->write(p, ids, (int32_t[]){4, 60}, 2, err), LT_ERR_ARGUMENT, "token 1 is 60");
    CHECK_FAILS(cuda->write(p, ids, (int32_t[]){-1, 5}, 2, err), LT_ERR_ARGUMENT, "token 0 is -1");
    CHECK_OK(cuda->write(p, ids, (int32_t[]){0, 59}, 2, err));
    cu_run(p);
    cuda->discard(b, p);
    cu_close(b);
    graph_weights_free(&w);
    lt_graph_free(g);
}

/* What is written last counts, however little the device had done meanwhile. */
static void test_written_twice(void **state)
{
    net t = net_new(1, 8, NULL, NULL);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, t.g, 7), *q = cu_program(b, t.g, 1);
    (void)state;
    CHECK_OK(graph_write_inputs(cuda, q, t.g, 7, err));
    cu_run(p);
    cu_run(q);
    float *want = cu_read(p, t.y), *got = cu_read(q, t.y);
    assert_memory_equal(want, got, cu_count(t.y) * sizeof *want);
    cu_write(q, lt_graph_find(t.g, "x"), 1); /* and nobody waits */
    cuda->discard(b, p);
    cuda->discard(b, q);
    cu_close(b);
    free(want);
    free(got);
    net_free(&t);
}

/* ---- weights that cannot be used ---- */

static void test_weights_not_finite(void **state)
{
    net t = net_new(1, 8, NULL, NULL);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = NULL;
    lt_param *conv = lt_graph_param(t.g, 2);
    float *numbers = (float *)(uintptr_t)conv->source.data, kept = numbers[5];
    (void)state;
    numbers[5] = NAN;
    CHECK_FAILS(cuda->compile(b, t.g, &p, NULL, err), LT_ERR_MODEL, "conv1.weight' holds NaN");
    assert_int_equal(cuda->memory(b).weights, 0);
    numbers[5] = -65520; /* rounds to infinity */
    CHECK_FAILS(cuda->compile(b, t.g, &p, NULL, err), LT_ERR_DEVICE,
                "'conv1.weight' is not finite in f16: it holds -65520");
    assert_int_equal(cuda->memory(b).weights, 0);
    numbers[5] = -65519;
    CHECK_OK(cuda->compile(b, t.g, &p, NULL, err));
    cuda->discard(b, p);
    numbers[5] = kept;
    cu_close(b);
    b = cu_backend(LT_BF16);
    numbers[5] = 1e9F;
    CHECK_OK(cuda->compile(b, t.g, &p, NULL, err));
    cuda->discard(b, p);
    cu_close(b);
    net_free(&t);
}

/* A size that no machine has is an error that names the node. */
static void test_too_large(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_shape s = {.ndim = 4, .dim = {1, INT32_MAX, INT32_MAX, 2}};
    lt_output(g, "y", lt_scale(g, lt_input(g, "x", LT_F32, s), 1, 0));
    lt_backend *b = cu_backend(LT_F32);
    lt_program *p = NULL;
    lt_forecast f;
    (void)state;
    CHECK_FAILS(cuda->compile(b, g, &p, NULL, err), LT_ERR_MEMORY, "input 'x'");
    CHECK_FAILS(cuda->forecast(b, g, &f, err), LT_ERR_MEMORY, "input 'x'");
    cu_close(b);
    lt_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net),           cmocka_unit_test(test_batch),
        cmocka_unit_test(test_taps),          cmocka_unit_test(test_weights_are_shared),
        cmocka_unit_test(test_forget),        cmocka_unit_test(test_cancel_and_progress),
        cmocka_unit_test(test_measure),       cmocka_unit_test(test_errors),
        cmocka_unit_test(test_devices),       cmocka_unit_test(test_token_out_of_range),
        cmocka_unit_test(test_written_twice), cmocka_unit_test(test_weights_not_finite),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
