/* test_graph.c - shapes, parameter paths, taps and the first error. */
#include "tensor/graph.h"

#include "support/check.h"

static lt_shape shape(int n, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (lt_shape){.ndim = n, .dim = {a, b, c, d}};
}

static void check_shape(const lt_tensor *t, lt_shape want)
{
    char found[64], expected[64];
    assert_string_equal(lt_shape_text(&t->shape, found), lt_shape_text(&want, expected));
}

static void test_paths_and_shapes(void **state)
{
    (void)state;
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_input(g, "x", LT_F32, shape(4, 2, 9, 7, 8));
    lt_enter(g, "down_blocks.%d", 1);
    lt_enter(g, "resnets.0");
    lt_tensor *y = lt_conv2d(g, "conv1", x, 16, 3);
    lt_leave(g);
    lt_leave(g);
    check_shape(y, shape(4, 2, 9, 7, 16));
    assert_string_equal(lt_graph_param(g, 0)->path, "down_blocks.1.resnets.0.conv1.weight");
    assert_string_equal(lt_graph_param(g, 1)->path, "down_blocks.1.resnets.0.conv1.bias");
    assert_string_equal(y->name, "down_blocks.1.resnets.0.conv1");
    lt_shape weight = shape(4, 16, 8, 3, 3);
    assert_true(lt_shape_equal(&lt_graph_param(g, 0)->shape, &weight));
    check_shape(lt_conv2d_down(g, "sym", x, 8, false), shape(4, 2, 5, 4, 8));
    check_shape(lt_conv2d_down(g, "asym", x, 8, true), shape(4, 2, 4, 3, 8));
    check_shape(lt_resize(g, x, 17, 14), shape(4, 2, 17, 14, 8));
    check_shape(lt_concat(g, x, y), shape(4, 2, 9, 7, 24));
    check_shape(lt_slice(g, y, 4, 7), shape(4, 2, 9, 7, 3));
    check_shape(lt_geglu(g, y), shape(4, 2, 9, 7, 8));
    CHECK_OK(lt_graph_ok(g, err));
    lt_graph_free(g);
}

static void test_shared_parameter(void **state)
{
    (void)state;
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_input(g, "x", LT_F32, shape(2, 1, 8, 0, 0));
    lt_tensor *a = lt_linear(g, "p", x, 8, false), *b = lt_linear(g, "p", a, 8, false);
    assert_ptr_equal(a->weight, b->weight);
    assert_int_equal(lt_graph_params(g), 1);
    lt_linear(g, "p", x, 9, false);
    CHECK_FAILS(lt_graph_ok(g, err), LT_ERR_MODEL, "'p.weight' is used as [8,8] and as [9,8]");
    lt_graph_free(g);
}

/* Thousands of parameters keep their places while the table grows. */
static void test_many_parameters(void **state)
{
    (void)state;
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_input(g, "x", LT_F32, shape(2, 1, 1, 0, 0));
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 3000; i++) {
            lt_enter(g, "layer.%d", i);
            lt_tensor *y = lt_linear(g, "p", x, 1, false);
            lt_leave(g);
            assert_ptr_equal(y->weight, lt_graph_param(g, i));
        }
    assert_int_equal(lt_graph_params(g), 3000);
    lt_graph_free(g);
}

static void fails(lt_tensor *(*build)(lt_graph *, lt_tensor *), const char *message)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_input(g, "x", LT_F32, shape(4, 1, 4, 4, 6));
    lt_enter(g, "scope");
    lt_tensor *bad = build(g, x);
    assert_non_null(bad);
    lt_conv2d(g, "after", bad, 4, 3); /* a later call is harmless */
    CHECK_FAILS(lt_graph_ok(g, err), LT_ERR_MODEL, message);
    lt_graph_free(g);
}

static lt_tensor *groups(lt_graph *g, lt_tensor *x)
{
    return lt_group_norm(g, "norm", x, 4, 1e-5f);
}

static lt_tensor *add(lt_graph *g, lt_tensor *x)
{
    return lt_add(g, x, lt_slice(g, x, 0, 3));
}

static lt_tensor *concat(lt_graph *g, lt_tensor *x)
{
    return lt_concat(g, x, lt_resize(g, x, 2, 2));
}

static lt_tensor *slice(lt_graph *g, lt_tensor *x)
{
    return lt_slice(g, x, 2, 7);
}

static lt_tensor *heads(lt_graph *g, lt_tensor *x)
{
    lt_tensor *t = lt_reshape(g, x, shape(3, 1, 16, 6, 0));
    return lt_attention(g, t, t, t, 4, false);
}

