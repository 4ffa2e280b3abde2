/* test_plan.c - no two values that are alive together share a byte; memory is reused. */
#define _POSIX_C_SOURCE 200809L
#include "tensor/plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

static lt_shape tokens(int64_t n)
{
    return (lt_shape){.ndim = 2, .dim = {1, n}};
}

/* A random graph of additions, reshapes and outputs over vectors of different lengths. */
static lt_graph *random_graph(unsigned *seed)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *made[64];
    int count = 0;
    made[count++] = lt_input(g, "a", LT_F32, tokens(1 + rand_r(seed) % 50));
    made[count++] = lt_input(g, "b", LT_F32, tokens(1 + rand_r(seed) % 50));
    while (count < 64) {
        lt_tensor *x = made[rand_r(seed) % count], *y = made[rand_r(seed) % count];
        char name[16];
        snprintf(name, sizeof name, "out%d", count);
        switch (rand_r(seed) % 4) {
        case 0:
            x = lt_add(g, x, x);
            break;
        case 1:
            x = lt_reshape(g, x, x->shape);
            break;
        case 2:
            x = lt_shape_count(&x->shape) + lt_shape_count(&y->shape) < 5000 ? lt_concat(g, x, y)
                                                                             : x;
            break;
        default:
            x = rand_r(seed) % 4 ? lt_activation(g, LT_SILU, x) : lt_output(g, name, x);
            break;
        }
        made[count++] = x;
    }
    CHECK_OK(lt_graph_ok(g, err));
    return g;
}

/* Replays the graph: every byte remembers which root was written last, and must still hold the
 * right one whenever it is read, outputs at the end included.  What is kept is written before all
 * else and never again, as in a run that need not compute it. */
static void replay(const lt_graph *g, const lt_plan_hints *h, const lt_plan *plan)
{
    int nodes = lt_graph_nodes(g), *owner = malloc(plan->bytes * sizeof *owner);
    for (int pass = 0; pass < 2; pass++)
        for (int id = 0; id < nodes; id++) {
            const lt_tensor *t = lt_graph_node(g, id);
            bool early = t->op == LT_OP_INPUT || (h->keep && h->keep[id]);
            int root = plan->root[id];
            for (int k = 0; pass == 1 && k < t->nsrc; k++) {
                int from = plan->root[t->src[k]->id];
                for (size_t b = 0; b < h->size[from]; b++)
                    assert_int_equal(owner[plan->offset[from] + b], from);
                /* a node writes over what it reads only where it may */
                assert_true(root != from || t->op == LT_OP_RESHAPE ||
                            (h->onto && h->onto[id] == t->src[k]->id));
            }
            if (t->op == LT_OP_RESHAPE || early != (pass == 0))
                continue;
            assert_true(root == id || !early);
            assert_int_equal(plan->offset[root] % 64, 0);
            assert_true(plan->offset[root] + h->size[id] <= plan->bytes);
            for (size_t b = 0; b < h->size[id]; b++)
                owner[plan->offset[root] + b] = root;
        }
    for (int id = 0; id < nodes; id++)
        if (lt_graph_node(g, id)->output) {
            int root = plan->root[id];
            for (size_t b = 0; b < h->size[root]; b++)
                assert_int_equal(owner[plan->offset[root] + b], root);
        }
    free(owner);
}

static size_t *sizes_of(const lt_graph *g)
{
    size_t *size = malloc((size_t)lt_graph_nodes(g) * sizeof *size);
    for (int i = 0; i < lt_graph_nodes(g); i++)
        size[i] = 4 * (size_t)lt_shape_count(&lt_graph_node(g, i)->shape);
    return size;
}

static void test_random_graphs(void **state)
{
    (void)state;
    unsigned seed = 1;
    int taken = 0;
    for (int i = 0; i < 300; i++) {
        lt_graph *g = random_graph(&seed);
        int nodes = lt_graph_nodes(g), *onto = malloc((size_t)nodes * sizeof *onto);
        bool *keep = calloc((size_t)nodes, sizeof *keep);
        size_t *size = sizes_of(g);
        for (int id = 0; id < nodes; id++) {
            const lt_tensor *t = lt_graph_node(g, id);
            onto[id] = t->nsrc ? t->src[rand_r(&seed) % t->nsrc]->id : -1;
            keep[id] = t->op != LT_OP_RESHAPE && rand_r(&seed) % 10 == 0;
        }
        for (int hinted = 0; hinted < 2; hinted++) {
            lt_plan_hints hints = {
                .size = size, .keep = hinted ? keep : NULL, .onto = hinted ? onto : NULL};
            lt_plan plan;
            CHECK_OK(lt_plan_make(g, &hints, &plan, err));
            replay(g, &hints, &plan);
            for (int id = 0; hinted && id < nodes; id++)
                taken += plan.root[id] != id && lt_graph_node(g, id)->op != LT_OP_RESHAPE;
            lt_plan_done(&plan);
        }
        free(onto);
        free(keep);
        free(size);
        lt_graph_free(g);
    }
    assert_true(taken > 100);
}

/* A view has no bytes; what it looks into lives until its readers are done. */
static void test_views(void **state)
{
    (void)state;
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_activation(g, LT_SILU, lt_input(g, "x", LT_F32, tokens(64)));
    lt_tensor *part = lt_slice(g, x, 0, 32), *other = lt_scale(g, x, 2, 0);
    lt_output(g, "out", lt_concat(g, lt_scale(g, part, 1, 1), other));
    size_t *size = sizes_of(g);
    bool view[8] = {false};
    view[part->id] = true;
    lt_plan plan;
    CHECK_OK(lt_plan_make(g, &(lt_plan_hints){.size = size, .view = view}, &plan, err));
    assert_int_equal(plan.root[part->id], x->id);
    assert_true(plan.offset[part->id] == SIZE_MAX);
    assert_true(plan.offset[other->id] != plan.offset[x->id]);
    lt_plan_done(&plan);
    free(size);
    lt_graph_free(g);
}

/* A chain of any length needs its input, its output and two values between them. */
static void test_chain_reuses_memory(void **state)
{
    (void)state;
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_input(g, "x", LT_F32, tokens(256));
    for (int i = 0; i < 100; i++)
        x = lt_activation(g, LT_SILU, x);
    lt_output(g, "out", x);
    size_t *size = sizes_of(g);
    lt_plan plan;
    CHECK_OK(lt_plan_make(g, &(lt_plan_hints){.size = size}, &plan, err));
    assert_int_equal(plan.bytes, 3 * 1024);
    lt_plan_done(&plan);
    free(size);
    lt_graph_free(g);
}

static void test_too_large(void **state)
{
    (void)state;
    lt_graph *g = lt_graph_new();
    lt_activation(g, LT_SILU, lt_input(g, "x", LT_F32, tokens(4)));
    size_t size[2] = {SIZE_MAX / 2, SIZE_MAX / 2};
    lt_plan plan;
    CHECK_FAILS(lt_plan_make(g, &(lt_plan_hints){.size = size}, &plan, err), LT_ERR_MEMORY,
                "cannot plan the memory");
    lt_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_graphs),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_chain_reuses_memory),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
