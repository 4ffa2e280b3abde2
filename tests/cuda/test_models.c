/* test_models.c - whole networks of tiny models through the CUDA backend on the host floor, against
 * the reference; the guided UNet step by step, as a run uses it. */
#include <stdlib.h>
#include <string.h>

#include "cuda_rig.h"
#include "model_graphs.h"
#include "support/check.h"

static const lt_backend_ops *const cuda = &lt_cuda_ops;
static const lt_dtype types[] = {LT_F32, LT_F16, LT_BF16};

/* Root mean square of the difference over that of the reference, in three types; measured in the
 * comments, the largest of the models below. */
static const double limits[MODEL_GRAPHS][3] = {
    [MODEL_TEXT] = {6e-7, 1.5e-3, 0.012},       /* 2.6e-7 6.8e-4 0.0055 */
    [MODEL_TIME] = {4e-7, 1e-3, 0.008},         /* 1.4e-7 4.8e-4 0.0038 */
    [MODEL_GUIDED] = {1.2e-6, 3e-3, 0.024},     /* 5.2e-7 1.6e-3 0.012 */
    [MODEL_DECODE] = {1.4e-6, 4e-3, 0.03},      /* 6.3e-7 2.0e-3 0.014 */
    [MODEL_ENCODE] = {8e-7, 2e-3, 0.018},       /* 2.9e-7 8.7e-4 0.0085 */
    [MODEL_ONE_PROMPT] = {1.2e-6, 3e-3, 0.024}, /* 6.9e-7 1.9e-3 0.014 */
};

static const char *const names[] = {"text", "time", "guided", "decode", "encode", "one prompt"};

static void check_part(const char *variant, model_part part, int n, int h, int w)
{
    model_configs c = model_configs_read(variant);
    lt_graph *g = model_graph(&c, part, n, h, w);
    graph_weights weights = graph_weights_set(g, 5, LT_F32, 0);
    const lt_tensor *out = lt_graph_find(g, "out");
    float *want = cu_reference(g, out, 3);
    for (int i = 0; i < 3; i++) {
        lt_backend *b = cu_backend(types[i]);
        lt_program *p = cu_program(b, g, 3);
        cu_run(p);
        float *got = cu_read(p, out);
        graph_difference d = graph_compare(got, want, cu_count(out));
        print_message("%s %s %s: rms %.2g\n", variant, names[part], lt_dtype_name(types[i]), d.rms);
        assert_true(d.rms < limits[part][i]);
        free(got);
        cuda->discard(b, p);
        cu_close(b);
    }
    free(want);
    graph_weights_free(&weights);
    lt_graph_free(g);
}

static void test_parts(void **state)
{
    (void)state;
    check_part("sd1", MODEL_TEXT, 2, 0, 0);
    check_part("sd1", MODEL_TIME, 3, 0, 0);
    check_part("sd1", MODEL_GUIDED, 1, 8, 8);
    check_part("sd1", MODEL_DECODE, 1, 4, 4);
    check_part("sd1", MODEL_ENCODE, 1, 3, 4);
    check_part("sd1", MODEL_ONE_PROMPT, 3, 4, 5);
    check_part("odd", MODEL_GUIDED, 1, 7, 5);
    check_part("sd2", MODEL_TEXT, 1, 0, 0);
    check_part("sd2", MODEL_GUIDED, 1, 6, 5);
}

/* ---- the UNet as a run uses it ---- */

typedef struct unet {
    lt_graph *graph;
    lt_tensor *latents, *shifts, *text, *out;
    graph_weights weights;
} unet;

/* Weights are at the same place if `like` is given. */
static unet unet_new(int n, int h, int w, const unet *like)
{
    model_configs c = model_configs_read("sd1");
    unet u = {.graph = model_graph(&c, MODEL_GUIDED, n, h, w)};
    u.latents = lt_graph_find(u.graph, "latents");
    u.shifts = lt_graph_find(u.graph, "shifts");
    u.text = lt_graph_find(u.graph, "text");
    u.out = lt_graph_find(u.graph, "out");
    if (!like)
        u.weights = graph_weights_set(u.graph, 5, LT_F32, 0);
    for (int i = 0; like && i < lt_graph_params(u.graph); i++)
        lt_graph_param(u.graph, i)->source = lt_graph_param(like->graph, i)->source;
    return u;
}

static void unet_free(unet *u)
{
    graph_weights_free(&u->weights);
    lt_graph_free(u->graph);
}

static int rows_of(lt_program *p, const char *name)
{
    lt_step_time *rows = NULL;
    int count = 0, found = 0;
    CHECK_OK(cuda->measure(p, &rows, &count, NULL, err));
    for (int i = 0; i < count; i++)
        found += strstr(rows[i].name, name) != NULL;
    free(rows);
    return found;
}

/* Keys and values of the text are made once.  Steps are the same, bit by bit, however they are
 * done; and each is what a fresh program makes of the same inputs. */
