/* test_fuse.c - which neighbours are joined, and which must not be. */
#include "support/check.h"
#include "tensor/cost.h"
#include "tensor/fuse.h"

static lt_tensor *image(lt_graph *g, const char *name)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = 4, .dim = {2, 4, 4, 8}});
}

static lt_tensor *vector(lt_graph *g, const char *name)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = 2, .dim = {2, 8}});
}

static lt_fused fuse(const lt_graph *g)
{
    lt_fused f = {0};
    CHECK_OK(lt_graph_ok(g, err));
    CHECK_OK(lt_fuse(g, LT_FUSE_UPSAMPLE | LT_FUSE_GEGLU | LT_FUSE_CONCAT, &f, err));
    assert_int_equal(lt_graph_nodes(f.graph), lt_graph_nodes(g));
    return f;
}

static void done(lt_graph *g, lt_fused *f)
{
    lt_fused_done(f);
    lt_graph_free(g);
}

/* The later product takes the add; the earlier one runs at its own place. */
static void test_two_products(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *x = image(g, "x"), *first = lt_conv2d(g, "first", x, 8, 1);
    lt_tensor *second = lt_conv2d(g, "second", x, 8, 3);
    lt_tensor *y = lt_output(g, "y", lt_add(g, second, first));
    lt_fused f = fuse(g);
    const lt_tensor *joined = lt_graph_node(f.graph, y->id);
    (void)state;
    assert_int_equal(joined->op, LT_OP_CONV2D);
    assert_ptr_equal(joined->weight, second->weight);
    assert_int_equal(joined->nsrc, 2);
    assert_int_equal(joined->src[0]->id, x->id);
    assert_int_equal(joined->src[1]->id, first->id);
    assert_false(f.node[second->id].needed);
    assert_true(f.node[first->id].needed && f.node[y->id].needed);
    assert_int_equal(y->op, LT_OP_ADD); /* the recorded graph is only read */
    done(g, &f);
}

/* A product that somebody else reads cannot vanish into the add. */
static void test_product_read_twice(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *x = image(g, "x"), *h = lt_conv2d(g, "conv", x, 8, 3), *y = lt_add(g, h, x);
    lt_output(g, "z", lt_add(g, lt_scale(g, h, 2, 0), y));
    lt_fused f = fuse(g);
    (void)state;
    assert_int_equal(lt_graph_node(f.graph, y->id)->op, LT_OP_ADD);
    assert_true(f.node[h->id].needed);
    done(g, &f);
}

static void test_added_to_itself(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *h = lt_conv2d(g, "conv", image(g, "x"), 8, 3);
    lt_tensor *y = lt_output(g, "y", lt_add(g, h, h));
    lt_fused f = fuse(g);
    (void)state;
    assert_int_equal(lt_graph_node(f.graph, y->id)->op, LT_OP_ADD);
    assert_true(f.node[h->id].needed);
    done(g, &f);
}

/* add [N,C], group norm, silu: one pass.  A tap in the middle is computed beside it. */
static void test_shift_norm_activation(void **state)
{
    (void)state;
    for (int tapped = 0; tapped < 2; tapped++) {
        lt_graph *g = lt_graph_new();
        lt_tensor *x = image(g, "x"), *t = vector(g, "t"), *sum = lt_add(g, x, t);
        lt_tensor *norm = lt_group_norm(g, "norm", sum, 4, 1e-5F);
        lt_tensor *y = lt_output(g, "y", lt_activation(g, LT_GELU, norm));
        if (tapped)
            lt_output(g, "norm", norm);
        lt_fused f = fuse(g);
        const lt_tensor *joined = lt_graph_node(f.graph, y->id);
        assert_int_equal(joined->op, LT_OP_GROUP_NORM);
        assert_int_equal(joined->u.norm.groups, 4);
        assert_int_equal(f.node[y->id].act, LT_GELU);
        assert_int_equal(joined->src[0]->id, x->id);
        assert_int_equal(joined->src[1]->id, t->id);
        assert_false(f.node[sum->id].needed);
        assert_int_equal(f.node[norm->id].needed, tapped);
        assert_int_equal(f.node[norm->id].act, -1);
        done(g, &f);
    }
}

/* Not a per-image shift: the norm of a sum of images stays a norm of an add. */
static void test_norm_of_images(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *sum = lt_add(g, image(g, "a"), image(g, "b"));
    lt_tensor *y = lt_output(g, "y", lt_group_norm(g, "norm", sum, 4, 1e-5F));
    lt_fused f = fuse(g);
    (void)state;
    assert_int_equal(lt_graph_node(f.graph, y->id)->nsrc, 1);
    assert_true(f.node[sum->id].needed);
    done(g, &f);
}

