/*
 * test_ops.c - every op of ops.def on the CPU backend against the reference, in every dtype that
 * the processor has.  Errors are max |difference| over the root mean square of the reference.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/cpu.h"
#include "graph_run.h"
#include "op_cases.h"
#include "support/check.h"

typedef struct limits {
    double f32_max, f32_rms, bf16_max, bf16_rms;
} limits;

/* Measured in the comments, in the same order, on a Zen 5 with AVX-512 and AVX512-BF16; the limits
 * are about twice that, because other processors sum in another order.  f32 errors are those of
 * sums in float32.  bf16 errors are one rounding of the result, 2^-9 of values that are up to five
 * times the root mean square, and of the weights inside attention. */
static const limits tolerance[LT_OP_COUNT] = {
    [LT_OP_CONV2D] = {2e-5, 1e-6, 0.03, 0.004},     /* 9.3e-6 4.7e-7 0.015 0.0022 */
    [LT_OP_LINEAR] = {5e-6, 5e-7, 0.03, 0.004},     /* 2.3e-6 2.2e-7 0.015 0.0018 */
    [LT_OP_GROUP_NORM] = {3e-6, 3e-7, 0.04, 0.005}, /* 1.5e-6 1.3e-7 0.025 0.0027 */
    [LT_OP_LAYER_NORM] = {5e-6, 5e-7, 0.03,
                          0.004}, /* 9.2e-7 8.6e-8 0.015 0.0017; f32 sanitized 2.5e-6 2.5e-7 */
    [LT_OP_ACTIVATION] = {1e-6, 1e-7, 0.03, 0.004},    /* 4.0e-7 5.3e-8 0.013 0.0021 */
    [LT_OP_GEGLU] = {1e-5, 4e-7, 0.08, 0.004},         /* 5.5e-6 1.9e-7 0.044 0.0017 */
    [LT_OP_ATTENTION] = {1e-5, 1.5e-6, 0.06, 0.005},   /* 4.7e-6 6.4e-7 0.030 0.0024: the first
                                                          rows of a causal one are larger */
    [LT_OP_ATTENTION_MAP] = {4e-6, 2e-7, 0.06, 0.005}, /* 1.6e-6 7.2e-8 0.029 0.0024 */
    [LT_OP_ADD] = {0, 0, 0.02, 0.003},                 /* 0 0 0.012 0.0018 */
    [LT_OP_CONCAT] = {0, 0, 0, 0},
    [LT_OP_REPEAT] = {0, 0, 0, 0},
    [LT_OP_RESIZE] = {0, 0, 0, 0},
    [LT_OP_EMBED] = {0, 0, 0.02, 0.003}, /* 0 0 0.0096 0.0018 */
    [LT_OP_SLICE] = {0, 0, 0, 0},
    [LT_OP_SCALE] = {1e-6, 1e-7, 0.02, 0.003}, /* 0 0 0.0061 0.0016; fma: one rounding less */
    [LT_OP_RGB] = {0, 0, 0, 0},                /* the inputs have 8 bits: no type rounds them */
    [LT_OP_RESHAPE] = {0, 0, 0, 0},
};

static lt_backend *open_backend(const lt_backend_ops *ops, lt_dtype dtype, int threads)
{
    lt_backend *b = NULL;
    lt_backend_options options = {.dtype = dtype, .threads = threads};
    CHECK_OK(ops->open(&options, &b, err));
    return b;
}

static float *run_on(const lt_backend_ops *ops, lt_dtype dtype, const lt_graph *g,
                     const lt_tensor *y)
{
    lt_backend *b = open_backend(ops, dtype, 2);
    float *values = NULL;
    CHECK_OK((values = graph_run(ops, b, g, y, 5, err)) != NULL);
    ops->close(b);
    return values;
}

/* The error of one case; sources of the weights in `source`, misaligned by skew. */
static graph_difference error_of(const op_case *c, lt_dtype dtype, lt_dtype source, size_t skew)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *y = lt_output(g, "y", c->build(g, c));
    CHECK_OK(lt_graph_ok(g, err));
    graph_weights w = graph_weights_set(g, 11, source, skew);
    float *want = run_on(&lt_ref_backend, LT_F32, g, y);
    float *got = run_on(&lt_cpu_backend, dtype, g, y);
    graph_difference d = graph_compare(got, want, (size_t)lt_shape_count(&y->shape));
    free(want);
    free(got);
    graph_weights_free(&w);
    lt_graph_free(g);
    return d;
}

static void check_all(lt_dtype dtype)
{
    graph_difference worst[LT_OP_COUNT] = {{0}};
    for (int i = 0; i < op_cases_count; i++) {
        const op_case *c = &op_cases[i];
        if (op_case_is_far(c) && dtype == LT_BF16)
            continue;
        graph_difference d = error_of(c, dtype, LT_F32, 0);
        const limits *l = &tolerance[c->op];
        double max = dtype == LT_F32 ? l->f32_max : l->bf16_max;
        double rms = dtype == LT_F32 ? l->f32_rms : l->bf16_rms;
        worst[c->op].max = fmax(worst[c->op].max, d.max);
        worst[c->op].rms = fmax(worst[c->op].rms, d.rms);
        if (!(d.max <= max && d.rms <= rms))
            fail_msg("case %d, %s in %s: error %.3g (rms %.3g), limits %.3g (%.3g)", i,
                     lt_op_name(c->op), lt_dtype_name(dtype), d.max, d.rms, max, rms);
    }
    for (int op = 0; op < LT_OP_COUNT; op++)
        print_message("%-14s %-4s max %.2g, rms %.2g\n", lt_op_name((lt_op)op),
                      lt_dtype_name(dtype), worst[op].max, worst[op].rms);
}

static void test_f32(void **state)
{
    (void)state;
    check_all(LT_F32);
}

static void test_bf16(void **state)
{
    bool fast;
    (void)state;
    if (!lt_cpu_backend.supports(LT_BF16, &fast))
        skip();
    check_all(LT_BF16);
}

static void test_every_op_has_a_case(void **state)
{
    (void)state;
    for (int op = 0; op < LT_OP_COUNT; op++) {
        bool found = op == LT_OP_INPUT; /* in all of them */
        for (int i = 0; i < op_cases_count; i++)
            found = found || op_cases[i].op == (lt_op)op;
        if (!found)
            fail_msg("no case for %s", lt_op_name((lt_op)op));
    }
}

/* Checkpoints hold any of three types at any address. */
static void test_sources(void **state)
{
    (void)state;
    for (int i = 0; i < op_source_cases_count; i++)
        for (int dtype = LT_F32; dtype <= LT_BF16; dtype++) {
            const op_case *c = &op_source_cases[i];
            graph_difference d = error_of(c, LT_F32, (lt_dtype)dtype, 1);
            assert_true(d.max <= tolerance[c->op].f32_max);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_op_has_a_case),
        cmocka_unit_test(test_f32),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