static lt_tensor *reshape(lt_graph *g, lt_tensor *x)
{
    return lt_reshape(g, x, shape(2, 5, 5, 0, 0));
}

static lt_tensor *vanish(lt_graph *g, lt_tensor *x)
{
    return lt_conv2d_down(g, "down", lt_resize(g, x, 1, 1), 4, true);
}

static void test_first_error(void **state)
{
    (void)state;
    fails(groups, "norm cannot split 6 channels into 4 groups");
    fails(add, "cannot add [1,4,4,6] and [1,4,4,3]");
    fails(concat, "cannot join [1,4,4,6] and [1,2,2,6]");
    fails(slice, "no channels 2..7 in 6");
    fails(heads, "attention of 4 heads does not fit q [1,16,6]");
    fails(reshape, "cannot see [1,4,4,6] as [5,5]");
    fails(vanish, "down would be [1,0,0,4]");
}

static lt_graph *attention_graph(const char *want)
{
    lt_graph *g = lt_graph_new();
    if (want)
        lt_want(g, want);
    lt_tensor *x = lt_input(g, "x", LT_F32, shape(3, 2, 5, 8, 0));
    lt_tensor *c = lt_input(g, "c", LT_F32, shape(3, 2, 7, 8, 0));
    lt_enter(g, "block.attn2");
    lt_tap(g, "out", lt_attention(g, x, c, c, 2, false));
    lt_leave(g);
    CHECK_OK(lt_graph_ok(g, err));
    return g;
}

static void test_taps_are_free_when_off(void **state)
{
    (void)state;
    lt_graph *off = attention_graph(NULL), *on = attention_graph("block.attn2.map");
    lt_graph *all = attention_graph("block.*"), *ends = attention_graph("*.attn2.map");
    lt_graph *both = attention_graph("bl*.out"), *none = attention_graph("block.attn2.m*map");
    assert_int_equal(lt_graph_nodes(off), 3);
    assert_null(lt_graph_find(off, "block.attn2.map"));
    assert_string_equal(lt_graph_offered(off, 0), "block.attn2.map");
    assert_string_equal(lt_graph_offered(off, 1), "block.attn2.out");
    assert_null(lt_graph_offered(off, 2));
    assert_int_equal(lt_graph_nodes(on), 4);
    check_shape(lt_graph_find(on, "block.attn2.map"), shape(3, 2, 5, 7, 0));
    assert_true(lt_graph_find(on, "block.attn2.map")->output);
    assert_null(lt_graph_find(on, "block.attn2.out"));
    assert_non_null(lt_graph_find(all, "block.attn2.out"));
    assert_non_null(lt_graph_find(ends, "block.attn2.map"));
    assert_null(lt_graph_find(ends, "block.attn2.out"));
    assert_non_null(lt_graph_find(both, "block.attn2.out"));
    assert_null(lt_graph_find(both, "block.attn2.map"));
    assert_int_equal(lt_graph_nodes(none), 3); /* the ends do not overlap */
    lt_graph_free(ends);
    lt_graph_free(both);
    lt_graph_free(none);
    lt_graph_free(off);
    lt_graph_free(on);
    lt_graph_free(all);
}

/* Images that share their tokens: a longer one to a backend, apart to everybody else. */
static void test_shared_tokens(void **state)
{
    (void)state;
    lt_graph *g = lt_graph_new();
    lt_error fault = {0};
    lt_want(g, "*");
    lt_tensor *x = lt_input(g, "x", LT_F32, shape(3, 6, 5, 8, 0));
    lt_tensor *c = lt_input(g, "c", LT_F32, shape(3, 2, 7, 8, 0));
    lt_tensor *y = lt_attention(g, x, c, c, 2, false);
    CHECK_OK(lt_graph_ok(g, err));
    check_shape(y, shape(3, 6, 5, 8, 0));
    check_shape(lt_graph_find(g, "map"), shape(3, 6, 5, 7, 0));
    assert_int_equal(y->src[0]->op, LT_OP_ATTENTION);
    check_shape(y->src[0], shape(3, 2, 15, 8, 0));
    lt_attention(g, x, c, c, 2, true);
    assert_false(lt_graph_ok(g, &fault));
    assert_non_null(strstr(fault.message, "attention of 2 heads does not fit q [6,5,8]"));
    lt_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_and_shapes),       cmocka_unit_test(test_shared_parameter),
        cmocka_unit_test(test_many_parameters),        cmocka_unit_test(test_first_error),
        cmocka_unit_test(test_taps_are_free_when_off), cmocka_unit_test(test_shared_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
