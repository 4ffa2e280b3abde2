/* test_cpu.c - the CPU backend as a backend: threads, cancel, weights shared and forgotten, taps,
 * errors. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "cpu/cpu.h"
#include "graph_run.h"
#include "small_net.h"
#include "support/check.h"
#include "tensor/cost.h"

static const lt_backend_ops *const cpu = &lt_cpu_backend;

static lt_backend *open_cpu(lt_dtype dtype, int threads)
{
    lt_backend *b = NULL;
    lt_backend_options options = {.dtype = dtype, .threads = threads};
    CHECK_OK(cpu->open(&options, &b, err));
    return b;
}

static bool has_bf16(void)
{
    bool fast;
    return cpu->supports(LT_BF16, &fast);
}

static size_t count_of(const lt_tensor *t)
{
    return (size_t)lt_shape_count(&t->shape);
}

static float *run_net(lt_backend *b, const net *t)
{
    float *y = NULL;
    CHECK_OK((y = graph_run(cpu, b, t->g, t->y, 9, err)) != NULL);
    return y;
}

/* Against the reference: measured f32 2.8e-6 (rms 6.1e-7), bf16 0.016 (0.0048). */
static void test_net(void **state)
{
    net t = net_new(2, 12, NULL, NULL);
    lt_backend *ref = NULL;
    float *want = NULL;
    (void)state;
    CHECK_OK(lt_ref_backend.open(&(lt_backend_options){.dtype = LT_F32, .threads = 1}, &ref, err));
    CHECK_OK((want = graph_run(&lt_ref_backend, ref, t.g, t.y, 9, err)) != NULL);
    for (int i = 0; i < (has_bf16() ? 2 : 1); i++) {
        lt_backend *b = open_cpu(i ? LT_BF16 : LT_F32, 2);
        float *got = run_net(b, &t);
        graph_difference d = graph_compare(got, want, count_of(t.y));
        print_message("net: max %.2g, rms %.2g\n", d.max, d.rms);
        assert_true(i ? d.max < 0.05 && d.rms < 0.01 : d.max < 1e-5 && d.rms < 2e-6);
        free(got);
        cpu->close(b);
    }
    lt_ref_backend.close(ref);
    free(want);
    net_free(&t);
}

/* With AVX-512 nothing is summed across threads, so one thread and three give the same bits;
 * oneDNN's products for older processors may split sums: measured with AVX2 1.5e-6. */
static void test_threads(void **state)
{
    net t = net_new(1, 20, NULL, NULL);
    (void)state;
    for (int i = 0; i < (has_bf16() ? 2 : 1); i++) {
        lt_backend *one = open_cpu(i ? LT_BF16 : LT_F32, 1);
        lt_backend *more = open_cpu(i ? LT_BF16 : LT_F32, 3);
        float *a = run_net(one, &t), *b = run_net(more, &t);
        assert_true(graph_compare(a, b, count_of(t.y)).max <= (has_bf16() ? 0 : 5e-6));
        free(a);
        free(b);
        cpu->close(one);
        cpu->close(more);
    }
    net_free(&t);
}

/* An image in a batch of three is what it is alone; see test_threads. */
static void test_batch(void **state)
{
    net one = net_new(1, 12, NULL, NULL), three = net_new(3, 12, NULL, &one);
    lt_backend *b = open_cpu(LT_F32, 2);
    lt_program *p1 = NULL, *p3 = NULL;
    size_t n = count_of(one.y);
    (void)state;
    CHECK_OK(cpu->compile(b, one.g, &p1, NULL, err));
    CHECK_OK(cpu->compile(b, three.g, &p3, NULL, err));
    float *all = calloc(3 * n, sizeof *all), *alone = calloc(n, sizeof *alone);
    CHECK_OK(graph_write_inputs(cpu, p3, three.g, 4, err));
    CHECK_OK(cpu->run(p3, NULL, err));
    CHECK_OK(cpu->read(p3, three.y, all, 3 * n, err));
    float *x = calloc(3 * 12 * 12 * 32, sizeof *x), *time = calloc(3 * 16, sizeof *time);
    graph_values(x, 3 * 12 * 12 * 32, 4);
    graph_values(time, 3 * 16, 4 + 77); /* as graph_write_inputs does for the second input */
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(
            cpu->write(p1, lt_graph_find(one.g, "x"), x + i * 12 * 12 * 32, 12 * 12 * 32, err));
        CHECK_OK(cpu->write(p1, lt_graph_find(one.g, "t"), time + i * 16, 16, err));
        CHECK_OK(cpu->run(p1, NULL, err));
        CHECK_OK(cpu->read(p1, one.y, alone, n, err));
        graph_difference d = graph_compare(alone, all + i * n, n);
        assert_true(d.max <= (has_bf16() ? 0 : 5e-6)); /* AVX-512: equal; AVX2: 2.1e-6 */
    }
    cpu->discard(b, p1);
    cpu->discard(b, p3);
    cpu->close(b);
    free(x);
    free(time);
    free(all);
    free(alone);
    net_free(&one);
    net_free(&three);
}