/* A norm with two readers, and a second activation, stay apart. */
static void test_activations_that_stay(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *norm = lt_layer_norm(g, "norm", image(g, "x"), 1e-5F);
    lt_tensor *act = lt_activation(g, LT_SILU, norm), *twice = lt_activation(g, LT_SILU, act);
    lt_tensor *only = lt_layer_norm(g, "only", lt_output(g, "y", lt_add(g, norm, twice)), 1e-5F);
    lt_tensor *joined = lt_activation(g, LT_SILU, only);
    lt_tensor *after = lt_output(g, "z", lt_activation(g, LT_SILU, joined));
    lt_fused f = fuse(g);
    (void)state;
    assert_int_equal(lt_graph_node(f.graph, act->id)->op, LT_OP_ACTIVATION);
    assert_int_equal(lt_graph_node(f.graph, joined->id)->op, LT_OP_LAYER_NORM);
    assert_int_equal(lt_graph_node(f.graph, after->id)->op, LT_OP_ACTIVATION);
    assert_int_equal(f.node[after->id].act, -1);
    done(g, &f);
}

/* resize and conv, linear and geglu: one node each, if nobody else reads the first. */
static void test_forms(void **state)
{
    (void)state;
    for (int tapped = 0; tapped < 2; tapped++) {
        lt_graph *g = lt_graph_new();
        lt_tensor *x = image(g, "x"), *big = lt_resize(g, x, 8, 8);
        lt_tensor *up = lt_output(g, "up", lt_conv2d(g, "conv", big, 8, 3));
        lt_tensor *fc = lt_linear(g, "fc", x, 16, true), *y = lt_output(g, "y", lt_geglu(g, fc));
        if (tapped)
            lt_output(g, "tap", fc);
        lt_fused f = fuse(g);
        assert_int_equal(f.node[up->id].form, LT_FUSED_UPSAMPLE);
        assert_int_equal(lt_graph_node(f.graph, up->id)->src[0]->id, x->id);
        assert_true(lt_fused_flop(&f, lt_graph_node(f.graph, up->id)) ==
                    lt_tensor_flop(up) * 4 / 9);
        assert_false(f.node[big->id].needed);
        assert_int_equal(f.node[y->id].form, LT_FUSED_GEGLU);
        assert_int_equal(lt_graph_node(f.graph, y->id)->op, LT_OP_LINEAR);
        assert_true(lt_fused_flop(&f, lt_graph_node(f.graph, y->id)) == lt_tensor_flop(fc));
        assert_int_equal(f.node[fc->id].needed, tapped);
        done(g, &f);
    }
}

static void test_forms_that_are_not(void **state)
{
    (void)state;
    lt_graph *g = lt_graph_new();
    lt_tensor *x = image(g, "x"), *odd = lt_conv2d(g, "a", lt_resize(g, x, 7, 8), 8, 3);
    lt_tensor *twice = lt_resize(g, x, 8, 8), *both = lt_conv2d(g, "b", twice, 8, 3);
    lt_tensor *point = lt_conv2d(g, "c", lt_resize(g, x, 8, 8), 8, 1);
    lt_output(g, "odd", odd);
    lt_output(g, "sum", lt_add(g, lt_scale(g, both, 2, 0), lt_scale(g, twice, 2, 0)));
    lt_output(g, "point", point);
    lt_fused f = fuse(g);
    assert_int_equal(f.node[odd->id].form, LT_FUSED_PLAIN);
    assert_int_equal(f.node[both->id].form, LT_FUSED_PLAIN);
    assert_int_equal(f.node[point->id].form, LT_FUSED_PLAIN);
    done(g, &f);
}

