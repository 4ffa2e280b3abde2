/* test_fused_plan.c - what depends on which input, and what must survive from run to run. */
#include <stdio.h>

#include "support/check.h"
#include "tensor/fused_plan.h"

enum { C = 8 };

static lt_tensor *input(lt_graph *g, const char *name, int rows)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = 3, .dim = {1, rows, C}});
}

static bool overlap(const lt_fused_plan *p, const lt_tensor *a, size_t a_bytes, const lt_tensor *b,
                    size_t b_bytes)
{
    size_t at = lt_fused_plan_offset(p, a), other = lt_fused_plan_offset(p, b);
    return at < other + b_bytes && other < at + a_bytes;
}

/* Keys of a text outlive the run: whatever the other input's nodes do, they do it elsewhere. */
static void test_kept(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *x = input(g, "x", 32), *text = input(g, "text", 4);
    lt_tensor *q = lt_linear(g, "q", x, C, false), *k = lt_linear(g, "k", text, C, false);
    lt_tensor *v = lt_linear(g, "v", text, C, false);
    lt_tensor *y = lt_attention(g, q, k, v, 2, false);
    for (int i = 0; i < 4; i++)
        y = lt_scale(g, y, 0.5F, 0);
    lt_output(g, "y", y);
    lt_fused f;
    lt_fused_plan p;
    (void)state;
    CHECK_OK(lt_fuse(g, 0, &f, err));
    CHECK_OK(lt_fused_plan_make(&f, LT_F16, &p, err));
    assert_int_equal(p.all, 3);
    assert_int_equal(p.inputs[q->id], 1);
    assert_int_equal(p.inputs[k->id], 2);
    assert_int_equal(p.inputs[y->id], 3);
    const lt_tensor *wide = lt_graph_node(f.graph, k->id);
    assert_int_equal(wide->shape.dim[2], 2 * C);
    assert_int_equal(lt_fused_plan_offset(&p, v), lt_fused_plan_offset(&p, k));
    for (int id = 0; id < lt_graph_nodes(g); id++) {
        const lt_tensor *t = lt_graph_node(f.graph, id);
        if (id != k->id && id != v->id && f.node[id].needed)
            assert_false(overlap(&p, t, (size_t)lt_shape_count(&t->shape) * 2, wide,
                                 (size_t)lt_shape_count(&wide->shape) * 2));
    }
    lt_fused_plan_done(&p);
    lt_fused_done(&f);
    lt_graph_free(g);
}

/* A product lands on its addend, also where it reads both parts of a concat. */
static void test_onto_addend(void **state)
{
    (void)state;
    for (int joins = 0; joins <= LT_FUSE_CONCAT; joins += LT_FUSE_CONCAT) {
        lt_graph *g = lt_graph_new();
        lt_tensor *x = lt_scale(g, input(g, "x", 4), 2, 0), *skip = lt_scale(g, x, 3, 0);
        lt_tensor *first = lt_linear(g, "first", x, C, true);
        lt_tensor *second = lt_linear(g, "second", lt_concat(g, x, skip), C, true);
        lt_tensor *y = lt_output(g, "y", lt_scale(g, lt_add(g, first, second), 2, 0));
        lt_fused f;
        lt_fused_plan p;
        CHECK_OK(lt_fuse(g, (unsigned)joins, &f, err));
        CHECK_OK(lt_fused_plan_make(&f, LT_F32, &p, err));
        const lt_tensor *sum = lt_graph_node(f.graph, y->id)->src[0];
        assert_int_equal(f.node[sum->id].two, joins != 0);
        assert_int_equal(lt_fused_extra(&f, sum)->id, first->id);
        assert_int_equal(p.values.root[sum->id], first->id);
        lt_fused_plan_done(&p);
        lt_fused_done(&f);
        lt_graph_free(g);
    }
}

static void test_too_many_inputs(void **state)
{
    char name[8];
    lt_graph *g = lt_graph_new();
    lt_fused f;
    lt_fused_plan p;
    (void)state;
    for (int i = 0; i < 33; i++) {
        snprintf(name, sizeof name, "x%d", i);
        lt_output(g, "y", lt_scale(g, input(g, name, 1), 2, 0));
    }
    CHECK_OK(lt_fuse(g, 0, &f, err));
    CHECK_FAILS(lt_fused_plan_make(&f, LT_F32, &p, err), LT_ERR_MODEL, "more than 32 inputs");
    lt_fused_done(&f);
    lt_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_onto_addend),
        cmocka_unit_test(test_too_many_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
