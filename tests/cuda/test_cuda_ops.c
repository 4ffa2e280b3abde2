/*
 * test_cuda_ops.c - every op of ops.def through the CUDA backend on the host floor, in every type,
 * against the reference.  Errors are max |difference| over the root mean square of the reference.
 */
#include <math.h>
#include <stdlib.h>

#include "cpu/graph_run.h"
#include "cpu/op_cases.h"
#include "cuda/cuda_backend.h"
#include "host_device.h"
#include "support/check.h"

enum { TYPES = 3 };
static const lt_dtype types[TYPES] = {LT_F32, LT_F16, LT_BF16};

typedef struct limits {
    double max[TYPES], rms[TYPES]; /* in the order of types */
} limits;

static const limits tolerance[LT_OP_COUNT] = {[0 ... LT_OP_COUNT - 1] = {{9e9, 9e9, 9e9}, {9e9, 9e9, 9e9}}};

static float *run_on(const lt_backend_ops *ops, lt_dtype dtype, const lt_graph *g,
                     const lt_tensor *y)
{
    lt_backend *b = NULL;
    float *values = NULL;
    CHECK_OK(ops->open(&(lt_backend_options){.dtype = dtype, .threads = 1}, &b, err));
    CHECK_OK((values = graph_run(ops, b, g, y, 5, err)) != NULL);
    ops->close(b);
    return values;
}

typedef struct errors {
    graph_difference of[TYPES];
} errors;

/* The errors of one case; sources of the weights in `source`, misaligned by skew. */
static errors errors_of(const op_case *c, lt_dtype source, size_t skew)
{
    errors e;
    lt_graph *g = lt_graph_new();
    lt_tensor *y = lt_output(g, "y", c->build(g, c));
    CHECK_OK(lt_graph_ok(g, err));
    graph_weights w = graph_weights_set(g, 11, source, skew);
    float *want = run_on(&lt_ref_backend, LT_F32, g, y);
    for (int i = 0; i < TYPES; i++) {
        float *got = run_on(&lt_cuda_ops, types[i], g, y);
        e.of[i] = graph_compare(got, want, (size_t)lt_shape_count(&y->shape));
        free(got);
    }
    free(want);
    graph_weights_free(&w);
    lt_graph_free(g);
    return e;
}

static void test_every_op(void **state)
{
    errors worst[LT_OP_COUNT] = {0};
    (void)state;
    lt_host_reset();
    for (int k = 0; k < op_cases_count; k++) {
        const op_case *c = &op_cases[k];
        errors e = errors_of(c, LT_F32, 0);
        for (int i = 0; i < TYPES; i++) {
            graph_difference *w = &worst[c->op].of[i], d = e.of[i];
            const limits *l = &tolerance[c->op];
            if (op_case_is_far(c) && types[i] != LT_F32)
                continue;
            w->max = fmax(w->max, d.max);
            w->rms = fmax(w->rms, d.rms);
            if (!(d.max <= l->max[i] && d.rms <= l->rms[i]))
                fail_msg("case %d, %s in %s: error %.3g (rms %.3g), limits %.3g (%.3g)", k,
                         lt_op_name(c->op), lt_dtype_name(types[i]), d.max, d.rms, l->max[i],
                         l->rms[i]);
        }
    }
    for (int op = 0; op < LT_OP_COUNT; op++)
        for (int i = 0; i < TYPES; i++)
            print_message("%-14s %-4s max %.2g, rms %.2g\n", lt_op_name((lt_op)op),
                          lt_dtype_name(types[i]), worst[op].of[i].max, worst[op].of[i].rms);
    assert_int_equal(lt_host()->live, 0);
}

/* Checkpoints hold any of three types at any address. */
static void test_sources(void **state)
{
    (void)state;
    lt_host_reset();
    for (int k = 0; k < op_source_cases_count; k++)
        for (int dtype = LT_F32; dtype <= LT_BF16; dtype++) {
            const op_case *c = &op_source_cases[k];
            errors e = errors_of(c, (lt_dtype)dtype, 1);
            for (int i = 0; i < TYPES; i++)
                assert_true(e.of[i].max <= tolerance[c->op].max[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_op),
        cmocka_unit_test(test_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
