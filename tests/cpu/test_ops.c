/*
 * test_ops.c - every op of ops.def on the CPU backend against the reference, in every dtype that
 * the processor has.  Errors are max |difference| over the root mean square of the reference.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/cpu.h"
#include "graph_run.h"
#include "support/check.h"

typedef struct op_case op_case;
typedef lt_tensor *build_case(lt_graph *g, const op_case *c);
struct op_case {
    lt_op op; /* what is tested; its tolerance applies */
    build_case *build;
    int n, h, w, c, o; /* o: outputs, heads, groups, tokens: as build says */
    int extra;
};

static lt_tensor *image(lt_graph *g, const op_case *c, const char *name)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = 4, .dim = {c->n, c->h, c->w, c->c}});
}

static lt_tensor *rows(lt_graph *g, const char *name, int n, int s, int c)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = 3, .dim = {n, s, c}});
}

static lt_tensor *conv(lt_graph *g, const op_case *c)
{
    return lt_conv2d(g, "conv", image(g, c, "x"), c->o, c->extra);
}

static lt_tensor *conv_down(lt_graph *g, const op_case *c)
{
    return lt_conv2d_down(g, "conv", image(g, c, "x"), c->o, c->extra != 0);
}

static lt_tensor *linear(lt_graph *g, const op_case *c)
{
    return lt_linear(g, "fc", rows(g, "x", c->n, c->h, c->c), c->o, c->extra != 0);
}

static lt_tensor *vector(lt_graph *g, const op_case *c)
{
    lt_shape s = {.ndim = 2, .dim = {c->n, c->c}};
    return lt_linear(g, "fc", lt_input(g, "x", LT_F32, s), c->o, true);
}

static lt_tensor *group_norm(lt_graph *g, const op_case *c)
{
    return lt_group_norm(g, "norm", image(g, c, "x"), c->o, 1e-5F);
}

/* A mean of 100 times the deviation: sums of squares without it would lose everything. */
static lt_tensor *group_norm_far(lt_graph *g, const op_case *c)
{
    lt_tensor *x = lt_scale(g, image(g, c, "x"), 1.0F, 100.0F);
    return lt_group_norm(g, "norm", x, c->o, 1e-5F);
}

static lt_tensor *layer_norm(lt_graph *g, const op_case *c)
{
    return lt_layer_norm(g, "norm", rows(g, "x", c->n, c->h, c->c), 1e-5F);
}

static lt_tensor *activation(lt_graph *g, const op_case *c)
{
    return lt_activation(g, (lt_act)c->extra, rows(g, "x", c->n, c->h, c->c));
}

static lt_tensor *geglu(lt_graph *g, const op_case *c)
{
    return lt_geglu(g, rows(g, "x", c->n, c->h, c->c));
}

/* A linear and its geglu: c wide, o after it. */
static lt_tensor *gated(lt_graph *g, const op_case *c)
{
    return lt_geglu(g, lt_linear(g, "fc", rows(g, "x", c->n, c->h, c->c), 2 * c->o, c->extra != 0));
}

/* Three linears of one x, or two of one text, and the attention of o heads that reads them. */
static lt_tensor *attention_of_linears(lt_graph *g, const op_case *c)
{
    lt_tensor *x = rows(g, "x", c->n, c->h, c->c);
    lt_tensor *text = c->w ? rows(g, "text", c->n, c->w, c->c / 2) : x;
    lt_tensor *q = lt_linear(g, "q", x, c->c, c->extra != 0);
    lt_tensor *k = lt_linear(g, "k", text, c->c, c->extra != 0);
    return lt_attention(g, q, k, lt_linear(g, "v", text, c->c, c->extra != 0), c->o, false);
}

/* Doubled, then a 3x3 convolution. */
static lt_tensor *upsample(lt_graph *g, const op_case *c)
{
    return lt_conv2d(g, "conv", lt_resize(g, image(g, c, "x"), 2 * c->h, 2 * c->w), c->o, 3);
}

/* h queries, w tokens, o heads */
static lt_tensor *attention(lt_graph *g, const op_case *c)
{
    lt_tensor *q = rows(g, "q", c->n, c->h, c->c), *k = rows(g, "k", c->n, c->w, c->c);
    return lt_attention(g, q, k, rows(g, "v", c->n, c->w, c->c), c->o, c->extra != 0);
}

static lt_tensor *attention_map(lt_graph *g, const op_case *c)
{
    lt_want(g, "map");
    lt_tensor *attended = attention(g, c);
    return lt_graph_ok(g, &(lt_error){0}) ? lt_graph_node(g, attended->id - 1) : attended;
}

static lt_tensor *add(lt_graph *g, const op_case *c)
{
    return lt_add(g, image(g, c, "a"), image(g, c, "b"));
}

