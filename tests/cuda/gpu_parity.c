/*
 * gpu_parity.c - the CUDA backend on a real GPU against the CPU backend in f32; for
 * tools/gpu-check.sh.
 *
 * Every distinct op of Stable Diffusion 1.4 at 512x512 alone, then whole networks with random
 * weights, and the decoder beside the UNet.  Errors are the L2 norm of the difference over that of
 * the CPU's numbers.  With --small only the networks of a tiny model, for compute-sanitizer and for
 * the stand-in of a GPU.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cpu/cpu.h"
#include "cpu/graph_run.h"
#include "cuda/cuda_backend.h"
#include "cuda/program.h"
#include "host_device.h"
#include "model_graphs.h"
#include "support/check.h"

enum { RUNS = 4, MOST_SEEN = 512, TYPES = 3 };
static const lt_dtype types[TYPES] = {LT_F32, LT_F16, LT_BF16};
/* Of one op, and of a whole network: f32's order of sums, f16's 11 bits, bf16's 8.  The second of
 * f16 is what is asked for; nothing was measured on a GPU yet. */
static const double op_limit[TYPES] = {2e-5, 2e-3, 1.6e-2}, net_limit[TYPES] = {1e-4, 5e-3, 4e-2};

static bool small;

static double distance(const float *a, const float *b, size_t n)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        norm += (double)b[i] * (double)b[i];
    }
    return sqrt(difference / norm);
}

static float *on_cpu(const lt_graph *g, const lt_tensor *y)
{
    lt_backend *b = NULL;
    float *values = NULL;
    CHECK_OK(lt_cpu_backend.open(&(lt_backend_options){.dtype = LT_F32}, &b, err));
    CHECK_OK((values = graph_run(&lt_cpu_backend, b, g, y, 5, err)) != NULL);
    lt_cpu_backend.close(b);
    return values;
}

/* Run several times: step by step, recorded, replayed; all have the same bytes. */
static float *on_gpu(const lt_graph *g, const lt_tensor *y, lt_dtype dtype)
{
    const lt_backend_ops *cuda = &lt_cuda_ops;
    size_t bytes = (size_t)lt_shape_count(&y->shape) * sizeof(float);
    lt_backend *b = NULL;
    lt_program *p = NULL;
    float *first = NULL;
    CHECK_OK(cuda->open(&(lt_backend_options){.dtype = dtype}, &b, err));
    CHECK_OK(cuda->compile(b, g, &p, NULL, err));
    for (int run = 0; run < RUNS; run++) {
        float *values = NULL;
        CHECK_OK(graph_write_inputs(cuda, p, g, 5, err));
        CHECK_OK(cuda->run(p, NULL, err));
        CHECK_OK((values = graph_read(cuda, p, y, err)) != NULL);
        if (!first) {
            first = values;
            continue;
        }
        if (memcmp(first, values, bytes) != 0)
            fail_msg("run %d of '%s' differs from the first", run + 1, y->name);
        free(values);
    }
    if (lt_cuda_program_plain(p))
        fail_msg("'%s' could not be recorded as a graph", y->name);
    cuda->discard(b, p);
    cuda->close(b);
    return first;
}

/* Every parameter of g gets numbers; checked in the types from..to. */
static void check(lt_graph *g, const char *what, int from, int to, const double *limits)
{
    const lt_tensor *y = lt_graph_find(g, "out");
    CHECK_OK(lt_graph_ok(g, err));
    graph_weights w = graph_weights_set(g, 11, LT_F32, 0);
    float *want = on_cpu(g, y);
    char row[256];
    int n = snprintf(row, sizeof row, "%-60s", what);
    bool far = false;
    for (int i = from; i <= to; i++) {
        float *got = on_gpu(g, y, types[i]);
        double d = distance(got, want, (size_t)lt_shape_count(&y->shape));
        far |= !(d <= limits[i]);
        n += snprintf(row + n, sizeof row - (size_t)n, "  %s %.2e%s", lt_dtype_name(types[i]), d,
                      d <= limits[i] ? "" : " TOO FAR");
        free(got);
    }
    print_message("%s\n", row);
    free(want);
    graph_weights_free(&w);
    lt_graph_free(g);
    if (far)
        fail_msg("'%s' is too far", what);
}