/* Asking for taps changes no bit of the output, even where the tap splits what is joined. */
static void test_taps(void **state)
{
    net plain = net_new(2, 12, NULL, NULL), tapped = net_new(2, 12, "*", &plain);
    (void)state;
    for (int i = 0; i < (has_bf16() ? 2 : 1); i++) {
        lt_backend *b = open_cpu(i ? LT_BF16 : LT_F32, 2), *ref = NULL;
        lt_program *p = NULL, *q = NULL;
        float *want = run_net(b, &plain), *got = run_net(b, &tapped);
        assert_memory_equal(want, got, count_of(plain.y) * sizeof *want);
        free(want);
        free(got);
        CHECK_OK(
            lt_ref_backend.open(&(lt_backend_options){.dtype = LT_F32, .threads = 1}, &ref, err));
        CHECK_OK(cpu->compile(b, tapped.g, &p, NULL, err));
        CHECK_OK(lt_ref_backend.compile(ref, tapped.g, &q, NULL, err));
        CHECK_OK(graph_write_inputs(cpu, p, tapped.g, 2, err));
        CHECK_OK(graph_write_inputs(&lt_ref_backend, q, tapped.g, 2, err));
        CHECK_OK(cpu->run(p, NULL, err));
        CHECK_OK(lt_ref_backend.run(q, NULL, err));
        const char *const names[] = {"norm2", "conv2", "map", "y"};
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            const lt_tensor *tap = lt_graph_find(tapped.g, names[k]);
            CHECK_OK((got = graph_read(cpu, p, tap, err)) != NULL);
            CHECK_OK((want = graph_read(&lt_ref_backend, q, tap, err)) != NULL);
            graph_difference d = graph_compare(got, want, count_of(tap));
            print_message("tap %s: max %.2g, rms %.2g\n", names[k], d.max, d.rms);
            assert_true(i ? d.rms < 0.01 : d.max < 3e-5); /* 0.0047, 5.2e-6; AVX2: 1.2e-5 */
            free(got);
            free(want);
        }
        cpu->discard(b, p);
        lt_ref_backend.discard(ref, q);
        lt_ref_backend.close(ref);
        cpu->close(b);
    }
    net_free(&plain);
    net_free(&tapped);
}

/* Another batch and another size cost activations, not weights; forget gives all back. */
static void test_weights_are_shared(void **state)
{
    net one = net_new(1, 12, NULL, NULL), other = net_new(3, 22, NULL, &one);
    (void)state;
    for (int i = 0; i < (has_bf16() ? 2 : 1); i++) {
        lt_backend *b = open_cpu(i ? LT_BF16 : LT_F32, 2);
        lt_program *p = NULL, *q = NULL;
        CHECK_OK(cpu->compile(b, one.g, &p, NULL, err));
        lt_memory first = cpu->memory(b);
        assert_true(first.weights > 0 && first.activations > 0);
        CHECK_OK(cpu->compile(b, other.g, &q, NULL, err));
        assert_int_equal(cpu->memory(b).weights, first.weights);
        assert_true(cpu->memory(b).activations > 2 * first.activations);
        cpu->discard(b, q);
        assert_int_equal(cpu->memory(b).activations, first.activations);
        cpu->forget(b, one.w.bytes, one.w.size);
        assert_int_equal(cpu->memory(b).weights, first.weights); /* p still uses them */
        cpu->discard(b, p);
        assert_int_equal(cpu->memory(b).weights, 0);
        assert_int_equal(cpu->memory(b).activations, 0);
        cpu->close(b);
    }
    net_free(&one);
    net_free(&other);
}