static lt_tensor *add_per_image(lt_graph *g, const op_case *c)
{
    lt_shape s = {.ndim = 2, .dim = {c->n, c->c}};
    return lt_add(g, image(g, c, "a"), lt_input(g, "b", LT_F32, s));
}

static lt_tensor *add_to_all(lt_graph *g, const op_case *c)
{
    lt_shape s = {.ndim = 2, .dim = {1, c->c}};
    return lt_add(g, image(g, c, "a"), lt_input(g, "b", LT_F32, s));
}

static lt_tensor *repeat(lt_graph *g, const op_case *c)
{
    return lt_repeat(g, image(g, c, "x"), c->o);
}

static lt_tensor *concat(lt_graph *g, const op_case *c)
{
    op_case other = *c;
    other.c = c->o;
    return lt_concat(g, image(g, c, "a"), image(g, &other, "b"));
}

static lt_tensor *resize(lt_graph *g, const op_case *c)
{
    return lt_resize(g, image(g, c, "x"), c->o, c->extra);
}

/* c wide, vocabulary 50 */
static lt_tensor *embed(lt_graph *g, const op_case *c)
{
    lt_shape s = {.ndim = 2, .dim = {c->n, c->h}};
    return lt_embed(g, "tokens", "positions", lt_input(g, "ids", LT_I32, s), 50, c->c);
}

static lt_tensor *slice(lt_graph *g, const op_case *c)
{
    return lt_slice(g, image(g, c, "x"), c->o, c->extra);
}

static lt_tensor *scale(lt_graph *g, const op_case *c)
{
    return lt_scale(g, image(g, c, "x"), 2.5F, -0.75F);
}

static lt_tensor *reshape(lt_graph *g, const op_case *c)
{
    lt_shape s = {.ndim = 3, .dim = {c->n, c->h * c->w, c->c}};
    return lt_scale(g, lt_reshape(g, image(g, c, "x"), s), 0.5F, 0.0F);
}

/* The patterns that are joined. */
static lt_tensor *conv_residual(lt_graph *g, const op_case *c)
{
    lt_tensor *x = image(g, c, "x");
    return lt_add(g, x, lt_conv2d(g, "conv", x, c->c, c->extra));
}

static lt_tensor *two_products(lt_graph *g, const op_case *c)
{
    lt_tensor *x = image(g, c, "x"), *near = lt_conv2d(g, "short", x, c->o, 1);
    return lt_add(g, near, lt_conv2d(g, "conv", x, c->o, 3));
}

static lt_tensor *linear_residual(lt_graph *g, const op_case *c)
{
    lt_tensor *x = rows(g, "x", c->n, c->h, c->c);
    return lt_add(g, lt_linear(g, "fc", x, c->c, c->extra != 0), x);
}

static lt_tensor *norm_silu(lt_graph *g, const op_case *c)
{
    return lt_activation(g, LT_SILU, group_norm(g, c));
}

static lt_tensor *shift_norm_silu(lt_graph *g, const op_case *c)
{
    lt_tensor *shifted = add_per_image(g, c);
    return lt_activation(g, LT_SILU, lt_group_norm(g, "norm", shifted, c->o, 1e-5F));
}

static lt_tensor *layer_norm_gelu(lt_graph *g, const op_case *c)
{
    return lt_activation(g, LT_GELU, layer_norm(g, c));
}

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
    [LT_OP_ATTENTION_MAP] = {4e-6, 2e-7, 0.02, 0.004}, /* 1.6e-6 7.2e-8 0.0086 0.0017 */
    [LT_OP_ADD] = {0, 0, 0.02, 0.003},                 /* 0 0 0.012 0.0018 */
    [LT_OP_CONCAT] = {0, 0, 0, 0},
    [LT_OP_REPEAT] = {0, 0, 0, 0},
    [LT_OP_RESIZE] = {0, 0, 0, 0},
    [LT_OP_EMBED] = {0, 0, 0.02, 0.003}, /* 0 0 0.0096 0.0018 */
    [LT_OP_SLICE] = {0, 0, 0, 0},
    [LT_OP_SCALE] = {1e-6, 1e-7, 0.02, 0.003}, /* 0 0 0.0061 0.0016; fma: one rounding less */
    [LT_OP_RESHAPE] = {0, 0, 0, 0},
};