/* ---- single ops ---- */

static lt_tensor *input_like(lt_graph *g, const char *name, const lt_tensor *t)
{
    return lt_input(g, name, t->dtype, t->shape);
}

/* The op of t alone; NULL for one that only moves or adds, which op_cases.c has. */
static lt_tensor *alone(lt_graph *g, const lt_tensor *t)
{
    int last = (int)t->shape.dim[t->shape.ndim - 1];
    lt_tensor *x = input_like(g, "x", t->src[0]);
    switch (t->op) {
    case LT_OP_CONV2D:
        return t->u.conv.stride == 1
                   ? lt_conv2d(g, "op", x, last, t->u.conv.kernel)
                   : lt_conv2d_down(g, "op", x, last, t->u.conv.top != t->u.conv.bottom);
    case LT_OP_LINEAR:
        return lt_linear(g, "op", x, last, t->bias != NULL);
    case LT_OP_GROUP_NORM:
        return lt_group_norm(g, "op", x, t->u.norm.groups, t->u.norm.eps);
    case LT_OP_LAYER_NORM:
        return lt_layer_norm(g, "op", x, t->u.norm.eps);
    case LT_OP_GEGLU:
        return lt_geglu(g, x);
    case LT_OP_ATTENTION:
        return lt_attention(g, x, input_like(g, "k", t->src[1]), input_like(g, "v", t->src[2]),
                            t->u.attention.heads, t->u.attention.causal);
    default:
        return NULL;
    }
}

typedef struct seen {
    char *words[MOST_SEEN];
    int count;
} seen;

static bool is_new(seen *s, const char *words)
{
    for (int i = 0; i < s->count; i++)
        if (strcmp(s->words[i], words) == 0)
            return false;
    assert_true(s->count < MOST_SEEN);
    s->words[s->count] = lt_strdup(words);
    s->count++;
    return true;
}

static void words_of(const lt_tensor *t, char words[192])
{
    char from[64], to[64], with[64] = "";
    if (t->op == LT_OP_ATTENTION)
        lt_shape_text(&t->src[1]->shape, with);
    snprintf(words, 192, "%s %s %s -> %s%s%s", lt_op_name(t->op),
             lt_shape_text(&t->src[0]->shape, from), with, lt_shape_text(&t->shape, to),
             t->op == LT_OP_CONV2D ? (t->u.conv.kernel == 1 ? " 1x1" : " 3x3") : "",
             t->op == LT_OP_CONV2D && t->u.conv.stride == 2 ? " down" : "");
}

static void check_alone(const lt_tensor *t, seen *s)
{
    char words[192];
    if (t->nsrc == 0)
        return;
    words_of(t, words);
    lt_graph *g = lt_graph_new();
    lt_tensor *y = alone(g, t);
    if (y && is_new(s, words)) {
        lt_output(g, "out", y);
        check(g, words, 1, 1, op_limit);
    } else {
        lt_graph_free(g);
    }
}

static void test_ops(void **state)
{
    (void)state;
    if (small)
        skip();
    seen s = {.count = 0};
    model_configs c = model_configs_read("sd14");
    static const model_part parts[] = {MODEL_TEXT, MODEL_GUIDED, MODEL_DECODE, MODEL_ENCODE};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        lt_graph *g = model_graph(&c, parts[i], 1, 64, 64);
        for (int id = 0; id < lt_graph_nodes(g); id++)
            check_alone(lt_graph_node(g, id), &s);
        lt_graph_free(g);
    }
    for (int i = 0; i < s.count; i++)
        free(s.words[i]);
}

/* ---- networks ---- */

static void check_network(const char *variant, model_part part, int side, int from, int to)
{
    static const char *const names[MODEL_GRAPHS] = {
        "text encoder", "time", "guided UNet", "decoder", "encoder", "UNet of two pictures",
    };
    char what[96];
    model_configs c = model_configs_read(variant);
    snprintf(what, sizeof what, "%s of %s", names[part], variant);
    check(model_graph(&c, part, part == MODEL_ONE_PROMPT ? 2 : 1, side, side), what, from, to,
          net_limit);
}

