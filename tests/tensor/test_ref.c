/*
 * test_ref.c - the reference backend against numbers worked out by other means: torch's own results
 * for small inputs are in the goldens (tests/model); here each op is checked against its
 * definition.
 */
#include <math.h>
#include <stdlib.h>

#include "support/check.h"
#include "tensor/backend.h"
#include "tensor/half.h"

typedef struct rig {
    lt_graph *g;
    lt_backend *b;
    lt_program *p;
} rig;

static lt_shape shape(int n, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (lt_shape){.ndim = n, .dim = {a, b, c, d}};
}

static rig rig_new(void)
{
    rig r = {.g = lt_graph_new()};
    lt_backend_options options = {.dtype = LT_F32};
    CHECK_OK(lt_ref_backend.open(&options, &r.b, err));
    return r;
}

static void rig_done(rig *r)
{
    lt_ref_backend.discard(r->b, r->p);
    lt_ref_backend.close(r->b);
    lt_graph_free(r->g);
}

static void set(rig *r, const char *path, const float *data)
{
    for (int i = 0; i < lt_graph_params(r->g); i++)
        if (strcmp(lt_graph_param(r->g, i)->path, path) == 0)
            lt_graph_param(r->g, i)->source = (lt_source){.data = data, .dtype = LT_F32};
}

static void compile(rig *r)
{
    CHECK_OK(lt_graph_ok(r->g, err));
    CHECK_OK(lt_ref_backend.compile(r->b, r->g, &r->p, NULL, err));
}

static size_t count(const lt_tensor *t)
{
    return (size_t)lt_shape_count(&t->shape);
}

static void run(rig *r, const lt_tensor *in, const void *x, const lt_tensor *out, float *y)
{
    CHECK_OK(lt_ref_backend.write(r->p, in, x, count(in), err));
    CHECK_OK(lt_ref_backend.run(r->p, NULL, err));
    CHECK_OK(lt_ref_backend.read(r->p, out, y, count(out), err));
}

/* Measured: 6.6e-7. */
static void near(const float *found, const float *wanted, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fabsf(found[i] - wanted[i]) > 1e-6f * (1 + fabsf(wanted[i])))
            fail_msg("value %zu is %.9g, expected %.9g", i, (double)found[i], (double)wanted[i]);
}

