/* test_replay.c - runs of one program: what is recorded, replayed and left out. */
#include <stdio.h>
#include <stdlib.h>

#include "cuda_rig.h"
#include "support/check.h"

static const lt_backend_ops *const cuda = &lt_cuda_ops;

static void check_same(const float *a, const float *b, const lt_tensor *t)
{
    assert_memory_equal(a, b, cu_count(t) * sizeof *a);
}

/* The first run is done step by step, the second recorded, all others replayed: the same bits. */
static void test_recorded_once(void **state)
{
    net t = net_new(2, 12, NULL, NULL);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, t.g, 1);
    float *first = NULL;
    (void)state;
    for (int run = 0; run < 4; run++) {
        CHECK_OK(graph_write_inputs(cuda, p, t.g, 1, err));
        cu_run(p);
        assert_int_equal(lt_host()->recorded, run > 0);
        assert_int_equal(lt_host()->replayed, run);
        float *now = cu_read(p, t.y);
        if (first)
            check_same(now, first, t.y);
        free(first);
        first = now;
    }
    CHECK_OK(graph_write_inputs(cuda, p, t.g, 2, err));
    cu_run(p);
    float *other = cu_read(p, t.y);
    assert_memory_not_equal(first, other, cu_count(t.y) * sizeof *first);
    cu_write(p, lt_graph_find(t.g, "x"), 3); /* another list: x alone */
    cu_run(p);
    assert_int_equal(lt_host()->recorded, 1);
    cu_write(p, lt_graph_find(t.g, "x"), 3);
    cu_run(p);
    assert_int_equal(lt_host()->recorded, 2);
    free(first);
    free(other);
    cuda->discard(b, p);
    cu_close(b);
    net_free(&t);
}

/* The sum of six inputs, each scaled by itself. */
static lt_tensor *six(lt_graph *g, lt_tensor *in[6])
{
    lt_tensor *sum = NULL;
    for (int i = 0; i < 6; i++) {
        char name[8];
        snprintf(name, sizeof name, "x%d", i);
        in[i] = lt_input(g, name, LT_F32, (lt_shape){.ndim = 2, .dim = {3, 5}});
        lt_tensor *x = lt_scale(g, in[i], (float)(i + 1), 0);
        sum = sum ? lt_add(g, sum, x) : x;
    }
    return lt_output(g, "y", sum);
}

/* More lists than are kept: the one not used for longest is recorded again, and all are right. */
static void test_few_lists_are_kept(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *in[6], *y = six(g, in);
    lt_backend *b = cu_backend(LT_F32);
    lt_program *p = cu_program(b, g, 1);
    (void)state;
    cu_run(p);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 3; i++) { /* with the first run's: four */
            cu_write(p, in[i], 10U + (unsigned)round);
            cu_run(p);
        }
    assert_int_equal(lt_host()->recorded, 3);
    for (int i = 3; i < 6; i++)
        for (int twice = 0; twice < 2; twice++) {
            cu_write(p, in[i], 20);
            cu_run(p);
        }
    assert_int_equal(lt_host()->recorded, 6);
    for (int twice = 0; twice < 2; twice++) {
        cu_write(p, in[2], 30); /* the last of the first three is still there */
        cu_run(p);
        assert_int_equal(lt_host()->recorded, 6);
    }
    cu_write(p, in[0], 30); /* the first is not */
    cu_run(p);
    assert_int_equal(lt_host()->recorded, 6);
    cu_write(p, in[0], 30);
    cu_run(p);
    assert_int_equal(lt_host()->recorded, 7);
    lt_program *fresh = cu_program(b, g, 1);
    static const unsigned last[6] = {30, 12, 30, 20, 20, 20};
    for (int i = 0; i < 6; i++)
        cu_write(fresh, in[i], last[i]);
    cu_run(fresh);
    float *want = cu_read(fresh, y), *got = cu_read(p, y);
    check_same(want, got, y);
    free(want);
    free(got);
    cuda->discard(b, p);
    cuda->discard(b, fresh);
    cu_close(b);
    lt_graph_free(g);
}

/* Another program makes the workspace grow: what was recorded with the old one is not replayed. */
static void test_workspace_grows(void **state)
{
    net t = net_new(1, 8, NULL, NULL);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, t.g, 1);
    (void)state;
    for (int run = 0; run < 2; run++) {
        CHECK_OK(graph_write_inputs(cuda, p, t.g, 1, err));
        cu_run(p);
    }
    float *before = cu_read(p, t.y);
    size_t activations = cuda->memory(b).activations;
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_input(g, "x", LT_F32, (lt_shape){.ndim = 2, .dim = {1, 4095}});
    lt_output(g, "y", lt_linear(g, "fc", x, 1, false));
    graph_weights w = graph_weights_set(g, 3, LT_F32, 0);
    lt_program *q = cu_program(b, g, 1);
    cuda->discard(b, q);
    assert_true(cuda->memory(b).activations > activations);
    CHECK_OK(graph_write_inputs(cuda, p, t.g, 1, err));
    cu_run(p);
    assert_int_equal(lt_host()->recorded, 2);
    float *after = cu_read(p, t.y);
    check_same(before, after, t.y);
    free(before);
    free(after);
    cuda->discard(b, p);
    cu_close(b);
    graph_weights_free(&w);
    lt_graph_free(g);
    net_free(&t);
}

/* What depends only on inputs that were not written again is not computed again, and what it gave
 * is still there: keys and values of the text, outputs of one input. */
static void test_only_what_changed(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_input(g, "x", LT_F32, (lt_shape){.ndim = 3, .dim = {2, 40, 32}});
    lt_tensor *text = lt_input(g, "text", LT_F32, (lt_shape){.ndim = 3, .dim = {2, 7, 16}});
    lt_tensor *k = lt_linear(g, "k", text, 32, false), *v = lt_linear(g, "v", text, 32, false);
    lt_tensor *y = lt_output(g, "y", lt_attention(g, lt_linear(g, "q", x, 32, false), k, v, 2, 0));
    lt_tensor *z = lt_output(g, "z", lt_reshape(g, lt_scale(g, text, 2, 0), text->shape));
    graph_weights w = graph_weights_set(g, 3, LT_F32, 0);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, g, 5);
    (void)state;
    cu_run(p);
    float *first = cu_read(p, y), *kept = cu_read(p, z);
    assert_int_equal(cu_works(p), 0); /* nothing was written */
    for (int run = 0; run < 3; run++) {
        cu_write(p, x, 50);
        assert_int_equal(cu_works(p), 1 + 2 + (run == 0)); /* the upload, q, attention, copy of y */
    }
    float *other = cu_read(p, y), *still = cu_read(p, z);
    assert_memory_not_equal(first, other, cu_count(y) * sizeof *first);
    check_same(kept, still, z);
    cu_write(p, text, 51);
    assert_int_equal(cu_works(p), 1 + 3 + 2); /* k and v in one, attention, scale, both copies */
    CHECK_OK(graph_write_inputs(cuda, p, g, 5, err));
    assert_int_equal(cu_works(p), 2 + 4);
    float *again = cu_read(p, y);
    check_same(first, again, y);
    free(first);
    free(kept);
    free(other);
    free(still);
    free(again);
    cuda->discard(b, p);
    cu_close(b);
    graph_weights_free(&w);
    lt_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_once),
        cmocka_unit_test(test_few_lists_are_kept),
        cmocka_unit_test(test_workspace_grows),
        cmocka_unit_test(test_only_what_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
