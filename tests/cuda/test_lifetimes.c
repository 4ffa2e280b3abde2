/*
 * test_lifetimes.c - the block of values of every network, walked as it runs, with no help of the
 * planner: nothing is read that was not written, that another value has taken, or that lies where
 * the result goes.  Granules of 64 bytes remember who wrote them last.
 */
#include <stdlib.h>

#include "cuda/steps.h"
#include "model_graphs.h"
#include "support/check.h"

enum { GRANULE = 64, NOBODY = -1 };

typedef struct walk {
    lt_fused fused;
    lt_fused_plan plan;
    lt_dtype dtype;
    int *owner; /* [granules] */
    long steps; /* that were walked */
} walk;

/* The node that writes the bytes that t is read from. */
static const lt_tensor *writer(const walk *w, const lt_tensor *t)
{
    while (t->op == LT_OP_RESHAPE || w->fused.node[t->id].view)
        t = t->src[0];
    return t;
}

typedef struct range {
    size_t from, to; /* granules */
} range;

static range range_of(const walk *w, const lt_tensor *t)
{
    size_t size = lt_dtype_size(t->dtype == LT_I32 ? LT_I32 : w->dtype);
    size_t at = lt_fused_plan_offset(&w->plan, t), bytes = (size_t)lt_shape_count(&t->shape) * size;
    assert_true(at % GRANULE == 0 && at + bytes <= w->plan.values.bytes);
    return (range){at / GRANULE, (at + bytes + GRANULE - 1) / GRANULE};
}

static void take(walk *w, const lt_tensor *t)
{
    range r = range_of(w, t);
    for (size_t i = r.from; i < r.to; i++)
        w->owner[i] = t->id;
}

static void check_owned(const walk *w, const lt_tensor *t, const lt_tensor *reader)
{
    const lt_tensor *from = writer(w, t);
    range r = range_of(w, from);
    for (size_t i = r.from; i < r.to; i++)
        if (w->owner[i] != from->id)
            fail_msg("%s '%s' (%d) reads '%s' (%d), but byte %zu is of node %d",
                     lt_op_name(reader->op), reader->name, reader->id, from->name, from->id,
                     i * GRANULE, w->owner[i]);
}

/* A result may lie on its addend, exactly; on nothing else that the step reads. */
static void check_apart(const walk *w, const lt_tensor *t)
{
    bool product = t->op == LT_OP_CONV2D || t->op == LT_OP_LINEAR;
    const lt_tensor *addend = product ? lt_fused_extra(&w->fused, t) : NULL;
    range y = range_of(w, t);
    for (int i = 0; i < t->nsrc; i++) {
        range x = range_of(w, writer(w, t->src[i]));
        bool onto = t->src[i] == addend && x.from == y.from && x.to == y.to;
        if (!onto && x.from < y.to && y.from < x.to)
            fail_msg("%s '%s' (%d) writes over its own source %d", lt_op_name(t->op), t->name,
                     t->id, i);
    }
}

/* One run in which the inputs of `stale` were written. */
static void walk_run(walk *w, uint32_t stale)
{
    const lt_graph *g = w->fused.graph;
    for (int id = 0; id < lt_graph_nodes(g); id++) {
        const lt_tensor *t = lt_graph_node(g, id);
        if (t->op == LT_OP_INPUT && (w->plan.inputs[id] & stale))
            take(w, t);
    }
    for (int id = 0; id < lt_graph_nodes(g); id++) {
        const lt_tensor *t = lt_graph_node(g, id);
        if (!lt_cuda_step_works(&w->fused, t) || !(w->plan.inputs[id] & stale))
            continue;
        for (int i = 0; i < t->nsrc; i++)
            check_owned(w, t->src[i], t);
        check_apart(w, t);
        take(w, t);
        w->steps++;
    }
    for (int id = 0; id < lt_graph_nodes(g); id++)
        if (lt_graph_node(g, id)->output)
            check_owned(w, lt_graph_node(g, id), lt_graph_node(g, id));
}

/* All inputs, then every set of them that a run could write, twice over. */
static void walk_graph(const lt_graph *g, lt_dtype dtype)
{
    walk w = {.dtype = dtype};
    CHECK_OK(lt_fuse(g, LT_FUSE_CONCAT, &w.fused, err));
    CHECK_OK(lt_fused_plan_make(&w.fused, dtype, &w.plan, err));
    size_t granules = w.plan.values.bytes / GRANULE + 1;
    w.owner = malloc(granules * sizeof *w.owner);
    for (size_t i = 0; i < granules; i++)
        w.owner[i] = NOBODY;
    walk_run(&w, w.plan.all);
    for (uint32_t stale = 1; stale <= w.plan.all; stale++)
        walk_run(&w, stale);
    for (uint32_t stale = w.plan.all; stale > 0; stale--)
        walk_run(&w, stale);
    assert_true(w.steps > 5);
    free(w.owner);
    lt_fused_plan_done(&w.plan);
    lt_fused_done(&w.fused);
}

static void walk_model(const char *variant, int n, int h, int w)
{
    model_configs c = model_configs_read(variant);
    for (int part = 0; part < MODEL_GRAPHS; part++) {
        lt_graph *g = model_graph(&c, (model_part)part, n, h, w);
        walk_graph(g, LT_F16);
        lt_graph_free(g);
    }
}

static void test_tiny(void **state)
{
    static const char *const variants[] = {"sd1", "sd2", "odd", "bk-tiny", "small-sd", "turbo"};
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        walk_model(variants[i], 1, 8, 8);
        walk_model(variants[i], 3, 5, 7);
    }
}

static void test_full_size(void **state)
{
    (void)state;
    walk_model("sd14", 1, 64, 64);
    walk_model("sd14", 2, 24, 40);
}

/* With every tap an output. */
static void test_taps(void **state)
{
    model_configs c = model_configs_read("sd1");
    lt_graph *g = lt_graph_new();
    (void)state;
    lt_want(g, "*");
    lt_tensor *latents = lt_input(g, "latents", LT_F32, (lt_shape){.ndim = 4, .dim = {1, 6, 6, 4}});
    lt_tensor *shifts =
        lt_input(g, "shifts", LT_F32, (lt_shape){.ndim = 2, .dim = {1, lt_unet_shifts(&c.unet)}});
    lt_tensor *text = lt_input(g, "text", LT_F32,
                               (lt_shape){.ndim = 3, .dim = {2, 77, c.unet.cross_attention_dim}});
    lt_output(g, "out", lt_unet(g, &c.unet, latents, shifts, text));
    CHECK_OK(lt_graph_ok(g, err));
    walk_graph(g, LT_F32);
    lt_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_full_size),
        cmocka_unit_test(test_taps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