/* One channel in, two out: the identity and the sum over the 3x3 neighbourhood plus 10. */
static void test_conv2d(void **state)
{
    (void)state;
    rig r = rig_new();
    lt_tensor *x = lt_input(r.g, "x", LT_F32, shape(4, 1, 3, 3, 1));
    lt_tensor *y = lt_output(r.g, "y", lt_conv2d(r.g, "c", x, 2, 3));
    lt_tensor *s = lt_output(r.g, "s", lt_conv2d_down(r.g, "s", x, 1, false));
    lt_tensor *a = lt_output(r.g, "a", lt_conv2d_down(r.g, "a", x, 1, true));
    const float w[18] = {0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1}, b[2] = {0, 10};
    const float corner[9] = {1, 0, 0, 0, 0, 0, 0, 0, 0}, none[1] = {0};
    set(&r, "c.weight", w);
    set(&r, "c.bias", b);
    set(&r, "s.weight", corner);
    set(&r, "s.bias", none);
    set(&r, "a.weight", corner);
    set(&r, "a.bias", none);
    compile(&r);
    const float in[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    float out[18], down[4], asym[1];
    run(&r, x, in, y, out);
    const float want[18] = {1, 22, 2, 31, 3, 26, 4, 37, 5, 55, 6, 43, 7, 34, 8, 49, 9, 38};
    near(out, want, 18);
    run(&r, x, in, s, down); /* padded on all sides: the corner looks at (2i-1, 2j-1) */
    near(down, (const float[]){0, 0, 0, 5}, 4);
    run(&r, x, in, a, asym); /* padded right and below: the corner looks at (2i, 2j) */
    near(asym, (const float[]){1}, 1);
    rig_done(&r);
}

static void test_linear(void **state)
{
    (void)state;
    rig r = rig_new();
    lt_tensor *x = lt_input(r.g, "x", LT_F32, shape(2, 2, 3, 0, 0));
    lt_tensor *y = lt_output(r.g, "y", lt_linear(r.g, "l", x, 2, true));
    const float w[6] = {1, 2, 3, -1, 0, 1}, b[2] = {0.5f, 0};
    set(&r, "l.weight", w);
    set(&r, "l.bias", b);
    compile(&r);
    float out[4];
    run(&r, x, (const float[]){1, 1, 1, 2, 0, -1}, y, out);
    near(out, (const float[]){6.5f, 0, -0.5f, -3}, 4);
    rig_done(&r);
}

/* After the norm, each group of an image has mean 0 and variance 1 (minus what eps takes). */
static void test_group_norm(void **state)
{
    (void)state;
    rig r = rig_new();
    lt_tensor *x = lt_input(r.g, "x", LT_F32, shape(4, 2, 2, 2, 4));
    lt_tensor *y = lt_output(r.g, "y", lt_group_norm(r.g, "n", x, 2, 0.5f));
    const float w[4] = {1, 1, 1, 2}, b[4] = {0, 0, 0, 1};
    set(&r, "n.weight", w);
    set(&r, "n.bias", b);
    compile(&r);
    float in[32], out[32], want[32];
    for (int i = 0; i < 32; i++)
        in[i] = (float)((i * 7) % 13) - 5;
    run(&r, x, in, y, out);
    for (int n = 0; n < 2; n++)
        for (int g = 0; g < 2; g++) {
            double sum = 0, squares = 0;
            for (int i = 0; i < 8; i++) {
                double v = (double)in[n * 16 + i / 2 * 4 + g * 2 + i % 2];
                sum += v / 8;
                squares += v * v / 8;
            }
            for (int i = 0; i < 8; i++) {
                int c = g * 2 + i % 2, at = n * 16 + i / 2 * 4 + c;
                double v = ((double)in[at] - sum) / sqrt(squares - sum * sum + 0.5);
                want[at] = (float)(v * (double)w[c] + (double)b[c]);
            }
        }
    near(out, want, 32);
    rig_done(&r);
}

static void test_pointwise(void **state)
{
    (void)state;
    rig r = rig_new();
    lt_tensor *x = lt_input(r.g, "x", LT_F32, shape(2, 1, 4, 0, 0));
    lt_tensor *silu = lt_output(r.g, "silu", lt_activation(r.g, LT_SILU, x));
    lt_tensor *gelu = lt_output(r.g, "gelu", lt_activation(r.g, LT_GELU, x));
    lt_tensor *quick = lt_output(r.g, "quick", lt_activation(r.g, LT_QUICK_GELU, x));
    lt_tensor *geglu = lt_output(r.g, "geglu", lt_geglu(r.g, x));
    lt_tensor *scale = lt_output(r.g, "scale", lt_scale(r.g, x, 2, -1));
    compile(&r);
    const float in[4] = {-1, 0, 1, 2};
    float out[4];
    run(&r, x, in, silu, out); /* x sigmoid(x); reference digits from torch.nn.functional */
    near(out, (const float[]){-0.268941432f, 0, 0.731058598f, 1.76159418f}, 4);
    run(&r, x, in, gelu, out);
    near(out, (const float[]){-0.158655256f, 0, 0.841344714f, 1.95449984f}, 4);
    run(&r, x, in, quick, out);
    near(out, (const float[]){-0.154203475f, 0, 0.845796525f, 1.93565854f}, 4);
    run(&r, x, in, geglu, out);
    near(out, (const float[]){-0.841344714f, 0}, 2);
    run(&r, x, in, scale, out);
    near(out, (const float[]){-3, -1, 1, 3}, 4);
    rig_done(&r);
}

/* Two heads of width 1; the first attends by its query, the causal one sees only the past. */
static void test_attention(void **state)
{
    (void)state;
    rig r = rig_new();
    lt_want(r.g, "*");
    lt_tensor *x = lt_input(r.g, "x", LT_F32, shape(3, 1, 2, 2, 0));
    lt_enter(r.g, "full");
    lt_tensor *full = lt_output(r.g, "full", lt_attention(r.g, x, x, x, 2, false));
    lt_leave(r.g);
    lt_enter(r.g, "causal");
    lt_tensor *causal = lt_output(r.g, "causal", lt_attention(r.g, x, x, x, 2, true));
    lt_leave(r.g);
    compile(&r);
    const float in[4] = {1, 0, 2, 3};
    float out[4];
    double p0 = 1 / (1 + exp(1.0)), p1 = 1 / (1 + exp(2.0)), p3 = 1 / (1 + exp(9.0));
    run(&r, x, in, full, out);
    near(out, (const float[]){(float)(2 - p0), 1.5f, (float)(2 - p1), (float)(3 - 3 * p3)}, 4);
    run(&r, x, in, causal, out);
    near(out, (const float[]){1, 0, (float)(2 - p1), (float)(3 - 3 * p3)}, 4);
    run(&r, x, in, lt_graph_find(r.g, "full.map"), out);
    near(out,
         (const float[]){(float)(p0 + 0.5) / 2, (float)(1 - p0 + 0.5) / 2, (float)(p1 + p3) / 2,
                         (float)(2 - p1 - p3) / 2},
         4);
    run(&r, x, in, lt_graph_find(r.g, "causal.map"), out);
    near(out, (const float[]){1, 0}, 2);
    rig_done(&r);
}

/* Images that share their tokens are what each is with its own copy of them, to the bit. */
static void test_shared_tokens(void **state)
{
    (void)state;
    rig r = rig_new();
    enum { N = 4, S = 3, T = 5, C = 4 };
    float q[N * S * C], k[2 * T * C], apart[N * S * C], together[N * S * C], maps[2][N * S * T];
    for (int i = 0; i < N * S * C; i++)
        q[i] = (float)(i * 37 % 23) / 11 - 1;
    for (int i = 0; i < 2 * T * C; i++)
        k[i] = (float)(i * 29 % 31) / 15 - 1;
    lt_want(r.g, "*");
    lt_tensor *x = lt_input(r.g, "x", LT_F32, shape(3, N, S, C, 0));
    lt_tensor *two = lt_input(r.g, "two", LT_F32, shape(3, 2, T, C, 0));
    lt_enter(r.g, "a");
    lt_tensor *y = lt_output(r.g, "y", lt_attention(r.g, x, two, two, 2, false));
    lt_leave(r.g);
    compile(&r);
    CHECK_OK(lt_ref_backend.write(r.p, two, k, 2 * T * C, err));
    run(&r, x, q, y, together);
    CHECK_OK(lt_ref_backend.read(r.p, lt_graph_find(r.g, "a.map"), maps[0], N * S * T, err));
    rig_done(&r);
    for (int half = 0; half < 2; half++) {
        r = rig_new();
        lt_want(r.g, "*");
        x = lt_input(r.g, "x", LT_F32, shape(3, 1, S, C, 0));
        two = lt_input(r.g, "text", LT_F32, shape(3, 1, T, C, 0));
        y = lt_output(r.g, "y", lt_attention(r.g, x, two, two, 2, false));
        compile(&r);
        CHECK_OK(lt_ref_backend.write(r.p, two, k + half * T * C, T * C, err));
        for (int i = 2 * half; i < 2 * half + 2; i++) {
            run(&r, x, q + i * S * C, y, apart + i * S * C);
            CHECK_OK(lt_ref_backend.read(r.p, lt_graph_find(r.g, "map"), maps[1] + i * S * T, S * T,
                                         err));
        }
        rig_done(&r);
    }
    assert_memory_equal(together, apart, sizeof apart);
    assert_memory_equal(maps[0], maps[1], sizeof maps[0]);
}

static void test_moves(void **state)
{
    (void)state;
    rig r = rig_new();
    lt_tensor *x = lt_input(r.g, "x", LT_F32, shape(4, 1, 2, 2, 2));
    lt_tensor *bias = lt_input(r.g, "b", LT_F32, shape(2, 1, 2, 0, 0));
    lt_tensor *wide = lt_output(r.g, "wide", lt_concat(r.g, x, lt_slice(r.g, x, 1, 2)));
    lt_tensor *big = lt_output(r.g, "big", lt_slice(r.g, lt_resize(r.g, x, 3, 3), 0, 1));
    lt_tensor *sum = lt_output(r.g, "sum", lt_add(r.g, x, bias));
    compile(&r);
    const float in[8] = {1, 2, 3, 4, 5, 6, 7, 8}, b[2] = {10, 20};
    float out[12];
    CHECK_OK(lt_ref_backend.write(r.p, bias, b, 2, err));
    run(&r, x, in, wide, out);
    near(out, (const float[]){1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8}, 12);
    run(&r, x, in, big, out); /* rows and columns 0, 0, 1 */
    near(out, (const float[]){1, 1, 3, 1, 1, 3, 5, 5, 7}, 9);
    run(&r, x, in, sum, out);
    near(out, (const float[]){11, 22, 13, 24, 15, 26, 17, 28}, 8);
    rig_done(&r);
}

static void test_embed_from_halves(void **state)
{
    (void)state;
    rig r = rig_new();
    lt_tensor *ids = lt_input(r.g, "ids", LT_I32, shape(2, 1, 3, 0, 0));
    lt_tensor *y = lt_output(r.g, "y", lt_embed(r.g, "t", "p", ids, 3, 2));
    uint16_t tokens[6];
    const float table[6] = {1, 2, 3, 4, 5, 6}, positions[6] = {0, 0, 0.5f, 0.5f, 0.25f, 0.25f};
    lt_from_f32(tokens, LT_F16, table, 6);
    set(&r, "p.weight", positions);
    lt_graph_param(r.g, 0)->source = (lt_source){.data = tokens, .dtype = LT_F16};
    compile(&r);
    float out[6];
    run(&r, ids, (const int32_t[]){2, 0, 1}, y, out);
    near(out, (const float[]){5, 6, 1.5f, 2.5f, 3.25f, 4.25f}, 6);
    rig_done(&r);
}

static void test_cancel_and_misuse(void **state)
{
    (void)state;
    rig r = rig_new();
    lt_tensor *x = lt_input(r.g, "x", LT_F32, shape(2, 1, 2, 0, 0));
    lt_tensor *y = lt_output(r.g, "y", lt_activation(r.g, LT_SILU, lt_scale(r.g, x, 2, 0)));
    compile(&r);
    lt_progress progress = {0};
    float out[2];
    CHECK_OK(lt_ref_backend.run(r.p, &progress, err));
    assert_int_equal(atomic_load(&progress.done), 3);
    assert_int_equal(atomic_load(&progress.total), 3);
    atomic_store(&progress.cancel, true);
    CHECK_FAILS(lt_ref_backend.run(r.p, &progress, err), LT_ERR_CANCELLED, "cancelled");
    CHECK_FAILS(lt_ref_backend.write(r.p, x, out, 3, err), LT_ERR_ARGUMENT, "takes 2 values");
    CHECK_FAILS(lt_ref_backend.read(r.p, y, out, 1, err), LT_ERR_ARGUMENT, "'activation'");
    CHECK_FAILS(lt_ref_backend.read(r.p, y->src[0], out, 2, err), LT_ERR_ARGUMENT, "no output");
    rig_done(&r);
}

static void test_missing_weights(void **state)
{
    (void)state;
    rig r = rig_new();
    lt_linear(r.g, "l", lt_input(r.g, "x", LT_F32, shape(2, 1, 4, 0, 0)), 4, false);
    CHECK_FAILS(lt_ref_backend.compile(r.b, r.g, &r.p, NULL, err), LT_ERR_MODEL, "'l.weight'");
    rig_done(&r);
}

static void test_weights_are_shared_and_forgotten(void **state)
{
    (void)state;
    rig r = rig_new();
    lt_tensor *x = lt_input(r.g, "x", LT_F32, shape(2, 1, 4, 0, 0));
    lt_output(r.g, "y", lt_linear(r.g, "l", x, 4, false));
    const float w[16] = {0};
    lt_program *second;
    set(&r, "l.weight", w);
    compile(&r);
    size_t once = lt_ref_backend.memory(r.b).weights;
    CHECK_OK(lt_ref_backend.compile(r.b, r.g, &second, NULL, err));
    assert_int_equal(once, sizeof w);
    assert_int_equal(lt_ref_backend.memory(r.b).weights, once);
    lt_ref_backend.discard(r.b, second);
    lt_ref_backend.discard(r.b, r.p);
    r.p = NULL;
    assert_int_equal(lt_ref_backend.memory(r.b).activations, 0);
    lt_ref_backend.forget(r.b, w + 16, 64); /* beside it */
    assert_int_equal(lt_ref_backend.memory(r.b).weights, once);
    lt_ref_backend.forget(r.b, w, sizeof w);
    assert_int_equal(lt_ref_backend.memory(r.b).weights, 0);
    rig_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv2d),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_group_norm),
        cmocka_unit_test(test_pointwise),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_shared_tokens),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_embed_from_halves),
        cmocka_unit_test(test_cancel_and_misuse),
        cmocka_unit_test(test_missing_weights),
        cmocka_unit_test(test_weights_are_shared_and_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