static void test_tiny(void **state)
{
    (void)state;
    for (int part = 0; part < MODEL_GRAPHS; part++)
        check_network("sd1", (model_part)part, 8, 0, TYPES - 1);
}

static void test_sd14(void **state)
{
    (void)state;
    if (small)
        skip();
    for (int part = 0; part < MODEL_GRAPHS; part++)
        check_network("sd14", (model_part)part, 64, 1, 2);
}

/* ---- two at once ---- */

typedef struct beside {
    lt_graph *g;
    graph_weights w;
    lt_program *p;
    float *alone;
} beside;

static beside beside_new(lt_backend *b, const model_configs *c, model_part part, int side)
{
    beside x = {.g = model_graph(c, part, 1, side, side)};
    x.w = graph_weights_set(x.g, 11, LT_F32, 0);
    if (part == MODEL_DECODE)
        CHECK_OK(lt_cuda_ops.compile_beside(b, x.g, &x.p, NULL, err));
    else
        CHECK_OK(lt_cuda_ops.compile(b, x.g, &x.p, NULL, err));
    CHECK_OK(graph_write_inputs(&lt_cuda_ops, x.p, x.g, 5, err));
    CHECK_OK(lt_cuda_ops.run(x.p, NULL, err));
    CHECK_OK((x.alone = graph_read(&lt_cuda_ops, x.p, lt_graph_find(x.g, "out"), err)) != NULL);
    return x;
}

static void beside_free(lt_backend *b, beside *x)
{
    lt_cuda_ops.discard(b, x->p);
    free(x->alone);
    graph_weights_free(&x->w);
    lt_graph_free(x->g);
}

static void check_same(const beside *x, const char *what)
{
    const lt_tensor *y = lt_graph_find(x->g, "out");
    float *now = NULL;
    CHECK_OK((now = graph_read(&lt_cuda_ops, x->p, y, err)) != NULL);
    if (memcmp(now, x->alone, (size_t)lt_shape_count(&y->shape) * sizeof *now) != 0)
        fail_msg("the %s gives other bytes than alone", what);
    free(now);
}

/* Steps while pictures are decoded: both have the bytes that they have alone. */
static void check_beside(const char *variant, int side)
{
    model_configs c = model_configs_read(variant);
    lt_backend *b = NULL;
    CHECK_OK(lt_cuda_ops.open(&(lt_backend_options){.dtype = LT_F16}, &b, err));
    beside unet = beside_new(b, &c, MODEL_GUIDED, side);
    beside vae = beside_new(b, &c, MODEL_DECODE, side);
    int steps = 0;
    for (int picture = 0; picture < RUNS + 2; picture++) {
        bool over = false;
        CHECK_OK(graph_write_inputs(&lt_cuda_ops, vae.p, vae.g, 5, err));
        CHECK_OK(lt_cuda_ops.start(vae.p, err));
        for (; !over; steps++) {
            CHECK_OK(graph_write_inputs(&lt_cuda_ops, unet.p, unet.g, 5, err));
            CHECK_OK(lt_cuda_ops.run(unet.p, NULL, err));
            check_same(&unet, "UNet beside the decoder");
            CHECK_OK(lt_cuda_ops.finished(vae.p, &over, err));
        }
        check_same(&vae, "decoder beside the UNet");
    }
    print_message("%s: %d steps beside %d pictures\n", variant, steps, RUNS + 2);
    beside_free(b, &vae);
    beside_free(b, &unet);
    lt_cuda_ops.close(b);
}

static void test_beside(void **state)
{
    (void)state;
    check_beside("sd1", 4);
    if (!small)
        check_beside("sd14", 64);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_ops),
        cmocka_unit_test(test_sd14),
        cmocka_unit_test(test_beside),
    };
    lt_host_reset(); /* where there is no GPU, but its stand-in */
    small = argc > 1 && strcmp(argv[1], "--small") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