static void test_steps(void **state)
{
    enum { STEPS = 5 };
    unet u = unet_new(1, 8, 8, NULL);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, u.graph, 1);
    float *steps[STEPS];
    long works[STEPS];
    (void)state;
    for (int i = 0; i < STEPS; i++) {
        cu_write(p, u.latents, 100U + (unsigned)i);
        cu_write(p, u.shifts, 200U + (unsigned)i);
        works[i] = cu_works(p);
        steps[i] = cu_read(p, u.out);
    }
    assert_true(works[0] > works[1] + 1);
    for (int i = 2; i < STEPS; i++)
        assert_int_equal(works[i], works[1]);
    assert_int_equal(lt_host()->recorded, 1);
    assert_int_equal(lt_host()->replayed, STEPS - 2);
    lt_program *fresh = cu_program(b, u.graph, 1);
    for (int i = STEPS - 1; i >= 0; i--) {
        cu_write(fresh, u.latents, 100U + (unsigned)i);
        cu_write(fresh, u.shifts, 200U + (unsigned)i);
        cu_run(fresh);
        float *again = cu_read(fresh, u.out);
        assert_memory_equal(again, steps[i], cu_count(u.out) * sizeof *again);
        free(again);
        free(steps[i]);
    }
    cu_write(p, u.latents, 7);
    assert_int_equal(rows_of(p, "attn2.to_k"), 0);
    cu_write(p, u.text, 8);
    assert_true(rows_of(p, "attn2.to_k") > 5);
    cuda->discard(b, p);
    cuda->discard(b, fresh);
    cu_close(b);
    unet_free(&u);
}

/* Two pictures at once are what each is alone, and bring no weights of their own. */
static void test_two_pictures(void **state)
{
    unet one = unet_new(1, 5, 6, NULL), two = unet_new(2, 5, 6, &one);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, one.graph, 1);
    size_t weights = cuda->memory(b).weights;
    lt_program *q = cu_program(b, two.graph, 1);
    size_t latents = cu_count(one.latents), text = cu_count(one.text) / 2, out = cu_count(one.out);
    float *x = calloc(2 * latents, sizeof *x), *words = calloc(4 * text, sizeof *words);
    float *own = calloc(2 * text, sizeof *own);
    (void)state;
    assert_int_equal(cuda->memory(b).weights, weights);
    graph_values(x, 2 * latents, 3);
    graph_values(words, 4 * text, 4);
    CHECK_OK(cuda->write(q, two.latents, x, 2 * latents, err));
    CHECK_OK(cuda->write(q, two.text, words, 4 * text, err));
    cu_write(q, two.shifts, 5);
    cu_run(q);
    float *both = cu_read(q, two.out);
    for (size_t i = 0; i < 2; i++) { /* texts i and 2 + i belong to latents i */
        memcpy(own, words + i * text, text * sizeof *own);
        memcpy(own + text, words + (2 + i) * text, text * sizeof *own);
        CHECK_OK(cuda->write(p, one.latents, x + i * latents, latents, err));
        CHECK_OK(cuda->write(p, one.text, own, 2 * text, err));
        cu_write(p, one.shifts, 5);
        cu_run(p);
        float *alone = cu_read(p, one.out);
        for (size_t half = 0; half < 2; half++)
            assert_memory_equal(alone + half * out / 2, both + (2 * half + i) * out / 2,
                                out / 2 * sizeof *alone);
        free(alone);
    }
    free(both);
    free(x);
    free(words);
    free(own);
    cuda->discard(b, p);
    cuda->discard(b, q);
    cu_close(b);
    unet_free(&two);
    unet_free(&one);
}

/* ---- the size of Stable Diffusion 1.4, as it would be ---- */

static lt_forecast forecast_of(lt_backend *b, const model_configs *c, model_part part, int n,
                               int side)
{
    lt_graph *g = model_graph(c, part, n, side, side);
    lt_forecast f;
    char *addresses = malloc((size_t)lt_graph_params(g)); /* nobody reads the numbers */
    for (int i = 0; i < lt_graph_params(g); i++)
        lt_graph_param(g, i)->source = (lt_source){addresses + i, LT_F16};
    CHECK_OK(cuda->forecast(b, g, &f, err));
    print_message("%s: weights %.0f MB, activations %.0f MB\n", names[part],
                  (double)f.weights * 1e-6, (double)f.activations * 1e-6);
    free(addresses);
    lt_graph_free(g);
    return f;
}

/* At 512x512, one picture: 3.5 GB are allowed, of which 0.1 are kept for the libraries' workspace.
 */
static void test_room_for_one_picture(void **state)
{
    static const int pictures[MODEL_PARTS] = {1, 16, 1, 1, 1}; /* 16 timesteps */
    model_configs c = model_configs_read("sd14");
    lt_backend *b = cu_backend(LT_F16);
    double sum = 0;
    (void)state;
    for (int part = 0; part < MODEL_PARTS; part++) {
        lt_forecast f = forecast_of(b, &c, (model_part)part, pictures[part], 64);
        sum += (double)f.weights + (double)f.activations;
    }
    print_message("sum: %.0f MB\n", sum * 1e-6);
    assert_true(sum < 3.4e9);
    assert_int_equal(lt_host()->used, 0);
    cu_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_two_pictures),
        cmocka_unit_test(test_room_for_one_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