/* After forget, the same addresses with other numbers are packed anew. */
static void test_forget(void **state)
{
    net t = net_new(1, 8, NULL, NULL);
    lt_backend *b = open_cpu(LT_F32, 1);
    (void)state;
    float *before = run_net(b, &t);
    lt_memory full = cpu->memory(b);
    const lt_param *conv = lt_graph_node(t.g, t.y->id)->weight;
    size_t bytes = (size_t)lt_shape_count(&conv->shape) * sizeof(float);
    cpu->forget(b, conv->source.data, 1);
    assert_int_equal(full.weights - cpu->memory(b).weights >= bytes, true);
    memset((void *)(uintptr_t)conv->source.data, 0, bytes);
    float *after = run_net(b, &t);
    assert_memory_not_equal(before, after, count_of(t.y) * sizeof *before);
    for (size_t i = 0; i < count_of(t.y); i++) /* only the bias is left */
        assert_true(after[i] == after[i % 4]);
    free(before);
    free(after);
    cpu->close(b);
    net_free(&t);
}

static void test_cancel_and_progress(void **state)
{
    net t = net_new(1, 8, NULL, NULL);
    lt_backend *b = open_cpu(LT_F32, 1);
    lt_program *p = NULL;
    lt_progress progress = {0};
    lt_step_time *rows;
    int count;
    (void)state;
    CHECK_OK(cpu->compile(b, t.g, &p, NULL, err));
    CHECK_OK(graph_write_inputs(cpu, p, t.g, 1, err));
    CHECK_OK(cpu->run(p, &progress, err));
    assert_true(atomic_load(&progress.total) > 10);
    assert_int_equal(atomic_load(&progress.done), atomic_load(&progress.total));
    atomic_store(&progress.cancel, true);
    CHECK_FAILS(cpu->run(p, &progress, err), LT_ERR_CANCELLED, "cancelled");
    assert_int_equal(atomic_load(&progress.done), 0);
    CHECK_FAILS(cpu->measure(p, &rows, &count, &progress, err), LT_ERR_CANCELLED, "cancelled");
    atomic_store(&progress.cancel, false);
    CHECK_OK(cpu->run(p, &progress, err));
    cpu->discard(b, p);
    cpu->close(b);
    net_free(&t);
}

static lt_progress alarmed;

static void cancel_it(int signal)
{
    (void)signal;
    atomic_store(&alarmed.cancel, true);
}

/* A large attention takes 0.4 s here, and is the last step: 30 ms after its start it is told to
 * stop, and must not finish.  The next run is whole again. */
static void test_cancel_inside_attention(void **state)
{
    (void)state;
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_input(g, "x", LT_F32, (lt_shape){.ndim = 3, .dim = {1, 4096, 512}});
    lt_output(g, "y", lt_attention(g, x, x, x, 8, false));
    lt_backend *b = open_cpu(LT_F32, 1);
    lt_program *p = NULL;
    CHECK_OK(cpu->compile(b, g, &p, NULL, err));
    CHECK_OK(graph_write_inputs(cpu, p, g, 1, err));
    struct itimerval soon = {.it_value = {.tv_usec = 30000}};
    signal(SIGALRM, cancel_it);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    CHECK_FAILS(cpu->run(p, &alarmed, err), LT_ERR_CANCELLED, "cancelled");
    signal(SIGALRM, SIG_DFL);
    CHECK_OK(cpu->run(p, NULL, err));
    cpu->discard(b, p);
    cpu->close(b);
    lt_graph_free(g);
}

/* Inputs keep their values and runs repeat to the bit. */
static void test_runs_repeat(void **state)
{
    net t = net_new(1, 8, NULL, NULL);
    lt_backend *b = open_cpu(LT_F32, 2);
    lt_program *p = NULL;
    float *first = NULL, *second = NULL;
    (void)state;
    CHECK_OK(cpu->compile(b, t.g, &p, NULL, err));
    CHECK_OK(graph_write_inputs(cpu, p, t.g, 1, err));
    CHECK_OK(cpu->run(p, NULL, err));
    CHECK_OK((first = graph_read(cpu, p, t.y, err)) != NULL);
    CHECK_OK(cpu->run(p, NULL, err));
    CHECK_OK((second = graph_read(cpu, p, t.y, err)) != NULL);
    assert_memory_equal(first, second, count_of(t.y) * sizeof *first);
    free(first);
    free(second);
    cpu->discard(b, p);
    cpu->close(b);
    net_free(&t);
}