static const op_case cases[] = {
    {LT_OP_CONV2D, conv, 1, 1, 1, 4, 8, 3},
    {LT_OP_CONV2D, conv, 2, 7, 5, 13, 7, 3},
    {LT_OP_CONV2D, conv, 3, 9, 11, 32, 48, 3},
    {LT_OP_CONV2D, conv, 1, 16, 16, 4, 320, 3},
    {LT_OP_CONV2D, conv, 1, 16, 16, 320, 4, 3},
    {LT_OP_CONV2D, conv, 1, 64, 64, 320, 32, 3},
    {LT_OP_CONV2D, conv, 2, 8, 8, 640, 64, 3},
    {LT_OP_CONV2D, conv, 2, 5, 3, 17, 33, 1},
    {LT_OP_CONV2D, conv, 1, 64, 64, 320, 64, 1},
    {LT_OP_CONV2D, conv, 1, 1, 1, 3, 1, 1},
    {LT_OP_CONV2D, upsample, 1, 1, 1, 3, 5, 0},
    {LT_OP_CONV2D, upsample, 2, 5, 7, 13, 11, 0},
    {LT_OP_CONV2D, upsample, 1, 16, 16, 64, 48, 0},
    {LT_OP_CONV2D, conv_down, 2, 8, 8, 16, 16, 0},
    {LT_OP_CONV2D, conv_down, 1, 7, 9, 5, 11, 0},
    {LT_OP_CONV2D, conv_down, 2, 8, 8, 16, 16, 1},
    {LT_OP_CONV2D, conv_down, 3, 9, 6, 7, 20, 1},
    {LT_OP_CONV2D, conv_down, 1, 64, 64, 128, 32, 1},
    {LT_OP_CONV2D, conv_residual, 2, 9, 7, 24, 0, 3},
    {LT_OP_CONV2D, conv_residual, 1, 32, 32, 64, 0, 3},
    {LT_OP_CONV2D, conv_residual, 3, 5, 5, 10, 0, 1},
    {LT_OP_CONV2D, two_products, 2, 6, 10, 12, 20, 0},
    {LT_OP_LINEAR, linear, 1, 1, 0, 1, 1, 1},
    {LT_OP_LINEAR, linear, 2, 77, 0, 64, 96, 1},
    {LT_OP_LINEAR, linear, 3, 5, 0, 13, 7, 0},
    {LT_OP_LINEAR, linear, 1, 4096, 0, 320, 40, 1},
    {LT_OP_LINEAR, linear, 1, 77, 0, 768, 320, 0},
    {LT_OP_LINEAR, linear, 2, 64, 0, 1280, 100, 1},
    {LT_OP_LINEAR, vector, 1, 0, 0, 320, 1280, 0},
    {LT_OP_LINEAR, vector, 3, 0, 0, 33, 65, 0},
    {LT_OP_LINEAR, linear_residual, 2, 33, 0, 40, 0, 1},
    {LT_OP_LINEAR, linear_residual, 1, 50, 0, 17, 0, 0},
    {LT_OP_GROUP_NORM, group_norm, 1, 1, 1, 32, 8, 0},
    {LT_OP_GROUP_NORM, group_norm, 2, 5, 7, 6, 3, 0},
    {LT_OP_GROUP_NORM, group_norm, 3, 9, 9, 96, 32, 0},
    {LT_OP_GROUP_NORM, group_norm, 1, 64, 64, 320, 32, 0},
    {LT_OP_GROUP_NORM, group_norm, 2, 3, 3, 2560, 32, 0},
    {LT_OP_GROUP_NORM, group_norm, 1, 3, 1, 20000, 1, 0},
    {LT_OP_GROUP_NORM, norm_silu, 2, 16, 16, 64, 32, 0},
    {LT_OP_GROUP_NORM, shift_norm_silu, 3, 11, 13, 640, 32, 0},
    {LT_OP_GROUP_NORM, shift_norm_silu, 2, 1, 1, 4, 2, 0},
    {LT_OP_LAYER_NORM, layer_norm, 1, 1, 0, 8, 0, 0},
    {LT_OP_LAYER_NORM, layer_norm, 2, 77, 0, 768, 0, 0},
    {LT_OP_LAYER_NORM, layer_norm, 3, 9, 0, 13, 0, 0},
    {LT_OP_LAYER_NORM, layer_norm, 1, 4096, 0, 320, 0, 0},
    {LT_OP_LAYER_NORM, layer_norm_gelu, 2, 9, 0, 21, 0, 0},
    {LT_OP_ACTIVATION, activation, 1, 1, 0, 1, 0, LT_SILU},
    {LT_OP_ACTIVATION, activation, 3, 77, 0, 333, 0, LT_SILU},
    {LT_OP_ACTIVATION, activation, 3, 77, 0, 333, 0, LT_GELU},
    {LT_OP_ACTIVATION, activation, 3, 77, 0, 333, 0, LT_QUICK_GELU},
    {LT_OP_GEGLU, geglu, 1, 1, 0, 2, 0, 0},
    {LT_OP_GEGLU, geglu, 3, 7, 0, 26, 0, 0},
    {LT_OP_GEGLU, geglu, 1, 64, 0, 10240, 0, 0},
    {LT_OP_GEGLU, gated, 1, 1, 1, 4, 3, 1},
    {LT_OP_GEGLU, gated, 2, 77, 1, 96, 200, 0}, /* a block and the rest, in each image */
    {LT_OP_GEGLU, gated, 1, 64, 1, 320, 1280, 1},
    {LT_OP_ATTENTION, attention, 1, 1, 1, 8, 1, 0},
    {LT_OP_ATTENTION, attention, 2, 16, 77, 64, 8, 0},
    {LT_OP_ATTENTION, attention, 3, 7, 5, 9, 3, 0},
    {LT_OP_ATTENTION, attention, 2, 77, 77, 96, 12, 1},
    {LT_OP_ATTENTION, attention, 1, 5, 9, 12, 2, 1},
    {LT_OP_ATTENTION, attention, 1, 1024, 1024, 80, 2, 0},
    {LT_OP_ATTENTION, attention, 1, 300, 4096, 40, 1, 0},
    {LT_OP_ATTENTION, attention, 1, 130, 33, 512, 1, 0},
    {LT_OP_ATTENTION, attention, 2, 40, 1030, 48, 3, 0}, /* spans, the last one shorter */
    {LT_OP_ATTENTION, attention, 1, 600, 600, 16, 2, 1}, /* causal over spans */
    {LT_OP_ATTENTION, attention_of_linears, 2, 50, 0, 48, 3, 0},
    {LT_OP_ATTENTION, attention_of_linears, 2, 50, 0, 48, 3, 1},
    {LT_OP_ATTENTION, attention_of_linears, 2, 64, 77, 64, 8, 0},
    {LT_OP_ATTENTION_MAP, attention_map, 1, 1, 1, 8, 1, 0},
    {LT_OP_ATTENTION_MAP, attention_map, 2, 64, 77, 64, 8, 0},
    {LT_OP_ATTENTION_MAP, attention_map, 3, 131, 5, 9, 3, 1},
    {LT_OP_ADD, add, 1, 1, 1, 1, 0, 0},
    {LT_OP_ADD, add, 3, 7, 9, 13, 0, 0},
    {LT_OP_ADD, add, 1, 64, 64, 320, 0, 0},
    {LT_OP_ADD, add_per_image, 3, 7, 9, 13, 0, 0},
    {LT_OP_ADD, add_to_all, 3, 5, 7, 9, 0, 0},
    {LT_OP_ADD, add_per_image, 2, 16, 16, 1280, 0, 0},
    {LT_OP_CONCAT, concat, 3, 5, 7, 13, 6, 0},
    {LT_OP_CONCAT, concat, 1, 64, 64, 320, 320, 0},
    {LT_OP_REPEAT, repeat, 2, 3, 5, 7, 3, 0},
    {LT_OP_REPEAT, repeat, 1, 64, 64, 33, 2, 0},
    {LT_OP_RESIZE, resize, 2, 5, 7, 3, 10, 14},
    {LT_OP_RESIZE, resize, 1, 8, 8, 16, 5, 13},
    {LT_OP_RESIZE, resize, 1, 1, 1, 2, 3, 1},
    {LT_OP_EMBED, embed, 3, 11, 0, 24, 0, 0},
    {LT_OP_EMBED, embed, 2, 77, 0, 768, 0, 0},
    {LT_OP_SLICE, slice, 2, 5, 3, 17, 4, 9},
    {LT_OP_SLICE, slice, 1, 1, 1, 8, 0, 8},
    {LT_OP_SCALE, scale, 3, 9, 5, 7, 0, 0},
    {LT_OP_RESHAPE, reshape, 2, 3, 5, 7, 0, 0},
    {LT_OP_GROUP_NORM, group_norm_far, 2, 24, 24, 64, 32, 0},
};
enum { CASES = sizeof cases / sizeof *cases };

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
    for (int i = 0; i < CASES; i++) {
        const op_case *c = &cases[i];
        /* a mean of 100 deviations leaves nothing of them in the 8 bits of bf16 */
        if (c->build == group_norm_far && dtype == LT_BF16)
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
        for (int i = 0; i < CASES; i++)
            found = found || cases[i].op == (lt_op)op;
        if (!found)
            fail_msg("no case for %s", lt_op_name((lt_op)op));
    }
}

/* Checkpoints hold any of three types at any address. */
static void test_sources(void **state)
{
    static const op_case with_weights[] = {
        {LT_OP_CONV2D, conv, 1, 5, 5, 13, 20, 3},
        {LT_OP_LINEAR, linear, 2, 9, 0, 33, 17, 1},
        {LT_OP_GROUP_NORM, group_norm, 1, 4, 4, 16, 4, 0},
        {LT_OP_EMBED, embed, 2, 9, 0, 24, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof with_weights / sizeof *with_weights; i++)
        for (int dtype = LT_F32; dtype <= LT_BF16; dtype++) {
            const op_case *c = &with_weights[i];
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