/* q, k and v of one x are one product; k and v of a text one, and q its own. */
static void test_wide_products(void **state)
{
    (void)state;
    for (int cross = 0; cross < 2; cross++) {
        lt_graph *g = lt_graph_new();
        lt_shape rows = {.ndim = 3, .dim = {2, 6, 8}};
        lt_tensor *x = lt_input(g, "x", LT_F32, rows),
                  *t = cross ? lt_input(g, "t", LT_F32, rows) : x;
        lt_tensor *q = lt_linear(g, "q", x, 8, false), *k = lt_linear(g, "k", t, 8, false);
        lt_tensor *v = lt_linear(g, "v", t, 8, false);
        lt_output(g, "y", lt_attention(g, q, k, v, 2, false));
        lt_fused f = fuse(g);
        lt_tensor *first = cross ? k : q;
        const lt_tensor *wide = lt_graph_node(f.graph, first->id);
        assert_int_equal(f.node[first->id].parts, cross ? 2 : 3);
        assert_int_equal(wide->shape.dim[2], cross ? 16 : 24);
        assert_ptr_equal(f.node[first->id].weight[cross ? 1 : 2], v->weight);
        assert_true(f.node[v->id].view && !f.node[v->id].needed && f.node[first->id].needed);
        assert_int_equal(lt_graph_node(f.graph, v->id)->u.slice.from, cross ? 8 : 16);
        assert_true(lt_fused_flop(&f, wide) == lt_tensor_flop(q) * (cross ? 2 : 3));
        done(g, &f);
    }
}

/* A key that somebody else reads stays a product of its own. */
static void test_key_read_elsewhere(void **state)
{
    (void)state;
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_input(g, "x", LT_F32, (lt_shape){.ndim = 3, .dim = {2, 6, 8}});
    lt_tensor *q = lt_linear(g, "q", x, 8, false), *k = lt_linear(g, "k", x, 8, false);
    lt_tensor *y = lt_attention(g, q, k, lt_linear(g, "v", x, 8, false), 2, false);
    lt_output(g, "y", lt_add(g, lt_scale(g, k, 2, 0), y));
    lt_fused f = fuse(g);
    assert_int_equal(f.node[q->id].parts, 1);
    assert_int_equal(f.node[k->id].parts, 1);
    assert_int_equal(lt_graph_node(f.graph, k->id)->op, LT_OP_LINEAR);
    done(g, &f);
}

/* A skip: the norm and the shortcut read both parts, and nobody makes the concat. */
static void test_concat_read_in_two(void **state)
{
    (void)state;
    for (int tapped = 0; tapped < 2; tapped++) {
        lt_graph *g = lt_graph_new();
        lt_tensor *a = image(g, "a"), *b = image(g, "b"), *both = lt_concat(g, a, b);
        lt_tensor *norm = lt_group_norm(g, "norm", both, 4, 1e-5F);
        lt_tensor *h = lt_conv2d(g, "conv", lt_activation(g, LT_SILU, norm), 8, 3);
        lt_tensor *shortcut = lt_conv2d(g, "shortcut", both, 8, 1);
        lt_tensor *y = lt_output(g, "y", lt_add(g, h, shortcut));
        if (tapped)
            lt_output(g, "both", both);
        lt_fused f = fuse(g);
        const lt_tensor *sum = lt_graph_node(f.graph, y->id);
        assert_true(f.node[y->id].two);
        assert_int_equal(sum->nsrc, 3);
        assert_int_equal(sum->src[0]->id, a->id);
        assert_int_equal(sum->src[1]->id, b->id);
        assert_int_equal(lt_fused_extra(&f, sum)->id, h->id);
        assert_true(lt_fused_flop(&f, sum) == lt_tensor_flop(shortcut));
        const lt_tensor *silu = lt_graph_node(f.graph, h->id)->src[0];
        assert_true(f.node[silu->id].two && silu->op == LT_OP_GROUP_NORM && silu->nsrc == 2);
        assert_int_equal(f.node[both->id].needed, tapped);
        done(g, &f);
    }
}

/* A 3x3 convolution reads neighbours in all channels: the concat is made. */
static void test_concat_that_is_made(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *both = lt_concat(g, image(g, "a"), image(g, "b"));
    lt_tensor *norm = lt_output(g, "y", lt_group_norm(g, "norm", both, 4, 1e-5F));
    lt_output(g, "z", lt_conv2d(g, "conv", both, 8, 3));
    lt_fused f = fuse(g);
    (void)state;
    assert_true(f.node[both->id].needed);
    assert_false(f.node[norm->id].two);
    assert_int_equal(lt_graph_node(f.graph, norm->id)->nsrc, 1);
    done(g, &f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_products),
        cmocka_unit_test(test_product_read_twice),
        cmocka_unit_test(test_added_to_itself),
        cmocka_unit_test(test_shift_norm_activation),
        cmocka_unit_test(test_norm_of_images),
        cmocka_unit_test(test_activations_that_stay),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_forms_that_are_not),
        cmocka_unit_test(test_wide_products),
        cmocka_unit_test(test_key_read_elsewhere),
        cmocka_unit_test(test_concat_read_in_two),
        cmocka_unit_test(test_concat_that_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