static double work_of(lt_program *p, const char *name)
{
    lt_step_time *rows = NULL;
    int count = 0;
    double flop = 0;
    CHECK_OK(cpu->measure(p, &rows, &count, NULL, err));
    for (int i = 0; i < count; i++)
        if (!name || strstr(rows[i].name, name))
            flop += rows[i].flop;
    free(rows);
    return flop;
}

static float *read_now(lt_program *p, const lt_tensor *t)
{
    float *values = NULL;
    CHECK_OK((values = graph_read(cpu, p, t, err)) != NULL);
    return values;
}

/* What depends only on inputs that were not written again is not computed again, and what it gave
 * is still there: keys and values of the text, outputs of one input. */
static void test_only_what_changed(void **state)
{
    (void)state;
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_input(g, "x", LT_F32, (lt_shape){.ndim = 3, .dim = {2, 40, 32}});
    lt_tensor *text = lt_input(g, "text", LT_F32, (lt_shape){.ndim = 3, .dim = {2, 7, 16}});
    lt_tensor *k = lt_linear(g, "k", text, 32, false), *v = lt_linear(g, "v", text, 32, false);
    lt_tensor *y = lt_output(g, "y", lt_attention(g, lt_linear(g, "q", x, 32, false), k, v, 2, 0));
    lt_tensor *z = lt_output(g, "z", lt_reshape(g, lt_scale(g, text, 2, 0), text->shape));
    CHECK_OK(lt_graph_ok(g, err));
    graph_weights w = graph_weights_set(g, 3, LT_F32, 0);
    lt_backend *b = open_cpu(LT_F32, 2);
    lt_program *p = NULL;
    CHECK_OK(cpu->compile(b, g, &p, NULL, err));
    CHECK_OK(graph_write_inputs(cpu, p, g, 5, err));
    assert_true(work_of(p, "k") > 0);
    float *first = read_now(p, y), *other = calloc(2 * 40 * 32, sizeof *other);
    assert_true(work_of(p, NULL) == 0); /* nothing was written */
    CHECK_OK(cpu->write(p, x, other, 2 * 40 * 32, err));
    assert_true(work_of(p, "k") == 0);
    CHECK_OK(cpu->write(p, x, other, 2 * 40 * 32, err));
    assert_true(work_of(p, "q") > 0);
    float *zeros = read_now(p, y), *kept = read_now(p, z);
    float *fresh = NULL;
    CHECK_OK((fresh = graph_run(cpu, b, g, z, 5, err)) != NULL);
    assert_memory_equal(kept, fresh, count_of(z) * sizeof *kept);
    assert_memory_not_equal(first, zeros, count_of(y) * sizeof *first);
    CHECK_OK(graph_write_inputs(cpu, p, g, 5, err));
    CHECK_OK(cpu->run(p, NULL, err));
    float *again = read_now(p, y);
    assert_memory_equal(first, again, count_of(y) * sizeof *first);
    cpu->discard(b, p);
    cpu->close(b);
    free(first);
    free(other);
    free(zeros);
    free(kept);
    free(fresh);
    free(again);
    graph_weights_free(&w);
    lt_graph_free(g);
}

/* Measuring computes what a run does; the products' work is that of the recorded graph, less what
 * the convolution of a doubled image saves. */
static void test_measure(void **state)
{
    net t = net_new(1, 12, NULL, NULL);
    lt_backend *b = open_cpu(LT_F32, 2);
    lt_program *p = NULL;
    lt_step_time *rows = NULL;
    int count = 0;
    double flop = 0, want = 0;
    float *run = run_net(b, &t), *measured = NULL;
    (void)state;
    CHECK_OK(cpu->compile(b, t.g, &p, NULL, err));
    CHECK_OK(graph_write_inputs(cpu, p, t.g, 9, err));
    CHECK_OK(cpu->measure(p, &rows, &count, NULL, err));
    CHECK_OK((measured = graph_read(cpu, p, t.y, err)) != NULL);
    assert_memory_equal(run, measured, count_of(t.y) * sizeof *run);
    for (int i = 0; i < count; i++) {
        assert_true(rows[i].seconds >= 0);
        flop += rows[i].flop;
    }
    for (int i = 0; i < lt_graph_nodes(t.g); i++)
        want += lt_tensor_flop(lt_graph_node(t.g, i));
    want -= lt_tensor_flop(t.y) * 5 / 9;
    assert_true(want > 0 && fabs(flop - want) < 1);
    cpu->discard(b, p);
    cpu->close(b);
    free(rows);
    free(run);
    free(measured);
    net_free(&t);
}

static void test_errors(void **state)
{
    net t = net_new(1, 8, NULL, NULL);
    lt_backend *b = open_cpu(LT_F32, 1), *none = NULL;
    lt_program *p = NULL;
    float host[8] = {0};
    (void)state;
    CHECK_OK(cpu->compile(b, t.g, &p, NULL, err));
    CHECK_FAILS(cpu->write(p, lt_graph_find(t.g, "t"), host, 8, err), LT_ERR_ARGUMENT, "[1,16]");
    CHECK_FAILS(cpu->write(p, t.y, host, count_of(t.y), err), LT_ERR_ARGUMENT, "not an input");
    CHECK_FAILS(cpu->read(p, t.y, host, 8, err), LT_ERR_ARGUMENT, "not 8 values");
    const lt_tensor *inner = t.y->src[0];
    CHECK_FAILS(cpu->read(p, inner, host, count_of(inner), err), LT_ERR_ARGUMENT, "not an output");
    net other = net_new(1, 8, NULL, &t);
    CHECK_FAILS(cpu->read(p, other.y, host, 8, err), LT_ERR_ARGUMENT, "not of this program");
    cpu->discard(b, p);
    lt_graph_param(t.g, 2)->source.data = NULL;
    CHECK_FAILS(cpu->compile(b, t.g, &p, NULL, err), LT_ERR_MODEL, "conv1.weight");
    CHECK_FAILS(cpu->open(&(lt_backend_options){.dtype = LT_F32, .threads = -1}, &none, err),
                LT_ERR_ARGUMENT, "-1");
    CHECK_FAILS(cpu->open(&(lt_backend_options){.dtype = LT_F16, .threads = 1}, &none, err),
                LT_ERR_ARGUMENT, "f16");
    cpu->close(b);
    net_free(&other);
    net_free(&t);
}

static void test_token_out_of_range(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *ids = lt_input(g, "ids", LT_I32, (lt_shape){.ndim = 2, .dim = {1, 2}});
    lt_output(g, "y", lt_embed(g, "tokens", "positions", ids, 5, 8));
    graph_weights w = graph_weights_set(g, 3, LT_F32, 0);
    lt_backend *b = open_cpu(LT_F32, 1);
    lt_program *p = NULL;
    (void)state;
    CHECK_OK(cpu->compile(b, g, &p, NULL, err));
    CHECK_OK(cpu->write(p, ids, (int32_t[]){4, 5}, 2, err));
    CHECK_FAILS(cpu->run(p, NULL, err), LT_ERR_ARGUMENT, "token 1 is 5");
    cpu->discard(b, p);
    cpu->close(b);
    graph_weights_free(&w);
    lt_graph_free(g);
}

/* A size that no machine has is an error that names the node, not the end of the program. */
static void test_out_of_memory(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_shape s = {.ndim = 4, .dim = {1, INT32_MAX, INT32_MAX, 2}};
    lt_output(g, "y", lt_scale(g, lt_input(g, "x", LT_F32, s), 1, 0));
    lt_backend *b = open_cpu(LT_F32, 1);
    lt_program *p = NULL;
    (void)state;
    CHECK_FAILS(cpu->compile(b, g, &p, NULL, err), LT_ERR_MEMORY, "input 'x'");
    assert_int_equal(cpu->memory(b).activations, 0);
    cpu->close(b);
    lt_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_taps),
        cmocka_unit_test(test_weights_are_shared),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_cancel_and_progress),
        cmocka_unit_test(test_cancel_inside_attention),
        cmocka_unit_test(test_runs_repeat),
        cmocka_unit_test(test_only_what_changed),
        cmocka_unit_test(test_measure),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_token_out_of_range),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
